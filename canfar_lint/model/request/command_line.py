"""Session requests of the command line: `canfar create [OPTIONS] KIND IMAGE [-- CMD [ARGS]…]`, and its old names.

Read as click reads it: options stand anywhere before `--`, also behind the first words of the command that runs.
"""

from __future__ import annotations

import re
from itertools import pairwise

from canfar_lint.model.request import COMMAND_LINE, UNKNOWN, Given, Request
from canfar_lint.model.shell import Command, Script, Word
from canfar_lint.model.shell_expand import only_words

_OPTIONS = {
    "--name": "name",
    "-n": "name",
    "--cpu": "cores",
    "-c": "cores",
    "--memory": "ram",
    "-m": "ram",
    "--gpu": "gpu",
    "-g": "gpu",
    "--env": "env",
    "-e": "env",
    "--replicas": "replicas",
    "-r": "replicas",
    "--output": "output",
    "-o": "output",
}
_CLIENTS = frozenset(("canfar", "cf", "skaha"))
# what runs a program of a project's environment
_RUNNERS = frozenset(("uv", "uvx", "pixi", "poetry", "pdm", "hatch", "pipx", "pipenv", "rye"))
_FLAGS = {"--debug": "", "--dry-run": "dry run", "--help": "help", "-h": "help"}
_VERBS = frozenset(("create", "run", "launch"))
_MOST_NESTED = 4
# words that stand for what a reader puts there
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]+|\[.*|.*\]|<.*>|\{\w*\}|\.{3}|…")
_ROOT_FLAGS = frozenset(("-v", "-vv"))
_ROOT_OPTIONS = frozenset(("--log-level", "--log-file"))


def command_requests(script: Script) -> list[Request]:
    """The requests of a shell text, by the command line or straight to the server, in source order."""
    from canfar_lint.model.request.rest import curls

    found = []
    for command in script.commands:
        at = verb(command)
        if at is not None and command.arguments[at].value in _VERBS:
            request = _Reader(script, command, at).request
            if not _is_usage(request):
                found.append(request)
    found += curls(script)
    return sorted(found, key=lambda request: request.span)


def _is_usage(request: Request) -> bool:
    """Whether it says how the command is written: `canfar create [OPTIONS] KIND IMAGE`."""
    words = (given.value for name, given in request.fields.items() if name in ("kind", "image"))
    return any(isinstance(word, str) and _PLACEHOLDER.fullmatch(word) and word.lower() != "headless" for word in words)


def client(command: Command) -> int | None:
    """Where among the arguments of a command the client's own begin, behind `uv run` and its like too."""
    if command.name in _CLIENTS:
        return 0
    words = command.arguments if command.name in _RUNNERS else []
    for at, (word, following) in enumerate(pairwise(words), 1):
        if word.value in _CLIENTS and following.value not in _CLIENTS:
            return at
    return None


def verb(command: Command) -> int | None:
    """Where among the arguments of a `canfar` command its own command stands; None when it has none."""
    at = client(command)
    if at is None:
        return None
    while at < len(command.arguments):
        value = command.arguments[at].value
        if value in _ROOT_FLAGS:
            at += 1
        elif value in _ROOT_OPTIONS:
            at += 2
        elif value is not None and value.startswith(tuple(f"{option}=" for option in _ROOT_OPTIONS)):
            at += 1
        else:
            return at if value is not None and not value.startswith("-") else None
    return None


def _is_list(word: Word) -> bool:
    """Whether a word is `"$@"` or `"${options[@]}"`, which becomes any number of words."""
    return len(word.parts) == 1 and (word.parts[0].name in ("@", "*") or word.parts[0].index in ("[@]", "[*]"))


