"""A whole command line in `cmd`, which is the name of one executable."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import COMMAND_LINE, Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    cmd = request.fields.get("cmd")
    if cmd is None or not runs_command(request):
        return
    program, blank, rest = cmd.sure.strip().partition(" ")
    if not blank:
        return
    shown = rest if "{}" not in rest else "…"
    variant = "word" if request.surface == COMMAND_LINE else None
    yield rule.finding(cmd.span, variant=variant, cmd=cmd.sure.replace("{}", "…"), program=program, rest=shown)
