"""ARG and ENV: who defines a variable, what it is worth at an instruction, and BuildKit's substitution in words."""

from __future__ import annotations

import re
from bisect import bisect_left

_NAME = re.compile(r"[0-9]+|[@*#?\-$!]|[^\W\d]\w*")
_PLAIN = re.compile(r"[^$\\`'\"]*")
_DEEPEST = 20
_FARTHEST = 64
_LONGEST = 1 << 16
_LONGEST_TRIMMED = 500


class Unknown:
    """The value of a variable that something outside the file decides: the base image, `--build-arg`, a command."""


UNKNOWN = Unknown()
Value = str | Unknown | None
"""A variable's value, `UNKNOWN`, or None for one that is certainly not set."""


class _Unresolved(Exception):
    pass


class Scope:
    """The variables of one stage (or of the lines before the first FROM), with the instruction that sets each."""

    __slots__ = ("closed", "parent", "parent_position", "values")

    def __init__(self, parent: Scope | None = None, parent_position: int = 0, closed: bool = False) -> None:
        self.values: dict[str, list[tuple[int, Value, bool]]] = {}
        self.parent = parent
        self.parent_position = parent_position
        self.closed = closed
        """Nothing outside this file sets variables: the global scope, and a stage on scratch."""

    def set(self, name: str, position: int, value: Value, *, env: bool) -> None:
        """ENV wins over ARG, however late the ARG stands."""
        history = self.values.setdefault(name, [])
        if not env and history and history[-1][2]:
            return
        history.append((position, value, env))

    def chain(self) -> list[Scope]:
        """This scope and those it inherits ENV from."""
        found: list[Scope] = [self]
        while found[-1].parent is not None and len(found) < _FARTHEST:
            found.append(found[-1].parent)
        return found

    def get(self, name: str, position: int) -> Value:
        """What `name` is worth for the instruction at `position`; of a parent stage only ENV is inherited."""
        scope: Scope | None = self
        inherited = False
        for _ in range(_FARTHEST):
            assert scope is not None
            history = scope.values.get(name)
            if history:
                last = bisect_left(history, position, key=lambda entry: entry[0]) - 1
                if last >= 0 and (history[last][2] or not inherited):
                    return history[last][1]
            if scope.parent is None:
                return None if scope.closed else UNKNOWN
            scope, position, inherited = scope.parent, scope.parent_position, True
        return UNKNOWN


class Environment:
    """The variables one instruction sees."""

    __slots__ = ("_position", "_scope")

    def __init__(self, scope: Scope, position: int) -> None:
        self._scope = scope
        self._position = position

    def get(self, name: str) -> Value:
        return self._scope.get(name, self._position)

    def known(self) -> dict[str, str]:
        """All variables whose value is known here."""
        found: dict[str, str] = {}
        for scope in self._scope.chain():
            for name in scope.values:
                if name not in found and (value := self.text(name)) is not None:
                    found[name] = value
        return found

    def text(self, name: str) -> str | None:
        """The value where it is known, else None."""
        value = self.get(name)
        return value if isinstance(value, str) else None


def expand(text: str, environment: Environment, escape: str = "\\") -> str | None:
    """A word as BuildKit substitutes it, quotes removed; None when it hangs on an unknown variable."""
    if _PLAIN.fullmatch(text):
        return text
    try:
        value = _Expansion(text, environment, escape).word("", 0)
        return value if len(value) <= _LONGEST else None
    except _Unresolved:
        return None


