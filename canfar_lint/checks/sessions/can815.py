"""Coroutines of `AsyncSession.create` that nobody awaits."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import Request

_READ = ("builtins.print", "builtins.len", "builtins.str", "builtins.list", "builtins.bool")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    module, call = request.module, request.call
    if not request.asynchronous or module is None or call is None:
        return
    parent = module.parent(call)
    if isinstance(parent, ast.Expr) or _is_read(module, call):
        yield rule.finding(request.span, fix=_awaited(module, call))
    elif isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        name = parent.targets[0]
        scope = module.scope_of(name)
        uses = [
            node
            for node in ast.walk(scope.node)
            if isinstance(node, ast.Name) and node.id == name.id and isinstance(node.ctx, ast.Load)
        ]
        if all(_is_read(module, use) for use in uses):
            yield rule.finding(request.span, fix=_awaited(module, call))


def _awaited(module: PythonModule, call: ast.Call) -> Fix | None:
    """`await` before the call, where it may stand."""
    if not isinstance(module.function_of(call), ast.AsyncFunctionDef):
        return None
    if any(isinstance(each, (ast.Lambda, ast.GeneratorExp)) for each in module.ancestors(call)):
        return None
    from canfar_lint.fixing.python import fix, wrapped

    operand = isinstance(module.parent(call), (ast.Subscript, ast.Attribute))
    edits = wrapped(module, call, "(await " if operand else "await ", ")" if operand else "")
    return fix("Await it", edits, UNSAFE)


def _is_read(module: PythonModule, node: ast.expr) -> bool:
    """Whether an expression is used as if it were the list of ids."""
    parent = module.parent(node)
    if isinstance(parent, ast.Subscript):
        return parent.value is node
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is node
    if isinstance(parent, ast.Call):
        return node in parent.args and module.qualified(parent.func) in _READ
    return isinstance(parent, (ast.If, ast.UnaryOp, ast.FormattedValue))
