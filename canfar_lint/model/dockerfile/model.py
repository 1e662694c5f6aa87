"""A Dockerfile as instructions and stages: what each instruction sees, and which stages reach the image.

`read(source)` never raises. What BuildKit refuses is in `Dockerfile.errors`; behind a fatal error there are no
instructions. Every offset counts characters of `Source.text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.model.dockerfile.lexing import NotStrings, Span, json_strings, split_flags, split_pairs, split_words
from canfar_lint.model.dockerfile.reading import Directive, Heredoc, Line, Logical, Reading, Refusal, keyword_and_flags
from canfar_lint.model.dockerfile.variables import UNKNOWN, Environment, Scope, Value, expand

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile.steps import Step
    from canfar_lint.model.shell import Script
    from canfar_lint.source import Source

KEYWORDS = frozenset(
    (
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    )
)
MOST_COMMANDS = 500
"""A RUN of more commands is not judged: some questions cost the square of their number."""
_LISTS = ("ADD", "COPY", "VOLUME", "CMD", "ENTRYPOINT", "RUN", "SHELL")
_PLATFORM = tuple(f"{where}{what}" for where in ("TARGET", "BUILD") for what in ("PLATFORM", "OS", "ARCH", "VARIANT"))
_PROXIES = tuple(f"{protocol}_proxy" for protocol in ("http", "https", "ftp", "no", "all"))
_TEMPLATE = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|^[ \t]*(?:include|define|m4_\w+|ifdef|ifelse)\(|%%\w+%%|^[ \t]*@@?\w+@"
    r"|^[ \t]*\{\w+\}[ \t]*$",
    re.M,
)
_TEST_STAGE = re.compile(r"(?:[\w.-]*[-_.])?(?:unit|self)?tests?(?:ing|er|s)?\d*(?:[-_.][\w.-]*)?")
_POSIX = ("sh", "bash", "dash", "ash", "ksh", "zsh", "busybox")


class Word(NamedTuple):
    """A word of an instruction: as written, as BuildKit substitutes it (None when unknown), and where it stands."""

    text: str
    value: str | None
    start: int
    end: int


class Flag(NamedTuple):
    """`--name=value`; `value` is None for a bare flag, `expanded` None when it hangs on an unknown variable."""

    name: str
    value: str | None
    expanded: str | None
    start: int
    end: int


class Mount(NamedTuple):
    """A `RUN --mount`; `target` is absolute where it could be resolved, else None."""

    type: str
    target: str | None
    options: dict[str, str]
    start: int
    end: int


class Pair(NamedTuple):
    """`name=value` of ENV, ARG or LABEL. `raw` is the value as written; None for an ARG without a default."""

    name: str
    raw: str | None
    value: str | None
    start: int
    end: int


class Instruction:
    """One instruction, or the inner one of an ONBUILD (then `onbuild` is true and the lines are the outer one's)."""

    __slots__ = (
        "_arguments", "_mounts", "_pairs", "_script", "_steps", "_words", "env", "escape", "flags", "heredocs", "index",
        "inner", "json", "keyword", "line", "logical", "notes", "onbuild", "shell", "span", "stage", "text",
        "user", "workdir",
    )  # fmt: skip

    def __init__(self, line: Line, index: int, escape: str, text: str) -> None:
        self.line = line
        self.text = text
        """The whole file's."""
        self.logical: Logical = line.logical
        self.index = index
        """Its number in the file, from 0: the position that variables are looked up by."""
        self.escape = escape
        self.keyword = ""
        self.span = (0, 0)
        """Indices of the logical line: the keyword's first character, and the end."""
        self.flags: tuple[Flag, ...] = ()
        self.json: tuple[Word, ...] | None = None
        self.heredocs: tuple[Heredoc, ...] = line.heredocs
        self.stage: Stage | None = None
        self.onbuild = False
        self.inner: Instruction | None = None
        self.env: Environment = _NOTHING
        self.user: str | None = None
        """The USER in force; "" is the base image's own, None one that cannot be known."""
        self.workdir: str | None = None
        """The working directory in force, absolute; None when the base image decides."""
        self.shell: tuple[str, ...] | None = None
        """What SHELL says in force; None is the base image's, normally `/bin/sh -c`."""
        self.notes: dict[str, Any] = {}
        """What checks have worked out of it, kept for the next one."""
        self._arguments = 0
        self._words: tuple[Word, ...] | None = None
        self._pairs: tuple[Pair, ...] | None = None
        self._mounts: tuple[Mount, ...] | None = None
        self._script: list[Script] | None = None
        self._steps: list[Step] | None = None

    @property
    def start(self) -> int:
        """Offset of the keyword."""
        return self.logical.offset(self.span[0])

    @property
    def end(self) -> int:
        """Offset behind its last character, the last heredoc's terminator included."""
        if self.heredocs:
            last = self.heredocs[-1]
            return last.terminator + len(last.marker.name)
        return self.logical.span(self.span[0], self.span[1])[1]

    @property
    def keyword_span(self) -> tuple[int, int]:
        return self.logical.span(self.span[0], self.span[0] + len(self.keyword))

    @property
    def start_line(self) -> int:
        return self.line.first

    @property
    def end_line(self) -> int:
        return self.line.last

    @property
    def value(self) -> str:
        """The arguments as BuildKit joins them, flags excluded."""
        return self.logical.text[self._arguments : self.span[1]]

    @property
    def value_span(self) -> tuple[int, int]:
        return self.logical.span(self._arguments, self.span[1])

    @property
    def arguments(self) -> int:
        """Index of the logical line where the arguments begin, behind the flags."""
        return self._arguments

    def flag(self, name: str) -> Flag | None:
        return next((flag for flag in self.flags if flag.name == name), None)

    @property
    def words(self) -> tuple[Word, ...]:
        """The arguments: the strings of a JSON form, else words separated by blanks."""
        if self._words is None:
            if self.json is not None:
                self._words = self.json
            elif self.keyword in ("ADD", "COPY", "FROM", "EXPOSE", "VOLUME"):
                self._words = tuple(map(self._word, split_words(self._text(), self._arguments)))
            else:
                self._words = tuple(map(self._word, split_pairs(self._text(), self._arguments, self.escape)))
        return self._words

    def _text(self) -> str:
        return self.logical.text[: self.span[1]]

    def _word(self, word: Span) -> Word:
        return Word(word.text, expand(word.text, self.env, self.escape), *self.logical.span(word.start, word.end))

    @property
    def whole(self) -> Word:
        """All arguments as one word (USER, WORKDIR, STOPSIGNAL)."""
        return self._word(Span(self.value, self._arguments, self.span[1]))

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The definitions of ENV, ARG and LABEL."""
        if self._pairs is None:
            self._pairs = tuple(self._read_pairs())
        return self._pairs

    def _read_pairs(self) -> Iterator[Pair]:
        words = split_pairs(self._text(), self._arguments, self.escape)
        if words and "=" not in words[0].text and self.keyword != "ARG":
            name = words[0]
            start = name.end
            while start < self.span[1] and self.logical.text[start] in "\t\v\f\r ":
                start += 1
            raw = self.logical.text[start : self.span[1]]
            yield Pair(name.text, raw, expand(raw, self.env, self.escape), *self.logical.span(name.start, self.span[1]))
            return
        for word in words:
            name_text, equals, raw = word.text.partition("=")
            value = expand(raw, self.env, self.escape) if equals else None
            named = expand(name_text, self.env, self.escape) or name_text
            yield Pair(named, raw if equals else None, value, *self.logical.span(word.start, word.end))

    @property
    def sources(self) -> tuple[Word, ...]:
        """What COPY or ADD takes: local names and URLs, heredoc markers excluded."""
        markers = {heredoc.marker.start for heredoc in self.heredocs}
        text_words = self.words[:-1]
        if not markers:
            return text_words
        places = {self.logical.offset(start) for start in markers}
        return tuple(word for word in text_words if word.start not in places)

    @property
    def destination(self) -> Word | None:
        """Where COPY or ADD puts it."""
        return self.words[-1] if len(self.words) > 1 else None

    @property
    def mounts(self) -> tuple[Mount, ...]:
        if self._mounts is None:
            self._mounts = tuple(_mount(flag, self.workdir) for flag in self.flags if flag.name == "mount")
        return self._mounts

    @property
    def posix_shell(self) -> bool:
        """A shell form is read by a shell of the Bourne family, be it behind `conda run -n x`."""
        if self.shell is None:
            return self.escape == "\\"
        return any(word.rsplit("/", 1)[-1] in _POSIX for word in self.shell)

    @property
    def scripts(self) -> list[Script]:
        """The shell text of RUN, CMD, ENTRYPOINT or HEALTHCHECK, parsed; empty when there is none to be read."""
        if self._script is None:
            from canfar_lint.model.dockerfile.bodies import scripts

            self._script = scripts(self)
        return self._script

    @property
    def steps(self) -> list[Step]:
        """The commands of `scripts` in order, with their arguments resolved and the folder they run in."""
        if self._steps is None:
            from canfar_lint.model.dockerfile.steps import steps

            self._steps = steps(self)
        return self._steps

    @property
    def readable(self) -> bool:
        """All shell text of the instruction could be read, so that what it does not say is not there."""
        scripts = self.scripts
        commands = sum(len(script.commands) for script in scripts)
        return 0 < commands <= MOST_COMMANDS and not any(script.error for script in scripts)


class Stage:
    """One FROM and what follows it."""

    __slots__ = ("base", "first", "image", "index", "instructions", "name", "platform", "scope", "ships")

    def __init__(self, first: Instruction, index: int, name: str) -> None:
        self.first = first
        """The FROM itself."""
        self.index = index
        self.name = name
        """As given by AS, in lower case; "" without."""
        self.image: str | None = None
        """The image it is built on, variables resolved; None for one that cannot be known, or a stage."""
        self.base: Stage | None = None
        """The earlier stage it is built on."""
        self.platform: str | None = None
        self.instructions: list[Instruction] = []
        """All behind the FROM, ONBUILD ones included."""
        self.scope = Scope()
        self.ships = ""
        """What of it reaches the image: "layers"; "squashed", the same as one layer, by a builder that makes only one;
        "visible", only what it shows at its end is copied over; or nothing, ""."""

    @property
    def root(self) -> Stage:
        """The stage whose FROM names the image this one stands on in the end."""
        stage = self
        while stage.base is not None:
            stage = stage.base
        return stage

    @property
    def ancestry(self) -> list[Stage]:
        """The stages whose layers it has, the first one first, itself last."""
        chain = [self]
        while chain[-1].base is not None:
            chain.append(chain[-1].base)
        return chain[::-1]


class Dockerfile:
    """The whole file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.path = source.path
        self.text = source.text
        self.escape = "\\"
        self.directives: tuple[Directive, ...] = ()
        self.comments: tuple[tuple[int, int, int], ...] = ()
        """Start, end and row of every comment, directives and heredoc bodies excluded."""
        self.instructions: tuple[Instruction, ...] = ()
        self.stages: tuple[Stage, ...] = ()
        self.errors: list[Refusal] = []
        self.template = False
        """Text that a generator turns into a Dockerfile: nothing is said of it."""
        self.target: Stage | None = None

    @property
    def final(self) -> Stage | None:
        """The stage that is built: what settings name, or the last one that does not say that it tests another."""
        return self.target or (self.stages[-1] if self.stages else None)

    def stage(self, name: str, before: int | None = None) -> Stage | None:
        """The stage of a name or an index, as `--from` finds it; of equal names the last."""
        earlier = self.stages if before is None else self.stages[:before]
        for stage in reversed(earlier):
            if stage.name and stage.name == name.lower():
                return stage
        if name.isascii() and name.isdigit() and len(name) < 6 and int(name) < len(earlier):
            return earlier[int(name)]
        return None

    def shipped(self, stage: Stage | None) -> bool:
        """The stage's layers are part of the image."""
        return stage is not None and stage.ships in ("layers", "squashed")

    def all(self, *keywords: str) -> Iterator[Instruction]:
        """The instructions of these keywords, in order, the inner ones of ONBUILD included."""
        for instruction in self.instructions:
            inner = instruction.inner
            if instruction.keyword in keywords:
                yield instruction
            elif inner is not None and inner.keyword in keywords:
                yield inner


_NOTHING = Environment(Scope(closed=True), 0)


def read(source: Source, targets: tuple[str, ...] = (), squashed: bool = False) -> Dockerfile:
    """Read a Dockerfile; `targets` are the stages that are built (the last one without), `squashed` into one layer."""
    dockerfile = Dockerfile(source)
    reading = Reading(source.text).read()
    dockerfile.directives = tuple(reading.directives)
    dockerfile.comments = tuple(reading.comments)
    dockerfile.escape = reading.escape
    dockerfile.errors = reading.refusals
    dockerfile.template = _is_template(source, reading)
    if dockerfile.template:
        dockerfile.errors = []
        return dockerfile
    if any(refusal.fatal for refusal in reading.refusals):
        return dockerfile
    from canfar_lint.model.dockerfile.crosscheck import differs

    difference = differs(reading)
    if difference:
        reading.refuse(f"cannot be read with certainty ({difference})", 0, fatal=True)
        return dockerfile
    _Builder(dockerfile, reading).build()
    _mark_shipped(dockerfile, targets, squashed)
    return dockerfile


def _is_template(source: Source, reading: Reading) -> bool:
    """A generator's input: only when it shows a placeholder where a Dockerfile cannot be read."""
    generated = source.path.endswith((".j2", ".jinja", ".jinja2", ".m4", ".in", ".template", ".tmpl", ".tpl", ".erb"))
    if not generated and not _TEMPLATE.search(source.text):
        return False
    for line in reading.lines:
        keyword = keyword_and_flags(line.logical.text, len(line.logical.text) - len(line.logical.text.lstrip()))[0]
        if keyword not in KEYWORDS:
            return True
    return bool(reading.refusals)


class _Builder:
    """Gives every instruction its stage, variables, user, working directory and shell, in file order."""

    def __init__(self, dockerfile: Dockerfile, reading: Reading) -> None:
        self.dockerfile = dockerfile
        self.reading = reading
        self.errors = dockerfile.errors
        self.globals = Scope(closed=True)
        for name in (*_PLATFORM, *_PROXIES, *map(str.upper, _PROXIES)):
            self.globals.set(name, -1, UNKNOWN, env=False)
        self.stages: list[Stage] = []
        self.names: dict[str, Stage] = {}
        self.user: str | None = ""
        self.workdir: str | None = None
        self.shell: tuple[str, ...] | None = None
        self.ends: dict[int, tuple[str | None, str | None, tuple[str, ...] | None]] = {}

    def build(self) -> None:
        instructions = []
        for index, line in enumerate(self.reading.lines):
            instruction = self.instruction(line, index)
            instructions.append(instruction)
            if instruction.keyword == "FROM":
                self.begin(instruction)
            else:
                self.place(instruction)
        self.dockerfile.instructions = tuple(instructions)
        self.dockerfile.stages = tuple(self.stages)
        if not self.stages and not self.errors and instructions:
            self.refuse(instructions[0], "no build stage: a Dockerfile needs a FROM")

    def refuse(self, instruction: Instruction, message: str) -> None:
        self.errors.append(Refusal(message, instruction.start, instruction.end))

    def instruction(self, line: Line, index: int) -> Instruction:
        text = line.logical.text
        start = len(text) - len(text.lstrip())
        made = self.node(Instruction(line, index, self.reading.escape, self.reading.text), start)
        if made.keyword == "ONBUILD" and made.value:
            made.inner = self.node(Instruction(line, index, self.reading.escape, self.reading.text), made.arguments)
            made.inner.onbuild = True
        return made

    def node(self, made: Instruction, start: int) -> Instruction:
        """Keyword, flags, JSON form from the logical line's index `start` on."""
        text = made.logical.text
        end = len(text.rstrip())
        made.keyword, stop, made._arguments = keyword_and_flags(text, start)
        made.span = (start, max(start, end))
        made._arguments = min(made._arguments, made.span[1])
        made.env = Environment(self.stages[-1].scope if self.stages else self.globals, made.index)
        flags, _ = split_flags(text[:end], stop) if stop < end else ([], 0)
        made.flags = tuple(self.flag(made, flag) for flag in flags)
        at = made._arguments
        if made.keyword == "HEALTHCHECK" and text[at : at + 3].upper() == "CMD":
            at += 3
        if made.keyword in (*_LISTS, "HEALTHCHECK"):
            try:
                strings = json_strings(text[:end], at)
            except NotStrings as e:
                self.refuse(made, str(e))
                strings = None
            if strings is not None:
                made.json = tuple(
                    Word(s.text, self.json_value(made, s.text), *made.logical.span(s.start, s.end)) for s in strings
                )
        return made

    def json_value(self, made: Instruction, text: str) -> str | None:
        """COPY, ADD and VOLUME substitute in their JSON form too; commands do not."""
        return expand(text, made.env, made.escape) if made.keyword in ("COPY", "ADD", "VOLUME") else text

    def flag(self, made: Instruction, flag: Span) -> Flag:
        name, equals, value = flag.text[2:].partition("=")
        expanded = expand(value, made.env, made.escape) if equals else None
        return Flag(name, value if equals else None, expanded, *made.logical.span(flag.start, flag.end))

    def begin(self, first: Instruction) -> None:
        """A FROM: a new stage."""
        first.env = Environment(self.globals, first.index)
        first._words = None
        words = first.words
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].text.upper() != "AS"):
            self.refuse(first, "FROM requires either one or three arguments")
        name = words[2].text.lower() if len(words) == 3 else ""
        stage = Stage(first, len(self.stages), name)
        first.stage = stage
        image = words[0].value if words else None
        base = self.names.get(image.lower()) if image else None
        stage.base = base
        stage.image = None if base else image
        platform = first.flag("platform")
        stage.platform = platform.expanded if platform else None
        self.user, self.workdir, self.shell = self.ends.get(base.index, ("", None, None)) if base else ("", None, None)
        stage.scope = Scope(base.scope if base else None, first.index, closed=image == "scratch" and not base)
        self.stages.append(stage)
        if name:
            self.names[name] = stage

    def place(self, instruction: Instruction) -> None:
        stage = self.stages[-1] if self.stages else None
        for node in (instruction, instruction.inner):
            if node is not None:
                node.stage = stage
                node.user, node.workdir, node.shell = self.user, self.workdir, self.shell
                self.judge(node)
        if stage is None:
            if instruction.keyword == "ARG":
                self.define(instruction, self.globals)
            elif instruction.keyword in KEYWORDS:
                message = f"no build stage in current context: {instruction.keyword} stands before the first FROM"
                self.refuse(instruction, message)
            return
        stage.instructions.append(instruction)
        if instruction.keyword in ("ARG", "ENV"):
            self.define(instruction, stage.scope)
        elif instruction.keyword == "USER":
            value = instruction.whole.value
            self.user = value.partition(":")[0] if value else None
        elif instruction.keyword == "WORKDIR":
            self.workdir = _join(self.workdir, instruction.whole.value)
        elif instruction.keyword == "SHELL" and instruction.json is not None:
            self.shell = tuple(word.text for word in instruction.json)
        self.ends[stage.index] = (self.user, self.workdir, self.shell)

    def define(self, instruction: Instruction, scope: Scope) -> None:
        env = instruction.keyword == "ENV"
        for pair in instruction.pairs:
            value: Value = pair.value if pair.value is not None else UNKNOWN
            if pair.raw is None:
                inherited = self.globals.get(pair.name, 1 << 30) if scope is not self.globals else UNKNOWN
                value = UNKNOWN if inherited is None else inherited
            scope.set(pair.name, instruction.index, value, env=env)

    def judge(self, node: Instruction) -> None:
        """What BuildKit refuses of one instruction."""
        keyword = node.keyword
        if keyword not in KEYWORDS:
            self.refuse(node, _unknown(keyword))
        elif keyword in ("ENV", "LABEL"):
            words = split_pairs(node._text(), node.arguments, node.escape)
            if not words:
                self.refuse(node, f"{keyword} requires at least one argument")
            elif "=" not in words[0].text:
                if len(node.value.split(None, 1)) < 2:
                    self.refuse(node, f"{keyword} must have two arguments")
            else:
                for word in words:
                    if "=" not in word.text:
                        message = f'Syntax error - can\'t find = in "{word.text}". Must be of the form: name=value'
                        self.errors.append(Refusal(message, *node.logical.span(word.start, word.end)))
                        break
        elif keyword in ("COPY", "ADD") and len(node.words) < 2:
            self.refuse(node, f"{keyword} requires at least two arguments, but only {len(node.words)} was provided")
        elif keyword in ("WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER") and not node.value:
            self.refuse(node, f"{keyword} requires exactly one argument")


