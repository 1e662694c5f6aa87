"""Diagnostics as text: one renderer a format, a module named as the format, imported when it is asked for.

Every renderer prints what ruff prints for the same finding, tool name, code and address of the rule aside. It has one
function, `render(report)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from canfar_lint.diagnostic import SAFE, UNSAFE, Diagnostic, Place
from canfar_lint.reporting import escape
from canfar_lint.reporting.colour import PLAIN, Palette
from canfar_lint.reporting.links import rule_url

FORMATS = (
    "concise", "full", "json", "json-lines", "junit", "grouped", "github", "gitlab", "pylint", "rdjson", "azure",
    "sarif",
)  # fmt: skip
TOOL = "canfar-lint"
WITH_SUMMARY = ("concise", "full", "grouped")
Sources = Callable[[str, "int | None"], "str | None"]


class Report:
    """What a run found, and how it is to be shown.

    `diagnostics` are those to show, sorted. `sources(path, cell)` is the text of a file, or of one code cell (1-based,
    all cells counted) of a notebook; None where there is none. `fixed` counts by path and then by (code, name) what
    fixes have repaired; `applied` says that this was a run with `--fix`, `unsafe` that unsafe fixes are wanted.
    `known` are findings of a baseline, `catalogue` gives SARIF the texts of the rules. `width` are the columns that
    frames may take.
    """

    __slots__ = (
        "applied", "catalogue", "cwd", "diagnostics", "fixed", "hidden", "known", "notes", "palette", "sources",
        "suppressed", "unsafe", "width",
    )  # fmt: skip

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic],
        sources: Sources,
        *,
        cwd: str | None = None,
        palette: Palette = PLAIN,
        unsafe: bool = False,
        applied: bool = False,
        fixed: dict[str, dict[tuple[str, str], int]] | None = None,
        notes: Iterable[str] = (),
        suppressed: Sequence[Diagnostic] = (),
        hidden: int = 0,
        known: Sequence[Diagnostic] = (),
        catalogue: Any = None,
        width: int = 140,
    ) -> None:
        self.diagnostics = diagnostics
        self.sources = sources
        self.cwd = os.path.abspath(cwd or os.getcwd())
        self.palette = palette
        self.unsafe = unsafe
        self.applied = applied
        self.fixed = fixed or {}
        self.notes = tuple(notes)
        self.suppressed = suppressed
        self.hidden = hidden
        self.known = known
        self.catalogue = catalogue
        self.width = width

    def absolute(self, path: str) -> str:
        """The path with all folders; `-` for standard input without a name."""
        return path if path == "-" else os.path.normpath(os.path.join(self.cwd, path))

    def raw_path(self, path: str) -> str:
        """As ruff shows it: from the working directory when inside it, else the absolute path."""
        full = self.absolute(path)
        base = self.cwd if self.cwd.endswith(os.sep) else self.cwd + os.sep
        return full[len(base) :] if full.startswith(base) else full

    def path(self, path: str) -> str:
        """The relative path, safe to print."""
        return escape.path(self.raw_path(path))

    def applies(self, diagnostic: Diagnostic) -> bool:
        """Whether `--fix` with this run's settings would repair it."""
        fix = diagnostic.fix
        return fix is not None and (fix.applicability == SAFE or (self.unsafe and fix.applicability == UNSAFE))

    def url(self, diagnostic: Diagnostic) -> str:
        """Where the rule is explained; empty where nobody knows."""
        return diagnostic.url or rule_url(diagnostic.code)

    def sign(self, diagnostic: Diagnostic) -> bool:
        """Whether the finding carries `[*]`: a fix is there, and the run is not one that has applied it already."""
        return not self.applied and self.applies(diagnostic)

    def joined(self, path: str, place: Place) -> Place:
        """A place of a notebook in all its Python cells one below the other: ruff's rows where it gives no cell."""
        if place.cell is None:
            return place
        above = 0
        for cell in range(1, place.cell):
            text = self.sources(path, cell)
            if text is not None and not (text.startswith("%%") and text[2:].split(maxsplit=1)[:1] not in _PYTHON_CELLS):
                above += text.count("\n") + 1
        return Place(place.row + above, place.column, place.end_row + above, place.end_column)


_PYTHON_CELLS = [[word] for word in ("capture", "debug", "prun", "pypy", "python", "python3", "time", "timeit")]


def render(name: str, report: Report) -> str:
    """The report in a format of `FORMATS`; those of `WITH_SUMMARY` end with the summary lines."""
    from importlib import import_module

    text: str = import_module(f"canfar_lint.reporting.{name.replace('-', '_')}").render(report)
    return text


def worded(diagnostic: Diagnostic) -> str:
    """The message for people: an error speaks for itself, other levels are named."""
    message = escape.one_line(diagnostic.message)
    return message if diagnostic.level == "error" else f"{diagnostic.level}: {message}"


def separator(code: str) -> str:
    """What follows a code: a name that stands in for one is set off by a colon, as ruff does for `invalid-syntax`."""
    return "" if code[-1:].isdigit() else ":"
