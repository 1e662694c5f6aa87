"""One JSON object a line, with the keys of `json`."""

from __future__ import annotations

from canfar_lint.reporting import Report
from canfar_lint.reporting.json import as_object
from canfar_lint.reporting.jsontext import compact


def render(report: Report) -> str:
    return "".join(compact(as_object(report, diagnostic)) + "\n" for diagnostic in report.diagnostics)
