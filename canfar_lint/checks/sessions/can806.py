"""Commands, names and addresses that are gone, or never were."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import REST, Request
from canfar_lint.model.request.command_line import verb
from canfar_lint.model.shell import Command, Script

_REMOVED = "/skaha/v0"


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.unknown.get("kind")
    if request.surface == REST and given is not None:
        span = request.module.span(given.node) if request.module is not None and given.node else given.span
        yield rule.finding(span, variant="kind", kind=given.text.replace("{}", "…"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    names: dict[str, str] = rule.table("imports")
    seen: set[ast.AST] = set()
    for binding in module.imports:
        if binding.qualified in names and binding.node not in seen:
            seen.add(binding.node)
            instead = names[binding.qualified]
            yield rule.finding(module.span(binding.node), variant="import", name=binding.qualified, instead=instead)
    methods: dict[str, str] = rule.table("methods")
    for method, instead in methods.items():
        for call in module.methods([method]):
            qualified = module.qualified(call.func)
            if qualified.startswith("canfar.") and "Session()." in qualified:
                yield rule.finding(module.name_span(call), variant="method", name=method, instead=instead)
    for constant in module.strings:
        if _REMOVED in str(constant.value) and not isinstance(module.parent(constant), ast.Expr):
            at = _inside(module, constant)
            yield rule.finding(at or module.span(constant), variant="v0")


def _inside(module: PythonModule, constant: ast.Constant) -> tuple[int, int] | None:
    """Where `v0` stands in a literal on one line, when its source shows it as it is."""
    start, end = module.span(constant)
    at = module.text.find(_REMOVED, start, end)
    return (at, at + len(_REMOVED)) if at >= 0 else None


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    for command in script.commands:
        at = verb(command)
        if at is not None:
            yield from _command(command, at, rule)
        for word in command.words:
            if _REMOVED in word.text and script.context != "literal":
                yield rule.finding(word.span, variant="v0")
    for entry in script.assignments:
        if entry.word is not None and _REMOVED in entry.word.text and script.context != "literal":
            yield rule.finding(entry.word.span, variant="v0")


def _command(command: Command, at: int, rule: Rule) -> Iterator[Finding]:
    words = command.arguments
    name = words[at].value or ""
    following = words[at + 1].value if at + 1 < len(words) else None
    program = (command.program or command.words[0]).start
    removed: dict[str, str] = rule.table("commands")
    spelled = f"{name} {following}" if f"{name} {following}" in removed else name
    if spelled in removed:
        end = words[at + 1].end if spelled != name else words[at].end
        yield rule.finding((program, end), variant="command", name=f"canfar {spelled}", instead=removed[spelled])
    elif name != "create":
        for word in words[at + 1 :]:
            if word.value in ("--json", "--yaml"):
                yield rule.finding(word.span, variant="option", name=word.value, format=word.value[2:])
