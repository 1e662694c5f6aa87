"""Options that `canfar create` takes for its own, or gives away."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import COMMAND_LINE, Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if request.surface != COMMAND_LINE:
        return
    if request.behind:
        word = request.behind[0]
        program = request.fields["cmd"].text if "cmd" in request.fields else "CMD"
        yield rule.finding(word.span, option=word.head.partition("=")[0], program=program.replace("{}", "…"))
    elif request.separated and request.words and request.words[0].head.startswith("-"):
        word = request.words[0]
        yield rule.finding(word.span, variant="after", option=word.head.partition("=")[0])
