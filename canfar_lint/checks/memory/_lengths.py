"""How many images a loop or a list can hold, where the code says so: a few known items, or the axes of an array."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.model.python import PythonModule

COLLECTED = (ast.ListComp, ast.DictComp)

_DEEP = 4
# what draws so many of a list
_DRAWS = ("choice", "choices", "sample")
_PAIRED = ("builtins.enumerate", "builtins.zip")


def is_short(module: PythonModule, rule: Rule, loop: ast.AST) -> bool:
    """Whether a loop runs over a few known items."""
    iterated = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else None
    if isinstance(loop, COLLECTED):
        iterated = loop.generators[0].iter
    short = int(rule.table("short"))
    if iterated is None:
        return False
    if _is_short(module, short, iterated, 0) or _is_asked_short(module, short, loop, iterated):
        return True
    return _is_window(module, int(rule.table("grid")), module.resolve(iterated))


def _is_window(module: PythonModule, most: int, over: ast.expr) -> bool:
    """Whether a slice is as long everywhere, `names[i:i + 10]`: it does not grow with the number of files."""
    part = over.slice if isinstance(over, ast.Subscript) else None
    if not isinstance(part, ast.Slice) or part.lower is None or part.upper is None:
        return False
    (first, begin), (last, end) = (_shifted(module, each) for each in (part.lower, part.upper))
    return first == last and 0 < end - begin <= most


def _shifted(module: PythonModule, node: ast.expr) -> tuple[str, int]:
    """What a number is counted from, and how far: `i` and 10 of `i + 10`; nothing where it stands in the code."""
    number = module.constant(node)
    if isinstance(number, int):
        return "", number
    step = module.constant(node.right) if isinstance(node, ast.BinOp) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(step, int):
        return module.code(node.left), step if isinstance(node.op, ast.Add) else -step
    return module.code(node), 0


def _is_asked_short(module: PythonModule, short: int, loop: ast.AST, iterated: ast.expr) -> bool:
    """Whether a condition lets a loop run only over few items: the `else` of `if len(names) >= 3:`."""
    for test, holds in module.guards(loop):
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Call):
            continue
        asked, most = test.left, module.constant(test.comparators[0])
        over = module.code(asked.args[0]) if asked.args else ""
        if module.qualified(asked.func) != "builtins.len" or over != module.code(iterated):
            continue
        bounds = (ast.Lt, ast.LtE, ast.Eq) if holds else (ast.Gt, ast.GtE)
        if isinstance(test.ops[0], bounds) and isinstance(most, int) and most <= short:
            return True
    return False


def _is_short(module: PythonModule, short: int, node: ast.expr, depth: int) -> bool:
    over = module.resolve(node)
    if isinstance(over, ast.ListComp) and len(over.generators) == 1 and depth < _DEEP:
        return _is_short(module, short, over.generators[0].iter, depth + 1)
    if isinstance(over, ast.Call) and module.qualified(over.func) in _PAIRED and over.args and depth < _DEEP:
        return _is_short(module, short, over.args[0], depth + 1)
    if isinstance(over, (ast.List, ast.Tuple, ast.Set)):
        starred = any(isinstance(each, ast.Starred) for each in over.elts)
        return len(over.elts) <= short and not starred and not _is_filled(module, short, node, depth)
    if isinstance(over, ast.Call) and (made := _returned(module, over)) and depth < _DEEP:
        return all(_is_listed(module, short, each, depth) for each in made)
    if isinstance(over, ast.Dict):
        return len(over.keys) <= short
    if isinstance(over, ast.Call) and module.qualified(over.func).rpartition(".")[2] in _DRAWS and over.args:
        drawn = next((found for word in ("size", "k") if (found := module.keyword(over, word))), None)
        size = drawn.value if drawn is not None else over.args[1] if len(over.args) > 1 else None
        last = module.constant(size) if size is not None else None
        return isinstance(last, int) and last <= short
    if isinstance(over, ast.Call) and module.qualified(over.func) == "builtins.range" and over.args:
        last = module.constant(over.args[-1] if len(over.args) < 3 else over.args[1])
        return isinstance(last, int) and last <= short
    if isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice) and over.slice.upper is not None:
        last = module.constant(over.slice.upper)
        return isinstance(last, int) and 0 < last <= short
    return isinstance(over, ast.Constant)


def _is_listed(module: PythonModule, short: int, node: ast.expr, depth: int) -> bool:
    return isinstance(module.resolve(node), (ast.List, ast.Tuple)) and _is_short(module, short, node, depth + 1)


def _is_filled(module: PythonModule, short: int, node: ast.expr, depth: int) -> bool:
    """Whether a loop over more than a few adds to a list that a name stands for, or all that another list holds."""
    owner = module.scope_of(node).find(node.id) if isinstance(node, ast.Name) else None
    for use in module.named(node.id) if isinstance(node, ast.Name) else ():
        above = module.parent(use)
        if module.scope_of(use).find(use.id) != owner:
            continue
        if isinstance(above, ast.AugAssign) and above.target is use:
            return True
        if isinstance(above, ast.Attribute) and above.attr in ("append", "extend", "insert"):
            loops = [loop.iter for loop in module.loops(use) if isinstance(loop, ast.For)] if depth < _DEEP else []
            few = all(_is_short(module, short, each, depth + 1) for each in loops)
            return above.attr == "extend" or not few
    return False


def _returned(module: PythonModule, call: ast.Call) -> list[ast.expr]:
    """What a function of the file returns, wherever it does."""
    function = module.function_named(call.func)
    if function is None:
        return []
    returns = (n for n in ast.walk(function) if isinstance(n, ast.Return) and module.function_of(n) is function)
    return [each.value for each in returns if each.value is not None]


def is_grid(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether some tens of numbers are looped over that the code gives: `range(39)`, a literal list, a linspace."""
    over = module.resolve(node)
    for _ in range(_DEEP):
        if isinstance(over, ast.ListComp) and len(over.generators) == 1:
            over = module.resolve(over.generators[0].iter)
        elif isinstance(over, ast.Call) and over.args and module.qualified(over.func) in rule.table("same_length"):
            over = module.resolve(over.args[0])
        else:
            break
    most = int(rule.table("grid"))
    if isinstance(over, (ast.List, ast.Tuple)):
        numbers = all(isinstance(module.constant(each), (int, float)) for each in over.elts)
        return 0 < len(over.elts) <= most and numbers
    if not isinstance(over, ast.Call) or not over.args:
        return False
    name, given = module.qualified(over.func), [module.constant(a) for a in over.args]
    if name in ("numpy.linspace", "numpy.logspace", "numpy.geomspace"):
        number = module.argument(over, "num", 2)
        last = 50 if number is None else module.constant(number)
        return isinstance(last, int) and last <= most
    if name not in ("builtins.range", "numpy.arange") or not all(isinstance(g, (int, float)) for g in given):
        return False
    ends = [float(g) for g in given if isinstance(g, (int, float))]
    first, last, step = (0.0, ends[0], 1.0) if len(ends) == 1 else (*ends[:2], (*ends[2:], 1.0)[0])
    return bool(step) and (last - first) / step <= most


