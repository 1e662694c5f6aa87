"""What becomes of the arrays that are taken from a FITS file: whether mapping the file would save any memory."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.model.python import PythonModule

CUT, WHOLE, KEPT, HELD, DROPPED, UNSEEN = "cut", "whole", "kept", "held", "dropped", "unseen"
LOOKED = "looked at"
"""What an array is like is asked for, or it is printed, which shows its corners: nearly nothing of it is needed."""

_COLLECTING = frozenset(("append", "extend", "insert", "add", "put", "setdefault", "appendleft"))
_SHAPES = frozenset(("shape", "ndim", "dtype", "size", "names", "columns"))
_SAME = frozenset(("data", "T", "real"))
_COPIES = frozenset(("copy", "astype", "byteswap", "newbyteorder", "view", "squeeze", "transpose", "filled"))
_REDUCES = frozenset(("sum", "mean", "std", "var", "min", "max", "flatten", "ravel", "tobytes", "tolist", "reshape"))
_COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.SetComp)
_DEEP = 5
# pixels along a side, from which on a window is a frame
_FRAME = 1000


def fates(module: PythonModule, rule: Rule, call: ast.Call) -> set[str]:
    """What becomes of every array that is taken from the file which a call reads; empty when none is seen."""
    found: set[str] = set()
    if any(name in rule.table("arrays") for name in module.qualified_all(call.func)):
        return _fate(module, rule, call, 0)
    taken = [call] if isinstance(module.parent(call), ast.Subscript) else _uses_of(module, module.parent(call))
    for use in taken:
        extension = module.parent(use)
        data = module.parent(extension) if isinstance(extension, ast.Subscript) and extension.value is use else None
        if isinstance(data, ast.Attribute):
            if data.attr in ("data", "section"):
                found |= {CUT} if data.attr == "section" else _fate(module, rule, data, 0)
        elif not (isinstance(extension, ast.Attribute) and extension.attr in ("close", "info")):
            found.add(UNSEEN)
    return found


def is_left_open(module: PythonModule, call: ast.Call) -> bool:
    """Whether a file is opened under a name and not closed."""
    kept = module.parent(call)
    if not isinstance(kept, ast.Assign) or not isinstance(kept.targets[0], ast.Name):
        return False
    uses = (module.parent(use) for use in _uses_of(module, kept))
    return not any(isinstance(each, (ast.Attribute, ast.withitem)) for each in uses)


def _uses_of(module: PythonModule, statement: ast.AST | None) -> list[ast.Name]:
    """Where what a statement binds is used, up to where its name is bound again."""
    target: ast.expr | None = None
    if isinstance(statement, ast.withitem):
        target = statement.optional_vars
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        target = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
    if not isinstance(target, ast.Name):
        return []
    function = module.function_of(target)
    named = [n for n in module.named(target.id) if module.function_of(n) is function and n.lineno > target.lineno]
    again = min((n.lineno for n in named if isinstance(n.ctx, ast.Store)), default=0)
    return [n for n in named if not isinstance(n.ctx, ast.Store) and not 0 < again < n.lineno]


def _fate(module: PythonModule, rule: Rule, array: ast.expr, depth: int) -> set[str]:
    parent = module.parent(array)
    if depth > _DEEP:
        return {UNSEEN}
    if isinstance(parent, ast.Attribute):
        return _of_attribute(module, rule, parent, depth)
    if isinstance(parent, ast.Call) and array in parent.args:
        return _of_argument(module, rule, parent, depth)
    if isinstance(parent, ast.Subscript) and parent.value is array:
        if isinstance(module.constant(parent.slice), str):
            return _fate(module, rule, parent, depth + 1)  # a column of a table
        if not isinstance(parent.ctx, ast.Load):
            return set()
        return {CUT} if _is_small_part(module, parent.slice) else _fate(module, rule, parent, depth + 1)
    if isinstance(parent, ast.Compare):
        return set() if any(isinstance(op, (ast.Is, ast.IsNot)) for op in parent.ops) else {WHOLE}
    if isinstance(parent, (ast.BinOp, ast.UnaryOp, ast.AugAssign)):
        return {WHOLE}
    if isinstance(parent, ast.Delete):
        return {DROPPED}
    if isinstance(parent, (ast.Tuple, ast.List, ast.Dict)):
        return _of_argument(module, rule, each, depth) if (each := _collecting(module, parent)) else {UNSEEN}
    if isinstance(parent, _COMPREHENSIONS):
        return {KEPT}
    return _of_assigned(module, rule, parent, depth)


def _is_small_part(module: PythonModule, index: ast.expr) -> bool:
    """Whether an index takes little of an array: a window, a plane or a spectrum of a cube, some pixels; not all but a
    margin, the one plane that there is, or what a mask picks."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return any(_is_narrow(module, part, alone=len(parts) == 1) for part in parts)


