"""Splits over replicas that depend on an order nobody promised, count from the wrong number, or are read twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import position

_KEEPING_ORDER = frozenset(("builtins.list", "builtins.tuple", "builtins.iter", "numpy.array", "numpy.asarray"))
_USING_UP = frozenset(
    f"builtins.{name}" for name in ("list", "tuple", "set", "sorted", "sum", "len", "max", "min", "dict")
)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(rule.table("splitters")):
        if call.args:
            yield from _unsorted(module, rule, call.args[0])
        yield from _used_twice(module, rule, call)
    for node in _own_splits(module):
        assert isinstance(node.slice, ast.Slice) and node.slice.lower is not None
        yield from _unsorted(module, rule, node.value)
        if _counts_from_one(module, node.slice.lower):
            lower = node.slice.lower
            yield rule.finding(module.span(lower), variant="zero", fix=_from_nought(module, lower))


def _unsorted(module: PythonModule, rule: Rule, node: ast.expr) -> Iterator[Finding]:
    if isinstance(node, ast.Name) and _sorted_in_place(module, node):
        return
    node = module.resolve(node)
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        yield from _unsorted(module, rule, node.generators[0].iter)
    elif isinstance(node, ast.Call):
        name = module.qualified(node.func)
        if name in _KEEPING_ORDER and node.args:
            yield from _unsorted(module, rule, node.args[0])
        elif name in rule.table("listings") or (
            isinstance(node.func, ast.Attribute) and node.func.attr in rule.table("methods")
        ):
            yield rule.finding(module.span(node), listing=module.code(node), fix=_sorted(module, rule, node, name))
    elif isinstance(node, (ast.Set, ast.SetComp)):
        yield rule.finding(module.span(node), listing=module.code(node), fix=_sorted(module, rule, node, ""))


def _sorted(module: PythonModule, rule: Rule, node: ast.expr, name: str) -> Fix | None:
    """`sorted(...)` around a listing; one that is no list only where nobody else sees what it is."""
    kept = isinstance(module.parent(node), (ast.Assign, ast.AnnAssign, ast.NamedExpr))
    if name in rule.table("unsortable") or (kept and name not in rule.table("lists")):
        return None
    if any("sorted" in scope.bindings for scope in module.scopes.values()):
        return None
    from canfar_lint.fixing.python import fix, replaced, wrapped

    around = module.parent(node)
    if isinstance(around, ast.Call) and module.qualified(around.func) == "builtins.list" and len(around.args) == 1:
        edits = replaced(module, around.func, "sorted")
    else:
        edits = wrapped(module, node, "sorted(", ")")
    return fix("Sort it before it is split", edits)


def _from_nought(module: PythonModule, lower: ast.expr) -> Fix | None:
    """One taken off the replica's number, where that is a number."""
    node = module.resolve(lower)
    if not (isinstance(node, ast.Call) and module.qualified(node.func) == "builtins.int"):
        return None
    from canfar_lint.fixing.python import fix, wrapped

    return fix("Count from nought", wrapped(module, lower, "", " - 1"))


def _kept(module: PythonModule, call: ast.Call, name: str, first: ast.Name) -> Fix | None:
    """The generator's items in a list, where it is not gone through step by step."""
    loop = module.parent(first)
    if isinstance(loop, ast.For) and any(isinstance(node, (ast.Break, ast.Return)) for node in ast.walk(loop)):
        return None
    if any(module.qualified(each.func) == "builtins.next" for each in module.calls_named("next")):
        return None
    from canfar_lint.fixing.python import fix, wrapped

    return fix(f"Keep the items of `{name}` in a list", wrapped(module, call, "list(", ")"))


def _sorted_in_place(module: PythonModule, name: ast.Name) -> bool:
    return any(
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == name.id
        for call in module.methods(["sort"])
    )


def _own_splits(module: PythonModule) -> Iterator[ast.Subscript]:
    """`files[replica :: count]` with both from the replica's variables."""
    seen: set[ast.AST] = set()
    for text in module.strings:
        if text.value != "REPLICA_ID":
            continue
        for node in _slices_of(module, text):
            if node not in seen:
                seen.add(node)
                yield node


def _slices_of(module: PythonModule, text: ast.Constant) -> Iterator[ast.Subscript]:
    direct = [a for a in module.ancestors(text) if isinstance(a, ast.Slice)]
    if direct:
        owner = module.parent(direct[0])
        if isinstance(owner, ast.Subscript) and direct[0].lower is not None and direct[0].step is not None:
            yield owner
        return
    statement = module.parent_statement(text)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return
    name = statement.targets[0].id
    for node in module.nodes(ast.Subscript):
        if isinstance(node.slice, ast.Slice) and node.slice.step is not None:
            lower = node.slice.lower
            if lower is not None and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(lower)):
                yield node


def _counts_from_one(module: PythonModule, lower: ast.expr) -> bool:
    """Whether the start of a slice is the replica's number as it comes: nothing is taken off it."""
    node, seen = module.resolve(lower), set[ast.AST]()  # `n = int(n)` is made of itself
    while isinstance(node, ast.Call) and module.qualified(node.func) == "builtins.int" and node.args:
        if node in seen:
            return False
        seen.add(node)
        node = module.resolve(node.args[0])
    if isinstance(node, ast.Subscript):
        return module.qualified(node.value) == "os.environ" and module.constant(node.slice) == "REPLICA_ID"
    if isinstance(node, ast.Call) and module.qualified(node.func) in ("os.environ.get", "os.getenv") and node.args:
        default = module.argument(node, "default", 1)
        started_at_nought = default is not None and module.constant(default) in (0, "0")
        return module.constant(node.args[0]) == "REPLICA_ID" and not started_at_nought
    return False


def _used_twice(module: PythonModule, rule: Rule, call: ast.Call) -> Iterator[Finding]:
    statement = module.parent(call)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return
    name = statement.targets[0].id
    uses = [use for use in _uses(module, name) if position(use) > position(statement)]
    if len(uses) > 1 and len(module.scope_of(call).bindings.get(name, ())) == 1:
        first, second = sorted(uses, key=position)[:2]
        yield rule.finding(
            module.span(second),
            variant="twice",
            fix=_kept(module, call, name, first),
            name=name,
            line=position(first)[0],
            call=module.code(call.func),
        )


def _uses(module: PythonModule, name: str) -> Iterator[ast.Name]:
    """Where a generator bound to a name is gone through to its end."""
    gone_through = [loop.iter for loop in module.nodes(ast.For)]
    gone_through += [part.iter for part in module.nodes(ast.comprehension)]
    yield from (each for each in gone_through if isinstance(each, ast.Name) and each.id == name)
    for call in module.nodes(ast.Call):
        if module.qualified(call.func) in _USING_UP:
            yield from (a for a in call.args if isinstance(a, ast.Name) and a.id == name)
