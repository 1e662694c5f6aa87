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
    """The words seen so far, and those among them that hold something."""

    def __init__(self) -> None:
        self.asked: frozenset[bytes] = frozenset()
        # by its first three bytes, each with its last three
        self.by_start: dict[_Three, list[tuple[bytes, _Three]]] = {}
        self.known: set[bytes] = set()
        self.holding: dict[bytes, list[bytes]] = {}

    def ask(self, parts: set[bytes]) -> None:
        self.asked |= parts
        for part in parts:
            start, end = (part[0], part[1], part[2]), (part[-3], part[-2], part[-1])
            self.by_start.setdefault(start, []).append((part, end))
        self.forget()

    def forget(self) -> None:
        self.known.clear()
        self.holding.clear()

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


_memory = _Memory()


def ask(parts: Iterable[bytes]) -> None:
    """Say what will be asked for."""
    new = {part for part in parts if len(part) >= _LEAST} - _memory.asked
    if new:
        _memory.ask(new)


def is_asked(part: bytes) -> bool:
    """Whether it is remembered which words hold a part."""
    return part in _memory.asked


def vocabulary(words: frozenset[bytes]) -> Vocabulary:
    """What a file with these words holds."""
    new = words - _memory.known
    if new:
        if len(_memory.known) > _MOST_WORDS:
            _memory.forget()
            new = words
        _memory.learn(new)
    holding = _memory.holding
    return Vocabulary(frozenset().union(*map(holding.__getitem__, holding.keys() & words)), _memory.asked)
