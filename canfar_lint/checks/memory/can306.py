"""Every image of a set held in memory at once."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._arrays import image_read
from canfar_lint.checks._inputs import unglued
from canfar_lint.checks.memory._lengths import (
    COLLECTED,
    has_known_planes,
    is_beside_numbered,
    is_grid,
    is_short,
    is_used_by_number,
)
from canfar_lint.checks.memory._pictures import are_images, is_combined, is_only_piled
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.methods(("append",)):
        if len(call.args) == 1 and isinstance(call.func, ast.Attribute):
            yield from _collected(module, rule, call.func, call.func.value, call.args[0])
    for target in module.subscript_stores:
        stored = module.parent(target)
        if isinstance(stored, ast.Assign) and any(isinstance(n, ast.Name) for n in ast.walk(target.slice)):
            yield from _collected(module, rule, target, target.value, stored.value)
    for call in module.calls(rule.table("stackers")):
        yield from _stacked(module, rule, call)
    for node in list(module.scopes):
        if isinstance(node, COLLECTED):
            yield from _comprehension(module, rule, node)
    for call in module.calls(rule.table("makers")):
        size = _bytes(module, call)
        if size >= rule.table("most_bytes"):
            yield rule.finding(module.span(call), variant="block", size=f"{size / 1e9:.0f}")


def _collected(
    module: PythonModule, rule: Rule, place: ast.expr, target: ast.expr, value: ast.expr, *, grown: bool = False
) -> Iterator[Finding]:
    """An image that a loop adds to a list, or stores in a dict or a cube; `grown` for an array that is made anew."""
    loops = [loop for loop in module.loops(place) if isinstance(loop, (ast.For, ast.AsyncFor, ast.While))]
    image = image_read(module, value) if loops else None
    read = image or (_opened(module, rule, value) if loops else None)
    if read is None or loops[0] not in module.ancestors(read) or is_part(rule, target, value, *looped_name(loops[0])):
        return
    if _lies_among_parts(module, rule, read):
        return
    if _is_enough(module, loops[0], target) or _is_made_small(module, rule, value):
        return
    if _is_short_of(module, rule, target, loops) or (not grown and _is_emptied(module, target, loops[0])):
        return
    if _is_one_per_filter(module, rule, place, loops) or _has_short_rows(module, rule, place):
        return
    if isinstance(place, ast.Subscript) and _is_of_named_set(module, rule, place.slice, loops[0]):
        return
    if _is_in_blocks(module, rule, target, loops[1:]) or _is_grid_of(module, rule, target, loops):
        return
    if has_known_planes(module, rule, place) or is_beside_numbered(module, loops[0]):
        return
    if _is_same_file(module, read, loops[0]) or _is_table(module, read) or _is_just_drawn(module, read, loops[0]):
        return
    if _becomes_movie(module, rule, target):
        return
    if module.keyword(read, "mmap_mode") or _is_no_file(module, read, value) or _is_chosen(rule, module, place):
        return
    kept = place if isinstance(place, ast.Subscript) else target
    images = are_images(module, rule, read, kept, value) if image else None
    if images is not False and not _is_mapped(module, rule, read, kept, value):
        variant = _variant(module, rule, read, target, loops[0]) if images else "unknown"
        variant = variant or _purpose(module, rule, kept, value)
        yield rule.finding(module.span(place), variant=variant, list=module.code(target))


def _is_mapped(module: PythonModule, rule: Rule, read: ast.Call, kept: ast.AST | None, value: ast.expr) -> bool:
    """Whether arrays are kept as they lie in files that are mapped, `fits.open(name, memmap=True)[0].data`, and no
    array is made of them all."""
    asked = (keyword for keyword in read.keywords if re.search("mem_?map", keyword.arg or ""))
    data = module.resolve(value)
    if not isinstance(data, ast.Attribute) or data.attr != "data":
        return False
    if not any(module.constant(keyword.value) is not False for keyword in asked):
        return False
    return not (is_combined(module, rule, kept, value) or is_only_piled(module, rule, kept, value))


def _purpose(module: PythonModule, rule: Rule, kept: ast.AST | None, value: ast.expr) -> str | None:
    """What all images are kept for, as a variant: "cube" for a cube, "unknown" for an object that takes them as they
    are, None where they may be added up."""
    if isinstance(kept, ast.Name) and _is_handed_over(module, rule, kept):
        return "unknown"
    return "cube" if is_only_piled(module, rule, kept, value) else None


def _is_handed_over(module: PythonModule, rule: Rule, target: ast.Name) -> bool:
    """Whether all that is done with a list is to give it to an object, `viewer.load_images(images)`, or make it a
    column of a table."""
    given = 0
    for use in module.loads(target.id):
        around = module.parent(use)
        if module.function_of(use) is not module.function_of(target) or isinstance(around, ast.Attribute):
            continue
        called = around.func if isinstance(around, ast.Call) and use in around.args else None
        taken = isinstance(called, ast.Attribute) and re.match(rule.table("takers"), called.attr) is not None
        if not taken and not (isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Subscript)):
            return False
        given += taken
    return given > 0


def _is_enough(module: PythonModule, loop: ast.AST, target: ast.expr) -> bool:
    """Whether a loop goes on only until what it makes of the images will do, `while has_gaps(mean):`."""
    if not isinstance(loop, ast.While) or not isinstance(target, ast.Name):
        return False
    tested = {n.id for n in ast.walk(loop.test) if isinstance(n, ast.Name)}
    made = [
        node.value
        for node in ast.walk(loop)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in tested for t in node.targets)
    ]
    return any(isinstance(n, ast.Name) and n.id == target.id for value in made for n in ast.walk(value))


def _stacked(module: PythonModule, rule: Rule, call: ast.Call) -> Iterator[Finding]:
    """`cube = np.dstack((cube, image))` in a loop."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    given = call.args[0] if call.args else None
    if isinstance(target, ast.Name) and isinstance(given, (ast.Tuple, ast.List)) and len(given.elts) > 1:
        first = given.elts[0]
        if isinstance(first, ast.Name) and first.id == target.id:
            yield from _collected(module, rule, call.func, first, given.elts[1], grown=True)


