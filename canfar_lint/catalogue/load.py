"""Finds the compiled catalogue: inside the wheel, or in the user's cache for a checkout, where `rules/` may change."""

from __future__ import annotations

import json
import os
from typing import Any

from canfar_lint.catalogue.rule import Rule

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Catalogue:
    """All rules by code, and the code of every name.

    `broken` are the files of a site that are no rules (`compile.Broken`), `lost` their codes and names as far as the
    files' own names tell them.
    """

    def __init__(self, folders: list[str], broken: list[dict[str, Any]] | None = None) -> None:
        self.rules: dict[str, Rule] = {}
        self.names: dict[str, str] = {}
        self.broken = broken or []
        stems = (os.path.splitext(os.path.basename(entry["path"]))[0] for entry in self.broken)
        self.lost = {word for stem in stems for word in stem.split("-", 1)}
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
# what each folder of the cache was compiled from, and whether those are a site's
_sources: dict[str, tuple[str, bool]] = {}
# how often to write again what others remove (`clean`) while it is written or read
_TRIES = 20


def load(extend: tuple[str, ...] = ()) -> Catalogue:
    """The built-in rules and those of the folders in `extend`, read once. Raises `RuleError`, `OSError`."""
    if extend not in _catalogues:
        _catalogues[extend] = _read(extend)
    return _catalogues[extend]


def forget() -> None:
    """Read the rules anew when they are asked for next: their files may have changed."""
    _catalogues.clear()


def _read(extend: tuple[str, ...]) -> Catalogue:
    built = os.path.join(_PACKAGE, "_rules")
    source = os.path.join(os.path.dirname(_PACKAGE), "rules")
    first = built if os.path.isfile(os.path.join(built, "head.json")) else _compiled(source)
    folders, broken, codes = [first], list[dict[str, Any]](), dict[str, str]()
    for folder in extend:
        where = site_folder(folder)
        compiled = _compiled(where, site=True)
        broken += _load(compiled, "broken")
        twice = sorted({head["code"] for head in _load(compiled, "head")} & codes.keys())
        if twice:
            raise _rule_error(f"{where}: {twice[0]} is a rule of {codes[twice[0]]} too")
        codes.update({head["code"]: where for head in _load(compiled, "head")})
        folders.append(compiled)
    return Catalogue(folders, broken)


def site_folder(name: str) -> str:
    """The folder of `extend-rules`: a path, or `package:NAME` for the folder `rules` inside an installed package."""
    if name.startswith("package:"):
        from importlib.util import find_spec

        package = name.removeprefix("package:")
        # a name with a dot would be imported to be found
        spec = find_spec(package) if package.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            raise _rule_error(f"`extend-rules` names {name}, and there is no such package installed")
        return os.path.join(next(iter(spec.submodule_search_locations)), "rules")
    if not os.path.isdir(name):
        raise _rule_error(f"`extend-rules` names {name}, which is no folder")
    return os.path.abspath(name)


def _rule_error(words: str) -> Exception:
    from canfar_lint.catalogue.schema import RuleError

    return RuleError(words)


def _compiled(folder: str, *, site: bool = False) -> str:
    """The folder of compiled rules for a folder of YAML, made anew when a file of it has changed."""
    stamps = []
    for section in sorted(os.scandir(folder), key=lambda entry: entry.name):
        found = os.scandir(section) if section.is_dir() else [section]
        stamps += sorted((entry.path, (s := entry.stat()).st_mtime_ns, s.st_size) for entry in found)
    from zlib import crc32

    from canfar_lint import __version__

    key = f"{crc32(repr((__version__, stamps, site)).encode()):08x}"
    target = os.path.join(cache_folder(), "rules", key)
    _sources[target] = folder, site
    if not os.path.isfile(os.path.join(target, "broken.json" if site else "docs.json")):
        _compile(target)
    return target


def _compile(target: str) -> None:
    from pathlib import Path

    from canfar_lint.catalogue.compile import write

    folder, site = _sources[target]
    for left in reversed(range(_TRIES)):
        try:
            write(Path(folder), Path(target), site=site)
            break
        except FileNotFoundError:
            if not left:
                raise


def cache_folder() -> str:
    """Where canfar-lint keeps what it can make again: `$CANFAR_LINT_CACHE_DIR`, else below the user's cache folder."""
    own = os.environ.get("CANFAR_LINT_CACHE_DIR")
    if own:
        return own
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "canfar-lint")


def _load(folder: str, part: str) -> Any:
    path = os.path.join(folder, f"{part}.json")
    for left in reversed(range(_TRIES if folder in _sources else 1)):
        try:
            with open(path, "rb") as file:
                return json.loads(file.read())
        except FileNotFoundError:
            if not left:
                raise
            _compile(folder)
    return None
