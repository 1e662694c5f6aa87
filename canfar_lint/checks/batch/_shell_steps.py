"""Which steps of a shell script nobody sees fail."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script


# `sh` is dash on most images, which knows no pipefail
_PLAIN = re.compile(r"\b(sh|dash|ash)\b")


def stopping(script: Script) -> str:
    """The line that ends a script at its first error, in the words of its shell."""
    return "set -eu" if _PLAIN.search(script.shebang) else "set -euo pipefail"


def is_asked_for(step: Command, after: Command) -> bool:
    """Whether the next command asks if the file is there that a step was to make: `[ -f out.fits ]`."""
    if after.name not in ("[", "[[", "test"):
        return False
    words = [*step.arguments, *(redirect.target for redirect in step.redirects if redirect.writes)]
    made = {word.text.strip("\"'").rpartition("=")[2] for word in words}
    asked = [word.text.strip("\"'") for word in after.arguments]
    return any(flag in ("-e", "-f", "-s", "-d", "-r") and name in made for flag, name in pairwise(asked))


def talking(script: Script, rule: Rule) -> frozenset[str]:
    """The functions of a script that do nothing but say something."""
    silent: dict[str, bool] = {}
    harmless = frozenset((*rule.table("harmless"), *rule.table("shell_harmless")))
    for command in script.commands:
        for block in command.blocks:
            if block.kind == "function" and block.name and command.words:
                talks = command.name in ("echo", "printf") and not command.redirects
                silent[block.name] = silent.get(block.name, True) and (talks or command.name in harmless)
    return frozenset(name for name, fine in silent.items() if fine)


def is_seen(command: Command) -> bool:
    """Whether `set -e` would look how a command ended."""
    if command.connector in ("&&", "||", "&", "|") or command.before == "||":
        return False
    unseen = ("condition", "heredoc", "not", "background", "pipe-left")
    if any(kind in unseen for kind in command.context):
        return False
    return not any(block.connector in ("&&", "||", "&", "|") for block in command.blocks)


def is_lost(step: Command, after: list[Command]) -> bool:
    """Whether the script goes on behind a step with another command, so that its end says nothing of the step.

    `usage; exit 1` ends as a failure whatever became of the step.
    """
    if not after or after[0].name not in ("exit", "wait"):
        return bool(after)
    given = [word.value for word in after[0].arguments]
    return given == ["0"] or (bool(given) and after[0].blocks != step.blocks)
