"""A notebook as one text: its code cells joined, the way ruff joins them, and written back cell by cell.

`NotebookSource.text` holds the code as its author sees it; offsets index this text. `NotebookSource.code` has the same
length and the same lines, with everything that is not Python masked: magics and shell escapes become `pass`, cells in
another language become blanks. Outputs are skipped, never looked at.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from canfar_lint.diagnostic import Edit, Place
from canfar_lint.model.lexical import CLOSE, COMMENT, NEWLINE, OPEN, OTHER, lexemes
from canfar_lint.source import NOTEBOOK, Source, Undecodable

_SHELLS = frozenset(("bash", "sh", "ksh", "zsh", "dash", "shellscript"))
_PYTHON_CELL_MAGICS = frozenset(
    ("capture", "debug", "ipytest", "prun", "pypy", "python", "python2", "python3", "time", "timeit")
)
_ALIASES = frozenset(("cat", "cp", "less", "ll", "ls", "man", "mkdir", "more", "mv", "rm", "rmdir"))
# Magics that work without their `%` where no variable has the name, as far as they are met in notebooks.
_BARE = (
    r"(?:cat|cd|conda|config|cp|env|less|load_ext|ls|mamba|man|matplotlib|mkdir|more|mv|pip|pwd|pylab|reload_ext|rm"
    r"|rmdir|run|time|timeit|who|whos)"
)
# Two words in a row are no Python, unless the second is an operator.
_AUTOMAGIC = re.compile(
    rf"{_BARE}(?:[ \t]+-+[\w-]+)*[ \t]+(?!(?:and|for|if|in|is|not|or)\b)(?:[\w~./$\"']|\*[^\s,()]*\.|--)"
)
_MAYBE_MAGIC = re.compile(rf"^[ \t]*(?:[%!?,;/]|{_BARE}[ \t])|=[ \t]*[%!]|\?[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_CELL_MAGIC = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*%%(!|[\w.]*)([^\n]*)(?:\n|\Z)")
_ESCAPE = re.compile(r"[ \t]*[%!?,;/]")
_ASSIGNED = re.compile(r"[ \t]*[^\W\d][^=!<>\n]*=[ \t]*(!(?=[^=])|%(?=[^\s=]))")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = " \t\f\r\n"


class BrokenNotebook(Undecodable):
    """The file is no notebook; `row` and `column` say where in the JSON (1-based), the text says why."""

    def __init__(self, message: str, row: int = 1, column: int = 1, offset: int = 0) -> None:
        super().__init__(message)
        self.row = row
        self.column = column
        self.offset = offset


class ShellPiece(NamedTuple):
    """Shell text at `start` of the notebook's text; `context` is `escape` (`!cmd`) or `cell` (`%%bash`)."""

    text: str
    start: int
    context: str


class Magic(NamedTuple):
    """A line or cell magic: its name without `%`, and the span of the line or of the whole cell."""

    name: str
    arguments: str
    start: int
    end: int


class Cell(NamedTuple):
    """A code cell: its number (1-based, all cells counted), its span in the text, and where its JSON value stands.

    `language` is that of the kernel or the cell, lower-case. `padded` says that the newline at its end was added, so
    that the next cell begins on a line of its own.
    """

    number: int
    start: int
    end: int
    language: str
    padded: bool
    json_start: int
    json_end: int


