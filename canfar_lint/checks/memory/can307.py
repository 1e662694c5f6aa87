"""Files that are opened and neither closed nor given to whoever would close them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.memory._handles import in_with
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

_STORES = frozenset(
    ("append", "add", "extend", "insert", "setdefault", "put", "push", "enter_context", "push", "callback")
)
_KEEPERS = frozenset(
    (ast.Attribute, ast.Return, ast.Yield, ast.YieldFrom, ast.withitem, ast.Delete, ast.Assign, ast.AnnAssign, ast.Call)
)
_CLOSERS = frozenset(("close", "closed", "__exit__", "__enter__", "detach"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(rule.table("openers")):
        name = _left_open(module, rule, call)
        if name is None or (call.args and _is_no_file(module, rule, call.args[0], _writes(module, call))):
            continue
        variant = None
        if _is_repeated(module, call) and not _is_dropped(module, rule, call):
            variant = "loop"
        elif _writes(module, call):
            variant = "written"
        fix = in_with(module, call, rule.body["tables"])
        yield rule.finding(module.name_span(call), variant=variant, call=module.code(call.func), name=name, fix=fix)


def _is_repeated(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call stands in a loop that goes on after it."""
    if any(isinstance(ancestor, ast.Raise) for ancestor in module.ancestors(call)):
        return False
    return any(isinstance(loop, (ast.For, ast.AsyncFor, ast.While)) for loop in module.loops(call))


def _is_dropped(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a plain file is used up where it is opened, `open(p).read()`: nothing refers to it in the next turn."""
    parent = module.parent(call)
    return isinstance(parent, (ast.Attribute, ast.Call)) and module.qualified(call.func) in rule.table("plain")


def _is_no_file(module: PythonModule, rule: Rule, opened: ast.expr, written: bool) -> bool:
    """Whether what is opened lies in memory already, where only writing has to be ended, or is the sink."""
    if module.qualified(opened) == "os.devnull":
        return True
    made = module.resolve(opened)
    return not written and isinstance(made, ast.Call) and module.qualified(made.func) in rule.table("in_memory")


def _writes(module: PythonModule, call: ast.Call) -> bool:
    mode = module.argument(call, "mode", 1)
    given = module.constant(mode) if mode is not None else "r"
    return isinstance(given, str) and given[:1] in ("w", "a", "x")


def _left_open(module: PythonModule, rule: Rule, call: ast.Call) -> str | None:
    """A name for the handle of a file that nothing closes; None when something does, or may."""
    parent = module.parent(call)
    if isinstance(parent, ast.Expr) and _writes(module, call):
        return None  # only to have the file there
    if isinstance(parent, ast.Subscript) and _is_handed_on(module, rule, call):
        return None
    if isinstance(parent, (ast.Subscript, ast.For, ast.comprehension, ast.Expr, ast.Starred)):
        return None if isinstance(parent, ast.Starred) else "f"
    if isinstance(parent, ast.Attribute):
        return None if parent.attr in _CLOSERS else "f"
    if isinstance(parent, ast.Call):
        return "f" if call in parent.args and module.qualified(parent.func) in rule.table("readers") else None
    if not isinstance(parent, (ast.Assign, ast.AnnAssign)):
        return None
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    if len(targets) != 1:
        return None
    target = targets[0]
    if not isinstance(target, ast.Name) or _is_taken_care_of(module, target.id, call):
        return None
    return None if _gives_part(module, rule, call, target.id) else target.id


def _is_handed_on(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a function returns a part that is read when it is used, `return fitsio.FITS(p)[1]`: it needs the file."""
    part: ast.AST | None = module.parent(call)
    while isinstance(above := module.parent(part) if part is not None else None, ast.Subscript) and above.value is part:
        part = above
    keys = isinstance(part, ast.Subscript) and not isinstance(part.slice, (ast.Slice, ast.Tuple))
    whole = (
        isinstance(part, ast.Subscript) and module.constant(part.slice) is ... and isinstance(part.slice, ast.Constant)
    )
    given = isinstance(above, (ast.Return, ast.Yield))
    return given and keys and not whole and module.qualified(call.func) in rule.table("stores")


def _gives_part(module: PythonModule, rule: Rule, call: ast.Call, name: str) -> bool:
    """Whether a function returns what lives no longer than its file, `return f[key]`: it cannot close it."""
    function = module.function_of(call)
    if function is None or module.qualified(call.func) not in rule.table("stores"):
        return False
    given = [n.value for n in ast.walk(function) if isinstance(n, (ast.Return, ast.Yield)) and n.value is not None]
    parts = [part for each in given for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
    made = (module.resolve(part) for part in parts)
    return any(
        isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == name for part in made
    )


def _is_taken_care_of(module: PythonModule, name: str, call: ast.Call) -> bool:
    """Whether a handle's name is closed, deleted, returned, stored or handed to a `with` anywhere."""
    kept = _kept(module)
    owner = module.scope_of(call).find(name)
    return (name, owner[0].node if owner else None) in kept


def _kept(module: PythonModule) -> set[tuple[str, ast.AST | None]]:
    """The names that are closed, deleted, returned or stored, with the scope that binds them."""
    memo = module.memo("kept handles")
    if "all" not in memo:
        found: set[tuple[str, ast.AST | None]] = set()
        for node in module.parents:
            for name in _keeping(node) if node.__class__ in _KEEPERS else ():
                scope = module.scope_of(name)
                owner = scope.find(name.id)
                found.add((name.id, owner[0].node if owner else None))
        memo["all"] = found
    kept = memo["all"]
    assert isinstance(kept, set)
    return kept


def _keeping(node: ast.AST) -> Iterator[ast.Name]:
    """The names that a node closes, deletes, returns or stores."""
    if isinstance(node, ast.Attribute) and node.attr in _CLOSERS and isinstance(node.value, ast.Name):
        yield node.value
    elif isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) and node.value is not None:
        yield from _direct(node.value)
    elif isinstance(node, ast.withitem):
        yield from _direct(node.context_expr)
        if isinstance(node.context_expr, ast.Call):
            yield from (n for arg in node.context_expr.args for n in _direct(arg))
    elif isinstance(node, ast.Delete):
        yield from (target for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        yield from _direct(node.value)
    elif isinstance(node, ast.Call):
        func = node.func
        word = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if word in _STORES or "close" in word.lower() or word[:1].isupper() or word == "finalize":
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (n for arg in given for n in _direct(arg))


def _direct(node: ast.expr) -> Iterator[ast.Name]:
    """The names whose object an expression hands on as it is."""
    if isinstance(node, ast.Name):
        yield node
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        yield from (n for element in node.elts for n in _direct(element))
    elif isinstance(node, ast.Dict):
        yield from (n for value in node.values for n in _direct(value))
    elif isinstance(node, ast.IfExp):
        yield from _direct(node.body)
        yield from _direct(node.orelse)
    elif isinstance(node, ast.Starred):
        yield from _direct(node.value)
