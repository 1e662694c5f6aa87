"""Settings of thread and worker numbers in Python: which number, which variable or argument, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.model.python import PythonModule

REQUESTED = 'int(os.environ.get("OMP_NUM_THREADS", "1"))'
"""The cores of the request, as the platform hands them to a headless session."""

_EXITS = frozenset(("sys.exit", "builtins.exit", "builtins.quit", "os._exit"))
_GROWS = frozenset(("append", "extend", "insert", "add", "update"))
_PROCESSES = ("multiprocessing.Process", "multiprocess.Process", "multiprocessing.get_context().Process")


class Setting(NamedTuple):
    """`what` (a variable, an argument) is set to the literal `number` by the expression `node`; the `call` gets it."""

    what: str
    number: int
    node: ast.expr
    call: ast.Call | None = None


def number_of(module: PythonModule, node: ast.expr) -> int | None:
    """The whole number an expression is sure to be, also as text: `8`, `"8"`, a name bound to one."""
    constant = module.constant(node)
    if isinstance(constant, str) and constant.strip().isdecimal():
        return int(constant)
    return constant if isinstance(constant, int) and not isinstance(constant, bool) else None


def literal_of(module: PythonModule, node: ast.expr) -> ast.expr:
    """The constant a known number stands in, for the place of a finding."""
    value = module.value(node)
    found = value.literals[0] if value.literals else value.node
    return found if isinstance(found, ast.Constant) else node


def hands_on_request(module: PythonModule, node: ast.expr) -> bool:
    """Whether `OMP_NUM_THREADS` says what was requested, as far as the file goes: one that sets it to 1 asks others.

    What the expression `node` itself sets does not count.
    """
    for _, value in variables(module, frozenset(("OMP_NUM_THREADS",))):
        number = number_of(module, value)
        if (number is None or number < 2) and not any(each is node for each in ast.walk(value)):
            return "OMP_NUM_THREADS" in module.code(value)
    return True


def variables(module: PythonModule, names: frozenset[str]) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned to thread variables in `os.environ`: by item, `update`, `setdefault` or `putenv`."""
    for node in module.stores("os.environ"):
        key = module.constant(node.slice)
        parent = module.parent(node)
        if isinstance(key, str) and key in names and isinstance(parent, ast.Assign):
            yield key, parent.value
    for call in module.calls(("os.putenv", "os.environ.setdefault", "os.environ.__setitem__")):
        key = module.constant(call.args[0]) if call.args else ...
        if isinstance(key, str) and key in names and len(call.args) > 1:
            yield key, call.args[1]
    for call in module.calls(("os.environ.update",)):
        for argument in call.args:
            display = module.resolve(argument)
            if isinstance(display, ast.Dict):
                for key_node, value in zip(display.keys, display.values, strict=True):
                    key = module.constant(key_node)
                    if isinstance(key, str) and key in names:
                        yield key, value
        for keyword in call.keywords:
            if keyword.arg in names:
                yield str(keyword.arg), keyword.value


def sized(module: PythonModule, table: dict[str, dict[str, Any]]) -> Iterator[tuple[ast.Call, str, ast.expr | None]]:
    """The calls that start workers or threads: the call, the parameter that sizes it, and what it was given.

    `table` maps dotted names to `{parameter: position}`. A call with `**kwargs` is left out.
    """
    for call in module.calls(table):
        if module.is_open_ended(call):
            continue
        name = next(name for name in module.qualified_all(call.func) if name in table)
        for parameter, position in table[name].items():
            yield call, parameter, module.argument(call, parameter, position)


def settings(module: PythonModule, tables: dict[str, Any]) -> Iterator[Setting]:
    """Every literal number of threads or workers that a script fixes for itself."""
    names = frozenset(tables["variables"])
    for name, node in variables(module, names):
        number = number_of(module, node)
        if number is not None and not _is_fallback(module, node):
            yield Setting(name, number, literal_of(module, node))
    for call, parameter, given in sized(module, tables["sized"]):
        number = number_of(module, given) if given is not None else None
        if number is not None and number > 0 and given is not None:
            short = module.code(call.func).rpartition(".")[2]
            yield Setting(f"{short}({parameter})", number, literal_of(module, given), call)


def _is_fallback(module: PythonModule, node: ast.expr) -> bool:
    """Whether a variable is set only where the session has not set it: `os.environ.setdefault(…)`."""
    call = module.parent(node)
    return isinstance(call, ast.Call) and module.qualified(call.func) == "os.environ.setdefault"


def starts_processes(module: PythonModule, call: ast.Call) -> bool:
    """Whether a `range` counts the processes that are started: `[Process(…) for i in range(n)]`."""
    if module.qualified(call.func) != "builtins.range":
        return False
    around = module.parent(call)
    if isinstance(around, ast.comprehension):
        around = module.parent(around)
    if not isinstance(around, (ast.For, ast.ListComp)):
        return False
    calls = [node.func for node in ast.walk(around) if isinstance(node, ast.Call)]
    return any(name in _PROCESSES for func in calls for name in module.qualified_all(func))


def is_grown(module: PythonModule, listed: ast.expr) -> bool:
    """Whether a list gets more members than it begins with."""
    for use in module.named(listed.id) if isinstance(listed, ast.Name) else ():
        around = module.parent(use)
        if isinstance(around, ast.AugAssign) and around.target is use:
            return True
        if isinstance(around, ast.Attribute) and around.attr in _GROWS:
            return True
    return False


def never_runs(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands behind a `return`, or under a condition that the code itself has settled the other way."""
    return _is_left_before(module, node) or module.is_switched_off(node)


def _is_left_before(module: PythonModule, node: ast.AST) -> bool:
    """Whether what comes before in the same block has left it: `return`, `raise`, `sys.exit()`."""
    child = node
    for ancestor in module.ancestors(node):
        for before in module.before(child):
            if isinstance(before, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                return True
            ends = before.value if isinstance(before, ast.Expr) else None
            if isinstance(ends, ast.Call) and module.qualified(ends.func) in _EXITS:
                return True
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        child = ancestor
    return False


def is_left_over(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands in a function that a program which does its work itself neither calls nor hands on."""
    function = module.function_of(node)
    if function is None or function.decorator_list or not isinstance(module.parent(function), ast.Module):
        return False
    if module.on_main_path(node) or any(function.name == text.value for text in module.strings):
        return False
    works = module.main_guard is None and any(module.on_main_path(one.body[0]) for one in _functions(module))
    if module.notebook or works:  # else a file that imports it may call it
        uses = module.loads(function.name)
        return all(module.function_of(use) is function for use in uses)
    return False


def _functions(module: PythonModule) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in module.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
