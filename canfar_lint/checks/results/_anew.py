"""Samplers that write their progress down, and are told to throw it away: `resume=False`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.results._lengths import is_long
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.python import PythonModule

_DEEP = 4


def begun_anew(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """The runs that could take up an earlier one; only advice where nothing says that they are long.

    Where several fits are written to one place, to begin anew is what keeps them apart.
    """
    table = rule.table("resuming")
    if module.source.lies_in(rule.table("trial_files")):
        return
    found = [
        (call, entry, given)
        for call in module.calls(table)
        if (given := module.keyword(call, (entry := table[module.qualified(call.func)])["by"])) is not None
        and begins_anew(module, given)
        and _resumes(module, call, rule)
    ]
    places = [_place(module, call, entry) for call, entry, _ in found]
    for (call, entry, given), place in zip(found, places, strict=True):
        code, value, span = module.code(call.func), module.code(given.value), module.name_span(call)
        if places.count(place) > 1 or (is_repeated(module, call) and not _is_of_each(module, call, entry)):
            yield rule.finding(span, variant="anew-shared", call=code, value=value, place="`, `".join(entry["place"]))
            continue
        variant = "anew" if is_long(module, call, entry, rule) else "anew-unknown"
        yield rule.finding(span, variant=variant, call=code, value=value, fix=_resumed(module, given))


def begins_anew(module: PythonModule, given: ast.keyword) -> bool:
    """Whether an argument says that an earlier run is not taken up."""
    value = module.constant(given.value)
    return value is False or value == "overwrite"


def is_repeated(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call runs in a loop, or its function is called in one, or in several places."""
    if module.loops(call):
        return True
    function = module.function_of(call)
    callers = module.callers().get(function, []) if function is not None else []
    return len(callers) > 1 or any(module.loops(caller) for caller in callers)


def _resumes(module: PythonModule, call: ast.Call, rule: Rule) -> bool:
    """Whether the sampler chosen can take up an earlier run, and nobody looks on."""
    chosen = module.keyword(call, "sampler")
    return not module.notebook and (chosen is None or module.constant(chosen.value) not in rule.table("never_resumes"))


def _resumed(module: PythonModule, given: ast.keyword) -> Fix | None:
    from canfar_lint.fixing.python import fix, replaced

    literal = isinstance(given.value, ast.Constant)
    return fix("Resume", replaced(module, given.value, "True"), UNSAFE) if literal else None


def _place(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> tuple[object, ...]:
    """Where a run is written to, as it stands in the code; a call that gives no place has the one of its library."""
    given = [module.keyword(call, word) for word in entry["place"]]
    function = module.function_of(call)
    return (function, *("" if each is None else module.code(each.value) for each in given))


def _is_of_each(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether the place that a repeated run is written to has something in it that is not always the same."""
    given = [each.value for word in entry["place"] if (each := module.keyword(call, word)) is not None]
    return any(_has_hole(module, value, _DEEP) for value in given)


def _has_hole(module: PythonModule, node: ast.expr, depth: int) -> bool:
    """Whether a parameter, a name of a loop or something computed is part of a text."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute):
            return True
        if isinstance(each, ast.Name):
            bindings = module.bindings(each)
            if any(binding.kind in ("param", "for", "unpack", "with", "aug") for binding in bindings):
                return True
            values = [binding.value for binding in bindings if binding.value is not None]
            if depth and any(_has_hole(module, value, depth - 1) for value in values):
                return True
    return False