def _unknown(keyword: str) -> str:
    import difflib

    near = difflib.get_close_matches(keyword[:40], sorted(KEYWORDS), 1)
    return f"unknown instruction: {keyword[:40]}" + (f" (did you mean {near[0]}?)" if near else "")


def _join(base: str | None, path: str | None) -> str | None:
    if path is None:
        return None
    import posixpath

    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(base, path)) if base is not None else None


def _mount(flag: Flag, workdir: str | None) -> Mount:
    """The options of a `--mount`; a target that hangs on an unknown variable is None."""
    options: dict[str, str] = {}
    for field in (flag.expanded if flag.expanded is not None else flag.value or "").split(","):
        name, _, value = field.partition("=")
        options[name.strip().lower()] = value.strip('"')
    target = options.get("target") or options.get("dst") or options.get("destination")
    if flag.expanded is None and target and "$" in target:
        target = None
    return Mount(options.get("type", "bind").lower(), _join(workdir or "/", target), options, flag.start, flag.end)


def _tested(dockerfile: Dockerfile) -> Stage | None:
    """The stage below a last one that is there to test it: `FROM app AS test`."""
    stage = dockerfile.stages[-1] if dockerfile.stages else None
    while stage is not None and stage.base is not None and _TEST_STAGE.fullmatch(stage.name or ""):
        stage = stage.base
    return stage


def _mark_shipped(dockerfile: Dockerfile, targets: tuple[str, ...], squashed: bool) -> None:
    wanted = [stage for name in targets if (stage := dockerfile.stage(name)) is not None]
    dockerfile.target = wanted[-1] if wanted else _tested(dockerfile)
    for final in wanted or [stage for stage in (dockerfile.final,) if stage is not None]:
        for stage in final.ancestry:
            stage.ships = "squashed" if squashed else "layers"
    for stage in dockerfile.stages:
        if not dockerfile.shipped(stage):
            continue
        for instruction in stage.instructions:
            flag = instruction.flag("from") if instruction.keyword == "COPY" else None
            if flag is None or flag.expanded is None or [word.value for word in instruction.words] != ["/", "/"]:
                continue
            copied = dockerfile.stage(flag.expanded, stage.index)
            for each in copied.ancestry if copied is not None else ():
                each.ships = each.ships or "visible"
