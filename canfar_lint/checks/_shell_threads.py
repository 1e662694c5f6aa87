"""Numbers of threads and workers that shell commands fix: in variables, and in options of programs.

The names are tables of CAN211: `variables`, `shell_options` by program, and `shell_any` of any program but those of
`shell_not_here`; `shell_names` of variables that are handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from canfar_lint.checks._scripts import is_replaced, named
from canfar_lint.model.shell import Command, Script, Word
from canfar_lint.model.shell_nodes import VARIABLE
from canfar_lint.model.shell_programs import SHELLS, base_name

_GLUED = re.compile(r"-[a-zA-Z](?=\d+$)")
# a number that is no time: `--time=12:00:00`
_QUEUE = re.compile(r"(?m)^#(?:SBATCH|PBS|\$|BSUB|OAR)[ \t][^\n]*?[=:\s](\d+)\b(?!:\d\d)")
_QUEUED_CORES = re.compile(
    r"(?m)^#(?:SBATCH|PBS|\$|BSUB|OAR)[ \t][^\n]*?(?:(?:ntasks|cpus)(?:-per-\w+)?|ppn|core|-[nc]|-pe +\w+)"
    r"[=:\s]+(\d+)\b"
)
_JOB_TEXT = re.compile(r"\A\s*#!\S*/(?:env )?(?:ba|z|k|da)?sh\b|^#(?:SBATCH|PBS|BSUB|OAR)[ \t]", re.MULTILINE)
_READS_JOB = frozenset((*SHELLS, "sbatch", "qsub", "bsub"))
# what the shell itself counts with or compares
_OF_SHELL = frozenset(
    ("seq", "expr", "bc", "let", "sleep", "[[", "((", "shift", "return", "exit", "read", "set", "local")
)
# what loads something from elsewhere, and what stands beside it in a function
_DOWNLOADS = frozenset(("wget", "curl", "aria2c", "rsync", "rclone", "scp", "vcp", "cadcget"))
_ASIDE = frozenset(
    (
        *("command", "basename", "dirname", "[", "test", "export", "unset", "break", "continue", "trap", "date"),
        *("df", "head", "tail", "grep", "cut", "tr", "awk", "sed", "wc", "cd", "true", ":"),
    )
)
_WHOLE = 2
"""Parts of a word that is a variable, or an option with one."""
# a program that starts another takes its own options first, and once
_STARTERS = frozenset(("xargs", "parallel", "sem", "julia"))
_OF_XSPEC = re.compile(r"^[ \t]*parallel[ \t]+(leven|error|steppar|goodness|walkers)[ \t]+(\d{1,4})\b", re.MULTILINE)
# a script, or a command of one, that puts jobs into a queue: what it is told is how many, or what each asks for
_SUBMITS = re.compile(r"(?i)(?:[\w.-]*[-_.])?submit(?:ter|s)?(?:[-_][\w-]+)?(?:\.\w+)?")
# a script of that name waits for the network
_LOADS = re.compile(r"(?i)(?:[\w.-]*[-_.])?(?:down_?load(?:er|s)?|fetch)(?:[-_](?!and[-_])[\w-]+)?(?:\.\w+)?")
_INTERPRETER = re.compile(r"i?python[\d.]*|bash|sh|Rscript")
_FOR_A_TASK = frozenset(("-c", "--cpus-per-task"))
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
    asked = {int(number) for number in _QUEUE.findall(script.text)} | {*_for_a_task(script)}
    cores = [int(number) for number in _QUEUED_CORES.findall(script.text)]
    seen: set[int] = set()
    names = re.compile(tables["shell_names"])
    for found in (
        *_variables(script, frozenset(tables["variables"])),
        *_options(script, tables),
        *_handed_on(script, names, frozenset(tables["shell_not_here"])),
    ):
        shared = found.number > 0 and any(not whole % found.number for whole in cores)
        if found.number > 0 and found.number not in asked and not shared and found.word.start not in seen:
            seen.add(found.word.start)
            yield found


def _for_a_task(script: Script) -> Iterator[int]:
    """The cores that `srun` and `sbatch` are told to give to each task: `srun -n 16 -c 8`."""
    for command in script.commands:
        if command.name in ("srun", "sbatch", "salloc"):
            for _, word in _given(command.arguments, _FOR_A_TASK):
                if word.value is not None and word.value.isdecimal():
                    yield int(word.value)


def written(script: Script, tables: dict[str, Any]) -> Iterator[Setting]:
    """Those of the jobs that a script writes in here-documents, and of the commands that it gives to XSPEC."""
    from canfar_lint.model.shell import parse

    for command in script.commands:
        for redirect in command.redirects:
            body = redirect.body
            if body is None or body.end - body.start != len(body.text) or not body.text:
                continue
            if command.name in _READS_JOB or _JOB_TEXT.search(body.text):
                yield from settings(parse(body.text, start=body.start), tables)
    for found in _OF_XSPEC.finditer(script.text):
        start, end = script.start + found.start(2), script.start + found.end(2)
        yield Setting(f"parallel {found[1]}", int(found[2]), Word(found[2], start, end, found[2]))


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


def _handed_on(script: Script, names: re.Pattern[str], others: frozenset[str]) -> Iterator[Setting]:
    """Variables so named that a program gets: in its environment, or as a word of its own."""
    handed = {
        word.parts[-1].name
        for command in script.commands
        if command.name is not None and command.name not in others and command.name not in _OF_SHELL
        for word in command.arguments
        if word.parts and word.parts[-1].kind == VARIABLE and not word.parts[-1].op and len(word.parts) <= _WHOLE
    }
    for entry in script.assignments:
        if entry.word is None or not names.search(entry.name) or is_replaced(script, entry):
            continue
        if (entry.exported or entry.name in handed) and len(named(script)[entry.name]) == 1:
            yield from _literal(script, entry.name, entry.word, entry.start)


def _options(script: Script, tables: dict[str, Any]) -> Iterator[Setting]:
    others = frozenset(tables["shell_not_here"])
    for command in script.commands:
        if command.program is None or others & set(command.wrappers):
            continue
        if command.name in ("xargs", "parallel") and _waits(script, command, frozenset(tables["shell_waiting"])):
            continue
        if "mpi" in (command.name or "") and any(word.value in _HOSTS for word in command.arguments):
            continue  # so many for the hosts that are named beside it
        for program, words in _programs(command, tables):
            own = tables["shell_options"].get(program, ())
            common = () if _is_elsewhere(command) else tables["shell_any"]
            given = _given(words, frozenset((*own, *common)))
            for option, word in islice(given, 1) if program in _STARTERS or "mpi" in program else given:
                what = f"{program} {option}" if option in own else option
                yield from _literal(script, what, word, command.start)


def _programs(command: Command, tables: dict[str, Any]) -> Iterator[tuple[str, list[Word]]]:
    """What a command runs, with its words: also the known program that one of them is, behind `singularity exec`."""
    name, words = command.name or "", command.arguments
    if command.name is None:
        name = base_name(words[0]) or "" if words else ""
        if name in tables["shell_options"]:
            yield name, words[1:]  # `$launcher wsclean …`
        return
    if name not in tables["shell_not_here"]:
        yield name, words
    if name in tables["shell_launchers"]:
        yield from _launched(words)
    if name in tables["shell_carriers"]:
        for i, word in enumerate(words):
            inner = base_name(word)
            if inner in tables["shell_options"] and inner != name:
                yield inner or "", words[i + 1 :]
                return


def _launched(words: list[Word]) -> Iterator[tuple[str, list[Word]]]:
    """The script that `srun` starts with an interpreter, with its words that say another number than the request."""
    for at, word in enumerate(words):
        if _INTERPRETER.fullmatch(base_name(word) or ""):
            asked = {number for own in words[:at] for number in re.findall(r"\d+", own.head)}
            known = [other for other in words[at + 1 :] if other.head.rpartition("=")[2] not in asked]
            yield base_name(word) or "", known
            return


def _is_elsewhere(command: Command) -> bool:
    """Whether a script is started that hands the work to a queue, or loads files from elsewhere."""
    names = [base_name(word) or "" for word in command.words if not word.head.startswith("-")]
    return any(_SUBMITS.fullmatch(name) or _LOADS.fullmatch(name) for name in names)


def _waits(script: Script, command: Command, programs: frozenset[str]) -> bool:
    """Whether what `xargs` or `parallel` starts only waits for disk or network, or a function that does."""
    texts = [(word.value or word.head).partition(" ")[0] for word in command.arguments]
    if any(text.rpartition("/")[2] in programs for text in texts):
        return True
    return any(_is_download(script, text, programs) for text in texts)


def _is_download(script: Script, name: str, programs: frozenset[str]) -> bool:
    """Whether a function of the script knows a program that downloads, and starts none that works."""
    made = {block.name for command in script.commands for block in command.blocks if block.kind == "function"}
    inside = [c for c in script.commands if any(b.kind == "function" and b.name == name for b in c.blocks)]
    loads = any(word.value in _DOWNLOADS for command in inside for word in command.words)
    quiet = programs | made | _OF_SHELL | _ASIDE
    return name in made and loads and all(c.name is None or c.name in quiet for c in inside)


def _given(words: list[Word], names: frozenset[str]) -> Iterator[tuple[str, Word]]:
    """The options of these names with the words of their values: `-j 8`, `-j8`, `--threads=8`, `numthreads=8`."""
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
