"""Loops over many files in a script that cannot be given a share of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import outputs, takes_input
from canfar_lint.checks.results.can406 import product_loop
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_ADDING = frozenset(("append", "extend", "update", "add", "put"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if not module.is_script or takes_input(module):
        return
    loops = load().rules["CAN406"]
    seen: set[ast.AST] = set()
    for output in outputs(module):
        loop = product_loop(module, loops, output)
        if loop is None or loop in seen or not module.on_main_path(loop) or module.loops(loop):
            continue
        seen.add(loop)
        if not _hands_on(loop):
            yield rule.finding((module.span(loop)[0], module.span(loop.iter)[1]), loop=module.code(loop.iter))


def _hands_on(loop: ast.For) -> bool:
    """Whether a turn needs what an earlier one left in a name: `total += …`, `rows.append(…)`."""
    nodes = list(ast.walk(loop))
    assigned = [t for node in nodes if isinstance(node, ast.Assign) for t in node.targets]
    assigned += [node.target for node in nodes if isinstance(node, (ast.For, ast.AnnAssign, ast.comprehension))]
    own = {name.id for target in assigned for name in ast.walk(target) if isinstance(name, ast.Name)}
    for node in nodes:
        changed: ast.AST | None = None
        if isinstance(node, ast.AugAssign):
            changed = node.target
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDING:
            changed = node.func.value
        if isinstance(changed, ast.Name) and changed.id not in own:
            return True
    return False
