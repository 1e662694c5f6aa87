"""Variables that do not arrive as they were given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import COMMAND_LINE, Request

_PADDING = re.compile(r"[A-Za-z0-9+/_-]{16,}={1,2}")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if not runs_command(request):
        return
    for name, given in request.env:
        text = given.sure
        if given.value is None:
            yield rule.finding(given.span, variant="none", name=name)
        elif given.value == "":
            span = request.module.span(given.node) if request.module is not None and given.node else given.span
            yield rule.finding(span, variant="empty", name=name)
        elif "$" in text:
            local = " unless the shell here expands it" if request.surface == COMMAND_LINE else ""
            yield rule.finding(given.span, variant="dollar", name=name, local=local)
        elif "=" in text:
            yield rule.finding(given.span, variant="padding" if _PADDING.fullmatch(text) else None, name=name)
