"""Images: which Dockerfile builds which name, and the thread numbers fixed in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Fact

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile import Dockerfile
    from canfar_lint.model.shell import Script

_TAKING = ("--build-arg", "--platform", "--target", "--label", "--secret", "--cache-from", "--network")
_BUILDERS = ("docker", "podman", "buildah", "nerdctl")


def dockerfile(dockerfile: Dockerfile) -> Iterator[Fact]:
    """ENV in the stages that ship; `OMP_NUM_THREADS` is left out, since the platform overrides it."""
    names = set(load().rules["CAN211"].table("variables")) - {"OMP_NUM_THREADS"}
    for instruction in dockerfile.instructions:
        if instruction.keyword != "ENV" or not dockerfile.shipped(instruction.stage):
            continue
        for pair in instruction.pairs:
            if pair.name in names and pair.value is not None and pair.value.isdecimal():
                yield Fact("image threads", pair.start, pair.end, {"what": pair.name, "number": int(pair.value)})


def shell(script: Script) -> Iterator[Fact]:
    """`docker build -t NAME [-f FILE] FOLDER`."""
    for command in script.commands:
        if command.name in _BUILDERS:
            words = [word.value or "" for word in command.arguments]
            if "build" in words[:2] or "bud" in words[:2]:
                yield from _build(command, words)


def _build(command: Any, words: list[str]) -> Iterator[Fact]:
    file = folder = ""
    names = []
    taken = words[words.index("build") + 1 :] if "build" in words else words[1:]
    skip = False
    for at, word in enumerate(taken):
        following = taken[at + 1] if at + 1 < len(taken) else ""
        if skip:
            skip = False
        elif word in ("-t", "--tag"):
            names.append(following)
            skip = True
        elif word in ("-f", "--file"):
            file, skip = following, True
        elif word.startswith("--tag="):
            names.append(word[6:])
        elif word.startswith("--file="):
            file = word[7:]
        elif word.startswith("-"):
            skip = word in _TAKING
        else:
            folder = word
    for name in names:
        yield Fact("image build", command.start, command.end, {"name": name, "file": file, "folder": folder})
