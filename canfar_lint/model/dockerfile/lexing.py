"""BuildKit's own word rules: what separates words, where flags end, which words open a heredoc, how a JSON form reads.

They are not the shell's. A heredoc marker must begin its word, its name runs to the end of the word, and one
unbalanced quote in the line switches heredocs off, because BuildKit's lexer then gives up on the whole line.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What Go's `unicode.IsSpace` calls a space; Python's own idea holds four control characters more."""

_MARKER = re.compile(r"([0-9]*)<<(-?)[\t\r ]*([^<]*)", re.S)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAME = re.compile(r"[0-9]+|[@*#?\-$!]|[^\W\d]\w*")
_DEEPEST = 40


class Span(NamedTuple):
    """Characters `start:end` of a logical line, and the text BuildKit makes of them."""

    text: str
    start: int
    end: int


class Marker(NamedTuple):
    """A heredoc marker in a logical line: `[fd]<<[-]name`."""

    name: str
    chomp: bool
    expand: bool
    start: int
    end: int


class Unbalanced(ValueError):
    """The lexer ran into the end of the line inside a quote or a `${`."""


class NotStrings(ValueError):
    """A JSON array that holds something else than strings, which BuildKit refuses."""


def split_flags(text: str, start: int) -> tuple[list[Span], int]:
    """The `--flag=value` words from `start` on, quotes and escapes removed, and where the rest begins."""
    flags: list[Span] = []
    at, end = start, len(text)
    while True:
        while at < end and text[at] in SPACE:
            at += 1
        if not text.startswith("--", at) or at + 2 > end:
            return flags, at
        word, stop = _flag_word(text, at)
        if word == "--":
            return flags, stop
        flags.append(Span(word, at, stop))
        at = stop


def _flag_word(text: str, start: int) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    at, end = start, len(text)
    while at < end:
        char = text[at]
        if not quote and char in SPACE:
            break
        if char == "\\":
            at += 1
            word.append(text[at : at + 1])
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            word.append(char)
        at += 1
    return "".join(word), min(at, end)


def json_strings(text: str, start: int) -> list[Span] | None:
    """The strings of a JSON array that fills `text` from `start` on; None when it is none, which is the shell form.

    Raises `NotStrings`.
    """
    body = text[start:]
    if not body.lstrip(SPACE).startswith("["):
        return None
    try:
        items = json.loads(body.strip(SPACE), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in items):
        raise NotStrings("when using JSON array syntax, arrays must be comprised of strings only")
    places = [m.span() for m in _STRING.finditer(text, start)]
    return [Span(item, *place) for item, place in zip(items, places, strict=False)]


def _no_constant(name: str) -> None:
    raise ValueError(name)


def split_words(text: str, start: int) -> list[Span]:
    """Words separated by blanks, nothing more (FROM, EXPOSE, the shell form of COPY and ADD)."""
    words = []
    at, end = start, len(text)
    while at < end:
        while at < end and text[at] in SPACE:
            at += 1
        stop = at
        while stop < end and text[stop] not in SPACE:
            stop += 1
        if stop > at:
            words.append(Span(text[at:stop], at, stop))
        at = stop
    return words


def split_pairs(text: str, start: int, escape: str) -> list[Span]:
    """Words of ENV, ARG and LABEL: blanks inside quotes or behind the escape character do not separate."""
    words = []
    at, end = start, len(text)
    while at < end:
        if text[at] in SPACE:
            at += 1
            continue
        stop, quote = at, ""
        while stop < end and (quote or text[stop] not in SPACE):
            char = text[stop]
            if char == escape and quote != "'":
                stop += 1
            elif char == quote:
                quote = ""
            elif not quote and char in "'\"":
                quote = char
            stop += 1
        stop = min(stop, end)
        words.append(Span(text[at:stop], at, stop))
        at = stop
    return words


