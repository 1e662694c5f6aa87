"""One line a finding: `run.py:3:8: CAN101 [*] message`."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import Report, separator, worded
from canfar_lint.reporting.colour import BOLD, CYAN
from canfar_lint.reporting.summary import summary


def render(report: Report) -> str:
    return "".join(_line(report, diagnostic) for diagnostic in report.diagnostics) + summary(report)


def _line(report: Report, diagnostic: Diagnostic) -> str:
    palette, place = report.palette, diagnostic.place
    colon = palette.paint(":", CYAN)
    numbers = [f"cell {place.cell}"] if place.cell else []
    numbers += [str(place.row), str(place.column)]
    where = palette.paint(report.path(diagnostic.path), BOLD) + colon + colon.join(numbers)
    code = palette.code(diagnostic.code + separator(diagnostic.code), diagnostic.level, report.url(diagnostic))
    sign = f" [{palette.paint('*', CYAN)}]" if report.sign(diagnostic) else ""
    return f"{where}{colon} {code}{sign} {worded(diagnostic)}\n"
