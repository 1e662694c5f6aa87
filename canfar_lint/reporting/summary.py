"""The lines below the findings: how many there are, how many can be fixed, and what was not looked at."""

from __future__ import annotations

from canfar_lint.diagnostic import LEVELS, UNSAFE
from canfar_lint.reporting import Report, escape
from canfar_lint.reporting.colour import BOLD, BOLD_GREEN, BOLD_RED, CYAN


def summary(report: Report) -> str:
    """The summary of a run that shows its findings, with the list of what was fixed where `fixed` holds names."""
    lines = [_found(report), *_fixable(report), *map(escape.one_line, report.notes)]
    return "".join(f"{line}\n" for line in lines)


def fixes_only(report: Report) -> str:
    """The summary of `--fix-only` (`applied`) and of `--diff`, which show no findings."""
    count = _fixed(report)
    more = _unapplied(report)
    also = f"{more} {'additional ' if count else ''}{plural(more, 'fix', 'fixes')} available with `--unsafe-fixes`"
    if count:
        verb = "Fixed" if report.applied else "Would fix"
        return f"{verb} {count} {plural(count, 'problem')}{f' ({also})' if more else ''}.\n"
    if more:
        return f"No problems {'fixed' if report.applied else 'would be fixed'} ({also}).\n"
    return ""


def fixes_made(report: Report) -> str:
    """`--show-fixes`: what was fixed in which file, set off by blank lines."""
    if not report.fixed:
        return ""
    palette = report.palette
    total = _fixed(report)
    width = len(str(max(max(table.values()) for table in report.fixed.values())))
    lines = ["", palette.paint(f"Fixed {total} {plural(total, 'problem')}:", BOLD_GREEN)]
    for path in sorted(report.fixed):
        shown = palette.paint(report.path(path), BOLD)
        lines.append(f"{palette.paint('-', CYAN)} {shown}{palette.paint(':', CYAN)}")
        for (code, name), count in sorted(report.fixed[path].items(), key=lambda item: (-item[1], item[0])):
            lines.append(f"    {count:>{width}} × {palette.paint(code, BOLD_RED)} ({name})")
    return "\n".join([*lines, "", ""])


def plural(count: int, word: str, many: str = "") -> str:
    return word if count == 1 else many or f"{word}s"


def _found(report: Report) -> str:
    remaining, fixed = len(report.diagnostics), _fixed(report)
    levels = _levels(report)
    if fixed:
        rest = f": {levels}" if remaining else ""
        total = remaining + fixed
        return f"Found {total} {plural(total, 'problem')} ({fixed} fixed, {remaining} remaining{rest})."
    if remaining:
        return f"Found {remaining} {plural(remaining, 'problem')} ({levels})."
    return report.palette.paint("All checks passed!", BOLD_GREEN)


def _levels(report: Report) -> str:
    counts = dict.fromkeys(reversed(LEVELS), 0)
    for diagnostic in report.diagnostics:
        counts[diagnostic.level] += 1
    return ", ".join(
        f"{count} {plural(count, level) if level != 'advice' else level}" for level, count in counts.items() if count
    )


def _fixable(report: Report) -> list[str]:
    lines = []
    applicable = sum(map(report.applies, report.diagnostics))
    hidden = _unapplied(report)
    more = f"{hidden} unsafe {plural(hidden, 'fix', 'fixes')} available with `--fix --unsafe-fixes`"
    if applicable:
        star = report.palette.paint("*", CYAN)
        lines.append(f"[{star}] {applicable} fixable with `--fix`{f' ({more})' if hidden else ''}.")
    elif hidden:
        lines.append(f"{more}.")
    if report.suppressed:
        count = len(report.suppressed)
        lines.append(f"{count} {plural(count, 'problem')} suppressed by markers.")
    if report.known:
        count = len(report.known)
        lines.append(f"{count} {plural(count, 'problem')} known from the baseline.")
    if report.hidden:
        lines.append(f"{report.hidden} {plural(report.hidden, 'problem')} below `--min-level` not shown.")
    return lines


def _unapplied(report: Report) -> int:
    if report.unsafe:
        return 0
    return sum(1 for d in report.diagnostics if d.fix is not None and d.fix.applicability == UNSAFE)


def _fixed(report: Report) -> int:
    return sum(sum(table.values()) for table in report.fixed.values())
