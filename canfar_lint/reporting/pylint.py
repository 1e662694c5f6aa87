"""pylint's `parseable` lines."""

from __future__ import annotations

from canfar_lint.reporting import Report, escape


def render(report: Report) -> str:
    out = []
    for diagnostic in report.diagnostics:
        row = 1 if diagnostic.place.cell else diagnostic.place.row
        message = escape.one_line(diagnostic.message)
        out.append(f"{report.path(diagnostic.path)}:{row}: [{escape.one_line(diagnostic.code)}] {message}\n")
    return "".join(out)
