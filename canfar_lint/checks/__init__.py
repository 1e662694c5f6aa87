"""The functions of the rules that need logic: one module a rule, found by its code, imported when it fires."""

from __future__ import annotations

import importlib
from types import ModuleType

from canfar_lint.catalogue.rule import Rule

GROUP = "canfar_lint.checks"

_loaded: dict[str, ModuleType | None] = {}


def module_of(rule: Rule) -> ModuleType | None:
    """The check module of a rule: ours by section and code, another package's by entry point, None for a table."""
    if rule.code not in _loaded:
        name = f"canfar_lint.checks.{rule.section}.{rule.code.lower()}"
        try:
            _loaded[rule.code] = importlib.import_module(name)
        except ModuleNotFoundError as e:
            if e.name is None or not name.startswith(e.name):
                raise
            _loaded[rule.code] = _plugin(rule.code)
    return _loaded[rule.code]


def _plugin(code: str) -> ModuleType | None:
    if code.startswith("CAN"):
        return None
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUP, name=code):
        module: ModuleType = entry.load()
        return module
    return None
