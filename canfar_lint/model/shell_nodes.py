"""What the shell reader hands to rules: words with their parts, commands, the blocks around them, the script.

All offsets count characters of the *file* (see `shell.parse`), ends exclusive. Nothing here is read from the tree or
run: a value is known only when the text itself says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from canfar_lint.model.shell_expand import History
    from canfar_lint.source import Source

T = TypeVar("T")
LITERAL, VARIABLE, COMMAND, ARITHMETIC, PROCESS = "literal", "variable", "command", "arithmetic", "process"


class Part:
    """A piece of a word: text that stands there, or an expansion.

    `kind` is one of `literal variable command arithmetic process`. `text` is the literal's value (quotes and escapes
    removed), else the raw text of the expansion; `quoted` whether it stood in quotes. A literal's span leaves out the
    quotes; `local_start:local_end` is the span in the reader's own text, -1 where not kept.

    Of a variable, `name` is the parameter (`X`, `1`, `@`), `op` the operator (`""`, `:-`, `##`, `//`, `:`, also `!`
    for `${!X}` and `length` for `${#X}`), `arguments` its words, `index` the raw text of a subscript.
    """

    __slots__ = (
        "arguments",
        "end",
        "index",
        "kind",
        "local_end",
        "local_start",
        "name",
        "op",
        "quoted",
        "start",
        "text",
    )

    def __init__(self, kind: str, start: int, end: int, text: str, quoted: bool, local: tuple[int, int]) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text
        self.quoted = quoted
        self.local_start, self.local_end = local
        self.name = ""
        self.op = ""
        self.index = ""
        self.arguments: tuple[Word, ...] = ()

    @property
    def overridable(self) -> bool:
        """Whether this is `${X:-…}` or `${X-…}`, `${X:=…}`, `${X=…}`: a default that the caller can replace."""
        return self.kind == VARIABLE and self.op in (":-", "-", ":=", "=")

    def behind(self, skip: int) -> Part:
        """A literal without its first `skip` characters."""
        exact = self.end - self.start == len(self.text)
        move = skip if exact else 0
        local = (self.local_start + move if self.local_start >= 0 else -1, self.local_end)
        return Part(self.kind, self.start + move, self.end, self.text[skip:], self.quoted, local)

    def __repr__(self) -> str:
        return f"Part({self.kind}, {self.text!r})"


class Word:
    """One word: `text` as it stands in the shell text, `value` what the shell makes of it if that is certain.

    `value` keeps globs and a leading tilde as written; it is None for expansions and, under bash, for brace
    expansions (ask `values()` for these). `quoted` says whether any of it is quoted or escaped. `items` are the words
    of an array `(…)`; `append` marks the value of `X+=…`.
    """

    __slots__ = ("_parts", "append", "bash", "end", "items", "quoted", "start", "text", "value")

    def __init__(
        self,
        text: str,
        start: int,
        end: int,
        value: str | None,
        quoted: bool = False,
        parts: tuple[Part, ...] | None = None,
        bash: bool = True,
    ) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.value = value
        self.quoted = quoted
        self.bash = bash
        self.append = False
        self.items: tuple[Word, ...] | None = None
        self._parts = parts

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    @property
    def parts(self) -> tuple[Part, ...]:
        if self._parts is None:
            part = Part(LITERAL, self.start, self.end, self.text, False, (-1, -1))
            self._parts = (part,) if self.text else ()
        return self._parts

    @property
    def head(self) -> str:
        """The literal text the word begins with: all of it when static, up to the first expansion otherwise."""
        if self.value is not None:
            return self.value
        pieces = []
        for part in self.parts:
            if part.kind != LITERAL:
                break
            pieces.append(part.text)
        return "".join(pieces)

    @property
    def tail(self) -> str:
        """The literal text the word ends with."""
        if self.value is not None:
            return self.value
        pieces = []
        for part in reversed(self.parts):
            if part.kind != LITERAL:
                break
            pieces.append(part.text)
        return "".join(reversed(pieces))

    @property
    def dynamic(self) -> bool:
        """Whether any part is an expansion."""
        return any(part.kind != LITERAL for part in self.parts)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the parameters the word expands, those in operators' arguments included."""
        return tuple(_variables(self))

    def behind(self, skip: int) -> Word:
        """The word without its first `skip` literal characters: the value in `NAME=value` or `--option=value`."""
        parts: list[Part] = []
        left = skip
        for part in self.parts:
            if part.kind != LITERAL or left <= 0:
                parts.append(part)
            elif left < len(part.text):
                parts.append(part.behind(left))
                left = 0
            else:
                left -= len(part.text)
        plain = self.end - self.start == len(self.text) and self.text[:skip] == self.head[:skip]
        start = self.start + skip if plain else parts[0].start if parts else self.end
        text = self.text[skip:] if plain else "".join(part.text for part in parts)
        value = None if self.value is None else self.value[skip:]
        word = Word(text, start, self.end, value, self.quoted, tuple(parts), self.bash)
        word.items = self.items
        return word

    def values(self) -> tuple[str, ...] | None:
        """The values of the words this one becomes: more than one for `{a,b}`; None if not static."""
        if self.value is not None:
            return (self.value,)
        if self.items is not None or self.dynamic:
            return None
        from canfar_lint.model.shell_expand import braces

        return braces(self)

    def __repr__(self) -> str:
        return f"Word({self.text!r}, {self.start}, {self.end})"


