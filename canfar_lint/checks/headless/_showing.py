"""Code that is there for somebody who sits in front of it: viewers, functions that show, what a key asks for.

The tables are CAN501's `showing_files` and `showing_names`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._choice import left_to_user
from canfar_lint.model.evaluate import ASKING_NAMES
from canfar_lint.model.python import PythonModule

_TYPED = frozenset(("getch", "getkey", "get_wch", "getstr", "getche", "waitKey"))
_ASKED = frozenset(("input", "raw_input"))
_PRESSED = frozenset(("key", "keysym", "keycode", "button"))
_LISTENERS = frozenset(("mpl_connect", "connect", "bind", "bind_all", "on_clicked", "on_changed", "on_click"))


def is_viewer(module: PythonModule) -> bool:
    """Whether the name of the file says that its program is there for looking at something."""
    return module.source.lies_in(_table("showing_files"))


def speaks_of_showing(code: str) -> bool:
    """Whether a condition or a name has a word that says that something is shown, told or asked."""
    shows = re.compile(_table("showing_names"))
    return any(ASKING_NAMES.search(word) or shows.search(word.lower()) for word in re.findall(r"\w+", code))


def is_for_showing(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands in a function (or class) that is there for showing and that nothing here calls."""
    function = module.function_of(node)
    if function is None or _is_called(module, function):
        return False
    owner = module.parent(function)
    names = [function.name, *([owner.name] if isinstance(owner, ast.ClassDef) else ())]
    return any(re.search(_table("showing_names"), name.lower()) for name in names)


def _is_called(module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the script comes to a function; a method must be named where it is called, or make the object."""
    if not module.on_main_path(function.body[0]):
        return False
    in_class = isinstance(module.parent(function), ast.ClassDef)
    return not in_class or function.name.startswith("__") or bool(module.calls_named(function.name))


def is_typed(module: PythonModule, node: ast.AST, depth: int = 0, *, answers: bool = True) -> bool:
    """Whether a node runs only on what somebody typed or clicked, here or in every call of its function.

    Without `answers` what is typed at the terminal counts only where somebody wants to be asked: a job must do without
    the question, and comes to the node then.
    """
    if any(_asks_keys(module, test, answers) for test in _tests(module, node)):
        return True
    function = module.function_of(node)
    if function is None or depth >= 2:
        return False
    calls = module.callers().get(function, [])
    if any(_listens(call) for call in calls) or _is_handler(module, function):
        return True
    return bool(calls) and all(is_typed(module, call, depth + 1, answers=answers) for call in calls[:32])


def _tests(module: PythonModule, node: ast.AST) -> Iterator[ast.expr]:
    """The conditions of the `if`s around a node; a loop that goes on until a key is pressed begins without one."""
    for test, _ in module.guards(node):
        if not isinstance(module.parent(test), ast.While):
            yield test


def _asks_keys(module: PythonModule, test: ast.expr, answers: bool) -> bool:
    for node in ast.walk(test):
        if _is_key(module, node, answers):
            return True
        if isinstance(node, ast.Name):
            values = [binding.value for binding in module.bindings(node) if binding.value is not None]
            if any(_is_key(module, part, answers) for value in values[:32] for part in ast.walk(value)):
                return True
    return False


def _is_key(module: PythonModule, node: ast.AST, answers: bool) -> bool:
    """Whether an expression is what was typed (`input(...)`) or pressed (`event.key`)."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _TYPED or (name in _ASKED and (answers or left_to_user(module, node)))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr in _PRESSED and node.value.id.lower() in ("event", "evt", "ev", "e")
    return False


def _listens(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _LISTENERS


def _is_handler(module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is handed to what calls it when a key or button is pressed."""
    for call in module.methods(_LISTENERS):
        for argument in call.args:
            if isinstance(argument, ast.Attribute) and argument.attr == function.name:
                return True
    return False


def _table(name: str) -> str:
    from canfar_lint.catalogue import load

    return str(load().rules["CAN501"].table(name))
