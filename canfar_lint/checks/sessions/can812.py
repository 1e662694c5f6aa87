"""Secrets written into what submits a session."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import Request
from canfar_lint.model.request.rest import is_session_url
from canfar_lint.model.shell import Command, Script, Word

_PLACEHOLDER = re.compile(
    r"(?i)<|>|\.\.\.|…|xxx|\*\*\*|your|change.?me|example|dummy|placeholder|secret$|^token$|^password$|\{"
)
_HEADER = re.compile(r"(?i)(authorization|x-skaha-registry-auth|x-auth-token)\s*:\s*(?:bearer\s+|basic\s+)?")
_SHORTEST = 6


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    """Variables of a request that are named like a secret."""
    named = re.compile(rule.table("names"))
    for name, given in request.env:
        if named.search(name.upper()) and isinstance(given.value, str) and _is_secret(given.value):
            yield rule.finding(given.span, what=f"`{name}`")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    table: dict[str, list[str]] = rule.table("arguments")
    for call in module.calls(table):
        names = next(table[name] for name in module.qualified_all(call.func) if name in table)
        for keyword in call.keywords:
            node = _wrapped(module, keyword.value)
            secret = module.constant(node)
            if keyword.arg in names and isinstance(secret, str) and _is_secret(secret):
                yield rule.finding(_literal(module, node), what=f"`{keyword.arg}`")
    for call in (*module.methods(["post", "get", "delete"]), *module.calls(("requests.request", "httpx.request"))):
        url = module.argument(call, "url", 0)
        headers = module.argument(call, "headers")
        if url is not None and headers is not None and "skaha" in module.value(url).skeleton:
            yield from _headers(module, headers, rule)


def _wrapped(module: PythonModule, node: ast.expr) -> ast.expr:
    """The text inside of `SecretStr("…")`."""
    resolved = module.resolve(node)
    if isinstance(resolved, ast.Call) and module.qualified(resolved.func).endswith("SecretStr") and resolved.args:
        return resolved.args[0]
    return node


def _headers(module: PythonModule, headers: ast.expr, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.model.request.python import entries

    for name, node in entries(module, headers)[0].items():
        text = module.constant(node) if node is not None else None
        match = _HEADER.match(f"{name}: {text}") if isinstance(text, str) else None
        if match is not None and node is not None and _is_secret(f"{name}: {text}"[match.end() :]):
            yield rule.finding(_literal(module, node), what=f"the header `{name}`")


def _literal(module: PythonModule, node: ast.expr) -> tuple[int, int]:
    literals = module.value(node).literals
    return module.span(literals[0] if len(literals) == 1 else node)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    for command in script.commands:
        if command.name == "curl" and any(is_session_url(word.text) or "skaha" in word.text for word in command.words):
            yield from _curl(script, command, rule)


def _curl(script: Script, command: Command, rule: Rule) -> Iterator[Finding]:
    words = command.arguments
    for word, following in zip(words, [*words[1:], None], strict=True):
        if following is None:
            continue
        if word.value in ("-H", "--header"):
            value = script.resolve(following, command)
            match = _HEADER.match(value) if value is not None else None
            if match is not None and value is not None and _is_secret(value[match.end() :]):
                yield rule.finding(_place(following), what=f"the header `{match.group(1)}`")
        elif word.value in ("-u", "--user"):
            name, colon, password = (following.value or "").partition(":")
            if name and colon and _is_secret(password):
                yield rule.finding(_place(following), what=f"the password of `{name}`")


def _place(word: Word) -> tuple[int, int]:
    return word.span


def _is_secret(text: str) -> bool:
    """Whether a text may be a secret itself: no placeholder, no path to one, no switch."""
    if len(text) < _SHORTEST or _PLACEHOLDER.search(text) or text.startswith(("/", "~", "$", "./", "http")):
        return False
    return text.lower() not in ("true", "false", "enabled", "disabled") and not text.isdecimal()
