"""The source frame of `full`: the lines around a span, line numbers, carets under the span.

Lines longer than the frame are cut around the span; a span over several lines is drawn with a bracket at the left.
"""

from __future__ import annotations

from typing import NamedTuple

from canfar_lint.diagnostic import Place
from canfar_lint.reporting.colour import LINE_NUMBER, Palette
from canfar_lint.reporting.escape import displayed

CONTEXT = 2
WIDTH = 140
_NARROWEST = 30
_ROOM = 6
_CUT = "…"


class Frame(NamedTuple):
    """A drawn frame; `row` and `column` are where its carets begin, `width` is that of its line numbers."""

    text: str
    row: int
    column: int
    width: int


class _Spot(NamedTuple):
    """An end of a span: 0-based line of the snippet, 0-based character, 0-based column on the screen."""

    line: int
    character: int
    column: int


class _Margin(NamedTuple):
    """Which columns of the lines are shown."""

    left: int
    right: int
    width: int


def split_lines(text: str) -> list[str]:
    """Lines with their ends (\\n, \\r\\n, \\r); a last line that is empty counts, as it has a row."""
    if "\r" not in text:
        *whole, rest = text.split("\n")
        return [*(f"{line}\n" for line in whole), rest]
    import re

    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z|\Z", text)


def draw(lines: list[str], place: Place, level: str, palette: Palette, most: int = WIDTH) -> Frame:
    """The frame for a span of a text given as `split_lines` makes them, `most` columns wide."""
    first, last = _window(lines, place)
    shown = [line.rstrip("\r\n") for line in lines[first - 1 : last]]
    if len(shown) > 1 and not lines[last - 1]:
        shown.pop()
    start, end = _span(shown, lines, first, place)
    width = len(str(first + len(shown) - 1))
    drawing = _Drawing(shown, first, start, end, width, level, palette, max(most, _NARROWEST))
    return Frame(drawing.text(), first + start.line, start.character + 1, width)


def _window(lines: list[str], place: Place) -> tuple[int, int]:
    """First and last row to show: two more on both sides, without blank ones at the rim."""
    row = min(place.row, len(lines))
    end = min(max(row, place.end_row - 1 if place.end_column == 1 else place.end_row), len(lines))
    first, last = max(1, row - CONTEXT), min(len(lines), end + CONTEXT)
    while first < row and not lines[first - 1].strip():
        first += 1
    while last > end and not lines[last - 1].strip():
        last -= 1
    return first, last


def _span(shown: list[str], lines: list[str], first: int, place: Place) -> tuple[_Spot, _Spot]:
    """Where the carets begin and end. A span at the end of the text points behind its last character."""
    start = _spot(shown, place.row - first, place.column - 1)
    if (place.row, place.column) == (place.end_row, place.end_column):
        return start, start._replace(column=start.column + 1)
    line, character = place.end_row - first, place.end_column - 1
    if line < len(shown) and (character or line <= start.line):
        text = shown[line]
        over = line > start.line and character > len(text)
        end = _Spot(line, min(character, len(text)) + over, _columns(text[:character]) + over)
    else:
        line = min(line - 1, len(shown) - 1)
        over = line > start.line and place.end_row - first >= len(shown)
        end = _Spot(line, len(shown[line]) + over, _columns(shown[line]) + over)
    if end.line <= start.line and end.column <= start.column:
        end = _Spot(start.line, start.character, start.column + 1)
    return start, end


def _spot(shown: list[str], line: int, character: int) -> _Spot:
    if line >= len(shown):
        text = shown[-1]
        return _Spot(len(shown) - 1, len(text) + 1, _columns(text))
    text = shown[line]
    return _Spot(line, min(character, len(text) + 1), _columns(text[:character]))


