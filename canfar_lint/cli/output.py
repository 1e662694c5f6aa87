"""Where the report goes: standard output or files, in one format or several."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, NamedTuple

from canfar_lint.cli.parser import UsageError
from canfar_lint.settings.keys import FORMATS

if TYPE_CHECKING:
    from canfar_lint.reporting import Report
    from canfar_lint.reporting.colour import Palette


_PIECE = 1 << 15
_WIDEST = 140


class Target(NamedTuple):
    """A format and the file it is written to, "" for standard output."""

    format: str
    file: str = ""


def targets(given: list[str] | None, file: str | None, default: str | None) -> list[Target]:
    """What `--output-format` and `--output-file` ask for. Raises `UsageError`."""
    found = [_target(text) for text in given or ()]
    plain = [target for target in found if not target.file]
    if len(plain) > 1:
        raise UsageError("'--output-format' stands more than once without a file")
    if not found:
        plain = [Target(default or ("full" if sys.stdout.isatty() and not file else "concise"))]
    return [target for target in found if target.file] + [Target(target.format, file or "") for target in plain]


def _target(text: str) -> Target:
    name, _, file = text.partition(":")
    if name not in FORMATS:
        import difflib

        close = difflib.get_close_matches(name, FORMATS, 1)
        raise UsageError(
            f"invalid value '{name}' for '--output-format <FORMAT>'\n  [possible values: {', '.join(FORMATS)}]",
            f"a similar value exists: '{close[0]}'" if close else "",
        )
    return Target(name, file)


def palette(target: Target, option: str, stream: IO[str]) -> Palette:
    """The colours for a target: a file gets them only when they are forced."""
    from canfar_lint.reporting.colour import Palette, palette

    if target.file:
        return Palette(option == "always", False)
    return palette(stream, option)


def width(target: Target, stream: IO[str]) -> int:
    """How many columns a frame may take: those of the terminal, and elsewhere as many as ruff takes."""
    if not target.file and stream.isatty():
        try:
            return min(os.get_terminal_size(stream.fileno()).columns or _WIDEST, _WIDEST)
        except (OSError, ValueError):
            pass
    return _WIDEST


def rendered(target: Target, report: Report, *, statistics: bool, quiet: bool, watched: bool = False) -> str:
    """The report as text; with `watched` its first words are how many there are.

    Raises `UsageError` for statistics in a format that has none.
    """
    from canfar_lint.reporting import WITH_SUMMARY, render

    if statistics:
        from canfar_lint.reporting.statistics import FORMATS as COUNTED
        from canfar_lint.reporting.statistics import render as count

        if target.format not in COUNTED:
            raise UsageError(f"'--statistics' is there in the formats {', '.join(COUNTED)}, not in {target.format}")
        text = count(report, target.format)
    else:
        text = render(target.format, report)
    if watched and not quiet:
        return _counted_first(text, report)
    return without_summary(text, report) if quiet and (statistics or target.format in WITH_SUMMARY) else text


def _counted_first(text: str, report: Report) -> str:
    import time

    from canfar_lint.reporting.summary import summary

    first, _, rest = summary(report).partition("\n")
    stamp = f"[{time.strftime('%H:%M:%S')}]"
    return f"{stamp} {first} Watching for file changes.\n\n{without_summary(text, report)}{rest}"


def without_summary(text: str, report: Report) -> str:
    """A report in a format with summary lines, without them."""
    from canfar_lint.reporting.summary import summary

    return text.removesuffix(summary(report))


def with_fixes(text: str, report: Report) -> str:
    """A report with the list of what was fixed above its summary."""
    from canfar_lint.reporting.summary import fixes_made, fixes_only, summary

    for below in (summary(report), fixes_only(report)):
        if below and text.endswith(below):
            return text.removesuffix(below) + fixes_made(report) + below
    return text + fixes_made(report)


def suppressed(target: Target, report: Report) -> str:
    """What markers suppress, each said to be so, above the report of what they do not."""
    from canfar_lint.reporting import render

    report.diagnostics = [d._replace(message=f"{d.message} (suppressed)", fix=None) for d in report.diagnostics]
    return without_summary(render(target.format, report), report)


def write(target: Target, text: str, stream: IO[str] | None = None) -> None:
    """Write to a file, the whole of it or nothing, or to `stream` (standard output). Raises `OSError`."""
    if not target.file:
        # under PYTHONUNBUFFERED a long write to a pipe that is closed meanwhile ends short and says nothing
        for at in range(0, len(text), _PIECE):
            (stream or sys.stdout).write(text[at : at + _PIECE])
        return
    if os.path.exists(target.file) and not os.path.isfile(target.file):
        with open(target.file, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        return
    beside = f"{os.path.realpath(target.file)}.{os.getpid()}.part"
    try:
        with open(beside, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        os.replace(beside, os.path.realpath(target.file))
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
