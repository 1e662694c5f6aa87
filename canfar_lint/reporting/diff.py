"""The change a fix makes, as `full` shows it: removed and new lines with one line around them."""

from __future__ import annotations

from typing import NamedTuple

from canfar_lint.diagnostic import PlacedEdit, PlacedFix
from canfar_lint.reporting import Sources, escape
from canfar_lint.reporting.colour import BOLD_GREEN, BOLD_RED, GREEN, LINE_NUMBER, PLAIN, RED, Palette
from canfar_lint.reporting.frame import split_lines

_AROUND = 1
_MERGE = 2
_WINDOW = 3


class _Change(NamedTuple):
    """Lines `old` to `old_end` become lines `new` to `new_end` (0-based, end exclusive)."""

    old: int
    old_end: int
    new: int
    new_end: int


def draw(path: str, fix: PlacedFix, sources: Sources, palette: Palette) -> str:
    """The lines of the change, cell by cell in a notebook; nothing where the text is not to be had."""
    cells: dict[int | None, list[PlacedEdit]] = {}
    for edit in sorted(fix.edits, key=lambda e: (e.place.row, e.place.column)):
        cells.setdefault(edit.place.cell, []).append(edit)
    out = []
    for cell in sorted(cells, key=lambda c: c or 0):
        text = sources(path, cell)
        if text is not None:
            out.append(_draw_cell(split_lines(text), cell, cells[cell], palette))
    return "".join(out)


def _draw_cell(lines: list[str], cell: int | None, edits: list[PlacedEdit], palette: Palette) -> str:
    first, last = 0, len(lines)
    if cell is None:
        first = max(0, edits[0].place.row - 1 - _WINDOW)
        last = min(len(lines), max(e.place.end_row for e in edits) + _WINDOW)
    old = [line for line in lines[first:last] if line]
    new = [line for line in split_lines(_edited(lines, first, last, edits)) if line]
    groups = _groups(_changes(old, new), len(old))
    if not groups:
        return ""
    width = len(str(groups[-1][1] + _offset(groups[-1][2]) + first))
    gutter = f"{palette.paint(' ' * width, LINE_NUMBER)} {palette.paint('|', LINE_NUMBER)}\n"
    out = [f"{':::':>{width + 3}} cell {cell}\n"] if cell is not None else []
    out.append(gutter)
    for index, (start, end, changes) in enumerate(groups):
        if index:
            out.append("-" * 80 + "\n")
        out += _draw_group(old, new, (start, end), changes, _Numbers(first, width, palette))
    out.append(gutter)
    return "".join(out)


def _edited(lines: list[str], first: int, last: int, edits: list[PlacedEdit]) -> str:
    """The text of the lines after the edits."""
    out, row, column = [], first, 0
    for place, edit in edits:
        out.append(_between(lines, row, column, place.row - 1, place.column - 1))
        out.append(edit.content)
        row, column = place.end_row - 1, place.end_column - 1
    out.append(_between(lines, row, column, last, 0))
    return "".join(out)


def _between(lines: list[str], row: int, column: int, end_row: int, end_column: int) -> str:
    if row >= len(lines):
        return ""
    if row == end_row:
        return lines[row][column:end_column]
    end = lines[end_row][:end_column] if end_row < len(lines) else ""
    return "".join([lines[row][column:], *lines[row + 1 : end_row], end])


def _changes(old: list[str], new: list[str]) -> list[_Change]:
    """What differs, as few lines as possible, in order."""
    before, after = 0, 0
    short = min(len(old), len(new))
    while before < short and old[before] == new[before]:
        before += 1
    while after < short - before and old[-1 - after] == new[-1 - after]:
        after += 1
    a, b = old[before : len(old) - after], new[before : len(new) - after]
    if not a and not b:
        return []
    if not a or not b:
        return [_Change(before, before + len(a), before, before + len(b))]
    from difflib import SequenceMatcher

    opcodes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [_Change(before + i, before + j, before + k, before + n) for tag, i, j, k, n in opcodes if tag != "equal"]


def _groups(changes: list[_Change], length: int) -> list[tuple[int, int, list[_Change]]]:
    """Changes near each other together, with the old lines to show: `(start, end, changes)`."""
    groups: list[tuple[int, int, list[_Change]]] = []
    for change in changes:
        start, end = max(0, change.old - _AROUND), min(length, change.old_end + _AROUND)
        if groups and start - groups[-1][1] <= _MERGE:
            groups[-1] = (groups[-1][0], end, [*groups[-1][2], change])
        else:
            groups.append((start, end, [change]))
    return groups


def _offset(changes: list[_Change]) -> int:
    """By how much a line behind the changes moves down."""
    return changes[-1].new_end - changes[-1].old_end


class _Numbers(NamedTuple):
    first: int
    width: int
    palette: Palette

    def line(self, number: int | None, sign: str, text: str) -> str:
        """One line of the change; `number` counts from 0 within the window."""
        digits = "" if number is None else str(number + 1 + self.first)
        colours = {"-": (BOLD_RED, RED), "+": (BOLD_GREEN, GREEN), "|": (LINE_NUMBER, PLAIN)}[sign]
        paint = self.palette.paint
        text = escape.source(text)
        blank = " " if text.rstrip("\r\n") else ""
        newline = "" if text.endswith(("\n", "\r")) else "\n"
        number_text = paint(f"{digits:<{self.width}}", LINE_NUMBER)
        return f"{number_text} {paint(sign, colours[0])}{blank}{paint(text, colours[1])}{newline}"


def _draw_group(
    old: list[str], new: list[str], window: tuple[int, int], changes: list[_Change], numbers: _Numbers
) -> list[str]:
    out: list[str] = []
    at, shift = window[0], changes[0].new - changes[0].old
    for change in changes:
        shift = change.new - change.old
        out += [numbers.line(i + shift, "|", old[i]) for i in range(at, change.old)]
        out += [numbers.line(None, "-", line) for line in old[change.old : change.old_end]]
        out += [numbers.line(i, "+", new[i]) for i in range(change.new, change.new_end)]
        at = change.old_end
    shift = _offset(changes)
    return out + [numbers.line(i + shift, "|", old[i]) for i in range(at, window[1])]
