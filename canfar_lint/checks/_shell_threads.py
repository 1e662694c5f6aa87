"""Numbers of threads and workers that shell commands fix: in variables, and in options of programs.

The names are tables of CAN211: `variables`, `shell_options` by program, and `shell_any` of any program but those of
`shell_not_here`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.checks._scripts import is_replaced, named
from canfar_lint.model.shell import Command, Script, Word
from canfar_lint.model.shell_nodes import VARIABLE

_GLUED = re.compile(r"-[a-zA-Z](?=\d+$)")
_QUEUE = re.compile(r"(?m)^#(?:SBATCH|PBS|\$|BSUB|OAR)[ \t][^\n]*?[=:\s](\d+)\b")
_QUEUED_CORES = re.compile(
    r"(?m)^#(?:SBATCH|PBS|\$|BSUB|OAR)[ \t][^\n]*?(?:(?:ntasks|cpus)(?:-per-\w+)?|ppn|core|-[nc]|-pe +\w+)"
    r"[=:\s]+(\d+)\b"
)
_HOSTS = frozenset(
    ("-host", "--host", "-hosts", "-H", "-hostfile", "--hostfile", "-machinefile", "--machinefile", "-f")
)


class Setting(NamedTuple):
    """`what` (a variable, a program's option) is set to the literal `number`, which stands in `word`."""

    what: str
    number: int
    word: Word


def settings(script: Script, tables: dict[str, Any]) -> Iterator[Setting]:
    """Every literal number of threads or workers, in source order of the commands; one that is only a default is
    none, nor is one that the script asks a queue for, or the share of one of several that run side by side in it."""
    asked = {int(number) for number in _QUEUE.findall(script.text)}
    cores = [int(number) for number in _QUEUED_CORES.findall(script.text)]
    seen: set[int] = set()
    for found in (*_variables(script, frozenset(tables["variables"])), *_options(script, tables)):
        shared = found.number > 0 and any(not whole % found.number for whole in cores)
        if found.number > 0 and found.number not in asked and not shared and found.word.start not in seen:
            seen.add(found.word.start)
            yield found


def hands_on_request(script: Script) -> bool:
    """Whether `OMP_NUM_THREADS` says what was requested, as far as the script goes: one that sets it to 1 does not."""
    return script.memo("hands on request", _hands_on_request)


def _hands_on_request(script: Script) -> bool:
    set_to = [entry.word for entry in script.assignments if entry.name == "OMP_NUM_THREADS" and entry.word is not None]
    known = [word.value for word in set_to if word.value is not None]
    return all(value.isdecimal() and int(value) > 1 for value in known)


def _variables(script: Script, names: frozenset[str]) -> Iterator[Setting]:
    for entry in script.assignments:
        if entry.name in names and entry.word is not None and not is_replaced(script, entry):
            yield from _literal(script, entry.name, entry.word, entry.start)
    for command in script.commands:
        if command.words:
            for name, word in command.assignments:
                if name in names:
                    yield from _literal(script, name, word, command.start)


def _options(script: Script, tables: dict[str, Any]) -> Iterator[Setting]:
    others = frozenset(tables["shell_not_here"])
    for command in script.commands:
        if command.name is None or command.name in others or others & set(command.wrappers):
            continue
        if command.name in ("xargs", "parallel") and _waits(command, tables["shell_waiting"]):
            continue
        own = tables["shell_options"].get(command.name, ())
        if "mpi" in command.name and any(word.value in _HOSTS for word in command.arguments):
            continue  # so many for the hosts that are named beside it
        for option, word in _given(command, frozenset((*own, *tables["shell_any"]))):
            what = f"{command.name} {option}" if option in own else option
            yield from _literal(script, what, word, command.start)


def _waits(command: Command, programs: list[str]) -> bool:
    """Whether what `xargs` or `parallel` starts only waits for disk or network."""
    texts = [(word.value or word.head).partition(" ")[0] for word in command.arguments]
    return any(text.rpartition("/")[2] in programs for text in texts)


def _given(command: Command, names: frozenset[str]) -> Iterator[tuple[str, Word]]:
    """The options of these names with the words of their values: `-j 8`, `-j8`, `--threads=8`, `numthreads=8`."""
    words = command.arguments
    for i, word in enumerate(words):
        head = word.head
        name, equals, _ = head.partition("=")
        glued = _GLUED.match(head)
        if equals and name in names:
            yield name, word.behind(len(name) + 1)
        elif head in names and word.value is not None and i + 1 < len(words):
            yield head, words[i + 1]
        elif glued and glued.group() in names:
            yield glued.group(), word.behind(2)


def _literal(script: Script, what: str, word: Word, place: int) -> Iterator[Setting]:
    """The number, in the word itself or in the one value of the variable that the word is."""
    found: Word | None = word
    for _ in range(3):
        if found is None or found.value is not None:
            break
        found = _only_value(script, found, place)
    if found is not None and found.value is not None and found.value.isdecimal() and len(found.value) < 5:
        yield Setting(what, int(found.value), found)


def _only_value(script: Script, word: Word, place: int) -> Word | None:
    """What the variable that a word consists of was set to before, where that is written once and no default."""
    if len(word.parts) != 1 or word.parts[0].kind != VARIABLE or word.parts[0].op or word.parts[0].index:
        return None
    entries = named(script).get(word.parts[0].name, [])
    if len(entries) != 1 or entries[0].start >= place or is_replaced(script, entries[0]):
        return None
    return entries[0].word
