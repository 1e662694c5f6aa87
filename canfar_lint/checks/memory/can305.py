"""Datasets of HDF5, zarr and netCDF files read in one piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.checks._inputs import unglued
from canfar_lint.checks.memory._afterwards import (
    is_curve,
    is_gathered,
    is_looked_up,
    is_needed_whole,
    is_part,
    is_passed_on,
    is_used_in_parts,
    takes_all,
)
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_DEEP, _MOST, _MOST_GROUPS = 14, 3, 6
# what is no dataset any more, but a fact of it or all of its numbers
_FACTS = frozenset(("attrs", "dims", "dtype", "shape", "value"))
_SKY = frozenset(("ra", "RA", "dec", "DEC", "Dec", "_RAJ2000", "RAJ2000"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for node in module.nodes(ast.Subscript):
        if isinstance(node.ctx, ast.Load) and takes_all(node.slice):
            yield from _read(module, rule, node, node.value)
    for read in module.attributed("value"):
        if isinstance(read.value, ast.Subscript):
            yield from _read(module, rule, read, read.value)
    for call in module.calls(rule.table("arrays")):
        given = call.args[0] if call.args else None
        if not isinstance(given, ast.Subscript) or _may_select(module, rule, given):
            continue
        if module.qualified(call.func) != "builtins.list" or not _lists_keys(module, call, given):
            yield from _read(module, rule, call, given)
    for call in module.methods(("read",)):
        assert isinstance(call.func, ast.Attribute)
        if not (call.args or call.keywords) and _is_node(call.func.value):
            yield from _read(module, rule, call, call.func.value, _Reached(_path(call.func.value), call))
    for call in module.calls(rule.table("loads")):
        yield from _loaded(module, rule, call)
    for call in module.methods(rule.table("methods")):
        assert isinstance(call.func, ast.Attribute)
        opened = module.resolve(call.func.value)
        if isinstance(opened, ast.Call) and any(n in rule.table("lazy") for n in module.qualified_all(opened.func)):
            yield _opened(module, rule, call, module.code(opened.func))


def _loaded(module: PythonModule, rule: Rule, call: ast.Call) -> Iterator[Finding]:
    """A reader that takes a whole file: worth a warning in a loop, or for a format that is made for large files."""
    whole = any(name in rule.table("whole") for name in module.qualified_all(call.func))
    given = call.args[0] if call.args else None
    if whole and isinstance(given, ast.Call) and not (given.args or given.keywords):
        return  # the one file that a package brings
    part = next((found for name in module.qualified_all(call.func) if (found := rule.table("parts").get(name))), None)
    if part is not None:
        if len(call.args) < 2 and not any(keyword.arg in ("group", "path", "sel") for keyword in call.keywords):
            code = module.code(call.func)
            yield rule.finding(module.name_span(call), variant="members", code=code, part=part)
        return
    once = whole and not module.loops(call)
    yield _opened(module, rule, call, module.code(call.func), unknown=once)


def _opened(module: PythonModule, rule: Rule, call: ast.Call, name: str, *, unknown: bool = False) -> Finding:
    doubtful = unknown or not (module.on_main_path(call) or is_gathered(module, call, call))
    variant = "opened-unknown" if doubtful else "opened"
    return rule.finding(module.name_span(call), variant=variant, code=module.code(call.func), name=name)


def _lists_keys(module: PythonModule, call: ast.Call, given: ast.Subscript) -> bool:
    """Whether `list(f["a"])` gives the names in a group: it is only shown, or `f["a/b"]` or `f["a"]["b"]` is read."""
    around = module.parent(call)
    if isinstance(around, ast.Expr) or (
        isinstance(around, ast.Call) and module.qualified(around.func) == "builtins.print"
    ):
        return True
    key, owner, code = module.constant(given.slice), module.code(given.value), module.code(given)
    taken = [(group, below) for (group, _), keys in _keys(module).items() for below in keys]
    return any(group == code or (group == owner and below.startswith(f"{key}/")) for group, below in taken)


def _may_select(module: PythonModule, rule: Rule, node: ast.Subscript) -> bool:
    """Whether the last brackets may take a part of a dataset, `f["x"][kept]`, and not reach the dataset itself."""
    if isinstance(module.constant(node.slice), str) or isinstance(node.slice, ast.JoinedStr):
        return False
    parts = (node.slice.left, node.slice.right) if isinstance(node.slice, ast.BinOp) else ()
    if any(isinstance(module.constant(part), str) for part in parts):
        return False  # a name put together
    if isinstance(node.slice, (ast.Slice, ast.Tuple)) or isinstance(module.constant(node.slice), int):
        return True
    if _is_name(module, rule, node.slice):
        return False
    reached = _reached(module, rule, node.value)
    return reached is not None and any(reached.keys)  # no name of a dataset where a name was given already


def _is_name(module: PythonModule, rule: Rule, index: ast.expr) -> bool:
    """Whether a name stands for a key: it is called one, or a loop goes over texts or over a group's keys."""
    if not isinstance(index, ast.Name):
        return False
    if re.search(rule.table("key_words"), index.id.lower()):
        return True
    over = [b.value for b in module.bindings(index) if b.kind == "for" and b.value is not None]
    return any(_are_texts(module, module.resolve(each)) for each in over)


