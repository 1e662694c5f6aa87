"""CAN731: a version bound without quotes, which the shell takes for a redirection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.shell import Command, Script, Word

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[\w,.-]*\])?(?:[=!~<>]=?[\w.*,!=~<>]*)?,?\Z")
_BOUND = re.compile(r"=?[0-9][\w.*]*(?:,[\w.*!=~]*)?\Z")


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    installers = rule.table("installers")
    for command in script.commands:
        if not command.redirects or command.name is None:
            continue
        words = [word.value or "" for word in command.arguments]
        tool = words[1] if command.name.startswith("python") and words[:1] == ["-m"] and words[1:] else command.name
        verbs = installers.get(re.sub(r"[\d.]+\Z", "", tool))
        if verbs is None or not set(verbs) & set(words):
            continue
        for start, end in _requirements(command):
            yield rule.finding((start, end), fix=_fix(command, start, end), tool=tool)


def _requirements(command: Command) -> Iterator[tuple[int, int]]:
    """Words with redirections glued to them that look like versions, from the name to the last bound."""
    ends = {word.end: word for word in command.words}
    redirects = sorted(command.redirects, key=lambda redirect: redirect.start)
    done = -1
    for redirect in redirects:
        word: Word | None = ends.get(redirect.start)
        if word is None or redirect.start < done or redirect.op not in (">", "<") or redirect.fd:
            continue
        if not _NAME.match(word.text) or not _BOUND.match(redirect.target.text):
            continue
        end = redirect.end
        for following in redirects:
            if following.start == end and following.op in (">", "<"):
                end = following.end
        done = end
        yield word.start, end


def _fix(command: Command, start: int, end: int) -> Fix | None:
    """Quotes around it: the other kind than the text given to `bash -c` stands in."""
    if any(block.kind in ("shell", "trap") for block in command.blocks):
        return None
    return Fix("quote the requirement", (Edit(start, start, '"'), Edit(end, end, '"')), SAFE)
