"""Programs with windows, started by a job that has no display."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks._commands import started
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    programs, messengers = rule.table("programs"), rule.table("messengers")
    windowless = frozenset(rule.table("windowless"))
    seen: set[ast.AST] = set()
    for start in started(module):
        command = start.command
        name = command.name or ""
        instead = programs.get(name) or messengers.get(name)
        if instead is None or command.program is None or windowless & {word.value for word in command.arguments}:
            continue
        place = start.place(command.program)
        if place in seen or left_to_user(module, start.call):
            continue
        seen.add(place)
        variant = "messenger" if name in messengers else None
        yield rule.finding(module.span(place), variant=variant, program=name, instead=instead)
