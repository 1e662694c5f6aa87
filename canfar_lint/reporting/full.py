"""Each finding with the source around it, and the change its fix would make."""

from __future__ import annotations

from canfar_lint.diagnostic import DISPLAY, UNSAFE, Diagnostic, Place
from canfar_lint.reporting import Report, diff, escape, frame, separator, worded
from canfar_lint.reporting.colour import BOLD, HELP, LINE_NUMBER, YELLOW
from canfar_lint.reporting.summary import summary

_NOTES = {
    UNSAFE: "This is an unsafe fix and may change runtime behavior",
    DISPLAY: "This suggestion may be incorrect or produce invalid syntax. It requires manual review and cannot be"
    " applied automatically",
}


def render(report: Report) -> str:
    lines = _Lines(report)
    return "".join(_finding(report, lines, diagnostic) for diagnostic in report.diagnostics) + summary(report)


class _Lines:
    """The lines of the file or cell asked for last: findings come file by file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.key: tuple[str, int | None] | None = None
        self.lines: list[str] | None = None

    def of(self, path: str, cell: int | None) -> list[str] | None:
        if self.key != (path, cell):
            text = self.report.sources(path, cell)
            self.key, self.lines = (path, cell), None if text is None else frame.split_lines(text)
        return self.lines


def _finding(report: Report, lines: _Lines, diagnostic: Diagnostic) -> str:
    palette = report.palette
    code = palette.link(diagnostic.code + separator(diagnostic.code), report.url(diagnostic))
    sign = f" [{palette.paint('*', HELP)}]" if report.sign(diagnostic) else ""
    title = palette.paint(f" {worded(diagnostic)}", BOLD)
    out = [f"{palette.mark(code, diagnostic.level)}{sign}{title}\n"]
    out.append(_framed(report, lines, diagnostic.path, diagnostic.place, diagnostic.level))
    fix = diagnostic.fix
    if fix is not None and fix.title:
        out.append(_remark(report, "help", HELP, fix.title))
    for related in diagnostic.related:
        out.append(_remark(report, "info", LINE_NUMBER, related.message))
        out.append(_framed(report, lines, related.path or diagnostic.path, related.place, "advice"))
    if fix is not None:
        out.append(diff.draw(diagnostic.path, fix, report.sources, palette))
        if fix.applicability in _NOTES:
            out.append(_remark(report, "note", BOLD + YELLOW, _NOTES[fix.applicability]))
    return "".join([*out, "\n"])


def _remark(report: Report, word: str, style: str, text: str) -> str:
    paint = report.palette.paint
    return f"{paint(word, style)}{paint(f': {escape.one_line(text)}', BOLD)}\n"


def _framed(report: Report, lines: _Lines, path: str, place: Place, level: str) -> str:
    """Where it is, and the frame; only where it is, when the text is not to be had."""
    cell = f"cell {place.cell}:" if place.cell else ""
    text = lines.of(path, place.cell)
    row, column, width, drawn = place.row, place.column, 0, ""
    if text is not None:
        picture = frame.draw(text, place, level, report.palette, report.width)
        row, column, width, drawn = picture.row, picture.column, picture.width, f"{picture.text}\n"
    arrow = report.palette.paint("--> ", LINE_NUMBER)
    return f"{' ' * width}{arrow}{report.path(path)}:{cell}{row}:{column}\n{drawn}"
