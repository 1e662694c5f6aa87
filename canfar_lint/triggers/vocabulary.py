"""Which of the stretches of letters that triggers ask for are part of which word, remembered from file to file: files
share most of their words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# a shorter stretch is in most files
_LEAST = 3
_MOST_WORDS = 200_000

_Three = tuple[int, int, int]


class Vocabulary(NamedTuple):
    """Of the stretches `asked` for, those that are a word of a file or part of one."""

    found: frozenset[bytes]
    asked: frozenset[bytes]

    def may_hold(self, part: bytes) -> bool:
        return part in self.found or part not in self.asked


class _Memory:
    """The words seen so far, and those among them that hold something of what is asked for.

    Threads share it. A word is known only once all that it holds is written down, and what is asked for anew begins
    another memory, so that who has taken hold of one is told nothing wrong.
    """

    def __init__(self, asked: frozenset[bytes]) -> None:
        self.asked = asked
        # by its first three bytes, each with its last three
        self.by_start: dict[_Three, list[tuple[bytes, _Three]]] = {}
        for part in asked:
            start, end = (part[0], part[1], part[2]), (part[-3], part[-2], part[-1])
            self.by_start.setdefault(start, []).append((part, end))
        self.known: set[bytes] = set()
        self.holding: dict[bytes, list[bytes]] = {}

    def learn(self, words: frozenset[bytes]) -> None:
        text = b" ".join((b"", *words, b""))
        for part in self._likely(text):
            at = text.find(part)
            while at >= 0:
                end = text.find(b" ", at)
                self.holding.setdefault(text[text.rfind(b" ", 0, at) + 1 : end], []).append(part)
                at = text.find(part, end)
        self.known.update(words)

    def _likely(self, text: bytes) -> list[bytes]:
        """What of that which is asked for begins and ends like something in a text."""
        threes = set(zip(text, text[1:], text[2:], strict=False))
        begun = [each for three in self.by_start.keys() & threes for each in self.by_start[three]]
        return [part for part, end in begun if end in threes]


_memory = _Memory(frozenset())


def ask(parts: Iterable[bytes]) -> None:
    """Say what will be asked for."""
    global _memory
    asked = _memory.asked.union(part for part in parts if len(part) >= _LEAST)
    if asked != _memory.asked:
        _memory = _Memory(asked)


def is_asked(part: bytes) -> bool:
    """Whether it is remembered which words hold a part."""
    return part in _memory.asked


def vocabulary(words: frozenset[bytes]) -> Vocabulary:
    """What a file with these words holds."""
    global _memory
    memory = _memory
    new = words - memory.known
    if new and len(memory.known) > _MOST_WORDS:
        memory = _memory = _Memory(memory.asked)
        new = words
    if new:
        memory.learn(new)
    holding = memory.holding
    return Vocabulary(frozenset().union(*map(holding.__getitem__, holding.keys() & words)), memory.asked)
