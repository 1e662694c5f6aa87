"""Names of outputs made to say what they hold: the turn of a loop, the input of a script, the replica of a job."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from canfar_lint.checks._outputs import texts_with
from canfar_lint.diagnostic import UNSAFE, Edit, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT

if TYPE_CHECKING:
    from canfar_lint.checks._shell_outputs import Output as ShellOutput
    from canfar_lint.model.shell import Script

_LISTINGS = frozenset(("glob.glob", "glob.iglob", "os.listdir", "pathlib.Path().glob", "pathlib.Path().rglob"))
_WRAPPERS = frozenset(("builtins.sorted", "builtins.list", "tqdm.tqdm", "tqdm.auto.tqdm"))
_MAPS = frozenset(("map", "imap", "imap_unordered", "map_async"))
_PATH = ("pathlib:Path",)


def by_turn(module: PythonModule, node: ast.AST) -> Fix | None:
    """What tells the turns of a loop apart, put into a name that stands in it or in the function that it calls."""
    loops = module.loops(node)
    if len(loops) == 1 and isinstance(loops[0], ast.For):
        return _put(module, node, *_of_loop(module, loops[0]))
    function = module.function_of(node)
    callers = module.callers().get(function, []) if function is not None else []
    if function is None or loops or len(callers) != 1 or module.scope_of(node).node is not function:
        return None
    return _put(module, node, *_of_parameter(module, function, callers[0]))


def by_job(module: PythonModule, node: ast.AST) -> tuple[Fix | None, bool]:
    """The stem of the one file that a script is given put into a name, and True; else the number of the replica."""
    if not isinstance(node, ast.expr) or module.loops(node):
        return None, False
    inputs = _inputs(module, node)
    if len(inputs) == 1:
        return _put(module, node, f"Path({inputs.pop()}).stem", _PATH), True
    return _put(module, node, "os.environ.get('REPLICA_ID', '1')", ("os",)), False


def _put(module: PythonModule, node: ast.AST, hole: str, imports: tuple[str, ...]) -> Fix | None:
    """The hole before the suffix of a name that the file has only here."""
    found = re.fullmatch(r"([\w./-]*\w)(\.\w+)", str(node.value)) if isinstance(node, ast.Constant) else None
    if found is None or not hole or not isinstance(node, ast.Constant) or len(texts_with(module, found.group())) > 1:
        return None
    if isinstance(module.parent(node), (ast.JoinedStr, ast.arguments)):
        return None
    from canfar_lint.fixing.python import can_import, fix, replaced

    for spec in imports:
        origin, _, member = spec.partition(":")
        if not can_import(module, member or origin, node, origin if member else ""):
            return None
    code = f'f"{found.group(1)}_{{{hole}}}{found.group(2)}"'
    return fix(f"Put `{hole}` into the name", replaced(module, node, code), UNSAFE, imports)


def _of_loop(module: PythonModule, loop: ast.For) -> tuple[str, tuple[str, ...]]:
    """What tells the turns of a loop apart, as code, and what that needs imported; "" when it is not known."""
    target, kind = loop.target, _elements(module, loop.iter)
    if kind == "enumerate" and isinstance(target, ast.Tuple):
        target = target.elts[0]
    elif kind == "enumerate":
        return "", ()
    if not isinstance(target, ast.Name) or len(module.scope_of(loop).bindings.get(target.id, ())) != 1:
        return "", ()
    return _said(target.id, kind)


def _of_parameter(
    module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef, caller: ast.Call
) -> tuple[str, tuple[str, ...]]:
    """The same for a function that is called in a loop, or handed to a map: by the parameter that differs."""
    parameters = [*function.args.posonlyargs, *function.args.args]
    if isinstance(caller.func, ast.Attribute) and caller.func.attr in _MAPS:
        if len(caller.args) < 2 or not parameters or module.function_named(caller.args[0]) is not function:
            return "", ()
        return _said(_own(module, function, parameters[0].arg), _elements(module, caller.args[1]))
    loops = module.loops(caller)
    loop = loops[0] if len(loops) == 1 else None
    if not isinstance(loop, ast.For) or module.function_named(caller.func) is not function:
        return "", ()
    target, kind = loop.target, _elements(module, loop.iter)
    if kind == "enumerate" and isinstance(target, ast.Tuple):
        target = target.elts[0]
    given = {each.arg: value for each, value in zip(parameters, caller.args, strict=False)}
    given.update({each.arg: each.value for each in caller.keywords if each.arg})
    for name, value in given.items():
        if isinstance(value, ast.Name) and isinstance(target, ast.Name) and value.id == target.id:
            return _said(_own(module, function, name), kind)
    return "", ()


def _own(module: PythonModule, function: ast.AST, name: str) -> str:
    """A parameter that keeps what it was given, else ""."""
    scope = module.scopes.get(function)
    return name if scope is not None and len(scope.bindings.get(name, ())) == 1 else ""


def _said(name: str, kind: str) -> tuple[str, tuple[str, ...]]:
    if not name or not kind:
        return "", ()
    return (f"Path({name}).stem", _PATH) if kind == "path" else (name, ())


def _elements(module: PythonModule, node: ast.expr) -> str:
    """What an iterable gives: a number, the path of a file, a word, `enumerate`; "" when it is not known."""
    over = module.resolve(node)
    for _ in range(4):
        name = module.qualified(over.func) if isinstance(over, ast.Call) else ""
        if not isinstance(over, ast.Call) or not over.args or name not in _WRAPPERS:
            break
        over = module.resolve(over.args[0])
    if name in _LISTINGS:
        return "path"
    if name in ("builtins.range", "builtins.enumerate"):
        return "number" if name == "builtins.range" else "enumerate"
    words = over.elts if isinstance(over, (ast.List, ast.Tuple)) else []
    texts = [module.constant(each) for each in words]
    plain = all(isinstance(text, str) and re.fullmatch(r"[\w+-]+", text) for text in texts)
    return "word" if plain and len(set(texts)) == len(texts) > 1 else ""


def _inputs(module: PythonModule, node: ast.expr) -> set[str]:
    """The files from the command line that are read before `node`, in its function, as they are written there."""
    from canfar_lint.catalogue import load

    readers = load().rules["CAN105"].table("readers")
    scope = module.scope_of(node)
    found: set[str] = set()
    for call in module.calls(readers):
        name = next((each for each in module.qualified_all(call.func) if each in readers), "")
        given = module.argument(call, *readers[name]) if name else None
        if given is None or module.scope_of(call) is not scope or call.lineno >= node.lineno:
            continue
        if isinstance(given, (ast.Name, ast.Attribute)) and module.value(given).sources == {ARGUMENT}:
            found.add(module.code(given))
    return found


def in_shell(script: Script, output: ShellOutput, variable: str) -> Fix | None:
    """The loop's own variable, or the stem of the file that it names, put into an output that is named only once."""
    from canfar_lint.checks._scripts import loop_of

    word, loop = output.word, loop_of(output.command)
    found = re.fullmatch(r"""(["']?)([\w./-]*\w)(\.\w+)\1""", word.text)
    if loop is None or loop.name != variable or found is None or not loop.words or script.context != "file":
        return None
    if script.text.count(f"{found.group(2)}{found.group(3)}") != 1 or word.end - word.start != len(word.text):
        return None
    if all(re.fullmatch(r"[\w+-]+", each.text) for each in loop.words):
        hole = f"${{{variable}}}"
    elif all(re.fullmatch(r"[\w./-]*\*\.\w+", each.text) for each in loop.words):
        hole = f'$(basename "${{{variable}%.*}}")'
    else:
        return None
    code = f'"{found.group(2)}_{hole}{found.group(3)}"'
    return Fix(f"Put `${variable}` into the name", (Edit(*word.span, code),), UNSAFE)