def _opened(module: PythonModule, rule: Rule, value: ast.expr) -> ast.Call | None:
    """The call that opens the file which is kept itself, or a part of it: `hdus.append(fits.open(name)[0])`."""
    if not re.search(rule.table("hdus"), module.code(value)):
        return None
    kept = module.resolve(value)
    for _ in range(3):
        if isinstance(kept, ast.Subscript):
            kept = module.resolve(kept.value)
    opens = isinstance(kept, ast.Call) and module.qualified(kept.func) in rule.table("images")["openers"]
    return kept if opens and isinstance(kept, ast.Call) else None


def _is_made_small(module: PythonModule, rule: Rule, value: ast.expr) -> bool:
    """Whether the name of an image is given to a smaller one made of it, `image = crop(image, 64)`."""
    bound = [b.value for b in module.bindings(value)] if isinstance(value, ast.Name) else []
    made = [module.code(each.func).rpartition(".")[2] for each in bound if isinstance(each, ast.Call)]
    return any(re.search(rule.table("cutters"), unglued(name).lower()) for name in made)


def looped_name(loop: ast.AST) -> list[ast.expr]:
    """What a loop runs over, where that has a name: `stamp_names`."""
    over = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor, ast.comprehension)) else None
    return [over] if isinstance(over, ast.Name) else []


def _is_short_of(module: PythonModule, rule: Rule, target: ast.expr, loops: Iterable[ast.AST]) -> bool:
    """Whether a list is filled by loops over a few, and is no more often begun than that."""
    for loop in loops:
        if not is_short(module, rule, loop):
            return False
        if _is_emptied(module, target, loop):
            break
    return True


