"""reviewdog's diagnostic format."""

from __future__ import annotations

from typing import Any

from canfar_lint.diagnostic import Diagnostic, Place
from canfar_lint.reporting import TOOL, Report
from canfar_lint.reporting.jsontext import pretty
from canfar_lint.reporting.links import GUIDELINE

_SEVERITY = {"error": "ERROR", "warning": "WARNING", "advice": "INFO"}


def render(report: Report) -> str:
    return pretty(
        {
            "diagnostics": [_object(report, diagnostic) for diagnostic in report.diagnostics],
            "severity": "WARNING",
            "source": {"name": TOOL, "url": GUIDELINE},
        }
    )


def _object(report: Report, diagnostic: Diagnostic) -> dict[str, Any]:
    url = report.url(diagnostic)
    code = {"url": url, "value": diagnostic.code} if url else {"value": diagnostic.code}

    def where(place: Place) -> dict[str, Any]:
        return _range(report.joined(diagnostic.path, place))

    data: dict[str, Any] = {
        "code": code,
        "location": {"path": report.absolute(diagnostic.path), "range": where(diagnostic.place)},
        "message": diagnostic.message,
    }
    if diagnostic.fix is not None:
        data["suggestions"] = [{"range": where(place), "text": edit.content} for place, edit in diagnostic.fix.edits]
    if diagnostic.level != "error":
        data["severity"] = _SEVERITY[diagnostic.level]
    return data


def _range(place: Place) -> dict[str, Any]:
    return {
        "end": {"column": place.end_column, "line": place.end_row},
        "start": {"column": place.column, "line": place.row},
    }
