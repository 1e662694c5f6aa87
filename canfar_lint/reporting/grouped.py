"""Findings under the name of their file."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import Report, separator, worded
from canfar_lint.reporting.colour import CYAN, UNDERLINE
from canfar_lint.reporting.summary import summary


def render(report: Report) -> str:
    out = []
    for path, group in by_file(report).items():
        out.append(f"{report.palette.paint(report.path(path), UNDERLINE)}:\n")
        rows = max(len(str(d.place.row)) for d in group)
        columns = max(len(str(d.place.column)) for d in group)
        out += [_line(report, diagnostic, rows, columns) for diagnostic in group]
        out.append("\n")
    return "".join(out) + summary(report)


def by_file(report: Report) -> dict[str, list[Diagnostic]]:
    """The findings of each file, files in the order of their absolute paths."""
    groups: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        groups.setdefault(report.absolute(diagnostic.path), []).append(diagnostic)
    return {path: groups[path] for path in sorted(groups)}


def _line(report: Report, diagnostic: Diagnostic, rows: int, columns: int) -> str:
    palette, place = report.palette, diagnostic.place
    colon = palette.paint(":", CYAN)
    cell = f"cell {place.cell}{colon}" if place.cell else ""
    before, after = " " * (rows - len(str(place.row))), " " * (columns - len(str(place.column)))
    code = palette.code(diagnostic.code + separator(diagnostic.code), diagnostic.level, report.url(diagnostic))
    sign = f" [{palette.paint('*', CYAN)}]" if report.sign(diagnostic) else ""
    return f"  {before}{cell}{place.row}{colon}{place.column}{after} {code}{sign} {worded(diagnostic)}\n"
