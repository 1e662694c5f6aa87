"""Regular expressions over bytes, tried only where they can begin.

`re` looks at each byte for an expression that begins with a boundary, a class or a choice: that takes ten times as long
as to find a letter. Where all that an expression finds begins with one of a few texts, these are found first, and the
expression is tried only there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from canfar_lint.triggers.vocabulary import Vocabulary, ask

NO_WORD = bytes(c if (chr(c).isascii() and (chr(c).isalnum() or c == 95)) or c >= 128 else 32 for c in range(256))
# each is a search of its own
_MOST_HEADS = 100
_MOST_UNKNOWN_HEADS = 12
_LEAST_HEAD = 2
_FLAGS = re.compile(r"\(\?[ms]+\)")
_NOWHERE = re.compile(r"\\[bB]|\^")
_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]")
_FEW = re.compile(r"\[(?!\^)(?:[^\]\\^-]|\\[^\w\s]){1,4}\]")
_ANY = re.compile(r"\.|\\[wWsSdD]")
_PLAIN = re.compile(r"[^\\.^$*+?{}\[\]()|]|\\[^\w\s]|\\n")
_MAYBE = re.compile(r"[?*]|\{0?,")
_AGAIN = re.compile(r"[+{]")
_OPENS = re.compile(r"\((?:\?:|(?!\?))")
_STRUCTURE = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|[()|]")


class Head(NamedTuple):
    """How what is found begins: some bytes at a distance from its start, and the longest word, or part, in them."""

    text: bytes
    distance: int
    part: bytes


class Expression:
    """A regular expression over bytes."""

    __slots__ = ("heads", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern.encode())
        self.heads = heads(pattern)
        ask(head.part for head in self.heads)

    def search(self, code: bytes, vocabulary: Vocabulary | None = None) -> re.Match[bytes] | None:
        """What is found somewhere; not always the first there is. `vocabulary` is that of the file."""
        return next(self.finditer(code, vocabulary), None)

    def finditer(self, code: bytes, vocabulary: Vocabulary | None = None) -> Iterator[re.Match[bytes]]:
        """All that is found; not in order, and those that overlap as well."""
        if not self.heads or (vocabulary is None and len(self.heads) > _MOST_UNKNOWN_HEADS):
            yield from self.pattern.finditer(code)
            return
        for text, distance, part in self.heads:
            if vocabulary is not None and not vocabulary.may_hold(part):
                continue
            at = code.find(text)
            while at >= 0:
                found = self.pattern.match(code, at - distance) if at >= distance else None
                if found is not None:
                    yield found
                at = code.find(text, at + 1)


def heads(pattern: str) -> tuple[Head, ...]:
    """With what all that an expression finds begins; nothing where that is not seen, or too short to help."""
    flags = _FLAGS.match(pattern)
    parts = _parts(pattern[flags.end() if flags else 0 :])
    first = _PLAIN.match(parts[0])
    if len(parts) == 1 and first and not _MAYBE.match(pattern, first.end()):
        return ()  # `re` looks for that itself
    found = [head for part in parts for head in _begins(part)[0]]
    if len(found) > _MOST_HEADS or any(len(text) < _LEAST_HEAD for _, text in found):
        return ()
    return tuple(
        Head(text, distance, max(text.translate(NO_WORD).split(b" "), key=len))
        for distance, text in dict.fromkeys(found)
    )


_Begins = list[tuple[int, bytes]]


def _begins(part: str) -> tuple[_Begins, bool]:
    """The distance and text with which what a part finds may begin, and whether that is all of it."""
    found: _Begins = [(0, b"")]
    at = 0
    while at < len(part):
        end, more, whole = _atom(part, at)
        if part[at:end] and _MAYBE.match(part, end):
            return found, False
        if more is None:
            if any(text for _, text in found) or _AGAIN.match(part, end):
                return found, False
            found = [(distance + 1, text) for distance, text in found]
        elif any(distance and text for distance, _ in more for _, text in found):
            return found, False
        else:
            found = [(d + e, text + other) for (d, text), (e, other) in product(found, more)]
            if not whole or _AGAIN.match(part, end) or len(found) > _MOST_HEADS:
                return found, False
        at = end
    return found, True


def _atom(part: str, at: int) -> tuple[int, _Begins | None, bool]:
    """Where the next piece ends, and with what it begins; None for any one character."""
    if nowhere := _NOWHERE.match(part, at):
        return nowhere.end(), [(0, b"")], True
    if part.startswith(_AROUND, at):
        return _closing(part, at), [(0, b"")], True
    if few := _FEW.match(part, at):
        return few.end(), [(0, c.encode()) for c in re.sub(r"\\(.)", r"\1", few[0][1:-1])], True
    if one := _CLASS.match(part, at) or _ANY.match(part, at):
        return one.end(), None, True
    if plain := _PLAIN.match(part, at):
        return plain.end(), [(0, b"\n" if plain[0] == r"\n" else plain[0][-1:].encode())], True
    if opens := _OPENS.match(part, at):
        end = _closing(part, at)
        parts = [_begins(inner) for inner in _parts(part[opens.end() : end - 1])]
        return end, [head for these, _ in parts for head in these], all(whole for _, whole in parts)
    return len(part), [(0, b"")], False


def _closing(pattern: str, at: int) -> int:
    """Where the bracket that opens at a place is closed."""
    depth = 0
    for match in _STRUCTURE.finditer(pattern, at):
        depth += (match[0] == "(") - (match[0] == ")")
        if depth == 0 and match[0] == ")":
            return match.end()
    return len(pattern)


def _parts(pattern: str) -> list[str]:
    """The alternatives of an expression."""
    parts, start, depth = [], 0, 0
    for match in _STRUCTURE.finditer(pattern) if "|" in pattern else ():
        depth += (match[0] == "(") - (match[0] == ")")
        if match[0] == "|" and depth == 0:
            parts.append(pattern[start : match.start()])
            start = match.end()
    return [*parts, pattern[start:]]
