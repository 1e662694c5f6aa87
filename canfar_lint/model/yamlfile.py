"""YAML files that say what is installed or run, conda environments and compose files, and where they say it.

Nothing is constructed, only composed: a tag does nothing here. Offsets are those of the file, by the parser's marks.
What is no such file, does not parse or is nested beyond reason gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.source import Source


class Dependency(NamedTuple):
    """One entry of an environment's `dependencies`, as written, for `conda` or `pip`."""

    text: str
    manager: str
    start: int
    end: int


class Setting(NamedTuple):
    """A scalar at its place; `name` is its key, or what stands before the `=`."""

    name: str
    value: str
    start: int
    end: int


class Service(NamedTuple):
    """One service of a compose file. `dockerfile` and `context` are as written, "" without a `build`."""

    name: str
    image: str
    context: str
    dockerfile: str
    target: str
    environment: tuple[Setting, ...]
    cpus: Setting | None
    """How many cores the service may use, where the file says."""
    start: int
    end: int


def dependencies(source: Source) -> Iterator[Dependency]:
    """What a conda environment file lists, its `pip:` part included."""
    for item in _items(_get(_root(source), "dependencies")):
        listed = [(item, "conda")] if _is_scalar(item) else [(each, "pip") for each in _items(_get(item, "pip"))]
        for node, manager in listed:
            if _is_scalar(node) and node.value:
                yield Dependency(node.value, manager, *_inner(source.text, node))


def services(source: Source) -> Iterator[Service]:
    """The services of a compose file."""
    for key, node in _pairs(_get(_root(source), "services")):
        build = _get(node, "build")
        start, end = key.start_mark.index, key.end_mark.index
        context = _text(build) or _text(_get(build, "context"))
        if build is not None and not context:
            context = "."
        dockerfile, target = _text(_get(build, "dockerfile")), _text(_get(build, "target"))
        variables = tuple(_environment(source.text, _get(node, "environment")))
        cpus = _cpus(source.text, node)
        yield Service(key.value, _text(_get(node, "image")), context, dockerfile, target, variables, cpus, start, end)


def _environment(text: str, node: Any) -> Iterator[Setting]:
    """`NAME: value` pairs or a list of `NAME=value`."""
    for key, value in _pairs(node):
        if _is_scalar(value):
            yield Setting(key.value, value.value, key.start_mark.index, value.end_mark.index)
    for item in _items(node):
        if _is_scalar(item):
            name, equals, value = item.value.partition("=")
            if equals:
                yield Setting(name, value, *_inner(text, item))


def _cpus(text: str, node: Any) -> Setting | None:
    limits = _get(_get(_get(node, "deploy"), "resources"), "limits")
    for holder in (node, limits):
        found = _get(holder, "cpus")
        if _is_scalar(found):
            return Setting("cpus", found.value, *_inner(text, found))
    return None


def _root(source: Source) -> Any:
    import yaml

    try:
        return yaml.compose(source.text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return None


def _pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    """Keys that are scalars, and their values; merged mappings (`<<`) last, each once."""
    if getattr(node, "id", "") != "mapping":
        return
    stack, seen = [node], set()
    while stack:
        mapping = stack.pop()
        if id(mapping) in seen:
            continue
        seen.add(id(mapping))
        for key, value in mapping.value:
            if not _is_scalar(key):
                continue
            if key.value != "<<":
                yield key, value
            elif value.id == "mapping":
                stack.append(value)
            elif value.id == "sequence":
                stack += [each for each in reversed(value.value) if each.id == "mapping"]


def _get(node: Any, name: str) -> Any:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _items(node: Any) -> list[Any]:
    return list(node.value) if getattr(node, "id", "") == "sequence" else []


def _is_scalar(node: Any) -> bool:
    return getattr(node, "id", "") == "scalar" and not node.tag.endswith(":null")


def _text(node: Any) -> str:
    return str(node.value) if _is_scalar(node) else ""


def _inner(text: str, node: Any) -> tuple[int, int]:
    """A scalar's span, within its quotes."""
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("'", '"'):
        return start + 1, end - 1
    return start, start + len(text[start:end].rstrip())
