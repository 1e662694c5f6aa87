"""GitHub's workflow commands: an annotation a finding."""

from __future__ import annotations

import re

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import TOOL, Report, escape, separator

_COMMAND = {"error": "error", "warning": "warning", "advice": "notice"}
# GitHub turns these back into characters; others may stand as they are
_ESCAPE = re.compile(r"%(?=25|0[AaDd]|3[AaCc]|2[Cc])|[\r\n]")
_VALUES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def render(report: Report) -> str:
    return "".join(_annotation(report, diagnostic) for diagnostic in report.diagnostics)


def _annotation(report: Report, diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    row, column, end_row, end_column = place[:4] if place.cell is None else (1, 1, 1, 1)
    where = f"line={row},endLine={end_row}"
    if row == end_row:  # GitHub refuses columns of a span over several lines
        where = f"line={row},col={column},endLine={end_row},endColumn={end_column}"
    file = _property(report.absolute(diagnostic.path))
    code = escape.one_line(diagnostic.code)
    message = f"{code}{separator(code)} {escape.one_line(diagnostic.message)}"
    lines = [f"{report.path(diagnostic.path)}:{row}:{column}: {message}"]
    if diagnostic.fix is not None and diagnostic.fix.title:
        lines.append(f"  help: {escape.one_line(diagnostic.fix.title)}")
    for related in diagnostic.related:
        path, at = report.path(related.path or diagnostic.path), related.place
        lines.append(f"  {path}:{at.row}:{at.column}: info: {escape.one_line(related.message)}")
    text = "%0A".join(map(_data, lines))
    return f"::{_COMMAND[diagnostic.level]} title={TOOL} ({code}),file={file},{where}::{text}\n"


def _data(text: str) -> str:
    return _ESCAPE.sub(lambda m: _VALUES[m[0]], text)


def _property(path: str) -> str:
    """A value among others: commas and colons would end it."""
    return escape.path(path).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
