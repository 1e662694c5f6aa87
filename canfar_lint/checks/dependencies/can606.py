"""Import paths that exist on one machine, or depend on where the program was started."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.batch._homes import homes
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import LITERAL, Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script, Word

_ADDING = {
    "sys.path.append": 0,
    "sys.path.insert": 1,
    "os.sys.path.append": 0,
    "os.sys.path.insert": 1,
    "site.addsitedir": 0,
}
_PERSONAL = re.compile(r"/(home|Users|arc/home|media|mnt)/|[A-Za-z]:[\\/]|~\w")
# what is filled in before the file is run: `TOMODIFY_PATH/code`
_TO_FILL_IN = re.compile(r"(?i:to_?modify|change_?me|replace_?me|your_|insert_)|[A-Z][A-Z_]{7,}(/|$)")
# where the system's own Python looks
_OF_SYSTEM = re.compile(r"/usr/(local/)?lib(64)?/python[^/]*/(site|dist)-packages/?$")
_RELATIVE = re.compile(r"\.{1,2}(/|$)|[A-Za-z_][\w.-]*(/|$)")
_OF_SET_UP = re.compile(
    r"(?i)\.?(bash(rc|_profile|_aliases)|zshrc|profile|env(ironment)?s?|\w*init|init\w*|activate|source[^/]*)(\.\w+)?$"
)
_PREPARES = frozenset(
    ("export", "source", ".", "module", "alias", "unset", "ulimit", "conda", "mamba", "echo", "set", "[")
)
_SAME_FOLDER = ("builtins.str", "os.fspath", "os.path.abspath", "os.path.realpath", "os.path.dirname")
# modules that are named only when the program runs
_IMPORTING = ("importlib.import_module", "builtins.__import__", "runpy.run_module", "builtins.exec")
_HERE = ("os.getcwd", "pathlib.Path.cwd")
_MOST = 8
_NOWHERE = 1 << 60


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _is_of_sphinx(module) or _is_test(module):
        return
    for node, value in _added_values(module):
        path = _from_here(module, value) or _above_here(module, node)
        path = path or _below_home(module, value) or value.skeleton.lstrip(":")
        if (
            not path.startswith((".", "~"))
            and value.kind != LITERAL
            and not (value.prefix.startswith("/") and not value.pieces[0].default)
        ):
            continue
        if _OF_SYSTEM.match(path) or module.is_switched_off(node) or _may_fail(module, node):
            continue
        literal = value.literals[0] if len(value.literals) == 1 else node
        span = module.span(literal if isinstance(literal, ast.Constant) and value.node is literal else node)
        if len(value.literals) == 1 and isinstance(node, ast.Call):
            span = module.span(value.literals[0])
        if _PERSONAL.match(path):
            yield rule.finding(span, variant="personal", path=path)
        elif path.startswith("/") or re.match(r"~/\w", path):
            yield rule.finding(span, path=path)
        elif _RELATIVE.match(path) and not _TO_FILL_IN.match(path):
            variant = "notebook" if module.notebook else "relative"
            yield rule.finding(span, variant=variant, path=path, question=_needed(module, node, path))


def _needed(module: PythonModule, node: ast.expr, path: str) -> Question | None:
    """The question whether a module is imported that only a relative folder may hold, with a limit of 1 where the
    folder is written out, and not told from where the program is started. None where nobody knows what is
    imported, by name or by the programs that the file starts, or where other people's packages are in the folder."""
    folder = path.removeprefix("./").rstrip("/") or "."
    statement = module.parent(node)
    if isinstance(statement, (ast.Assign, ast.AugAssign)) and "PYTHONPATH" in module.code(statement):
        return None
    if "site-packages" in folder or (folder != "." and any(module.calls(_IMPORTING))):
        return None
    told = int(_above_here(module, node) == "")
    return Question("imported-from", folder, told, tuple(sorted(set(_imported(module)))))


def _imported(module: PythonModule) -> Iterator[str]:
    """The dotted names of what the file imports, but for the standard library's and its own package's."""
    names = [alias.name for node in module.nodes(ast.Import) for alias in node.names]
    absolute = (node for node in module.nodes(ast.ImportFrom) if not node.level)
    names += [f"{node.module}.{alias.name}" for node in absolute for alias in node.names]
    yield from (name for name in names if name.partition(".")[0] not in sys.stdlib_module_names)


def _added_values(module: PythonModule) -> Iterator[tuple[ast.expr, Value]]:
    """What is put on the import path; of a loop over a list that is written there, each."""
    for node in _added(module):
        value = module.value(node)
        looped = isinstance(node, ast.Name) and any(binding.kind == "for" for binding in module.bindings(node))
        leaves = [*value.leaves()][:_MOST] if looped else [value]
        yield from ((node, leaf) for leaf in leaves)


def _from_here(module: PythonModule, value: Value) -> str:
    """A path that begins with `os.getcwd()`, as one that is relative."""
    first = value.pieces[0].node if value.pieces and value.pieces[0].text is None else None
    if not isinstance(first, ast.Call) or module.qualified(first.func) not in _HERE:
        return ""
    if any(call.lineno < first.lineno for call in module.calls(("os.chdir",))):
        return ""  # the folder that the script went to
    rest = [piece.text for piece in value.pieces[1:]]
    return "." + "".join(text for text in rest if text) if None not in rest else ""