def _is_narrow(module: PythonModule, part: ast.expr, *, alone: bool) -> bool:
    if isinstance(part, ast.Slice):
        if part.upper is None or part.step is not None:
            return False
        first = 0 if part.lower is None else module.constant(part.lower)
        last = module.constant(part.upper)
        if isinstance(first, int) and isinstance(last, int):
            return 0 <= first < last < first + _FRAME
        return part.lower is not None and first is last is ...
    known = module.constant(part)
    if isinstance(known, int) or part.__class__ is ast.Constant:
        return isinstance(known, int) and known != 0
    # of a mask, or of rows that were looked for, nothing says that they are few
    return not alone or (isinstance(part, ast.Name) and all(b.kind == "for" for b in module.bindings(part)))


def _of_attribute(module: PythonModule, rule: Rule, attribute: ast.Attribute, depth: int) -> set[str]:
    called = module.parent(attribute)
    if attribute.attr in _SHAPES:
        return {LOOKED}
    if attribute.attr in _SAME:
        return _fate(module, rule, attribute, depth + 1)
    if not isinstance(called, ast.Call) or called.func is not attribute:
        return {UNSEEN}
    if attribute.attr in _COPIES:
        return _of_copy(module, rule, called, depth)
    return {WHOLE} if attribute.attr in _REDUCES else {UNSEEN}


def _of_argument(module: PythonModule, rule: Rule, call: ast.Call, depth: int) -> set[str]:
    name = module.qualified(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _COLLECTING:
        return {KEPT}
    if name in ("builtins.len", "builtins.print", "builtins.isinstance", "builtins.getattr", "numpy.shape"):
        return {LOOKED}
    if name in rule.table("converters") or name == "numpy.copy":
        return _of_copy(module, rule, call, depth)
    return {WHOLE} if name.startswith(tuple(rule.table("whole"))) and "utout" not in name else {UNSEEN}


def _of_copy(module: PythonModule, rule: Rule, copy: ast.Call, depth: int) -> set[str]:
    """A copy needs the whole, whatever is used of it."""
    found = _fate(module, rule, copy, depth + 1)
    return found | ({WHOLE} if CUT in found else set()) if found & {CUT, KEPT, HELD} else {WHOLE}


def _of_assigned(module: PythonModule, rule: Rule, statement: ast.AST | None, depth: int) -> set[str]:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Subscript):
        return {KEPT}
    if isinstance(target, ast.Attribute):
        return {HELD}
    found: set[str] = set()
    uses = _uses_of(module, statement)
    for use in uses:
        found |= _fate(module, rule, use, depth + 1)
    return found if uses else {UNSEEN}


def _collecting(module: PythonModule, group: ast.expr) -> ast.Call | None:
    """The call that collects a group of which an array is a part: `found.append((name, data))`."""
    call = next(_calls_around(module, group), None)
    known = call is not None and isinstance(call.func, ast.Attribute) and call.func.attr in _COLLECTING
    return call if known else None


def _calls_around(module: PythonModule, node: ast.expr) -> Iterator[ast.Call]:
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Call):
            yield ancestor
        elif not isinstance(ancestor, (ast.Tuple, ast.List, ast.Dict)):
            return
