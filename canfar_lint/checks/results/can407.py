"""Places in VOSpace given to functions that take paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import reaching_values
from canfar_lint.checks._outputs import literal_span, names_of, outputs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_ASKING = ("-e", "-f", "-d", "-s", "-r", "-w", "-x", "-L")
_PLACE = re.compile(r"(vos|arc|vault):/{0,3}[\w~]")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for span, call, path, variant in places(module, rule):
        yield rule.finding(span, variant=variant, path=path, call=module.code(call.func), mounted=_mounted(path))


def places(module: PythonModule, rule: Rule) -> list[tuple[tuple[int, int], ast.Call, str, str | None]]:
    """The literals that begin with such a place: span, the call that takes it for a path, the place, the variant."""
    memo = module.memo("vospace as path")
    if "all" not in memo:
        memo["all"] = list(_places(module, rule))
    found = memo["all"]
    assert isinstance(found, list)
    return found


def _places(module: PythonModule, rule: Rule) -> Iterator[tuple[tuple[int, int], ast.Call, str, str | None]]:
    seen: set[tuple[int, int]] = set()
    for call, value, variant in _given(module, rule):
        first = value.pieces[0] if value.pieces else None
        if first is None or first.text is None or first.default or first.node is None or not _PLACE.match(value.prefix):
            continue
        span = literal_span(module, first.node)
        if span not in seen:
            seen.add(span)
            path = value.skeleton.replace("{}", "…")
            yield span, call, path, "arc" if path.startswith("arc:") else variant


def _mounted(path: str) -> str:
    return re.sub(r"^arc:/*", "/arc/", path)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """Places given to commands that take files, as words and as redirections, also by way of a variable."""
    from canfar_lint.checks._shell_outputs import beginning

    programs = frozenset(rule.table("programs"))
    for command in script.commands:
        words = [one.target for one in command.redirects if one.writes or (one.feeds and one.op == "<")]
        if command.name in ("test", "[", "[["):
            pairs = zip(command.arguments, command.arguments[1:], strict=False)
            words += [word for operator, word in pairs if operator.value in _ASKING]
        elif command.name in programs:
            words += command.arguments
        for word in words:
            text = beginning(script, word, command)
            if _PLACE.match(text):
                path = script.resolve(word, command) or word.text.strip("\"'")
                variant = "shell-arc" if text.startswith("arc:") else "shell"
                call = command.name or "the shell"
                yield rule.finding(word.span, variant=variant, path=path, call=call, mounted=_mounted(path))


def _given(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, Value, str | None]]:
    """The calls that take a path, with what can arrive as one."""
    table = rule.table("calls")
    for call in module.calls(table):
        for name in module.qualified_all(call.func):
            given = module.argument(call, *table[name]) if name in table else None
            if given is not None:
                yield from ((call, value, None) for value in reaching_values(module, given))
    for call in module.calls(rule.table("targets")):
        if len(call.args) > 1:
            yield from ((call, value, "written") for value in reaching_values(module, call.args[1]))
    for call in module.methods(rule.table("methods")):
        assert isinstance(call.func, ast.Attribute)
        value = module.value(call.func.value)
        if value.is_path:
            yield call, value, None
    for output in outputs(module):
        yield from ((output.call, named.value, "written") for named in names_of(module, output))
