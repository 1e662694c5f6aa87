"""Text to BuildKit's logical lines: directives, comments, continuations and heredoc bodies, in one pass.

Every logical line remembers where each of its characters stands in the file. What BuildKit refuses becomes a `Refusal`
and not an exception, because the rest of the file is still worth reading.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from canfar_lint.model.dockerfile.lexing import SPACE, Marker, heredoc_markers, json_strings, split_flags

LINE_BYTES = 65_535
INSTRUCTION_LINES = 10_000
FILE_BYTES = 1 << 20

_DIRECTIVE = re.compile(r"\s*#\s*([a-z][a-z0-9]*)\s*=\s*(.+?)\s*".replace(r"\s", r"[\t\n\f\r ]"), re.S | re.I | re.A)
_CONTINUED = {
    "\\": re.compile(r"(?:(?<=[^\\])|^)\\[ \t]*\Z", re.S),
    "`": re.compile(r"(?:(?<=[^`])|^)`[ \t]*\Z", re.S),
}
_KEYWORD_END = re.compile(r"[\t\v\f\r ]+")
_HEREDOC = ("RUN", "COPY", "ADD")


class Refusal(NamedTuple):
    """What BuildKit refuses, in its words, and where. Behind a `fatal` one nothing of the file is read."""

    message: str
    start: int
    end: int
    fatal: bool = False


class Directive(NamedTuple):
    name: str
    value: str
    start: int
    end: int
    line: int


class Heredoc(NamedTuple):
    """A heredoc: its marker in the logical line, and the span of its body in the file, terminator excluded."""

    marker: Marker
    start: int
    end: int
    terminator: int
    """Offset of the line that ends it."""


class Logical:
    """A joined line and the way back: the file offset of each of its characters."""

    __slots__ = ("_files", "_starts", "text")

    def __init__(self, pieces: list[tuple[int, str]]) -> None:
        self.text = "".join(piece for _, piece in pieces)
        self._starts: list[int] = []
        self._files: list[int] = []
        at = 0
        for offset, piece in pieces:
            if piece:
                self._starts.append(at)
                self._files.append(offset)
                at += len(piece)

    def offset(self, index: int) -> int:
        """The file offset of a character; of the end, the one behind the last character."""
        if not self._starts:
            return 0
        if index >= len(self.text):
            return self.offset(len(self.text) - 1) + 1 if self.text else self._files[0]
        piece = bisect_right(self._starts, index) - 1
        return self._files[piece] + index - self._starts[piece]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The file's span of characters `start:end`; of an empty one, a point."""
        first = self.offset(start)
        return first, self.offset(end - 1) + 1 if end > start else first

    def places(self, start: int, end: int) -> list[int]:
        """The offset of each of the characters `start:end`, and one more: the end's."""
        found: list[int] = []
        stops = [*self._starts[1:], len(self.text)]
        for file, a, b in zip(self._files, self._starts, stops, strict=True):
            if b > start and a < end:
                found.extend(range(file + max(a, start) - a, file + min(b, end) - a))
        found.append(found[-1] + 1 if found else self.offset(start))
        return found


class Line(NamedTuple):
    """One instruction as lines: rows `first` to `last` are 1-based and hold its heredocs too."""

    logical: Logical
    first: int
    last: int
    text_last: int
    """The last row of the logical line itself, before any heredoc body."""
    heredocs: tuple[Heredoc, ...]
    broken: bool
    """The file ends inside a continuation."""
    skipped: tuple[int, ...]
    """Rows of comments and blank lines inside the continuation."""


