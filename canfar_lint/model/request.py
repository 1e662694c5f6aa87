"""A session request as it is written in Python: `Session.create(…)` of the client, its arguments and where they stand.

The parameters and their order are those of canfar 1.5.2 (`platform.md`, 1.1).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.model.python import PythonModule

PARAMETERS = ("name", "image", "cores", "ram", "kind", "gpu", "cmd", "args", "env", "replicas")
_CLIENTS = ("canfar.sessions", "canfar", "skaha.session", "skaha")
_CREATE = frozenset(f"{client}.{kind}().create" for client in _CLIENTS for kind in ("Session", "AsyncSession"))
_MODELS = frozenset(("canfar.models.session.CreateRequest", "skaha.models.CreateSpec", "canfar.models.CreateRequest"))
_TELLING = frozenset(("cores", "ram", "cmd", "replicas", "gpu"))


class SessionRequest:
    """One request. `fields` are the expressions given; `complete` says that nothing else can have been given."""

    __slots__ = ("call", "complete", "fields")

    def __init__(self, call: ast.Call, fields: dict[str, ast.expr], complete: bool) -> None:
        self.call = call
        self.fields = fields
        self.complete = complete


def requests(module: PythonModule) -> list[SessionRequest]:
    """The session requests of a module, in source order."""
    kept = module.memo("session requests")
    if "all" not in kept:
        kept["all"] = [_request(module, call) for call in _calls(module)]
    found = kept["all"]
    assert isinstance(found, list)
    return found


def environment(module: PythonModule, request: SessionRequest) -> list[tuple[str, ast.expr]]:
    """The variables of `env=` with literal names, and their values."""
    given = request.fields.get("env")
    return [] if given is None else list(_items(module, given))


def _calls(module: PythonModule) -> Iterator[ast.Call]:
    found = [*module.calls(_CREATE), *module.calls(_MODELS)]
    for call in module.methods(["create"]):
        words = {keyword.arg for keyword in call.keywords}
        # a client handed in as a parameter: only its method and the words of the request tell
        if call not in found and "image" in words and words & _TELLING and not module.qualified(call.func):
            found.append(call)
    found.sort(key=lambda call: (call.lineno, call.col_offset))
    return iter(found)


def _request(module: PythonModule, call: ast.Call) -> SessionRequest:
    fields: dict[str, ast.expr] = {}
    complete = True
    for name, argument in zip(PARAMETERS, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            complete = False
            break
        fields[name] = argument
    for keyword in call.keywords:
        if keyword.arg is not None:
            fields["gpu" if keyword.arg == "gpus" else keyword.arg] = keyword.value
            continue
        items = list(_items(module, keyword.value))
        complete = complete and bool(items)
        fields.update(items)
    return SessionRequest(call, fields, complete)


def _items(module: PythonModule, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The entries of a dict display, a `dict(…)` call or a name bound to one, as far as their keys are literal."""
    node = module.resolve(node)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = module.constant(key) if key is not None else ...
            if isinstance(name, str):
                yield name, value
    elif isinstance(node, ast.Call) and module.qualified(node.func) == "builtins.dict":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, keyword.value
