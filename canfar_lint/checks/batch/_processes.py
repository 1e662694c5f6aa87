"""Processes that a program starts several of, keeps in a list, and waits for."""

from __future__ import annotations

import ast

from canfar_lint.model.python import PythonModule

_ASKED = frozenset(("returncode", "check_returncode", "terminate", "kill", "send_signal"))


def is_collected(module: PythonModule, call: ast.Call) -> bool:
    """Whether a process goes into a list: `running.append(Popen(...))`, also by a name of its own."""
    parent = module.parents.get(call)
    if isinstance(parent, (ast.List, ast.ListComp)):
        return True
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        uses = module.loads(parent.targets[0].id)
        return any(_is_appended(module, node) for node in uses)
    return _is_appended(module, call)


def _is_appended(module: PythonModule, node: ast.AST) -> bool:
    parent = module.parents.get(node)
    return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and parent.func.attr == "append"


def is_only_waited_for(module: PythonModule) -> bool:
    """Whether the processes of a file are waited for and nowhere in it asked how they ended."""
    if any(module.attributed(word) for word in _ASKED):
        return False
    waits, polls = list(module.methods(("wait", "communicate"))), list(module.methods(("poll",)))
    only = all(_is_dropped(module, wait) for wait in waits) and all(_asks_for_end(module, poll) for poll in polls)
    return bool(waits or polls) and only


def _asks_for_end(module: PythonModule, poll: ast.expr) -> bool:
    """Whether of what `poll` returns only `None` is asked for: `states = [p.poll() ...]`, `all(s is not None ...)`."""
    parent = module.parents.get(poll)
    if isinstance(parent, ast.Compare):
        return isinstance(parent.ops[0], (ast.Is, ast.IsNot))
    above = module.parents.get(parent) if isinstance(parent, ast.ListComp) else None
    if not isinstance(above, ast.Assign) or not isinstance(above.targets[0], ast.Name):
        return False
    uses = module.loads(above.targets[0].id)
    turns = [node for node in map(module.parents.get, uses) if isinstance(node, ast.comprehension)]
    names = {node.target.id for node in turns if isinstance(node.target, ast.Name)}
    each = [one for name in names for one in module.loads(name)]
    return bool(each) and len(turns) == len(uses) and all(_is_compared(module, one) for one in each)


def _is_compared(module: PythonModule, name: ast.Name) -> bool:
    """Whether a name is asked to be `None`, or is the process that is polled."""
    parent = module.parents.get(name)
    polled = isinstance(parent, ast.Attribute) and parent.attr in ("poll", "wait", "communicate")
    return polled or (isinstance(parent, ast.Compare) and isinstance(parent.ops[0], (ast.Is, ast.IsNot)))


def _is_dropped(module: PythonModule, call: ast.Call) -> bool:
    """Whether nobody takes what a call returns: a statement of its own, or one of a list that is thrown away."""
    parent = module.parents.get(call)
    if isinstance(parent, ast.ListComp):
        parent = module.parents.get(parent)
    return isinstance(parent, ast.Expr)
