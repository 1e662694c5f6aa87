"""Inline script metadata (PEP 723): the comment block at the top of a script that declares what it needs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

OPENING = r"(?m)^#[ \t]*///[ \t]*(\S[^\n]*?)?[ \t]*$"
_TYPE = r"# /// ([a-zA-Z0-9-]+)"


class Block(NamedTuple):
    """A block from its opening to its closing line (or to where it breaks off); offsets are the text's.

    `type` is "" where the opening line is none that PEP 723 knows; `body` are the offsets and texts of the lines
    between, without their comment sign.
    """

    opening: str
    type: str
    start: int
    end: int
    closed: bool
    body: list[tuple[int, str]]

    @property
    def toml(self) -> str:
        return "\n".join(text for _, text in self.body)


def blocks(text: str) -> Iterator[Block]:
    """All that looks like a metadata block: a line of three slashes and the comment lines below it."""
    at = 0
    while True:
        found = re.compile(OPENING).search(text, at)
        if found is None:
            return
        at = found.end()
        if found.group(1) is None:
            continue
        block = _read(text, found)
        at = max(at, block.end)
        yield block


def _read(text: str, opening: re.Match[str]) -> Block:
    body: list[tuple[int, str]] = []
    at = opening.end() + 1
    closed = False
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop].rstrip("\r")
        if line.rstrip() == "# ///":
            closed, at = True, stop
            break
        if not line.startswith("#") or re.match(OPENING, line):
            break
        body.append((at, line[2:] if line.startswith("# ") else line[1:]))
        at = stop + 1
    line = opening.group().rstrip()
    known = re.fullmatch(_TYPE, line)
    return Block(line, known.group(1) if known else "", opening.start(), min(at, len(text)), closed, body)


def declared(text: str) -> dict[str, Any] | None:
    """What a script's own block says; None without a block, or with one that uv would not read."""
    found = [block for block in blocks(text) if block.type == "script"]
    if len(found) != 1 or not found[0].closed:
        return None
    try:
        return parse_toml(found[0].toml)
    except ValueError:
        return None


def parse_toml(text: str) -> dict[str, Any]:
    """Raises `ValueError` (a TOMLDecodeError)."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    data: dict[str, Any] = tomllib.loads(text)
    return data
