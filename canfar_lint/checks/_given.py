"""What becomes of a value that the command line or the environment gives: never read, or where things lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._outputs import written_names
from canfar_lint.model.python import PythonModule

# folders that hold the data of many jobs, unless they are named for what one of them takes or makes
_ROOT = re.compile(
    r"(?i)(?!(in|out|input|output|work|run|job|task|target|obs|image|file|scratch)(_|dir|path|folder|root))"
    r"\w*(dir|directory|folder|path|home|root|project|projects|base|data|repo|lib|libs|library)(_[a-z]*\d+)?$"
)
_SEARCH_PATH = ("sys.path.append", "sys.path.insert", "site.addsitedir")
_MOST = 50


def is_never_read(module: PythonModule, given: ast.expr) -> bool:
    """Whether a value is only given a name, or none, and that name is nowhere used."""
    uses = _uses(module, given)
    return uses is not None and not uses


def is_only_place(module: PythonModule, given: ast.expr) -> bool:
    """Whether a value says only where the program puts what it makes, or is no more than printed."""
    uses = _uses(module, given) or []
    if not uses or len(uses) > _MOST:
        return False
    names = written_names(module)
    return all(id(use) in names or _is_printed(module, use) for use in uses)


def _is_printed(module: PythonModule, use: ast.expr) -> bool:
    calls = (each for each in module.ancestors(use) if isinstance(each, ast.Call))
    return any(module.qualified(call.func) == "builtins.print" for call in calls)


def tells_input(module: PythonModule, key: str) -> bool:
    """Whether a variable of the environment may say what to work on.

    It does not where nothing reads it, where it leads to modules, or where it is the folder of which others are parts.
    """
    looked_up = list(_look_ups(module, key))
    return not looked_up or any(_may_tell(module, key, node) for node in looked_up)


def _may_tell(module: PythonModule, key: str, looked_up: ast.expr) -> bool:
    uses = _uses(module, looked_up)
    if uses is None or len(uses) > _MOST:
        return True
    root = _ROOT.match(key) is not None
    return any(not (_is_for_modules(module, use) or (root and _is_joined(module, use))) for use in uses)


def _look_ups(module: PythonModule, key: str) -> Iterator[ast.expr]:
    """`os.environ[key]`, `os.environ.get(key)`, `os.getenv(key)`."""
    for node in module.strings:
        if node.value == key:
            around = module.parent(node)
            entry = isinstance(around, ast.Subscript) and around.slice is node and isinstance(around.ctx, ast.Load)
            if isinstance(around, (ast.Subscript, ast.Call)) and (entry or node in getattr(around, "args", [])[:1]):
                yield around


def _uses(module: PythonModule, given: ast.expr) -> list[ast.expr] | None:
    """Where a value is read: by the name that it is given, or where it stands. None when that cannot be told."""
    statement = module.parent(given)
    if isinstance(statement, ast.Expr):
        return []
    if not isinstance(statement, ast.Assign):
        return [given]
    target = statement.targets[0]
    if len(statement.targets) > 1 or not isinstance(target, ast.Name):
        return None
    owner = module.scope_of(target).find(target.id)
    named = module.loads(target.id)
    return [use for use in named if module.scope_of(use).find(use.id) == owner]


def _is_for_modules(module: PythonModule, use: ast.expr) -> bool:
    """Whether a folder is one that Python looks for modules in: `sys.path.append(root + "/lib")`."""
    calls = (each for each in module.ancestors(use) if isinstance(each, ast.Call))
    return any(module.qualified(call.func) in _SEARCH_PATH for call in calls)


def _is_joined(module: PythonModule, use: ast.expr) -> bool:
    """Whether a path begins with it: `os.path.join(root, "spectra")`, `root + "/spectra"`, `f"{root}/spectra"`."""
    around = module.parent(use)
    if isinstance(around, ast.Call):
        return around.args[:1] == [use] and len(around.args) > 1 and module.qualified(around.func) == "os.path.join"
    if isinstance(around, ast.FormattedValue):
        whole = module.parent(around)
        return isinstance(whole, ast.JoinedStr) and len(whole.values) > 1 and whole.values[0] is around
    return isinstance(around, ast.BinOp) and isinstance(around.op, (ast.Add, ast.Div)) and around.left is use
