"""What a command line runs: a script by its path, a module, a program; behind interpreters and launchers."""

from __future__ import annotations

import re
from typing import NamedTuple

SCRIPT, MODULE, PROGRAM, INLINE, UNKNOWN = "script", "module", "program", "inline", "unknown"

_PYTHON = re.compile(r"(?:i?python|pythonw|casa-?python|mpicasa|casa)[\d.]*$")
_INTERPRETER = re.compile(
    r"(?:i?python|pythonw|pypy|bash|sh|zsh|dash|ksh|Rscript|julia|perl|casa-?python|casa|mpicasa|papermill|source|\.)[\d.]*$"
)
# what starts another command that stands among its words
_LAUNCHERS = frozenset(
    (
        *(
            "mpirun",
            "mpiexec",
            "srun",
            "uv",
            "uvx",
            "conda",
            "mamba",
            "micromamba",
            "pixi",
            "poetry",
            "pipenv",
            "nohup",
        ),
        *(
            "time",
            "timeout",
            "nice",
            "xvfb-run",
            "stdbuf",
            "env",
            "exec",
            "sudo",
            "torchrun",
            "accelerate",
            "tini",
            "gosu",
        ),
        *("coverage", "parallel", "apptainer", "singularity", "shifter"),
    )
)
_SUFFIXES = (".py", ".sh", ".bash", ".ipynb")


class Target(NamedTuple):
    """What runs: its kind, and the path, module or program as it is written."""

    kind: str
    name: str


def target(words: list[str]) -> Target:
    """What the words of a command run; `{}` in a word stands for what is not known."""
    if not words:
        return Target(UNKNOWN, "")
    program = words[0]
    name = program.rpartition("/")[2]
    if program.endswith(_SUFFIXES) and name not in _SUFFIXES:
        return _path(program)
    if name in _LAUNCHERS:
        return _launched(words)
    if not _INTERPRETER.fullmatch(name):
        return Target(UNKNOWN if "{}" in name else PROGRAM, program)
    return _interpreted(name, words)


def _interpreted(name: str, words: list[str]) -> Target:
    python = _PYTHON.fullmatch(name) is not None
    casa = "casa" in name
    for at, word in enumerate(words[1:], 1):
        following = words[at + 1] if at + 1 < len(words) else ""
        if word == "-m" and python and not casa:
            return Target(MODULE if "{}" not in following else UNKNOWN, following)
        if word in ("-c", "-lc", "-e", "-ec") and not casa:
            return Target(INLINE, following)
        if word.startswith("-") or (casa and not word.endswith(_SUFFIXES)):
            continue
        return _path(word) if word.endswith(_SUFFIXES) or "/" in word or "{}" in word else Target(SCRIPT, word)
    return Target(PROGRAM, words[0])


def _launched(words: list[str]) -> Target:
    """Behind a launcher, the first word that is an interpreter or a script begins the command."""
    for at, word in enumerate(words[1:], 1):
        name = word.rpartition("/")[2]
        if word.endswith(_SUFFIXES) and name not in _SUFFIXES:
            return _path(word)
        if _INTERPRETER.fullmatch(name) and name != ".":
            return _interpreted(name, words[at:])
    rest = [word for word in words[1:] if not word.startswith("-") and word != "run"]
    return Target(UNKNOWN if any("{}" in word for word in rest) else PROGRAM, rest[-1] if rest else words[0])


def _path(word: str) -> Target:
    return Target(UNKNOWN if "{}" in word.rpartition("/")[2] else SCRIPT, word)