class NotebookSource(Source):
    """The joined code cells of a notebook. `row_column` and `offset` count rows of `text`, `place` those of a cell."""

    __slots__ = ("_code", "_firsts", "_raw", "cells", "magics", "python", "shell_pieces")

    def __init__(self, path: str, raw: str, bom: bool, text: str, cells: list[Cell]) -> None:
        super().__init__(path, NOTEBOOK, text, "utf-8", bom)
        self.cells = cells
        self.python = ""
        """The Python of the kernel as the notebook names it, `2.7.15` or `3`; empty where it says none, or two."""
        self.magics: list[Magic] = []
        self.shell_pieces: list[ShellPiece] = []
        self._raw = raw
        self._firsts = [cell.start for cell in cells]
        self._code = text

    @property
    def code(self) -> str:
        return self._code

    def cell_at(self, offset: int) -> Cell | None:
        """The cell that a character of the text belongs to; None only for a notebook without code."""
        at = bisect_right(self._firsts, offset) - 1
        return self.cells[max(at, 0)] if self.cells else None

    def cell_text(self, cell: Cell) -> str:
        """The source of a cell as the notebook has it."""
        return self.text[cell.start : cell.end - cell.padded]

    def place(self, start: int, end: int) -> Place:
        """A span as rows and columns of the cell it begins in."""
        row, column = self.row_column(start)
        # The end of a span that closes a cell is the first character of the next one: count from where it began.
        end_row, end_column = self.row_column(end)
        cell = self.cell_at(start)
        if cell is None:
            return Place(row, column, end_row, end_column, 1)
        before = self.row_column(cell.start)[0] - 1
        return Place(row - before, column, end_row - before, end_column, cell.number)

    def cell_code(self, cell: Cell) -> str:
        """What a parser is to read of a cell."""
        return self.code[cell.start : cell.end]

    def refused_cell(self) -> tuple[int, int, str] | None:
        """The first cell that is no Python by itself: the span and the words of Python's parser, whose rows are those
        of the cell. None where every cell is."""
        for cell in self.cells:
            if (error := syntax_error_in(self.cell_code(cell))) is not None:
                first = self.row_column(cell.start)[0] - 1
                row, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
                # what is not finished is missed behind the cell's end
                last = cell.start + len(self.cell_text(cell).rstrip())
                start = min(self.offset(first + row, column), last)
                return start, start, error.msg
        return None

    def cell_offset(self, cell: int, row: int, column: int) -> int | None:
        """The offset of a row and column of a cell, as ruff gives them; None for a cell that is not read here."""
        for each in self.cells:
            if each.number == cell:
                return min(self.offset(self.row_column(each.start)[0] + row - 1, column), each.end)
        return None

    def edited(self, edits: Sequence[Edit]) -> NotebookSource:
        """The notebook with `edits` made; only the JSON of the changed cells' source differs.

        The edits are sorted and do not overlap. One that spans two cells is refused with `ValueError`.
        """
        parts: list[str] = []
        written = 0
        changed = _by_cell(self, edits)
        for cell in self.cells:
            if (own := changed.get(cell.number)) is None:
                continue
            pieces: list[str] = []
            at = cell.start
            for edit in own:
                pieces += self.text[at : edit.start], edit.content
                at = edit.end
            new = "".join([*pieces, self.text[at : cell.end]])
            if cell.padded:
                new = new.removesuffix("\n")
            parts += self._raw[written : cell.json_start], _as_json(new, self._raw[cell.json_start : cell.json_end])
            written = cell.json_end
        parts.append(self._raw[written:])
        return _read(self.path, "".join(parts), self.bom)

    def to_bytes(self) -> bytes:
        """The notebook's file as it stands."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + self._raw.encode("utf-8")


class PartialNotebook(NotebookSource):
    """A notebook of which the cells that are no Python are blanks to a parser. What is found in the others is not
    mended: nobody can tell by the whole whether that went well."""

    __slots__ = ()
    repairable = False

    @classmethod
    def of(cls, source: NotebookSource, code: str) -> PartialNotebook:
        """`code` stands for the code of a notebook, character for character."""
        partial = cls(source.file, source._raw, source.bom, source.text, source.cells)
        partial.python, partial.magics, partial.shell_pieces = source.python, source.magics, source.shell_pieces
        partial._code = code
        return partial


def read(path: str, data: bytes) -> NotebookSource:
    """The notebook in `data`. Raises `BrokenNotebook`, or `Undecodable` for bytes that are not UTF-8."""
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        raw = data[3:].decode("utf-8") if bom else data.decode("utf-8")
    except UnicodeDecodeError as e:
        row = data.count(b"\n", 0, e.start) + 1
        raise Undecodable(f"byte 0x{e.object[e.start]:02x} in line {row} is not utf-8") from None
    return _read(path, raw, bom)


def syntax_error_in(code: str) -> SyntaxError | None:
    """What Python's parser has against a piece of code; None, too, for what it is too small for."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as e:
        return e
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def write_back(data: bytes, text: str, path: str = "") -> bytes:
    """The notebook `data` with `text` for its joined code: the cells that differ are written, all else stays.

    Where cells begin is found by comparing lines; who has the edits at hand calls `NotebookSource.edited` instead.
    """
    source = read(path, data)
    from difflib import SequenceMatcher

    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    at, starts = 0, []
    for line in old:
        starts.append(at)
        at += len(line)
    starts.append(at)
    edits = [
        Edit(starts[i], starts[j], "".join(new[k:m]))
        for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    return source.edited(edits).to_bytes() if edits else data


# ---- the JSON


class _Found(NamedTuple):
    number: int
    text: str
    start: int
    end: int
    language: str


def _read(path: str, raw: str, bom: bool) -> NotebookSource:
    reader = _Reader(raw)
    try:
        found = reader.code_cells()
    except json.JSONDecodeError as e:
        raise BrokenNotebook(f"not JSON: {e.msg}", e.lineno, e.colno, e.pos) from None
    except RecursionError:
        raise BrokenNotebook("its JSON is nested too deeply") from None
    texts, cells, at = [], [], 0
    for cell in found:
        padded = not cell.text.endswith("\n")
        text = cell.text + "\n" if padded else cell.text
        cells.append(Cell(cell.number, at, at + len(text), cell.language, padded, cell.start, cell.end))
        texts.append(text)
        at += len(text)
    joined = "".join(texts)
    source = NotebookSource(path, raw, bom, joined, cells)
    source.python = reader.python
    source._code = _masked(source)
    return source


class _Reader:
    """Walks the notebook's objects itself, to know where each source stands, and lets `json` read every value."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.decode = json.JSONDecoder().raw_decode
        self.blank = re.compile(r"[ \t\r\n]*").match
        self.language = "python"
        self.python = ""
        self.count = 0
        self.found: list[_Found] = []
        self.cells_seen = False

    def code_cells(self) -> list[_Found]:
        at = self.skip(0)
        if self.raw[at : at + 1] != "{":
            self.decode(self.raw, at)  # a syntax error is told as such
            raise BrokenNotebook("not a notebook: its JSON is not an object with `cells`")
        end = self.skip(self.members(at, self.top))
        if end < len(self.raw):
            raise json.JSONDecodeError("Extra data", self.raw, end)
        if not self.cells_seen:
            raise BrokenNotebook("not a notebook: it has no `cells`")
        return [each if each.language else each._replace(language=self.language) for each in self.found]

    def skip(self, at: int) -> int:
        match = self.blank(self.raw, at)
        return match.end() if match else at

    def members(self, at: int, take: Callable[[str, int], int]) -> int:
        """Read the object at `at`; `take(key, at)` reads each value and returns its end."""
        at = self.skip(at + 1)
        if self.raw[at : at + 1] == "}":
            return at + 1
        while True:
            if self.raw[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.raw, at)
            key, at = self.decode(self.raw, at)
            at = self.skip(at)
            if self.raw[at : at + 1] != ":":
                raise json.JSONDecodeError("Expecting ':' delimiter", self.raw, at)
            at = self.skip(take(key, self.skip(at + 1)))
            if self.raw[at : at + 1] == "}":
                return at + 1
            if self.raw[at : at + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", self.raw, at)
            at = self.skip(at + 1)

    def items(self, at: int, take: Callable[[int], int]) -> int:
        """Read the array at `at`; `take(at)` reads each item and returns its end."""
        at = self.skip(at + 1)
        if self.raw[at : at + 1] == "]":
            return at + 1
        while True:
            at = self.skip(take(at))
            if self.raw[at : at + 1] == "]":
                return at + 1
            if self.raw[at : at + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", self.raw, at)
            at = self.skip(at + 1)

    def top(self, key: str, at: int) -> int:
        opener = self.raw[at : at + 1]
        if key == "cells" and opener == "[":
            self.cells_seen = True
            return self.items(at, self.cell)
        if key == "worksheets" and opener == "[":  # nbformat 3
            self.cells_seen = True
            return self.items(at, self.worksheet)
        value, end = self.decode(self.raw, at)
        if key == "metadata" and isinstance(value, dict):
            self.language = _language(value)
            self.python = _python_of(value)
        elif key == "cells":
            raise BrokenNotebook("not a notebook: `cells` is not a list")
        return int(end)

    def worksheet(self, at: int) -> int:
        if self.raw[at : at + 1] != "{":
            return int(self.decode(self.raw, at)[1])

        def take(key: str, at: int) -> int:
            if key == "cells" and self.raw[at : at + 1] == "[":
                return self.items(at, self.cell)
            return int(self.decode(self.raw, at)[1])

        return self.members(at, take)

    def cell(self, at: int) -> int:
        self.count += 1
        if self.raw[at : at + 1] != "{":
            return int(self.decode(self.raw, at)[1])
        seen: dict[str, tuple[Any, int, int]] = {}

        def take(key: str, at: int) -> int:
            value, end = self.decode(self.raw, at)
            # Outputs can be large; they are read to find their end and dropped at once.
            if key in ("cell_type", "source", "input", "metadata", "language"):
                seen[key] = value, at, end
            return int(end)

        end = self.members(at, take)
        self.keep(seen)
        return end

    def keep(self, seen: dict[str, tuple[Any, int, int]]) -> None:
        """Note the cell if it is one of code that may be linted."""
        values = {key: value for key, (value, _, _) in seen.items()}
        key = "source" if "source" in values else "input"
        source, metadata = values.get(key, ""), values.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        if values.get("cell_type") != "code" or key not in seen or _skipped(metadata):
            return
        lines = [source] if isinstance(source, str) else source
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise BrokenNotebook(f"not a notebook: the {key} of cell {self.count} is no text")
        vscode = metadata.get("vscode")
        language = vscode.get("languageId") if isinstance(vscode, dict) else values.get("language")
        language = language.lower() if isinstance(language, str) else ""
        if language == "python" and not isinstance(vscode, dict):
            language = ""  # nbformat 3 says so of every cell, whatever the notebook is written in
        self.found.append(_Found(self.count, "".join(lines), seen[key][1], seen[key][2], language))


def _language(metadata: dict[str, Any]) -> str:
    for key, inner in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key)
        if isinstance(part, dict) and isinstance(part.get(inner), str):
            name: str = part[inner].lower()
            return "python" if name.startswith(("python", "ipython")) else name
    own = metadata.get("language")  # of nbformat 3
    return own.lower() if isinstance(own, str) and own else "python"


def _python_of(metadata: dict[str, Any]) -> str:
    """The version of Python that the notebook ran with, or else that its kernel is named after.

    Empty, too, when a kernel named after Python 2 was answered by a Python 3: then the code must tell.
    """
    info, kernel = metadata.get("language_info"), metadata.get("kernelspec")
    names = [kernel.get("name"), kernel.get("display_name")] if isinstance(kernel, dict) else []
    found = [re.search(r"(?i)python ?([23])", name) for name in names if isinstance(name, str)]
    named = next((each[1] for each in found if each), "")
    version = info.get("version") if isinstance(info, dict) else None
    if isinstance(version, str) and version[:1].isdigit():
        return "" if named == "2" and version[0] != "2" else version
    return named


def _skipped(metadata: dict[str, Any]) -> bool:
    tags = metadata.get("tags")
    return isinstance(tags, list) and "skip-lint" in tags


def _as_json(text: str, like: str) -> str:
    """`text` as the JSON of a cell's source, laid out like the value it replaces."""
    ascii_only = (like.isascii() and "\\u" in like) or _SURROGATE.search(text) is not None
    if not like.startswith("["):
        return json.dumps(text, ensure_ascii=ascii_only)
    lines = [json.dumps(line, ensure_ascii=ascii_only) for line in _keepends(text)]
    lead = like[1 : len(like) - len(like[1:].lstrip())]
    tail = like[len(like[:-1].rstrip()) : -1] if like[1:-1].strip() else ""
    gap = lead or " "
    if like[1 + len(lead)] == '"':
        end = json.JSONDecoder().raw_decode(like, 1 + len(lead))[1]
        between = re.compile(r"\s*,\s*").match(like, end)
        gap = between.group().lstrip()[1:] if between else gap
    return f"[{lead}{(',' + gap).join(lines)}{tail}]" if lines else "[]"


def _keepends(text: str) -> list[str]:
    """Lines as a notebook lists them: only a line feed ends one."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _by_cell(source: NotebookSource, edits: Sequence[Edit]) -> dict[int, list[Edit]]:
    changed: dict[int, list[Edit]] = {}
    for edit in edits:
        cell = source.cell_at(edit.start)
        if cell is not None and edit.end > cell.end:
            raise ValueError(f"the edit at {edit.start} reaches from cell {cell.number} into the next")
        if cell is not None:
            changed.setdefault(cell.number, []).append(edit)
    return changed


# ---- what is not Python


_INDENTED = re.compile(r"(?:[ \t]*\r?\n)*([ \t]+)\S")


def _masked(source: NotebookSource) -> str:
    code = "".join([_at_margin(_mask_cell(source, cell, source.text[cell.start : cell.end])) for cell in source.cells])
    # Half a surrogate pair, as `\\ud83d` in the JSON, cannot be parsed.
    return code if code.isascii() else _SURROGATE.sub("\ufffd", code)


def _mask_cell(source: NotebookSource, cell: Cell, text: str) -> str:
    if cell.language != "python":
        if cell.language in _SHELLS:
            source.shell_pieces.append(ShellPiece(text, cell.start, "cell"))
        return blank(text)
    if not _MAYBE_MAGIC.search(text):
        return text
    if head := _CELL_MAGIC.match(text):
        name, arguments = head.group(1), head.group(2).strip()
        source.magics.append(Magic(name, arguments, cell.start, cell.end))
        if name == "script" and arguments:
            name = arguments.split()[0].rsplit("/", 1)[-1]
        if name in _SHELLS or name in ("!", "sx", "system"):
            source.shell_pieces.append(ShellPiece(text[head.end() :], cell.start + head.end(), "cell"))
        if name not in _PYTHON_CELL_MAGICS:
            return blank(text)
        return blank(text[: head.end()]) + _Masker(source, cell.start).mask(text, head.end())
    return _Masker(source, cell.start).mask(text, 0)


def _at_margin(code: str) -> str:
    """A cell whose first line is indented, with that much taken from all its lines, as IPython does it.

    A form feed makes Python count columns anew, so nothing moves.
    """
    indented = _INDENTED.match(code) if code[:1] in " \t\r\n" else None
    if indented is None:
        return code
    indent = indented[1]
    return re.sub(rf"(?m)^{indent}(?=\S|[ \t])", indent[:-1] + "\f", code)


def blank(text: str) -> str:
    """As many blanks and lines."""
    return re.sub(r"[^\r\n]", " ", text)


def _pass(text: str, word: str = "pass") -> str:
    """`text` as a statement that does nothing, as long, with the same indentation and the same newlines."""
    body = text.lstrip(_SPACE)
    indent = text[: len(text) - len(body)]
    first = re.match(r"[^\r\n]*", body)
    word = word if first and len(first.group()) >= len(word) else "_"
    return indent + word + blank(body[len(word) :]) if body else text


class _Masker:
    """Masks what IPython would translate before Python sees it, statement by statement."""

    def __init__(self, source: NotebookSource, offset: int) -> None:
        self.source = source
        self.offset = offset

    def mask(self, text: str, at: int) -> str:
        """The rest of a cell from `at`, masked."""
        parts = []
        while at < len(text):
            end, taken = self.escape(text, at)
            if taken is None:
                end, helped = _logical_line(text, at)
                taken = _pass(text[at:end]) if helped else text[at:end]
            parts.append(taken)
            at = end
        return "".join(parts)

    def escape(self, text: str, at: int) -> tuple[int, str | None]:
        """The masked form of a magic or shell escape that begins at `at`, and its end; None where there is none."""
        if _ESCAPE.match(text, at) or _AUTOMAGIC.match(text, at):
            start, word = at, "pass"
        elif (assigned := _ASSIGNED.match(text, at)) and _is_plain(text, at, assigned.start(1)):
            start, word = assigned.start(1), "_"
        else:
            return at, None
        end = _escape_end(text, at)
        self.note(text[start:end], start)
        return end, text[at:start] + _pass(text[start:end], word)

    def note(self, text: str, start: int) -> None:
        """Record a magic or a piece of shell."""
        body = text.strip(_SPACE)
        start += self.offset + text.index(body)
        match = re.match(r"(!!?|%*)[ \t]*([\w.]*)[ \t]*", body)
        if match is None or body[0] in "?,;/":
            return
        sign, name = match.group(1), match.group(2)
        if sign.startswith("!") or (not sign and name in _ALIASES):
            self.source.shell_pieces.append(ShellPiece(body[len(sign) :], start + len(sign), "escape"))
            return
        self.source.magics.append(Magic(name, body[match.end() :], start, start + len(body)))
        if name in ("sx", "system"):
            self.source.shell_pieces.append(ShellPiece(body[match.end() :], start + match.end(), "escape"))


def _is_plain(text: str, at: int, position: int) -> bool:
    """Whether `position` is outside strings, comments and brackets in the statement that begins at `at`."""
    depth = 0
    for kind, start, end in lexemes(text, at):
        depth += (kind == OPEN) - (kind == CLOSE)
        if end > position:
            return kind == OTHER and depth == 0 and start <= position
    return False


def _escape_end(text: str, at: int) -> int:
    """The end of a magic's line, its newline included; a backslash at the end of a line carries it on."""
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if not text[at:end].rstrip("\r").endswith("\\"):
            return end + 1
        at = end + 1


def _logical_line(text: str, at: int) -> tuple[int, bool]:
    """The end of the Python statement line at `at`, and whether it asks for help (`name?`)."""
    depth, last, end = 0, "", len(text)
    for kind, start, stop in lexemes(text, at):
        if kind == OPEN:
            depth += 1
        elif kind == CLOSE:
            depth = max(depth - 1, 0)
        elif kind == NEWLINE and depth == 0:
            end = stop
            break
        if kind == OTHER:
            last = text[start:stop].rstrip(_SPACE)[-1:] or last
        elif kind not in (COMMENT, NEWLINE):
            last = ""
    return end, last == "?" and depth == 0
