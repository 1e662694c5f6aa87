"""What the commands of a shell script write, and what becomes of it: shared by the rules about results.

The options that name an output are CAN402's table `shell_outputs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.model.shell import Command, Script, Word
from canfar_lint.model.shell_expand import expand_part
from canfar_lint.model.shell_nodes import LITERAL, VARIABLE

_DEEPEST = 5
_NEUTRAL = frozenset(
    (
        *(
            "mkdir",
            "cd",
            "pushd",
            "rm",
            "rmdir",
            "ls",
            "echo",
            "printf",
            "touch",
            "test",
            "[",
            "[[",
            "df",
            "du",
            "chmod",
        ),
        *("export", "declare", "local", "set", "find", "stat"),
    )
)
_MOVES = frozenset(
    (
        *("cp", "mv", "rsync", "vcp", "scp", "sftp", "tar", "zip", "gsutil", "aws", "rclone", "install", "ln", "vsync"),
        *("cadcput", "cadc-data"),
    )
)


class Output(NamedTuple):
    """A file that `command` writes; `word` names it. `option` says that it was named by an option."""

    word: Word
    command: Command
    append: bool
    option: bool


def outputs(script: Script) -> Iterator[Output]:
    """The outputs in source order. What goes to standard error is none."""
    table = _table()
    options, others = frozenset(table["options"]), frozenset(table["others"])
    for command in script.commands:
        for redirect in command.redirects:
            if redirect.writes and redirect.fd in ("", "1"):
                yield Output(redirect.target, command, ">>" in redirect.op, False)
        if command.name == "tee":
            append = any(word.value in ("-a", "--append") for word in command.arguments)
            for word in command.arguments:
                if not word.head.startswith("-"):
                    yield Output(word, command, append, False)
        elif command.name not in others:
            yield from _named_by_option(command, options)


def _named_by_option(command: Command, options: frozenset[str]) -> Iterator[Output]:
    for i, word in enumerate(command.arguments):
        name, equals, _ = word.head.partition("=")
        if name not in options:
            continue
        if equals:
            yield Output(word.behind(len(name) + 1), command, False, True)
        elif i + 1 < len(command.arguments) and not command.arguments[i + 1].head.startswith("-"):
            yield Output(command.arguments[i + 1], command, False, True)


def _table() -> dict[str, Any]:
    from canfar_lint.catalogue import load

    table: dict[str, Any] = load().rules["CAN402"].table("shell_outputs")
    return table


def beginning(script: Script, word: Word, command: Command) -> str:
    """The text a word certainly begins with, by the script's own variables."""
    if word.value is not None:
        return word.value
    known = script.environment(command)
    pieces = []
    for part in word.parts:
        text = part.text if part.kind == LITERAL else expand_part(part, known)
        if text is None:
            break
        pieces.append(text)
    return "".join(pieces)


def root(script: Script, word: Word, command: Command) -> Word:
    """The word in which the path of `word` begins: itself, or the value of the variable it begins with."""
    for _ in range(_DEEPEST):
        first = word.parts[0] if word.parts else None
        if first is None or first.kind != VARIABLE:
            return word
        entries = [one for one in script.assignments if one.name == first.name and one.start < command.start]
        if not entries or entries[-1].word is None:
            return word
        word = entries[-1].word
    return word


def is_used(script: Script, output: Output, text: str) -> bool:
    """Whether another command may use the file or folder, or take it away."""
    enters = False
    for command in script.commands:
        if command is output.command:
            continue
        if command.name in ("cd", "pushd"):
            enters = enters or any(_meets(beginning(script, word, command), text) for word in command.arguments[:1])
        if command.name in _NEUTRAL or (command.name is None and not command.words):
            continue
        words = [*command.arguments, *(one.target for one in command.redirects if one.op[0] == "<")]
        if command.program is not None:
            words.append(command.program)
        if any(_uses(script, word, command, text, enters) for word in words):
            return True
    return any(
        _meets(beginning(script, word, output.command), text) for block in script.loops for word in block.words or ()
    )


def _uses(script: Script, word: Word, command: Command, text: str, enters: bool) -> bool:
    start = beginning(script, word, command)
    moves = command.name in _MOVES
    if not start:
        return moves
    if start[:1] not in "/~" and "=" in start:
        start = start.partition("=")[2]
    if start[:1] not in "/~":
        return text in word.text or (moves and enters and not start.startswith("-"))
    return _meets(start, text) or text in word.text


def _meets(start: str, text: str) -> bool:
    """Whether two paths may be the same, or one the folder of the other."""
    for mark in "*?[{":
        start = start.partition(mark)[0]
    start, text = start.rstrip("/"), text.rstrip("/")
    return bool(start) and (start == text or text.startswith(start + "/") or start.startswith(text + "/"))
