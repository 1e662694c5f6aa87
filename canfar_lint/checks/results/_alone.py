"""Outputs of one name that no other run spoils: nothing was told there, they are taken away, kept, or never made."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.checks._outputs import Output
from canfar_lint.model.python import PythonModule

_REMOVES = ("os.remove", "os.unlink")
# what starts a shell
SHELLS = (
    *("os.system", "os.popen", "commands.getoutput", "commands.getstatusoutput", "subprocess.run", "subprocess.call"),
    *("subprocess.check_call", "subprocess.check_output", "subprocess.getoutput", "subprocess.Popen"),
)
_EXISTS = frozenset(("exists", "isfile", "is_file"))
_DEEP = 3


def is_told_nothing(module: PythonModule, place: ast.AST, depth: int = 0) -> bool:
    """Whether a place is come to only when the command line is empty: the `else` of `if len(sys.argv) > 1:`."""
    if "argv" not in module.text:
        return False
    if any(_is_empty(module, test, wanted) for test, wanted in module.guards(place)):
        return True
    function = module.function_of(place)
    callers = module.callers().get(function, []) if function is not None and depth < _DEEP else []
    return bool(callers) and all(is_told_nothing(module, caller, depth + 1) for caller in callers)


def _is_empty(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition, or its failing, leaves no word on the command line."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_empty(module, test.operand, not wanted)
    program = _words(module, test)
    if program is not None:
        return program == 0 and not wanted
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Call):
        return False
    counted = test.left.args[0] if module.qualified(test.left.func) == "builtins.len" and test.left.args else None
    program = _words(module, counted) if counted is not None else None
    limit = module.constant(test.comparators[0])
    if program is None or not isinstance(limit, int):
        return False
    kind, left = type(test.ops[0]), limit - program
    if wanted:
        return (kind, left) in ((ast.Eq, 0), (ast.LtE, 0), (ast.Lt, 1))
    return (kind, left) in ((ast.NotEq, 0), (ast.Gt, 0), (ast.GtE, 1))


def _words(module: PythonModule, node: ast.expr) -> int | None:
    """How many words that are no argument stand in `sys.argv` (one) or `sys.argv[1:]` (none)."""
    found = module.resolve(node)
    if isinstance(found, ast.Subscript) and isinstance(found.slice, ast.Slice):
        first = module.constant(found.slice.lower)
        return 0 if first == 1 and found.slice.upper is None and _words(module, found.value) == 1 else None
    return 1 if module.qualified(found) == "sys.argv" else None


def is_missing(module: PythonModule, output: Output, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition holds only while the file is not there: `if not os.path.exists(name)`.

    So does the failing of one that asks for more: `if load and os.path.exists(name): … else: …`.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return is_missing(module, output, test.operand, not wanted)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or if wanted else ast.And):
        return any(is_missing(module, output, each, wanted) for each in test.values)
    if wanted or not isinstance(test, ast.Call) or not isinstance(test.func, (ast.Attribute, ast.Name)):
        return False
    name = test.func.attr if isinstance(test.func, ast.Attribute) else test.func.id
    asked = test.args[0] if test.args else getattr(test.func, "value", None)
    if name not in _EXISTS or asked is None:
        return False
    same = module.value(asked).text
    return module.code(asked) == module.code(output.name) or (bool(same) and same == module.value(output.name).text)


def is_removed(module: PythonModule, output: Output, within: ast.AST, text: str) -> bool:
    """Whether a loop or function takes away what it has written: `os.remove(name)`, `Path(name).unlink()`."""
    return any(within in module.ancestors(call) for call in _later_removals(module, output, text))


def is_used_up(module: PythonModule, output: Output, text: str) -> bool:
    """Whether a function takes away what it has written, in the same block of it: a step on the way, and no result."""
    if module.function_of(output.call) is None:
        return False
    block = _block(module, output.call)
    return any(block == _block(module, call) for call in _later_removals(module, output, text))


def _block(module: PythonModule, call: ast.Call) -> tuple[ast.AST | None, str | None]:
    """The block of statements in which a call stands; a `with` around it is of the block it stands in."""
    statement: ast.AST = module.parent_statement(call)
    while isinstance(around := module.parent(statement), ast.With):
        statement = around
    return around, module.fields.get(statement)


def _later_removals(module: PythonModule, output: Output, text: str) -> Iterator[ast.Call]:
    return (call for call in removals(module, output, text) if call.lineno > output.call.lineno)


def removals(module: PythonModule, output: Output, text: str) -> Iterator[ast.Call]:
    """The calls that take a file away which has the name of an output."""
    code = module.code(output.name)
    for call in (*module.calls(_REMOVES), *module.methods(("unlink",))):
        named = [*call.args[:1], *([call.func.value] if isinstance(call.func, ast.Attribute) else ())]
        named += [part for each in named if isinstance(each, ast.Call) for part in each.args[:1]]
        same = any(module.code(each) == code or module.constant(each) == text for each in named)
        if same:
            yield call
    yield from (call for call, words in _removed_by_shell(module) if text in words)


def _removed_by_shell(module: PythonModule) -> list[tuple[ast.Call, list[str]]]:
    """The commands that take files away, `os.system("rm -f step.fits")`, with their words."""
    memo = module.memo("removed by shell")
    if "all" not in memo:
        given = ((call, module.argument(call, "args", 0)) for call in module.calls(SHELLS))
        texts = ((call, module.value(node).text or "") for call, node in given if node is not None)
        memo["all"] = [(call, text.split()) for call, text in texts if text.split()[:1] == ["rm"]]
    found = memo["all"]
    assert isinstance(found, list)
    return found


def is_never_called(module: PythonModule, place: ast.AST, depth: int = 0) -> bool:
    """Whether a place is in a method that nothing in the file names, though its class is made use of."""
    method = module.function_of(place)
    owner = module.parent(method) if method is not None else None
    if not isinstance(owner, ast.ClassDef) or method is None or method.decorator_list or depth > _DEEP:
        return False
    if method.name.startswith("__") or any(module.code(base) != "object" for base in owner.bases):
        return False
    uses = module.attributed(method.name)
    if any(node.value == method.name for node in module.strings):
        return False
    return all(module.function_of(use) is method or is_never_called(module, use, depth + 1) for use in uses)
