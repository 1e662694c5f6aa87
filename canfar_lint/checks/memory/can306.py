"""Every image of a set held in memory at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._arrays import image_read
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_COLLECTED = (ast.ListComp, ast.DictComp)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.methods(("append",)):
        if len(call.args) == 1 and isinstance(call.func, ast.Attribute):
            yield from _appended(module, rule, call, call.func.value)
    for node in list(module.scopes):
        if isinstance(node, _COLLECTED):
            yield from _comprehension(module, rule, node)
    for call in module.calls(rule.table("makers")):
        size = _bytes(module, call)
        if size >= rule.table("most_bytes"):
            yield rule.finding(module.span(call), variant="block", size=f"{size / 1e9:.0f}")


def _appended(module: PythonModule, rule: Rule, call: ast.Call, target: ast.expr) -> Iterator[Finding]:
    loops = [loop for loop in module.loops(call) if isinstance(loop, (ast.For, ast.AsyncFor, ast.While))]
    if not loops or is_short(module, rule, loops[0]) or _is_emptied(module, target, loops[0]):
        return
    read = image_read(module, call.args[0])
    if read is None or loops[0] not in module.ancestors(read) or is_part(rule, target, call.args[0]):
        return
    if _is_same_file(module, read, loops[0]):
        return
    if not module.keyword(read, "mmap_mode") and not _is_no_file(module, read, call.args[0]):
        yield rule.finding(module.span(call.func), list=module.code(target))


def _is_no_file(module: PythonModule, read: ast.Call, value: ast.expr) -> bool:
    """Whether bytes in memory are read, a catalogue, pickled objects, or a picture, which is read when asked for."""
    made = module.resolve(read.args[0]) if read.args else None
    if isinstance(made, ast.Call) and module.qualified(made.func).endswith("BytesIO"):
        return True
    if read.args and re.search(r"(^|[^a-z])cat(alog(ue)?)?s?(_|file|name|\b)", module.code(read.args[0]).lower()):
        return True
    pickled = module.keyword(read, "allow_pickle")
    if pickled is not None and module.constant(pickled.value) is True:
        return True
    return module.qualified(read.func) == "PIL.Image.open" and module.resolve(value) is read


def _is_same_file(module: PythonModule, read: ast.Call, loop: ast.AST) -> bool:
    """Whether every turn of a loop reads from the one file that a name stands for: its extensions."""
    if not read.args or not isinstance(read.args[0], ast.Name) or len(read.args) + len(read.keywords) < 2:
        return False
    bound = module.bindings(read.args[0])
    return bool(bound) and all(loop not in (b.node, *module.ancestors(b.node)) for b in bound)


def _is_emptied(module: PythonModule, target: ast.expr, loop: ast.AST) -> bool:
    """Whether a list is begun anew, or cleared, inside the loop."""
    memo = module.memo("emptied")
    if loop not in memo:
        found: set[str] = set()
        for node in ast.walk(loop):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {module.code(t) for t in targets}
            elif isinstance(called, ast.Attribute) and called.attr in ("clear", "pop"):
                found.add(module.code(called.value))
        memo[loop] = found
    emptied = memo[loop]
    assert isinstance(emptied, set)
    return module.code(target) in emptied


def _comprehension(module: PythonModule, rule: Rule, node: ast.ListComp | ast.DictComp) -> Iterator[Finding]:
    value = node.elt if isinstance(node, ast.ListComp) else node.value
    read = image_read(module, value)
    if read is None or is_short(module, rule, node) or module.keyword(read, "mmap_mode"):
        return
    if node not in module.ancestors(read) or _is_no_file(module, read, value) or _is_same_file(module, read, node):
        return  # the extensions of one file, or no file
    statement = module.parent(node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if is_part(rule, *(n for n in (target, value) if n is not None)):
        return
    name = module.code(target) if target is not None else "this list"
    yield rule.finding(module.span(node), list=name)


def is_part(rule: Rule, *nodes: ast.AST) -> bool:
    """Whether names say that these are cutouts or other small images."""
    walked = [n for node in nodes for n in ast.walk(node)]
    names = [n.id for n in walked if isinstance(n, ast.Name)] + [n.attr for n in walked if isinstance(n, ast.Attribute)]
    return re.search(rule.table("parts"), " ".join(names).lower()) is not None


def is_short(module: PythonModule, rule: Rule, loop: ast.AST) -> bool:
    """Whether a loop runs over a few known items."""
    iterated = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else None
    if isinstance(loop, _COLLECTED):
        iterated = loop.generators[0].iter
    if iterated is None:
        return False
    short = int(rule.table("short"))
    over = module.resolve(iterated)
    if (
        isinstance(over, ast.Call)
        and module.qualified(over.func) in ("builtins.enumerate", "builtins.zip")
        and over.args
    ):
        over = module.resolve(over.args[0])
    if isinstance(over, (ast.List, ast.Tuple, ast.Set)):
        return len(over.elts) <= short
    if isinstance(over, ast.Dict):
        return len(over.keys) <= short
    if isinstance(over, ast.Call) and module.qualified(over.func) == "builtins.range" and over.args:
        last = module.constant(over.args[-1] if len(over.args) < 3 else over.args[1])
        return isinstance(last, int) and last <= short
    if isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice) and over.slice.upper is not None:
        last = module.constant(over.slice.upper)
        return isinstance(last, int) and 0 < last <= short
    return isinstance(over, ast.Constant)


def _bytes(module: PythonModule, call: ast.Call) -> int:
    """The size of an array made with a shape that is known, 0 when it is not."""
    shape = module.resolve(call.args[0]) if call.args else None
    if not isinstance(shape, (ast.Tuple, ast.List)) or module.is_open_ended(call):
        return 0
    size = _width(module, call)
    for part in shape.elts:
        number = module.constant(part)
        if not isinstance(number, (int, float)) or isinstance(number, bool):
            return 0
        size *= int(number)
    return size


def _width(module: PythonModule, call: ast.Call) -> int:
    """Bytes an element takes."""
    dtype = module.argument(call, "dtype", 2 if module.qualified(call.func).endswith("full") else 1)
    text = module.code(dtype) if dtype is not None else "float64"
    for word, width in (("128", 16), ("64", 8), ("32", 4), ("16", 2), ("8", 1), ("bool", 1), ("complex", 16)):
        if word in text:
            return width
    return 8
