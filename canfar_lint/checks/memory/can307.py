"""Files that are opened and neither closed nor given to whoever would close them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.memory._handles import in_with
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding, Scope

_STORES = frozenset(
    ("append", "add", "extend", "insert", "setdefault", "put", "push", "enter_context", "push", "callback")
)
_KEEPERS = frozenset(
    (ast.Attribute, ast.Return, ast.Yield, ast.YieldFrom, ast.withitem, ast.Delete, ast.Assign, ast.AnnAssign, ast.Call)
)
_CLOSERS = frozenset(("close", "closed", "__exit__", "__enter__", "detach"))
_COUNTING = ("builtins.len", "builtins.enumerate", "builtins.zip")
# of a name that is bound more often, not all bindings can be told apart
_MOST_BINDINGS = 8


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(rule.table("openers")):
        name = _left_open(module, rule, call)
        if name is None or (call.args and _is_no_file(module, rule, call.args[0], _writes(module, call))):
            continue
        if call.args and _is_in_own_with(module, call, call.args[0]):
            continue
        variant = None
        if _is_repeated(module, call) and not _is_dropped(module, rule, call):
            variant = "loop"
        elif _writes(module, call) and not _is_for_children(module, call):
            variant = "written"
        fix = in_with(module, call, rule.body["tables"])
        yield rule.finding(module.name_span(call), variant=variant, call=module.code(call.func), name=name, fix=fix)


def _is_repeated(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call stands in a loop that goes on after it."""
    if any(isinstance(ancestor, ast.Raise) for ancestor in module.ancestors(call)):
        return False
    loops = module.loops(call)
    if any(isinstance(loop, (ast.For, ast.AsyncFor, ast.While)) for loop in loops):
        return True
    # a comprehension over a handful is written where others write a name for each
    over = [module.resolve(loop.generators[0].iter) for loop in loops if isinstance(loop, ast.ListComp)]
    return any(not isinstance(each, (ast.List, ast.Tuple)) for each in over)


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


def _is_in_own_with(module: PythonModule, call: ast.Call, opened: ast.expr) -> bool:
    """Whether a file is read through a handle that the `with` around closes, `with gzip.open(p) as f: fits.open(f)`."""
    if not isinstance(opened, ast.Name):
        return False
    around = (item for each in module.ancestors(call) if isinstance(each, ast.With) for item in each.items)
    return any(isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == opened.id for item in around)


def _writes(module: PythonModule, call: ast.Call) -> bool:
    mode = module.argument(call, "mode", 1)
    given = module.constant(mode) if mode is not None else "r"
    return isinstance(given, str) and given[:1] in ("w", "a", "x")


def _is_for_children(module: PythonModule, call: ast.Call) -> bool:
    """Whether all that is done with a file is to give it to programs, `run(command, stdout=log)`, which write to it."""
    kept = module.parent(call)
    if isinstance(kept, ast.keyword):
        return kept.arg in ("stdout", "stderr")
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    named = module.named(target.id) if isinstance(target, ast.Name) else []
    uses = [use for use in named if any(binding.value is call for binding in module.bindings(use))]
    above = [module.parent(use) for use in uses if isinstance(use.ctx, ast.Load)]
    return bool(above) and all(isinstance(each, ast.keyword) and each.arg in ("stdout", "stderr") for each in above)


def _left_open(module: PythonModule, rule: Rule, call: ast.Call) -> str | None:
    """A name for the handle of a file that nothing closes; None when something does, or may."""
    parent = module.parent(call)
    if isinstance(parent, ast.Expr) and _writes(module, call):
        return None  # only to have the file there
    if isinstance(parent, ast.Subscript) and _is_handed_on(module, rule, call):
        return None
    if isinstance(parent, (ast.Subscript, ast.For, ast.comprehension, ast.Expr, ast.Starred)):
        return None if isinstance(parent, ast.Starred) else "f"
    if isinstance(parent, ast.ListComp):
        return "f" if _is_never_closed_list(module, parent) else None
    if isinstance(parent, ast.Attribute):
        return None if parent.attr in _CLOSERS else "f"
    if isinstance(parent, ast.Call):
        return "f" if call in parent.args and module.qualified(parent.func) in rule.table("readers") else None
    if not isinstance(parent, (ast.Assign, ast.AnnAssign)):
        return None
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if len(names) < len(targets):
        alone = len(targets) == 1 and isinstance(targets[0], ast.Subscript) and _is_repeated(module, call)
        return "f" if alone and _is_never_closed(module, targets[0]) else None
    if _writes(module, call) and not any(_is_used(module, target, call) for target in targets):
        return None  # only to have the file there
    if any(_is_taken_care_of(module, name, call) or _gives_part(module, rule, call, name) for name in names):
        return None
    return names[0]


def _is_used(module: PythonModule, target: ast.expr, call: ast.Call) -> bool:
    """Whether a name is read with the handle that a call binds it to, or what is bound is no plain name."""
    if not isinstance(target, ast.Name):
        return True
    read = module.loads(target.id)
    return any(binding.value is call for use in read for binding in module.bindings(use))


