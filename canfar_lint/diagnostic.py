"""The data that flows from a check to a report: plain, picklable, without behaviour that knows of files or output.

A check yields *findings*, whose spans are character offsets into the text it was given. The engine turns a finding
into a *diagnostic* once it knows the file: the same span as rows and columns (1-based characters, the end exclusive),
in a notebook relative to a cell.
"""

from __future__ import annotations

from typing import NamedTuple

LEVELS = ("advice", "warning", "error")
SAFE, UNSAFE, DISPLAY = "safe", "unsafe", "display"


class Edit(NamedTuple):
    """Replace the characters `start:end` of a document by `content`."""

    start: int
    end: int
    content: str


class Fix(NamedTuple):
    """An atomic set of edits; `imports` are modules (`os`) or members (`os.path:join`) the new code needs."""

    title: str
    edits: tuple[Edit, ...]
    applicability: str = SAFE
    imports: tuple[str, ...] = ()


class Question(NamedTuple):
    """What a candidate finding must ask of the tree before it is a finding (see `pipeline.tree`)."""

    ask: str
    subject: str
    limit: int = 0
    arguments: tuple[str, ...] = ()


class Related(NamedTuple):
    """A second place that explains a finding; `path` is empty for the same file."""

    message: str
    start: int
    end: int
    path: str = ""


class Finding(NamedTuple):
    """One problem at `start:end`, as a check sees it. With a `question` it is only a candidate."""

    code: str
    level: str
    message: str
    start: int
    end: int
    fix: Fix | None = None
    question: Question | None = None
    related: tuple[Related, ...] = ()
    name: str = ""


class Place(NamedTuple):
    """1-based row and column of a span's first character and of the one behind its last; `cell` is 1-based."""

    row: int
    column: int
    end_row: int
    end_column: int
    cell: int | None = None


class Fact(NamedTuple):
    """Something a file says that a check of another file may need: a session request, an output, an import.

    `place` is filled in by the engine; `data` holds only str, int, float, bool, None, and lists and dicts of
    these, so that it goes into a cache.
    """

    kind: str
    start: int
    end: int
    data: dict[str, object]
    place: Place | None = None


class PlacedEdit(NamedTuple):
    """An edit with its place, for output; `edit` keeps the offsets, for the applier."""

    place: Place
    edit: Edit


class PlacedFix(NamedTuple):
    """A fix of a file; its edits are sorted, and those for the imports it needs or leaves unused are among them."""

    title: str
    edits: tuple[PlacedEdit, ...]
    applicability: str = SAFE


class PlacedRelated(NamedTuple):
    message: str
    path: str
    place: Place


class Diagnostic(NamedTuple):
    """A finding in a file. `path` is as the user wrote it; `tool` is who found it: canfar-lint, ruff, hadolint."""

    path: str
    code: str
    name: str
    level: str
    message: str
    place: Place
    start: int
    end: int
    fix: PlacedFix | None = None
    related: tuple[PlacedRelated, ...] = ()
    question: Question | None = None
    url: str = ""
    tool: str = "canfar-lint"
    noqa_row: int = 0
    """The row whose end-of-line marker counts (the last row of a multi-line string, say); 0 for `place.row`."""


def placed_fact(path: str, finding: Finding, fact: Fact, related: tuple[PlacedRelated, ...]) -> Diagnostic:
    """A finding at the place of a fact of the file at `path`, as a check over all files makes it."""
    assert fact.place is not None
    about = (finding.code, finding.name, finding.level, finding.message)
    return Diagnostic(path, *about, fact.place, fact.start, fact.end, None, related)
