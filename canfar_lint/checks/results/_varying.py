"""What changes from turn to turn of a loop: all that is made, here or there, of what the loop goes through."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._outputs import outputs
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS

_FORS = (ast.For, ast.AsyncFor)
_MOST = 5
_SHOWN = ("builtins.", "matplotlib.", "pylab.", "logging.")
# what gives something else when it is asked again
_UNSTEADY = re.compile(
    r"(?i)(^|[._])(rand\w*|normal|uniform|poisson|choice|shuffle|permutation|sample\w*|rvs|now|today|time|next|read\w*|"
    r"get|pop\w*|recv|fetch\w*|input|step|run\w*)$"
)


def varying(module: PythonModule, loop: ast.AST) -> set[str]:
    """The names whose values a loop may change from turn to turn; those that it only makes anew are not among them."""
    found = {name for target in _targets(loop) for name in _names(target)}
    changes = [change for node in ast.walk(loop) for change in _changes(module, node, loop)]
    for _ in range(_MOST):
        before = len(found)
        for names, made_of, sure in changes:
            if sure or not found.isdisjoint(made_of):
                found |= names
        if len(found) == before:
            break
    return found


def _targets(loop: ast.AST) -> list[ast.expr]:
    if isinstance(loop, _FORS):
        return [loop.target]
    return [each.target for each in loop.generators] if isinstance(loop, COMPREHENSIONS) else []


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _changes(module: PythonModule, node: ast.AST, loop: ast.AST) -> Iterator[tuple[set[str], set[str], bool]]:
    """The names that a node gives a value, the names which that is made of, and whether it is sure to be another."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {name for target in targets for name in _names(target)}
        sure = _is_unsteady(module, node.value) or not names.isdisjoint(_names(node.value))
        yield names, _names(node.value) | _asked(module, node, loop), sure
    elif isinstance(node, ast.AugAssign):
        yield _names(node.target), set(), True
    elif isinstance(node, (*_FORS, ast.comprehension)) and node is not loop:
        yield _names(node.target), _names(node.iter), _is_unsteady(module, node.iter)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield _names(node.optional_vars), _names(node.context_expr), False
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _is_output(module, node.value):
        yield from _done(module, node.value, _asked(module, node, loop))


def _is_output(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call writes a file, which leaves what it is given as it was."""
    memo = module.memo("calls that write")
    if not memo:
        memo[0] = True
        memo.update((one.call, True) for one in outputs(module))
    return call in memo


def _done(module: PythonModule, call: ast.Call, asked: set[str]) -> Iterator[tuple[set[str], set[str], bool]]:
    """What a call that stands alone may change: the object whose method it is, or all that a function is given."""
    given = {name for part in (*call.args, *(keyword.value for keyword in call.keywords)) for name in _names(part)}
    qualified = module.qualified(call.func)
    if isinstance(call.func, ast.Attribute) and (not qualified or "()" in qualified):
        yield _names(call.func), given | asked, not given
    elif not qualified.startswith(_SHOWN):
        yield given, given | asked, False


def _asked(module: PythonModule, node: ast.AST, loop: ast.AST) -> set[str]:
    """The names in the conditions of the loop under which a node stands."""
    tests = (test for test, _ in module.guards(node) if loop in module.ancestors(test))
    return {name for test in tests for name in _names(test)}


def _is_unsteady(module: PythonModule, value: ast.expr) -> bool:
    """Whether a value is asked for by a call that is given nothing, or gives something else each time."""
    calls = (each for each in ast.walk(value) if isinstance(each, ast.Call))
    return any(
        (isinstance(call.func, ast.Name) and not (call.args or call.keywords))
        or _UNSTEADY.search(module.code(call.func)) is not None
        for call in calls
    )
