"""Which program a command really runs: behind `sudo`, `env`, `conda run`; and the text given to `bash -c`."""

from __future__ import annotations

from canfar_lint.model.shell_nodes import Command, Word

SHELLS = frozenset(["bash", "sh", "dash", "ash", "zsh", "ksh"])

_OPTIONS_WITH_VALUE = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--host"),
    "doas": ("-u", "-C"),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "ionice": ("-c", "-n", "--class", "--classdata"),
    "nohup": (),
    "time": ("-o", "-f", "--output", "--format"),
    "timeout": ("-s", "-k", "--signal", "--kill-after"),
    "exec": ("-a",),
    "command": (),
    "builtin": (),
    "stdbuf": ("-i", "-o", "-e", "--input", "--output", "--error"),
    "setsid": (),
    "taskset": (),
    "numactl": ("-N", "-m", "-i", "-C", "--cpunodebind", "--membind", "--interleave", "--physcpubind"),
    "eatmydata": (),
    "unbuffer": (),
    "fakeroot": (),
    "gosu": (),
    "su-exec": (),
    "flock": ("-w", "-E", "--timeout", "--wait", "--conflict-exit-code"),
}
"""Wrappers, and their options whose value is the next word."""
_POSITIONALS = {"timeout": 1, "taskset": 1, "gosu": 1, "su-exec": 1, "flock": 1}
"""Words a wrapper takes before the command."""
_OF_A_PROCESS = ("-p", "--pid", "-ap", "-pc", "-cp", "-apc", "-acp")
"""Options by which `taskset` is about a process that runs already, and starts none."""
_CONDA = frozenset(["conda", "mamba", "micromamba"])
_CONDA_RUN_VALUES = ("-n", "--name", "-p", "--prefix", "--cwd", "-e", "--env", "-r", "--root-prefix", "-a", "--attach")


def base_name(word: Word) -> str | None:
    """The last path component if it is certain, whatever stands before it: `pip` for `/opt/$X/bin/pip`."""
    if word.value is not None:
        name = word.value.rsplit("/", 1)[-1]
        return name or None
    if word.items is not None or not word.dynamic:
        return None
    tail = word.tail
    return (tail.rsplit("/", 1)[-1] or None) if "/" in tail else None


def find_program(command: Command) -> None:
    """Fill `program`, `arguments`, `wrappers` and `name`, and add the assignments given to `env` and the like."""
    words = command.words
    first = words[0]
    name = base_name(first)
    if name is None or (name not in _OPTIONS_WITH_VALUE and name not in _CONDA):
        command.program, command.arguments, command.name = first, words[1:], name
        return
    at = 0
    wrappers = []
    while True:
        behind = _behind(words, at, name, command)
        if behind is None or behind >= len(words):
            break
        wrappers.append(name)
        at = behind
        found = base_name(words[at])
        if found is None:
            name = None
            break
        name = found
        if name not in _OPTIONS_WITH_VALUE and name not in _CONDA:
            break
    command.program, command.arguments, command.name = words[at], words[at + 1 :], name
    command.wrappers = tuple(wrappers)


def _behind(words: list[Word], at: int, name: str, command: Command) -> int | None:
    """The index of the word that the wrapper at `at` runs; None if it runs none."""
    if name in _CONDA:
        return _conda_run(words, at)
    values = _OPTIONS_WITH_VALUE.get(name)
    if values is None:
        return None
    i = at + 1
    while i < len(words):
        text = words[i].head
        if text == "--":
            i += 1
            break
        if name == "command" and text in ("-v", "-V"):
            return None
        if name == "env" and text.startswith(("-S", "--split-string")):
            return None
        if len(text) > 1 and text[0] == "-":
            i += 2 if text in values else 1
            continue
        if name in ("env", "sudo") and _assigned(words[i], command):
            i += 1
            continue
        break
    if name == "taskset" and any(word.value in _OF_A_PROCESS for word in words[at + 1 : i]):
        return None
    return i + _POSITIONALS.get(name, 0)


def _assigned(word: Word, command: Command) -> bool:
    """Take `NAME=value` as an assignment."""
    name, equals, _ = word.head.partition("=")
    if not equals or not name.replace("_", "a").isalnum() or name[0].isdigit():
        return False
    command.assignments.append((name, word.behind(len(name) + 1)))
    return True


def _conda_run(words: list[Word], at: int) -> int | None:
    i = at + 1
    while i < len(words) and words[i].head.startswith("-"):
        i += 2 if words[i].value in _CONDA_RUN_VALUES else 1
    if i >= len(words) or words[i].value != "run":
        return None
    i += 1
    while i < len(words) and words[i].head.startswith("-"):
        i += 2 if words[i].value in _CONDA_RUN_VALUES else 1
    return i


def inner_script(command: Command) -> tuple[Word, str, bool] | None:
    """The word that holds shell text to be run, the kind of block it makes, and whether errors end it."""
    name = command.name
    if name in SHELLS:
        return _shell_text(command.arguments)
    if name == "trap":
        words = [word for word in command.arguments if word.value != "--"]
        if len(words) > 1 and words[0].value and words[0].value[0] != "-":
            return words[0], "trap", False
    if name == "su":
        for i, word in enumerate(command.arguments[:-1]):
            if word.value in ("-c", "--command", "-lc"):
                return command.arguments[i + 1], "shell", False
    return None


def _shell_text(arguments: list[Word]) -> tuple[Word, str, bool] | None:
    errexit = False
    wanted = False
    i = 0
    while i < len(arguments):
        text = arguments[i].value
        if text is None:
            return None
        if text == "--" and wanted:
            i += 1
            break
        if text[:1] not in ("-", "+") or text in ("-", "--"):
            break
        if text.startswith("--"):
            i += 2 if text in ("--rcfile", "--init-file") else 1
            continue
        wanted = wanted or "c" in text
        errexit = errexit or (text[0] == "-" and "e" in text)
        if text[-1] in "oO" and i + 1 < len(arguments):
            i += 1
            errexit = errexit or arguments[i].value == "errexit"
        i += 1
    if not wanted or i >= len(arguments):
        return None
    return arguments[i], "shell", errexit
