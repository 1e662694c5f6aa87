"""The requirements that a pyproject.toml or pixi.toml makes for an application, and where they stand in the file.

A project that is built and published is a library: what it asks for is a range on purpose, and no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.model.metadata import parse_toml
from canfar_lint.source import Source

_STRING = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)'|#[^\n]*|(\])")
_ANY = re.compile(
    r"^[ \t]*[\"']?([A-Za-z0-9][\w.-]*)[\"']?[ \t]*=[ \t]*(?:\{[^}\n]*\bversion[ \t]*=[ \t]*)?[\"']\*[\"']", re.M
)
_TABLES = ("dependencies", "pypi-dependencies")

Requirement = tuple[str, int, int]


def requirements(source: Source) -> Iterator[Requirement]:
    """Text, start and end of every requirement; a table's `name = "*"` is its bare name."""
    try:
        data = parse_toml(source.text)
    except (ValueError, RecursionError):
        return
    name = re.split(r"[/\\]", source.path)[-1]
    if name == "pixi.toml":
        for table in _TABLES:
            yield from _any_version(source.text, table)
    elif name == "pyproject.toml" and _is_application(data):
        yield from _strings(source.text)
        for table in (f"tool.pixi.{table}" for table in _TABLES):
            yield from _any_version(source.text, table)
        yield from _any_version(source.text, "tool.poetry.dependencies")


def _is_application(data: dict[str, Any]) -> bool:
    """Nothing that is built: no build system, or one that is told to build no package."""
    tool = data.get("tool")
    tool = tool if isinstance(tool, dict) else {}
    uv, poetry = tool.get("uv"), tool.get("poetry")
    if isinstance(uv, dict) and "package" in uv:
        return uv["package"] is False
    if isinstance(poetry, dict):
        return poetry.get("package-mode") is False
    return "build-system" not in data


def _table(text: str, name: str) -> tuple[int, int]:
    """Where the lines of a table stand; an empty span when it is not in the file."""
    heading = re.compile(rf"^[ \t]*\[[ \t]*{re.escape(name)}[ \t]*\][^\n]*$", re.M).search(text)
    if heading is None:
        return 0, 0
    following = re.compile(r"^[ \t]*\[", re.M).search(text, heading.end())
    return heading.end(), following.start() if following else len(text)


def _strings(text: str) -> Iterator[Requirement]:
    """The strings of `dependencies = [...]` in the table `project`."""
    start, end = _table(text, "project")
    listed = re.compile(r"^[ \t]*dependencies[ \t]*=[ \t]*\[", re.M).search(text, start, end)
    for match in _STRING.finditer(text, listed.end()) if listed else ():
        if match[3]:
            return
        group = 1 if match[1] is not None else 2
        if match[group] is not None:
            yield match[group], *match.span(group)


def _any_version(text: str, table: str) -> Iterator[Requirement]:
    for match in _ANY.finditer(text, *_table(text, table)):
        if match[1] != "python":
            yield match[1], *match.span(1)
