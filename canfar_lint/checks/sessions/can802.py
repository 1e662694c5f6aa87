"""A whole command line in `cmd`, which is the name of one executable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import is_line, runs_command
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.request import COMMAND_LINE, REST, Given, Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    cmd = request.fields.get("cmd")
    if cmd is None or not runs_command(request):
        return
    program, blank, rest = cmd.sure.strip().partition(" ")
    if not blank:
        return
    shown = rest if "{}" not in rest else "…"
    variant = "word" if request.surface == COMMAND_LINE else None
    fix = _unquoted(request) if variant else _split(request, cmd)
    shown_cmd = cmd.sure.replace("{}", "…")
    yield rule.finding(cmd.span, variant=variant, cmd=shown_cmd, program=program, rest=shown, fix=fix)


def _split(request: Request, cmd: Given) -> Fix | None:
    """The literal as `cmd` and `args`, where it stands in the request itself and nothing gives it other arguments."""
    module, call, node = request.module, request.call, cmd.node
    if module is None or node is None or "args" in request.fields or not request.complete:
        return None
    found = re.fullmatch(r"""(f?)(["'])([^\s{}"'\\]+) +([^\s"'\\][^"'\\\n]*)\2""", module.code(node))
    if found is None:
        return None
    prefix, quote, program, rest = found.groups()
    keyword = module.keyword(call, "cmd") if call is not None else None
    if keyword is not None and keyword.value is node:
        between = "args="
    elif request.surface == REST and isinstance(module.parent(node), ast.Dict):
        between = f"{quote}args{quote}: "
    else:
        return None
    code = f"{quote}{program}{quote}, {between}{prefix}{quote}{rest.rstrip()}{quote}"
    return Fix("Split the command into `cmd` and `args`", (Edit(*module.span(node), code),))


def _unquoted(request: Request) -> Fix | None:
    """The words of the command without the quotes around all of them."""
    word = request.words[0] if request.separated and request.words else None
    if word is None or not is_line(request) or word.end - word.start != len(word.text):
        return None
    found = re.fullmatch(r"""(["'])([\w./:=@%+,-]+(?: [\w./:=@%+,-]+)+)\1""", word.text)
    return Fix("Leave out the quotes", (Edit(*word.span, found.group(2)),)) if found else None
