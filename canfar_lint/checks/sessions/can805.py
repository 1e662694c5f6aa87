"""Paths in a request's command that mean nothing where it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import pieces, runs_command, script_of
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import Request

_OPTION = re.compile(r"--?[\w-]+=")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if not runs_command(request):
        return
    elsewhere = re.compile(rule.table("elsewhere"))
    seen = set()
    for word, span in pieces(request):
        path = word[match.end() :] if (match := _OPTION.match(word)) else word
        if elsewhere.match(path) and span not in seen:
            seen.add(span)
            yield rule.finding(span, variant="elsewhere", path=path.replace("{}", "…"))
    found = script_of(request)
    if found is None or found[1] in seen:
        return
    path, span = found
    if not path.startswith(("/", "{", "~", "$")) and "://" not in path and not elsewhere.match(path):
        yield rule.finding(span, path=path.replace("{}", "…"), name=path.removeprefix("./").replace("{}", "…"))
