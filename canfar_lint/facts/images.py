"""Images: which Dockerfile builds which name, and the thread numbers fixed in it."""

from __future__ import annotations

import re
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
_OF_ENV = re.compile(r"\$\{\{\s*env\.(\w+)\s*\}\}")
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
    from canfar_lint.model.request.command_line import of_word

    for command in script.commands:
        if command.name in _BUILDERS:
            words = [of_word(script, command, word).text for word in command.arguments]
            if "build" in words[:2] or "bud" in words[:2]:
                yield from _build(command, words, _entered(script, command))


def without_tag(image: str) -> str:
    """An image's name without tag and digest."""
    head, _, last = image.partition("@")[0].rpartition("/")
    last = last.partition(":")[0]
    return f"{head}/{last}" if head else last


def _entered(script: Script, command: Any) -> str:
    """The folder that a script has changed to, from its own, with `{}` where that is not known."""
    from canfar_lint.model.request.command_line import of_word

    folder = ""
    for earlier in script.commands:
        if earlier is command:
            break
        if earlier.name in ("cd", "pushd") and earlier.arguments:
            word = earlier.arguments[-1]
            if "dirname" in word.text or "BASH_SOURCE" in word.text:
                continue  # its own
            text = of_word(script, earlier, word).text
            folder = f"{folder}/{text}".strip("/") if not text.startswith(("/", "{}", "-")) else "{}"
    return folder


def _build(command: Any, words: list[str], entered: str) -> Iterator[Fact]:
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
        if not without_tag(name) or "{}" in without_tag(name) + file + folder + entered:
            continue
        data: dict[str, object] = {"name": name, "file": _below(entered, file), "folder": _below(entered, folder)}
        yield Fact("image build", command.start, command.end, data)


def _below(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder and path and not path.startswith("/") else path


def yaml(source: Source) -> Iterator[Fact]:
    """The steps of a GitHub workflow that use `docker/build-push-action`."""
    import yaml as reader

    if "build-push-action" not in source.text:
        return
    try:
        root = reader.compose(source.text, Loader=reader.SafeLoader)
    except reader.YAMLError:
        return
    env = {key: value for key, value in _scalars(_scalars(root).get("env")).items() if isinstance(value, str)}
    stack = [root]
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
                yield from _pushed(keys.get("with"), env)
            stack += keys.values()


def _scalars(node: Any) -> dict[str, Any]:
    """The entries of a mapping: texts as such, other values as their nodes."""
    pairs = getattr(node, "value", ())
    if isinstance(pairs, str) or not all(isinstance(pair, tuple) for pair in pairs):
        return {}
    return {k.value: v.value if isinstance(v.value, str) else v for k, v in pairs if isinstance(k.value, str)}


def _pushed(node: Any, env: dict[str, str]) -> Iterator[Fact]:
    given = {getattr(key, "value", ""): value for key, value in getattr(node, "value", ())}
    said = {key: value.value for key, value in given.items() if isinstance(value.value, str)}
    said = {key: _OF_ENV.sub(lambda m: env.get(m[1], m[0]), value) for key, value in said.items()}
    if "tags" not in said:
        return
    start, end = given["tags"].start_mark.index, given["tags"].end_mark.index
    for tag in said["tags"].replace(",", "\n").split("\n"):
        name = tag.strip().split(":$")[0]
        if name and "$" not in name:
            folder, file = said.get("context", "."), said.get("file", "")
            yield Fact("image build", start, end, {"name": name, "file": file, "folder": folder})
