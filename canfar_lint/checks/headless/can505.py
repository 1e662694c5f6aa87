"""Displays that a program sets up, forwards or expects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks._commands import Started, started
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for node, what in _places(module, rule):
        if node not in seen and not left_to_user(module, node):
            seen.add(node)
            yield rule.finding(module.span(node), what=what)


def _places(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.AST, str]]:
    imports = frozenset(rule.table("imports"))
    for binding in module.imports:
        name = binding.qualified.partition(".")[0]
        if (
            name in imports
            and module.function_of(binding.node) is None
            and not module.in_try(binding.node, "ImportError")
        ):
            yield binding.node, name
    for call in module.calls(frozenset(rule.table("calls"))):
        yield call, module.code(call)
    yield from _assigned(module)
    programs = frozenset(rule.table("programs"))
    for start in started(module):
        found = _command(start, programs)
        if found:
            yield found


def _assigned(module: PythonModule) -> Iterator[tuple[ast.AST, str]]:
    """What `DISPLAY` is set to in the environment."""
    for call in module.calls(("os.environ.setdefault", "os.putenv")):
        if len(call.args) > 1 and module.constant(call.args[0]) == "DISPLAY" and module.constant(call.args[1]):
            yield call.args[1], "DISPLAY"
    for constant in module.strings:
        target = module.parents.get(constant)
        if constant.value != "DISPLAY" or not isinstance(target, ast.Subscript):
            continue
        statement = module.parents.get(target)
        assigned = isinstance(statement, ast.Assign) and target in statement.targets
        if assigned and isinstance(statement, ast.Assign) and module.qualified(target.value) == "os.environ":
            value = module.constant(statement.value)
            if isinstance(value, str) and value:
                yield statement.value, "DISPLAY"


def _command(start: Started, programs: frozenset[str]) -> tuple[ast.AST, str] | None:
    command = start.command
    for word in command.words:
        name = (word.value or "").rpartition("/")[2]
        if name in programs and (word is command.program or name in command.wrappers or word is command.words[0]):
            return start.place(word), name
    for name, value in command.assignments:
        if name == "DISPLAY" and value.value:
            return start.place(value), "DISPLAY"
    if command.name == "ssh" and command.program is not None:
        for word in command.arguments:
            if re.fullmatch(r"-[46AaCfGgKkMNnqsTtVvYyX]*[XY][A-Za-z]*", word.value or ""):
                return start.place(command.program), f"ssh {word.value}"
            if not word.head.startswith("-"):
                break
    return None