def _are_texts(module: PythonModule, node: ast.expr) -> bool:
    if isinstance(node, (ast.List, ast.Tuple)):
        return bool(node.elts) and all(isinstance(module.constant(each), str) for each in node.elts)
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "keys"


def _is_node(node: ast.expr) -> bool:
    """Whether a chain of members leads from the root of a file of PyTables, `file.root.Data.Fibers`."""
    while isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
        node = node.value
        if node.attr == "root":
            return True
    return False


def _path(node: ast.expr) -> list[str]:
    """The members that lead from the root of a file to a node, last first."""
    found = []
    while isinstance(node, ast.Attribute) and node.attr != "root":
        found.append(node.attr)
        node = node.value
    return found


def _read(
    module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, reached: _Reached | None = None
) -> Iterator[Finding]:
    reached = reached or _reached(module, rule, dataset)
    keys = reached.keys if reached is not None else []
    if reached is None or not keys or _is_scalar(module, rule, node, dataset, keys):
        return
    statement = module.parent_statement(node)
    kept = statement.targets[0] if isinstance(statement, ast.Assign) else None
    kept = kept.value if isinstance(kept, ast.Subscript) else kept
    target = module.code(kept) if kept is not None else ""
    of_particles = any(re.search(rule.table("particles"), key) for key in keys)
    if not of_particles and _is_small(rule, keys, target):
        return
    if _are_names(module, node) or _is_asked(module, rule, node) or _is_one_of_many(module, statement, dataset):
        return
    if is_looked_up(module, node, rule.table("arrays")) or is_passed_on(module, node):
        return
    if _is_cut(module, rule, dataset) or (not of_particles and _is_binned(module, rule, dataset)):
        return
    much = _is_plainly_much(module, rule, node, dataset, reached, target)
    much = much and not _is_of_one_group(module, rule, node, dataset, reached.opener)
    much = much and not is_needed_whole(module, node, rule.table("arrays"))
    variant = None if much and _is_sure(module, rule, node, reached, target) else "unknown"
    if variant and _is_of_one_object(module, rule, reached.opener):
        return
    yield rule.finding(module.span(node), variant=variant, code=module.code(node), name=module.code(dataset))


def _is_small(rule: Rule, keys: list[str], target: str) -> bool:
    """Whether words say that a dataset is small: those of its keys, or of the name that it is given."""
    said = " ".join(keys)
    if "oordinates" in said:
        target = ""  # of particles, whatever they are called in short
    return re.search(rule.table("small"), f"{said} {target}".lower()) is not None


