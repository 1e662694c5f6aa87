"""Datasets of HDF5, zarr and netCDF files read in one piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_SKY = ("ra", "RA", "dec", "DEC", "Dec", "_RAJ2000", "RAJ2000")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for node in list(module.parents):
        whole = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_everything(node.slice)
        if whole or (
            isinstance(node, ast.Attribute) and node.attr == "value" and isinstance(node.value, ast.Subscript)
        ):
            assert isinstance(node, (ast.Subscript, ast.Attribute))
            yield from _read(module, rule, node, node.value)
    for call in module.calls(rule.table("arrays")):
        if call.args and isinstance(call.args[0], ast.Subscript) and not _may_select(module, rule, call.args[0]):
            yield from _read(module, rule, call, call.args[0])
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
    code = module.code(call.func)
    variant = "opened-once" if whole and not module.loops(call) else "opened"
    yield rule.finding(module.name_span(call), variant=variant, code=code, name=code)


def _opened(module: PythonModule, rule: Rule, call: ast.Call, name: str) -> Finding:
    return rule.finding(module.name_span(call), variant="opened", code=module.code(call.func), name=name)


def _is_everything(index: ast.expr) -> bool:
    """`[:]`, `[...]`, `[()]`, `[:, :]`."""
    if isinstance(index, ast.Tuple):
        return all(_is_everything(part) for part in index.elts)
    if isinstance(index, ast.Slice):
        return index.lower is None and index.upper is None and index.step is None
    return isinstance(index, ast.Constant) and index.value is ...


def _may_select(module: PythonModule, rule: Rule, node: ast.Subscript) -> bool:
    """Whether the last brackets may take a part of a dataset, `f["x"][kept]`, and not reach the dataset itself."""
    if isinstance(module.constant(node.slice), str) or isinstance(node.slice, ast.JoinedStr):
        return False
    parts = (node.slice.left, node.slice.right) if isinstance(node.slice, ast.BinOp) else ()
    if any(isinstance(module.constant(part), str) for part in parts):
        return False  # a name put together
    if isinstance(node.slice, (ast.Slice, ast.Tuple)) or isinstance(module.constant(node.slice), int):
        return True
    return bool(_keys(module, rule, node.value))  # no name of a dataset where a name was given already


def _read(module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr) -> Iterator[Finding]:
    keys = _keys(module, rule, dataset)
    if keys is None or _is_scalar(module, rule, node, dataset, keys):
        return
    statement = module.parent_statement(node)
    target = module.code(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    if re.search(rule.table("small"), f"{' '.join(keys)} {target}".lower()):
        return
    if (
        _are_names(module, node)
        or _is_asked(module, rule, node)
        or _is_column(module, dataset)
        or _is_one_of_many(module, statement, dataset)
    ):
        return
    known = re.search(rule.table("bulk"), f"{' '.join(keys)} {target}".lower()) or not _is_plain(module, dataset)
    few = re.search(rule.table("chains"), " ".join(keys).lower()) or _is_put_together(module, dataset)
    variant = None if known and not few else "unknown"
    yield rule.finding(module.span(node), variant=variant, code=module.code(node), name=module.code(dataset))


def _is_asked(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether what is read answers a question about every row, `f["split"][:] == 2`, or is made into texts."""
    parent = module.parent(node)
    if isinstance(parent, ast.Compare):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr == "astype":
        called = module.parent(parent)
        kind = called.args[0] if isinstance(called, ast.Call) and called.args else None
        return kind is not None and module.code(kind).strip("\"'") in ("str", "U", "np.str_", "unicode")
    return isinstance(parent, ast.Call) and module.qualified(parent.func) in rule.table("questions")


def _is_put_together(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether the last key is put together from values: it is what selects, one of many small datasets."""
    key = dataset.slice if isinstance(dataset, ast.Subscript) else None
    if isinstance(key, ast.Call):
        return isinstance(key.func, ast.Attribute) and key.func.attr == "format"
    if isinstance(key, ast.BinOp):
        return module.constant(key) is ...
    return isinstance(key, ast.JoinedStr) and module.constant(key) is ...


def _is_plain(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether the file is plain HDF5, which holds numbers and short columns as well as cubes."""
    node = dataset
    for _ in range(12):
        made = module.resolve(node)
        if isinstance(made, ast.Name):
            made = next((b.value for b in module.bindings(made) if b.value is not None), made)
        if isinstance(made, ast.Call):
            return any(name.startswith("h5py.") for name in module.qualified_all(made.func))
        if not isinstance(made, (ast.Subscript, ast.Attribute)):
            return False
        node = made.value
    return False


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


def _are_names(module: PythonModule, node: ast.expr) -> bool:
    """`[n.decode() for n in f["names"][:]]`: texts, as many as things have names."""
    loop = module.parent(node)
    if not isinstance(loop, ast.comprehension) or loop.iter is not node or not isinstance(loop.target, ast.Name):
        return False
    whole = module.parent(loop)
    decoded = (n.value for n in ast.walk(whole) if isinstance(n, ast.Attribute) and n.attr == "decode") if whole else ()
    return any(isinstance(n, ast.Name) and n.id == loop.target.id for n in decoded)


def _is_column(module: PythonModule, dataset: ast.expr) -> bool:
    """Whether positions on the sky are read from the same group: then this is a column of the same catalogue."""
    if not isinstance(dataset, ast.Subscript) or not isinstance(module.constant(dataset.slice), str):
        return False
    group = module.code(dataset.value)
    memo = module.memo("columns")
    if not memo:
        memo[""] = None
        for node in list(module.parents):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in _SKY:
                memo[module.code(node.value), module.function_of(node)] = node
    return (group, module.function_of(dataset)) in memo


def _keys(module: PythonModule, rule: Rule, node: ast.expr) -> list[str] | None:
    """The keys by which a dataset is reached in a file opened for reading; None when it is no such thing."""
    keys: list[str] = []
    files = rule.table("files")
    for _ in range(12):
        made = module.resolve(node)
        if isinstance(made, ast.Name):
            bound = [b for b in module.bindings(made) if b.kind in ("with", "assign") and b.value is not None]
            if len(bound) != 1 or bound[0].value is None:
                return None
            made = bound[0].value
        if isinstance(made, ast.Call):
            if not any(name in files for name in module.qualified_all(made.func)):
                return None
            if made.args and is_declared_small(module, rule, made.args[0]):
                return None
            reads = not _is_written(module, made)
            whole = bool(keys) or any(name == "zarr.open" for name in module.qualified_all(made.func))
            return keys if reads and whole else None
        if isinstance(made, ast.Subscript):
            key = module.constant(made.slice)
            keys.append(key if isinstance(key, str) else module.code(made.slice))
            node = made.value
        elif isinstance(made, ast.Attribute):
            if made.attr in ("attrs", "dims", "dtype", "shape"):
                return None
            keys.append(made.attr)
            node = made.value
        else:
            return None
    return None


def _is_written(module: PythonModule, call: ast.Call) -> bool:
    mode = module.argument(call, "mode", 1)
    given = module.constant(mode) if mode is not None else "r"
    return isinstance(given, str) and given[:1] in ("w", "x")


def _is_scalar(module: PythonModule, rule: Rule, node: ast.expr, dataset: ast.expr, keys: list[str]) -> bool:
    """Whether what is read is one number: wrapped in `float()`, or made so in this file."""
    parent = module.parent(node)
    if isinstance(parent, ast.Call) and module.qualified(parent.func) in rule.table("scalars"):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr in ("item", "decode", "tobytes", "asstr"):
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
