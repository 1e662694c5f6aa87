"""What a repair would change, as `--diff` prints it: ruff's unified diff, of a notebook cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from canfar_lint.source import NOTEBOOK, Source

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(path: str, old: Source, new: Source) -> str:
    """The difference of two states of the file at `path` (`-` for standard input: no header); empty for none."""
    if old.text == new.text:
        return ""
    if old.kind == NOTEBOOK:
        return "".join(_cells(path, old, new)) + "\n"
    lines = list(unified_diff(_lines(old.text), _lines(new.text), path, path))
    if path == "-":
        lines = lines[2:]
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines) + "\n"


def _cells(path: str, old: Source, new: Source) -> Iterator[str]:
    """As ruff does it: every cell of code has a header, and a missing newline at its end is not mentioned."""
    from canfar_lint.model.notebook import NotebookSource

    assert isinstance(old, NotebookSource) and isinstance(new, NotebookSource)
    for before, after in zip(old.cells, new.cells, strict=True):
        name = f"{path}:cell {before.number}"
        yield f"--- {name}\n+++ {name}\n"
        lines = list(unified_diff(_lines(old.cell_text(before)), _lines(new.cell_text(after))))
        for line in lines[2:]:
            yield line if line.endswith("\n") else f"{line}\n"


def _lines(text: str) -> list[str]:
    """Lines with their newlines; only a line feed ends one, as everywhere in a diff."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