class _Drawing:
    def __init__(
        self,
        shown: list[str],
        first: int,
        start: _Spot,
        end: _Spot,
        width: int,
        level: str,
        palette: Palette,
        most: int,
    ) -> None:
        self.most = most
        self.lines = [displayed(line) for line in shown]
        self.first, self.start, self.end, self.width = first, start, end, width
        self.level, self.palette = level, palette
        self.tall = end.line > start.line
        self.bar = palette.paint("|", LINE_NUMBER)
        self.empty = f"{' ' * width} {self.bar}"
        self.margin = self._margin(shown)

    def text(self) -> str:
        out = [self.empty]
        whole = self.tall and not self.lines[self.start.line][: self.start.column].strip()
        for index, line in enumerate(self.lines):
            edge = self._edge(index, whole)
            if edge.strip():
                edge = self._mark(edge[0]) + edge[1:]
            code, left = self._cut(line)
            number = self.palette.paint(f"{self.first + index:>{self.width}}", LINE_NUMBER)
            out.append(f"{number} {self.bar}{_body(edge, code)}")
            if index in (self.start.line, self.end.line) and not (whole and index == self.start.line):
                code, carets = self._carets(index, left, code)
                out[-1] = f"{number} {self.bar}{_body(edge, code)}"
                out.append(f"{self.empty}{carets}")
            elif index == len(self.lines) - 1:
                out.append(self.empty)
        return "\n".join(out)

    def _mark(self, text: str) -> str:
        return self.palette.mark(text, self.level)

    def _edge(self, index: int, whole: bool) -> str:
        """The two columns at the left that hold the bracket of a span over several lines."""
        if not self.tall:
            return ""
        if index == self.start.line and whole:
            return "/ "
        return "| " if self.start.line < index <= self.end.line else "  "

    def _carets(self, index: int, left: int, code: str) -> tuple[str, str]:
        """A line of code, its middle cut when all of an overlong span is in it, and the line of carets below it."""
        if not self.tall:
            return self._straight(left, code)
        if index == self.start.line:
            return code, "  " + self._mark("_" * max(0, self.start.column + 1 - left) + "^")
        return code, " " + self._mark("|" + "_" * max(0, self.end.column - left) + "^")

    def _straight(self, left: int, code: str) -> tuple[str, str]:
        start, end = max(0, self.start.column - left), max(0, self.end.column - left)
        length = self.end.column - self.start.column
        carets = "^" * max(1, end - start)
        if length > 2 * self.margin.width and length > 11:
            keep = max(self.margin.width // 3, 5)
            cut_from, cut_to = start + keep, max(0, self.end.column - keep - left)
            if cut_to <= len(code):
                code = code[:cut_from] + self.palette.paint(_CUT, LINE_NUMBER) + code[cut_to:]
            middle = self.palette.paint(_CUT, LINE_NUMBER)
            return code, " " * (start + 1) + self._mark("^" * keep) + middle + self._mark("^" * (end - cut_to))
        return code, " " * (start + 1) + self._mark(carets)

    def _margin(self, shown: list[str]) -> _Margin:
        """The columns to show: all, or without much indentation, or what is around the span."""
        width = self.most - 3 - self.width - (2 if self.tall else 0)
        longest = max(map(_columns, shown))
        indents = [_columns(line[: len(line) - len(line.lstrip())]) for line in shown if line.strip()]
        blank = max(0, min(indents, default=0) - _ROOM)
        span_left = max(0, min(self.start.column, self.end.column - self.tall) - _ROOM)
        if self.end.line - self.start.line > 1:
            span_left = 0
        span_right = max(self.start.column + self.tall, self.end.column) + _ROOM
        left = blank - 16 if blank > 20 else 0
        if max(longest, left) - left <= width:
            return _Margin(left, max(longest, left), width)
        if blank <= span_right <= width + blank:
            return _Margin(blank, blank + width, width)
        if span_right - span_left <= width:
            left = max(0, span_left - (width - (span_right - span_left)) // 2)
            return _Margin(left, left + width, width)
        return _Margin(span_left, span_right, width)

    def _cut(self, line: str) -> tuple[str, int]:
        """The visible part of a line, and how many columns are missing at its left."""
        margin, length = self.margin, _columns(line)
        left = min(margin.left, length)
        right = length if max(0, length - margin.left) <= margin.width else min(length, margin.right)
        if not margin.left and right == length:
            return line, 0
        begin = skipped = 0
        while begin < len(line) and skipped < left:
            skipped += _columns(line[begin])
            begin += 1
        stop, taken = begin, 0
        while stop < len(line) and (taken := taken + _columns(line[stop])) <= right - left:
            stop += 1
        code, shift = line[begin:stop], max(left, skipped)
        cut = self.palette.paint(_CUT, LINE_NUMBER)
        head, pad = "", ""
        if margin.left:
            head = cut
            if code:
                pad = " " * (_columns(code[0]) - 1)
                code = code[1:]
        if length > right:
            code = code[:-1] + cut
        return head + pad + code, shift


def _body(edge: str, code: str) -> str:
    """What stands right of the bar; nothing at its end where there is no code."""
    return f" {edge}{code}" if code else f" {edge.rstrip()}" if edge.strip() else ""


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes; a tab takes four."""
    if text.isascii():
        return len(text) + 3 * text.count("\t")
    return sum(map(_width, text))


def _width(character: str) -> int:
    if character < "\x7f":
        return 4 if character == "\t" else 1
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 1 if "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069" else 0
    return 2 if east_asian_width(character) in "WF" else 1