class _Expansion:
    def __init__(self, text: str, environment: Environment, escape: str) -> None:
        self.text = text
        self.environment = environment
        self.escape = escape
        self.at = 0

    def word(self, stop: str, depth: int) -> str:
        """Up to an unquoted `stop` (which is passed), or to the end."""
        text, end = self.text, len(self.text)
        out: list[str] = []
        quote = ""
        while self.at < end:
            char = text[self.at]
            if not quote and char == stop:
                self.at += 1
                return "".join(out)
            if char == quote:
                quote = ""
            elif not quote and char in "'\"":
                quote = char
            elif char == "$" and quote != "'":
                out.append(self.dollar(depth))
                if len(out[-1]) > _LONGEST:
                    raise _Unresolved
                continue
            elif char == self.escape and quote != "'":
                following = text[self.at + 1 : self.at + 2]
                if quote and following not in ('"', "$", self.escape):
                    out.append(char)
                else:
                    self.at += 1
                    out.append(following)
            else:
                out.append(char)
            self.at += 1
        if stop or quote:
            raise _Unresolved
        return "".join(out)

    def dollar(self, depth: int) -> str:
        text = self.text
        self.at += 1
        braced = text.startswith("{", self.at)
        name = _NAME.match(text, self.at + braced)
        if not braced:
            if not name:
                return "$"
            self.at = name.end()
            return self.plain(self.environment.get(name[0]))
        if not name or depth > _DEEPEST:
            raise _Unresolved
        self.at = name.end()
        value = self.environment.get(name[0])
        operator = text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return self.plain(value)
        if operator == ":":
            operator = ":" + text[self.at : self.at + 1]
            self.at += 1
        if operator in ("-", ":-", "+", ":+", "?", ":?"):
            return self.default(operator, value, depth)
        return self.pattern(operator, value, depth)

    @staticmethod
    def plain(value: Value) -> str:
        if isinstance(value, Unknown):
            raise _Unresolved
        return value or ""

    def default(self, operator: str, value: Value, depth: int) -> str:
        start = self.at
        try:
            word: str | None = self.word("}", depth + 1)
        except _Unresolved:
            word = None
            self.at = start
            self.skip()
        if isinstance(value, Unknown):
            raise _Unresolved
        present = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("+"):
            chosen = word if present else ""
        else:
            chosen = value if present else word
            if operator.endswith("?") and not present:
                raise _Unresolved
        if chosen is None:
            raise _Unresolved
        return chosen

    def skip(self) -> None:
        """Past the closing brace of a word that cannot be resolved."""
        depth = 1
        while self.at < len(self.text) and depth:
            depth += {"{": 1, "}": -1}.get(self.text[self.at], 0)
            self.at += 1

    def pattern(self, operator: str, value: Value, depth: int) -> str:
        if operator not in ("#", "%", "/"):
            raise _Unresolved
        double = self.text.startswith(operator, self.at)
        self.at += double
        if operator == "/":
            pattern = _pattern(self.raw("/"))
            replacement, text = self.raw("}"), self.plain(value)
            if len(text) > _LONGEST_TRIMMED:
                raise _Unresolved
            return re.sub(pattern, lambda _: replacement, text, count=0 if double else 1)
        raw, text = self.raw("}"), self.plain(value)
        if len(text) > _LONGEST_TRIMMED:
            raise _Unresolved
        cuts = range(len(text) + 1)
        if operator == "#":
            regex = re.compile(_pattern(raw), re.S)
            fitting = [cut for cut in cuts if regex.fullmatch(text, 0, cut)]
            return text[(max(fitting) if double else min(fitting)) :] if fitting else text
        regex = re.compile(_pattern(raw), re.S)
        fitting = [cut for cut in cuts if regex.fullmatch(text, cut)]
        return text[: (min(fitting) if double else max(fitting))] if fitting else text

    def raw(self, stop: str) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == stop:
                return "".join(out)
            if char == "$":
                raise _Unresolved
            if char == self.escape:
                following = self.text[self.at : self.at + 1]
                self.at += 1
                out.append(following if following in "}/" else char + following)
            else:
                out.append(char)
        raise _Unresolved


def _pattern(glob: str) -> str:
    """BuildKit's wildcards as a regular expression: `*`, `?` and escapes, no brackets."""
    if glob.count("*") > 4 or len(glob) > 200:
        raise _Unresolved
    out: list[str] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "\\" and at + 1 < len(glob):
            at += 1
            char = re.escape(glob[at])
        else:
            char = {"*": ".*", "?": "."}.get(char) or re.escape(char)
        out.append(char)
        at += 1
    return "".join(out)
