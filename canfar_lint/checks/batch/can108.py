"""Loops over files that say nothing, or say it into a buffer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if any(word in module.text for word in rule.table("unbuffered")):
        return
    said = False
    for loop in _loops(module):
        if not module.on_main_path(loop) or module.loops(loop) or not _lists_files(module, rule, loop.iter):
            continue
        calls = _calls_in(module, loop)
        names = [module.qualified(call.func) or module.code(call.func) for call in calls]
        if not any(re.search(rule.table("working"), name) for name in names):
            continue
        if any(re.search(rule.table("talking"), name) for name in names):
            continue
        prints = [call for call, name in zip(calls, names, strict=True) if name == "builtins.print"]
        if not prints:
            start = module.span(loop)[0]
            colon = module.text.index(":", module.span(loop.iter)[1])
            yield rule.finding((start, colon + 1))
        elif not said:
            said = True
            yield rule.finding(module.span(prints[0]), variant="buffered", call=module.code(prints[0]))


def _loops(module: PythonModule) -> list[ast.For]:
    loops = [node for node in module.parents if isinstance(node, ast.For)]
    return sorted(loops, key=lambda loop: (loop.lineno, loop.col_offset))


def _lists_files(module: PythonModule, rule: Rule, iterated: ast.expr) -> bool:
    """Whether a loop runs over a listing of files, or over names from the command line, without a progress bar."""
    for _ in range(6):
        over = module.resolve(iterated)
        if isinstance(over, (ast.Subscript, ast.Attribute)):
            return ARGUMENT in module.value(over).sources
        if not isinstance(over, ast.Call):
            return False
        name = module.qualified(over.func) or module.code(over.func)
        if re.search(rule.table("progress"), name):
            return False
        if name in rule.table("listings"):
            return True
        if isinstance(over.func, ast.Attribute) and over.func.attr in rule.table("listing_methods"):
            return True
        if name not in rule.table("same") or not over.args:
            return False
        iterated = over.args[0]
    return False


def _calls_in(module: PythonModule, loop: ast.For) -> list[ast.Call]:
    """The calls of a loop's body, and of the functions of this file it calls, two deep."""
    found: list[ast.Call] = []
    seen: set[ast.AST] = set()
    queue: list[tuple[ast.AST, int]] = [(statement, 0) for statement in loop.body]
    while queue:
        part, depth = queue.pop(0)
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                found.append(node)
                function = module.function_named(node.func) if depth < 2 else None
                if function is not None and function not in seen:
                    seen.add(function)
                    queue += [(statement, depth + 1) for statement in function.body]
    return found
