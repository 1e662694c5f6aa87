"""Findings that are known and not reported again: a file of what each is, without its line number, and how often.

What a finding is: its file (from the baseline's own folder), its rule, the text of its line with blanks made one, and
the name it stands in. Code that moves stays known; the same line once more in the same place is one too many.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, TOML, YAML

if TYPE_CHECKING:
    from canfar_lint.diagnostic import Diagnostic
    from canfar_lint.source import Source

_LAST = {"canfar-lint-baseline": 1}
# a crash of a check is nobody's known problem
_NEVER = ("CAN003",)
_LONGEST = 200
# what gives a name to the lines indented below it
_NAMES = {
    PYTHON: r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)",
    SHELL: r"(?:function[ \t]+)?([\w.:-]+)[ \t]*\(\)|function[ \t]+([\w.:-]+)",
    MAKEFILE: r"([^\s:#=]+)[ \t]*:(?!=)",
    YAML: r"(?:-[ \t]+)?[\"']?([\w. /-]+?)[\"']?[ \t]*:(?:\s|$)",
}
_NAMES[NOTEBOOK] = _NAMES[PYTHON]
# what gives a name to all lines down to the next of its kind
_HEADS = {DOCKERFILE: r"(?i)[ \t]*FROM[ \t](?:.*[ \t]AS[ \t]+(\S+)[ \t]*$)?", TOML: r"[ \t]*\[+([^\]]+)\]"}


class BaselineError(ValueError):
    """A baseline that cannot be read; the message names file and line."""


class Known(NamedTuple):
    """What a finding is, whatever line it stands on."""

    file: str
    rule: str
    within: str
    line: str


class Baseline:
    """The known findings at `path`: how often each may occur."""

    def __init__(self, path: str, counts: dict[Known, int] | None = None) -> None:
        self.path = path
        self.counts = counts or {}
        self._folder = os.path.dirname(os.path.abspath(path))

    def split(
        self, diagnostics: Iterable[Diagnostic], sources: Callable[[str], Source | None]
    ) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """The findings that are new, and those that are known; of too many of one kind the last are new."""
        left = dict(self.counts)
        new: list[Diagnostic] = []
        known: list[Diagnostic] = []
        for diagnostic, what in self.told(diagnostics, sources):
            if left.get(what, 0) > 0:
                left[what] -= 1
                known.append(diagnostic)
            else:
                new.append(diagnostic)
        return new, known

    def told(
        self, diagnostics: Iterable[Diagnostic], sources: Callable[[str], Source | None]
    ) -> Iterator[tuple[Diagnostic, Known]]:
        """Each finding with what it is."""
        files: dict[tuple[str, int | None], _Lines | None] = {}
        for diagnostic in diagnostics:
            path, cell = diagnostic.path, diagnostic.place.cell
            if (path, cell) not in files:
                source = sources(path)
                files[path, cell] = _Lines(source, cell) if source is not None else None
            lines = files[path, cell]
            line, within = lines.about(diagnostic.place.row) if lines is not None else ("", "")
            rule = "" if diagnostic.code in _NEVER else diagnostic.code
            yield diagnostic, Known(self.name(path), rule, within, line)

    def name(self, path: str) -> str:
        """A file as the baseline calls it: from its own folder, with slashes, the same wherever a run starts."""
        return os.path.relpath(os.path.abspath(path), self._folder).replace(os.sep, "/")

    def gone(self, found: Iterable[Known], looked: Callable[[str, str], bool]) -> dict[Known, int]:
        """What was not found as often as it is known, of the files and rules that `looked` says were looked at."""
        left = dict(self.counts)
        for what in found:
            if what in left:
                left[what] -= 1
        return {what: count for what, count in left.items() if count > 0 and looked(what.file, what.rule)}


def read(path: str) -> Baseline:
    """The baseline in a file. Raises `BaselineError`, `OSError`."""
    import json

    with open(path, "rb") as file:
        data = file.read()
    try:
        document = json.loads(data)
    except ValueError as e:
        line = getattr(e, "lineno", 1)
        raise BaselineError(f"{path}:{line}: this is no baseline: {e}") from None
    if not isinstance(document, list) or document[-1:] != [_LAST]:
        raise BaselineError(f"{path}:1: this is no baseline of this version: remove it and write it anew")
    counts: dict[Known, int] = {}
    for entry in document[:-1]:
        what, count = _entry(path, entry)
        # two lines for the same are what a merge leaves of two counts
        counts[what] = max(count, counts.get(what, 0))
    return Baseline(path, counts)


def _entry(path: str, entry: Any) -> tuple[Known, int]:
    fields = [entry.get(name, "") for name in Known._fields] if isinstance(entry, dict) else []
    count = entry.get("count", 1) if fields else 0
    if not fields or not all(isinstance(each, str) for each in fields) or not isinstance(count, int) or count < 1:
        raise BaselineError(f"{path}: this entry is none of a baseline: {entry!r:.200}")
    return Known(*fields), count


def text(counts: dict[Known, int]) -> str:
    """A baseline as it is written: an entry a line, sorted.

    The mark of the form comes last, so that each entry's line is whole by itself and changes of two people merge.
    """
    from canfar_lint.reporting.jsontext import spaced

    lines = []
    for what, count in sorted(counts.items()):
        fields: dict[str, object] = {name: value for name, value in what._asdict().items() if value}
        lines.append(f"  {spaced({**fields, **({'count': count} if count > 1 else {})})},\n")
    return f"[\n{''.join(lines)}  {spaced(_LAST)}\n]\n"


class _Lines:
    """The lines of a file or of a notebook's cell, and the names around each: the outermost first, joined by dots."""

    def __init__(self, source: Source, cell: int | None) -> None:
        text = source.text
        if cell is not None:
            cells = getattr(source, "cells", ())
            text = next((source.text[c.start : c.end] for c in cells if c.number == cell), "")
        self.lines = re.split(r"\r\n|\r|\n", text)
        self.within = list(_stages(source.kind, self.lines) or _nested(source.kind, self.lines))

    def about(self, row: int) -> tuple[str, str]:
        """The normalised text of a row, and where it stands."""
        row = min(row, len(self.lines))
        if row < 1:
            return "", ""
        return " ".join(self.lines[row - 1].split())[:_LONGEST], self.within[row - 1]


def _stages(kind: str, lines: Sequence[str]) -> list[str]:
    """For each line of a Dockerfile its stage, of TOML its table; nothing for other kinds."""
    if kind not in _HEADS:
        return []
    found, name = [], ""
    for line in lines:
        match = re.match(_HEADS[kind], line)
        name = match[1] or "" if match else name
        found.append(name)
    return found


def _nested(kind: str, lines: Sequence[str]) -> Iterator[str]:
    """For each line the names it is indented below; a definition's own line belongs to what is around it."""
    named = re.compile(_NAMES.get(kind, r"(?!)()"))
    around: list[tuple[int, str]] = []
    for line in lines:
        text = line.lstrip()
        if text and text[0] not in "#)]}":
            indent = len(line[: len(line) - len(text)].expandtabs(8))
            while around and around[-1][0] >= indent:
                around.pop()
        yield ".".join(name for _, name in around)
        if text and (match := named.match(text)):
            around.append((indent, next(name for name in match.groups() if name)))