def _is_plainly_much(
    module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, reached: _Reached, target: str
) -> bool:
    """Whether something says that a dataset is large, and nothing that it is a column, a fit or a line of numbers."""
    keys = " ".join(reached.keys).lower()
    of_particles = any(re.search(rule.table("particles"), key) for key in reached.keys)
    # plain HDF5 holds numbers and short columns as well as cubes
    opened = module.qualified_all(reached.opener.func)
    plain = reached.opener is node or any(name.startswith("h5py.") for name in opened)
    named = re.search(rule.table("bulk"), keys) or re.search(rule.table("bulk_names"), unglued(target).lower())
    if plain and not (named or of_particles or _is_cut_later(module, node)):
        return False
    if re.search(rule.table("chains"), keys) or _is_put_together(module, dataset) or _is_column(module, dataset):
        return False
    if re.search(rule.table("columns"), f"{keys} {target}".lower()):
        return False
    if re.search(rule.table("summaries"), unglued(keys)) or _is_line(module, rule, node, dataset, reached):
        return False
    return of_particles or re.search(rule.table("turned"), keys) is not None or not _is_of_a_turn(module, dataset)


def _is_sure(module: PythonModule, rule: Rule, node: ast.expr, reached: _Reached, target: str) -> bool:
    """Whether a script runs a reading itself; or whoever calls the function, it is of many things, or parts would do.

    Functions of packages are often there to return an array, of whatever size it is.
    """
    if module.on_main_path(node) or is_gathered(module, node, reached.opener):
        return True
    said = unglued(" ".join((*reached.keys, target))).lower()
    return re.search(rule.table("many"), said) is not None or is_used_in_parts(module, node, rule.table("arrays"))


def _is_cut_later(module: PythonModule, node: ast.expr) -> bool:
    """Whether a part of what has been read is all that is used of it: `f["x"][()][:, 0]`, `f["x"][:].shape`."""
    around = module.parent(node)
    if isinstance(around, ast.Attribute):
        return around.attr == "shape"
    target = around.targets[0] if isinstance(around, ast.Assign) else None
    owner = module.scope_of(target).find(target.id) if isinstance(target, ast.Name) else None
    if isinstance(target, ast.Name) and owner is not None and len(owner[1]) == 1:
        named = module.loads(target.id)
        above = [module.parent(use) for use in named if module.scope_of(use).find(use.id) == owner]
        return bool(above) and all(isinstance(each, ast.Attribute) and each.attr == "shape" for each in above)
    if not isinstance(around, ast.Subscript) or around.value is not node:
        return False
    return isinstance(around.slice, (ast.Tuple, ast.Slice)) and is_part(module, around.slice)


def _is_line(module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, reached: _Reached) -> bool:
    """Whether a flux is one spectrum or curve: of one object's file, or read with its wavelengths or times.

    Not beside the numbers of objects.
    """
    keys = " ".join(reached.keys).lower()
    if not re.search(rule.table("lines"), keys) or re.search(rule.table("plain"), keys):
        return False
    if _is_of_one_object(module, rule, reached.opener):
        return True
    beside = [unglued(key).lower() for key in _keys_beside(module, dataset)]
    if any(re.search(rule.table("columns"), key) for key in beside):
        return False
    return is_curve(module, node, rule.table("arrays")) or any(re.search(rule.table("axes"), key) for key in beside)


