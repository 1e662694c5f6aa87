"""The commands a RUN carries out: arguments with variables resolved, the folder, whether they surely run."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile.model import Instruction
    from canfar_lint.model.shell import Command, Script, Word

_OWN_FOLDER = frozenset(["subshell", "function", "substitution", "process", "pipe-left", "pipe-right", "shell", "trap"])
_MAYBE = frozenset(["if", "loop", "case", "function", "select"])
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_MOST_ASSIGNMENTS = 300
_SOMEBODY = re.compile(r"~[a-z_][\w-]*(?:/|\Z)")


class Argument(NamedTuple):
    """A word of a command and its value; None where a variable or a command decides."""

    word: Word
    value: str | None

    @property
    def text(self) -> str:
        """The value, or as much of it as the word begins with."""
        return self.value if self.value is not None else self.word.head


class Step(NamedTuple):
    """A command of a RUN. `python -m pip` is named `pip`, its arguments those of pip."""

    run: Instruction
    script: Script
    command: Command
    name: str
    program: Word | None
    arguments: tuple[Argument, ...]
    folder: str
    """Where it runs; relative to an unknown folder when it begins with `.`."""
    after_failure: bool
    """Reached only when something before it failed."""
    conditional: bool
    """Inside an if, a loop, a case or a function."""

    @property
    def span(self) -> tuple[int, int]:
        return self.command.start, self.command.end

    def values(self) -> list[str]:
        """The arguments' values, "" where unknown."""
        return [argument.value or "" for argument in self.arguments]

    def assigned(self, name: str) -> Argument | None:
        """The value of `NAME=value` in front of this very command."""
        for given, word in self.command.assignments:
            if given == name:
                return Argument(word, resolve(self.run, self.script, self.command, word))
        return None

    def path(self, argument: Argument) -> str | None:
        """An argument as a normalised path; `~` stands for the home folder."""
        return None if argument.value is None else absolute(argument.value, self.folder)


def absolute(path: str, folder: str) -> str:
    """`path` as seen from `folder`, without `.` and `..`, its last slash kept away; `~jo` is `/home/jo`."""
    if path.startswith("~") and _SOMEBODY.match(path):
        path = path.replace("~", "/home/" if not path.startswith("~root") else "/", 1)
    if path.startswith(("/", "~")):
        return posixpath.normpath(path)
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined if joined.startswith(("/", "~", ".")) else f"./{joined}"


def steps(run: Instruction) -> list[Step]:
    found: list[Step] = []
    for script in run.scripts:
        folders: dict[tuple[int, ...], str] = {(): run.workdir or "."}
        for command in script.commands:
            key = _place(command)
            if key not in folders:
                folders[key] = next(folders[key[:n]] for n in range(len(key), -1, -1) if key[:n] in folders)
            step = _step(run, script, command, folders[key])
            if step is None:
                continue
            found.append(step)
            if step.name in ("cd", "pushd") and step.arguments:
                path = step.path(step.arguments[-1])
                folders[key] = path if path is not None else f"./{step.arguments[-1].word.text}"
            elif step.name == "cd":
                folders[key] = "~"
    return found


def _place(command: Command) -> tuple[int, ...]:
    return tuple(block.start for block in command.blocks if block.kind in _OWN_FOLDER)


def _step(run: Instruction, script: Script, command: Command, folder: str) -> Step | None:
    if not command.words:
        return None
    name, program, words = command.name or "", command.program, list(command.arguments)
    if not name and program is not None:
        value = resolve(run, script, command, program)
        name = value.rsplit("/", 1)[-1] if value else ""
    if _PYTHON.match(name) and len(words) > 1:
        at = next((i for i, word in enumerate(words) if word.value == "-m"), None)
        if at is not None and at + 1 < len(words) and all((w.value or "")[:1] == "-" for w in words[:at]):
            program, name, words = words[at + 1], words[at + 1].value or "", words[at + 2 :]
    arguments = tuple(Argument(word, value) for word in words for value in _values(run, script, command, word))
    failing = command.before == "||" or any(block.before == "||" for block in command.blocks)
    maybe = any(block.kind in _MAYBE for block in command.blocks)
    return Step(run, script, command, name, program, arguments, folder, failing, maybe)


def _values(run: Instruction, script: Script, command: Command, word: Word) -> tuple[str | None, ...]:
    several = word.values() if word.value is None else None
    return several or (resolve(run, script, command, word),)


def resolve(run: Instruction, script: Script, command: Command, word: Word) -> str | None:
    """A word's value by the script's own assignments and the ENV and ARG in force; `$HOME` becomes `~`."""
    if word.value is not None:
        return word.value
    names = word.variables
    if not names or len(script.assignments) > _MOST_ASSIGNMENTS:
        return None
    known = {name: value for name in names if (value := run.env.text(name)) is not None}
    known.setdefault("HOME", "~")
    return script.resolve(word, command, known)
