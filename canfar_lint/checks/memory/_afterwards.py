"""What becomes of a dataset that is read whole: parts of it are used, it is kept for every file, or it is passed on."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from itertools import islice

from canfar_lint.model.python import PythonModule

_DEEP = 6
_MOST_USES = 64
# names of what takes many rows, and need not be a number
_ROWS = re.compile(r"(?i)mask|sel|keep|kept|good|bad|ok|ind|idx|flag|cut|where|inside|order|sort|rows|sub")
_TREES = re.compile(r"(?i)(kd|ball|oct)_?tree|NearestNeighbors")
# what makes a dataset in a file that is written
_CREATED = re.compile(r"(create|require)_(dataset|table|[cev]l?array|array)|copy_node|(open_)?memmap$")


def is_used_in_parts(module: PythonModule, node: ast.expr, arrays: Collection[str]) -> bool:
    """Whether all that is used of an array are parts of it, or its shape: `maps[number]`, `flux[:][kept]`.

    Also where it is added to another first. `arrays` are the calls that give the same array again.
    """
    around = module.parent(node)
    if isinstance(around, ast.Subscript) and around.value is node:
        return is_part(module, around.slice)
    ends = list(_ends(module, node, arrays, set()))
    if any(_is_gone_through(module, end, node) for end in ends):
        return False
    return bool(ends) and len(ends) < _MOST_USES and all(_is_end(module, end) for end in ends)


def is_curve(module: PythonModule, node: ast.expr, arrays: Collection[str]) -> bool:
    """Whether the first rows of an array are taken side by side, `saved[0]` and `saved[1]`: what is drawn over what."""
    above = (module.parent(end) for end in _ends(module, node, arrays, set()))
    rows = {_first(module, each.slice) for each in above if isinstance(each, ast.Subscript)}
    return rows >= {0, 1} and all(isinstance(each, int) for each in rows)


def _first(module: PythonModule, index: ast.expr) -> object:
    return module.constant(index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index)


def _is_gone_through(module: PythonModule, end: ast.expr, node: ast.expr) -> bool:
    """Whether each turn of a loop goes through all rows again, `for star in stars: for i in …: times[i]`."""
    around = module.parent(end)
    index = around.slice if isinstance(around, ast.Subscript) and around.value is end else None
    loops = [loop for loop in module.loops(end) if isinstance(loop, ast.For) and loop not in module.ancestors(node)]
    if not isinstance(index, ast.Name) or len(loops) < 2:
        return False
    return any(isinstance(each, ast.Name) and each.id == index.id for each in ast.walk(loops[0].target))


def takes_all(index: ast.expr) -> bool:
    """`[:]`, `[...]`, `[()]`, `[:, :]`, `[0:]`."""
    if isinstance(index, ast.Tuple):
        return all(takes_all(part) for part in index.elts)
    if isinstance(index, ast.Slice):
        first = index.lower is None or (isinstance(index.lower, ast.Constant) and index.lower.value == 0)
        return first and index.upper is None and index.step is None
    return isinstance(index, ast.Constant) and index.value is ...


def is_part(module: PythonModule, index: ast.expr) -> bool:
    """Whether brackets take a part that a file could give too: with one index at most that may be an array."""
    indices = index.elts if isinstance(index, ast.Tuple) else [index]
    others = [each for each in indices if not (isinstance(each, ast.Slice) or _is_number(module, each))]
    return not takes_all(index) and len(others) < 2


def _ends(module: PythonModule, node: ast.expr, arrays: Collection[str], seen: set[str]) -> Iterator[ast.expr]:
    """Where an array is used, under its names and those of what it is added to, up to some tens of places."""
    around = module.parent(node)
    for _ in range(_DEEP):
        same = isinstance(around, ast.Call) and node in around.args and module.qualified(around.func) in arrays
        if not (same or isinstance(around, (ast.BinOp, ast.UnaryOp))):
            break
        assert isinstance(around, ast.expr)
        node, around = around, module.parent(around)
    target = around.targets[0] if isinstance(around, ast.Assign) and len(around.targets) == 1 else None
    if not isinstance(target, ast.Name):
        yield node
    elif target.id not in seen and len(seen) < _DEEP:
        seen.add(target.id)
        function = module.function_of(target)
        for use in _uses(module, target.id, function):
            yield from _ends(module, use, arrays, seen)


def _uses(module: PythonModule, name: str, function: ast.AST | None) -> list[ast.Name]:
    """Where a function reads a name, up to some tens of places."""
    memo = module.memo("uses")
    if (name, function) not in memo:
        uses = (use for use in module.loads(name) if module.function_of(use) is function)
        memo[name, function] = [*islice(uses, _MOST_USES)]
    found = memo[name, function]
    assert isinstance(found, list)
    return found


def _is_end(module: PythonModule, end: ast.expr) -> bool:
    """Whether a use of an array by its name asks for its shape, or for some rows by their numbers."""
    around = module.parent(end)
    if isinstance(around, ast.Attribute):
        return around.attr in ("shape", "dtype", "ndim", "size")
    if isinstance(around, ast.Call):
        return module.qualified(around.func) == "builtins.len"
    if not isinstance(around, ast.Subscript) or around.value is not end or takes_all(around.slice):
        return False
    indices = around.slice.elts if isinstance(around.slice, ast.Tuple) else [around.slice]
    rows = (each for each in indices if not isinstance(each, ast.Slice))
    return all(_is_number(module, each) or _is_asked_for(module, each) for each in rows)


def _is_number(module: PythonModule, index: ast.expr) -> bool:
    """Whether an index is one number: it stands in the code, or a loop gives it."""
    bound = module.bindings(index) if isinstance(index, ast.Name) else []
    return isinstance(module.constant(index), int) or (bool(bound) and all(each.kind == "for" for each in bound))


def _is_asked_for(module: PythonModule, index: ast.expr) -> bool:
    """Whether an index is a parameter that by its name does not take several rows."""
    bound = module.bindings(index) if isinstance(index, ast.Name) else []
    given = bool(bound) and all(each.kind == "param" for each in bound)
    return given and isinstance(index, ast.Name) and _ROWS.search(index.id) is None


def is_looked_up(module: PythonModule, node: ast.expr, arrays: Collection[str]) -> bool:
    """Whether values are picked by two arrays at once, `f["table"][()][rows, columns]`, for which it must be read.

    Also under a name, which is used for nothing else.
    """
    ends = list(_ends(module, node, arrays, set()))
    return bool(ends) and len(ends) < _MOST_USES and all(_picks(module, end) for end in ends)


def _picks(module: PythonModule, end: ast.expr) -> bool:
    around = module.parent(end)
    if not isinstance(around, ast.Subscript) or around.value is not end or not isinstance(around.slice, ast.Tuple):
        return False
    return sum(_is_array(module, each) for each in around.slice.elts) > 1


def is_needed_whole(module: PythonModule, node: ast.expr, arrays: Collection[str]) -> bool:
    """Whether an array goes into a tree of all points, in which each is looked for."""
    calls = (module.parent(end) for end in _ends(module, node, arrays, set()))
    return any(isinstance(call, ast.Call) and _TREES.search(module.code(call.func)) for call in calls)


def _is_array(module: PythonModule, index: ast.expr) -> bool:
    made = module.resolve(index)
    if isinstance(made, ast.Call):
        method = made.func.attr if isinstance(made.func, ast.Attribute) else ""
        return method == "astype" or module.qualified(made.func).startswith("numpy.")
    return isinstance(made, (ast.List, ast.ListComp))


def is_gathered(module: PythonModule, node: ast.expr, opener: ast.expr) -> bool:
    """Whether a loop opens a file in each turn, and keeps what is read of each: `found.append(f["flux"][:])`."""
    loops = module.loops(node)
    if not loops or loops[-1] not in module.ancestors(opener):
        return False
    around = module.parent(node)
    if isinstance(loops[0], (ast.ListComp, ast.DictComp)):
        return loops[0] in (around, module.parent(around) if isinstance(around, ast.Tuple) else None)
    target = around.targets[0] if isinstance(around, ast.Assign) else None
    if isinstance(target, ast.Name):
        uses = (use for use in module.loads(target.id) if loops[0] in module.ancestors(use))
        return any(_is_appended(module, use) for use in uses)
    return isinstance(target, ast.Subscript) or _is_appended(module, node)


def _is_appended(module: PythonModule, node: ast.expr) -> bool:
    call = module.parent(node)
    called = call.func if isinstance(call, ast.Call) and node in call.args else None
    return isinstance(called, ast.Attribute) and called.attr in ("append", "extend")


def is_passed_on(module: PythonModule, node: ast.expr) -> bool:
    """Whether a loop moves one dataset after the other to another file: `table.append(f.root.events[:])`."""
    around = module.parent(node)
    owner: ast.expr | None = None
    if isinstance(around, ast.Call) and _is_appended(module, node) and isinstance(around.func, ast.Attribute):
        owner = around.func.value
    elif isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Subscript):
        owner = around.targets[0].value
    return owner is not None and bool(module.loops(node)) and _is_on_disk(module, owner)


def _is_on_disk(module: PythonModule, owner: ast.expr) -> bool:
    """Whether a name, or a member of a dict, stands for a dataset of a file that is written."""
    values = [module.resolve(owner)]
    if isinstance(owner, ast.Subscript):
        stores = (module.parent(each) for each in module.subscript_stores if module.code(each) == module.code(owner))
        values += [each.value for each in stores if isinstance(each, ast.Assign)]
    calls = (each.func for each in values if isinstance(each, ast.Call))
    return any(_CREATED.search(func.attr) for func in calls if isinstance(func, ast.Attribute))
