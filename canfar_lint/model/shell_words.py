"""The words of shell text: quotations, escapes, expansions, and the offsets of each piece."""

from __future__ import annotations

import re

from canfar_lint.model.shell_nodes import (
    ARITHMETIC,
    COMMAND,
    LITERAL,
    PROCESS,
    VARIABLE,
    Block,
    Command,
    Part,
    Redirect,
    Word,
)

DEEPEST = 48
"""Levels of nesting after which a text is refused: Python's own stack must hold them, whoever calls."""
_SECOND_LOOKS = 32
"""How many `((` may turn out to be two parentheses before a text is refused: each is read twice."""

PLAIN = re.compile(r"[^ \t\r\n\\'\"`$|&;()<>]+")
_IN_QUOTES = re.compile(r"[^\\\"`$]+")
_IN_BRACES = re.compile(r"[^\\'\"`$}]+")
_IN_BRACES_TO_SLASH = re.compile(r"[^\\'\"`$}/]+")
_IN_QUOTED_BRACES = re.compile(r"[^\\\"`$}]+")
IN_BODY = re.compile(r"[^\\`$]+")
_BLANK = re.compile(r"(?:[ \t]+|\\\r?\n|\r(?=\n))+")
_PARAMETER = re.compile(r"([A-Za-z_]\w*|[0-9]+|[@*#?$!-])", re.ASCII)
_OPERATOR = re.compile(r":[-=+?]|[-=+?]|##?|%%?|//?|\^\^?|,,?|@[A-Za-z]|:")
_ANSI = re.compile(r"[^\\']+|\\(?:x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|c.|.)", re.S)
_ANSI_CODES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
DELIMITERS = frozenset(" \t\r\n;|&()<>")
_IN_ARITHMETIC = re.compile(r"[^][\\'\"`$()]+")
_ESCAPED = {'"': '$`"\\', "$": "$`\\", "}": '$`"\\}'}


