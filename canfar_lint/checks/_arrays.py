"""Which expressions are a whole image or array read from a file. The tables are CAN306's."""

from __future__ import annotations

import ast
import re
from typing import Any

from canfar_lint.checks._inputs import unglued
from canfar_lint.model.python import PythonModule

_SAME_SIZE = frozenset(
    ("astype", "copy", "squeeze", "transpose", "reshape", "ravel", "flatten", "byteswap", "T", "data")
)
_NOWHERE = 99


def tables() -> dict[str, Any]:
    found: dict[str, Any] = _rule_tables()["images"]
    return found


def _rule_tables() -> dict[str, Any]:
    from canfar_lint.catalogue import load

    found: dict[str, Any] = load().rules["CAN306"].body["tables"]
    return found


def image_read(module: PythonModule, node: ast.AST, depth: int = 0) -> ast.Call | None:
    """The call that reads the whole image an expression holds; None for a part, a reduction, or what is not known."""
    memo = module.memo("images")
    if node not in memo:
        memo[node] = None  # a name bound to itself is none
        memo[node] = _image_read(module, node, depth) if depth <= 12 else None
    found = memo[node]
    assert found is None or isinstance(found, ast.Call)
    return found


def _image_read(module: PythonModule, node: ast.AST, depth: int) -> ast.Call | None:
    if isinstance(node, ast.Call):
        return _called(module, node, depth)
    if isinstance(node, ast.Name):
        for binding in module.bindings(node):
            found = None
            if binding.kind in ("assign", "with") and binding.value is not None and binding.value is not node:
                found = image_read(module, binding.value, depth + 1)
            elif binding.kind == "unpack" and isinstance(binding.value, ast.Call):
                found = _called(module, binding.value, depth, _place_in(binding.node, node.id))
            elif binding.kind == "for" and isinstance(binding.value, ast.Call) and _is_first(binding.node, node.id):
                found = _each(module, binding.value)
            if found is not None:
                return found
        return None
    if isinstance(node, ast.Attribute):
        if node.attr == "data":
            return _hdu_data(module, node.value) or image_read(module, node.value, depth + 1)
        return image_read(module, node.value, depth + 1) if node.attr in _SAME_SIZE else None
    if isinstance(node, ast.Subscript):
        return _member(module, node)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        parts = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.operand,)
        return next((found for part in parts if (found := image_read(module, part, depth + 1))), None)
    if isinstance(node, (ast.Tuple, ast.List)):
        return next((found for part in node.elts if (found := image_read(module, part, depth + 1))), None)
    if isinstance(node, ast.Dict):
        return next((found for part in node.values if (found := image_read(module, part, depth + 1))), None)
    return None


def _member(module: PythonModule, node: ast.Subscript) -> ast.Call | None:
    """The call that opens an archive of numpy of which a member is taken that is called an image: `saved["image"]`."""
    key, opened = module.constant(node.slice), module.resolve(node.value)
    if not isinstance(key, str) or not isinstance(opened, ast.Call) or module.qualified(opened.func) != "numpy.load":
        return None
    words = unglued(key).lower()
    tables = _rule_tables()
    image = re.search(tables["image_words"], words) and not re.search(tables["axes"], words)
    return opened if image and not re.search(tables["numbers"], words) else None


def _called(module: PythonModule, call: ast.Call, depth: int, place: int | None = None) -> ast.Call | None:
    """The call, where it or the function of this file that it calls reads an image; at a place of what it returns."""
    names = module.qualified_all(call.func)
    readers = tables()["readers"]
    if any(name in readers for name in names):
        return None if place else call
    if any(name in tables()["wrappers"] for name in names) and call.args and not place:
        return image_read(module, call.args[0], depth + 1)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _SAME_SIZE and place is None:
        return image_read(module, call.func.value, depth + 1)
    function = module.function_named(call.func)
    return call if function is not None and _returns_image(module, function, depth, place) else None


def _returns_image(
    module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int, place: int | None
) -> bool:
    """Whether a function returns an image that it reads, alone or at a place of a tuple."""
    for node in ast.walk(function):
        value = node.value if isinstance(node, ast.Return) and module.function_of(node) is function else None
        if place is not None:
            value = value.elts[place] if isinstance(value, ast.Tuple) and place < len(value.elts) else None
        if value is not None and not isinstance(value, ast.Tuple) and image_read(module, value, depth + 2):
            return True
    return False


def _place_in(statement: ast.AST, name: str) -> int | None:
    """Where a name stands in the tuple that a statement unpacks to."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    names = [n.id if isinstance(n, ast.Name) else "" for n in target.elts] if isinstance(target, ast.Tuple) else []
    return names.index(name) if name in names else _NOWHERE


def _is_first(target: ast.AST, name: str) -> bool:
    """Whether a loop gives a name its item, or the first part of it: `for image, path in …`."""
    first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
    return isinstance(first, ast.Name) and first.id == name


def _each(module: PythonModule, call: ast.Call) -> ast.Call | None:
    """The call whose result gives image after image: `collection.ccds()`."""
    return call if any(name in tables()["iterators"] for name in module.qualified_all(call.func)) else None


def _hdu_data(module: PythonModule, node: ast.AST) -> ast.Call | None:
    """The opening call behind `hdul[0]` of `hdul[0].data`."""
    for _ in range(4):
        if isinstance(node, ast.Name):
            found = [b for b in module.bindings(node) if b.kind in ("assign", "with") and b.value is not None]
            if not found or found[0].value is None:
                return None
            node = found[0].value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            return node if any(name in tables()["openers"] for name in module.qualified_all(node.func)) else None
        else:
            return None
    return None
