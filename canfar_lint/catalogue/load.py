"""Finds the compiled catalogue: inside the wheel, or in the user's cache for a checkout, where `rules/` may change."""

from __future__ import annotations

import json
import os
from typing import Any

from canfar_lint.catalogue.rule import Rule

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Catalogue:
    """All rules by code, and the code of every name."""

    def __init__(self, folders: list[str]) -> None:
        self.rules: dict[str, Rule] = {}
        self.names: dict[str, str] = {}
        for folder in folders:
            read = _Body(folder)
            for head in _load(folder, "head"):
                rule = Rule(head, read)
                self.rules[rule.code] = rule
                self.names[rule.name] = rule.code
        self.folders = folders
        self._docs: dict[str, dict[str, Any]] = {}

    def find(self, word: str) -> Rule | None:
        """The rule of a code or a name."""
        return self.rules.get(self.names.get(word, word.upper()))

    def stand_ins(self) -> dict[str, list[str]]:
        """For each code of another tool, our rules that judge the same ground (the tables `stands-in-for`)."""
        found: dict[str, list[str]] = {}
        for code, rule in self.rules.items():
            for other in rule.body["tables"].get("stands-in-for", ()):
                found.setdefault(other, []).append(code)
        return found

    def docs(self, code: str) -> dict[str, Any]:
        """`why`, `source`, `instead` and `examples` of a rule."""
        if not self._docs:
            for folder in reversed(self.folders):
                self._docs.update(_load(folder, "docs"))
        return self._docs[code]


class _Body:
    """Reads the bodies of a compiled folder once, when the first is asked for."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.bodies: dict[str, dict[str, Any]] | None = None

    def __call__(self, code: str) -> dict[str, Any]:
        return self._all()[code]

    def _all(self) -> dict[str, dict[str, Any]]:
        if self.bodies is None:
            self.bodies = _load(self.folder, "body")
        return self.bodies

    def __getstate__(self) -> dict[str, Any]:
        # on another machine the folder is another one, or not there
        return {"folder": self.folder, "bodies": self._all()}


_catalogues: dict[tuple[str, ...], Catalogue] = {}


def load(extend: tuple[str, ...] = ()) -> Catalogue:
    """The built-in rules and those of the folders in `extend`, read once. Raises `RuleError`, `OSError`."""
    if extend not in _catalogues:
        _catalogues[extend] = _read(extend)
    return _catalogues[extend]


def _read(extend: tuple[str, ...]) -> Catalogue:
    built = os.path.join(_PACKAGE, "_rules")
    source = os.path.join(os.path.dirname(_PACKAGE), "rules")
    first = built if os.path.isfile(os.path.join(built, "head.json")) else _compiled(source)
    return Catalogue([first, *(_compiled(os.path.abspath(folder)) for folder in extend)])


def _compiled(folder: str) -> str:
    """The folder of compiled rules for a folder of YAML, made anew when a file of it has changed."""
    stamps = []
    for section in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if section.is_dir():
            stamps += sorted((entry.path, (s := entry.stat()).st_mtime_ns, s.st_size) for entry in os.scandir(section))
    from zlib import crc32

    from canfar_lint import __version__

    key = f"{crc32(repr((__version__, stamps)).encode()):08x}"
    target = os.path.join(cache_folder(), "rules", key)
    if not os.path.isfile(os.path.join(target, "docs.json")):
        from pathlib import Path

        from canfar_lint.catalogue.compile import write

        write(Path(folder), Path(target))
    return target


def cache_folder() -> str:
    """Where canfar-lint keeps what it can make again: `$CANFAR_LINT_CACHE_DIR`, else below the user's cache folder."""
    own = os.environ.get("CANFAR_LINT_CACHE_DIR")
    if own:
        return own
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "canfar-lint")


def _load(folder: str, part: str) -> Any:
    with open(os.path.join(folder, f"{part}.json"), "rb") as file:
        return json.loads(file.read())
