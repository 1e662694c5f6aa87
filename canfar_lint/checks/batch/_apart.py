"""Whether a file's name goes on from a folder, or from a word, that is set elsewhere: other data are read by that."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import islice

from canfar_lint.checks._outputs import file_literals
from canfar_lint.checks.batch._homes import homes
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import LOOP, Value

_ABSOLUTE = re.compile(r"[/~]|[A-Za-z]:[/\\]")
_OF_ENVIRONMENT = re.compile(r"\$\{?(?!HOME\b|USER\b)\w")
_PLACES = ("os.getcwd", "pathlib.Path.cwd")
# the number of an observation, or a night: other data have other names, wherever they lie
_OF_ONE = re.compile(r"\d{6}")
_DEEPEST, _MOST_NODES, _MOST_USES = 3, 32, 50


def is_of_environment(value: Value) -> bool:
    """Whether a path begins with a folder of which the environment says where it is: `$SURVEY_DATA/m31.fits`."""
    return _OF_ENVIRONMENT.match(value.prefix) is not None


def goes_on(module: PythonModule, value: Value, literal: ast.AST) -> bool:
    """Whether a literal only goes on from what is set apart from it: a whole root, a folder that another file, the run
    or a loop says, in a notebook a word of the name itself."""
    own = module.parent_statement(literal)
    if module.notebook and any(module.parent_statement(each) is not own for each in file_literals(value)):
        return True
    first = next((piece for piece in value.pieces if piece.text != ""), None)
    if first is None or first.node is None or _OF_ONE.search(value.skeleton.rpartition("/")[2]):
        return False
    if first.text is not None:
        return _ABSOLUTE.match(first.text) is not None and module.parent_statement(first.node) is not own
    return first.source == LOOP or first.node in homes(module) or _is_told_elsewhere(module, first.node)


def _is_told_elsewhere(module: PythonModule, folder: ast.AST, depth: int = 0) -> bool:
    """Whether a folder is the one that the run is in, or one that another file names: `survey.ROOT`, `Setup().root`."""
    for part in islice(ast.walk(folder), _MOST_NODES):
        if isinstance(part, ast.Call) and module.qualified(part.func) in _PLACES:
            return True
        if not isinstance(part, ast.Name):
            continue
        bindings = module.bindings(part)
        known = module.qualified(part).lstrip(".").partition(".")[0] in sys.stdlib_module_names
        if (not bindings and module.star_imports) or (any(b.kind == "import" for b in bindings) and not known):
            return True
        made = module.resolve(part)
        if made is not part and depth < _DEEPEST and _is_told_elsewhere(module, made, depth + 1):
            return True
    return False


def path_around(module: PythonModule, part: ast.AST) -> ast.AST:
    """The path that an expression is a part of."""
    whole = part
    for above in module.ancestors(part):
        joins = isinstance(above, ast.Call) and module.qualified(above.func) == "os.path.join"
        if not joins and not isinstance(above, (ast.BinOp, ast.JoinedStr, ast.FormattedValue)):
            break
        whole = above
    return whole


def paths_with(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Where the name that a statement binds is used, with the path that it is put into there."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    for use in module.loads(target.id)[:_MOST_USES] if isinstance(target, ast.Name) else ():
        whole = path_around(module, use)
        if isinstance(whole, ast.expr):
            yield use, whole