class _Reader:
    """One command on its way to a request."""

    def __init__(self, script: Script, command: Command, verb: int) -> None:
        self.script = script
        self.command = command
        words = command.arguments
        first = command.words[len(command.words) - len(words) - 1 + (client(command) or 0)]
        self.request = Request(COMMAND_LINE, (first.start, words[verb].end))
        self.request.command = command
        self.request.client = command.name or ""
        self.positional: list[Word] = []
        self.behind: list[Word] = []
        self.read([piece for word in words[verb + 1 :] for piece in self.split(word)])
        self.request.behind = tuple(self.behind)

    def read(self, words: list[Word]) -> None:
        request = self.request
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            if word.value == "--":
                request.separated = True
                self.positional += words[at:]
                break
            if word.value is None and not word.quoted and word.head == "" and not self.is_one(word):
                # an unquoted variable may hold options, several words, or nothing
                request.complete = False
            if _is_list(word):
                # options, words of the command, or nothing
                request.complete = False
                if len(self.positional) < 2 and not any(later.value == "--" for later in words[at:]):
                    break
                continue
            text = word.head
            if not text.startswith("-") or text == "-":
                self.positional.append(word)
                continue
            if len(self.positional) > 2:
                self.behind.append(word)
            taken = self.option(word, words[at] if at < len(words) else None)
            if taken is None:
                break
            at += taken
        self.words_of_command()

    def split(self, word: Word) -> list[Word]:
        """The words that an unquoted variable becomes; the word itself where that is not known."""
        if word.value is not None or word.quoted:
            return [word]
        pieces = (self.script.resolve(word, self.command) or "").split()
        return [Word(piece, word.start, word.end, piece) for piece in pieces] if len(pieces) > 1 else [word]

    def is_one(self, word: Word) -> bool:
        value = self.script.resolve(word, self.command)
        return value is not None and len(value.split()) == 1 and not value.startswith("-")

    def option(self, word: Word, following: Word | None) -> int | None:
        """Note an option; how many further words it takes, None where the command line stops."""
        request = self.request
        name, equals, _ = word.head.partition("=")
        if name in _FLAGS and not equals:
            request.stopped = request.stopped or _FLAGS[name]
            return 0
        if name in _OPTIONS and (equals or word.head == name) and (name.startswith("--") or not equals):
            if equals:
                self.note(_OPTIONS[name], self.given(word.behind(len(name) + 1)))
                return 0
            if following is not None and word.value is not None:
                self.note(_OPTIONS[name], self.given(following))
                return 1
        elif name[:2] in _OPTIONS and not name.startswith("--"):
            self.note(_OPTIONS[name[:2]], self.given(word.behind(2)))
            return 0
        # the command line stops here, so what follows has no meaning
        request.unknown[word.head] = self.given(word)
        request.complete = False
        return None

    def note(self, field: str, given: Given) -> None:
        request = self.request
        if field != "env":
            request.fields[field] = given
            return
        if "=" not in given.text and given.value is not UNKNOWN:
            request.fields["env"] = given
        request.fields.setdefault("env", given)
        name, equals, value = given.text.partition("=")
        if equals and "{}" not in name:
            known = value if given.value is not UNKNOWN else UNKNOWN
            sure = given.sure.partition("=")[2]
            request.env.append((name, Given(known, value, given.start, given.end, None, sure)))
        elif "{}" in name:
            request.whole_env = False

    def words_of_command(self) -> None:
        words = self.positional
        for field, word in zip(("kind", "image", "cmd"), words, strict=False):
            self.request.fields[field] = self.given(word)
        self.request.words = tuple(words[2:])
        rest = [self.given(word) for word in words[3:]]
        if rest:
            known = all(given.value is not UNKNOWN for given in rest)
            text = " ".join(given.text for given in rest)
            sure = " ".join(given.sure for given in rest)
            value = text if known else UNKNOWN
            self.request.fields["args"] = Given(value, text, rest[0].start, rest[-1].end, None, sure)

    def given(self, word: Word) -> Given:
        return of_word(self.script, self.command, word)


def of_word(script: Script, command: Command, word: Word) -> Given:
    """What a word is worth where its command stands."""
    value = script.resolve(word, command)
    if value is not None:
        return Given(value, value, word.start, word.end)
    sure = "".join(part.text if part.kind == "literal" else "{}" for part in word.parts)
    return Given(UNKNOWN, _as_far_as_known(script, command, word, _MOST_NESTED), word.start, word.end, None, sure)


def _as_far_as_known(script: Script, command: Command, word: Word, levels: int) -> str:
    """The text of a word with `{}` for what is not known, defaults in their place."""
    env = script.environment(command)
    text = ""
    for part in word.parts:
        if part.kind == "literal":
            text += part.text
        elif part.kind == "variable" and part.op in ("", ":-", "-"):
            default = part.arguments[0].value if part.overridable and part.arguments else None
            made = only_words(script).get(part.name) if levels and not part.op and not part.index else None
            partly = _as_far_as_known(script, command, made, levels - 1) if made is not None else ""
            text += env.get(part.name) or default or partly or script.given.get(part.name) or "{}"
        else:
            text += "{}"
    return text