def is_used_by_number(module: PythonModule, node: ast.ListComp | ast.DictComp) -> bool:
    """Whether a list is unpacked to names, or its members are used one by one by the numbers that stand in the code."""
    kept = module.parent(node)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    if isinstance(target, (ast.Tuple, ast.List)):
        return not any(isinstance(each, ast.Starred) for each in target.elts)
    return isinstance(target, ast.Name) and _are_numbered(module, target)


def is_beside_numbered(module: PythonModule, loop: ast.AST) -> bool:
    """Whether a loop fills a list of as many members, all of which are used by numbers that stand in the code."""
    for each in module.subscript_stores:
        if isinstance(each.value, ast.Name) and loop in module.ancestors(each) and _are_numbered(module, each.value):
            return True
    return False


def _are_numbered(module: PythonModule, target: ast.Name) -> bool:
    numbers = [*_numbers(module, target, 0)]
    return None not in numbers and len({*numbers}) > 1


def _numbers(module: PythonModule, target: ast.Name, depth: int) -> Iterator[int | None]:
    """The numbers that members of a list are taken by, also of lists made of it; None for any other use."""
    for use in module.named(target.id):
        around = module.parent(use)
        filled = isinstance(around, ast.Subscript) and isinstance(around.ctx, ast.Store)
        if filled or isinstance(use.ctx, ast.Store) or module.function_of(use) is not module.function_of(target):
            continue
        if isinstance(around, ast.Call) and module.qualified(around.func) in _PAIRED:
            around = module.parent(around)
        number = module.constant(around.slice) if isinstance(around, ast.Subscript) and around.value is use else None
        collected = module.parent(around) if isinstance(around, ast.comprehension) else None
        kept = module.parent(collected) if isinstance(collected, ast.ListComp) else None
        again = kept.targets[0] if isinstance(kept, ast.Assign) else None
        if isinstance(again, ast.Name) and depth < _DEEP:
            yield from _numbers(module, again, depth + 1)
        else:
            yield number if isinstance(number, int) and not isinstance(number, bool) else None


def has_known_planes(module: PythonModule, rule: Rule, place: ast.expr) -> bool:
    """Whether images fill an array of as many planes as the code says, or shaped like another that is in memory."""
    made = module.resolve(place.value) if isinstance(place, ast.Subscript) else None
    if not isinstance(made, ast.Call) or not isinstance(place, ast.Subscript):
        return False
    name = module.qualified(made.func)
    if name in rule.table("likenesses"):
        return True
    shape = module.argument(made, "shape", 0)
    if name not in rule.table("makers") or shape is None:
        return False
    sides = module.resolve(shape)
    if not isinstance(sides, (ast.Tuple, ast.List)):
        return _shaped(module, sides) is not None
    along = place.slice.elts if isinstance(place.slice, ast.Tuple) else [place.slice]
    axis = next((i for i, each in enumerate(along) if not isinstance(each, ast.Slice)), 0)
    if axis < len(sides.elts) and isinstance(module.constant(sides.elts[axis]), int):
        return True
    owners = {_side_of(module, each) for each in sides.elts}
    return len(sides.elts) > 1 and len(owners) == 1 and None not in owners


def _shaped(module: PythonModule, node: ast.expr) -> str | None:
    """The array whose shape an expression is: `data.shape`, `np.shape(data)`."""
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        return module.code(node.value)
    if isinstance(node, ast.Call) and module.qualified(node.func) == "numpy.shape" and node.args:
        return module.code(node.args[0])
    return None


def _side_of(module: PythonModule, node: ast.expr) -> str | None:
    """The array of whose shape an expression is one side: `data.shape[0]`, `ny` of `ny, nx = data.shape`."""
    side = module.resolve(node)
    if isinstance(side, ast.Subscript):
        return _shaped(module, module.resolve(side.value))
    unpacked = [b for b in module.bindings(side) if b.kind == "unpack"] if isinstance(side, ast.Name) else []
    return _shaped(module, unpacked[0].value) if len(unpacked) == 1 and unpacked[0].value is not None else None
