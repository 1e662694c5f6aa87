"""`--add-noqa`: a marker at everything that a run finds, so that the next one is silent."""

from __future__ import annotations

from collections.abc import Iterable

from canfar_lint.cli.texts import Texts
from canfar_lint.diagnostic import Diagnostic
from canfar_lint.discovery import Input


class Added:
    """How many markers were written, and words for the user on what was not marked; `failed` when a file was not."""

    def __init__(self) -> None:
        self.count = 0
        self.said: list[str] = []
        self.failed = False


def add(inputs: list[Input], diagnostics: Iterable[Diagnostic], reason: str) -> Added:
    """Write the markers into the files."""
    from canfar_lint.fixing.apply import to_bytes
    from canfar_lint.fixing.mark import mark
    from canfar_lint.fixing.write import write

    added = Added()
    texts = Texts(inputs)
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    for path, found in by_path.items():
        source = texts.source(path)
        if source is None:
            continue
        marked = mark(source, found, reason)
        for left in marked.left:
            where = f"{path}:{left.place.row}:{left.place.column}"
            added.said.append(f"warning: {where}: {left.code} cannot be marked where it stands")
        if not marked.added:
            continue
        try:
            write(path, to_bytes(marked.source), to_bytes(source))
            added.count += marked.added
        except OSError as e:
            added.said.append(f"error: {path} was not marked: {e.strerror or e}")
            added.failed = True
    return added
