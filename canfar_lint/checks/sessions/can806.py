"""Commands, names and addresses that are gone, or never were."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import SAFE, UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import REST, Given, Request
from canfar_lint.model.request.command_line import client, verb
from canfar_lint.model.shell import Command, Script, Word

_REMOVED, _PRESENT = "/skaha/v0", "/skaha/v1"


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.unknown.get("kind")
    if request.surface == REST and given is not None:
        span = request.module.span(given.node) if request.module is not None and given.node else given.span
        fix = _typed(request, given)
        yield rule.finding(span, variant="kind", kind=given.text.replace("{}", "…"), fix=fix)


def _typed(request: Request, given: Given) -> Fix | None:
    """`type` instead of `kind`; safe where the server starts what it started before."""
    if request.fields.get("kind") is not None:
        return None
    edit = _key(request, given) if request.module is not None else _before_value(request, given)
    level = SAFE if given.value == "headless" else UNSAFE
    return Fix("Write `type`", (edit,), level) if edit is not None else None


def _key(request: Request, given: Given) -> Edit | None:
    module, value = request.module, given.node
    owner = module.parent(value) if module is not None and value is not None else None
    if module is None or not isinstance(owner, ast.Dict) or value not in owner.values:
        return None
    key = owner.keys[owner.values.index(value)]
    if key is None or module.code(key) not in ('"kind"', "'kind'"):
        return None
    start, end = module.span(key)
    return Edit(start + 1, end - 1, "type")


def _before_value(request: Request, given: Given) -> Edit | None:
    for word in request.command.words if request.command is not None else ():
        before = word.text[: given.start - word.start]
        if word.start < given.start <= word.end and _is_verbatim(word) and re.search(r"(?<!\w)kind=$", before):
            return Edit(given.start - 5, given.start - 1, "type")
    return None


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    names: dict[str, str] = rule.table("imports")
    seen: set[ast.AST] = set()
    for binding in module.imports:
        if binding.qualified in names and binding.node not in seen:
            seen.add(binding.node)
            instead = names[binding.qualified]
            fix, name = _imported(module, binding.node, instead), binding.qualified
            yield rule.finding(module.span(binding.node), variant="import", name=name, instead=instead, fix=fix)
    methods: dict[str, str] = rule.table("methods")
    for method, instead in methods.items():
        for call in module.methods([method]):
            qualified = module.qualified(call.func)
            if qualified.startswith("canfar.") and "Session()." in qualified:
                yield rule.finding(module.name_span(call), variant="method", name=method, instead=instead)
    for constant in module.strings:
        if _REMOVED in str(constant.value) and not isinstance(module.parent(constant), ast.Expr):
            at = _inside(module, constant)
            fix = Fix(f"Write `{_PRESENT}`", (Edit(*at, _PRESENT),)) if at else None
            yield rule.finding(at or module.span(constant), variant="v0", fix=fix)


def _imported(module: PythonModule, node: ast.AST, instead: str) -> Fix | None:
    """The import from where the class is, when nothing else is imported beside it."""
    found = re.fullmatch(r"from ([\w.]+) import (\w+)", instead)
    if found is None or not isinstance(node, ast.ImportFrom) or not node.module:
        return None
    if [alias.name for alias in node.names] != [found.group(2)]:
        return None
    start = module.text.index(node.module, module.span(node)[0])
    return Fix(f"Import from `{found.group(1)}`", (Edit(start, start + len(node.module), found.group(1)),))


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
            if _REMOVED in word.text and script.context != "literal" and not _holds_commands(word):
                yield rule.finding(word.span, variant="v0", fix=_present(word))
    for entry in script.assignments:
        if entry.word is None or _holds_commands(entry.word):
            continue
        if _REMOVED in entry.word.text and script.context != "literal":
            yield rule.finding(entry.word.span, variant="v0", fix=_present(entry.word))


def _holds_commands(word: Word) -> bool:
    """Whether other commands stand in a word, whose own words say it."""
    return any(part.kind == "command" for part in word.parts)


def _present(word: Word) -> Fix | None:
    if not _is_verbatim(word) or word.text.count(_REMOVED) != 1:
        return None
    at = word.start + word.text.index(_REMOVED)
    return Fix(f"Write `{_PRESENT}`", (Edit(at, at + len(_REMOVED), _PRESENT),))


def _is_verbatim(word: Word) -> bool:
    """Whether the word's text stands in the file as it is."""
    return word.end - word.start == len(word.text)


def _command(command: Command, at: int, rule: Rule) -> Iterator[Finding]:
    words = command.arguments
    name = words[at].value or ""
    following = words[at + 1].value if at + 1 < len(words) else None
    program = command.words[len(command.words) - len(words) - 1 + (client(command) or 0)].start
    removed: dict[str, str] = rule.table("commands")
    spelled = f"{name} {following}" if f"{name} {following}" in removed else name
    if spelled in removed:
        end = words[at + 1].end if spelled != name else words[at].end
        instead = removed[spelled]
        fix = _renamed(words[at : at + 1 + (spelled != name)], spelled, instead, rule)
        yield rule.finding((program, end), variant="command", name=f"canfar {spelled}", instead=instead, fix=fix)
    elif name != "create":
        for word in words[at + 1 :]:
            if word.value in ("--json", "--yaml"):
                fix = None
                if word.text == word.value and _is_verbatim(word):
                    fix = Fix(f"Write `-o {word.value[2:]}`", (Edit(*word.span, f"-o {word.value[2:]}"),))
                yield rule.finding(word.span, variant="option", name=word.value, format=word.value[2:], fix=fix)


def _renamed(words: Sequence[Word], spelled: str, instead: str, rule: Rule) -> Fix | None:
    """The command under its new name, where it takes the same words as the old one."""
    if spelled not in rule.table("same") or " ".join(word.text for word in words) != spelled:
        return None
    if not all(_is_verbatim(word) for word in words):
        return None
    new = instead.removeprefix("canfar ")
    return Fix(f"Write `{instead}`", (Edit(words[0].start, words[-1].end, new),))