def _is_asked(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether what is read answers a question about every row, `f["split"][:] == 2`, or is made into texts."""
    parent = module.parent(node)
    while isinstance(parent, ast.BinOp):
        parent = module.parent(parent)
    if isinstance(parent, ast.Compare):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr == "astype":
        called = module.parent(parent)
        kind = called.args[0] if isinstance(called, ast.Call) and called.args else None
        return kind is not None and module.code(kind).strip("\"'") in ("str", "U", "np.str_", "unicode")
    return isinstance(parent, ast.Call) and module.qualified(parent.func) in rule.table("questions")


def _is_of_one_object(module: PythonModule, rule: Rule, opener: ast.Call) -> bool:
    """Whether a file is one of many, by the number of an object in its name: what is known of one is short."""
    if not opener.args:
        return False
    name = module.value(opener.args[0]).skeleton.rpartition("/")[2]
    if re.search(rule.table("objects"), unglued(name).lower()):
        return True
    filled = (n.id for n in ast.walk(module.resolve(opener.args[0])) if isinstance(n, ast.Name))
    return any(re.search(rule.table("object_numbers"), unglued(each).lower()) for each in filled)


def _is_of_one_group(module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, opener: ast.Call) -> bool:
    """Whether what is read is of one object, `f["Halo%08d" % number]["x"][:]`, or of a cutout, and not only counted."""
    if _is_counted(module, node):
        return False
    if opener.args and re.search("(?i)cut_?out", module.code(module.resolve(opener.args[0]))):
        return True
    group = module.resolve(dataset.value) if isinstance(dataset, ast.Subscript) else None
    key = module.value(group.slice).skeleton if isinstance(group, ast.Subscript) else ""
    return re.search(rule.table("groups"), unglued(key).lower()) is not None


def _is_counted(module: PythonModule, node: ast.expr) -> bool:
    around = module.parent(node)
    if isinstance(around, ast.Attribute):
        return around.attr == "shape"
    return isinstance(around, ast.Call) and module.qualified(around.func) == "builtins.len"


def _is_put_together(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether the last key is put together from values: it is what selects, one of many small datasets."""
    key = dataset.slice if isinstance(dataset, ast.Subscript) else None
    if isinstance(key, ast.Call):
        return isinstance(key.func, ast.Attribute) and key.func.attr == "format"
    if isinstance(key, ast.BinOp):
        return module.constant(key) is ...
    return isinstance(key, ast.JoinedStr) and module.constant(key) is ...


def _is_one_of_many(module: PythonModule, statement: ast.stmt, dataset: ast.expr) -> bool:
    """Whether each turn of a loop reads a dataset of its own and drops it: the file is read in parts."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    if not isinstance(dataset, ast.Subscript):
        return False
    loops = [loop for loop in module.loops(statement) if isinstance(loop, ast.For)]
    names = {n.id for n in ast.walk(dataset.slice) if isinstance(n, ast.Name)}
    for loop in loops[:1]:
        turns = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        for made in loop.body:
            if isinstance(made, ast.Assign) and isinstance(made.targets[0], ast.Name):
                given = {n.id for n in ast.walk(made.value) if isinstance(n, ast.Name)}
                turns |= {made.targets[0].id} if given & turns else set()
        if names & turns:
            return True
    return False


def _is_of_a_turn(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether a loop goes over the groups of a file, one for each object: `f[name]["image"]`, one after the other."""
    at = module.resolve(dataset)
    for _ in range(_MOST_GROUPS):
        if not isinstance(at, ast.Subscript):
            return False
        at = module.resolve(at.value)
        if isinstance(at, ast.Subscript) and _is_turned(module, at.slice):
            return True
    return False


def _is_turned(module: PythonModule, key: ast.expr, depth: int = 0) -> bool:
    """Whether a key is, or is made of, the variable of a loop; one over texts of the code names what is in the file."""
    for name in (each for each in ast.walk(key) if isinstance(each, ast.Name)):
        for binding in module.bindings(name):
            over = module.resolve(binding.value) if binding.value is not None else name
            if binding.kind == "for" and (isinstance(over, ast.Call) or not _are_texts(module, over)):
                return True
            if binding.kind == "assign" and depth < _MOST and _is_turned(module, over, depth + 1):
                return True
    return False


def _are_names(module: PythonModule, node: ast.expr) -> bool:
    """`[n.decode() for n in f["names"][:]]`: texts, as many as things have names."""
    loop = module.parent(node)
    if not isinstance(loop, ast.comprehension) or loop.iter is not node or not isinstance(loop.target, ast.Name):
        return False
    whole = module.parent(loop)
    decoded = (n.value for n in ast.walk(whole) if isinstance(n, ast.Attribute) and n.attr == "decode") if whole else ()
    return any(isinstance(n, ast.Name) and n.id == loop.target.id for n in decoded)


def _is_cut(module: PythonModule, rule: Rule, dataset: ast.expr) -> bool:
    """Whether a part has been taken already, so that an array is in hand: `f["x"][0][:]`, `f["x"][slice(a, b)][:]`."""
    at = module.resolve(dataset)
    for _ in range(_MOST_GROUPS):
        if not isinstance(at, ast.Subscript):
            return False
        index = module.resolve(at.slice)
        part = isinstance(index, (ast.Slice, ast.Tuple)) or isinstance(module.constant(index), int)
        part = part or (isinstance(index, ast.Call) and module.qualified(index.func) == "builtins.slice")
        at = module.resolve(at.value)
        if part and (reached := _reached(module, rule, at)) is not None and reached.keys:
            return True
    return False


def _is_column(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether positions on the sky are read from the same group: then this is a column of the same catalogue."""
    return not _SKY.isdisjoint(_keys_beside(module, dataset))


def _is_binned(module: PythonModule, rule: Rule, dataset: ast.expr) -> bool:
    """Whether bins are read from the same group: then this is what was counted in them, however much was counted."""
    beside = _keys_beside(module, dataset)
    large = any(re.search(rule.table("plain"), key.lower()) for key in beside)
    return not large and any(re.search(rule.table("bins"), key.lower()) for key in beside)


def _keys_beside(module: PythonModule, dataset: ast.expr) -> set[str]:
    """The keys that a function takes from the group of a dataset; nothing for a dataset without a plain key."""
    while isinstance(dataset, ast.Subscript) and not isinstance(module.constant(dataset.slice), str):
        dataset = dataset.value
    if not isinstance(dataset, ast.Subscript):
        return set()
    return _keys(module).get((module.code(dataset.value), module.function_of(dataset)), set())


def _keys(module: PythonModule) -> dict[tuple[str, ast.AST | None], set[str]]:
    """The keys that are taken, by what they are taken from, as it is written, and the function around."""
    memo = module.memo("keys")
    if "all" not in memo:
        found: dict[tuple[str, ast.AST | None], set[str]] = {}
        for node in module.nodes(ast.Subscript):
            key = module.constant(node.slice)
            if isinstance(key, str):
                found.setdefault((module.code(node.value), module.function_of(node)), set()).add(key)
        memo["all"] = found
    keys = memo["all"]
    assert isinstance(keys, dict)
    return keys


class _Reached(NamedTuple):
    """A dataset: the keys that lead to it, last first, and the call that opens its file.

    Of a file that is a dataset itself the only key is empty.
    """

    keys: list[str]
    opener: ast.Call


def _reached(module: PythonModule, rule: Rule, node: ast.expr, depth: int = 0) -> _Reached | None:
    """How a dataset is reached in a file opened for reading; None when it is no such thing."""
    made = module.resolve(node)
    if depth > _DEEP:
        return None
    if isinstance(made, ast.Call) and any(name in rule.table("files") for name in module.qualified_all(made.func)):
        if _is_written(module, made) or (made.args and is_declared_small(module, rule, made.args[0])):
            return None
        itself = any(name == "zarr.open" for name in module.qualified_all(made.func))
        return _Reached([""] if itself else [], made)
    if isinstance(made, (ast.Subscript, ast.Attribute)):
        key = made.attr if isinstance(made, ast.Attribute) else _key(module, rule, made.slice, of_group=depth > 0)
        before = None if key in _FACTS else _reached(module, rule, made.value, depth + 1)
        if before is not None:
            return _Reached([key, *before.keys], before.opener)
    origins = _origins(module, made) if depth < _DEEP else []
    return next((found for each in origins if (found := _reached(module, rule, each, depth + 2)) is not None), None)


def _key(module: PythonModule, rule: Rule, index: ast.expr, *, of_group: bool) -> str:
    """A key, or what the code says in its place; of a name that only says that it is one, nothing.

    Where a loop goes through the names of groups, all of which are of settings, these.
    """
    key = module.constant(index)
    named = _names_looped(module, index) if of_group else []
    if named and all(re.search(rule.table("small"), each.lower()) for each in named):
        return " ".join(named)
    if (
        isinstance(index, ast.Name)
        and not isinstance(key, str)
        and re.search(rule.table("key_words"), index.id.lower())
    ):
        return "{}"
    return key if isinstance(key, str) else module.code(index)


def _names_looped(module: PythonModule, index: ast.expr) -> list[str]:
    """The texts of the code that a name goes through in a loop."""
    over = [b.value for b in module.bindings(index) if b.kind == "for"] if isinstance(index, ast.Name) else []
    texts = module.resolve(over[0]) if len(over) == 1 and over[0] is not None else None
    named = [module.constant(each) for each in texts.elts] if isinstance(texts, (ast.List, ast.Tuple)) else []
    known = [each for each in named if isinstance(each, str)]
    return known if len(known) == len(named) else []


def _origins(module: PythonModule, node: ast.expr) -> list[ast.expr]:
    """What a name, an attribute of an object or a call of a function of this file may give, as far as it is seen."""
    if isinstance(node, ast.Call):
        function = module.function_named(node.func)
        returned = (n.value for n in ast.walk(function) if isinstance(n, ast.Return)) if function else ()
        return [each for each in returned if each is not None][:_MOST]
    bindings = module.bindings(node) if isinstance(node, ast.Name) else []
    if isinstance(node, ast.Attribute):
        bindings = module.attribute_bindings(node)
    found: list[ast.expr] = []
    for binding in bindings[:_MOST]:
        if binding.kind in ("with", "assign") and binding.value is not None:
            found.append(binding.value)
        elif binding.kind == "param" and isinstance(binding.node, ast.arg):
            found += [given for _, given in module.given(binding.node)[:_MOST]]
    return found


def _is_written(module: PythonModule, call: ast.Call) -> bool:
    mode = module.argument(call, "mode", 1)
    given = module.constant(mode) if mode is not None else "r"
    return isinstance(given, str) and given[:1] in ("w", "x")


def _is_scalar(module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, keys: list[str]) -> bool:
    """Whether what is read is one number: wrapped in `float()`, used as one, or made so in this file."""
    parent = module.parent(node)
    if isinstance(parent, ast.Call) and module.qualified(parent.func) in rule.table("scalars"):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr in ("item", "decode", "tobytes", "asstr"):
        return True
    if _is_used_as_number(module, node):
        return True
    code = module.code(dataset)
    for made in module.subscript_stores:
        statement = module.parent(made)
        if module.code(made) == code and isinstance(statement, ast.Assign):
            return isinstance(module.constant(statement.value), (int, float, str))
    for call in module.calls_named("create_dataset"):
        data = module.keyword(call, "data")
        if keys and call.args and module.constant(call.args[0]) == keys[0] and data is not None:
            return isinstance(module.constant(data.value), (int, float, str))
    return False


def _is_used_as_number(module: PythonModule, node: ast.expr) -> bool:
    """Whether a condition compares what is read, or a text shows it by `%d` or `:.2f`: that is done with one number."""
    kept = module.parent(node)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return False
    function = module.function_of(target)
    memo = module.memo("numbers")
    if (function, target.id) not in memo:
        uses = [
            use for use in module.loads(target.id) if module.function_of(use) is function and _is_number(module, use)
        ]
        meant = ([each.value for each in module.bindings(use)] for use in uses)
        memo[function, target.id] = {values[0] for values in meant if len(values) == 1}
    numbers = memo[function, target.id]
    assert isinstance(numbers, set)
    return node in numbers


def _is_number(module: PythonModule, use: ast.Name) -> bool:
    parent = module.parent(use)
    if isinstance(parent, ast.FormattedValue):
        texts = parent.format_spec.values[-1:] if isinstance(parent.format_spec, ast.JoinedStr) else []
        return any(str(getattr(text, "value", "")).endswith(("d", "f", "e", "g")) for text in texts)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is use:
        return True  # an exponent
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod) and parent.right is use:
        text = module.constant(parent.left)
        return isinstance(text, str) and re.search(r"%[-+ 0-9.]*[dife]", text) is not None
    if isinstance(parent, ast.Call):
        return module.qualified(parent.func) == "builtins.range"
    if not isinstance(parent, ast.Compare) or any(
        isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in parent.ops
    ):
        return False
    tests = module.parent(parent)
    while isinstance(tests, (ast.BoolOp, ast.UnaryOp)):
        parent, tests = tests, module.parent(tests)
    return isinstance(tests, (ast.If, ast.While, ast.IfExp)) and tests.test is parent
