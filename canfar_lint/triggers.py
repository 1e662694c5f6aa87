"""Which rules can find anything in a file at all, told from its bytes: most files need no parsing.

A rule's triggers, any of which lets it run:

`memmap`            a word (identifier) of the file, for Python and notebooks; elsewhere any stretch of its bytes
`fits memmap`       all of these words
`plt.show`          these words, joined by a dot or with something imported from, or renamed, the first of them
`/arc/`, `*_THREADS`  bytes anywhere; the star only says that it is no whole word
`re:n_jobs\\s*=`    a regular expression over the bytes
`n_jobs|*orkers & re:…`  a regular expression, tried only where one of these words or stretches occurs, and so on for
                    each part between ampersands, which may be expressions too; unanchored ones cost
                    a second a hundred megabytes
`@main & re:…`      only in what runs when a Python file is run as a script: all of it when it calls functions of its
                    own, else what stands outside of functions
`sh: [...]`         triggers of the shell side alone (`py:` of the Python side), which Python files that start no
                    programs need not be searched for

In Python they are looked for outside of docstrings and comment lines (but `#…`, which is looked for everywhere).
Every line, the first one too, has a newline before it: `\\n` is a faster `(?m)^`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from canfar_lint.catalogue.rule import Rule
from canfar_lint.source import NOTEBOOK, PYTHON

_WORD = re.compile(r"\w+(?: \w+)*")
_MEMBER = re.compile(r"\w+(?:\.\w+)+")
_NO_WORD = bytes(c if (chr(c).isascii() and (chr(c).isalnum() or c == 95)) or c >= 128 else 32 for c in range(256))
# a function's first line and what is indented below it; the head of a function or class, and its name
_BODY = re.compile(rb"(\n([ \t]*)(?:async )?def .*)(?:\n(?:\2[ \t]+.*|[ \t]*(?=\n)))*")
_HEADER = re.compile(rb"\n[ \t]*(?:(?:async )?def (\w+)|class (\w+).*|__all__\s*\+?=\s*[\[(][^\])]*)")
_MENTION = re.compile(rb"(?<![\w\"'.])(\w+)\s*[(,)\n]")
_COMMENT_LINE = re.compile(rb"\n[ \t]*#.*")


class Content:
    """A file's bytes as triggers see them: what of them is code, and the words in it."""

    __slots__ = ("_main", "_words", "code", "data")

    def __init__(self, data: bytes, kind: str) -> None:
        self.data = data
        self.code = b"\n" + (python_code(data) if kind == PYTHON else data)
        self._words: set[bytes] | None = None
        self._main: bytes | None = None if kind == PYTHON else self.code

    @property
    def words(self) -> set[bytes]:
        if self._words is None:
            self._words = set(self.code.translate(_NO_WORD).split())
        return self._words

    @property
    def main(self) -> bytes:
        """What of the code may run when the file is run as a script."""
        if self._main is None:
            outside = _BODY.sub(rb"\1", self.code)
            calling = _HEADER.sub(b"", outside)
            runs = not {m[1] or m[2] for m in _HEADER.finditer(self.code)}.isdisjoint(_MENTION.findall(calling))
            self._main = self.code if runs else outside
        return self._main