def _is_one_per_filter(module: PythonModule, rule: Rule, place: ast.expr, loops: Iterable[ast.AST]) -> bool:
    """Whether images are stored by filter, `images[band]` in `for band in bands`: no more than an instrument has.

    Or by a key that is made of it, `images[key_of(band)]`.
    """
    if not isinstance(place, ast.Subscript):
        return False
    key = module.resolve(place.slice)
    parts = key.args if isinstance(key, ast.Call) and len(key.args) == 1 else [key]
    turns = (loop.target for loop in loops if isinstance(loop, (ast.For, ast.AsyncFor)))
    return any(_is_filter(rule, part, turn) for turn in turns for part in parts)


def _is_filter(rule: Rule, key: ast.expr, turn: ast.expr) -> bool:
    names = {n.id for n in ast.walk(turn) if isinstance(n, ast.Name)}
    return isinstance(key, ast.Name) and key.id in names and re.search(rule.table("filters"), key.id) is not None


def _is_of_named_set(module: PythonModule, rule: Rule, key: ast.expr, loop: ast.AST) -> bool:
    """Whether images are stored by the keys of a dict, `for band, name in maps.items()`, that is none of files."""
    if not isinstance(loop, (ast.For, ast.AsyncFor, ast.comprehension)) or not isinstance(loop.target, ast.Tuple):
        return False
    called = loop.iter.func if isinstance(loop.iter, ast.Call) else None
    first = loop.target.elts[0]
    if not isinstance(called, ast.Attribute) or called.attr != "items" or not isinstance(first, ast.Name):
        return False
    if not isinstance(key, ast.Name) or key.id != first.id:
        return False
    return not re.search(rule.table("many_keys"), unglued(f"{module.code(called.value)} {first.id}").lower())


def _has_short_rows(module: PythonModule, rule: Rule, place: ast.expr) -> bool:
    """Whether rows of a few numbers are stored, `fits[i] = …` of `fits = np.zeros((n, 6))`, or small pictures."""
    made = module.resolve(place.value) if isinstance(place, ast.Subscript) else None
    shape = module.argument(made, "shape", 0) if isinstance(made, ast.Call) else None
    if not isinstance(made, ast.Call) or module.qualified(made.func) not in rule.table("makers"):
        return False
    rows = [_most(module, each) for each in shape.elts[1:]] if isinstance(shape, (ast.Tuple, ast.List)) else []
    known = [each for each in rows if each is not None]
    if not rows or len(known) < len(rows):
        return False
    return math.prod(known) <= int(rule.table("row" if len(rows) == 1 else "stamp"))


def _most(module: PythonModule, side: ast.expr) -> int | None:
    """How long a side of an array is, or the largest of what all calls of a function give for it."""
    bound = module.bindings(side) if isinstance(side, ast.Name) else []
    given = [value for b in bound if isinstance(b.node, ast.arg) for _, value in module.given(b.node)]
    numbers = [module.constant(each) for each in given or [side]]
    known = [each for each in numbers if isinstance(each, int)]
    return max(known) if len(known) == len(numbers) else None


def _variant(module: PythonModule, rule: Rule, read: ast.Call, target: ast.AST | None, loop: ast.AST) -> str | None:
    """None for a set of images; "unknown" for arrays that may be small, and for the few parts of one product.

    What a network learns of is small, and there is nothing to be added up.
    """
    if any(binding.qualified.partition(".")[0] in rule.table("networks") for binding in module.imports):
        return "unknown"
    over = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else None
    if isinstance(loop, COLLECTED):
        over = loop.generators[0].iter
    if isinstance(loop, ast.DictComp) or (over is not None and not _is_listing(module, rule, over, read)):
        return "unknown"
    if over is not None and over is not read and re.search(rule.table("few"), unglued(module.code(over)).lower()):
        return "unknown"
    function = module.function_of(read)
    if function is not None and re.search(rule.table("told_few"), (ast.get_docstring(function) or "").lower()):
        return "unknown"
    if module.qualified(read.func) != "numpy.load":
        return None
    names = [module.value(each).skeleton for each in read.args[:1]] + ([module.code(target)] if target else [])
    words = unglued(" ".join(names)).lower()
    images = re.search(rule.table("image_words"), words) and not re.search(rule.table("axes"), words)
    return None if images else "unknown"


