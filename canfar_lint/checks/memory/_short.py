"""What in the code says that a table is short, whatever its name: one row is asked for, it is counted in bins, ..."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import path_of, unglued
from canfar_lint.checks._outputs import WRITE, outputs
from canfar_lint.model.python import PythonModule

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_LOADS = re.compile(r"(?<![a-z])(load|read|get|open|restore)(?![a-z])")
_SAVES = ("save", "write", "store", "dump", "cache", "export")


def is_one_row(module: PythonModule, call: ast.Call) -> bool:
    """Whether the program gives up unless a table has a single row: `if len(found) != 1: return None`."""
    for use in _uses(module, call):
        asked = module.parent(use)
        test = module.parent(asked) if asked is not None else None
        if not isinstance(asked, ast.Call) or module.qualified(asked.func) != "builtins.len":
            continue
        if not isinstance(test, ast.Compare) or test.left is not asked or module.constant(test.comparators[0]) != 1:
            continue
        around = next((each for each in module.ancestors(test) if isinstance(each, (ast.If, ast.Assert))), None)
        if isinstance(around, ast.Assert):
            return isinstance(test.ops[0], ast.Eq)
        if around is not None and isinstance(test.ops[0], (ast.NotEq, ast.Gt)) and isinstance(around.body[-1], _ENDS):
            return True
    return False


def is_answer(module: PythonModule, rule: Rule, source: ast.expr) -> bool:
    """Whether what is read is the answer to a question, `cone_search(ra, dec)["result"]`: as long as was asked."""
    node = module.resolve(path_of(module, source))
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = module.resolve(node.value)
    called = node.func if isinstance(node, ast.Call) else None
    word = str(getattr(called, "attr", None) or getattr(called, "id", ""))
    return re.search(rule.table("questions"), word) is not None


def is_binned(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a column is added up by whose name a row counts several: `simulated["EVENTS"].sum()`."""
    for use in _uses(module, call):
        column = module.parent(use)
        key = module.constant(column.slice) if isinstance(column, ast.Subscript) and column.value is use else None
        added = module.parent(column) if column is not None else None
        if isinstance(key, str) and key.lower() in rule.table("counts"):
            summed = added.attr if isinstance(added, ast.Attribute) else ""
            return summed == "sum" or (isinstance(added, ast.Call) and module.qualified(added.func) == "numpy.sum")
    return False


def is_saved_here(module: PythonModule, call: ast.Call) -> bool:
    """Whether the function around loads what another of the file has saved, by their names: `save_stars`."""
    function = module.function_of(call)
    name = unglued(function.name).lower() if function is not None else ""
    if not _LOADS.search(name):
        return False
    saving = {_LOADS.sub(each, name, count=1) for each in _SAVES}
    writing = (module.function_of(output.call) for output in outputs(module) if output.does == WRITE)
    return any(each is not None and unglued(each.name).lower() in saving for each in writing)


def _uses(module: PythonModule, call: ast.Call) -> Iterator[ast.Name]:
    """Where the name is used that a table is given."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) and len(kept.targets) == 1 else None
    if isinstance(target, ast.Name):
        function = module.function_of(call)
        yield from (use for use in module.loads(target.id) if module.function_of(use) is function)
