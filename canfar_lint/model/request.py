"""A session request, wherever it is written: what is asked for, what runs, and where each part of it stands.

The parameters, their order and their meaning are those of canfar 1.5.2 (`platform.md`, 1.1 to 1.8).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Command, Script, Word

# surfaces
CREATE, MODEL, COMMAND_LINE, REST = "create", "CreateRequest", "canfar create", "REST"

PARAMETERS = ("name", "image", "cores", "ram", "kind", "gpu", "cmd", "args", "env", "replicas")
_MODEL_PARAMETERS = frozenset(("name", "image", "cores", "ram", "kind", "gpus", "cmd", "args", "env", "replicas"))
_CLIENTS = ("canfar.sessions", "canfar", "skaha.session", "skaha")
SYNCHRONOUS = frozenset(f"{client}.Session().create" for client in _CLIENTS)
ASYNCHRONOUS = frozenset(f"{client}.AsyncSession().create" for client in _CLIENTS)
_MODELS = frozenset(("canfar.models.session.CreateRequest", "canfar.models.CreateRequest", "skaha.models.CreateSpec"))
_TELLING = frozenset(("cores", "ram", "cmd", "replicas", "gpu", "kind"))
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
_FLAGS = frozenset(("--debug", "--dry-run", "--help", "-h"))
_VERBS = frozenset(("create", "run", "launch"))


class Given:
    """One argument: its `value` (`...` when it is not known) and where it stands.

    `text` is a text as far as it is known, with `{}` for what is not; `node` the Python expression.
    """

    __slots__ = ("end", "node", "start", "text", "value")

    def __init__(self, value: object, text: str, start: int, end: int, node: ast.expr | None = None) -> None:
        self.value = value
        self.text = text
        self.start = start
        self.end = end
        self.node = node

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    @property
    def whole(self) -> int | None:
        """The whole number it is, as the client reads one: 4, 4.0, "4", "4.0"."""
        value = self.value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return None
        if isinstance(value, (int, float)) and value == value // 1:
            return int(value)
        return None


class Request:
    """One request.

    `surface` is how it is written; `span` the name of what is called; `fields` what was given, `unknown` what the
    surface does not know; `env` the variables with literal names; `complete` says that nothing else can have been
    given. `whole_env` is False when variables may be missing from `env`. `call` of `module`, or `command`, is what it
    was read from. `words` are those behind `--`, `separated` whether there was one.
    """

    __slots__ = (
        "call",
        "command",
        "complete",
        "env",
        "fields",
        "module",
        "separated",
        "span",
        "surface",
        "unknown",
        "whole_env",
        "words",
    )

    def __init__(self, surface: str, span: tuple[int, int]) -> None:
        self.surface = surface
        self.span = span
        self.fields: dict[str, Given] = {}
        self.unknown: dict[str, Given] = {}
        self.env: list[tuple[str, Given]] = []
        self.whole_env = True
        self.complete = True
        self.call: ast.Call | None = None
        self.module: PythonModule | None = None
        self.command: Command | None = None
        self.words: tuple[Word, ...] = ()
        self.separated = False

    def text(self, field: str) -> str | None:
        """A field's text when all of it is known."""
        given = self.fields.get(field)
        return given.value if given is not None and isinstance(given.value, str) else None

    @property
    def kind(self) -> str | None:
        """The kind of session; None when it is not known. Headless is the default, but not of the command line."""
        given = self.fields.get("kind")
        if given is None:
            return "headless" if self.complete and self.surface != COMMAND_LINE else None
        return given.value if isinstance(given.value, str) else None

    @property
    def cores(self) -> int | None:
        given = self.fields.get("cores")
        return given.whole if given is not None else None


# -- Python ---------------------------------------------------------------------------------------------------


def requests(module: PythonModule) -> list[Request]:
    """The session requests of a module, in source order."""
    kept = module.memo("session requests")
    if "all" not in kept:
        kept["all"] = [_of_call(module, call, surface) for call, surface in _calls(module)]
    found = kept["all"]
    assert isinstance(found, list)
    return found


def _calls(module: PythonModule) -> list[tuple[ast.Call, str]]:
    found = dict.fromkeys(module.calls(SYNCHRONOUS | ASYNCHRONOUS), CREATE)
    found.update((call, MODEL) for call in module.calls(_MODELS))
    for call in module.methods(["create"]):
        words = {keyword.arg for keyword in call.keywords}
        # a client handed in as a parameter: only its method and the words of the request tell
        if call not in found and "image" in words and words & _TELLING and not module.qualified(call.func):
            found[call] = CREATE
    return sorted(found.items(), key=lambda item: (item[0].lineno, item[0].col_offset))