def _variables(word: Word) -> Iterator[str]:
    for part in word.parts:
        if part.kind == VARIABLE:
            yield part.name
            for argument in part.arguments:
                yield from _variables(argument)


class Redirect:
    """`fd op target`; for a heredoc `target` is the delimiter and `body` its text. `fd` is `""` when not written."""

    __slots__ = ("body", "end", "fd", "op", "start", "target")

    def __init__(self, op: str, fd: str, target: Word, start: int, end: int) -> None:
        self.op = op
        self.fd = fd
        self.target = target
        self.start = start
        self.end = end
        self.body: Word | None = None

    @property
    def writes(self) -> bool:
        """Whether it creates or extends a file named by `target`."""
        return self.op in (">", ">>", ">|", "&>", "&>>") or (self.op == ">&" and not _descriptor(self.target))

    @property
    def feeds(self) -> bool:
        """Whether it gives the command another standard input."""
        return self.op[0] == "<" and self.fd in ("", "0")

    def __repr__(self) -> str:
        return f"Redirect({self.fd}{self.op} {self.target.text!r})"


def _descriptor(word: Word) -> bool:
    return word.text.rstrip("-").isdigit() or word.text == "-" or word.value is None


class Block:
    """What a command stands in.

    `kind` is one of `if` (test and branches), `condition` (the test itself, also a loop's), `loop` (for, while,
    until), `select`, `case`, `function`, `subshell`, `group`, `substitution`, `process`, `heredoc`, `pipe-left`,
    `pipe-right`, `not`, `background`, `shell` (the text of `bash -c`), `trap`. `name` is the function, the loop
    variable, the shell; `words` what a `for` walks over; `keyword` the word that opened it. `redirects`, `before` and
    `connector` belong to the block as a whole.
    """

    __slots__ = ("before", "connector", "end", "errexit", "keyword", "kind", "name", "redirects", "start", "words")

    def __init__(self, kind: str, start: int, keyword: str = "", name: str = "") -> None:
        self.kind = kind
        self.start = start
        self.end = start
        self.keyword = keyword
        self.name = name
        self.words: list[Word] | None = None
        self.redirects: list[Redirect] = []
        self.before = ""
        self.connector = ""
        self.errexit = False

    def __repr__(self) -> str:
        return f"Block({self.kind}, {self.start}, {self.end})"


