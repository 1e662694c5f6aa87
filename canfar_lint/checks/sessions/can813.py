"""Scripts that are not where the request looks for them."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command, script_of
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.request import Request

_MOUNTED = ("/cvmfs", "/arc", "/cavern", "/home", "/Users", "/scratch", "/skaha")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    found = script_of(request) if runs_command(request) else None
    if found is None:
        return
    path, span = found
    mounted = (*_MOUNTED, *rule.setting("persistent_paths"))
    if path.startswith("/") and "{}" not in path and not path.startswith(tuple(f"{root}/" for root in mounted)):
        question = Question("in-image", path, 0, (str(request.span[0]),))
        yield rule.finding(span, path=path, question=question)
