"""What of a Python text never runs: behind what leaves its block whatever happens, and in cells that Python refuses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain

from canfar_lint.model.python import PythonModule

_BLOCKS = ("body", "orelse", "finalbody")
_WAYS_OUT = (ast.Return, ast.Continue, ast.Break)
_LEAVING = frozenset(("sys.exit", "os._exit", "os.abort"))


def never_runs(module: PythonModule, offset: int) -> bool:
    """Whether what stands at an offset never runs."""
    memo = module.memo("never runs")
    if "all" not in memo:
        memo["all"] = list(chain(_behind_ways_out(module), _idle(module) if module.notebook else ()))
    stretches = memo["all"]
    assert isinstance(stretches, list)
    return any(start <= offset < end for start, end in stretches)


def _behind_ways_out(module: PythonModule) -> Iterator[tuple[int, int]]:
    """What stands in a block behind what leaves it in any case: `return`, `break`, `sys.exit()`."""
    # the cells of a notebook run one by one
    nodes = module.parents if module.notebook else (module.tree, *module.parents)
    found = (getattr(node, field, None) for node in nodes for field in _BLOCKS)
    for block in (each for each in found if isinstance(each, list)):
        for statement in block[:-1]:
            if isinstance(statement, _WAYS_OUT) or _leaves(module, statement) or _leaves_in_turn(module, statement):
                yield module.span(statement)[1], module.span(block[-1])[1]
                break


def _leaves_in_turn(module: PythonModule, statement: ast.stmt) -> bool:
    """Whether a loop ends the program in its first turn."""
    if not isinstance(statement, ast.For) or not any(_leaves(module, each) for each in statement.body):
        return False
    return not any(isinstance(node, (ast.Continue, ast.Break, ast.Return)) for node in ast.walk(statement))


def _idle(module: PythonModule) -> Iterator[tuple[int, int]]:
    """The stretches of a notebook that do not run: cells that Python refuses, and what is left before."""
    from canfar_lint.model.notebook import NotebookSource

    source = module.source
    if not isinstance(source, NotebookSource):
        return  # Python 2, made into 3
    for node in module.parents:
        if isinstance(node, (ast.Continue, ast.Break)) and _is_astray(module, node):
            cell = source.cell_at(module.span(node)[0])
            if cell is not None:
                yield cell.start, cell.end  # a `SyntaxError`
    for node in module.tree.body:
        stops = isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and not node.test.value
        if stops or _leaves(module, node):
            behind = module.span(node)[1]
            cell = source.cell_at(behind - 1)
            if cell is not None:
                yield behind, cell.end


def _is_astray(module: PythonModule, node: ast.AST) -> bool:
    """Whether a `continue` or `break` stands outside of every loop."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (ast.For, ast.AsyncFor, ast.While)):
            return False
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return True
    return True


def _leaves(module: PythonModule, statement: ast.stmt) -> bool:
    """Whether a statement ends the program, or the function or cell it stands in by an error."""
    if isinstance(statement, ast.Raise):
        return True
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    func = statement.value.func
    if isinstance(func, ast.Name) and func.id in ("exit", "quit") and not module.bindings(func):
        return True
    return any(name in _LEAVING for name in module.qualified_all(func))