def _of_call(module: PythonModule, call: ast.Call, surface: str) -> Request:
    request = Request(surface, module.name_span(call))
    request.call, request.module = call, module
    given: dict[str, ast.expr] = {}
    for name, argument in zip(PARAMETERS, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            request.complete = False
            break
        given[name] = argument
    for keyword in call.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
            continue
        items = list(_items(module, keyword.value))
        request.complete = request.complete and bool(items)
        given.update(items)
    for name, node in given.items():
        _put(module, request, name, node)
    return request


def _put(module: PythonModule, request: Request, name: str, node: ast.expr) -> None:
    known = name in _MODEL_PARAMETERS if request.surface == MODEL else name in PARAMETERS or name == "errors"
    field = "gpu" if name == "gpus" and known else name
    (request.fields if known else request.unknown)[field] = _given(module, node)
    if name == "env" and known:
        resolved = module.resolve(node)
        request.env = [(key, _given(module, value)) for key, value in _items(module, resolved)]
        size = len(resolved.keys) if isinstance(resolved, ast.Dict) else len(request.env)
        request.whole_env = bool(request.env) and size == len(request.env)


def _given(module: PythonModule, node: ast.expr) -> Given:
    value = module.value(node)
    literal = value.literals[0] if len(value.literals) == 1 and value.text is not None else value.node
    place = literal if isinstance(literal, ast.Constant) else node
    return Given(module.constant(node), value.skeleton if value.pieces else "", *module.span(place), node)


def _items(module: PythonModule, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The entries of a dict display, a `dict(…)` call or a name bound to one, as far as their keys are literal."""
    node = module.resolve(node)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _items(module, value)
                continue
            name = module.constant(key)
            if isinstance(name, str):
                yield name, value
    elif isinstance(node, ast.Call) and module.qualified(node.func) == "builtins.dict":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, keyword.value


# -- the command line -------------------------------------------------------------------------------------------


def command_requests(script: Script) -> list[Request]:
    """The requests of a shell text: `canfar create [OPTIONS] KIND IMAGE [-- CMD [ARGS]…]`, and its old names."""
    return [_of_command(command) for command in script.commands if _is_create(command)]


def _is_create(command: Command) -> bool:
    words = command.arguments
    return command.name in ("canfar", "cf", "skaha") and bool(words) and words[0].value in _VERBS


def _of_command(command: Command) -> Request:
    words = list(command.arguments)
    first = command.words[len(command.words) - len(words) - 1]
    request = Request(COMMAND_LINE, (first.start, words[0].end))
    request.command = command
    positional: list[Word] = []
    at = 1
    while at < len(words):
        word = words[at]
        at += 1
        if word.value == "--":
            request.separated = True
            positional += words[at:]
            break
        if word.value is None and word.text.startswith(("$", '"$')) and not word.quoted:
            # an unquoted variable may hold options, or nothing
            request.complete = False
        name, equals, rest = (word.value or word.text).partition("=")
        if not name.startswith("-") or name == "-":
            positional.append(word)
        elif name in _FLAGS:
            continue
        elif name in _OPTIONS:
            if equals and name.startswith("--"):
                _option(
                    request, _OPTIONS[name], Given(rest if word.value is not None else ..., rest, word.start, word.end)
                )
            elif at < len(words):
                _option(request, _OPTIONS[name], _of_word(words[at]))
                at += 1
        elif name[:2] in _OPTIONS and not name.startswith("--"):
            _option(request, _OPTIONS[name[:2]], Given(name[2:], name[2:], word.start, word.end))
        else:
            # the command line stops here, so what follows has no meaning
            request.unknown[name] = _of_word(word)
            request.complete = False
            return request
    _positional(request, positional)
    return request


def _positional(request: Request, words: list[Word]) -> None:
    for field, word in zip(("kind", "image", "cmd"), words, strict=False):
        request.fields[field] = _of_word(word)
    request.words = tuple(words[2:])
    rest = words[3:]
    if rest:
        known = all(word.value is not None for word in rest)
        text = " ".join(word.value if word.value is not None else "{}" for word in rest)
        request.fields["args"] = Given(text if known else ..., text, rest[0].start, rest[-1].end)


def _option(request: Request, field: str, given: Given) -> None:
    if field != "env":
        request.fields[field] = given
        return
    request.fields.setdefault("env", given)
    name, equals, value = given.text.partition("=")
    if equals:
        known = value if given.value is not ... else ...
        request.env.append((name, Given(known, value, given.start, given.end)))


def _of_word(word: Word) -> Given:
    value: Any = word.value if word.value is not None else ...
    return Given(value, word.value if word.value is not None else word.text, word.start, word.end)
