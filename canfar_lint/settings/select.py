"""Which rules run under a folder's settings, at which level, and which of their fixes may be applied."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.settings.globs import Patterns
from canfar_lint.settings.keys import BY_NAME
from canfar_lint.settings.settings import Layer, Settings, SettingsError

if TYPE_CHECKING:
    from canfar_lint.catalogue import Catalogue, Rule
    from canfar_lint.diagnostic import Diagnostic

SECTIONS = ("files", "batch", "scaling", "memory", "results", "headless", "dependencies", "containers", "sessions")
HADOLINT = ("DL", "SC")
_RUFF = (
    "A", "AIR", "ANN", "ARG", "ASYNC", "B", "BLE", "C", "COM", "CPY", "D", "DJ", "DOC", "DTZ", "E", "EM", "ERA",
    "EXE", "F", "FA", "FAST", "FBT", "FIX", "FLY", "FURB", "G", "I", "ICN", "INP", "INT", "ISC", "LOG", "N", "NPY",
    "PD", "PERF", "PGH", "PIE", "PL", "PLC", "PLE", "PLR", "PLW", "PT", "PTH", "PYI", "Q", "RET", "RSE", "RUF", "S",
    "SIM", "SLF", "SLOT", "T", "TC", "TD", "TID", "TRY", "UP", "W", "YTT",
)  # fmt: skip
# the letters of other tools' codes
FOREIGN = (*_RUFF, *HADOLINT)
_RUFF_DEFAULTS = BY_NAME["ruff-select"].default
_CODE = re.compile(r"([A-Z]+)(\d*)")
_EXACT = 9


class Selector(NamedTuple):
    """One word of a selection: our codes it stands for, what it says to ruff and hadolint, and how exact it is."""

    codes: tuple[str, ...]
    foreign: str
    rank: int


class Codes:
    """The rules a list of selectors stands for; ask `code in codes`."""

    __slots__ = ("_exact", "_prefixes")

    def __init__(self, selectors: Iterable[Selector] = ()) -> None:
        chosen = tuple(selectors)
        self._exact = frozenset(code for selector in chosen for code in selector.codes)
        self._prefixes = tuple(selector.foreign for selector in chosen if selector.foreign)

    def __contains__(self, code: object) -> bool:
        return code in self._exact or any(covers(prefix, str(code)) for prefix in self._prefixes)

    def __bool__(self) -> bool:
        return bool(self._exact or self._prefixes)


def covers(prefix: str, code: str) -> bool:
    """Whether a prefix written by a user stands for a code: `F8` for F821, but `F` not for FBT001."""
    if prefix == "ALL":
        return True
    letters, whole = _CODE.match(prefix), _CODE.match(code)
    if letters is None or whole is None or not code.startswith(prefix):
        return False
    return letters[1] == whole[1] or letters[1] == "PL"


class Selection:
    """What runs under one folder's settings.

    `rules` are our enabled rules by code, their levels overridden where the settings say so; `ruff` and `ruff_ignore`
    the selectors for ruff (`ruff` is empty when it need not run), `hadolint` and `hadolint_ignore` those for hadolint.
    `hadolint_asked` are those the user wrote: where the default is what runs, hadolint's opinions are left out.
    """

    __slots__ = (
        "_asked", "_fixable", "_ignored", "_levels", "_per_file", "_safe", "_unfixable", "_unsafe",
        "hadolint", "hadolint_asked", "hadolint_ignore", "ruff", "ruff_ignore", "rules",
    )  # fmt: skip

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        """Raises `SettingsError` for a selector that is neither ours nor ruff's nor hadolint's."""
        reader = _Reader(settings, catalogue)
        self._levels = reader.levels()
        enabled, foreign, ignored, asked = reader.chosen(self._levels)
        self._asked = reader.asked
        self.rules: dict[str, Rule] = {
            code: self._as_asked(rule) for code, rule in catalogue.rules.items() if code in enabled
        }
        self.ruff = tuple(s for s in foreign if not s.startswith(HADOLINT)) if settings.ruff else ()
        self.ruff_ignore = tuple(s for s in ignored if not s.startswith(HADOLINT))
        self.hadolint = tuple(s for s in foreign if s.startswith(HADOLINT)) if settings.hadolint else ()
        self.hadolint_ignore = tuple(s for s in ignored if s.startswith(HADOLINT) or s == "ALL")
        self.hadolint_asked = tuple(s for s in asked if s.startswith(HADOLINT) or s == "ALL")
        self._fixable = reader.words("fixable") + reader.words("extend-fixable")
        self._unfixable = reader.words("unfixable")
        self._safe = Codes(reader.words("extend-safe-fixes"))
        self._unsafe = Codes(reader.words("extend-unsafe-fixes"))
        self._per_file = reader.per_file()
        self._ignored: dict[str, Codes] = {}

    def _as_asked(self, rule: Rule) -> Rule:
        if rule.code in self._levels:
            return rule.at_level(self._levels[rule.code])
        return rule if rule.code in self._asked or rule.level == "advice" else rule.without_advice()

    def level(self, code: str, level: str) -> str:
        """The level of a finding of `code`, from its own and the settings'."""
        return self._levels.get(code, level)

    def shows(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding counts here: advice does only of rules that were asked for, also as a rule's variant."""
        return diagnostic.level != "advice" or diagnostic.code in self._asked or diagnostic.code not in self.rules

    def fixable(self, code: str) -> bool:
        """Whether fixes of a rule may be applied; the more exact of `fixable` and `unfixable` wins."""
        allowed, refused = _rank(self._fixable, code), _rank(self._unfixable, code)
        return allowed > refused

    def applicability(self, code: str, applicability: str) -> str:
        """What a fix counts as in this project: safe, unsafe or display."""
        if applicability == "unsafe" and code in self._safe:
            return "safe"
        if applicability == "safe" and code in self._unsafe:
            return "unsafe"
        return applicability

    def adjusted(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic as these settings want it: its level, whether its fix may be applied, and how safe it counts."""
        level = self.level(diagnostic.code, diagnostic.level)
        fix = diagnostic.fix
        if fix is not None:
            applicability = self.applicability(diagnostic.code, fix.applicability)
            fix = fix._replace(applicability=applicability) if self.fixable(diagnostic.code) else None
        if level == diagnostic.level and fix == diagnostic.fix:
            return diagnostic
        return diagnostic._replace(level=level, fix=fix)

    def ignored(self, path: str) -> Codes:
        """The rules that per-file-ignores switch off in a file."""
        if not self._per_file:
            return _NOTHING
        if path not in self._ignored:
            absolute = os.path.abspath(path)
            self._ignored[path] = self._ignored_in(os.path.basename(absolute), absolute)
        return self._ignored[path]

    def _ignored_in(self, name: str, absolute: str) -> Codes:
        return Codes(
            s for negated, patterns, words in self._per_file if patterns.match(name, absolute) != negated for s in words
        )


_NOTHING = Codes()


def _rank(selectors: tuple[Selector, ...], code: str) -> int:
    return max((s.rank for s in selectors if code in s.codes or (s.foreign and covers(s.foreign, code))), default=-1)


class _Reader:
    """Reads the selectors of one `Settings` against the catalogue, naming the place of one it does not know."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.known: dict[str, Selector] = {}
        self.asked: set[str] = set()

    def levels(self) -> dict[str, str]:
        levels: dict[str, str] = {}
        for word, level in self.settings.levels.items():
            selector = self.selector(word, self.settings.where("levels"), "levels")
            if selector.rank != _EXACT:
                raise SettingsError(f"{self.settings.where('levels')}: `levels` takes codes and names, not `{word}`")
            levels.update(dict.fromkeys(selector.codes or (selector.foreign,), level))
        return levels

    def chosen(self, levels: dict[str, str]) -> tuple[set[str], list[str], list[str], list[str]]:
        """Our enabled codes, the selectors for and against other tools' rules, and which of those for were written.

        A nearer layer overrules.
        """
        rules = self.catalogue.rules
        enabled = {code for code, rule in rules.items() if levels.get(code, rule.level) != "advice"}
        foreign, ignored, asked = self.foreign_defaults(), list[str](), list[str]()
        for layer in self.settings.layers:
            select = self.of_layer(layer, "select")
            added = (select or ()) + (self.of_layer(layer, "extend-select") or ())
            removed = self.of_layer(layer, "ignore") or ()
            if select is not None:
                enabled, foreign, ignored, asked = set(), [], [], []
                self.asked = set()
            self.asked.update(code for s in added for code in s.codes)
            for rank in range(_EXACT + 1):
                enabled.update(code for s in added if s.rank == rank for code in s.codes)
                enabled.difference_update(code for s in removed if s.rank == rank for code in s.codes)
            for word in (s.foreign for s in added if s.foreign):
                foreign += self.foreign_defaults() if word == "ALL" else [word]
                asked.append(word)
                ignored = [other for other in ignored if not other.startswith(word)]
            ignored += [s.foreign for s in removed if s.foreign]
        return enabled, list(dict.fromkeys(foreign)), list(dict.fromkeys(ignored)), asked

    def foreign_defaults(self) -> list[str]:
        return [*(s.foreign for s in self.words("ruff-select") if s.foreign), *HADOLINT]

    def of_layer(self, layer: Layer, key: str) -> tuple[Selector, ...] | None:
        words = layer.values.get(key)
        return None if words is None else tuple(self.selector(word, layer.where(key), key) for word in words)

    def words(self, key: str) -> tuple[Selector, ...]:
        values = getattr(self.settings, key.replace("-", "_"))
        return tuple(self.selector(word, self.settings.where(key), key) for word in values)

    def per_file(self) -> list[tuple[bool, Patterns, tuple[Selector, ...]]]:
        found = []
        for key in ("per-file-ignores", "extend-per-file-ignores"):
            for pattern, words in getattr(self.settings, key.replace("-", "_")).items():
                selectors = tuple(self.selector(word, self.settings.where(key), key) for word in words)
                found.append((pattern.startswith("!"), Patterns((pattern.removeprefix("!"),)), selectors))
        return found

    def selector(self, word: str, where: str, key: str) -> Selector:
        if word not in self.known:
            found = self.ours(word) or self.other(word)
            if found is None:
                raise SettingsError(f"{where}: unknown rule selector `{word}` in `{key}`{self.nearest(word)}")
            self.known[word] = found
        return self.known[word]

    def ours(self, word: str) -> Selector | None:
        rules = self.catalogue.rules
        if word == "ALL":
            return Selector(tuple(rules), "ALL", 0)
        code = self.catalogue.names.get(word, word)
        if code in rules:
            return Selector((code,), "", _EXACT)
        if word in self.catalogue.lost:
            return Selector((), "", _EXACT)
        if word in SECTIONS:
            return Selector(tuple(code for code, rule in rules.items() if rule.section == word), "", 1)
        prefix = _CODE.fullmatch(word)
        codes = tuple(code for code in rules if prefix and code.startswith(word) and covers(word, code))
        return Selector(codes, "", 1 + len(prefix[2])) if prefix and codes else None

    def other(self, word: str) -> Selector | None:
        match = _CODE.fullmatch(word)
        if match is None:
            code = ruff_codes().get(word, "")
            return Selector((), code, _EXACT) if code else None
        letters, digits = match[1], match[2]
        rank = _EXACT if len(digits) >= 3 else 1 + len(digits)
        if letters in HADOLINT or (letters in _RUFF and (not digits or word in _RUFF_DEFAULTS)):
            return Selector((), word, rank)
        if letters == "CAN":
            return None
        known = ruff_codes()
        return Selector((), word, rank) if word in known or (letters in _RUFF and not known) else None

    def nearest(self, word: str) -> str:
        import difflib

        names = self.catalogue.names
        known = [*self.catalogue.rules, *names, *SECTIONS, "ALL", *sorted(_RUFF)]
        folded = {name.lower(): name for name in known}
        close = difflib.get_close_matches(word.lower().replace("_", "-"), folded, 1)
        if close:
            return f", did you mean `{folded[close[0]]}`?"
        match = _CODE.match(word)
        tool = "ruff" if match and match[1] in _RUFF else "canfar-lint"
        return f"; `{tool} rule --all` lists the rules"


def ruff_codes() -> dict[str, str]:
    """ruff's codes by themselves, by every prefix of them, and by the rule's name; empty where ruff cannot be asked."""
    import json
    import subprocess

    from canfar_lint.peers.ruff import find

    binary = find()
    if binary is None:
        return {}
    try:
        command = [binary, "rule", "--all", "--output-format", "json"]
        rules = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    codes: dict[str, str] = {}
    for rule in rules:
        code = rule.get("code") or ""
        codes.update((code[:size], code[:size]) for size in range(1, len(code) + 1))
        codes[rule["name"]] = code
    return codes
