"""What of a Python text never runs: behind what leaves its block whatever happens, and in cells that Python refuses."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain

from canfar_lint.model.python import PythonModule

_WAYS_OUT = (ast.Return, ast.Continue, ast.Break)
_LEAVING = frozenset(("sys.exit", "os._exit", "os.abort"))


def never_runs(module: PythonModule, offset: int) -> bool:
    """Whether what stands at an offset never runs."""
    return _is_behind_a_way_out(module, offset) or (module.notebook and _is_idle(module, offset))


def _is_behind_a_way_out(module: PythonModule, offset: int) -> bool:
    """Whether something stands in a block behind what leaves it in any case: `return`, `break`, `sys.exit()`."""
    last = module.memo("the first statement that leaves its block")
    block: Sequence[ast.stmt] = module.tree.body
    while block:
        at = bisect_right(block, offset, key=lambda node: module.span(node)[1])
        # the cells of a notebook run one by one
        if not (module.notebook and block is module.tree.body):
            if block[0] not in last:
                last[block[0]] = _first_way_out(module, block)
            leaving = last[block[0]]
            assert isinstance(leaving, int)
            if leaving < at < len(block):
                return True
        block = _block_at(module, block[at], offset) if at < len(block) else ()
    return False


def _first_way_out(module: PythonModule, block: Sequence[ast.stmt]) -> int:
    """The number of the first statement of a block behind which nothing runs; how many there are when there is none."""
    ways_out = (
        number
        for number, statement in enumerate(block)
        if isinstance(statement, _WAYS_OUT) or _leaves(module, statement) or _leaves_in_turn(module, statement)
    )
    return next(ways_out, len(block))


def _block_at(module: PythonModule, statement: ast.stmt, offset: int) -> Sequence[ast.stmt]:
    """The block of a statement in which something stands; nothing where it stands in none."""
    for block in _blocks(statement):
        if module.span(block[0])[0] <= offset < module.span(block[-1])[1]:
            return block
    return ()


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    parts = (getattr(statement, field, ()) for field in ("handlers", "cases"))
    for part in (statement, *chain.from_iterable(parts)):
        for field in ("body", "orelse", "finalbody"):
            if block := getattr(part, field, None):
                yield block


def _leaves_in_turn(module: PythonModule, statement: ast.stmt) -> bool:
    """Whether a loop ends the program in its first turn."""
    if not isinstance(statement, ast.For) or not any(_leaves(module, each) for each in statement.body):
        return False
    return not any(isinstance(node, (ast.Continue, ast.Break, ast.Return)) for node in ast.walk(statement))


def _is_idle(module: PythonModule, offset: int) -> bool:
    memo = module.memo("cells that do not run")
    if "all" not in memo:
        memo["all"] = list(_idle(module))
    stretches = memo["all"]
    assert isinstance(stretches, list)
    return any(start <= offset < end for start, end in stretches)


def _idle(module: PythonModule) -> Iterator[tuple[int, int]]:
    """The stretches of a notebook that do not run: cells that Python refuses, and what is left before."""
    from canfar_lint.model.notebook import NotebookSource

    source = module.source
    if not isinstance(source, NotebookSource):
        return  # Python 2, made into 3
    for node in (*module.nodes(ast.Continue), *module.nodes(ast.Break)):
        if _is_astray(module, node):
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