def _is_listing(module: PythonModule, rule: Rule, over: ast.expr, read: ast.Call) -> bool:
    """Whether a loop goes over files, by the words of what it goes over: `sorted(glob(...))`, `range(len(flats))`; or
    takes what it reads from a list by its number, `filelist[i]`.
    """
    if read.args and re.match(r"\w*(list|files?)\w*\[", module.code(read.args[0])):
        return True
    said = f"{module.code(over)} {module.code(module.resolve(over))}"
    return re.search(rule.table("listings"), unglued(said).lower()) is not None


def _is_chosen(rule: Rule, module: PythonModule, place: ast.expr) -> bool:
    """Whether a parameter of the function around asks for all of it at once: `if not low_mem:`."""
    for test, _ in module.guards(place):
        for name in (n for n in ast.walk(test) if isinstance(n, ast.Name)):
            bound = module.bindings(name)
            if re.search(rule.table("choices"), name.id.lower()) and any(b.kind == "param" for b in bound):
                return True
    return False


def _is_no_file(module: PythonModule, read: ast.Call, value: ast.expr) -> bool:
    """Whether bytes in memory are read, a catalogue, pickled objects, or a picture, which is read when asked for."""
    made = module.resolve(read.args[0]) if read.args else None
    if isinstance(made, ast.Call) and module.qualified(made.func).endswith("BytesIO"):
        return True
    if read.args and re.search(r"(^|[^a-z])cat(alog(ue)?)?s?(_|file|name|\b)", module.code(read.args[0]).lower()):
        return True
    pickled = module.keyword(read, "allow_pickle")
    member = isinstance(module.resolve(value), ast.Subscript)  # it is called an image
    if pickled is not None and module.constant(pickled.value) is True and not member:
        return True
    return module.qualified(read.func) == "PIL.Image.open" and module.resolve(value) is read


def _is_same_file(module: PythonModule, read: ast.Call, loop: ast.AST) -> bool:
    """Whether every turn of a loop reads from the one file that a name stands for: its extensions."""
    if not read.args or len(read.args) + len(read.keywords) < 2:
        return False
    if any(isinstance(n, (ast.Call, ast.NamedExpr)) for n in ast.walk(read.args[0])):
        return False
    names = [n for n in ast.walk(read.args[0]) if isinstance(n, ast.Name)]
    bound = [b for name in names for b in module.bindings(name)]
    return bool(names) and all(loop not in (b.node, *module.ancestors(b.node)) for b in bound)


def _is_table(module: PythonModule, read: ast.Call) -> bool:
    """Whether columns are taken by name from a named extension: a table, and no image."""
    named = read.args[1] if len(read.args) > 1 else None
    for word in ("ext", "extname"):
        keyword = module.keyword(read, word)
        named = keyword.value if keyword is not None else named
    kept = module.parent(read)
    if named is None or not isinstance(module.constant(named), str) or not isinstance(kept, ast.Assign):
        return False
    target = kept.targets[0]
    uses = module.named(target.id) if isinstance(target, ast.Name) else ()
    taken = (module.parent(n) for n in uses if module.function_of(n) is module.function_of(read))
    return any(isinstance(n, ast.Subscript) and isinstance(module.constant(n.slice), str) for n in taken)


def _is_just_drawn(module: PythonModule, read: ast.Call, loop: ast.AST) -> bool:
    """Whether a picture is read that a function has drawn in the same turn, `name = plot(…)`: as many as were drawn."""
    name = read.args[0] if read.args and module.qualified(read.func).endswith("imread") else None
    if not isinstance(name, ast.Name):
        return False
    made = [b.node for b in module.bindings(name) if loop in module.ancestors(b.node)]
    calls = [n.value for n in (module.parent_statement(m) for m in made) if isinstance(n, ast.Assign)]
    return bool(calls) and all(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and re.search("fig|plot|draw|render|png", f"{name.id} {call.func.id}".lower())
        for call in calls
    )


