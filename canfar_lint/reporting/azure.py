"""Azure Pipelines' logging commands: an issue a finding."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import Report, escape

_TYPE = {"error": "error", "warning": "warning", "advice": "warning"}


def render(report: Report) -> str:
    return "".join(_issue(report, diagnostic) for diagnostic in report.diagnostics)


def _issue(report: Report, diagnostic: Diagnostic) -> str:
    row, column = diagnostic.place[:2] if diagnostic.place.cell is None else (1, 1)
    path = escape.path(report.absolute(diagnostic.path)).replace(";", "%3B").replace("]", "%5D")
    return (
        f"##vso[task.logissue type={_TYPE[diagnostic.level]};sourcepath={path};linenumber={row};columnnumber={column};"
        f"code={diagnostic.code};]{escape.one_line(diagnostic.message)}\n"
    )
