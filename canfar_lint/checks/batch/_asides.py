"""What a program does beside its work: figures and words of which nothing is made afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.checks.batch._aftermath import is_talk
from canfar_lint.model.python import PythonModule


def is_aside(module: PythonModule, attempt: ast.Try, handler: ast.ExceptHandler, loop: ast.For) -> bool:
    """Whether what a `try` holds only draws or tells something, and its handler says for which item that failed."""
    names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)} | {handler.name}
    said = (node for statement in handler.body for node in ast.walk(statement) if isinstance(node, ast.Name))
    if not any(name.id in names for name in said):
        return False
    return not any(_lasts(module, attempt, node) for node in _inside(attempt))


def _inside(attempt: ast.Try) -> Iterator[ast.AST]:
    return (node for statement in (*attempt.body, *attempt.orelse) for node in ast.walk(statement))


def _lasts(module: PythonModule, attempt: ast.Try, node: ast.AST) -> bool:
    """Whether something does more than draw, tell, or name something for a use inside of the `try`."""
    if isinstance(node, ast.Expr):
        return not is_talk(module, node) and not _draws(module, node.value)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return any(_comes_from(module, attempt, use) for use in module.loads(node.id))
    stores = isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load)
    return stores or isinstance(node, (ast.AugAssign, ast.Delete, ast.Return, ast.Yield, ast.Global))


def _comes_from(module: PythonModule, attempt: ast.Try, use: ast.Name) -> bool:
    """Whether a name that is read outside of a `try` may have been given inside."""
    if attempt.lineno <= use.lineno <= (attempt.end_lineno or 0):
        return False
    given = (binding.node for binding in module.bindings(use))
    return any(attempt.lineno <= getattr(node, "lineno", 0) <= (attempt.end_lineno or 0) for node in given)


def _draws(module: PythonModule, value: ast.expr) -> bool:
    """Whether a call is of pyplot, or of a figure or axes that it has made: `axes[0].imshow(image)`."""
    root: ast.AST = value
    while isinstance(root, (ast.Call, ast.Attribute, ast.Subscript)):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(value, ast.Call) or not isinstance(root, ast.Name):
        return False
    made = [binding.value for binding in module.bindings(root) if binding.value is not None]
    names = [module.qualified(root), *(module.qualified(each) for each in made)]
    return any(name.startswith("matplotlib.") for name in names)
