"""Import paths that exist on one machine, or depend on where the program was started."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import LITERAL, Value

_ADDING = {"sys.path.append": 0, "sys.path.insert": 1, "site.addsitedir": 0}
_PERSONAL = re.compile(r"/(home|Users|arc/home|media|mnt)/|[A-Za-z]:[\\/]|~\w")
# where the system's own Python looks
_OF_SYSTEM = re.compile(r"/usr/(local/)?lib(64)?/python[^/]*/(site|dist)-packages/?$")
_RELATIVE = re.compile(r"\.{1,2}(/|$)|[A-Za-z_][\w.-]*(/|$)")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _is_of_sphinx(module) or _is_test(module):
        return
    for node in _added(module):
        for value in list(module.value(node).leaves())[:16]:
            yield from _put(module, rule, node, value)


def _put(module: PythonModule, rule: Rule, node: ast.expr, value: Value) -> Iterator[Finding]:
    """What there is to say of a path that an expression can be."""
    path = value.skeleton
    if value.kind != LITERAL and not (value.prefix.startswith("/") and not value.pieces[0].default):
        return
    if _OF_SYSTEM.match(path) or _never_runs(module, node) or _may_fail(module, node):
        return
    if path in (".", "./") and (_in_handler(module, node) or _in_package(module)):
        return
    literal = value.literals[0] if len(value.literals) == 1 else node
    looped = value is not module.value(node)
    span = module.span(literal if looped or (isinstance(literal, ast.Constant) and value.node is literal) else node)
    if len(value.literals) == 1 and isinstance(node, ast.Call):
        span = module.span(value.literals[0])
    if _PERSONAL.match(path):
        yield rule.finding(span, variant="personal", path=path)
    elif path.startswith("/") or re.match(r"~/\w", path):
        yield rule.finding(span, path=path)
    elif _RELATIVE.match(path):
        yield rule.finding(span, variant="notebook" if module.notebook else "relative", path=path)


def _is_of_sphinx(module: PythonModule) -> bool:
    """Whether a file is the settings of Sphinx, which reads them in their own folder, and never in a job."""
    if module.source.path.replace("\\", "/").rpartition("/")[2] != "conf.py":
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


def _never_runs(module: PythonModule, node: ast.expr) -> bool:
    """Whether a condition that is written as false stands before it."""
    return any(isinstance(test, ast.Constant) and bool(test.value) != held for test, held in module.guards(node))


def _may_fail(module: PythonModule, node: ast.expr) -> bool:
    """Whether it is tried, and something else is done where it does not work."""
    child: ast.AST = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Try) and child in ancestor.body and ancestor.handlers:
            last = [handler.body[-1] for handler in ancestor.handlers]
            return not any(isinstance(each, ast.Raise) or "exit" in module.code(each) for each in last)
        child = ancestor
    return False


def _in_package(module: PythonModule) -> bool:
    """Whether a file imports from its own package, and so is found without any path."""
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(module.tree))


def _in_handler(module: PythonModule, node: ast.expr) -> bool:
    """Whether it is done when something was not found otherwise: in the folder of the user's own modules."""
    return any(isinstance(ancestor, ast.ExceptHandler) for ancestor in module.ancestors(node))


def _added(module: PythonModule) -> Iterator[ast.expr]:
    """The expressions put on the import path."""
    for call in module.calls(_ADDING):
        index = next(_ADDING[name] for name in module.qualified_all(call.func) if name in _ADDING)
        if len(call.args) > index:
            yield call.args[index]
    for call in module.calls(("sys.path.extend",)):
        if call.args and isinstance(call.args[0], (ast.List, ast.Tuple)):
            yield from call.args[0].elts
    for statement in ast.walk(module.tree):
        if isinstance(statement, ast.AugAssign) and module.qualified(statement.target) == "sys.path":
            yield from getattr(statement.value, "elts", ())
    for node in module.stores("os.environ"):
        parent = module.parent(node)
        if module.constant(node.slice) == "PYTHONPATH" and isinstance(parent, ast.Assign):
            yield parent.value
