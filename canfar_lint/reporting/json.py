"""JSON with ruff's keys, and behind them ours: `related` and `level`."""

from __future__ import annotations

from typing import Any

from canfar_lint.diagnostic import DISPLAY, Diagnostic, Place, PlacedFix
from canfar_lint.reporting import Report
from canfar_lint.reporting.jsontext import pretty

SEVERITY = {"error": "error", "warning": "warning", "advice": "info"}


def render(report: Report) -> str:
    return pretty([as_object(report, diagnostic) for diagnostic in report.diagnostics])


def as_object(report: Report, diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    return {
        "cell": place.cell,
        "code": diagnostic.code,
        "end_location": _end(place),
        "filename": report.absolute(diagnostic.path),
        "fix": _fix(diagnostic.fix, place.cell),
        "location": _start(place),
        "message": diagnostic.message,
        "name": diagnostic.name,
        "noqa_row": diagnostic.noqa_row or place.row,
        "severity": SEVERITY[diagnostic.level],
        "url": report.url(diagnostic) or None,
        "related": [
            {
                "cell": related.place.cell,
                "end_location": _end(related.place),
                "filename": report.absolute(related.path or diagnostic.path),
                "location": _start(related.place),
                "message": related.message,
            }
            for related in diagnostic.related
        ],
        "level": diagnostic.level,
    }


def _fix(fix: PlacedFix | None, cell: int | None) -> dict[str, Any] | None:
    """A fix as ruff writes it; an edit in another cell than the finding's names it."""
    if fix is None:
        return None
    edits = [
        {"content": edit.content, "end_location": _end(place), "location": _start(place)}
        | ({} if place.cell == cell else {"cell": place.cell})
        for place, edit in fix.edits
    ]
    applicability = "displayonly" if fix.applicability == DISPLAY else fix.applicability
    return {"applicability": applicability, "edits": edits, "message": fix.title or None}


def _start(place: Place) -> dict[str, int]:
    return {"column": place.column, "row": place.row}


def _end(place: Place) -> dict[str, int]:
    return {"column": place.end_column, "row": place.end_row}
