"""Pools of processes whose workers each start as many threads again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_DEEP = 3


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if re.search(rule.table("limits"), module.text):
        return
    starts = frozenset(rule.table("starts"))
    for call in module.all_calls:
        word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if word not in starts:
            continue
        for worker in _workers(call):
            function = module.function_named(worker)
            threaded = _threaded(module, rule, function, 0) if function is not None else ""
            if threaded and _in_processes(module, rule, call):
                yield rule.finding(module.span(call.func), worker=module.code(worker), threaded=threaded)
                break


def _workers(call: ast.Call) -> list[ast.expr]:
    """The function that is handed on: the first argument, or `target=`."""
    return [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in ("target", "func"))]


def _in_processes(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether it is a pool of processes that the call hands work to."""
    pools = frozenset(rule.table("pools"))
    names = module.qualified_all(call.func)
    return any(name in pools or name.rpartition(".")[0].removesuffix("()") in pools for name in names)


def _threaded(module: PythonModule, rule: Rule, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> str:
    """What in a function, or one it calls, uses several threads by itself."""
    prefixes = tuple(rule.table("threaded"))
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = next((n for n in module.qualified_all(node.func) if n.startswith(prefixes)), "")
            if name:
                return module.code(node.func)
            inner = module.function_named(node.func) if depth < _DEEP else None
            if inner is not None and inner is not function:
                found = _threaded(module, rule, inner, depth + 1)
                if found:
                    return found
    return ""
