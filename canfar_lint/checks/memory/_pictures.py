"""Whether arrays that are kept are images, as words and use say it, or lines of numbers: spectra, profiles, curves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._arrays import image_read
from canfar_lint.checks._inputs import unglued
from canfar_lint.model.python import PythonModule


def are_images(module: PythonModule, rule: Rule, read: ast.Call, place: ast.AST | None, value: ast.AST) -> bool | None:
    """True where something says that they are images, False where it says that they have one axis, else None.

    `place` is what keeps them: a list, a place of an array, the name of a comprehension.
    """
    if any(name in rule.table("pictures") for name in module.qualified_all(read.func)):
        return True
    if any(name in rule.table("sky") for name in module.qualified_all(read.func)):
        return is_combined(module, rule, place, value) or None
    words = _words(module, read, place, value)
    sides = _sides(module, rule, place)
    pictured = re.search(rule.table("picture_words"), words) is not None or sides > 2
    if sides == 2 or _is_line(module, rule, read, words) or _is_drawn_as_line(module, rule, read):
        return None if pictured else False
    return True if pictured or is_combined(module, rule, place, value) else None


def _words(module: PythonModule, read: ast.Call, place: ast.AST | None, value: ast.AST) -> str:
    """The words of a file's name, of what is read and kept, of the loop around, and of the function."""
    names = [module.value(each).skeleton.rpartition("/")[2] for each in read.args[:1]]
    nodes = [place, value, *read.args[:1]]
    for loop in module.loops(value)[:1]:
        heads = loop.generators if isinstance(loop, (ast.ListComp, ast.DictComp)) else [loop]
        nodes += [
            part
            for head in heads
            if isinstance(head, (ast.For, ast.comprehension))
            for part in (head.target, head.iter)
        ]
    names += [name for node in nodes if node is not None for name in _names(node)]
    function = module.function_of(value)
    names += [function.name] if function is not None else []
    return unglued(" ".join(names)).lower()


def _names(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _sides(module: PythonModule, rule: Rule, place: ast.AST | None) -> int:
    """How many axes an array has of which a place is filled, 0 where that is not seen."""
    if not isinstance(place, ast.Subscript):
        return 0
    made = module.resolve(place.value)
    shape = module.argument(made, "shape", 0) if isinstance(made, ast.Call) else None
    if isinstance(made, ast.Call) and shape is not None and module.qualified(made.func) in rule.table("makers"):
        sides = module.resolve(shape)
        if isinstance(sides, (ast.Tuple, ast.List)):
            return len(sides.elts)
    along = place.slice.elts if isinstance(place.slice, ast.Tuple) else []
    return len(along) if sum(isinstance(each, ast.Slice) for each in along) > 1 else 0


def _is_line(module: PythonModule, rule: Rule, read: ast.Call, words: str) -> bool:
    """Whether words say so, or those of a flux where wavelengths or velocities are at hand."""
    if re.search(rule.table("line_words"), words):
        return True
    around = module.loops(read)[-1:] or [module.parent_statement(read)]
    said = unglued(module.code(around[0])).lower()
    return "flux" in words and re.search(rule.table("beside_flux"), said) is not None


def _is_drawn_as_line(module: PythonModule, rule: Rule, read: ast.Call) -> bool:
    """Whether what is read is given to a function of lines, `interp1d(x, y)` or `plot(x, y)`."""
    for word in rule.table("of_lines"):
        for call in module.calls_named(word):
            if len(call.args) > 1 and any(image_read(module, each) is read for each in call.args[:2]):
                return True
    return False


def is_combined(module: PythonModule, rule: Rule, place: ast.AST | None, value: ast.AST) -> bool:
    """Whether what is kept is stacked, or put together over its first axis: `np.median(found, axis=0)`."""
    return any(_combines(module, rule, call) for call in _calls_with(module, rule, place, value))


def is_only_piled(module: PythonModule, rule: Rule, place: ast.AST | None, value: ast.AST) -> bool:
    """Whether what is kept becomes one array, and the function around takes no sum or median over an axis of it."""
    made = module.resolve(place.value) if isinstance(place, ast.Subscript) else None
    calls = [*_calls_with(module, rule, place.value if isinstance(place, ast.Subscript) else place, value)]
    if made is not None:
        piled = isinstance(made, ast.Call) and module.qualified(made.func) in rule.table("makers")
    else:
        piled = any(module.qualified(call.func) in rule.table("same_arrays") for call in calls)
    return piled and not any(_reduces(module, rule, call) for call in calls)


def _reduces(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """`np.median(found, 0)`, `found.sum(axis=2)`, `Combiner(found)`."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if word not in rule.table("combiners") or word == "stack":
        return word in ("Combiner", "combine")
    method = not module.qualified(call.func).startswith("numpy.") or "()" in module.qualified(call.func)
    return len(call.args) > (0 if method else 1) or module.keyword(call, "axis") is not None


def _calls_with(module: PythonModule, rule: Rule, place: ast.AST | None, value: ast.AST) -> Iterator[ast.Call]:
    """The calls in which an array that is kept stands, where it is read and under the names it has later."""
    for around in module.ancestors(value):
        if isinstance(around, ast.stmt):
            break
        if isinstance(around, ast.Call):
            yield around
    names = {place.id} if isinstance(place, ast.Name) else set()
    function = module.function_of(value)
    for name in [*names]:
        for use in module.named(name):
            kept = module.parent_statement(use)
            if module.function_of(use) is function and isinstance(kept, ast.Assign):
                made = kept.value.func if isinstance(kept.value, ast.Call) else None
                if made is not None and module.qualified(made) in rule.table("same_arrays"):
                    names |= {target.id for target in kept.targets if isinstance(target, ast.Name)}
    uses = (use for name in names for use in module.named(name) if module.function_of(use) is function)
    yield from (each for use in uses for each in module.ancestors(use) if isinstance(each, ast.Call))


def _combines(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    name = module.qualified(call.func)
    if name in rule.table("cubes"):
        return True
    axis = module.keyword(call, "axis")
    over_first = axis is not None and module.constant(axis.value) == 0
    return over_first and name.rpartition(".")[2] in rule.table("combiners")
