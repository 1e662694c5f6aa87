"""Outputs that every turn of a loop writes over the last one's."""

from __future__ import annotations

import ast
import re

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import Named, Output
from canfar_lint.checks.results._mentions import consumed
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import Value

_DEEP = 3
_FORS = (ast.For, ast.AsyncFor)
_MAPS = frozenset(("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply_async", "submit"))
_JOINS = frozenset(("os.path.join", "pathlib.Path", "builtins.str"))
_FIGURES = frozenset(("figure", "subplots", "clf", "cla", "clear", "close", "subplot_mosaic"))
# what starts a program
_STARTS = frozenset(("system", "run", "call", "check_call", "check_output", "Popen", "popen", "spawn"))


def turn_of(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> tuple[str, str] | None:
    """The variant and the name of what repeats an output, when every turn is sure to overwrite the last one's."""
    place: ast.Call = named.place
    writer = module.function_of(output.call) if place is not output.call else None
    if _is_switched_off(module, output.call, place) or (writer and consumed(module, output, writer, text)):
        return None
    for _ in range(_DEEP):
        loops = module.loops(place)
        if loops:
            sure = _overwrites(module, rule, output, place, loops[0], text)
            return ("loop", _variable(module, loops[0])) if sure else None
        function = module.function_of(place)
        if function is None or _guarded(module, place, function):
            return None
        callers = module.callers().get(function, [])
        if len(callers) != 1:
            return None
        caller = callers[0]
        if consumed(module, output, function, text):
            return None
        if isinstance(caller.func, ast.Attribute) and caller.func.attr in _MAPS:
            return ("handed", function.name) if module.function_named(caller.func) is not function else None
        if not _differs(module, caller) or _is_switched_off(module, output.call, caller):
            return None
        place = caller
    return None


def stays(module: PythonModule, output: Output, named: Named) -> bool:
    """Whether a name that is not known is the same in all turns of the loop around: only its folder is a variable.

    That is set outside of the loop: `os.path.join(folder, "mask.fits")`, `f"{folder}/mask.fits"`.
    """
    loops = module.loops(output.call)
    if named.place is not output.call or not loops or not ends_in_text(named.value):
        return False
    inside = [*ast.walk(output.name)]
    variables = {node.id for node in inside if isinstance(node, ast.Name)}
    calls = (module.qualified(node.func) for node in inside if isinstance(node, ast.Call))
    if any(isinstance(node, (ast.Attribute, ast.Subscript)) and not _is_joining(module, node) for node in inside):
        return False
    stored = (node for node in ast.walk(loops[0]) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return all(name in _JOINS for name in calls) and variables.isdisjoint(node.id for node in stored)


def ends_in_text(value: Value) -> bool:
    """Whether all behind the last slash of a name is known: `{}/mask.fits`."""
    for piece in reversed(value.pieces):
        if piece.text is None or piece.default:
            return False
        if "/" in piece.text:
            return True
    return False


def _is_joining(module: PythonModule, node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and module.qualified(node) in (*_JOINS, "os.path")


def _is_switched_off(module: PythonModule, written: ast.Call, caller: ast.Call) -> bool:
    """Whether what a call gives to a function says that it is to write nothing: `measure(star, save=False)`."""
    function = module.function_of(written)
    if not isinstance(function, ast.FunctionDef) or module.function_named(caller.func) is not function:
        return False
    inside = [(test, wanted) for test, wanted in module.guards(written) if module.function_of(test) is function]
    known = ((_settled(module, function, caller, test), wanted) for test, wanted in inside)
    return any(found is not None and found is not wanted for found, wanted in known)


def _settled(module: PythonModule, function: ast.FunctionDef, caller: ast.Call, test: ast.expr) -> bool | None:
    """What a test of one parameter comes to in a call: `if save:`, `if not save:`, `if save == True:`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        found = _settled(module, function, caller, test.operand)
        return None if found is None else not found
    asked, compared = test, None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        asked, compared = test.left, test.comparators[0]
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if not isinstance(asked, ast.Name) or asked.id not in (*names, *(each.arg for each in function.args.kwonlyargs)):
        return None
    index = names.index(asked.id) if asked.id in names else None
    given = module.argument(caller, asked.id, index) if index is not None else module.argument(caller, asked.id)
    if not isinstance(given, ast.Constant) or len(module.bindings(asked)) != 1:
        return None
    return bool(given.value) if compared is None else given.value == module.constant(compared)


def _differs(module: PythonModule, caller: ast.Call) -> bool:
    """Whether a call is given what changes from turn to turn of the loop around it."""
    loops = module.loops(caller)
    if not loops:
        return True
    bound = _loop(module, loops[0]).bound
    given = [*caller.args, *(keyword.value for keyword in caller.keywords)]
    return any(isinstance(n, ast.Name) and n.id in bound for node in given for n in ast.walk(node))


def _variable(module: PythonModule, loop: ast.AST) -> str:
    target = loop.target if isinstance(loop, _FORS) else None
    if isinstance(loop, COMPREHENSIONS):
        target = loop.generators[0].target
    return module.code(target) if target is not None else "an index"


def _overwrites(module: PythonModule, rule: Rule, output: Output, place: ast.Call, loop: ast.AST, text: str) -> bool:
    if not isinstance(loop, (*_FORS, *COMPREHENSIONS)) or _is_single(module, loop):
        return False
    if re.search(rule.table("repeating"), _variable(module, loop)):
        return False
    facts = _loop(module, loop)
    if _guarded(module, place, loop) or facts.leaves >= place.lineno or "chdir" in facts.called:
        return False
    if consumed(module, output, loop, text) or _trains_on(module, loop, facts.bound):
        return False
    if re.search(rule.table("settings"), text.rpartition("/")[2].lower()) and facts.called & _STARTS:
        return False  # the program that the turn starts reads it
    return place is not output.call or _new_each_turn(module, output, loop)


def _trains_on(module: PythonModule, loop: ast.AST, bound: set[str]) -> bool:
    """Whether every turn goes on with one model, `Adam(model.parameters(), lr=rate)`: the last one's is the result."""
    asked = (call.func for call in module.calls_named("parameters") if loop in module.ancestors(call))
    models = (func.value for func in asked if isinstance(func, ast.Attribute))
    return any(isinstance(model, ast.Name) and model.id not in bound for model in models)


def _is_single(
    module: PythonModule,
    loop: ast.For | ast.AsyncFor | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
) -> bool:
    iterated = loop.iter if isinstance(loop, _FORS) else loop.generators[0].iter
    over = module.resolve(iterated)
    if isinstance(over, (ast.List, ast.Tuple)):
        return len(over.elts) < 2
    if isinstance(over, ast.Call) and module.qualified(over.func) in ("builtins.range", "numpy.arange"):
        return len(over.args) == 1 and module.constant(over.args[0]) in (0, 1)
    return (
        isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice) and module.constant(over.slice.upper) == 1
    )


def _guarded(module: PythonModule, node: ast.AST, within: ast.AST) -> bool:
    """Whether a condition or handler stands between a node and what it is in: not every turn comes here."""
    child = node
    for ancestor in module.ancestors(node):
        if ancestor is within:
            return False
        field = module.fields.get(child)
        if isinstance(ancestor, (ast.If, ast.IfExp, ast.While)) and field in ("body", "orelse"):
            return True
        if isinstance(ancestor, ast.Try) and field == "handlers":
            return True
        if isinstance(ancestor, ast.match_case):
            return True
        child = ancestor
    return False


class _Loop:
    """What the checks ask of one loop, found in one walk over it."""

    __slots__ = ("bound", "called", "grown", "leaves")

    def __init__(self, module: PythonModule, loop: ast.AST) -> None:
        self.bound: set[str] = set()
        self.called: set[str] = set()
        self.grown: set[str] = set()
        self.leaves = 0
        begins: set[ast.stmt] = set()
        for node in ast.walk(loop):
            if isinstance(node, ast.If) and _asks_for_first(node.test):
                begins.update(node.body)
            if isinstance(node, ast.Call):
                self.called.add(
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
            elif isinstance(node, (ast.Break, ast.Return, ast.Raise)) and not _guarded(module, node, loop):
                self.leaves = max(self.leaves, node.lineno)
            elif node not in begins:
                self.bound |= _bound_by(node)
                self.grown |= _grown_by(node)


def _asks_for_first(test: ast.expr) -> bool:
    """Whether a condition holds in the first turn only: `n == 0`, `table is None`, `not rows`."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        asked = test.comparators[0]
        return isinstance(asked, ast.Constant) and (asked.value is None or asked.value == 0)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name)


def _grown_by(node: ast.AST) -> set[str]:
    """The names that a node gives a value made of the one they had; what is only counted is not among them."""
    if isinstance(node, ast.AugAssign):
        return set() if isinstance(node.value, ast.Constant) else _stored(node)
    return _stored(node) & _names(node.value) if isinstance(node, ast.Assign) and not _counts(node.value) else set()


def _counts(value: ast.expr) -> bool:
    return isinstance(value, ast.BinOp) and any(isinstance(each, ast.Constant) for each in (value.left, value.right))


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _stored(node: ast.Assign | ast.AugAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = (each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
    return {each.id for each in named if isinstance(each.ctx, ast.Store)}


def _loop(module: PythonModule, loop: ast.AST) -> _Loop:
    memo = module.memo("loops")
    if loop not in memo:
        memo[loop] = _Loop(module, loop)
    found = memo[loop]
    assert isinstance(found, _Loop)
    return found


def _bound_by(node: ast.AST) -> set[str]:
    """The names that a node gives a new value; one that only grows (`x = x + …`) is not among them."""
    if isinstance(node, ast.Assign):
        return _stored(node) - _names(node.value)
    target: ast.AST | None = None
    if isinstance(node, (*_FORS, ast.comprehension, ast.NamedExpr)):
        target = node.target
    elif isinstance(node, ast.withitem):
        target = node.optional_vars
    return _names(target) if target is not None else set()


def _new_each_turn(module: PythonModule, output: Output, loop: ast.AST) -> bool:
    """Whether what is written changes from turn to turn, and is no collection that grows, nor a state that goes on."""
    call = output.call
    new = _new(module, loop)
    used = _names(call) | _written_through(module, call)
    facts = _loop(module, loop)
    if used & (facts.grown - facts.bound):
        return False
    if isinstance(call.func, ast.Attribute) and call.func.attr == "savefig":
        return bool(facts.called & _FIGURES) or bool(used & new)
    return bool(used & new)


def _new(module: PythonModule, loop: ast.AST) -> set[str]:
    """The names that get another value in each turn of a loop."""
    memo = module.memo("new in each turn")
    if loop not in memo:
        bound = _loop(module, loop).bound
        found = bound - _same_in_all_turns(loop, bound)
        if isinstance(loop, (*_FORS, *COMPREHENSIONS)):
            from canfar_lint.checks.results._varying import varying

            found &= varying(module, loop)
        memo[loop] = found
    new = memo[loop]
    assert isinstance(new, set)
    return new


def _same_in_all_turns(loop: ast.AST, bound: set[str]) -> set[str]:
    """The names of texts that a loop makes of nothing that it changes: `"-i %s" % options.name`, `"fit.json"`."""
    same: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(loop):
        targets = node.targets if isinstance(node, ast.Assign) else []
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.JoinedStr, ast.BinOp, ast.Constant)):
            inside = list(ast.walk(node.value))
            text = any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in inside)
            called = any(isinstance(each, ast.Call) for each in inside)
            if text and not called and bound.isdisjoint(each.id for each in inside if isinstance(each, ast.Name)):
                same |= names
                continue
        elif not isinstance(node, ast.Assign):
            names = _bound_by(node)
        other |= names
    return same - other


def _written_through(module: PythonModule, call: ast.Call) -> set[str]:
    """The names written through the handle that a call opens: in the `with` it stands in, or the lines below."""
    parent = module.parent(call)
    handle = ""
    body: list[ast.stmt] = []
    if isinstance(parent, ast.withitem):
        handle = parent.optional_vars.id if isinstance(parent.optional_vars, ast.Name) else ""
        owner = module.parent(parent)
        body = owner.body if isinstance(owner, (ast.With, ast.AsyncWith)) else []
    elif isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        handle = parent.targets[0].id
        block = module.parent(parent)
        body = getattr(block, "body", [])
    elif isinstance(parent, ast.Call):
        return {n.id for n in ast.walk(parent) if isinstance(n, ast.Name)}
    names: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and any(isinstance(n, ast.Name) and n.id == handle for n in ast.walk(node)):
                names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return names - {handle}
