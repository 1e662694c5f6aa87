"""What words become: brace and parameter expansion, and the variables a script surely sets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from canfar_lint.model.shell_nodes import LITERAL, VARIABLE, Assigned, Command, Part, Script, Word

_MOST_WORDS = 256
_MOST_LEVELS = 16
_LONGEST = 65536
_CERTAIN = frozenset(["group", "not"])
_SETTING = frozenset(["export", "declare", "typeset", "local", "readonly"])
_READING = frozenset(["read", "mapfile", "readarray", "getopts", "unset", "printf", "let"])
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def expand(word: Word, env: Mapping[str, str]) -> str | None:
    """The value of `word` where exactly the variables of `env` are known; None if it needs another, or a command.

    A variable that is not in `env` is unknown, not unset: `${X:-a}` is then None as well.
    """
    return _expand(word, env, 0)


def expand_part(part: Part, env: Mapping[str, str]) -> str | None:
    """The value of one expansion, as `expand` gives it for a word."""
    return _variable(part, env, 0)


def _expand(word: Word, env: Mapping[str, str], level: int) -> str | None:
    if word.value is not None:
        return word.value
    if word.items is not None or level > _MOST_LEVELS:
        return None
    pieces = []
    for part in word.parts:
        text = part.text if part.kind == LITERAL else _variable(part, env, level + 1)
        if text is None:
            return None
        pieces.append(text)
    value = "".join(pieces)
    return value if len(value) <= _LONGEST else None


def _variable(part: Part, env: Mapping[str, str], level: int) -> str | None:
    if part.kind != VARIABLE or part.index or part.name not in env:
        return None
    value = env[part.name]
    op = part.op
    if op == "":
        return value
    if op == "length":
        return str(len(value))
    if op in (":-", ":=", ":?"):
        return value if value else (_expand(part.arguments[0], env, level) if op != ":?" else None)
    if op in ("-", "=", "?"):
        return value
    if op == ":+" and not value:
        return ""
    arguments = [_expand(argument, env, level) for argument in part.arguments]
    known = [argument for argument in arguments if argument is not None]
    if not known or len(known) != len(arguments):
        return None
    if op in (":+", "+"):
        return known[0]
    if op in ("#", "##", "%", "%%"):
        return _trimmed(value, op, part.arguments[0], known[0])
    if op in ("/", "//"):
        return _replaced(value, op, part.arguments[0], known)
    return _shaped(value, op, known[0])


def _shaped(value: str, op: str, argument: str) -> str | None:
    """Substrings with plain numbers, and changes of case without a pattern."""
    if op == ":":
        m = re.fullmatch(r" *(-?\d+)(?: *: *(\d+))? *", argument)
        if not m:
            return None
        at = int(m[1])
        at = max(len(value) + at, 0) if at < 0 else at
        return value[at : at + int(m[2])] if m[2] else value[at:]
    if argument:
        return None
    if op in ("^", ","):
        return (value[:1].upper() if op == "^" else value[:1].lower()) + value[1:]
    return {"^^": value.upper(), ",,": value.lower()}.get(op)


def _pattern(word: Word, text: str, *, greedy: bool) -> re.Pattern[str] | None:
    """A glob as a regular expression; None for those that cannot be matched in linear time or are not understood."""
    pieces = [(text, False)] if word.dynamic else [(part.text, part.quoted) for part in word.parts]
    out = []
    stars = 0
    for piece, quoted in pieces:
        for c in piece:
            if quoted or c not in "*?[":
                out.append(re.escape(c))
            elif c == "[":
                return None
            elif c == "?":
                out.append(".")
            elif not out or out[-1][:2] != ".*":
                stars += 1
                out.append(".*" if greedy else ".*?")
    return re.compile("".join(out), re.S) if stars <= 2 else None


def _trimmed(value: str, op: str, word: Word, text: str) -> str | None:
    pattern = _pattern(word, text, greedy=len(op) == 2)
    if pattern is None:
        return None
    if op[0] == "#":
        m = pattern.match(value)
        return value[m.end() :] if m else value
    starts = range(len(value) + 1) if len(op) == 2 else range(len(value), -1, -1)
    if len(value) > 4096:
        return None
    for start in starts:
        if pattern.fullmatch(value, start):
            return value[:start]
    return value


def _replaced(value: str, op: str, word: Word, known: list[str]) -> str | None:
    text = known[0]
    anchor = text[:1] if text[:1] in ("#", "%") and op == "/" else ""
    if not text or (anchor and word.dynamic) or len(value) > 4096:
        return None
    new = known[1] if len(known) > 1 else ""
    if "&" in new:
        return None
    if anchor:
        if any(c in text for c in "*?["):
            return None
        bare = text[1:]
        if anchor == "#":
            return new + value[len(bare) :] if value.startswith(bare) else value
        return value[: len(value) - len(bare)] + new if value.endswith(bare) else value
    pattern = _pattern(word, text, greedy=True)
    if pattern is None:
        return None
    return pattern.sub(lambda _: new, value, count=1 if op == "/" else 0)


def braces(word: Word) -> tuple[str, ...] | None:
    """The words that brace expansion makes of a word without other expansions; None if too many or not understood."""
    chars = [(c, part.quoted) for part in word.parts for c in part.text]
    if len(chars) > 1024:
        return None
    try:
        found = _braced(chars, 0)
    except OverflowError:
        return None
    return tuple("".join(c for c, _ in one) for one in found)


_Chars = list[tuple[str, bool]]


def _braced(chars: _Chars, level: int) -> list[_Chars]:
    if level > _MOST_LEVELS:
        raise OverflowError
    for start, char in enumerate(chars):
        if char != ("{", False) or (start and chars[start - 1] == ("$", False)):
            continue
        choice = _choice(chars, start)
        if choice is None:
            continue
        options, end = choice
        after = _braced(chars[end:], level + 1)
        inner = [one for option in options for one in _braced(option, level + 1)]
        if len(inner) * len(after) > _MOST_WORDS:
            raise OverflowError
        return [chars[:start] + one + rest for one in inner for rest in after]
    return [chars]


def _choice(chars: _Chars, start: int) -> tuple[list[_Chars], int] | None:
    """The alternatives of the brace at `start` and the index behind it; None if it is plain text."""
    depth = 0
    options: list[_Chars] = []
    at = start + 1
    for i in range(start, len(chars)):
        c, quoted = chars[i]
        if quoted:
            continue
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                if options:
                    return [*options, chars[at:i]], i + 1
                series = _series("".join(one for one, _ in chars[at:i]))
                return None if series is None else ([[(one, False) for one in text] for text in series], i + 1)
        elif c == "," and depth == 1:
            options.append(chars[at:i])
            at = i + 1
    return None


def _series(text: str) -> list[str] | None:
    m = re.fullmatch(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?", text)
    if not m:
        m = re.fullmatch(r"([a-zA-Z])\.\.([a-zA-Z])", text)
        if not m:
            return None
        a, b = ord(m[1]), ord(m[2])
        return [chr(code) for code in (range(a, b + 1) if a <= b else range(a, b - 1, -1))]
    if max(len(part) for part in m.groups("")) > 9:
        raise OverflowError
    first, last = int(m[1]), int(m[2])
    step = abs(int(m[3])) if m[3] and int(m[3]) else 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    if len(numbers) > _MOST_WORDS:
        raise OverflowError
    wide = any(part.lstrip("-").startswith("0") and len(part.lstrip("-")) > 1 for part in (m[1], m[2]))
    width = max(len(m[1]), len(m[2])) if wide else 0
    return [f"{number:0{width}d}" if width else str(number) for number in numbers]


# variables


def assigned(script: Script) -> list[Assigned]:
    """Every setting of a variable that outlasts its command, in source order."""
    found = [entry for command in script.commands for entry in _assigned(command)]
    for block in script.blocks:
        if block.name and block.kind in ("loop", "select"):
            found.append(Assigned(block.name, None, None, block.start, block.start, None, (block,), False))
    found += _defaults(script)
    found.sort(key=lambda entry: entry.start)
    return found


def _assigned(command: Command) -> Iterator[Assigned]:
    if not command.words:
        for name, word in command.assignments:
            yield _entry(name, word, command, False)
        return
    if command.name in _SETTING:
        exported = command.name == "export" or any(
            word.head.startswith("-") and "x" in word.head for word in command.arguments
        )
        for word in command.arguments:
            name, equals, _ = word.head.partition("=")
            if equals and _NAME.match(name.rstrip("+")):
                yield _entry(name, word.behind(len(name) + 1), command, exported)
    elif command.name in _READING:
        for i, word in enumerate(command.arguments):
            text = word.value or ""
            if command.name == "printf" and (i == 0 or command.arguments[i - 1].value != "-v"):
                continue
            text = text.partition("=")[0].rstrip("+-*/%")
            if _NAME.match(text):
                yield Assigned(text, None, word, word.start, word.end, command, command.blocks, False)


def _entry(name: str, word: Word, command: Command, exported: bool) -> Assigned:
    plain = not word.append and not name.endswith("+") and "[" not in name
    value = word.value if plain else None
    bare = name.rstrip("+").partition("[")[0]
    return Assigned(bare, value, word, word.start, word.end, command, command.blocks, exported)


def _defaults(script: Script) -> Iterator[Assigned]:
    """`${X:=…}` sets X, where anything may have set it before."""
    for command in script.commands:
        for word in command.words:
            if "=" in word.text and "${" in word.text:
                for part in word.parts:
                    if part.kind == VARIABLE and part.op in (":=", "="):
                        yield Assigned(part.name, None, word, part.start, part.end, command, command.blocks, False)


def only_words(script: Script) -> dict[str, Word]:
    """The word that a variable is set to, of variables that are set once, in straight line."""
    return script.memo("only words", _only_words)


def _only_words(script: Script) -> dict[str, Word]:
    found: dict[str, Word] = {}
    several: set[str] = set()
    for entry in script.assignments:
        plain = entry.command is not None and entry.command.name not in _READING
        straight = all(block.kind in _CERTAIN for block in entry.blocks)
        if entry.name in found or not plain or not straight or entry.word is None or entry.word.append:
            several.add(entry.name)
        else:
            found[entry.name] = entry.word
    return {name: word for name, word in found.items() if name not in several}


class Variables(Mapping[str, str]):
    """The variables whose value is certain at one place of a script.

    A name counts up to its first assignment in a branch, loop, function or subshell; a name assigned more than once is
    certain only outside functions, and one that is so assigned only outside loops.
    """

    def __init__(
        self, histories: Mapping[str, History], at: int, inside: bool, outer: Mapping[str, str], looped: bool = False
    ) -> None:
        """`inside` a function, whose calls may stand anywhere; `looped` where what stands below may run before."""
        self.histories = histories
        self.at = at
        self.inside = inside
        self.outer = outer
        self.looped = looped

    def __getitem__(self, name: str) -> str:
        value = self._value(name)
        if value is None:
            raise KeyError(name)
        return value

    def _value(self, name: str) -> str | None:
        history = self.histories.get(name)
        if history is None:
            return self.outer.get(name)
        if (self.inside and len(history.starts) > 1) or ((self.inside or self.looped) and history.crooked):
            return None
        before = bisect_left(history.starts, self.at)
        return history.values[before - 1] if before else self.outer.get(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self.histories, **self.outer} if self._value(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class History:
    """The values of one variable, each from an offset on; None where it is not certain."""

    __slots__ = ("crooked", "starts", "values")

    def __init__(self) -> None:
        self.crooked = False
        self.starts: list[int] = []
        self.values: list[str | None] = []


def histories(script: Script) -> dict[str, History]:
    """What is certain of every variable the script sets: nothing any more, once it is set but in straight line."""
    found: dict[str, History] = {}
    known: dict[str, str] = {}
    for entry in script.assignments:
        history = found.setdefault(entry.name, History())
        history.crooked = history.crooked or not all(block.kind in _CERTAIN for block in entry.blocks)
        if history.crooked:
            known.pop(entry.name, None)
            history.starts.append(entry.start)
            history.values.append(None)
            continue
        value = entry.value
        plain = entry.command is not None and entry.command.name not in _READING
        if value is None and plain and entry.word is not None and not entry.word.append:
            value = expand(entry.word, known)
        if value is None:
            known.pop(entry.name, None)
        else:
            known[entry.name] = value
        history.starts.append(entry.start)
        history.values.append(value)
    return found
