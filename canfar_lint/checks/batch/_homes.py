"""Paths below a home that is put together: `"/home/" + owner + "/work"`, `Path.home() / "Documents" / "data"`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import LITERAL, LOOP, OVERRIDABLE, PARAMETER, RESULT

# what asks who runs the program, or is told so
_USER = re.compile(r"(?i)user|login|who|owner|name|uid|getpw|env|arg|opt|input|conf|account|\bself\b")
_ASKED = ("os.getenv", "os.environ.get")
_PASSING = frozenset(("builtins.str", "pathlib.Path", "os.path.abspath", "os.path.realpath", "os.path.normpath"))
_MOST_USES = 50


def owner_of(module: PythonModule, constant: ast.Constant) -> str:
    """Who stands behind a literal root of homes, where the file itself says it: `"/home/" + "jo" + "/x"`; else ""."""
    parent = module.parents.get(constant)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add) and parent.left is constant:
        after = module.parents.get(parent)
        return _told(module, parent.right) if isinstance(after, ast.BinOp) and after.left is parent else ""
    if isinstance(parent, ast.JoinedStr) and parent.values[0] is constant and len(parent.values) > 2:
        hole, more = parent.values[1:3]
        begins = isinstance(more, ast.Constant) and str(more.value)[:1] == "/"
        return _told(module, hole.value) if begins and isinstance(hole, ast.FormattedValue) else ""
    return ""


def _told(module: PythonModule, owner: ast.expr) -> str:
    """The first of the owners that a home can have, where nobody who runs the file says which."""
    leaves = [leaf for value in module.arriving(owner) for leaf in value.leaves()]
    known = all(leaf.kind == LITERAL and not leaf.sources - {PARAMETER, LOOP} for leaf in leaves)
    if not known and _USER.search(f"{module.code(owner)} {module.code(module.resolve(owner))}"):
        return ""
    if not known and any(leaf.sources - {PARAMETER, LOOP, RESULT} or leaf.kind == OVERRIDABLE for leaf in leaves):
        return ""
    return (leaves[0].skeleton if known else f"{{{module.code(owner)}}}") if leaves else ""


def below_homes(module: PythonModule) -> Iterator[tuple[ast.Constant, ast.AST, str]]:
    """The literals that follow the home of whoever runs the program, the whole path, and what it says behind `~/`."""
    for home in sorted(homes(module), key=module.span):
        for use in (home, *_named(module, home)):
            found = _behind(module, use)
            if found is not None:
                yield found


def homes(module: PythonModule) -> frozenset[ast.expr]:
    """What says the home of whoever runs the program: `Path.home()`, `os.environ["HOME"]`; found once."""
    memo = module.memo("homes")
    if "all" not in memo:
        memo["all"] = frozenset(_homes(module))
    found = memo["all"]
    assert isinstance(found, frozenset)
    return found


def _homes(module: PythonModule) -> Iterator[ast.expr]:
    yield from module.calls(("pathlib.Path.home",))
    for call in module.calls(("os.path.expanduser", *_ASKED)):
        asked = "HOME" if module.qualified(call.func) in _ASKED else "~"
        given = module.constant(call.args[0]) if len(call.args) == 1 else None
        if isinstance(given, str) and given.rstrip("/") == asked:
            yield call
    for text in module.strings:
        node = module.parents.get(text) if text.value == "HOME" else None
        if isinstance(node, ast.Subscript) and node.slice is text and isinstance(node.ctx, ast.Load):
            yield from (node,) if module.qualified(node.value) == "os.environ" else ()


def _named(module: PythonModule, home: ast.expr) -> Iterator[ast.expr]:
    """Where a name stands that is bound to the home and to nothing else."""
    statement = module.parents.get(home)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    for use in module.named(target.id)[:_MOST_USES] if isinstance(target, ast.Name) else ():
        bindings = module.bindings(use) if isinstance(use.ctx, ast.Load) else []
        if [binding.node for binding in bindings] == [statement]:
            yield use


def _behind(module: PythonModule, node: ast.expr) -> tuple[ast.Constant, ast.AST, str] | None:
    """The first literal behind a home, the whole path, and its text."""
    whole: ast.AST = node
    first: ast.Constant | None = None
    text = ""
    while (parent := module.parents.get(whole)) is not None:
        parts = _parts(module, parent, whole)
        if parts is None:
            break
        for part in parts:
            held = part.value if isinstance(part, ast.Constant) else None
            if first is None and isinstance(part, ast.Constant):
                first = part
            if first is None:
                return None
            said = held if isinstance(held, str) else "{}"
            glued = isinstance(parent, ast.JoinedStr) or isinstance(getattr(parent, "op", None), ast.Add)
            text += f"{'' if glued else '/'}{said}"
        whole = parent
    if first is None or not isinstance(first.value, str) or not text.startswith("/"):
        return None
    return first, whole, text.lstrip("/")


def _parts(module: PythonModule, parent: ast.AST, node: ast.AST) -> list[ast.expr] | None:
    """What an expression puts behind one of its parts; None where it does not go on with it as a path."""
    if isinstance(parent, ast.BinOp) and parent.left is node and isinstance(parent.op, (ast.Add, ast.Div)):
        return [parent.right]
    if isinstance(parent, ast.FormattedValue):
        return []
    if isinstance(parent, ast.JoinedStr) and parent.values[0] is node:
        return parent.values[1:]
    if isinstance(parent, ast.Call) and parent.args and parent.args[0] is node:
        if module.qualified(parent.func) == "os.path.join":
            return parent.args[1:]
        return [] if len(parent.args) == 1 and module.qualified(parent.func) in _PASSING else None
    return None