def heredoc_markers(text: str) -> list[Marker]:
    """The heredocs a logical line opens, in order; none when the lexer cannot read the line."""
    if "<<" not in text:
        return []
    try:
        words = _Lexer(text).words()
    except Unbalanced:
        return []
    return [marker for word in words if (marker := _marker(word)) is not None]


def _marker(word: Span) -> Marker | None:
    match = _MARKER.fullmatch(word.text)
    if not match or not match[3]:
        return None
    name = unquote(match[3])
    if name is None:
        return None
    return Marker(name, match[2] == "-", "'" not in match[3] and '"' not in match[3], word.start, word.end)


def unquote(word: str) -> str | None:
    """A word without its quotes and escapes; None when a blank outside quotes makes it two words."""
    out: list[str] = []
    at, end, quote = 0, len(word), ""
    while at < end:
        char = word[at]
        if char == "\\" and quote != "'":
            following = word[at + 1 : at + 2]
            if quote and following not in ('"', "$", "\\"):
                out.append(char)
            else:
                at += 1
                out.append(following)
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char in SPACE:
            if word[at:].strip(SPACE):
                return None
            break
        else:
            out.append(char)
        at += 1
    return "".join(out)


class _Lexer:
    """Walks a line as BuildKit's shell lexer does when it looks for heredocs; keeps only the words' places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def words(self) -> list[Span]:
        text, end = self.text, len(self.text)
        found: list[Span] = []
        start = -1
        while self.at < end:
            char = text[self.at]
            if char in SPACE:
                if start >= 0:
                    found.append(Span(text[start : self.at], start, self.at))
                start = -1
                self.at += 1
                continue
            if start < 0:
                start = self.at
            self.step(char)
        if start >= 0:
            found.append(Span(text[start:end], start, end))
        return found

    def step(self, char: str, depth: int = 0) -> None:
        """Go past one character, or one quoted or substituted part."""
        text = self.text
        if char == "'":
            self.at = self.find("'", self.at + 1) + 1
        elif char == '"':
            self.double_quoted(depth)
        elif char == "$":
            self.dollar(depth)
        elif char == "\\":
            self.at = min(self.at + 2, len(text))
        elif char == "<" and text.startswith("<<", self.at):
            self.at += 2
            while text[self.at : self.at + 1] in ("\t", "\r", " "):
                self.at += 1
        else:
            self.at += 1

    def find(self, char: str, start: int) -> int:
        at = self.text.find(char, start)
        if at < 0:
            raise Unbalanced(char)
        return at

    def double_quoted(self, depth: int) -> None:
        text, end = self.text, len(self.text)
        self.at += 1
        while self.at < end:
            char = text[self.at]
            if char == '"':
                self.at += 1
                return
            if char == "$":
                self.dollar(depth)
            elif char == "\\" and text[self.at + 1 : self.at + 2] in ('"', "$", "\\"):
                self.at += 2
            else:
                self.at += 1
        raise Unbalanced('"')

    def dollar(self, depth: int) -> None:
        text = self.text
        self.at += 1
        name = _NAME.match(text, self.at)
        if not text.startswith("{", self.at):
            self.at = name.end() if name else self.at
            return
        self.at += 1
        name = _NAME.match(text, self.at)
        if text[self.at : self.at + 1] in ("", "{", "}", ":") or depth > _DEEPEST:
            raise Unbalanced("${")
        self.at = name.end() if name else self.at
        operator = text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return
        null_too = operator == ":"
        if null_too:
            operator = text[self.at : self.at + 1]
            self.at += 1
        if operator == "/" and not null_too:
            if text.startswith("/", self.at):
                self.at += 1
            self.until("/", depth)
        elif not operator or operator not in ("+-?" if null_too else "+-?#%"):
            raise Unbalanced("${")
        self.until("}", depth)

    def until(self, stop: str, depth: int) -> None:
        end = len(self.text)
        while self.at < end:
            char = self.text[self.at]
            if char == stop:
                self.at += 1
                return
            self.step(char, depth + 1)
        raise Unbalanced(stop)
