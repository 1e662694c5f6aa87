"""What a module binds to a name and nothing reads, beside others of its kind that are read in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from canfar_lint.model.python import PythonModule


def is_left_over(module: PythonModule, statement: ast.AST | None, kind: str, alike: Callable[[ast.expr], bool]) -> bool:
    """Whether what a statement of the module binds is read nowhere, and another value that is `alike` is read.

    Where most of the module's names are read by nothing they are values that other files take.
    """
    if not isinstance(statement, ast.Assign) or module.parents.get(statement) is not module.tree:
        return False
    target = statement.targets[0]
    if not isinstance(target, ast.Name) or _is_read(module, target.id):
        return False
    bound = _bound(module, kind, alike)
    if 2 * sum(_is_read(module, name) for name in bound) < len(bound):
        return False
    return any(same and name != target.id and _is_read(module, name) for name, same in bound.items())


def _is_read(module: PythonModule, name: str) -> bool:
    """Whether a name is read, by itself or out of a text: `eval("path")`, `__all__`, a cell's `{path}`."""
    memo = module.memo("names read")
    if name not in memo:
        uses = module.named(name)
        memo[name] = any(isinstance(use.ctx, ast.Load) for use in uses) or (
            len(re.findall(rf"\b{re.escape(name)}\b", module.source.text)) > len(uses)
        )
    return bool(memo[name])


def _bound(module: PythonModule, kind: str, alike: Callable[[ast.expr], bool]) -> dict[str, bool]:
    """The names that the module itself binds, each with whether it is to something of the kind."""
    memo = module.memo("names bound")
    if kind not in memo:
        found: dict[str, bool] = {}
        for statement in module.tree.body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if isinstance(statement, ast.Assign) and isinstance(target, ast.Name):
                found[target.id] = found.get(target.id, False) or alike(statement.value)
        memo[kind] = found
    bound = memo[kind]
    assert isinstance(bound, dict)
    return bound