def _is_handed_on(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a function returns a part that is read when it is used, `return fitsio.FITS(p)[1]`, at once or by the
    name that it gives it: it needs the file.
    """
    part: ast.AST | None = module.parent(call)
    while isinstance(above := module.parent(part) if part is not None else None, ast.Subscript) and above.value is part:
        part = above
    keys = isinstance(part, ast.Subscript) and not isinstance(part.slice, (ast.Slice, ast.Tuple))
    whole = (
        isinstance(part, ast.Subscript) and module.constant(part.slice) is ... and isinstance(part.slice, ast.Constant)
    )
    given = isinstance(above, (ast.Return, ast.Yield)) or _is_returned(module, above)
    return given and keys and not whole and module.qualified(call.func) in rule.table("stores")


def _is_returned(module: PythonModule, statement: ast.AST | None) -> bool:
    """Whether a name that a statement binds is returned as it is."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if target is None or module.function_of(target) is None:
        return False
    uses = module.loads(target.id) if isinstance(target, ast.Name) else []
    given = (use for use in uses if isinstance(module.parent(use), (ast.Return, ast.Yield)))
    return any(binding.node is statement for use in given for binding in module.bindings(use))


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
    """Whether a handle is closed, deleted, returned, stored or handed to a `with` before its name is bound again."""
    owner = module.scope_of(call).find(name)
    bindings = owner[1] if owner else []
    closed, uses, own = _care_of(module, name, owner)
    if closed:
        return True
    if not own or len(own) < len(uses) or len(bindings) > _MOST_BINDINGS:
        return bool(uses)
    if any(b.value is not None and b.value is not call and _names(b.value, name) for b in bindings):
        return True  # it lives on in what is made of it
    statement = module.parent(call)
    if len(bindings) > 1:
        own = [use for use in own if any(b.node is statement or b.value is call for b in module.bindings(use))]
    return bool(own) and not _is_closed_once(module, call, own)


class _Care(NamedTuple):
    """What is done with a variable, whichever file it stands for: whether a function closes it that it is given to,
    the uses that keep it, and those of them in its own scope."""

    closed: bool
    uses: list[ast.Name]
    own: list[ast.Name]


def _care_of(module: PythonModule, name: str, owner: tuple[Scope, list[Binding]] | None) -> _Care:
    memo = module.memo("care of files")
    key = name, owner[0] if owner else None
    if key not in memo:
        uses = _kept(module).get((name, owner[0].node if owner else None), [])
        uses = [use for use in uses if not _is_only_collected(module, use)]
        own = [use for use in uses if owner is not None and module.scope_of(use) is owner[0]]
        handed = (use for use in module.loads(name) if module.scope_of(use).find(name) == owner)
        closed = any(_is_closed_by_another(module, use, owner[1] if owner else []) for use in handed)
        memo[key] = _Care(closed, uses, own)
    care = memo[key]
    assert isinstance(care, _Care)
    return care


def _is_closed_by_another(module: PythonModule, use: ast.Name, bindings: Sequence[Binding]) -> bool:
    """Whether a handle is given to a function of this file that closes it; or to one elsewhere, where a handle that
    could not be had is `None`: what is done with such a one is settled there."""
    above = module.parent(use)
    call = module.parent(above) if isinstance(above, ast.keyword) else above
    if not isinstance(call, ast.Call) or use is call.func or module.qualified(call.func).startswith("builtins."):
        return False
    function = module.function_named(call.func)
    if function is None:
        absent = [b.node for b in bindings if isinstance(b.value, ast.Constant) and b.value.value is None]
        return any(isinstance(above, ast.ExceptHandler) for node in absent for above in module.ancestors(node))
    taken = {each.arg for each in function.args.args if any(value is use for _, value in module.given(each))}
    closed = (n for n in ast.walk(function) if isinstance(n, ast.Attribute) and n.attr in _CLOSERS)
    return any(isinstance(each.value, ast.Name) and each.value.id in taken for each in closed)


def _names(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _is_closed_once(module: PythonModule, call: ast.Call, uses: list[ast.Name]) -> bool:
    """Whether every turn of a loop opens a file, and only behind the loop the last of them is closed."""
    loop = next((each for each in module.loops(call) if isinstance(each, (ast.For, ast.While))), None)
    statement = module.parent_statement(call)
    if loop is None or not (module.parent(statement) is loop or _is_opened_in_each_branch(module, statement, loop)):
        return False
    if any(isinstance(node, (ast.Break, ast.Return)) for node in ast.walk(loop)):
        return False
    return not any(loop in module.ancestors(use) for use in uses)


def _is_opened_in_each_branch(module: PythonModule, statement: ast.AST, loop: ast.AST) -> bool:
    """Whether a name is bound to a file in every branch of a condition that stands in a loop's own block."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    whole: ast.AST | None = statement
    while isinstance(above := module.parents.get(whole) if whole is not None else None, ast.If):
        whole = above
    if not isinstance(whole, ast.If) or above is not loop or not isinstance(target, ast.Name):
        return False
    return _binds([whole], target.id)


def _binds(block: list[ast.stmt], name: str) -> bool:
    for each in block:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call) and _names(each.targets[0], name):
            return True
        if isinstance(each, ast.If) and _binds(each.body, name) and _binds(each.orelse, name):
            return True
    return False


def _is_only_collected(module: PythonModule, use: ast.Name) -> bool:
    """Whether a handle is put by a loop into a collection that nothing closes, `files[key] = f`."""
    statement = module.parent(use)
    if not isinstance(statement, ast.Assign) or statement.value is not use or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Subscript) and bool(module.loops(use)) and _is_never_closed(module, target)


def _is_never_closed(module: PythonModule, target: ast.expr) -> bool:
    """Whether the dict or list in which a handle is stored stays in its function, and only its elements are used."""
    collection = target.value if isinstance(target, ast.Subscript) else None
    if not isinstance(collection, ast.Name):
        return False
    owner = module.scope_of(collection).find(collection.id)
    if owner is None or any(b.kind != "assign" or not _is_empty(b.value) for b in owner[1]):
        return False
    for use in module.named(collection.id):
        above = module.parent(use)
        if isinstance(use.ctx, ast.Store):
            continue
        if module.scope_of(use).find(use.id) != owner or not isinstance(above, ast.Subscript) or above.value is not use:
            return False
        if isinstance(above.ctx, ast.Load) and not _is_read_on(module, above):
            return False
    return True


def _is_never_closed_list(module: PythonModule, opened: ast.ListComp) -> bool:
    """Whether handles that a comprehension opens stay in a list of a script, and are read on one by one.

    Where anything in the file is closed in a loop, or by its place in a list, it may be they.
    """
    kept = module.parent(opened)
    target = kept.targets[0] if isinstance(kept, ast.Assign) and len(kept.targets) == 1 else None
    if not isinstance(target, ast.Name) or not module.is_script or _closes_several(module):
        return False
    owner = module.scope_of(target).find(target.id)
    if owner is None or any(b.kind != "assign" for b in owner[1]):
        return False
    return all(
        module.scope_of(use).find(use.id) == owner and _is_element_taken(module, use)
        for use in module.named(target.id)
        if isinstance(use.ctx, ast.Load)
    )


def _closes_several(module: PythonModule) -> bool:
    """Whether what a loop runs over is closed, or an element: `f.close()`, `files[0].close()`, `map(close, files)`."""
    for node in (node for closer in _CLOSERS for node in module.attributed(closer)):
        bindings = module.bindings(node.value) if isinstance(node.value, ast.Name) else []
        if not isinstance(node.value, ast.Name) or any(b.kind in ("for", "unpack") for b in bindings):
            return True
    return any(module.calls_named(word) for word in ("closing", "enter_context"))


def _is_element_taken(module: PythonModule, use: ast.Name) -> bool:
    """Whether an element is read on, a loop goes over a list, or its elements are counted."""
    above = module.parent(use)
    if isinstance(above, ast.Subscript) and above.value is use:
        return _is_read_on(module, above)
    while isinstance(above, ast.Call) and module.qualified(above.func) in _COUNTING:
        if module.qualified(above.func) == "builtins.len":
            return True
        above = module.parent(above)
    return isinstance(above, (ast.For, ast.comprehension))


def _is_empty(node: ast.expr | None) -> bool:
    """`{}`, `dict()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
    return isinstance(node, ast.Dict) and not node.keys


def _is_read_on(module: PythonModule, element: ast.Subscript) -> bool:
    """Whether of an element a part is taken, `files[key]["flux"]`: it is neither closed nor handed on."""
    above = module.parent(element)
    if isinstance(above, ast.Attribute):
        return above.attr not in _CLOSERS
    return isinstance(above, ast.Subscript) and above.value is element


def _kept(module: PythonModule) -> dict[tuple[str, ast.AST | None], list[ast.Name]]:
    """Where names are closed, deleted, returned or stored, by name and the scope that binds it."""
    memo = module.memo("kept handles")
    if "all" not in memo:
        found: dict[tuple[str, ast.AST | None], list[ast.Name]] = {}
        for node in module.parents:
            for name in _keeping(node) if node.__class__ in _KEEPERS else ():
                if isinstance(node, (ast.Attribute, ast.Delete)) and _is_behind_return(module, node):
                    continue
                scope = module.scope_of(name)
                owner = scope.find(name.id)
                found.setdefault((name.id, owner[0].node if owner else None), []).append(name)
        memo["all"] = found
    kept = memo["all"]
    assert isinstance(kept, dict)
    return kept


def _is_behind_return(module: PythonModule, node: ast.AST) -> bool:
    """Whether the block that a statement stands in has been returned from before, so that nothing comes to it."""
    return any(isinstance(each, ast.Return) for each in module.before(module.parent_statement(node)))


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