def _becomes_movie(module: PythonModule, rule: Rule, target: ast.AST | None) -> bool:
    """Whether pictures are put together to a movie, whose frames are as many and as large as one looks at."""
    name = target.id if isinstance(target, ast.Name) else None
    if name is None:
        return False
    writers = [call for word in rule.table("movies") for call in module.calls_named(word)]
    for call in (*writers, *(c for c in module.calls_named("save") if module.keyword(c, "append_images"))):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(isinstance(n, ast.Name) and n.id == name for each in given for n in ast.walk(each)):
            return True
    return False


def _is_in_blocks(module: PythonModule, rule: Rule, target: ast.AST | None, loops: Iterable[ast.AST]) -> bool:
    """Whether an outer loop begins a list anew, and runs over blocks by its words, or yields or deletes it."""
    return isinstance(target, ast.Name) and any(
        _is_emptied(module, target, loop) and (_is_block(module, rule, loop) or _is_let_go(target, loop))
        for loop in loops
    )


def _is_block(module: PythonModule, rule: Rule, loop: ast.AST) -> bool:
    """Whether a loop is called after the blocks it runs over: `for chunk in chunks`."""
    if not isinstance(loop, (ast.For, ast.AsyncFor)):
        return False
    words = unglued(f"{module.code(loop.target)} {module.code(loop.iter)}").lower()
    return re.search(rule.table("blocks"), words) is not None


def _is_let_go(target: ast.Name, loop: ast.AST) -> bool:
    """Whether a loop has `del target`, or yields it."""
    for node in ast.walk(loop):
        given = node.targets if isinstance(node, ast.Delete) else [node.value] if isinstance(node, ast.Yield) else []
        if any(isinstance(n, ast.Name) and n.id == target.id for each in given if each for n in ast.walk(each)):
            return True
    return False


def _is_grid_of(module: PythonModule, rule: Rule, target: ast.expr, loops: Iterable[ast.AST]) -> bool:
    """Whether a list is filled by loops over numbers that stand in the code, and is no more often begun than that."""
    for loop in loops:
        if not isinstance(loop, (ast.For, ast.AsyncFor)) or not is_grid(module, rule, loop.iter):
            return False
        if _is_emptied(module, target, loop):
            break
    return True


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
    if all(is_grid(module, rule, each.iter) for each in node.generators):
        return
    if node not in module.ancestors(read) or _is_no_file(module, read, value) or _is_same_file(module, read, node):
        return  # the extensions of one file, or no file
    statement = module.parent(node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    named_so = (n for n in (target, value, *looped_name(node.generators[0])) if n is not None)
    if is_part(rule, *named_so) or _becomes_movie(module, rule, target) or _lies_among_parts(module, rule, read):
        return
    if isinstance(node, ast.DictComp) and (
        _is_filter(rule, node.key, node.generators[0].target)
        or _is_of_named_set(module, rule, node.key, node.generators[0])
    ):
        return
    name = module.code(target) if target is not None else "this list"
    kept = module.parent_statement(node)
    named = kept.targets[0] if isinstance(kept, ast.Assign) else None
    if is_used_by_number(module, node) or _is_in_blocks(module, rule, named, module.loops(node)):
        return
    images = are_images(module, rule, read, named, value)
    if images is not False and not _is_chosen(rule, module, node) and not _is_mapped(module, rule, read, named, value):
        variant = _variant(module, rule, read, named, node) if images else "unknown"
        variant = variant or _purpose(module, rule, named, value)
        yield rule.finding(module.span(node), variant=variant, list=name)


def is_part(rule: Rule, *nodes: ast.AST) -> bool:
    """Whether names say that these are cutouts or other small images."""
    walked = [n for node in nodes for n in ast.walk(node)]
    names = [n.id for n in walked if isinstance(n, ast.Name)] + [n.attr for n in walked if isinstance(n, ast.Attribute)]
    return re.search(rule.table("parts"), " ".join(names).lower()) is not None


def _lies_among_parts(module: PythonModule, rule: Rule, read: ast.Call) -> bool:
    """Whether the path that is read says that these are cutouts: `f"Masked cutouts/{name}.fits"`."""
    path = module.value(read.args[0]).skeleton if read.args else ""
    return re.search(rule.table("parts"), path.lower()) is not None


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
