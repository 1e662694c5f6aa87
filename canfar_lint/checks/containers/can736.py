"""CAN736: a backslash at the end of the last line, which makes the next instruction part of this one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.model import KEYWORDS

_KEYWORD = re.compile(rf"(?:{'|'.join(sorted(KEYWORDS))})(?=[ \t]+[^\s=])")
_DANGLING = re.compile(r"[ \t]*(?:(?:&&|\|\||;|\|)[ \t]*)?[\\`][ \t\r]*\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    starts = dockerfile.source.starts
    for instruction in dockerfile.instructions:
        if instruction.line.text_last == instruction.start_line or instruction.keyword not in KEYWORDS:
            continue
        words: set[int] | None = None
        for row in range(instruction.start_line + 1, instruction.line.text_last + 1):
            if row in instruction.line.skipped:
                continue
            match = _KEYWORD.match(dockerfile.text, starts[row - 1])
            if match is None:
                continue
            words = _word_starts(instruction) if words is None else words
            if match.start() in words and not _own_part(instruction, match[0]):
                fix = _fix(dockerfile, instruction, row)
                yield rule.finding(match.span(), fix=fix, keyword=match[0], outer=instruction.keyword)


def _own_part(instruction: Instruction, keyword: str) -> bool:
    """HEALTHCHECK is followed by a CMD, ONBUILD by any instruction."""
    return (instruction.keyword == "HEALTHCHECK" and keyword == "CMD") or instruction.keyword == "ONBUILD"


def _word_starts(instruction: Instruction) -> set[int]:
    """Where words begin, so that a keyword inside a quoted text is none."""
    if instruction.keyword != "RUN" or not instruction.posix_shell:
        return {word.start for word in instruction.words}
    if not instruction.scripts or any(script.error for script in instruction.scripts):
        return set()
    return {word.start for script in instruction.scripts for command in script.commands for word in command.words}


def _fix(dockerfile: Dockerfile, instruction: Instruction, row: int) -> Fix | None:
    """The dangling continuation removed, with the operator before it."""
    before = row - 1
    while before in instruction.line.skipped:
        before -= 1
    start = dockerfile.source.starts[before - 1]
    line = dockerfile.source.line(before)
    match = _DANGLING.search(line)
    if match is None or before < instruction.start_line:
        return None
    edit = Edit(start + match.start(), start + len(line), "")
    return Fix("end the instruction before", (edit,), UNSAFE)
