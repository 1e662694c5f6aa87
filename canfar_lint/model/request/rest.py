"""Session requests that go to the server itself: `curl … /skaha/v1/session -d name=…`, `requests.post(…)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import REST, UNKNOWN, Given, Request
from canfar_lint.model.shell import Command, Script, Word

# the server's parameters, and what the client calls them
FIELDS = {
    "name": "name",
    "image": "image",
    "cores": "cores",
    "ram": "ram",
    "type": "kind",
    "gpus": "gpu",
    "cmd": "cmd",
    "args": "args",
    "env": "env",
}
_SESSIONS = re.compile(r"(?i)skaha.*/session/?(?:[?#\"']|$)")
_DATA = frozenset(
    ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "-F", "--form", "--form-string")
)
# options of curl that take a word
_TAKING = frozenset(
    (
        *("-X", "--request", "-H", "--header", "-E", "--cert", "--key", "--cacert", "-o", "--output", "-u", "--user"),
        *("-A", "--user-agent", "-e", "--referer", "-b", "--cookie", "-c", "--cookie-jar", "-m", "--max-time", "-w"),
        *("--write-out", "--retry", "--retry-delay", "--connect-timeout", "-x", "--proxy", "-T", "--upload-file"),
    )
)
_POSTS = frozenset(("requests.request", "httpx.request"))


def is_session_url(text: str) -> bool:
    """Whether a text, with `{}` or shell variables for what is not known, is where sessions are made."""
    return _SESSIONS.search(text) is not None


# -- Python ---------------------------------------------------------------------------------------------------


def posts(module: PythonModule) -> Iterator[tuple[ast.Call, Request]]:
    """What `requests`, `httpx` or an object with a `post` sends to the sessions of a server."""
    calls = [(call, module.argument(call, "url", 0)) for call in module.methods(["post"])]
    for call in module.calls(_POSTS):
        method = module.argument(call, "method", 0)
        if method is not None and str(module.constant(method)).upper() == "POST":
            calls.append((call, module.argument(call, "url", 1)))
    for call, url in calls:
        if url is None:
            continue
        where = module.value(url).skeleton
        if is_session_url(where):
            yield call, _post(module, call)
        elif re.fullmatch(r"(?:https://)?\{\}/session/?", where):
            # a server of unknown name: its image tells
            request = _post(module, call)
            if "image" in request.fields and "canfar.net/" in request.fields["image"].text:
                yield call, request


def _post(module: PythonModule, call: ast.Call) -> Request:
    from canfar_lint.model.request.python import entries, put

    request = Request(REST, module.name_span(call))
    request.call, request.module = call, module
    request.complete = not module.is_open_ended(call)
    for parameter in ("params", "data"):
        node = module.argument(call, parameter)
        if node is None:
            continue
        items, whole = entries(module, node)
        request.complete = request.complete and whole
        for name, value in items.items():
            if name == "env":
                _variables(module, request, value)
            put(request, name, module, value)
    if not request.fields:
        request.complete = False
    return request


def _variables(module: PythonModule, request: Request, node: ast.expr | None) -> None:
    """`env`: one `NAME=value`, or a list of them."""
    from canfar_lint.model.request.python import given

    resolved = module.resolve(node) if node is not None else None
    many = resolved.elts if isinstance(resolved, (ast.List, ast.Tuple)) else [resolved]
    for one in many:
        said = given(module, one) if one is not None else None
        if said is None or "=" not in said.text or "{}" in said.text.partition("=")[0]:
            request.whole_env = False
            continue
        request.env.append(_variable(said))


def _variable(said: Given) -> tuple[str, Given]:
    name, _, text = said.text.partition("=")
    value = text if said.value is not UNKNOWN else UNKNOWN
    return name, Given(value, text, said.start, said.end, said.node, said.sure.partition("=")[2])


# -- shell ----------------------------------------------------------------------------------------------------


def curls(script: Script) -> Iterator[Request]:
    """What `curl` sends to the sessions of a server."""
    for command in script.commands:
        if command.name == "curl":
            request = _curl(script, command)
            if request is not None:
                yield request


def _curl(script: Script, command: Command) -> Request | None:
    from canfar_lint.model.request.command_line import of_word

    url: Word | None = None
    given: list[tuple[str, Word]] = []
    words = iter(command.arguments)
    for word in words:
        name, equals, _ = word.head.partition("=")
        if name in _DATA and not (equals and not name.startswith("--")):
            value = word.behind(len(name) + 1) if equals else next(words, None)
            if value is not None:
                given.append((name, value))
        elif word.head[:2] in ("-d", "-F") and len(word.text) > 2:
            given.append((word.head[:2], word.behind(2)))
        elif word.head in _TAKING:
            method = next(words, None)
            if word.head in ("-X", "--request") and method is not None and method.value not in (None, "POST", "PUT"):
                return None
        elif not word.head.startswith("-") and _is_url(script, command, word):
            url = word
    if url is None or not given:
        return None
    query = of_word(script, command, url).text.partition("?")[2]
    program = command.program or command.words[0]
    request = Request(REST, program.span)
    request.command = command
    for option, word in given:
        _field(script, command, request, option, word)
    for piece in query.split("&") if query else ():
        _note(request, Given(piece if "{}" not in piece else UNKNOWN, piece, *url.span))
    return request if {"name", "image"} & set(request.fields) else None


def _is_url(script: Script, command: Command, word: Word) -> bool:
    from canfar_lint.model.request.command_line import of_word

    return is_session_url(word.text) or is_session_url(of_word(script, command, word).text)


def _field(script: Script, command: Command, request: Request, option: str, word: Word) -> None:
    from canfar_lint.model.request.command_line import of_word

    said = of_word(script, command, word)
    name, equals, _ = said.text.partition("=")
    if not equals or "{}" in name or said.text.startswith("@"):
        request.complete = False
        return
    if "&" in said.sure and option not in ("--data-urlencode", "-F", "--form", "--form-string"):
        for piece in said.text.split("&"):
            _note(request, Given(piece if said.value is not UNKNOWN else UNKNOWN, piece, *said.span))
        return
    if word.head.startswith(f"{name}="):
        parts = word.behind(len(name) + 1).parts
        # the quotes stand around name and value
        span = (parts[0].start, parts[-1].end) if parts else word.span
        said = Given(said.value, said.text, *span, None, said.sure)
    _note(request, said)


def _note(request: Request, said: Given) -> None:
    name, _, text = said.text.partition("=")
    value = text if said.value is not UNKNOWN else UNKNOWN
    given = Given(value, text, *said.span, None, said.sure.partition("=")[2])
    if name == "env":
        request.fields.setdefault("env", given)
        if "=" in text and "{}" not in text.partition("=")[0]:
            request.env.append(_variable(given))
        else:
            request.whole_env = False
    else:
        (request.fields if name in FIELDS else request.unknown)[FIELDS.get(name, name)] = given
