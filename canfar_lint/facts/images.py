"""Images: which Dockerfile builds which name, and the thread numbers fixed in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Fact

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile import Dockerfile
    from canfar_lint.model.shell import Script
    from canfar_lint.source import Source

_TAKING = ("--build-arg", "--platform", "--target", "--label", "--secret", "--cache-from", "--network")
# labels that say what an image is called
_LABELS = ("org.opencontainers.image.ref.name", "org.opencontainers.image.title", "image", "name")
_BUILDERS = ("docker", "podman", "buildah", "nerdctl")


def dockerfile(dockerfile: Dockerfile) -> Iterator[Fact]:
    """ENV in the stages that ship; `OMP_NUM_THREADS` is left out, since the platform overrides it."""
    names = set(load().rules["CAN211"].table("variables")) - {"OMP_NUM_THREADS"}
    for instruction in dockerfile.instructions:
        if not dockerfile.shipped(instruction.stage):
            continue
        if instruction.keyword == "LABEL":
            for pair in instruction.pairs:
                if pair.name in _LABELS and pair.value and "/" in pair.value and "://" not in pair.value:
                    yield Fact("image label", pair.start, pair.end, {"name": pair.value})
        if instruction.keyword != "ENV":
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
    for name in filter(None, names):
        yield Fact("image build", command.start, command.end, {"name": name, "file": file, "folder": folder})


def yaml(source: Source) -> Iterator[Fact]:
    """The steps of a GitHub workflow that use `docker/build-push-action`."""
    import yaml as reader

    if "build-push-action" not in source.text:
        return
    try:
        stack = [reader.compose(source.text, Loader=reader.SafeLoader)]
    except reader.YAMLError:
        return
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, reader.SequenceNode):
            stack += node.value
        elif isinstance(node, reader.MappingNode):
            keys = {getattr(key, "value", ""): value for key, value in node.value}
            uses = getattr(keys.get("uses"), "value", "")
            if isinstance(uses, str) and uses.startswith("docker/build-push-action"):
                yield from _pushed(keys.get("with"))
            stack += keys.values()


def _pushed(node: Any) -> Iterator[Fact]:
    given = {getattr(key, "value", ""): value for key, value in getattr(node, "value", ())}
    said = {key: value.value for key, value in given.items() if isinstance(value.value, str)}
    if "tags" not in said:
        return
    start, end = given["tags"].start_mark.index, given["tags"].end_mark.index
    for tag in said["tags"].replace(",", "\n").split("\n"):
        name = tag.strip().split(":$")[0]
        if name and "$" not in name:
            folder, file = said.get("context", "."), said.get("file", "")
            yield Fact("image build", start, end, {"name": name, "file": file, "folder": folder})
