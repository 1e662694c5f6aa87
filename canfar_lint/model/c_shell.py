"""The grammar of the C shell (csh, tcsh), as far as its control flow, assignments and redirections are its own.

What it shares with the other shells, words, quotes, pipelines and lists, is read as theirs. An expression in
parentheses is a command `test` of its operands; `set x = …`, `setenv X …` and `@ x = …` are assignments.
"""

from __future__ import annotations

import re

from canfar_lint.model.shell_nodes import VARIABLE, Block, Command, Part, Redirect, Word
from canfar_lint.model.shell_reader import Reader
from canfar_lint.model.shell_words import DELIMITERS

_KEYWORD = re.compile(
    r"(?:if|else|endif|foreach|while|end|switch|case|default|breaksw|endsw|set|setenv|then|@)(?=[\s(:;&|]|$)"
)
_CLOSING = frozenset(("else", "endif", "end", "endsw"))
_REDIRECT = re.compile(r"()(<<|<|>>?&?!?)()")
_NAME = re.compile(r"(?:-[rfl]+[ \t]+)?([A-Za-z_]\w*)(?:\[[^]\n]*\])?", re.ASCII)
_ASKED_INPUT = "$<"
_COUNTED = re.compile(r"\$[?#]([A-Za-z_]\w*)", re.ASCII)
_REST = re.compile(r"[^\n;]*")


class CReader(Reader):
    """Reads one text of the C shell."""

    __slots__ = ()

    def body(self, stop: tuple[str, ...], close: str = "") -> str:
        """Commands up to a keyword of `stop`, which is read and returned, or to `close`, which is not."""
        self.deeper()
        before = ""
        while True:
            self.newlines()
            if self.i >= self.n or self.t[self.i] == ")":
                break
            keyword = self.reserved()
            if keyword in _CLOSING:
                if keyword not in stop:
                    raise self.fail(f"unexpected `{keyword}`")
                self.i += len(keyword)
                self.depth -= 1
                return keyword
            before = self.and_or(before)
        if stop or (close and not self.t.startswith(close, self.i)):
            raise self.fail(f"`{(stop or (close,))[-1]}` is missing")
        self.depth -= 1
        return ""

    def reserved(self) -> str:
        m = _KEYWORD.match(self.t, self.i, self.n)
        return m[0] if m else ""

    def command(self, before: str) -> Command | Block:
        self.skip()
        start, keyword = self.i, self.reserved()
        if self.i < self.n and self.t[self.i] == "(":
            return self.parentheses(before)
        if not keyword:
            return self.simple(before)
        self.i += len(keyword)
        if keyword == "if":
            return self.if_clause(before, start)
        if keyword == "while":
            return self.while_loop(before, start)
        if keyword == "foreach":
            return self.for_loop(before, start)
        if keyword == "switch":
            return self.case_clause(before, start)
        return self.statement(keyword, before, start)

    # control flow

    def if_clause(self, before: str, start: int) -> Block:
        block = self.open("if", start, "if", before)
        self.expression()
        self.skip()
        if self.reserved() != "then":
            self.pipeline("")
            return self.close(block)
        self.i += len("then")
        while self.body(("else", "endif")) == "else":
            self.skip()
            if self.reserved() == "if":
                self.i += len("if")
                self.expression()
                self.skip()
            if self.reserved() == "then":
                self.i += len("then")
        return self.close(block)

    def while_loop(self, before: str, start: int) -> Block:
        block = self.open("loop", start, "while", before)
        self.expression()
        self.body(("end",))
        return self.close(block)

    def for_loop(self, before: str, start: int) -> Block:
        block = self.open("loop", start, "for", before)
        self.skip()
        block.name = self.word().text
        self.skip()
        if not self.t.startswith("(", self.i):
            raise self.fail("`(` is missing after `foreach`")
        block.words = list(self.array().items or ())
        self.body(("end",))
        return self.close(block)

    def case_clause(self, before: str, start: int) -> Block:
        block = self.open("case", start, "case", before)
        block.words = self.operands()
        self.body(("endsw",))
        return self.close(block)

    def expression(self) -> None:
        """`( … )` as a command that tests its operands."""
        self.skip()
        inner = self.open("condition", self.i, "if", "")
        command = Command(self.place(self.i, self.i)[0], self.blocks)
        at = self.i
        command.words = [Word("(", *self.place(at, at + 1), "test", False, (), self.bash), *self.operands()]
        self.finish(command, len(self.found.commands))
        self.blocks = self.blocks[:-1]
        inner.end = self.place(self.i - 1, self.i)[1]

    def operands(self) -> list[Word]:
        """The words between parentheses, operators left out."""
        self.skip()
        if not self.t.startswith("(", self.i):
            raise self.fail("`(` is missing")
        words: list[Word] = []
        depth = 0
        while True:
            self.skip()
            if self.i >= self.n or self.t[self.i] == "\n":
                raise self.fail("`)` is missing")
            c = self.t[self.i]
            if c not in DELIMITERS:
                words.append(self.word())
                continue
            depth += (c == "(") - (c == ")")
            self.i += 1
            if not depth:
                return words

    # assignments

    def statement(self, keyword: str, before: str, start: int) -> Command:
        """What is no command of a program's: an assignment, or a label of `switch`."""
        command = Command(self.place(start, start)[0], self.blocks)
        command.before, command.end = before, self.place(self.i - 1, self.i)[1]
        if keyword == "set":
            while self.assigned(command):
                pass
        elif keyword == "setenv":
            self.skip()
            if m := _NAME.match(self.t, self.i, self.n):
                self.i = m.end()
                command.assignments.append((m[1], self.given()))
        if command.assignments:
            return self.finish(command, len(self.found.commands))
        if m := _REST.match(self.t, self.i, self.n):
            self.i = m.end()
        return command

    def assigned(self, command: Command) -> bool:
        """One `name = value` of a `set`."""
        self.skip()
        m = _NAME.match(self.t, self.i, self.n)
        if m is None:
            return False
        self.i = m.end()
        self.skip()
        if self.i < self.n and self.t[self.i] == "=":
            self.i += 1
            command.assignments.append((m[1], self.given()))
        return True

    def given(self) -> Word:
        self.skip()
        if self.t.startswith("(", self.i):
            return self.array()
        if self.t.startswith(_ASKED_INPUT, self.i):
            self.i += len(_ASKED_INPUT)
            return Word(_ASKED_INPUT, *self.place(self.i - 2, self.i), None, False, (), self.bash)
        return self.value_word()

    # words

    def dollar(self, parts: list[Part], quoted: bool) -> bool:
        """`$?name` and `$#name` ask of a variable, too."""
        m = _COUNTED.match(self.t, self.i, self.n)
        if m is None:
            return super().dollar(parts, quoted)
        part = self.part(VARIABLE, m.start(), m.end(), m[0], quoted)
        part.name = m[1]
        parts.append(part)
        self.i = m.end()
        return True

    def redirect_ahead(self) -> re.Match[str] | None:
        return _REDIRECT.match(self.t, self.i, self.n)

    def redirect(self, m: re.Match[str]) -> Redirect:
        redirect = super().redirect(m)
        if redirect.op[0] == ">":
            both = "&" if "&" in redirect.op else ""
            redirect.op = both + (">>" if ">>" in redirect.op else ">")
        return redirect
