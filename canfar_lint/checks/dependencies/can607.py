"""`uv run python x.py`, where x.py declares its dependencies for uv."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Edit, Finding, Fix, Question
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
            python, script = found.groups()
            yield _finding(rule, args.span, python, script, _in_literal(request, args.span, python, script))


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
            python = words[at].value or ""
            fix = _without(Edit(words[at].start, words[at + 1].start, ""), python)
            yield _finding(rule, (words[at].start, words[at].end), python, script, fix)


def _in_literal(request: Request, span: tuple[int, int], python: str, script: str) -> Fix | None:
    """Without Python in the `args` of a request in Python, where they stand in one literal as they are."""
    if request.module is None:
        return None
    code = request.module.text[slice(*span)]
    found = re.match(rf"['\"]run +({re.escape(python)} +){re.escape(script)}\b", code)
    return _without(Edit(span[0] + found.start(1), span[0] + found.end(1), ""), python) if found else None


def _without(edit: Edit, python: str) -> Fix | None:
    """The fix that leaves out Python; a version asked for would be lost with it."""
    return Fix(f"Remove `{python}`", (edit,)) if python in ("python", "python3") else None


def _finding(rule: Rule, span: tuple[int, int], python: str, script: str, fix: Fix | None) -> Finding:
    return rule.finding(span, python=python, script=script, question=Question("inline-metadata", script), fix=fix)