class Reading:
    """What one pass over the text has found."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows = text.split("\n")
        self.starts: list[int] = []
        at = 0
        for row in self.rows:
            self.starts.append(at)
            at += len(row) + 1
        if not self.rows[-1]:
            self.rows.pop()
        self.lines: list[Line] = []
        self.comments: list[tuple[int, int, int]] = []
        self.directives: list[Directive] = []
        self.refusals: list[Refusal] = []
        self.escape = "\\"
        self._directives_done = False
        self._row = 0

    def read(self) -> Reading:
        if len(self.text) > FILE_BYTES:
            self.refuse(f"the file is larger than {FILE_BYTES >> 20} MB, no Dockerfile is", 0, fatal=True)
            return self
        for row, text in enumerate(self.rows):
            if len(text) > LINE_BYTES // 4 and len(text.encode("utf-8", "surrogateescape")) > LINE_BYTES:
                self.refuse(f"dockerfile line greater than max allowed size of {LINE_BYTES}", row, fatal=True)
                return self
        while self._row < len(self.rows) and not any(refusal.fatal for refusal in self.refusals[-1:]):
            self.logical_line()
        if not self.lines and not self.refusals:
            self.refuse("file with no instructions", 0, fatal=True)
        return self

    def refuse(self, message: str, row: int, *, fatal: bool = False, last: int | None = None) -> None:
        """`row` and `last` are 0-based."""
        start = self.starts[row] if self.rows else 0
        text = self.rows[row].rstrip("\r") if self.rows else ""
        if last is None or last == row:
            start += len(text) - len(text.lstrip(SPACE))
            self.refusals.append(Refusal(message, start, start + len(text.strip(SPACE)), fatal))
        else:
            self.refusals.append(Refusal(message, start, self.starts[last] + len(self.rows[last]), fatal))

    def logical_line(self) -> None:
        """Read from `_row` on up to the end of one instruction, or past one comment or blank line."""
        first = self._row
        text = self.rows[first].rstrip("\r")
        self._row += 1
        if not self.directive(first, text):
            return
        stripped = text.lstrip(SPACE)
        if stripped.startswith("#"):
            self.comment(first, text)
            return
        if not stripped:
            return
        offset = self.starts[first] + len(text) - len(stripped)
        body, continued = self.trim(stripped)
        pieces = [(offset, body)]
        skipped: list[int] = []
        while continued and self._row < len(self.rows):
            row = self._row
            text = self.rows[row].rstrip("\r")
            self._row += 1
            stripped = text.lstrip(SPACE)
            if stripped.startswith("#"):
                self.comment(row, text)
                skipped.append(row + 1)
            elif not stripped:
                skipped.append(row + 1)
            else:
                body, continued = self.trim(text)
                pieces.append((self.starts[row], body))
        self.instruction(Logical(pieces), first, continued, skipped)

    def comment(self, row: int, text: str) -> None:
        at = text.index("#")
        self.comments.append((self.starts[row] + at, self.starts[row] + len(text), row + 1))

    def trim(self, text: str) -> tuple[str, bool]:
        """A line without its continuation character, and whether it had one."""
        match = _CONTINUED[self.escape].search(text, max(0, len(text.rstrip(" \t")) - 1))
        return (text[: match.start()], True) if match else (text, False)

    def directive(self, row: int, text: str) -> bool:
        """Take a parser directive at the top of the file; False when the line is none of the instructions' business."""
        if self._directives_done:
            return True
        match = _DIRECTIVE.fullmatch(text)
        name = match[1].lower() if match else ""
        if not match or name not in ("syntax", "escape", "check"):
            self._directives_done = True
            return True
        if any(directive.name == name for directive in self.directives):
            self.refuse(f"only one {name} parser directive can be used", row, fatal=True)
            return False
        start = self.starts[row]
        self.directives.append(Directive(name, match[2], start + match.start(2), start + match.end(2), row + 1))
        if name == "escape":
            if match[2] not in ("\\", "`"):
                self.refuse(f"invalid escape token '{match[2]}' does not match ` or \\", row, fatal=True)
                return False
            self.escape = match[2]
        return False

    def instruction(self, logical: Logical, first: int, broken: bool, skipped: list[int]) -> None:
        text_last = self._row
        if text_last - first > INSTRUCTION_LINES:
            self.refuse(f"an instruction of more than {INSTRUCTION_LINES} lines is not read", first, fatal=True)
            return
        if not logical.text:
            return
        heredocs: list[Heredoc] = []
        for marker in self.markers(logical.text):
            heredoc = self.body(marker)
            if heredoc is None:
                self.refuse("unterminated heredoc", first, fatal=True)
                break
            heredocs.append(heredoc)
        self.lines.append(Line(logical, first + 1, self._row, text_last, tuple(heredocs), broken, tuple(skipped)))

    def markers(self, text: str) -> list[Marker]:
        if "<<" not in text:
            return []
        start = len(text) - len(text.lstrip(SPACE))
        keyword, start, rest = keyword_and_flags(text, start)
        if keyword == "ONBUILD":
            keyword, start, rest = keyword_and_flags(text, rest)
        if keyword not in _HEREDOC:
            return []
        try:
            if json_strings(text, rest) is not None:
                return []
        except ValueError:
            return []
        return heredoc_markers(text)

    def body(self, marker: Marker) -> Heredoc | None:
        start = self._row
        while self._row < len(self.rows):
            text = self.rows[self._row].rstrip("\r")
            self._row += 1
            if (text.lstrip("\t") if marker.chomp else text) == marker.name:
                end = self.starts[self._row - 1]
                return Heredoc(marker, self.starts[start], end, end)
        return None


def keyword_and_flags(text: str, start: int) -> tuple[str, int, int]:
    """The keyword in capitals, where it ends, and where the arguments begin behind the flags."""
    stop = len(text.rstrip(SPACE))
    match = _KEYWORD_END.search(text, start, stop)
    if not match:
        return text[start:stop].upper(), stop, stop
    _, rest = split_flags(text, match.end())
    return text[start : match.start()].upper(), match.start(), rest
