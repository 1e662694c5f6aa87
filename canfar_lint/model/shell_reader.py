"""The shell's grammar, read by recursive descent: from text to commands with exact offsets.

It accepts bash's language (a superset of what `/bin/sh` runs here); `bash` only decides what a word means (brace
expansion). Reading is one pass: nothing is looked at twice but the text of `bash -c`, backquotes with escapes, and
the few `((` that turn out to be nested subshells.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from canfar_lint.model.shell_nodes import COMMAND, LITERAL, Block, Command, Part, Redirect, Word
from canfar_lint.model.shell_programs import find_program, inner_script
from canfar_lint.model.shell_words import DELIMITERS, IN_BODY, PLAIN, Found, Unreadable, WordReader

__all__ = ["Found", "Reader", "Unreadable"]

_REDIRECT = re.compile(r"([0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-?|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|(&>>?)")
_ASSIGNMENT = re.compile(
    r"([A-Za-z_]\w*)(\[(?:[^][\n'\"`\\;|&]|\[[^][\n;|&]*\]|\\[^\n]|'[^'\n]*'|\"[^\"`\n]*\")*\])?(\+?=)", re.ASCII
)
_RESERVED = re.compile(
    r"(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|select|function|coproc|time|in|\{|\}|!|\[\[)"
    r"(?=[\s;&|()<>]|\\\r?\n|$)"
)
_NO_PARAMETERS = re.compile(r"\([ \t]*\)")
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)

_DECLARING = frozenset(["declare", "typeset", "export", "readonly", "local"])
_CLOSING = frozenset(["then", "elif", "else", "fi", "do", "done", "esac", "}"])
_PIPE_LEFT = Block("pipe-left", 0)
_PIPE_RIGHT = Block("pipe-right", 0)
_NOT = Block("not", 0)
_BACKGROUND = Block("background", 0)
_ARRAY_KEY = re.compile(r"\[(?:[^][\n'\"`\\]|\[[^][\n]*\]|'[^'\n]*'|\"[^\"`\n]*\")+\]\+?=")


class Reader(WordReader):
    """Reads one text: lists, pipelines, compounds, simple commands, redirections."""

    __slots__ = ()

    # lists

    def read(self) -> None:
        """The whole text as a list of commands. Raises `Unreadable`."""
        self.body(())
        if self.i < self.n:
            raise self.fail(f"unexpected `{self.t[self.i]}`")
        self.bodies()

    def body(self, stop: tuple[str, ...], close: str = "") -> str:
        """Commands up to a reserved word of `stop`, which is read and returned, or to `close`, which is not."""
        self.deeper()
        before = ""
        t = self.t
        while True:
            ended = self.i
            self.newlines()
            if self.depth == 1 and not self.blocks and "\n" in t[ended : self.i]:
                self.found.whole = len(self.found.commands), len(self.found.blocks)
            i = self.i
            if i >= self.n:
                break
            c = t[i]
            if c == ")":
                break
            if c == ";":
                if t.startswith((";;", ";&"), i):
                    break
                raise self.fail("unexpected `;`")
            if c in "tefd}":
                m = _RESERVED.match(t, i, self.n)
                if m and m[0] in _CLOSING:
                    if m[0] not in stop:
                        raise self.fail(f"unexpected `{m[0]}`")
                    self.i = m.end()
                    self.depth -= 1
                    return m[0]
            before = self.and_or(before)
        if stop or (close and not t.startswith(close, self.i)):
            raise self.fail(f"`{(stop or (close,))[-1]}` is missing")
        self.depth -= 1
        return ""

    def and_or(self, before: str) -> str:
        """Pipelines joined by `&&` and `||`, with the separator behind them, which is returned."""
        first = len(self.found.commands)
        while True:
            node = self.pipeline(before)
            self.skip()
            two = self.t[self.i : min(self.i + 2, self.n)]
            if two in ("&&", "||"):
                self.i += 2
                node.connector = before = two
                self.newlines()
                continue
            c = two[:1]
            if c == ";" and two not in (";;", ";&"):
                self.i += 1
            elif c == "&":
                self.i += 1
                self.wrap(first, _BACKGROUND)
            elif c == "\n":
                pass
            else:
                c = ""
                closed = isinstance(node, Block) and self.reserved() in _CLOSING
                if self.i < self.n and two[0] not in ");" and not closed:
                    raise self.fail(f"unexpected `{two[0]}`")
            node.connector = c
            return c

    def pipeline(self, before: str) -> Command | Block:
        t = self.t
        negated = timed = False
        first = len(self.found.commands)
        while True:
            self.skip()
            c = t[self.i : self.i + 1] if self.i < self.n else ""
            if timed and (not c or c in "\n;"):
                return Command(self.place(self.i, self.i)[0], self.blocks)
            if c not in ("!", "t"):
                break
            m = _RESERVED.match(t, self.i, self.n)
            if not m or m[0] not in ("!", "time"):
                break
            self.i = m.end()
            if m[0] == "!":
                negated = True
                continue
            timed = True
            self.skip()
            if t.startswith("-p", self.i) and t[self.i + 2 : self.i + 3] in (" ", "\t"):
                self.i += 2
        node = self.command(before)
        start = first
        while True:
            self.skip()
            i = self.i
            if not t.startswith("|", i) or t.startswith("||", i) or i >= self.n:
                break
            self.i += 2 if t.startswith("|&", i) else 1
            node.connector = "|"
            self.wrap(start, _PIPE_LEFT)
            self.newlines()
            start = len(self.found.commands)
            node = self.command("|")
            self.wrap(start, _PIPE_RIGHT)
        if negated:
            self.wrap(first, _NOT)
        return node

    def wrap(self, first: int, block: Block) -> None:
        """Put `block` around the commands read since `first`, at this reader's level."""
        level = len(self.blocks)
        for command in self.found.commands[first:]:
            command.blocks = (*command.blocks[:level], block, *command.blocks[level:])

    # commands

    def command(self, before: str) -> Command | Block:
        self.skip()
        t, i = self.t, self.i
        c = t[i : i + 1] if i < self.n else ""
        if c == "(":
            return self.parentheses(before)
        if c and c in "iwufcs{[":
            m = _RESERVED.match(t, i, self.n)
            if m:
                compound = _COMPOUND.get(m[0])
                if compound:
                    self.i = m.end()
                    return compound(self, before, i)
        return self.simple(before)

    def open(self, kind: str, start: int, keyword: str, before: str) -> Block:
        block = Block(kind, self.place(start, start)[0], keyword)
        block.before = before
        self.found.blocks.append(block)
        self.blocks = (*self.blocks, block)
        return block

    def close(self, block: Block) -> Block:
        """The block is complete: its redirections follow."""
        self.blocks = self.blocks[:-1]
        block.end = self.place(self.i, self.i)[0] if self.starts is None else self.place(self.i - 1, self.i)[1]
        while True:
            self.skip()
            m = self.redirect_ahead()
            if not m:
                return block
            block.redirects.append(self.redirect(m))

    def parentheses(self, before: str) -> Block:
        start = self.i
        block = self.open("subshell", start, "(", before)
        if self.t.startswith("((", start) and self.arithmetic(start, 2):
            block.kind, block.keyword = "arithmetic", "(("
            return self.close(block)
        self.i = start + 1
        self.body((), ")")
        self.i += 1
        return self.close(block)

    def brace_group(self, before: str, start: int) -> Block:
        block = self.open("group", start, "{", before)
        self.body(("}",))
        return self.close(block)

    def if_clause(self, before: str, start: int) -> Block:
        block = self.open("if", start, "if", before)
        word = "if"
        while word in ("if", "elif"):
            self.condition(("then",), word)
            word = self.body(("elif", "else", "fi"))
        if word == "else":
            self.body(("fi",))
        return self.close(block)

    def condition(self, stop: tuple[str, ...], keyword: str) -> None:
        inner = self.open("condition", self.i, keyword, "")
        self.body(stop)
        self.blocks = self.blocks[:-1]
        inner.end = self.place(self.i - 1, self.i)[1]

    def while_loop(self, before: str, start: int) -> Block:
        keyword = self.t[start : start + 5]
        block = self.open("loop", start, keyword, before)
        self.condition(("do",), keyword)
        self.body(("done",))
        return self.close(block)

    def for_loop(self, before: str, start: int) -> Block:
        keyword = "for" if self.t.startswith("for", start) else "select"
        block = self.open("loop" if keyword == "for" else "select", start, keyword, before)
        self.skip()
        if self.t.startswith("((", self.i):
            if not self.arithmetic(self.i, 2):
                raise self.fail("a `for ((` that is not arithmetic")
        else:
            name = self.word()
            if not _NAME.match(name.text):
                raise self.fail("the name of a `for` is no name")
            block.name = name.text
            self.newlines()
            if self.reserved() == "in":
                self.i += 2
                block.words = self.words()
        self.skip()
        if self.t.startswith(";", self.i) and not self.t.startswith(";;", self.i):
            self.i += 1
        self.newlines()
        word = self.reserved()
        if word not in ("do", "{"):
            raise self.fail("`do` is missing")
        self.i += len(word)
        self.body(("done" if word == "do" else "}",))
        return self.close(block)

    def reserved(self) -> str:
        """The reserved word that stands here, unread."""
        m = _RESERVED.match(self.t, self.i, self.n)
        return m[0] if m else ""

    def words(self) -> list[Word]:
        """Words up to the end of the line or a `;`."""
        words: list[Word] = []
        while True:
            self.skip()
            if self.i >= self.n or self.t[self.i] in "\n;":
                return words
            words.append(self.word())

    def case_clause(self, before: str, start: int) -> Block:
        block = self.open("case", start, "case", before)
        self.skip()
        block.words = [self.word()]
        self.newlines()
        if self.reserved() != "in":
            raise self.fail("`in` is missing")
        self.i += 2
        t = self.t
        while True:
            self.newlines()
            if self.reserved() == "esac":
                self.i += 4
                return self.close(block)
            if t.startswith("(", self.i):
                self.i += 1
            self.patterns()
            if self.case_body():
                return self.close(block)

    def patterns(self) -> None:
        while True:
            self.skip()
            self.word()
            self.skip()
            c = self.t[self.i : self.i + 1] if self.i < self.n else ""
            if c not in ("|", ")"):
                raise self.fail("`)` is missing after a pattern")
            self.i += 1
            if c == ")":
                return

    def case_body(self) -> bool:
        """The commands of one pattern; whether `esac` followed."""
        self.newlines()
        t = self.t
        if not t.startswith((";;", ";&"), self.i) and self.reserved() != "esac":
            self.deeper()
            before = ""
            while True:
                self.newlines()
                if self.i >= self.n:
                    raise self.fail("`esac` is missing")
                if t.startswith((";;", ";&"), self.i) or self.reserved() == "esac":
                    break
                if self.reserved() in _CLOSING or t[self.i] in ");":
                    raise self.fail(f"unexpected `{t[self.i]}` in a `case`")
                before = self.and_or(before)
            self.depth -= 1
        if self.reserved() == "esac":
            self.i += 4
            return True
        self.i += 3 if t.startswith(";;&", self.i) else 2
        return False

    def function_definition(self, before: str, start: int) -> Block:
        """`function name [()] body`; the keyword is read."""
        self.skip()
        name = self.word()
        self.skip()
        if self.t.startswith("(", self.i):
            m = _NO_PARAMETERS.match(self.t, self.i, self.n)
            if m:
                self.i = m.end()
        return self.function_body(name.text, before, start)

    def function_body(self, name: str, before: str, start: int) -> Block:
        self.deeper()
        self.newlines()
        if self.i >= self.n:
            raise self.fail("a function without a body")
        block = self.open("function", start, "function", before)
        block.name = name
        self.found.functions[name] = block
        inner = self.command("")
        if isinstance(inner, Command) and not inner.words:
            raise self.fail("a function without a body")
        self.depth -= 1
        return self.close(block)

    def coprocess(self, before: str, start: int) -> Command | Block:
        self.skip()
        m = re.compile(r"[A-Za-z_]\w*(?=[ \t]+(?:\{[ \t\n]|\(|while |until |for |if |case ))").match(self.t, self.i)
        if m and not _RESERVED.match(self.t, self.i):
            self.i = m.end()
        first = len(self.found.commands)
        node = self.command(before)
        self.wrap(first, _BACKGROUND)
        return node

    def double_bracket(self, before: str, start: int) -> Command:
        """`[[ … ]]` as a command whose words are its operands and operators."""
        command = Command(self.place(start, start)[0], self.blocks)
        command.before = before
        command.words.append(self.literal(start, start + 2))
        index = len(self.found.commands)
        t = self.t
        regex = False
        while True:
            self.newlines()
            i = self.i
            if i >= self.n:
                raise self.fail("`]]` is missing")
            if t.startswith("]]", i) and (i + 2 >= self.n or t[i + 2] in DELIMITERS):
                self.i = i + 2
                command.words.append(self.literal(i, i + 2))
                break
            if regex:
                command.words.append(self.regex())
                regex = False
                continue
            length = 2 if t.startswith(("&&", "||"), i) else 1 if t[i] in "()<>" else 0
            if length and not (t[i] in "<>" and t.startswith("(", i + 1)):
                command.words.append(self.literal(i, i + length))
                self.i = i + length
                continue
            word = self.word()
            regex = word.text == "=~"
            command.words.append(word)
        return self.finish(command, index)

    def regex(self) -> Word:
        """The right side of `=~`: blanks end it, except inside parentheses."""
        start = self.i
        parts: list[Part] = []
        open_ = 0
        t = self.t
        while self.i < self.n:
            c = t[self.i]
            if c == "(":
                open_ += 1
            elif c == ")":
                open_ -= 1
                if open_ < 0:
                    break
            elif c in " \t\n" and not open_:
                break
            elif c in "|<>;& \t\n\r":
                pass
            else:
                if not self.piece(parts, PLAIN, False):
                    raise self.fail("an unreadable regular expression")
                continue
            parts.append(self.part(LITERAL, self.i, self.i + 1, c, False))
            self.i += 1
        return self.made(start, parts)

    def simple(self, before: str) -> Command | Block:
        t = self.t
        start = self.i
        command = Command(self.place(start, start)[0], self.blocks)
        command.before = before
        index = len(self.found.commands)
        words = command.words
        declaring = False
        while True:
            self.skip()
            i = self.i
            if i >= self.n:
                break
            c = t[i]
            if c in "<>&{0123456789":
                m = self.redirect_ahead()
                if m:
                    command.redirects.append(self.redirect(m))
                    continue
            if c in "\n;|&)":
                break
            if c == "(":
                return self.named_function(command, start)
            if not words or declaring:
                m = _ASSIGNMENT.match(t, i, self.n)
                if m and (not declaring or t.startswith("(", m.end())):
                    if declaring:
                        words.append(self.declared_array(m))
                    else:
                        command.assignments.append(self.assignment(m))
                    continue
            word = self.word()
            if not words:
                declaring = word.text in _DECLARING
            words.append(word)
        if self.i == start or not (words or command.assignments or command.redirects):
            what = t[start : start + 1] if start < self.n else "end of the text"
            raise self.fail(f"unexpected {what!r} where a command should stand", start)
        return self.finish(command, index)

    def named_function(self, read: Command, start: int) -> Block:
        """`name () body`; the name has been read, as a command."""
        m = _NO_PARAMETERS.match(self.t, self.i, self.n)
        if not m or len(read.words) != 1 or read.assignments or read.redirects:
            raise self.fail("unexpected `(`")
        self.i = m.end()
        return self.function_body(read.words[0].text, read.before, start)

    def finish(self, command: Command, index: int) -> Command:
        ends = [word.end for word in command.words[-1:]]
        ends += [word.end for _, word in command.assignments[-1:]]
        ends += [redirect.end for redirect in command.redirects[-1:]]
        command.end = max(ends)
        commands = self.found.commands
        if len(commands) == index:
            commands.append(command)
        else:
            commands.insert(index, command)
        if command.words:
            find_program(command)
            if command.name is not None:
                self.inner(command)
        return command

    def inner(self, command: Command) -> None:
        """The static text that `bash -c` or `trap` will run is read as commands of this script."""
        found = inner_script(command)
        if found is None:
            return
        word, kind, errexit = found
        if word.value is None:
            return
        starts: list[int] = []
        ends: list[int] = []
        for part in word.parts:
            first, last = part.local_start, part.local_end
            if first < 0:
                first, last = part.start - self.base, part.end - self.base
            exact = last - first == len(part.text)
            for k in range(len(part.text)):
                here = first + k if exact else first
                a, b = self.place(here, here + 1 if exact else last)
                starts.append(a)
                ends.append(b)
        starts.append(word.end)
        block = Block(kind, word.start, command.name or "", command.name or "")
        block.end, block.errexit, block.connector, block.before = word.end, errexit, command.connector, command.before
        self.found.blocks.append(block)
        reader = Reader(word.value, 0, self.bash, self.found, starts, ends, (*command.blocks, block), self.depth + 1)
        first, last = len(self.found.commands), len(self.found.blocks)
        try:
            reader.read()
        except Unreadable:
            del self.found.commands[first:], self.found.blocks[last:]

    def assignment(self, m: re.Match[str]) -> tuple[str, Word]:
        if m[2] and "$(" in m[2]:
            self.i = m.start(2)
            self.subscript()
        self.i = m.end()
        word = self.array() if self.t.startswith("(", self.i) else self.value_word()
        word.append = m[3] == "+="
        return m[1] + (m[2] or ""), word

    def value_word(self) -> Word:
        if self.i >= self.n or (self.t[self.i] in DELIMITERS and not self.t.startswith(("<(", ">("), self.i)):
            at = self.place(self.i, self.i)[0]
            return Word("", at, at, "", False, (), self.bash)
        word = self.word()
        if word.value is None and not word.dynamic:
            word.value = "".join(part.text for part in word.parts)
        return word

    def declared_array(self, m: re.Match[str]) -> Word:
        """`name=(…)` behind `declare` and the like, as one word of the command."""
        start = self.i
        self.i = m.end()
        array = self.array()
        word = Word(self.t[start : self.i], self.place(start, start)[0], array.end, None, False, (), self.bash)
        word.items = array.items
        return word

    def array(self) -> Word:
        start = self.i
        self.i += 1
        items: list[Word] = []
        while True:
            self.newlines()
            if self.i >= self.n:
                raise self.fail("`)` is missing after an array", start)
            c = self.t[self.i]
            if c == ")":
                self.i += 1
                break
            m = _ARRAY_KEY.match(self.t, self.i, self.n) if c == "[" else None
            if m:
                self.i = m.end()
                items.append(self.value_word())
            else:
                items.append(self.word())
        word = Word(self.t[start : self.i], *self.place(start, self.i), None, False, (), self.bash)
        word.items = tuple(items)
        return word

    def unescaped(self, start: int, end: int, quoted: bool) -> None:
        """The commands of a backquotation that contains escapes, which are removed before it is read."""
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        t, i = self.t, start
        removable = '`\\$"' if quoted else "`\\$"
        while i < end:
            step = 2 if t[i] == "\\" and t[i + 1] in removable else 1
            text.append(t[i + step - 1])
            a, b = self.place(i, i + step)
            starts.append(a)
            ends.append(b)
            i += step
        starts.append(self.place(end, end)[0])
        reader = Reader("".join(text), 0, self.bash, self.found, starts, ends, self.blocks, self.depth + 1)
        reader.read()

    # redirections

    def redirect_ahead(self) -> re.Match[str] | None:
        return _REDIRECT.match(self.t, self.i, self.n)

    def redirect(self, m: re.Match[str]) -> Redirect:
        op = m[2] or m[3]
        start = self.i
        self.i = m.end()
        self.skip()
        if self.i >= self.n:
            raise self.fail(f"nothing follows `{op}`")
        if op in ("<<", "<<-"):
            return self.heredoc(op, m[1] or "", start)
        word = self.word()
        return Redirect(op, m[1] or "", word, self.place(start, start)[0], word.end)

    def heredoc(self, op: str, fd: str, start: int) -> Redirect:
        at = self.i
        word = self.word()
        if word.dynamic or word.value is None:
            word.value = self.t[at : self.i].replace("\\", "").replace("'", "").replace('"', "")
        redirect = Redirect(op, fd, word, self.place(start, start)[0], word.end)
        self.pending.append((redirect, word.value or "", word.quoted))
        return redirect

    def bodies(self) -> None:
        """The bodies of the heredocs opened on the line that has just ended; an open end is the end of the text."""
        pending, self.pending = self.pending, []
        for redirect, delimiter, quoted in pending:
            start = i = self.i
            while i < self.n:
                end = self.t.find("\n", i, self.n)
                stop = end if end >= 0 else self.n
                line = self.t[i:stop]
                if line.endswith("\r"):
                    line = line[:-1]
                if (line.lstrip("\t") if redirect.op == "<<-" else line) == delimiter:
                    break
                i = end + 1 if end >= 0 else self.n
            else:
                stop = self.n
            redirect.body = self.heredoc_body(start, min(i, self.n), quoted, redirect.op == "<<-")
            self.i = min(stop + 1, self.n)

    def heredoc_body(self, start: int, end: int, quoted: bool, tabs: bool) -> Word:
        raw = self.t[start:end]
        span = self.place(start, end)
        static = re.sub(r"(?m)^\t+", "", raw) if tabs else raw
        if quoted or not ("$" in raw or "`" in raw):
            parts = (self.part(LITERAL, start, end, static, quoted),) if raw else ()
            return Word(raw, *span, static, quoted, parts, self.bash)
        here, self.n, self.i = self.n, end, start
        first = len(self.found.commands)
        found: list[Part] = []
        level = self.depth
        blocks = self.blocks
        try:
            while self.i < end:
                if not self.piece(found, IN_BODY, True):
                    found.append(self.part(LITERAL, self.i, self.i + 1, self.t[self.i], True))
                    self.i += 1
        except Unreadable:
            del self.found.commands[first:]
            found = [self.part(COMMAND, start, end, raw, True)]
            self.depth, self.blocks = level, blocks
        self.n, self.i, self.pending = here, end, []
        dynamic = any(part.kind != LITERAL for part in found)
        return Word(raw, *span, None if dynamic else static, False, tuple(found), self.bash)


_COMPOUND: dict[str, Callable[[Reader, str, int], Command | Block]] = {
    "if": Reader.if_clause,
    "while": Reader.while_loop,
    "until": Reader.while_loop,
    "for": Reader.for_loop,
    "select": Reader.for_loop,
    "case": Reader.case_clause,
    "function": Reader.function_definition,
    "coproc": Reader.coprocess,
    "{": Reader.brace_group,
    "[[": Reader.double_bracket,
}
