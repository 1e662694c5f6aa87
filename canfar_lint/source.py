"""Bytes to text and back: encoding, byte-order mark, newline style, and the index from offsets to rows and columns."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from canfar_lint.diagnostic import Place

if TYPE_CHECKING:
    import ast

PYTHON, NOTEBOOK, SHELL, DOCKERFILE, MAKEFILE = "python", "notebook", "shell", "dockerfile", "makefile"
YAML, TOML, REQUIREMENTS = "yaml", "toml", "requirements"
KINDS = (PYTHON, NOTEBOOK, SHELL, DOCKERFILE, MAKEFILE, YAML, TOML, REQUIREMENTS)
# with this begins what Git leaves in place of a large file that has not been fetched
POINTER = "version https://git-lfs.github.com/spec/"


class Undecodable(ValueError):
    """The bytes are not text in the encoding they claim; the message says where."""


class Source:
    """One file's text. Offsets count characters of `text`, in which newlines stand as they do in the file.

    `tree` is that of a Python text once it has been parsed, `names` what is known of its names (`fixing.unused`).
    """

    __slots__ = ("_starts", "asked", "bom", "encoding", "file", "kind", "names", "path_asked", "text", "tree")

    def __init__(self, path: str, kind: str, text: str, encoding: str = "utf-8", bom: bool = False) -> None:
        self.file = path
        self.path_asked = False
        self.asked: dict[str, bool] = {}
        self.kind = kind
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self.tree: ast.Module | None = None
        self.names: object = None
        self._starts: list[int] | None = None

    @classmethod
    def decode(cls, path: str, kind: str, data: bytes) -> Source:
        """Decode `data` as its kind demands: PEP 263 for Python, bytes that are no UTF-8 escaped in a Dockerfile.

        Raises `Undecodable`.
        """
        bom = data.startswith(codecs.BOM_UTF8)
        body = data[3:] if bom else data
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Undecodable("it is UTF-16 text, save it as UTF-8")
        encoding = "utf-8"
        if kind == PYTHON and b"coding" in body[:400] and not bom:
            encoding = _declared_encoding(body)
        errors = "surrogateescape" if kind in (DOCKERFILE, SHELL, MAKEFILE) else "strict"
        try:
            return cls(path, kind, body.decode(encoding, errors), encoding, bom)
        except UnicodeDecodeError as e:
            row = body.count(b"\n", 0, e.start) + 1
            raise Undecodable(f"byte 0x{body[e.start]:02x} in line {row} is not {encoding}") from None

    def encode(self, text: str) -> bytes:
        """`text` as the bytes of this file: same encoding, same byte-order mark."""
        errors = "surrogateescape" if self.kind in (DOCKERFILE, SHELL, MAKEFILE) else "strict"
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding, errors)

    @property
    def path(self) -> str:
        """The file's path, for what judges by all of it: that is noted, since what it finds holds for no copy."""
        self.path_asked = True
        return self.file

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.file.replace("\\", "/").rpartition("/")[2]

    def lies_in(self, expression: str) -> bool:
        """Whether an expression is found in the path, written with slashes; what is found holds for the copies of the
        file of which the answer is the same."""
        if expression not in self.asked:
            self.asked[expression] = is_named(self.file, expression)
        return self.asked[expression]

    @property
    def code(self) -> str:
        """The text for a parser: the same length and lines; a notebook masks its magics here."""
        return self.text

    @property
    def starts(self) -> list[int]:
        """Offset of the first character of every line; lines end at \\n, \\r\\n or a lone \\r as Python's do."""
        if self._starts is None:
            self._starts = line_starts(self.text)
        return self._starts

    @property
    def newline(self) -> str:
        """The file's newline, judged by its first line."""
        at = self.text.find("\n")
        return "\r\n" if at > 0 and self.text[at - 1] == "\r" else "\n"

    def row_column(self, offset: int) -> tuple[int, int]:
        """1-based row and column of a character."""
        row = bisect_right(self.starts, offset)
        return row, offset - self.starts[row - 1] + 1

    def offset(self, row: int, column: int) -> int:
        """The inverse of `row_column`; a row behind the end means the end of the text."""
        if row > len(self.starts):
            return len(self.text)
        return self.starts[row - 1] + column - 1

    def line(self, row: int) -> str:
        """The text of a row without its newline."""
        end = self.starts[row] if row < len(self.starts) else len(self.text)
        return self.text[self.starts[row - 1] : end].rstrip("\r\n")

    def cell_offset(self, cell: int, row: int, column: int) -> int | None:
        """The offset of a row and column of a notebook's cell; None for a cell that is not there."""
        return None

    repairable = True
    """Whether edits of this text are edits of the file."""

    def own_span(self, start: int, end: int) -> tuple[int, int]:
        """A span of this text as a span of the file's own, where the two differ."""
        return start, end

    def place(self, start: int, end: int) -> Place:
        """Rows and columns of a span. A notebook's source answers by cell instead."""
        return Place(*self.row_column(start), *self.row_column(end))


def is_named(path: str, expression: str) -> bool:
    """Whether an expression is found in a path, written with slashes."""
    return re.search(expression, path.replace("\\", "/")) is not None


def newline_in(text: str) -> str:
    """The newline for what is put into a piece of text: that of Windows where one of its lines ends so."""
    return "\r\n" if "\r\n" in text else "\n"


def line_starts(text: str) -> list[int]:
    if "\r" in text.replace("\r\n", ""):
        import re

        return [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text))]
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts


def _declared_encoding(body: bytes) -> str:
    import io
    import tokenize

    try:
        return tokenize.detect_encoding(io.BytesIO(body).readline)[0]
    except SyntaxError as e:
        # a codec of a package of that name, which reads UTF-8 and rewrites f-strings for old Pythons
        if "future" in str(e) and "fstrings" in str(e):
            return "utf-8"
        raise Undecodable(str(e)) from None


def is_c_shell(source: Source) -> bool:
    """Whether a shell script is one of the C shell, by its first line, or by its name where that says nothing."""
    first = source.text[:256].split("\n", 1)[0]
    if first.startswith("#!"):
        return re.search(r"\bt?csh\b", first) is not None
    return source.name.endswith((".csh", ".tcsh"))
