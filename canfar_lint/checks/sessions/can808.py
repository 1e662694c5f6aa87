"""Submissions whose result nobody looks at: a refused request is a missing id, not an exception."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import CREATE, Request
from canfar_lint.model.request.python import requests

_TESTS = (ast.If, ast.While, ast.IfExp, ast.Assert)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    made = [request for request in requests(module) if request.surface == CREATE]
    if not made or _client_raises(module):
        return
    for request in made:
        call = request.call
        assert call is not None
        errors = module.argument(call, "errors")
        if errors is None or module.constant(errors) not in (..., "raise"):
            yield from _looked_at(module, request, call, rule)


def _client_raises(module: PythonModule) -> bool:
    return any(
        keyword.arg == "errors" and module.constant(keyword.value) in (..., "raise")
        for name in ("Session", "AsyncSession")
        for call in module.calls_named(name)
        for keyword in call.keywords
    )


def _looked_at(module: PythonModule, request: Request, call: ast.Call, rule: Rule) -> Iterator[Finding]:
    parent = module.parent(call)
    outer: ast.AST = call
    if isinstance(parent, ast.Await):
        outer, parent = parent, module.parent(parent)
    elif request.asynchronous:
        return
    if isinstance(parent, ast.Expr):
        if not (module.notebook and _shown(module, parent)):
            yield rule.finding(request.span)
    elif isinstance(parent, ast.Subscript) and parent.value is outer and _is_index(parent):
        yield rule.finding(_index(module, parent), variant="first", code="create(...)[0]")
    elif isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        yield from _named(module, request, parent.targets[0], rule)


def _shown(module: PythonModule, statement: ast.Expr) -> bool:
    """Whether a notebook prints the value: the statement is the last of its cell."""
    body = module.tree.body
    if statement not in body:
        return False
    at = body.index(statement)
    if at + 1 == len(body):
        return True
    here, following = module.span(statement)[0], module.span(body[at + 1])[0]
    return module.source.place(here, here).cell != module.source.place(following, following).cell


def _named(module: PythonModule, request: Request, name: ast.Name, rule: Rule) -> Iterator[Finding]:
    scope = module.scope_of(name)
    uses = [
        node
        for node in ast.walk(module.tree if scope.kind == "module" else scope.node)
        if isinstance(node, ast.Name) and node.id == name.id and isinstance(node.ctx, ast.Load)
    ]
    if not uses:
        exported = scope.kind == "module" and module.notebook
        declared = scope.declared.get(name.id) if hasattr(scope, "declared") else None
        if not exported and not declared:
            yield rule.finding(request.span)
        return
    if any(_checks(module, use) for use in uses):
        return
    for use in uses:
        parent = module.parent(use)
        if isinstance(parent, ast.Subscript) and parent.value is use and _is_index(parent):
            if not module.in_try(parent, "IndexError", "LookupError"):
                yield rule.finding(module.span(parent), variant="first", code=module.code(parent))
            return


def _checks(module: PythonModule, use: ast.Name) -> bool:
    """Whether a use of the ids asks if there are any, or how many, or hands all of them on."""
    parent = module.parent(use)
    if isinstance(parent, ast.Call) and use in parent.args and module.qualified(parent.func) != "builtins.print":
        return True
    if isinstance(parent, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Return, *_TESTS)):
        return True
    if isinstance(parent, ast.keyword) or (isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is use):
        return True
    return isinstance(parent, (ast.AugAssign, ast.List, ast.Tuple, ast.Dict, ast.Starred, ast.BinOp, ast.Assign))


def _is_index(node: ast.Subscript) -> bool:
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)


def _index(module: PythonModule, node: ast.Subscript) -> tuple[int, int]:
    return module.span(node.value)[1], module.span(node)[1]
