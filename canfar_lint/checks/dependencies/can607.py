"""`uv run python x.py`, where x.py declares its dependencies for uv."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.dockerfile import Dockerfile
from canfar_lint.model.request import Request
from canfar_lint.model.shell import Command, Script

_PYTHON = re.compile(r"(?:\S*/)?python[\d.]*$")


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    for command in script.commands:
        yield from _command(command, rule)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for keyword in ("CMD", "ENTRYPOINT"):
        for instruction in dockerfile.all(keyword):
            for script in instruction.scripts:
                yield from check_shell(script, rule)


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    args = request.fields.get("args")
    if request.text("cmd") == "uv" and args is not None and isinstance(args.value, str):
        found = re.match(r"run +(python[\d.]*) +(\S+\.py)\b", args.value)
        if found:
            yield _finding(rule, args.span, found.group(1), found.group(2))


def _command(command: Command, rule: Rule) -> Iterator[Finding]:
    words = list(command.arguments)
    if command.name != "uv" or not words or words[0].value != "run":
        return
    at = 1
    while at < len(words) and (words[at].value or "").startswith("-"):
        at += 1
    if at + 1 < len(words) and _PYTHON.match(words[at].value or ""):
        script = words[at + 1].value or ""
        if script.endswith(".py"):
            yield _finding(rule, (words[at].start, words[at].end), words[at].value or "", script)


def _finding(rule: Rule, span: tuple[int, int], python: str, script: str) -> Finding:
    return rule.finding(span, python=python, script=script, question=Question("inline-metadata", script))
