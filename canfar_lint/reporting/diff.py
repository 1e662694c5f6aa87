"""The change a fix makes, as `full` shows it: removed and new lines with one line around them."""

from __future__ import annotations

from typing import NamedTuple

from canfar_lint.diagnostic import PlacedEdit, PlacedFix
from canfar_lint.reporting import Sources, escape, linediff
from canfar_lint.reporting.colour import BOLD_GREEN, BOLD_RED, GREEN, LINE_NUMBER, RED, Palette
from canfar_lint.reporting.frame import split_lines

_AROUND = 1
_MERGE = 2
_WINDOW = 3


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
    groups = _groups(linediff.steps(old, new))
    if not groups:
        return ""
    last_step = groups[-1][-1]
    width = len(str(last_step.new + (0 if last_step.kind == linediff.DELETE else last_step.count) + first))
    gutter = f"{palette.paint(' ' * width, LINE_NUMBER)} {palette.paint('|', LINE_NUMBER)}\n"
    out = [f"{':::':>{width + 3}} cell {cell}\n"] if cell is not None else []
    out.append(gutter)
    numbers = _Numbers(first, width, palette)
    for index, group in enumerate(groups):
        if index:
            out.append("-" * 80 + "\n")
        for step in group:
            out += numbers.lines(step, old, new)
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


def _groups(steps: list[linediff.Step]) -> list[list[linediff.Step]]:
    """The steps in groups, with one equal line around each; groups that are near each other are one."""
    if all(step.kind == linediff.EQUAL for step in steps):
        return []
    groups: list[list[linediff.Step]] = [[]]
    for index, step in enumerate(steps):
        if step.kind != linediff.EQUAL:
            groups[-1].append(step)
        elif index == 0:
            groups[-1].append(_part(step, max(0, step.count - _AROUND), step.count))
        elif index == len(steps) - 1:
            groups[-1].append(_part(step, 0, _AROUND))
        elif step.count > 2 * _AROUND + _MERGE:
            groups[-1].append(_part(step, 0, _AROUND))
            groups.append([_part(step, step.count - _AROUND, step.count)])
        else:
            groups[-1].append(step)
    return groups


def _part(step: linediff.Step, start: int, end: int) -> linediff.Step:
    end = min(end, step.count)
    return linediff.Step(step.kind, step.old + start, step.new + start, end - start)


class _Numbers(NamedTuple):
    first: int
    width: int
    palette: Palette

    def lines(self, step: linediff.Step, old: list[str], new: list[str]) -> list[str]:
        if step.kind == linediff.DELETE:
            return [self.line(None, "-", line) for line in old[step.old : step.old + step.count]]
        sign = "|" if step.kind == linediff.EQUAL else "+"
        return [self.line(number, sign, new[number]) for number in range(step.new, step.new + step.count)]

    def line(self, number: int | None, sign: str, text: str) -> str:
        """One line of the change; `number` counts from 0 within the window."""
        digits = "" if number is None else str(number + 1 + self.first)
        colours = {"-": (BOLD_RED, RED), "+": (BOLD_GREEN, GREEN), "|": (LINE_NUMBER, "")}[sign]
        paint = self.palette.paint
        text = escape.source(text)
        blank = " " if text.rstrip("\r\n") else ""
        newline = "" if text.endswith(("\n", "\r")) else "\n"
        number_text = paint(f"{digits:<{self.width}}", LINE_NUMBER)
        return f"{number_text} {paint(sign, colours[0])}{blank}{paint(text, colours[1])}{newline}"
