"""Writes `# canfar: ignore[…]` markers: at the end of the line, where that is no place for one above it.

Every marker is read back before it is kept: one that does not cover its finding, or would change what the file says,
gives way to the next form.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from canfar_lint.diagnostic import Diagnostic, Edit
from canfar_lint.fixing.apply import edited
from canfar_lint.fixing.document import parses
from canfar_lint.source import DOCKERFILE, Source
from canfar_lint.suppression import IGNORE, OWN_CODES, layouts, markers

# what cannot be read, and what is said of markers themselves
_NEVER = ("CAN001", "CAN002", "CAN003", *OWN_CODES)
_DIRECTIVE = re.compile(r"#!|#.*coding[:=]|#[ \t]*\w+[ \t]*=")


class Marked(NamedTuple):
    """A source with `added` new or longer markers; `left` are findings that no marker can reach."""

    source: Source
    added: int
    left: list[Diagnostic]


class _Insertion(NamedTuple):
    """Where a marker goes: codes are joined in one marker of the same place and form."""

    start: int
    end: int
    before: str
    after: str
    word: str = IGNORE


def mark(source: Source, diagnostics: Iterable[Diagnostic], reason: str = "") -> Marked:
    """The source with a marker for each diagnostic that may have one."""
    wanted = [d for d in diagnostics if d.code not in _NEVER]
    if not wanted or not source.repairable:
        return Marked(source, 0, wanted)
    known = _Known(source)
    places = [list(known.places(diagnostic.start)) for diagnostic in wanted]
    readable = parses(source)
    tried = [0] * len(wanted)
    reason = " ".join(reason.split())
    while True:
        chosen = {n: places[n][tried[n]] for n in range(len(wanted)) if tried[n] < len(places[n])}
        edits = _edits([(place, wanted[n].code) for n, place in chosen.items()], reason)
        new = _made(source, edits)
        covered = _covered(new, edits, [wanted[n] for n in chosen]) if new is not None else []
        if new is not None and all(covered) and parses(new) >= readable:
            left = [wanted[n] for n in range(len(wanted)) if n not in chosen]
            return Marked(new, len(edits), left)
        for number, reached in zip(chosen, covered or [False] * len(chosen), strict=True):
            tried[number] += not reached or all(covered)


class _Known:
    """A source with its markers and lines, to ask where a marker for a finding may go."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.markers = [m for m in markers(source) if m.form == IGNORE and m.codes]
        self.layouts = [layout for layout in layouts(source) if layout.lines]

    def places(self, at: int) -> Iterator[_Insertion]:
        """The places, the best first."""
        for marker in self.markers:
            if marker.covers[0] <= at <= marker.covers[1]:
                yield _Insertion(marker.codes[-1].end, marker.codes[-1].end, ", ", "", "")
        source = self.source
        for layout in self.layouts:
            if not layout.lines[0][0] <= at <= layout.lines[-1][1]:
                continue
            line = _around(layout.lines, at)
            if source.kind != DOCKERFILE and not self._is_magic(at):
                end = _row_end(source, at)
                if not any(start < end < stop for start, stop in layout.joined):
                    yield _behind(source, end)
                if line is not None and line[1] != end:
                    yield _behind(source, line[1])
            if line is not None:
                yield _above(source, line[0])
        yield _head(source)

    def _is_magic(self, at: int) -> bool:
        """Whether a notebook's `%magic` stands here: what follows it on its line are its arguments."""
        for magic in getattr(self.source, "magics", ()):
            text = self.source.text[magic.start : magic.end]
            if magic.start <= at < magic.end and text.startswith("%") and "\n" not in text:
                return True
        return False


def _around(lines: Sequence[tuple[int, int]], at: int) -> tuple[int, int] | None:
    number = bisect_right(lines, (at, len(lines) and lines[-1][1])) - 1
    return lines[number] if number >= 0 and lines[number][0] <= at <= lines[number][1] else None


def _row_end(source: Source, at: int) -> int:
    row = source.row_column(at)[0]
    return source.starts[row - 1] + len(source.line(row))


def _behind(source: Source, end: int) -> _Insertion:
    return _Insertion(len(source.text[:end].rstrip(" \t")), end, "  ", "")


def _above(source: Source, at: int) -> _Insertion:
    row = source.row_column(at)[0]
    start, text = source.starts[row - 1], source.line(row)
    return _Insertion(start, start, text[: len(text) - len(text.lstrip())], source.newline)


def _head(source: Source) -> _Insertion:
    """The top of the file, below what must stand there, for the file as a whole."""
    row = 1
    while row < len(source.starts) and _DIRECTIVE.match(source.line(row)):
        row += 1
    return _Insertion(source.starts[row - 1], source.starts[row - 1], "", source.newline, "file-ignore")


def _edits(chosen: Iterable[tuple[_Insertion, str]], reason: str) -> list[Edit]:
    by_place: dict[_Insertion, dict[str, None]] = {}
    for place, code in chosen:
        by_place.setdefault(place, {})[code] = None
    made = []
    for place, codes in by_place.items():
        listed = ", ".join(sorted(codes))
        marker = f"# canfar: {place.word}[{listed}]{f' {reason}' if reason else ''}" if place.word else listed
        made.append(Edit(place.start, place.end, f"{place.before}{marker}{place.after}"))
    return sorted(made)


def _made(source: Source, edits: list[Edit]) -> Source | None:
    try:
        return edited(source, edits)
    except ValueError:
        return None


def _covered(new: Source, edits: list[Edit], diagnostics: list[Diagnostic]) -> list[bool]:
    """For each finding of the old source, whether a marker of the new one speaks for it."""
    found = [marker for marker in markers(new) if not marker.problem]
    ends = [edit.end for edit in edits]
    shifts = [0, *accumulate(len(edit.content) - (edit.end - edit.start) for edit in edits)]
    spans: dict[str, list[tuple[int, int]]] = {}
    for marker in found:
        for code in marker.codes:
            spans.setdefault(code.word, []).append(marker.covers)
    places = [diagnostic.start + shifts[bisect_right(ends, diagnostic.start)] for diagnostic in diagnostics]
    return [
        any(first <= at <= last for first, last in spans.get(diagnostic.code, ()))
        for at, diagnostic in zip(places, diagnostics, strict=True)
    ]
