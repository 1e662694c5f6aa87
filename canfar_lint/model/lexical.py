"""Where strings, comments and logical lines stand, found by a scan that also survives text that does not parse.

`tokenize` gives up at the first slip and, on newer Pythons, at anything that is not the running Python's grammar. The
readers of markers and magics need only this much, and need it for Python 2, shell and broken files too. Every scan is
linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

STRING, COMMENT, OPEN, CLOSE, NEWLINE, OTHER = "string", "comment", "open", "close", "newline", "other"
CONTINUATION, HEREDOC = "continuation", "heredoc"

# No alternative can fail behind its first character, so nothing is tried twice.
_PYTHON = re.compile(
    r"""
    (?P<string>
        \"\"\"[^"\\]*(?:(?:\\(?:.|\Z)|"(?!""))[^"\\]*)*(?:\"\"\"|\Z)
      | '''[^'\\]*(?:(?:\\(?:.|\Z)|'(?!''))[^'\\]*)*(?:'''|\Z)
      | "[^"\\\r\n]*(?:\\(?:\r\n|.|\Z)[^"\\\r\n]*)*"?
      | '[^'\\\r\n]*(?:\\(?:\r\n|.|\Z)[^'\\\r\n]*)*'?
    )
  | (?P<comment>\#[^\r\n]*)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<continuation>\\(?:\r\n|\r|\n))
  | (?P<newline>\r\n|\r|\n)
  | (?P<other>[^"'\#()\[\]{}\\\r\n]+|\\)
    """,
    re.VERBOSE | re.DOTALL,
)
_SHELL = re.compile(
    r"""
    (?P<string>
        '[^']*'?
      | \$'[^'\\]*(?:\\(?:.|\Z)[^'\\]*)*'?
      | "[^"\\]*(?:\\(?:.|\Z)[^"\\]*)*"?
    )
  | (?P<comment>(?<![^\s;&|()])\#[^\r\n]*)
  | (?P<heredoc><<(?!<)-?[ \t]*(?:'[^'\n]+'|"[^"\n]+"|\\?[^\s'"<>;&|()\\$]+))
  | (?P<continuation>\\(?:\r\n|\n))
  | (?P<newline>\r\n|\r|\n)
  | (?P<other>\\.|\\|<+|\#|\$|[^'"\#\\<$\r\n]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_COMMENT = re.compile(
    r"""(?:(?<=[\s\[{(,:=])|^)(?:"(?:\\.|[^"\\])*(?:"|$)|'[^']*(?:'|$))|(?:(?<=[ \t])|^)(?P<comment>\#)"""
)
_BLOCK_SCALAR = re.compile(r"((?:[ \t]*-[ \t])*[ \t]*)(?:\S.*[\s:])?[|>][-+0-9]*[ \t]*(?:#.*)?$")


class Lexeme(NamedTuple):
    kind: str
    start: int
    end: int


class Layout(NamedTuple):
    """Comments, logical lines, and what holds physical lines together, as (start, end) in source order.

    A logical line is a statement line of Python, a line of shell with its continuations and here-documents, an
    instruction of a Dockerfile. `joined` are the strings and continuations that a line's end belongs to.
    """

    comments: list[tuple[int, int]]
    lines: list[tuple[int, int]]
    joined: list[tuple[int, int]]


def lexemes(text: str, start: int = 0) -> Iterator[Lexeme]:
    """The pieces of Python-like `text` from `start` on; `other` is everything between, blanks included."""
    for match in _PYTHON.finditer(text, start):
        yield Lexeme(match.lastgroup or OTHER, match.start(), match.end())


def python_layout(text: str, offset: int = 0) -> Layout:
    """Layout of Python, or of TOML, whose strings, comments and brackets look the same."""
    return _layout(text, lexemes(text), offset)


def shell_layout(text: str, offset: int = 0) -> Layout:
    """Layout of a shell script."""
    return _layout(text, shell_lexemes(text), offset)


def shell_lexemes(text: str) -> Iterator[Lexeme]:
    """The pieces of a shell text; the bodies of a line's here-documents come as one piece behind it."""
    at = 0
    waiting: list[str] = []
    absent: set[str] = set()
    while match := _SHELL.match(text, at):
        kind, start, at = match.lastgroup or OTHER, match.start(), match.end()
        if kind == HEREDOC:
            waiting.append(match.group().lstrip("<- \t").strip("'\"\\"))
            kind = OTHER
        elif kind == NEWLINE and waiting:
            end = at
            for word in waiting:
                closed = None if word in absent else re.compile(rf"^\t*{re.escape(word)}\r?$", re.M).search(text, end)
                absent.update(() if closed else (word,))
                end = closed.end() if closed else end
            waiting.clear()
            if end > at:
                kind, at = HEREDOC, end
        yield Lexeme(kind, start, at)


def plain_layout(text: str, offset: int = 0, blocks: bool = False) -> Layout:
    """Layout of a file of lines: requirements, Makefile, YAML.

    A backslash at the end carries a line on. With `blocks`, a YAML key that opens a block scalar reaches to the end of
    its text, whose lines are logical lines besides.
    """
    layout = Layout([], [], [])
    begin, opened, indent, last = -1, -1, 0, 0
    for start, end, body in _lines(text):
        if opened >= 0 and body and end - start - len(body) <= indent:
            opened = -1
        if (at := comment_in(text[start:end])) >= 0:
            layout.comments.append((offset + start + at, offset + end))
        if not body or body.startswith("#"):
            continue
        begin, last = (start if begin < 0 else begin), end
        if opened >= 0:
            layout.lines[opened] = (layout.lines[opened][0], offset + end)
        if body.endswith("\\"):
            continue
        layout.lines.append((offset + begin, offset + end))
        if begin != start:
            layout.joined.append((offset + begin, offset + end))
        begin = -1
        if blocks and opened < 0 and (head := _BLOCK_SCALAR.match(text[start:end])):
            opened, indent = len(layout.lines) - 1, len(head.group(1))
    if begin >= 0:
        layout.lines.append((offset + begin, offset + last))
    return layout


def comment_in(line: str) -> int:
    """Where the comment of a single line begins, quoted text and words that hold a `#` passed over; -1 for none."""
    if "#" in line:
        for match in _COMMENT.finditer(line):
            if match.group("comment"):
                return match.start()
    return -1


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and text of each line, the end and the text without its newline, the text without indentation."""
    for match in _LINE.finditer(text):
        line = match.group().rstrip("\r\n")
        yield match.start(), match.start() + len(line), line.lstrip()


def _layout(text: str, pieces: Iterator[Lexeme], offset: int) -> Layout:
    layout = Layout([], [], [])
    depth, begin, last, row = 0, -1, 0, 0
    for kind, start, end in pieces:
        if kind == COMMENT:
            layout.comments.append((offset + start, offset + end))
            last = end
        elif kind == NEWLINE:
            if depth == 0 and begin >= 0:
                layout.lines.append((offset + begin, offset + last))
                begin = -1
            row = end
        elif kind != OTHER or not text[start:end].isspace():
            depth = max(depth + (kind == OPEN) - (kind == CLOSE), 0)
            begin, last = (row if begin < 0 else begin), end
            newline = max(text.rfind("\n", start, end), text.rfind("\r", start, end))
            if newline >= 0:
                layout.joined.append((offset + start, offset + end))
                row = newline + 1
    if begin >= 0:
        layout.lines.append((offset + begin, offset + last))
    return layout