class Triggers:
    """The triggers of a set of rules for one kind of file, compiled once."""

    __slots__ = ("_always", "_bytes", "_comments", "_members", "_patterns", "_several", "_words")

    def __init__(self, rules: Iterable[Rule], kind: str, language: str = "") -> None:
        """`language` leaves out what the triggers say of another one: `py` or `sh`."""
        self._always: list[Rule] = []
        self._words: dict[bytes, list[Rule]] = {}
        self._several: dict[frozenset[bytes], list[Rule]] = {}
        self._members: dict[bytes, list[Rule]] = {}
        self._bytes: dict[bytes, list[Rule]] = {}
        self._comments: dict[bytes, list[Rule]] = {}
        self._patterns: dict[str, list[Rule]] = {}
        for rule in rules:
            if not rule.triggers:
                self._always.append(rule)
            for trigger in rule.triggers_of(language):
                self._add(rule, trigger, kind in (PYTHON, NOTEBOOK) and language != "sh")

    def _add(self, rule: Rule, trigger: str, by_word: bool) -> None:
        if trigger.startswith("re:") or " & " in trigger:
            self._patterns.setdefault(trigger, []).append(rule)
        elif by_word and _WORD.fullmatch(trigger) and " " in trigger:
            self._several.setdefault(frozenset(trigger.encode().split()), []).append(rule)
        elif by_word and _WORD.fullmatch(trigger):
            self._words.setdefault(trigger.encode(), []).append(rule)
        elif by_word and _MEMBER.fullmatch(trigger):
            self._members.setdefault(trigger.encode(), []).append(rule)
        elif trigger.startswith("#"):
            self._comments.setdefault(trigger.encode(), []).append(rule)
        else:
            self._bytes.setdefault(trigger.lstrip("*").encode(), []).append(rule)

    def fired(self, content: Content) -> list[Rule]:
        """The rules that may find something in a file, each once."""
        found: dict[str, Rule] = {rule.code: rule for rule in self._always}
        words, code = content.words, content.code
        for word in self._words.keys() & words:
            found.update((rule.code, rule) for rule in self._words[word])
        for several, rules in self._several.items():
            if several <= words:
                found.update((rule.code, rule) for rule in rules)
        for member, rules in self._members.items():
            if _has_member(member, words, code):
                found.update((rule.code, rule) for rule in rules)
        for texts, where in ((self._bytes, code), (self._comments, content.data)):
            for text, rules in texts.items():
                if text in where and any(rule.code not in found for rule in rules):
                    found.update((rule.code, rule) for rule in rules)
        for condition, rules in self._patterns.items():
            if any(rule.code not in found for rule in rules) and _holds(condition, content):
                found.update((rule.code, rule) for rule in rules)
        return list(found.values())


def _holds(condition: str, content: Content) -> bool:
    """Whether every part of a condition holds; the expressions of it are compiled when the rest does."""
    parts = condition.split(" & ")
    patterns = [part for part in parts if part.startswith("re:")]
    main = "@main" in parts
    for part in parts:
        if part != "@main" and not part.startswith("re:") and not _has_any(part.split("|"), content):
            return False
    for pattern in patterns:
        wanted = _compiled(pattern[3:])
        if not wanted.search(content.code) or (main and not wanted.search(content.main)):
            return False
    return True


_patterns: dict[str, re.Pattern[bytes]] = {}


def _compiled(pattern: str) -> re.Pattern[bytes]:
    if pattern not in _patterns:
        _patterns[pattern] = re.compile(pattern.encode())
    return _patterns[pattern]


def _has_any(anchors: list[str], content: Content) -> bool:
    """Whether any of the words (or, with a star, stretches) is there."""
    return any(
        anchor[1:].encode() in content.code if anchor.startswith("*") else anchor.encode() in content.words
        for anchor in anchors
    )


def _has_member(member: bytes, words: set[bytes], code: bytes) -> bool:
    first, *others = member.split(b".")
    if first not in words or not words.issuperset(others):
        return False
    return member in code or first + b" as " in code or first + b" import " in code


def python_code(data: bytes) -> bytes:
    """Python without its docstrings and comment lines; all of it where it cannot be told cheaply which these are."""
    return _COMMENT_LINE.sub(b"", _without_docstrings(data))


def _without_docstrings(data: bytes) -> bytes:
    parts = data.split(b'"""')
    if len(parts) < 3 or len(parts) % 2 == 0 or b"'''" in data:
        return data
    kept = [parts[0]]
    for at in range(1, len(parts), 2):
        before, text = parts[at - 1], parts[at]
        line = before[before.rfind(b"\n") + 1 :]
        # a quote or comment before it: this may be no string's begin, and what follows no string
        if b"#" in line or b'"' in line or b"'" in line or text.endswith(b"\\"):
            return data
        if line.strip() not in (b"", b"r", b"R") or not _opens_block(before[: len(before) - len(line)], at == 1):
            kept.append(text)
        kept.append(parts[at + 1])
    return b"".join(kept)


def _opens_block(before: bytes, first: bool) -> bool:
    """Whether a bare string behind these lines is the docstring of a module, class or function."""
    end = before.rstrip()
    if first and all(line.startswith(b"#") for line in end.splitlines() if line.strip()):
        return True
    return end.endswith(b":") and not end.endswith((b'":', b"':"))
