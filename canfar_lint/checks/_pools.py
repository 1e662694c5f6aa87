"""Pools of processes: what they are given to do, where the file shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.model.python import PythonModule

LOADS = re.compile(r"(?i)^(?!.*_and_).*(down_?load|up_?load|fetch|(^|_)(io|http|ftp)(_|$))")
"""Names of what waits for disk or network, and does not work."""

_POOLS = frozenset(("Pool", "ProcessPool", "MultiPool", "ProcessPoolExecutor", "ThreadPool", "ProcessingPool"))
_ENDS = frozenset(("close", "join", "terminate", "shutdown"))
_TASKS = frozenset(
    (
        *("map", "imap", "imap_unordered", "uimap", "amap", "starmap", "map_async", "starmap_async"),
        *("apply", "apply_async", "apipe", "submit"),
    )
)
_MAPPED = frozenset(("process_map", "p_map", "p_umap"))
_WAITS, _WORKS = "waits", "works"


def is_idle(module: PythonModule, made: ast.Call) -> bool:
    """Whether a pool is never given a task: `with closing(Pool(2)) as pool:`, and nothing is made of it."""
    target, statement = _kept_as(module, made)
    if target is None or statement is None or not _makes_pool(module, made):
        return False
    if _is_replaced(module, target, statement):
        return True
    uses = [module.parent(use) for use in _uses(module, target)]
    ended = bool(uses) or isinstance(statement, ast.withitem)
    return ended and all(isinstance(use, ast.Attribute) and use.attr in _ENDS for use in uses)


def only_waits(module: PythonModule, made: ast.Call, tables: dict[str, Any]) -> bool:
    """Whether all that a pool is given is a function of this file that waits for disk and network.

    `tables` has the calls that wait as `waiting` and those that are nothing beside them as `light`.
    """
    given = list(_given(module, made))
    return bool(given) and set().union(*(_does(module, each, tables) for each in given)) == {_WAITS}


def _kept_as(module: PythonModule, made: ast.Call) -> tuple[ast.Name | None, ast.AST | None]:
    """The name that a pool gets, and the assignment or part of a `with` that gives it."""
    kept: ast.AST | None = module.parent(made)
    while isinstance(kept, (ast.keyword, ast.Call)):
        kept = module.parent(kept)
    target = kept.optional_vars if isinstance(kept, ast.withitem) else None
    if isinstance(kept, ast.Assign) and len(kept.targets) == 1:
        target = kept.targets[0]
    return (target, kept) if isinstance(target, ast.Name) else (None, None)


def _makes_pool(module: PythonModule, made: ast.Call) -> bool:
    return any(name.rpartition(".")[2] in _POOLS for name in module.qualified_all(made.func))


def _uses(module: PythonModule, target: ast.Name) -> list[ast.Name]:
    """Where a pool is used by its name: in the `with` that made it, or in the same function."""
    statement = module.parent_statement(target)
    around = statement if isinstance(statement, (ast.With, ast.AsyncWith)) else module.function_of(target)
    uses = module.loads(target.id)
    return uses if around is None else [use for use in uses if around in module.ancestors(use)]


def _is_replaced(module: PythonModule, target: ast.Name, statement: ast.AST) -> bool:
    """Whether what comes next gives the name to something else: `pool = None`, `for pool in …`."""
    for each in _behind(module, statement):
        named = [node for node in ast.walk(each) if isinstance(node, ast.Name) and node.id == target.id]
        if named:
            bound = each.targets[0] if isinstance(each, ast.Assign) else getattr(each, "target", None)
            read = each.value if isinstance(each, ast.Assign) else getattr(each, "iter", None)
            return bound in named and read is not None and not any(node in named for node in ast.walk(read))
    return False


def _behind(module: PythonModule, statement: ast.AST) -> list[ast.stmt]:
    """What runs after an assignment in the same block, or in the body of a `with`."""
    around = module.parent(statement)
    if isinstance(statement, ast.withitem) and isinstance(around, (ast.With, ast.AsyncWith)):
        return around.body
    return module.behind(statement)


def _given(module: PythonModule, made: ast.Call) -> Iterator[ast.expr | None]:
    """The functions that a pool is given, None for what the file does not show."""
    word = module.qualified(made.func).rpartition(".")[2]
    parent = module.parent(made)
    target, _ = _kept_as(module, made)
    if word in _MAPPED:
        yield made.args[0] if made.args else None
    elif isinstance(parent, ast.Call) and parent.func is made:
        for node in ast.walk(parent):
            if isinstance(node, ast.Call) and module.qualified(node.func) == "joblib.delayed":
                yield node.args[0] if node.args else None
    elif isinstance(parent, ast.Attribute):
        yield _handed(module, parent)
    elif target is not None and _makes_pool(module, made):
        for use in _uses(module, target):
            method = module.parent(use)
            if not isinstance(method, ast.Attribute) or method.attr not in _ENDS:
                yield _handed(module, method)


def _handed(module: PythonModule, method: ast.AST | None) -> ast.expr | None:
    """The function of `pool.map(function, …)`."""
    call = module.parent(method) if isinstance(method, ast.Attribute) and method.attr in _TASKS else None
    if not isinstance(call, ast.Call) or call.func is not method or not call.args:
        return None
    return call.args[0]


def _does(module: PythonModule, given: ast.expr | None, tables: dict[str, Any], depth: int = 0) -> set[str]:
    """What the calls of a function come to, and those of the functions it calls."""
    if isinstance(given, ast.Call) and module.qualified(given.func) == "functools.partial" and given.args:
        given = given.args[0]
    function = module.function_named(given) if given is not None else None
    if given is None or depth > 4:
        return {_WORKS}
    if function is None and not isinstance(given, ast.Lambda):
        return {_WAITS} if re.search(tables["waiting"], module.qualified(given)) else {_WORKS}
    found: set[str] = set()
    for node in ast.walk(function or given):
        if isinstance(node, ast.Call):
            found |= _is_for(module, node, tables, depth)
    return found


def _is_for(module: PythonModule, call: ast.Call, tables: dict[str, Any], depth: int) -> set[str]:
    """What one call comes to: waiting, work, or nothing to speak of."""
    name = module.qualified(call.func) or f".{getattr(call.func, 'attr', '')}"
    if re.search(tables["waiting"], name):
        return {_WAITS}
    commands = _commands(module, call)
    if commands:
        return {_WAITS} if commands <= {*tables["shell_waiting"]} else {_WORKS}
    if module.function_named(call.func) is not None:
        return _does(module, call.func, tables, depth + 1)
    return set() if re.search(tables["light"], name) else {_WORKS}


def _commands(module: PythonModule, call: ast.Call) -> set[str]:
    """The programs that a call starts."""
    from canfar_lint.checks._commands import started

    return {start.command.name or "" for start in started(module) if start.call is call}
