"""Loops over files at module level whose names keep one file's data while the next is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._arrays import image_read
from canfar_lint.checks.memory._lengths import is_short
from canfar_lint.checks.memory.can306 import is_part, looped_name
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.python import PythonModule

# what may reach a name by its text, or from elsewhere
_REACHING = re.compile(r"\b(global|exec|eval|locals|globals)\b")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.catalogue import load

    images = load().rules["CAN306"]
    for loop in module.nodes(ast.For):
        if module.function_of(loop) is not None or is_short(module, images, loop):
            continue
        variables = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        for statement in ast.walk(loop):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name) or target.id in variables:
                continue
            read = _read(module, rule, statement.value)
            if read is None or not _depends(module, read, variables) or module.loops(statement)[:1] != [loop]:
                continue
            if not is_part(images, target, statement.value, *looped_name(loop)) and not _given_up(
                module, target.id, loop
            ):
                yield rule.finding(module.span(target), name=target.id, fix=_fix(module, rule, loop, target.id))
                break


def _read(module: PythonModule, rule: Rule, value: ast.expr) -> ast.Call | None:
    """The call that reads the file a value holds in full."""
    if isinstance(value, ast.Call) and any(name in rule.table("tables") for name in module.qualified_all(value.func)):
        return value
    read = image_read(module, value)
    return None if read is None or module.keyword(read, "mmap_mode") else read


def _depends(module: PythonModule, read: ast.Call, variables: set[str]) -> bool:
    """Whether a call reads another file in every turn of the loop."""
    used = {n.id for n in ast.walk(read) if isinstance(n, ast.Name)}
    for name in [n for n in ast.walk(read) if isinstance(n, ast.Name)]:
        made = module.resolve(name)
        used |= {n.id for n in ast.walk(made) if isinstance(n, ast.Name)} if made is not name else set()
    return bool(used & variables)


def _given_up(module: PythonModule, name: str, loop: ast.For) -> bool:
    """Whether a name is deleted or bound to nothing inside the loop."""
    memo = module.memo("given up")
    if loop not in memo:
        found: set[str] = set()
        for node in ast.walk(loop):
            empty = isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is None
            if isinstance(node, ast.Delete) or empty:
                assert isinstance(node, (ast.Delete, ast.Assign))
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        memo[loop] = found
    names = memo[loop]
    assert isinstance(names, set)
    return name in names


def _fix(module: PythonModule, rule: Rule, loop: ast.For, name: str) -> Fix | None:
    """`del` at the end of the loop, where every turn that comes there has the name and nothing else asks for it."""
    last = loop.body[-1]
    bound = [each for each in loop.body if name in _bound(each)]
    if not bound or isinstance(last, (ast.Break, ast.Continue, ast.Return, ast.Raise)) or loop.orelse:
        return None
    first = bound[0]
    for node in module.named(name):
        if isinstance(node.ctx, (ast.Load, ast.Del)):
            inside = loop in module.ancestors(node) and module.function_of(node) is None
            lazy = any(isinstance(a, (ast.Lambda, ast.GeneratorExp)) for a in module.ancestors(node))
            if not inside or lazy or node.lineno < first.lineno or isinstance(node.ctx, ast.Del):
                return None
    if _REACHING.search(module.text) or any(f"{a}{name}{b}" in module.text for a in "\"'" for b in "\"'"):
        return None
    from canfar_lint.fixing.python import fix, line_after

    return fix(f"Delete `{name}` at the end of each turn", line_after(module, last, f"del {name}"))


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement is sure to bind, also inside a `with`."""
    if isinstance(statement, ast.With):
        return set().union(*(_bound(each) for each in statement.body))
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}
