"""What a module binds to a name and nothing reads, beside others of its kind that are read in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from canfar_lint.model.python import PythonModule


def is_left_over(module: PythonModule, statement: ast.AST | None, kind: str, alike: Callable[[ast.expr], bool]) -> bool:
    """Whether what a statement of the module binds is read nowhere, and another value that is `alike` is read, or what
    read it in a script is a comment by now.

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
    if any(same and name != target.id and _is_read(module, name) for name, same in bound.items()):
        return True
    return module.is_script and _mentions(target.id, _comments(module)) > 0


def _is_read(module: PythonModule, name: str) -> bool:
    """Whether a name is read, by itself or out of a text: `eval("path")`, `__all__`, a cell's `{path}`."""
    memo = module.memo("names read")
    if name not in memo:
        uses = module.named(name)
        memo[name] = any(isinstance(use.ctx, ast.Load) for use in uses) or (
            _mentions(name, module.source.text) > len(uses) + _mentions(name, _comments(module))
        )
    return bool(memo[name])


def _mentions(name: str, text: str) -> int:
    return len(re.findall(rf"\b{re.escape(name)}\b", text))


def _comments(module: PythonModule) -> str:
    """The lines that are comments: not those of texts, `#SBATCH -o {path}`."""
    memo = module.memo("comments")
    if "all" not in memo:
        inside: set[int] = set()
        for text in module.strings:
            inside.update(range(text.lineno + 1, (text.end_lineno or text.lineno) + 1))
        lines = enumerate(module.source.text.split("\n"), 1)
        memo["all"] = "\n".join(line for at, line in lines if line.lstrip().startswith("#") and at not in inside)
    return str(memo["all"])


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
