"""The files of the build context that a Dockerfile runs: scripts that a RUN calls, and those that the image starts.

Where a copy puts a file is told by the Dockerfile alone; whether the file is there, and what it says, only by the tree.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from canfar_lint.model.dockerfile.model import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step, absolute

_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh", "source", ".")
_STARTERS = ("tini", "dumb-init", "catatonit", "gosu", "su-exec", "setpriv", "xvfb-run")
_SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_MOST_COPIES = 300


class Call(NamedTuple):
    """A command that runs a script of the image, with the places of the context where the script may come from."""

    instruction: Instruction
    step: Step
    word: Argument
    """The script's name in the command."""
    candidates: tuple[str, ...]


def run_calls(dockerfile: Dockerfile) -> Iterator[Call]:
    """The scripts that RUNs of the stages that reach the image call."""
    for run in dockerfile.all("RUN"):
        if run.stage is not None and run.stage.ships and run.readable and not run.onbuild:
            yield from _calls(run, run)


def start_calls(dockerfile: Dockerfile) -> Iterator[Call]:
    """The scripts that the last ENTRYPOINT and CMD of the image run."""
    final = dockerfile.final
    last = {i.keyword: i for i in final.instructions if i.keyword in ("CMD", "ENTRYPOINT")} if final else {}
    entry = last.get("ENTRYPOINT")
    for instruction in last.values():
        if instruction is entry or entry is None:
            yield from _calls(instruction, instruction)


def copied(dockerfile: Dockerfile) -> tuple[str, ...]:
    """The names of the context that the image is made of, by which the context is found."""
    return tuple(
        word.value
        for copy in dockerfile.all("COPY", "ADD")
        if copy.flag("from") is None
        for word in copy.sources
        if word.value and "://" not in word.value and not set("*?[") & set(word.value)
    )[:20]


def _calls(instruction: Instruction, at: Instruction) -> Iterator[Call]:
    for step in instruction.steps:
        word = _script(step)
        if word is None:
            continue
        found: dict[str, None] = {}
        for path in _paths(step, word):
            found.update(dict.fromkeys(_sources(at, path)))
        if found:
            yield Call(instruction, step, word, tuple(found)[:8])


def _script(step: Step) -> Argument | None:
    """The word of a command that names the script it runs."""
    if step.name in _SHELLS or step.name in _STARTERS:
        return next((a for a in step.arguments if not a.text.startswith("-") and "/" in f"/{a.text}"), None)
    if step.program is None:
        return None
    value = step.name if "/" not in (step.program.value or "") else step.program.value
    return Argument(step.program, value) if value else None


def _paths(step: Step, word: Argument) -> Iterator[str]:
    """Where the image has it."""
    if word.value is None:
        return
    if "/" not in word.value and step.name not in _SHELLS:
        yield from (f"{folder}/{word.value}" for folder in _SEARCHED)
    else:
        yield absolute(word.value, step.folder)


def _sources(instruction: Instruction, path: str) -> Iterator[str]:
    """The files of the context that may be what the image has at `path` when the instruction runs."""
    for mount in instruction.mounts if instruction.keyword == "RUN" else ():
        if mount.type == "bind" and "from" not in mount.options and mount.target:
            yield from _below(mount.target, mount.options.get("source") or mount.options.get("src") or ".", path)
    left = _MOST_COPIES
    stage, stop = instruction.stage, instruction.index
    while stage is not None and left > 0:
        for copy in reversed(stage.instructions):
            if copy.index < stop and copy.keyword in ("COPY", "ADD") and left > 0:
                left -= 1
                yield from _by_copy(copy, path)
        stage, stop = stage.base, instruction.index


def _by_copy(copy: Instruction, path: str) -> Iterator[str]:
    if copy.flag("from") is not None or copy.destination is None or copy.destination.value is None:
        return
    target = absolute(copy.destination.value, copy.workdir or ".")
    name = posixpath.basename(path)
    for word in copy.sources:
        source = word.value
        if not source or "://" in source:
            continue
        if set("*?[") & set(source):
            if fnmatchcase(name, posixpath.basename(source)) and posixpath.dirname(path) == target:
                yield _named(posixpath.dirname(source), name)
        elif posixpath.basename(source) == name and path == posixpath.join(target, name):
            yield _named(source, "")
        else:
            yield from _below(target, source, path)


def _below(target: str, source: str, path: str) -> Iterator[str]:
    """`path` as seen through a copy, or a mount, of `source` to `target`."""
    target = target.rstrip("/") or "/"
    if path == target:
        yield _named(source, "")
    elif path.startswith(target if target == "/" else f"{target}/"):
        yield _named(source, path[len(target) :])


def _named(folder: str, rest: str) -> str:
    return posixpath.normpath(posixpath.join(folder.lstrip("/") or ".", rest.lstrip("/")))
