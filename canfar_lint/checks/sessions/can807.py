"""Options that `canfar create` takes for its own, or gives away."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import is_line
from canfar_lint.diagnostic import SAFE, UNSAFE, Edit, Finding, Fix
from canfar_lint.model.request import COMMAND_LINE, Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if request.surface != COMMAND_LINE:
        return
    if request.behind:
        word = request.behind[0]
        program = request.fields["cmd"].text if "cmd" in request.fields else "CMD"
        option = word.head.partition("=")[0]
        yield rule.finding(word.span, option=option, program=program.replace("{}", "…"), fix=_separated(request, rule))
    elif request.separated and request.words and request.words[0].head.startswith("-"):
        word = request.words[0]
        yield rule.finding(word.span, variant="after", option=word.head.partition("=")[0], fix=_moved(request, rule))


def _separated(request: Request, rule: Rule) -> Fix | None:
    """`--` before the command; safe where the client knows none of the options behind it and stops."""
    first = request.words[0] if request.words else None
    if first is None or not is_line(request) or first.end - first.start != len(first.text):
        return None
    own = rule.table("options")
    known = any(word.head.partition("=")[0] in own or word.head[:2] in own for word in request.behind)
    return Fix("Put `--` before the command", (Edit(first.start, first.start, "-- "),), UNSAFE if known else SAFE)


def _moved(request: Request, rule: Rule) -> Fix | None:
    """`--` behind the options, where all of them are known and a command follows."""
    words, at = request.words, 0
    while at < len(words) and words[at].head.startswith("-"):
        option, equals, _ = (words[at].value or "").partition("=")
        if option not in rule.table("options"):
            return None
        at += 1 if equals or option in rule.table("switches") else 2
    command = request.command
    if at >= len(words) or command is None or not is_line(request):
        return None
    mark = next((each for each in command.words if each.value == "--" and each.end <= words[0].start), None)
    if mark is None or mark.end - mark.start != 2:
        return None
    edits = (Edit(mark.start, words[0].start, ""), Edit(words[at].start, words[at].start, "-- "))
    return Fix("Put `--` behind the options", edits)