def _below_home(module: PythonModule, value: Value) -> str:
    """A path that begins with the home of whoever runs the program, which a call or the environment says."""
    first = value.pieces[0].node if value.pieces and value.pieces[0].text is None else None
    return "~" + value.skeleton.removeprefix("{}") if first is not None and first in homes(module) else ""


def _above_here(module: PythonModule, node: ast.expr) -> str:
    """`Path.cwd().resolve().parent` as `..`, and `os.path.dirname(os.getcwd())`."""
    above = 0
    while True:
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            node, above = node.value, above + 1
        elif not isinstance(node, ast.Call):
            return ""
        elif module.qualified(node.func) in _HERE:
            return "/".join([".."] * above)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in ("resolve", "absolute", "as_posix"):
            node = node.func.value
        elif module.qualified(node.func) in _SAME_FOLDER and len(node.args) == 1:
            above += module.qualified(node.func) == "os.path.dirname"
            node = node.args[0]
        else:
            return ""


def _is_of_sphinx(module: PythonModule) -> bool:
    """Whether a file is the settings of Sphinx, which reads them in their own folder, and never in a job."""
    if module.source.name != "conf.py":
        return False
    names = module.scopes[module.tree].bindings if module.tree in module.scopes else {}
    return len({"extensions", "html_theme", "master_doc", "templates_path", "source_suffix"} & set(names)) > 0


def _is_test(module: PythonModule) -> bool:
    """Whether a file holds tests, whatever its name, and so is no job."""
    defined = [node for node in module.tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    bases = [base for node in defined if isinstance(node, ast.ClassDef) for base in node.bases]
    if any(name.endswith(".TestCase") for base in bases for name in module.qualified_all(base)):
        return True
    return bool(defined) and all(re.match(r"test_|Test[A-Z]", node.name) for node in defined) and not module.is_script


def _may_fail(module: PythonModule, node: ast.expr) -> bool:
    """Whether it is tried, and something else is done where it does not work."""
    child: ast.AST = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Try) and child in ancestor.body and ancestor.handlers:
            last = [handler.body[-1] for handler in ancestor.handlers]
            return not any(isinstance(each, ast.Raise) or "exit" in module.code(each) for each in last)
        child = ancestor
    return False


def _added(module: PythonModule) -> Iterator[ast.expr]:
    """The expressions put on the import path."""
    for call in module.calls(_ADDING):
        index = next(_ADDING[name] for name in module.qualified_all(call.func) if name in _ADDING)
        if len(call.args) > index:
            yield call.args[index]
    for call in module.calls(("sys.path.extend",)):
        if call.args and isinstance(call.args[0], (ast.List, ast.Tuple)):
            yield from call.args[0].elts
    for grown in module.nodes(ast.AugAssign):
        if module.qualified(grown.target) == "sys.path":
            yield from getattr(grown.value, "elts", ())
    for statement in module.nodes(ast.Assign):
        if _is_path(module, statement.targets[0]):
            for part in _summands(statement.value):
                yield from getattr(part, "elts", ())
    for node in module.stores("os.environ"):
        parent = module.parent(node)
        if module.constant(node.slice) == "PYTHONPATH" and isinstance(parent, (ast.Assign, ast.AugAssign)):
            yield parent.value


def _is_path(module: PythonModule, target: ast.expr) -> bool:
    """`sys.path`, or a stretch of it: `sys.path[0:0]`."""
    return module.qualified(target.value if isinstance(target, ast.Subscript) else target) == "sys.path"


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summands(node.left), *_summands(node.right)]
    return [node]


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """`export PYTHONPATH=/opt/survey/lib:$PYTHONPATH`, in a job."""
    from canfar_lint.checks._scripts import JOB, made_by_hand

    if script.context not in JOB or made_by_hand(script) or _sets_up(script):
        return
    given = [
        (entry.name, entry.word, entry.start)
        for entry in script.assignments
        if entry.word is not None and (entry.command is None or entry.command.name != "unset")
    ]
    given += [(name, word, each.start) for each in script.commands if each.words for name, word in each.assignments]
    moves = min((command.start for command in script.commands if command.name in ("cd", "pushd")), default=_NOWHERE)
    seen: set[int] = set()
    for name, word, start in given:
        if name not in rule.table("variables") or word.start in seen:
            continue
        seen.add(word.start)
        path = next((path for path in _folders(word) if path.startswith("/") or start < moves), None)
        if path is not None:
            variant = "personal" if _PERSONAL.match(path) else "" if path.startswith("/") else "relative"
            yield rule.finding(word.span, variant=variant, path=path)


check_c_shell = check_shell


def _folders(word: Word) -> Iterator[str]:
    """The folders of a search path that are written out, at least where they begin."""
    text = "".join(part.text if part.kind == "literal" else "\0" for part in word.parts)
    for folder in text.split(":"):
        path = folder.replace("\0", "{}")
        written = path.startswith("/") or (_RELATIVE.match(folder) is not None and "\0" not in folder)
        if written and not path.startswith("/{}") and not _OF_SYSTEM.match(path):
            yield path


def _sets_up(script: Script) -> bool:
    """Whether a file only prepares a shell, and is read by others."""
    name = re.split(r"[/\\]", script.path)[-1]
    if _OF_SET_UP.match(name):
        return True
    return script.context == "file" and all(
        command.name in _PREPARES or not command.words for command in script.commands
    )