class Command:
    """A simple command (also `[[ … ]]`, `export …` and bare assignments, whose `words` are then empty).

    `program` and `arguments` are what is left when wrappers (`sudo -u x`, `env A=1`, `timeout 5`, `conda run -n e` …)
    are taken off; `wrappers` names them. `name` is the program's base name if certain. `assignments` are those in
    front of the command or given to `env` and the like. `connector` is what follows, `before` what precedes:
    `&& || ; | & newline` or nothing.
    """

    __slots__ = (
        "arguments",
        "assignments",
        "before",
        "blocks",
        "connector",
        "end",
        "name",
        "program",
        "redirects",
        "start",
        "words",
        "wrappers",
    )

    def __init__(self, start: int, blocks: tuple[Block, ...]) -> None:
        self.start = start
        self.end = start
        self.blocks = blocks
        self.words: list[Word] = []
        self.assignments: list[tuple[str, Word]] = []
        self.redirects: list[Redirect] = []
        self.before = ""
        self.connector = ""
        self.program: Word | None = None
        self.arguments: list[Word] = []
        self.wrappers: tuple[str, ...] = ()
        self.name: str | None = None

    @property
    def context(self) -> tuple[str, ...]:
        """Kinds of the enclosing blocks, outermost first."""
        return tuple(block.kind for block in self.blocks)

    @property
    def loop_variables(self) -> tuple[str, ...]:
        """Names that the enclosing loops set, outermost first."""
        return tuple(block.name for block in self.blocks if block.kind in ("loop", "select") and block.name)

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    def option(self, *names: str) -> Word | None:
        """The argument word that is or begins with one of the options: `--out`, `--out=x`, but `-o` only as a word."""
        for word in self.arguments:
            text = word.head
            if text == "--":
                return None
            for name in names:
                if text == name or (name.startswith("--") and text.startswith(name + "=")):
                    return word
        return None

    def __repr__(self) -> str:
        return f"Command({' '.join(word.text for word in self.words)!r}, {self.start}, {self.end})"


class Assigned(NamedTuple):
    """A variable gets a value: by `X=…`, `export X=…`, `for X in`, `read X`. `value` is None if not static here."""

    name: str
    value: str | None
    word: Word | None
    start: int
    end: int
    command: Command | None
    blocks: tuple[Block, ...]
    exported: bool


class Script:
    """A shell text as read. With an `error`, `commands` ends with the last line of a file that a shell still runs.

    `context` says where the text stood: `file run cell step recipe literal escape`. `errexit` and `pipefail` say
    whether the shell was started with them or a command outside any function, condition or subshell switches them
    on; `errexit_at` is the offset of that command. `path` is the script's own file, if it is one; `inside` the source
    that a part of another file stands in; `c_shell` says that it is csh or tcsh. `given` are variables of what the
    text stands in (a Makefile's), which whoever runs it may set to something else.
    """

    __slots__ = (
        "_assignments",
        "_histories",
        "_memo",
        "bash",
        "blocks",
        "c_shell",
        "commands",
        "context",
        "errexit",
        "errexit_at",
        "error",
        "error_at",
        "functions",
        "given",
        "inside",
        "path",
        "pipefail",
        "shebang",
        "start",
        "text",
    )

    def __init__(self, text: str, start: int, bash: bool, context: str) -> None:
        self.text = text
        self.start = start
        self.bash = bash
        self.c_shell = False
        self.context = context
        self.commands: list[Command] = []
        self.blocks: list[Block] = []
        self.functions: dict[str, Block] = {}
        self.error: str | None = None
        self.error_at = start
        self.errexit = False
        self.errexit_at: int | None = None
        self.pipefail = False
        self.shebang = ""
        self.path = ""
        self.inside: Source | None = None
        self.given: Mapping[str, str] = {}
        self._assignments: list[Assigned] | None = None
        self._histories: dict[str, History] | None = None
        self._memo: dict[str, Any] = {}

    def memo(self, name: str, make: Callable[[Script], T]) -> T:
        """What `make` says of this script, worked out once."""
        if name not in self._memo:
            self._memo[name] = make(self)
        found: T = self._memo[name]
        return found

    @property
    def loops(self) -> list[Block]:
        """All `for`, `while` and `until` loops."""
        return [block for block in self.blocks if block.kind == "loop"]

    @property
    def assignments(self) -> list[Assigned]:
        """Every setting of a variable that outlasts its command, in source order."""
        if self._assignments is None:
            from canfar_lint.model.shell_expand import assigned

            self._assignments = assigned(self)
        return self._assignments

    def environment(self, command: Command, outer: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """The variables whose value is certain where `command` stands, by the script's assignments.

        `outer` is what is known from outside, for names the script has not set.
        """
        from canfar_lint.model.shell_expand import Variables, histories

        if self._histories is None:
            self._histories = histories(self)
        inside = any(block.kind in ("function", "trap") for block in command.blocks)
        looped = any(block.kind == "loop" for block in command.blocks)
        return Variables(self._histories, command.start, inside, outer or {}, looped)

    def resolve(self, word: Word, command: Command, env: Mapping[str, str] | None = None) -> str | None:
        """The value of `word` by the assignments before `command`; `env` is what is known from outside."""
        if word.value is not None:
            return word.value
        from canfar_lint.model.shell_expand import expand

        return expand(word, self.environment(command, env))
