"""CAN723: a start command that needs root, which no session has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile
from canfar_lint.model.dockerfile.steps import Step
from canfar_lint.model.shell import Word

_PORT = re.compile(r"(?:--?(?:port|p|http-port|ServerApp\.port)=?|:)(\d{1,4})\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    final = dockerfile.final
    if final is None:
        return
    last = {i.keyword: i for i in final.instructions if i.keyword in ("CMD", "ENTRYPOINT")}
    needs_root = frozenset(rule.table("programs"))
    for instruction in last.values():
        for step in instruction.steps:
            word = next((w for w in _programs(step) if (w.value or "").rsplit("/", 1)[-1] in needs_root), None)
            if word is not None:
                what = (word.value or "").rsplit("/", 1)[-1]
                yield rule.finding((word.start, word.end), keyword=instruction.keyword, what=f"`{what}`")
                continue
            yield from _port(rule, step, instruction.keyword)


def _programs(step: Step) -> list[Word]:
    """The program and the wrappers in front of it."""
    words = step.command.words
    if step.program is None:
        return words[:1]
    return [word for word in words if word.start <= step.program.start]


def _port(rule: Rule, step: Step, keyword: str) -> Iterator[Finding]:
    for i, argument in enumerate(step.arguments):
        value = argument.value or ""
        match = _PORT.search(value)
        port = match[1] if match else ""
        if not port and i and step.arguments[i - 1].text in ("--port", "--http-port") and value.isdigit():
            port = value
        if port and value.startswith("-") | value.isdigit() and 0 < int(port) < 1024:
            word = argument.word
            yield rule.finding((word.start, word.end), variant="port", keyword=keyword, what=port)
