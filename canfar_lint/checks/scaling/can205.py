"""Loops that submit the same session again and again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import COMMAND_LINE, Request

_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.keyword, ast.List, ast.Tuple, ast.Dict, ast.JoinedStr),
    *(ast.FormattedValue, ast.Load, ast.UnaryOp, ast.USub),
)


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if request.of_model is not None:
        return
    found = _in_shell(request) if request.command is not None else _in_python(request)
    if not found:
        return
    name = request.fields.get("name")
    constant = request.text("name")
    if name is not None and constant is not None:
        yield rule.finding(name.span, name=constant)
    elif found == "same":
        yield rule.finding(request.span, variant="same")


def _in_shell(request: Request) -> str:
    command = request.command
    assert command is not None
    if not any(block.kind == "loop" and block.keyword == "for" for block in command.blocks):
        return ""
    if any(block.kind == "function" for block in command.blocks):
        return ""
    same = request.surface == COMMAND_LINE and request.complete and not any(word.dynamic for word in command.words)
    return "same" if same else "loop"


def _in_python(request: Request) -> str:
    module, call = request.module, request.call
    assert module is not None and call is not None
    loops = module.loops(call)
    if not loops or isinstance(loops[0], ast.While):
        return ""
    loop = loops[0]
    if any(isinstance(node, (ast.Break, ast.Return)) for node in ast.walk(loop)):
        return ""  # tried again until it works
    return "same" if _same(module, call, loop) else "loop"


def _same(module: PythonModule, call: ast.Call, loop: ast.AST) -> bool:
    """Whether nothing in a call depends on the loop's turn."""
    bound = {node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    given = [*call.args, *call.keywords]
    for argument in given:
        for node in ast.walk(argument):
            if not isinstance(node, _PLAIN) or (isinstance(node, ast.Name) and node.id in bound):
                return False
            if isinstance(node, ast.keyword) and node.arg is None:
                return False
    return True
