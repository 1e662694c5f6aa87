"""Outputs that have the name which a parameter of their function is given, or has as its default."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.checks._outputs import WRITE, Named, Output, outputs
from canfar_lint.model.python import PythonModule

_MOST_CALLERS = 32


def by_default(module: PythonModule) -> Iterator[tuple[Output, Named]]:
    """`def save(image, name="sky.fits"): …`, in the calls of it: what they give for the name, or leave as it is."""
    for output in outputs(module):
        bindings = module.bindings(output.name) if isinstance(output.name, ast.Name) else []
        if output.does != WRITE or len(bindings) != 1 or bindings[0].kind != "param" or bindings[0].value is None:
            continue
        function, default = module.function_of(output.call), bindings[0].value
        parameter = bindings[0].node
        if function is None or bindings[0].scope.node is not function or not isinstance(parameter, ast.arg):
            continue
        if not all(_asks_for(module, test, parameter.arg) for test, _ in _inside(module, output, function)):
            continue
        given = {id(call): value for call, value in module.given(parameter)}
        for call in module.callers().get(function, [])[:_MOST_CALLERS]:
            if any(_is_option(test) for test, _ in module.guards(call)):
                continue
            if module.function_named(call.func) is function and not module.is_open_ended(call):
                yield output, Named(module.value(given.get(id(call), default)), call)


def _inside(module: PythonModule, output: Output, function: ast.AST) -> list[tuple[ast.expr, bool]]:
    return [guard for guard in module.guards(output.call) if module.function_of(guard[0]) is function]


def _asks_for(module: PythonModule, test: ast.expr, name: str) -> bool:
    """Whether a condition is about the name itself: `if name:`, `if name is not None:`."""
    return {node.id for node in ast.walk(test) if isinstance(node, ast.Name)} == {name}


def _is_option(test: ast.expr) -> bool:
    """Whether a condition is an option, wherever the options come from: `if options.plot:`."""
    return isinstance(test, ast.Attribute) and getattr(test.value, "id", "") in ("args", "opts", "options")
