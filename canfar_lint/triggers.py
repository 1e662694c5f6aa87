"""Which rules can find anything in a file at all, told from its bytes: most files need no parsing.

A rule's triggers, any of which lets it run:

`memmap`            a word (identifier) of the file, for Python and notebooks; elsewhere any stretch of its bytes
`fits memmap`       all of these words
`/arc/`, `*_THREADS`  bytes anywhere; the star only says that it is no whole word
`re:n_jobs\\s*=`    a regular expression over the bytes
`n_jobs|*orkers & re:…`  a regular expression, tried only where one of these words or stretches occurs
`sh: [...]`         triggers of the shell side alone (`py:` of the Python side), which Python files that start no
                    programs need not be searched for
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from canfar_lint.catalogue.rule import Rule
from canfar_lint.source import NOTEBOOK, PYTHON

_WORD = re.compile(r"\w+(?: \w+)*")
_NO_WORD = bytes(c if (chr(c).isascii() and (chr(c).isalnum() or c == 95)) or c >= 128 else 32 for c in range(256))


class Triggers:
    """The triggers of a set of rules for one kind of file, compiled once."""

    __slots__ = ("_always", "_bytes", "_patterns", "_several", "_words")

    def __init__(self, rules: Iterable[Rule], kind: str, language: str = "") -> None:
        """`language` leaves out what the triggers say of another one: `py` or `sh`."""
        self._always: list[Rule] = []
        self._words: dict[bytes, list[Rule]] = {}
        self._several: list[tuple[frozenset[bytes], Rule]] = []
        self._bytes: dict[bytes, list[Rule]] = {}
        self._patterns: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            if not rule.triggers:
                self._always.append(rule)
            for trigger in rule.triggers_of(language):
                self._add(rule, trigger, kind in (PYTHON, NOTEBOOK) and language != "sh")

    def _add(self, rule: Rule, trigger: str, by_word: bool) -> None:
        anchors, found, pattern = trigger.rpartition("re:")
        if found and (not anchors or anchors.endswith(" & ")):
            self._patterns.setdefault((anchors.removesuffix(" & "), pattern), []).append(rule)
        elif by_word and _WORD.fullmatch(trigger) and " " in trigger:
            self._several.append((frozenset(trigger.encode().split()), rule))
        elif by_word and _WORD.fullmatch(trigger):
            self._words.setdefault(trigger.encode(), []).append(rule)
        else:
            self._bytes.setdefault(trigger.lstrip("*").encode(), []).append(rule)

    def fired(self, data: bytes) -> list[Rule]:
        """The rules that may find something in these bytes, each once."""
        found: dict[str, Rule] = {rule.code: rule for rule in self._always}
        words = set(data.translate(_NO_WORD).split())
        for word in self._words.keys() & words:
            found.update((rule.code, rule) for rule in self._words[word])
        for several, rule in self._several:
            if several <= words:
                found[rule.code] = rule
        for text, rules in self._bytes.items():
            if any(rule.code not in found for rule in rules) and text in data:
                found.update((rule.code, rule) for rule in rules)
        for (anchors, pattern), rules in self._patterns.items():
            if all(rule.code in found for rule in rules) or not _anchored(anchors, words, data):
                continue
            if re.search(pattern.encode(), data):
                found.update((rule.code, rule) for rule in rules)
        return list(found.values())


def _anchored(anchors: str, words: set[bytes], data: bytes) -> bool:
    """Whether any of the words (or, with a star, stretches) that a pattern needs is there."""
    return not anchors or any(
        anchor[1:].encode() in data if anchor.startswith("*") else anchor.encode() in words
        for anchor in anchors.split("|")
    )
