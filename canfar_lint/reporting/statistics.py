"""`--statistics`: how often each rule speaks, as text or JSON."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import Report
from canfar_lint.reporting.colour import BOLD, CYAN
from canfar_lint.reporting.summary import summary

FORMATS = ("concise", "full", "json")


class _Count:
    __slots__ = ("first", "fixable", "total")

    def __init__(self, first: Diagnostic) -> None:
        self.first = first
        self.total = 0
        self.fixable = 0


def render(report: Report, name: str) -> str:
    """The counts, most frequent rule first. `name` is one of `FORMATS`; nothing is printed where nothing was found."""
    counts = _counts(report)
    if not counts:
        return ""
    return _json(counts) if name == "json" else _text(report, counts) + summary(report)


def _counts(report: Report) -> list[_Count]:
    counts: dict[str, _Count] = {}
    for diagnostic in sorted(report.diagnostics, key=lambda d: d.code, reverse=True):
        count = counts.setdefault(diagnostic.code, _Count(diagnostic))
        count.total += 1
        count.fixable += report.applies(diagnostic)
    return sorted(counts.values(), key=lambda count: -count.total)


def _text(report: Report, counts: list[_Count]) -> str:
    palette = report.palette
    digits = max(len(str(count.total)) for count in counts)
    width = max(len(count.first.code) for count in counts)
    some = any(count.fixable for count in counts)
    lines = []
    for count in counts:
        first = count.first
        padding = " " * (width - len(first.code))
        star = "*" if count.fixable == count.total else "-" if count.fixable else ""
        sign = f"[{palette.paint(star, CYAN) if star else ' '}] " if some else ""
        code = palette.code(first.code, first.level, report.url(first))
        total = palette.paint(f"{count.total:>{digits}}", BOLD)
        lines.append(f"{total}\t{code}{padding}\t{sign}{first.name}\n")
    return "".join(lines)


def _json(counts: list[_Count]) -> str:
    from canfar_lint.reporting.jsontext import pretty

    rows = [
        {
            "code": count.first.code,
            "name": count.first.name,
            "count": count.total,
            "fixable": count.fixable == count.total,
            "fixable_count": count.fixable,
            "level": count.first.level,
        }
        for count in counts
    ]
    return pretty(rows) + "\n"
