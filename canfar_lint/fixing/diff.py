"""What a repair would change, as `--diff` prints it: ruff's unified diff, of a notebook cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from canfar_lint.source import NOTEBOOK, Source

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(path: str, old: Source, new: Source) -> str:
    """The difference of two states of the file at `path` (`-` for standard input: no header); empty for none."""
    parts = [_diff(name, before, after) for name, before, after in _texts(path, old, new)]
    text = "".join(parts)
    return f"{text}\n" if text else ""


def _texts(path: str, old: Source, new: Source) -> Iterator[tuple[str, str, str]]:
    if old.kind != NOTEBOOK:
        yield path, old.text, new.text
        return
    from canfar_lint.model.notebook import NotebookSource

    assert isinstance(old, NotebookSource) and isinstance(new, NotebookSource)
    for before, after in zip(old.cells, new.cells, strict=True):
        yield f"{path}:cell {before.number}", old.cell_text(before), new.cell_text(after)


def _diff(name: str, old: str, new: str) -> str:
    if old == new:
        return ""
    lines = list(unified_diff(_lines(old), _lines(new), name, name))
    if name == "-":
        lines = lines[2:]
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines with their newlines; only a line feed ends one, as everywhere in a diff."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
