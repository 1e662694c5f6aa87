"""Scripts that take nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import takes_input
from canfar_lint.checks.batch import can104, can105
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if not module.is_script or takes_input(module) or _is_configured(module, rule):
        return
    from canfar_lint.catalogue import load

    rules = load().rules
    found = [
        *can104.check_python(module, rules["CAN104"]),
        *can105.check_python(module, rules["CAN105"]),
    ]
    if found:
        first = min(found, key=lambda finding: finding.start)
        path = module.text[first.start : first.end].strip("\"'")
        yield rule.finding((first.start, first.end), path=path)


def _is_configured(module: PythonModule, rule: Rule) -> bool:
    configurations = tuple(rule.table("configurations"))
    return any(name.startswith(configurations) for call in module.all_calls for name in module.qualified_all(call.func))
