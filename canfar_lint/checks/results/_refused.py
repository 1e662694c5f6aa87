"""Outputs that stop a program where their file exists, because nothing says that it may be written over."""

from __future__ import annotations

import ast

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import Output
from canfar_lint.checks.results._alone import removals
from canfar_lint.model.python import PythonModule

_STOPS = "stops there because the file exists"
_EITHER = "overwrites it, or stops there because it exists"
_SAYS = ("overwrite", "clobber")


def what_then(module: PythonModule, rule: Rule, output: Output, text: str) -> str:
    """What becomes of an output whose file is there already, in words; "" where it is overwritten."""
    if _may_overwrite(module, output.call) or _is_taken_away(module, output, text):
        return ""
    table, call = rule.table("refusing"), output.call
    names = module.qualified_all(call.func)
    word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if word in table["methods"] or any(name in table["calls"] for name in names):
        return _STOPS
    if any(name.rpartition(".")[2] in table["casa"] for name in (*names, word)):
        return _STOPS
    if word not in table["maybe"] or not isinstance(call.func, ast.Attribute):
        return ""
    if any(name.partition(".")[0] in table["packages"] for name in names):
        return _STOPS
    return "" if names else _EITHER


def _may_overwrite(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call says that an old file is written over, or may say so."""
    said = (keyword for keyword in call.keywords if keyword.arg in _SAYS)
    return module.is_open_ended(call) or any(module.constant(keyword.value) is not False for keyword in said)


def _is_taken_away(module: PythonModule, output: Output, text: str) -> bool:
    """Whether the program removes a file of this name."""
    if any(removals(module, output, text)):
        return True
    tables = (call.args[0] for call in module.calls_named("rmtables") if call.args)
    return any(module.value(given).text == text for given in tables)
