"""`--interactive`: every fix is shown with what it changes, and made when the user says so."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from canfar_lint.cli.parser import UsageError
from canfar_lint.diagnostic import UNSAFE, Diagnostic, Edit
from canfar_lint.fixing import Choice

if TYPE_CHECKING:
    from canfar_lint.source import Source

_PROMPT = "[y]es, [n]o, [a]ll, [q]uit? "
_HELP = """\
y: make this fix
n: leave it
a: make it and all that follow
q: leave it and all that follow; what was said yes to is made"""


class Dialogue:
    """The questions of a run. Its answers are remembered, since a file is gone through until nothing is left to do."""

    def __init__(self, color: str, unsafe: bool) -> None:
        """Raises `UsageError` where there is nobody to ask."""
        if not sys.stdin.isatty() or not sys.stderr.isatty():
            raise UsageError(
                "'--interactive' asks at a terminal, and standard input or error is none",
                "'--fix' repairs without asking, '--diff' shows what it would change",
            )
        from rich.console import Console

        from canfar_lint.reporting.colour import palette

        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._palette = palette(sys.stderr, color)
        self._unsafe = unsafe
        self._all: bool | None = None
        self._files: dict[str, Choice] = {}

    def about(self, path: str) -> Choice:
        """The answers for one file."""
        return self._files.setdefault(path, _Answers(self))

    def ask(self, source: Source, diagnostic: Diagnostic) -> bool:
        """Whether to make the fix."""
        if self._all is not None:
            return self._all
        self._show(source, diagnostic)
        unsafe = (
            " It may change what the code does." if diagnostic.fix and diagnostic.fix.applicability == UNSAFE else ""
        )
        while True:
            try:
                answer = self._console.input(f"Make this fix?{unsafe} {_PROMPT}", markup=False).strip().lower()
            except EOFError:
                self._console.print()
                answer = "quit"
            if answer in ("y", "yes", "n", "no"):
                return answer[0] == "y"
            if answer in ("a", "all", "q", "quit"):
                self._all = answer[0] == "a"
                return self._all
            self._console.print(_HELP)

    def _show(self, source: Source, diagnostic: Diagnostic) -> None:
        from rich.text import Text

        from canfar_lint.cli.texts import part
        from canfar_lint.reporting import Report, render
        from canfar_lint.reporting.summary import summary

        report = Report([diagnostic], lambda path, cell: part(source, cell), palette=self._palette, unsafe=self._unsafe)
        shown = render("full", report).removesuffix(summary(report))
        self._console.print(Text.from_ansi(shown), soft_wrap=True)


class _Answers(Choice):
    """What was said about the fixes of one file, by code, place and words of their findings."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._said: dict[tuple[str, int, str], bool] = {}

    def of(self, source: Source, candidates: list[Diagnostic]) -> list[Diagnostic]:
        chosen = []
        for each in sorted(candidates, key=lambda d: d.start):
            key = each.code, each.start, each.message
            if key not in self._said:
                self._said[key] = self._dialogue.ask(source, each)
            if self._said[key]:
                chosen.append(each)
        return chosen

    def moved(self, edits: Sequence[Edit]) -> None:
        self._said = {(code, _moved(at, edits), words): said for (code, at, words), said in self._said.items()}


def _moved(at: int, edits: Sequence[Edit]) -> int:
    """The new place of a character once sorted edits are made."""
    return at + sum(len(edit.content) - (edit.end - edit.start) for edit in edits if edit.end <= at)
