"""Edits into a text: which fixes go together in one round, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from canfar_lint.diagnostic import Edit, Fix, PlacedFix
from canfar_lint.source import NOTEBOOK, Source

AnyFix = TypeVar("AnyFix", Fix, PlacedFix)


def apply(text: str, fixes: Iterable[AnyFix]) -> tuple[str, list[AnyFix]]:
    """`text` with the fixes that go together made, and which these are; the others wait for the next round."""
    given = list(fixes)
    taken = [given[number] for number in together(given)]
    return substituted(text, sorted({edit for fix in taken for edit in edits_of(fix)})), taken


def together(fixes: Sequence[Fix | PlacedFix | None]) -> list[int]:
    """The numbers, in the order of the text, of the fixes whose edits neither overlap nor touch an earlier one's.

    A fix that makes only edits another one makes already is taken with it.
    """
    taken: list[int] = []
    spans = _Spans()
    ordered = sorted((edits_of(fix), number) for number, fix in enumerate(fixes) if fix is not None and fix.edits)
    for own, number in ordered:
        if all(edit in spans.edits for edit in own):
            taken.append(number)
        elif _is_sound(own) and all(spans.free(edit) for edit in own if not (edit in spans.edits and _is_shared(edit))):
            spans.add(own)
            taken.append(number)
    return taken


def edits_of(fix: Fix | PlacedFix) -> list[Edit]:
    """The edits of a fix in the order of the text."""
    return sorted(each if isinstance(each, Edit) else each.edit for each in fix.edits)


def substituted(text: str, edits: Sequence[Edit]) -> str:
    """`text` with sorted edits made that do not overlap."""
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += text[at : edit.start], edit.content
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)


def edited(source: Source, edits: Sequence[Edit]) -> Source:
    """The source with sorted edits made; a notebook keeps all of its file but the changed cells' source.

    Raises `ValueError` for text that the file's encoding does not have, or an edit that leaves its cell.
    """
    if source.kind == NOTEBOOK:
        from canfar_lint.model.notebook import NotebookSource

        assert isinstance(source, NotebookSource)
        return source.edited(edits)
    new = Source(source.path, source.kind, substituted(source.text, edits), source.encoding, source.bom)
    new.encode(new.text)
    return new


def to_bytes(source: Source) -> bytes:
    """The bytes of the file that a source stands for."""
    if source.kind == NOTEBOOK:
        from canfar_lint.model.notebook import NotebookSource

        assert isinstance(source, NotebookSource)
        return source.to_bytes()
    return source.encode(source.text)


class _Spans:
    """The edits taken so far; as fixes come in the order of the text, a few of the last decide most questions."""

    def __init__(self) -> None:
        self.edits: set[Edit] = set()
        self.sorted: list[tuple[int, int]] = []

    def free(self, edit: Edit) -> bool:
        from bisect import bisect_right

        at = bisect_right(self.sorted, (edit.start, float("inf")))
        before = at == 0 or self.sorted[at - 1][1] < edit.start
        return before and (at == len(self.sorted) or edit.end < self.sorted[at][0])

    def add(self, edits: Iterable[Edit]) -> None:
        from bisect import insort

        for edit in edits:
            if edit not in self.edits:
                self.edits.add(edit)
                insort(self.sorted, (edit.start, edit.end))


def _is_shared(edit: Edit) -> bool:
    """Whether an edit of two fixes is one, as an import is; blanks put in twice are two levels of indentation."""
    return edit.end > edit.start or bool(edit.content.strip())


def _is_sound(edits: list[Edit]) -> bool:
    """Whether the edits of one fix are spans of a text and do not overlap one another; they may touch."""
    at = 0
    for edit in edits:
        if edit.start < at or edit.end < edit.start:
            return False
        at = edit.end
    return True
