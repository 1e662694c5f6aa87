"""Applies the fixes of a JSON report to files, as a reader of ruff's format would: knows nothing of canfar-lint's code.

Rows and columns are 1-based characters, an end is exclusive; in a notebook they count within the finding's cell, or
within the `cell` that an edit names. Of the fixes of a file those are made, in the order of the text, whose edits
neither overlap nor touch what is made already; an edit that two fixes share is made once, but for blanks put in.
"""

from __future__ import annotations

import bisect
import io
import json
import re
import tokenize
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

Edit = tuple[int, int, str]
_LINE_END = re.compile(r"\r\n|\r|\n")


class Text(NamedTuple):
    """What rows and columns count in: the text of a file, or the code cells of a notebook joined, and where they are.

    `starts` are the offsets of rows by cell (0 for a file).
    """

    text: str
    starts: dict[int, list[int]]

    def offset(self, cell: int, place: dict[str, int]) -> int:
        starts = self.starts[cell]
        row = place["row"] - 1
        return starts[row] + place["column"] - 1 if row < len(starts) else len(self.text)


class Applied(NamedTuple):
    """What was done to one file: its new content, the edits made and the findings whose fixes these are."""

    data: bytes
    edits: list[Edit]
    findings: list[dict[str, Any]]


def by_file(report: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The findings of a report by the name of their file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in report:
        found.setdefault(finding["filename"], []).append(finding)
    return found


def document(path: Path) -> Plain | Notebook:
    """A file as the rows and columns of a report mean it. Raises `ValueError`."""
    data = path.read_bytes()
    return Notebook(data) if path.suffix == ".ipynb" else Plain(path, data)


def applied(path: Path, findings: list[dict[str, Any]], levels: tuple[str, ...]) -> Applied:
    """The file with one round of the fixes of these levels (`safe`, `unsafe`) made."""
    file = document(path)
    chosen: list[dict[str, Any]] = []
    made: set[Edit] = set()
    taken: list[tuple[int, int]] = []
    fixable = [
        (edits_of(file.text, finding), number)
        for number, finding in enumerate(findings)
        if finding["fix"] and finding["fix"]["applicability"] in levels
    ]
    for edits, number in sorted(fixable):
        if chosen and all(edit in made for edit in edits):
            chosen.append(findings[number])
            continue
        # blanks that two fixes put in are two levels of indentation
        fresh = [edit for edit in edits if edit not in made or (edit[0] == edit[1] and not edit[2].strip())]
        if all(_free(taken, edit) for edit in fresh) and all(a[1] <= b[0] for a, b in pairwise(edits)):
            made.update(fresh)
            for start, end, _ in fresh:
                bisect.insort(taken, (start, end))
            chosen.append(findings[number])
    edits = sorted(made)
    return Applied(file.with_edits(edits) if edits else file.data, edits, chosen)


def edits_of(text: Text, finding: dict[str, Any]) -> list[Edit]:
    """The edits of a finding's fix as offsets into the text, sorted."""
    own = finding["cell"] or 0
    found = []
    for edit in finding["fix"]["edits"]:
        cell = edit.get("cell") or own
        start, end = (text.offset(cell, edit[key]) for key in ("location", "end_location"))
        found.append((start, end, str(edit["content"])))
    return sorted(found)


def _free(taken: list[tuple[int, int]], edit: Edit) -> bool:
    return all(end < edit[0] or edit[1] < start for start, end in taken)


def _starts(text: str, at: int = 0) -> list[int]:
    return [at, *(at + match.end() for match in _LINE_END.finditer(text))]


def _edited(text: str, edits: list[Edit], at: int = 0) -> str:
    pieces = []
    for start, end, content in edits:
        pieces += [text[at:start], content]
        at = end
    return "".join([*pieces, text[at:]])


class Plain:
    def __init__(self, path: Path, data: bytes) -> None:
        self.data = data
        self.encoding, self.errors, self.mark = "utf-8", "surrogateescape", b""
        if data.startswith(b"\xef\xbb\xbf"):
            self.mark = data[:3]
        elif path.suffix in (".py", ".pyw"):
            self.errors = "strict"
            with suppress(SyntaxError):  # a codec that a package would bring reads UTF-8
                self.encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        text = data[len(self.mark) :].decode(self.encoding, self.errors)
        self.text = Text(text, {0: _starts(text)})

    def with_edits(self, edits: list[Edit]) -> bytes:
        return self.mark + _edited(self.text.text, edits).encode(self.encoding, self.errors)


class Notebook:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.document = json.loads(data.decode("utf-8-sig"))
        self.cells = {n: cell for n, cell in enumerate(_cells(self.document), 1) if cell["cell_type"] == "code"}
        joined, starts = "", {}
        for number, cell in self.cells.items():
            source = _source(cell)
            starts[number] = _starts(source, len(joined))
            joined += source if source.endswith("\n") else f"{source}\n"
        self.text = Text(joined, starts)

    def with_edits(self, edits: list[Edit]) -> bytes:
        """The notebook with new sources, written the way it was; sources that stay are not touched."""
        form = self.form()
        for number, cell in self.cells.items():
            start = self.text.starts[number][0]
            old = _source(cell)
            end = start + len(old) + (not old.endswith("\n"))
            own = [(a - start, b - start, content) for a, b, content in edits if start <= a and b <= end and a < end]
            if own:
                whole = self.text.text[start:end]
                new = _edited(whole, own)
                new = new if old.endswith("\n") else new.removesuffix("\n")
                key = "source" if "source" in cell else "input"
                cell[key] = re.findall(r"[^\n]*\n|[^\n]+", new) if isinstance(cell[key], list) else new
        return form(self.document)

    def form(self) -> Callable[[Any], bytes]:
        """How this notebook's JSON is written. Raises `ValueError` where no usual way gives the same bytes."""
        for indent in (1, 2, 4, 0, None, "\t", 3):
            for ascii_only in (False, True):
                for end in ("\n", ""):

                    def written(document: Any, indent: Any = indent, a: bool = ascii_only, end: str = end) -> bytes:
                        mark = b"\xef\xbb\xbf" if self.data.startswith(b"\xef") else b""
                        return mark + (json.dumps(document, indent=indent, ensure_ascii=a) + end).encode("utf-8")

                    if written(self.document) == self.data:
                        return written
        raise ValueError("a notebook that is written in a way of its own")


def _cells(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "cells" in document:
        return list(document["cells"])
    return [cell for sheet in document.get("worksheets", ()) for cell in sheet["cells"]]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(source)
