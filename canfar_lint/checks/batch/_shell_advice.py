"""Shell scripts that are not plainly jobs, or whose steps are light, and that go on when one fails."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.batch._shell_steps import is_asked_for, is_lost, is_seen, stopping, talking

if TYPE_CHECKING:
    from canfar_lint.diagnostic import Finding
    from canfar_lint.model.shell import Command, Script

_STATUS = re.compile(r"\$\{?(?:\?|PIPESTATUS\b)")
_APART = frozenset(("substitution", "process", "trap"))
_UNASKED = frozenset(("condition", "heredoc", "pipe-left"))


def advised(script: Script, rule: Rule) -> Finding | None:
    """What may be said of a script of two commands or more, on the first one: that its end is that of the last."""
    from canfar_lint.checks._scripts import said, spelled

    if _is_no_job(script, rule):
        return None
    commands = [command for command in script.commands if command.words and not _APART & set(command.context)]
    main = [command for command in commands if "function" not in command.context]
    works = _works(script, rule, commands, main)
    if len(works) < 2:
        return None
    step = next((step for step in works if _is_unseen(script, commands, main, step)), None)
    if step is None:
        return None
    return rule.finding(said(main[0]), variant="script", command=spelled(step), options=stopping(script))


def _is_no_job(script: Script, rule: Rule) -> bool:
    """Whether a file is sourced, sets something up, tests a package, or sees its errors by a trap."""
    from canfar_lint.checks._scripts import is_test, made_by_hand, serves_desktop
    from canfar_lint.checks.batch._shell_jobs import is_queued

    if any(_ends_otherwise(command) for command in script.commands):
        return True
    if is_queued(script):
        return False
    path = script.path.replace("\\", "/")
    if made_by_hand(script) or is_test(script) or serves_desktop(script):
        return True
    if re.search(rule.table("shell_elsewhere"), path) or re.search(rule.table("shell_serving"), path):
        return True
    words = re.compile(rule.table("shell_installing"))
    return any(words.search(f"{command.name} {_first_words(command)} ") for command in script.commands)


def _first_words(command: Command) -> str:
    return " ".join(word.value or word.head for word in command.arguments[:3])


def _ends_otherwise(command: Command) -> bool:
    """Whether a command says that the file is sourced, or that its errors are seen."""
    if command.name == "trap":
        return any(word.value in ("ERR", "ERROR") for word in command.arguments)
    return command.name in ("return", "alias", "complete", "compgen", "compdef", "bind") and not command.blocks


def _works(script: Script, rule: Rule, commands: list[Command], main: list[Command]) -> list[Command]:
    """The commands that do something, of the script itself and of the functions that it calls."""
    called = {command.name for command in main}
    quiet = frozenset(
        (*rule.table("shell_quiet"), *rule.table("answering"), *rule.table("for_a_person"), *rule.table("unsaid"))
    )
    quiet |= script.memo("talking functions", lambda one: talking(one, rule))
    found = []
    for command in commands:
        function = next((block.name for block in command.blocks if block.kind == "function"), None)
        if (
            command.name in quiet
            or _UNASKED & set(command.context)
            or (function is not None and function not in called)
        ):
            continue
        if command.name not in script.functions and not _asks_version(command):
            found.append(command)
    return found


def _asks_version(command: Command) -> bool:
    return any(word.value in ("--version", "--help") for word in command.arguments[:1])


def _is_unseen(script: Script, commands: list[Command], main: list[Command], step: Command) -> bool:
    """Whether the script goes on behind a step, and asks nobody how that ended."""
    from canfar_lint.checks.batch._shell_jobs import turns

    if not is_seen(step):
        return False
    inside = next((block for block in step.blocks if block.kind == "function"), None)
    near = main if inside is None else [command for command in commands if inside in command.blocks]
    at = bisect_left([command.start for command in near], step.end)
    after = near[at : at + 1]
    if not after:
        return any(True for _ in turns(script, step))
    if is_asked_for(step, after[0]) or not is_lost(step, after) or after[0].name == "return":
        return False
    told = after[0].name in ("echo", "printf")
    between = script.text[step.end - script.start : (after[0].start if told else after[0].end) - script.start]
    return _STATUS.search(between) is None and after[0].name not in _checking(script)


def _checking(script: Script) -> frozenset[str]:
    """The functions of a script that ask how the last command ended."""

    def make(script: Script) -> frozenset[str]:
        found = set()
        for command in script.commands:
            if any(_STATUS.search(word.text) for word in command.words):
                found |= {block.name for block in command.blocks if block.kind == "function" and block.name}
        return frozenset(found)

    return script.memo("checking functions", make)
