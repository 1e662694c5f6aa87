"""What the commands of a shell script write, and what becomes of it: shared by the rules about results.

The options that name an output are CAN402's table `shell_outputs`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.checks._scripts import named
from canfar_lint.model.shell import Command, Script, Word
from canfar_lint.model.shell_expand import expand_part
from canfar_lint.model.shell_nodes import LITERAL, VARIABLE

_DEEPEST, _MOST_FOLDERS = 5, 24
_EPHEMERAL = re.compile(r"/(?:tmp|var/tmp|scratch|opt|root|app)\b[\w./+-]*")
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
MOVES = frozenset(
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
    for command in script.commands:
        for redirect in command.redirects:
            if redirect.writes and redirect.fd in ("", "1"):
                yield Output(redirect.target, command, ">>" in redirect.op, False)
        if command.name == "tee":
            append = any(word.value in ("-a", "--append") for word in command.arguments)
            for word in command.arguments:
                if not word.head.startswith("-"):
                    yield Output(word, command, append, False)
        else:
            yield from named_by_option(command)


def named_by_option(command: Command) -> Iterator[Output]:
    """The outputs that a command is given by options: `--output map.fits`, `msout=averaged.ms`."""
    table = _table()
    options = table["options"]
    if command.name in table["others"]:
        return
    for i, word in enumerate(command.arguments):
        name, equals, _ = word.head.partition("=")
        if name not in options:
            continue
        if equals:
            yield Output(word.behind(len(name) + 1), command, False, True)
        elif name[0] == "-" and i + 1 < len(command.arguments) and not command.arguments[i + 1].head.startswith("-"):
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
        entries = named(script).get(first.name, [])
        last = bisect_left([one.start for one in entries[:_MOST_FOLDERS]], command.start)
        value = entries[last - 1].word if last else None
        if value is None:
            return word
        word = value
    return word


def is_used(script: Script, output: Output, text: str) -> bool:
    """Whether another command may use the file or folder `text`, or take it away."""
    return script.memo("uses", Uses).of(text, output.command)


class Uses:
    """The paths that the commands of a script are given, to be asked by path."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.paths: dict[str, set[int]] = {}
        self.below: dict[str, set[int]] = {}
        self.entered: dict[str, int] = {}
        self.moves: set[int] = set()
        self.last_move = -1
        for command in script.commands:
            self._note(command)
        for block in script.loops:
            for word in block.words or ():
                self._path(word.head, -1)

    def of(self, text: str, writer: Command) -> bool:
        """Whether a command other than `writer` may meet the path: itself, a folder of it, or something below it."""
        own = {id(writer)}
        text = _plain(text)
        folders = list(_folders(text))
        if self.moves - own or self.below.get(text, own) - own:
            return True
        if any(self.paths.get(path, own) - own for path in (text, *folders)):
            return True
        first = min((self.entered[path] for path in (text, *folders) if path in self.entered), default=-1)
        return 0 <= first < self.last_move

    def _note(self, command: Command) -> None:
        if command.name in ("cd", "pushd"):
            for word in command.arguments[:1]:
                self.entered.setdefault(_plain(beginning(self.script, word, command)), command.start)
        if command.name in _NEUTRAL or not command.words:
            return
        moves = command.name in MOVES
        for word in (*command.words, *(one.target for one in command.redirects if one.op[0] == "<")):
            start = beginning(self.script, word, command)
            if not start:
                self._unknown(command, moves)
            elif start[0] in "/~":
                self._path(start, id(command))
            else:
                if moves and start[0] != "-" and word is not command.program:
                    self.last_move = command.start
                for path in _EPHEMERAL.findall(word.text):
                    self._path(path, id(command))

    def _unknown(self, command: Command, moves: bool) -> None:
        """A path of which nothing is known may be any, where something is moved."""
        if moves and len(self.moves) < 2:
            self.moves.add(id(command))

    def _path(self, start: str, command: int) -> None:
        path = _plain(start)
        _add(self.paths, path, command)
        for folder in _folders(path):
            _add(self.below, folder, command)


def _add(found: dict[str, set[int]], path: str, command: int) -> None:
    commands = found.setdefault(path, set())
    if len(commands) < 2:
        commands.add(command)


def _plain(path: str) -> str:
    """A path up to its first wildcard, without a slash at the end."""
    for mark in "*?[{":
        path = path.partition(mark)[0]
    return path.rstrip("/")


def _folders(path: str) -> Iterator[str]:
    """The folders a path is in, innermost first, the root left out."""
    for _ in range(_MOST_FOLDERS):
        path = path.rpartition("/")[0]
        if not path:
            return
        yield path