class Unreadable(Exception):
    """The text is not shell as this grammar knows it; `at` is the offset in the file."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class Found:
    """What the readers of one script fill together.

    `whole` counts the commands and blocks before the line being read that a shell, which reads line by line, has run
    by then.
    """

    __slots__ = ("blocks", "commands", "functions", "second_looks", "whole")

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.blocks: list[Block] = []
        self.functions: dict[str, Block] = {}
        self.second_looks = _SECOND_LOOKS
        self.whole = 0, 0


class WordReader:
    """Reads the words of one text; what reads commands is built on it.

    `starts` and `ends` give each character's place in the file; without them it is `base + i`.
    """

    __slots__ = (
        "base",
        "bash",
        "blocks",
        "depth",
        "ends",
        "found",
        "i",
        "n",
        "not_arithmetic",
        "pending",
        "starts",
        "t",
    )

    def __init__(
        self,
        text: str,
        base: int,
        bash: bool,
        found: Found,
        starts: list[int] | None = None,
        ends: list[int] | None = None,
        blocks: tuple[Block, ...] = (),
        depth: int = 0,
    ) -> None:
        self.t = text
        self.i = 0
        self.n = len(text)
        self.base = base
        self.bash = bash
        self.found = found
        self.starts = starts
        self.ends = ends
        self.blocks = blocks
        self.depth = depth
        self.pending: list[tuple[Redirect, str, bool]] = []
        self.not_arithmetic: set[int] = set()

    # places

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The span in the file of the characters `start:end` of the text."""
        if self.starts is None or self.ends is None:
            return self.base + start, self.base + end
        return self.starts[start], self.ends[end - 1] if end > start else self.starts[start]

    def fail(self, message: str, at: int | None = None) -> Unreadable:
        return Unreadable(message, self.place(self.i if at is None else at, self.i if at is None else at)[0])

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("nested too deeply")

    # blanks

    def skip(self) -> None:
        """Over blanks, continuations, and a comment if one starts here."""
        i = self.i
        t = self.t
        if i < self.n and t[i] in " \t\\\r":
            m = _BLANK.match(t, i, self.n)
            if m:
                i = m.end()
        if i < self.n and t[i] == "#" and (i == 0 or t[i - 1] in DELIMITERS or t[i - 1] == "`"):
            i = t.find("\n", i, self.n)
            if i < 0:
                i = self.n
        self.i = i

    def newlines(self) -> None:
        """Over blanks, comments and newlines, reading the heredoc bodies that begin behind one."""
        while True:
            self.skip()
            if self.i >= self.n or self.t[self.i] != "\n":
                return
            self.i += 1
            if self.pending:
                self.bodies()

    # words

    def part(self, kind: str, start: int, end: int, text: str, quoted: bool) -> Part:
        return Part(kind, *self.place(start, end), text, quoted, (start, end))

    def literal(self, start: int, end: int) -> Word:
        text = self.t[start:end]
        return Word(text, *self.place(start, end), text, False, None, self.bash)

    def word(self) -> Word:
        """The word that starts here. Raises `Unreadable` if none does."""
        t, i = self.t, self.i
        m = PLAIN.match(t, i, self.n)
        if m:
            e = m.end()
            if e >= self.n or (t[e] in DELIMITERS and t[e] != "\r" and not t.startswith(("(", "<(", ">("), e)):
                self.i = e
                text = m[0]
                if self.starts is None:
                    start, end = self.base + i, self.base + e
                else:
                    start, end = self.place(i, e)
                if "{" in text and self.bash and _expands(text):
                    part = Part(LITERAL, start, end, text, False, (i, e))
                    return Word(text, start, end, None, False, (part,), True)
                if self.starts is None:
                    word = Word(text, start, end, text, False, None, self.bash)
                else:
                    part = Part(LITERAL, start, end, text, False, (i, e))
                    word = Word(text, start, end, text, False, (part,), self.bash)
                return word
        parts: list[Part] = []
        self.deeper()
        while self.i < self.n:
            if t[self.i] in DELIMITERS:
                if not self.delimiter(parts, self.i > i):
                    break
            elif not self.piece(parts, PLAIN, False):
                break
        self.depth -= 1
        if self.i == i:
            raise self.fail(f"unexpected {t[i : i + 1]!r}" if i < self.n else "unexpected end of the text")
        return self.made(i, parts)

    def delimiter(self, parts: list[Part], within: bool) -> bool:
        """A piece of a word that begins with a delimiter; False if the word ends here. `within`: it has begun."""
        t, i = self.t, self.i
        c = t[i]
        if c == "\r" and not t.startswith("\n", i + 1):
            parts.append(self.part(LITERAL, i, i + 1, c, False))
            self.i += 1
        elif c in "<>" and t.startswith("(", i + 1):
            parts.append(self.substitution(PROCESS, i, 2, False))
        elif c == "(" and within and t[i - 1] in "?*+@!" and self.bash:
            self.extended_glob(parts)
        else:
            return False
        return True

    def made(self, start: int, parts: list[Part]) -> Word:
        """The word from `start` to here."""
        text = self.t[start : self.i]
        value: str | None = None
        quoted = False
        for part in parts:
            if part.kind != LITERAL:
                break
        else:
            value = "".join([part.text for part in parts])
            if self.bash and "{" in text and _expands("".join(["_" if part.quoted else part.text for part in parts])):
                value = None
        if "'" in text or '"' in text or "\\" in text:
            quoted = any(part.quoted for part in parts) or text[:1] in "'\"" or not parts
            quoted = quoted or '""' in text or "''" in text
        return Word(text, *self.place(start, self.i), value, quoted, tuple(parts), self.bash)

    def extended_glob(self, parts: list[Part]) -> None:
        """`(a|b)` behind one of `? * + @ !`, as literal text."""
        self.deeper()
        t = self.t
        start = self.i
        self.i += 1
        parts.append(self.part(LITERAL, start, self.i, "(", False))
        while True:
            if self.i >= self.n:
                raise self.fail("`)` is missing after a pattern", start)
            c = t[self.i]
            if c == ")":
                break
            if c == "(":
                self.extended_glob(parts)
            elif c in "|<>&; \t\r\n":
                parts.append(self.part(LITERAL, self.i, self.i + 1, c, False))
                self.i += 1
            elif not self.piece(parts, PLAIN, False):
                raise self.fail("an unreadable pattern")
        parts.append(self.part(LITERAL, self.i, self.i + 1, ")", False))
        self.i += 1
        self.depth -= 1

    def piece(self, parts: list[Part], run: re.Pattern[str], quoted: bool, single: bool = True) -> bool:
        """One piece of a word: a run of plain text, an escape, a quotation, an expansion; False if none starts here.

        With `quoted`, single quotes are text and a backslash escapes only what it escapes in double quotes.
        """
        t, i = self.t, self.i
        m = run.match(t, i, self.n)
        if m:
            self.i = m.end()
            parts.append(self.part(LITERAL, i, self.i, m[0], quoted))
            return True
        c = t[i]
        if c == "$":
            return self.dollar(parts, quoted)
        if c == '"':
            if run is _IN_QUOTES or run is IN_BODY:
                return False
            self.double_quotes(parts)
            return True
        if c == "'" and not quoted and single:
            end = t.find("'", i + 1, self.n)
            if end < 0:
                raise self.fail("a single quote is not closed")
            if end > i + 1:
                parts.append(self.part(LITERAL, i + 1, end, t[i + 1 : end], True))
            self.i = end + 1
            return True
        if c == "\\":
            self.escape(parts, run, quoted)
            return True
        if c == "`":
            parts.append(self.backquotes(quoted))
            return True
        return False

    def escape(self, parts: list[Part], run: re.Pattern[str], quoted: bool) -> None:
        t, i = self.t, self.i
        after = t[i + 1 : min(i + 3, self.n)]
        if after[:1] == "\n" or after == "\r\n":
            self.i = i + 1 + after.index("\n") + 1
            return
        escapable = _ESCAPED["}" if run is _IN_QUOTED_BRACES else "$" if run is IN_BODY else '"']
        if not after or (quoted and after[0] not in escapable):
            parts.append(self.part(LITERAL, i, i + 1, "\\", quoted))
            self.i = i + 1
            return
        parts.append(self.part(LITERAL, i, i + 2, after[0], True))
        self.i = i + 2

    def double_quotes(self, parts: list[Part]) -> None:
        start = self.i
        self.i += 1
        self.deeper()
        while True:
            if self.i >= self.n:
                raise self.fail("a double quote is not closed", start)
            if not self.piece(parts, _IN_QUOTES, True):
                break
        self.i += 1
        self.depth -= 1

    def ansi(self, parts: list[Part]) -> None:
        """`$'…'`; the dollar is at the current place."""
        start = self.i
        i = start + 2
        t = self.t
        while True:
            if i >= self.n:
                raise self.fail("a single quote is not closed", start)
            if t[i] == "'":
                break
            m = _ANSI.match(t, i, self.n)
            if not m:
                raise self.fail("a single quote is not closed", start)
            parts.append(self.part(LITERAL, i, m.end(), _decoded(m[0]), True))
            i = m.end()
        self.i = i + 1

    # expansions

    def dollar(self, parts: list[Part], quoted: bool) -> bool:
        t, i = self.t, self.i
        c = t[i + 1 : i + 2] if i + 1 < self.n else ""
        if c == "(":
            if t.startswith("((", i + 1) and self.arithmetic(i + 1, 2):
                parts.append(self.part(ARITHMETIC, i, self.i, t[i : self.i], quoted))
            else:
                self.i = i
                parts.append(self.substitution(COMMAND, i, 2, quoted))
        elif c == "{":
            parts.append(self.parameter(quoted))
        elif c == "[":
            if not self.arithmetic(i + 1, 1):
                parts.append(self.part(LITERAL, i, i + 1, "$", quoted))
                self.i = i + 1
            else:
                parts.append(self.part(ARITHMETIC, i, self.i, t[i : self.i], quoted))
        elif c == "'" and not quoted:
            self.ansi(parts)
        elif c == '"' and not quoted:
            self.i = i + 1
            self.double_quotes(parts)
        else:
            m = _PARAMETER.match(t, i + 1, self.n)
            if m:
                end = m.end() if not c.isdigit() else i + 2
                part = self.part(VARIABLE, i, end, t[i:end], quoted)
                part.name = t[i + 1 : end]
                parts.append(part)
                self.i = end
            else:
                parts.append(self.part(LITERAL, i, i + 1, "$", quoted))
                self.i = i + 1
        return True

    def substitution(self, kind: str, start: int, opening: int, quoted: bool) -> Part:
        """`$( … )`, `<( … )`, `>( … )`: its commands are commands of the script."""
        self.i = start + opening
        block = self.open("substitution" if kind == COMMAND else "process", start, self.t[start : start + opening], "")
        pending, self.pending = self.pending, []
        self.body((), ")")
        self.i += 1
        self.pending = pending + self.pending
        self.blocks = self.blocks[:-1]
        part = self.part(kind, start, self.i, self.t[start : self.i], quoted)
        block.end = part.end
        return part

    def backquotes(self, quoted: bool) -> Part:
        start = self.i
        t = self.t
        i = start + 1
        plain = True
        while True:
            if i >= self.n:
                raise self.fail("a backquote is not closed", start)
            c = t[i]
            if c == "`":
                break
            if c == "\\":
                if t[i + 1 : i + 2] in ("`", "\\", "$", '"'):
                    plain = False
                i += 1
            i += 1
        if i >= self.n:
            raise self.fail("a backquote is not closed", start)
        block = self.open("substitution", start, "`", "")
        if plain:
            here, self.n, self.i = self.n, i, start + 1
            pending, self.pending = self.pending, []
            self.body(())
            if self.i < self.n:
                raise self.fail(f"unexpected `{t[self.i]}`")
            self.bodies()
            self.n, self.pending = here, pending
        else:
            self.unescaped(start + 1, i, quoted)
        self.i = i + 1
        self.blocks = self.blocks[:-1]
        part = self.part(COMMAND, start, self.i, t[start : self.i], quoted)
        block.end = part.end
        return part

    def parameter(self, quoted: bool) -> Part:
        """`${…}`."""
        start = self.i
        t = self.t
        i = start + 2
        prefix = ""
        m = _PARAMETER.match(t, i, self.n)
        if m and m[0] in "!#" and not t.startswith("}", m.end()):
            inner = _PARAMETER.match(t, m.end(), self.n)
            if inner and (m[0] == "!" or t[inner.end() : inner.end() + 1] in ("}", "[")):
                prefix, m = m[0], inner
        if not m:
            raise self.fail("an unreadable `${`", start)
        self.i = m.end()
        name = m[0]
        index = self.subscript() if t.startswith("[", self.i) else ""
        op, arguments = self.operator(quoted, start)
        part = self.part(VARIABLE, start, self.i, t[start : self.i], quoted)
        part.name, part.index, part.arguments = name, index, arguments
        part.op = {"!": "!", "#": "length"}.get(prefix, op)
        return part

    def subscript(self) -> str:
        start = self.i
        if not self.arithmetic(start, 1):
            raise self.fail("`]` is missing")
        return self.t[start : self.i]

    def operator(self, quoted: bool, start: int) -> tuple[str, tuple[Word, ...]]:
        t = self.t
        if self.i < self.n and t[self.i] == "}":
            self.i += 1
            return "", ()
        m = _OPERATOR.match(t, self.i, self.n)
        if not m:
            if t.startswith(("*}", "@}"), self.i):
                self.i += 2
                return t[self.i - 2], ()
            raise self.fail("an unreadable `${`", start)
        op = m[0]
        self.i = m.end()
        if op == "@" or op[0] == "@":
            if not t.startswith("}", self.i):
                raise self.fail("an unreadable `${`", start)
            self.i += 1
            return op, ()
        quotes = quoted and op[0] not in "#%/^,"
        arguments = []
        if op in ("/", "//"):
            arguments.append(self.braced(_IN_BRACES_TO_SLASH, False, start, to_slash=True))
            if t.startswith("/", self.i):
                self.i += 1
                arguments.append(self.braced(_IN_BRACES, False, start))
        else:
            arguments.append(self.braced(_IN_QUOTED_BRACES if quotes else _IN_BRACES, quotes, start))
        self.i += 1
        return op, tuple(arguments)

    def braced(self, run: re.Pattern[str], quoted: bool, opened: int, to_slash: bool = False) -> Word:
        """The argument of an operator: up to the closing brace, or a slash."""
        start = self.i
        parts: list[Part] = []
        t = self.t
        self.deeper()
        while True:
            if self.i >= self.n:
                raise self.fail("`}` is missing", opened)
            c = t[self.i]
            if c == "}" or (to_slash and c == "/" and self.i > start):
                break
            if to_slash and c == "/":
                parts.append(self.part(LITERAL, self.i, self.i + 1, c, False))
                self.i += 1
            elif not self.piece(parts, run, quoted):
                raise self.fail("an unreadable `${`", opened)
        self.depth -= 1
        return self.made(start, parts)

    def arithmetic(self, start: int, opening: int) -> bool:
        """Read `(( … ))` or `[ … ]` from `start`; False, with nothing read, if the parentheses are no pair of pairs."""
        if start in self.not_arithmetic:
            return False
        first, last = len(self.found.commands), len(self.found.blocks)
        depth, blocks, pending = self.depth, self.blocks, self.pending
        self.i = start + opening
        self.deeper()
        try:
            if self.balanced(opening):
                self.depth -= 1
                return True
        except Unreadable:
            if opening == 1 or self.depth >= DEEPEST:
                raise
        self.found.second_looks -= 1
        if self.found.second_looks < 0:
            raise self.fail("too many nested parentheses", start)
        del self.found.commands[first:], self.found.blocks[last:]
        self.depth, self.blocks, self.pending = depth, blocks, pending
        self.not_arithmetic.add(start)
        self.i = start
        return False

    def balanced(self, opening: int) -> bool:
        """Over an arithmetic expression and its closing `))` or `]`; False if something else closes it."""
        t = self.t
        stack: list[str] = []
        parts: list[Part] = []
        while self.i < self.n:
            c = t[self.i]
            if c in "([":
                stack.append(c)
            elif c in ")]":
                if stack:
                    if (stack.pop() == "(") != (c == ")"):
                        return False
                elif opening == 1:
                    self.i += 1
                    return c == "]"
                else:
                    closed = t.startswith("))", self.i) and self.i + 1 < self.n
                    self.i += 2
                    return closed
            elif c not in " \t\r\n;|&<>{}#" and self.piece(parts, _IN_ARITHMETIC, False, c != "'" or opening == 2):
                continue
            self.i += 1
        raise self.fail("an arithmetic expression is not closed")

    # what the reader of commands adds

    def body(self, stop: tuple[str, ...], close: str = "") -> str:
        raise NotImplementedError

    def open(self, kind: str, start: int, keyword: str, before: str) -> Block:
        raise NotImplementedError

    def bodies(self) -> None:
        raise NotImplementedError

    def unescaped(self, start: int, end: int, quoted: bool) -> None:
        raise NotImplementedError


def _expands(text: str) -> bool:
    """Whether the unquoted text has a brace expansion (or something that looks like `{a..b}`)."""
    if "," not in text and ".." not in text:
        return False
    open_: list[bool] = []
    for i, c in enumerate(text):
        if c == "{":
            open_.append(False)
        elif open_ and (c == "," or text.startswith("..", i)):
            open_[-1] = True
        elif c == "}" and open_ and open_.pop():
            return True
    return False


def _decoded(text: str) -> str:
    """The character of an escape in `$'…'`, or the plain run itself."""
    if text[0] != "\\":
        return text
    kind = text[1]
    if kind in "xuU" and len(text) > 2:
        code = int(text[2:], 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    if kind in "01234567":
        return chr(int(text[1:], 8) & 0xFF)
    if kind == "c" and len(text) > 2:
        return chr(ord(text[2]) & 0x1F)
    return _ANSI_CODES.get(kind, kind if kind in "\\'\"?" else text[1:] if kind == "\n" else kind)
