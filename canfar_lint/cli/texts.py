"""The text of linted files for those who show it: read when it is asked for, cell by cell in a notebook."""

from __future__ import annotations

from canfar_lint.discovery import Input
from canfar_lint.source import NOTEBOOK, PYTHON, Source


class Texts:
    """Gives the text of a file, or of one cell of a notebook, or None where there is none.

    `inputs` tell the kinds; the ones from standard input bring their bytes.
    """

    def __init__(self, inputs: list[Input]) -> None:
        self._inputs = {entry.path: entry for entry in inputs}
        self._sources: dict[str, Source | None] = {}

    def __call__(self, path: str, cell: int | None = None) -> str | None:
        source = self.source(path)
        return None if source is None else part(source, cell)

    def source(self, path: str) -> Source | None:
        """The decoded file, None where it cannot be read."""
        if path not in self._sources:
            self._sources[path] = self._read(path)
        return self._sources[path]

    def _read(self, path: str) -> Source | None:
        entry = self._inputs.get(path) or Input(path, PYTHON)
        try:
            data = entry.data
            if data is None:
                with open(path, "rb") as file:
                    data = file.read()
            if entry.kind == NOTEBOOK:
                from canfar_lint.model import notebook

                return notebook.read(path, data)
            return Source.decode(path, entry.kind, data)
        except (OSError, ValueError):
            return None


def part(source: Source, cell: int | None) -> str | None:
    """The text of a file, or of one of its cells, None for a cell that it does not have."""
    if cell is None:
        return source.text
    cells = getattr(source, "cells", ())
    return next((source.text[c.start : c.end] for c in cells if c.number == cell), None)
