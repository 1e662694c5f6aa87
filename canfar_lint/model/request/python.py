"""Session requests in Python: `Session.create`, `CreateRequest`, and what is posted to the server."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import CREATE, MODEL, REST, UNKNOWN, Given, Request

PARAMETERS = ("name", "image", "cores", "ram", "kind", "gpu", "cmd", "args", "env", "replicas")
_MODEL_PARAMETERS = frozenset(("name", "image", "cores", "ram", "kind", "gpus", "cmd", "args", "env", "replicas"))
_CLIENTS = ("canfar.sessions", "canfar.session", "canfar", "skaha.session", "skaha.sessions", "skaha")
SYNCHRONOUS = frozenset(f"{client}.Session().create" for client in _CLIENTS)
ASYNCHRONOUS = frozenset(f"{client}.AsyncSession().create" for client in _CLIENTS)
MODELS = frozenset(
    (
        *("canfar.models.session.CreateRequest", "canfar.models.CreateRequest", "canfar.sessions.CreateRequest"),
        *("canfar.utils.build.CreateRequest", "canfar.models.session.CreateSpec", "skaha.models.CreateSpec"),
        *("skaha.models.session.CreateRequest", "skaha.models.session.CreateSpec"),
    )
)
_TELLING = frozenset(("cores", "ram", "cmd", "replicas", "gpu", "kind"))
_MOST_MERGED = 8


def requests(module: PythonModule) -> list[Request]:
    """The session requests of a module, in source order."""
    kept = module.memo("session requests")
    if "all" not in kept:
        kept["all"] = list(_all(module))
    found = kept["all"]
    assert isinstance(found, list)
    return found


def _all(module: PythonModule) -> Iterator[Request]:
    from canfar_lint.model.request.rest import posts

    made = [(call, _of_call(module, call, surface, client)) for call, surface, client in _calls(module)]
    made += posts(module)
    for _, request in sorted(made, key=lambda item: (item[0].lineno, item[0].col_offset)):
        yield request


def _calls(module: PythonModule) -> Iterator[tuple[ast.Call, str, str]]:
    """The calls that make a request, each with its surface and the dotted name of what is called."""
    found: set[ast.Call] = set()
    for names, surface in ((SYNCHRONOUS | ASYNCHRONOUS, CREATE), (MODELS, MODEL)):
        for call in module.calls(names):
            found.add(call)
            yield call, surface, next(name for name in module.qualified_all(call.func) if name in names)
    for call in module.methods(["create"]):
        if call in found:
            continue
        client = _declared(module, call)
        if client:
            yield call, CREATE, client
        elif not module.qualified(call.func):
            # a client of unknown origin: only its method and the words of the request tell
            words = {keyword.arg for keyword in call.keywords}
            words |= {name for k in call.keywords if k.arg is None for name in entries(module, k.value)[0]}
            told = len(words & _TELLING)
            if "image" in words and (told > 1 or (told and _speaks_of_platform(module))):
                yield call, CREATE, ""


def _declared(module: PythonModule, call: ast.Call) -> str:
    """The dotted name of `create` of what is annotated as a session, or what a function of this file returns."""
    assert isinstance(call.func, ast.Attribute)
    owner = call.func.value
    if isinstance(owner, ast.Await):
        owner = owner.value
    made: list[ast.expr] = []
    if isinstance(owner, ast.Name):
        for binding in module.bindings(owner):
            if binding.kind == "param" and isinstance(binding.node, ast.arg) and binding.node.annotation is not None:
                made.append(binding.node.annotation)
            elif binding.value is not None and isinstance(binding.value, ast.Call):
                made += _returned(module, binding.value)
    elif isinstance(owner, ast.Call):
        made = _returned(module, owner)
    for node in made:
        for name in module.qualified_all(node):
            dotted = f"{name if name.endswith('()') else f'{name}()'}.create"
            if dotted in SYNCHRONOUS | ASYNCHRONOUS:
                return dotted
    return ""


def _returned(module: PythonModule, call: ast.Call) -> list[ast.expr]:
    """What a function of this file is declared to return, and what it returns."""
    function = module.function_named(call.func)
    if function is None:
        return []
    found = [function.returns] if function.returns is not None else []
    found += [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    return found


def _speaks_of_platform(module: PythonModule) -> bool:
    return "canfar" in module.text or "skaha" in module.text


def _of_call(module: PythonModule, call: ast.Call, surface: str, client: str) -> Request:
    request = Request(surface, module.name_span(call))
    request.call, request.module, request.client = call, module, client
    request.asynchronous = client in ASYNCHRONOUS
    given: dict[str, ast.expr | None] = {}
    arguments = [one for argument in call.args for one in _unpacked(module, argument)]
    for name, argument in zip(PARAMETERS, arguments, strict=False):
        if isinstance(argument, ast.Starred):
            request.complete = False
            break
        given[name] = argument
    for keyword in call.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
            continue
        items, whole = entries(module, keyword.value)
        request.complete = request.complete and whole
        given.update(items)
    for name, node in given.items():
        put(request, name, module, node)
    if surface == CREATE:
        request.of_model = _model(module, given, request)
    return request


def _unpacked(module: PythonModule, argument: ast.expr) -> list[ast.expr]:
    """The arguments that `*[a, b]` stands for; itself where that is not known."""
    listed = module.resolve(argument.value) if isinstance(argument, ast.Starred) else None
    if isinstance(listed, (ast.List, ast.Tuple)) and not any(isinstance(one, ast.Starred) for one in listed.elts):
        return listed.elts
    return [argument]


def _model(module: PythonModule, given: dict[str, ast.expr | None], request: Request) -> ast.expr | None:
    """The `CreateRequest` in place of the name; also when nothing but a missing image says that it is one."""
    first = given.get("name")
    if first is None:
        return None
    resolved = module.resolve(first)
    if isinstance(resolved, ast.Call) and MODELS & set(module.qualified_all(resolved.func)):
        return resolved
    unknown = request.fields["name"].value is UNKNOWN and not request.fields["name"].text.replace("{}", "")
    return resolved if unknown and "image" not in given and request.complete else None


def put(request: Request, name: str, module: PythonModule, node: ast.expr | None) -> None:
    """Note an argument under the name its surface gives it; without a node its value is not known."""
    if request.surface == MODEL:
        known = name in _MODEL_PARAMETERS
    elif request.surface == REST:
        from canfar_lint.model.request.rest import FIELDS

        known, name = name in FIELDS, FIELDS.get(name, name)
    else:
        known = name in PARAMETERS or name == "errors"
    field = "gpu" if name == "gpus" and known else name
    value = given(module, node) if node is not None else Given(UNKNOWN, "{}", *request.span)
    (request.fields if known else request.unknown)[field] = value
    if name == "env" and known and request.surface != REST:
        if node is not None:
            items, request.whole_env = entries(module, node)
            request.env = [(key, given(module, one)) for key, one in items.items() if one is not None]
        else:
            request.whole_env = False
        request.whole_env = request.whole_env or value.nothing


def given(module: PythonModule, node: ast.expr) -> Given:
    """What an argument is worth, placed on the literal it comes from."""
    value = module.value(node)
    literal = value.literals[0] if len(value.literals) == 1 and value.text is not None else value.node
    place = literal if isinstance(literal, ast.Constant) else node
    sure = "".join("{}" if piece.text is None or piece.default else piece.text for piece in value.pieces)
    return Given(module.constant(node), value.skeleton, *module.span(place), node, sure)


def entries(module: PythonModule, node: ast.expr, depth: int = 0) -> tuple[dict[str, ast.expr | None], bool]:
    """The entries of a mapping, as far as their keys are literal, and whether these are all.

    Read are a dict display, a `dict(…)` call, `a | b`, a list of pairs, a name bound to one, and what is assigned to
    its keys afterwards. An entry that may be one of several values is None.
    """
    resolved = module.resolve(node)
    found: dict[str, ast.expr | None] = {}
    whole = True
    if depth > _MOST_MERGED:
        return found, False
    if isinstance(resolved, ast.Dict):
        for key, value in zip(resolved.keys, resolved.values, strict=True):
            whole = _entry(module, found, key, value, depth) and whole
    elif isinstance(resolved, ast.Call) and module.qualified(resolved.func) == "builtins.dict":
        whole = len(resolved.args) < 2
        for merged in resolved.args[:1]:
            whole = _merge(module, found, merged, depth) and whole
        for keyword in resolved.keywords:
            if keyword.arg is None:
                whole = _merge(module, found, keyword.value, depth) and whole
            else:
                found[keyword.arg] = keyword.value
    elif isinstance(resolved, ast.BinOp) and isinstance(resolved.op, ast.BitOr):
        for side in (resolved.left, resolved.right):
            whole = _merge(module, found, side, depth) and whole
    elif isinstance(resolved, (ast.List, ast.Tuple)):
        for pair in resolved.elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                whole = _entry(module, found, pair.elts[0], pair.elts[1], depth) and whole
            else:
                whole = False
    else:
        return found, False
    return found, _assigned(module, node, found) and whole


def _entry(
    module: PythonModule, found: dict[str, ast.expr | None], key: ast.expr | None, value: ast.expr, depth: int
) -> bool:
    if key is None:
        return _merge(module, found, value, depth)
    name = module.constant(key)
    if not isinstance(name, str):
        return False
    found[name] = value
    return True


def _merge(module: PythonModule, found: dict[str, ast.expr | None], node: ast.expr, depth: int) -> bool:
    items, whole = entries(module, node, depth + 1)
    found.update(items)
    return whole


def _assigned(module: PythonModule, node: ast.expr, found: dict[str, ast.expr | None]) -> bool:
    """Add what `name["key"] = value` puts into a mapping; False when other entries may come that way."""
    if not isinstance(node, ast.Name):
        return True
    whole = True
    scope = module.scope_of(node)
    for target in module.subscript_stores:
        if not isinstance(target.value, ast.Name) or target.value.id != node.id:
            continue
        if module.scope_of(target) is not scope and scope.kind != "module":
            continue
        key = module.constant(target.slice)
        parent = module.parent(target)
        if not isinstance(key, str):
            whole = False
            continue
        surely = isinstance(parent, ast.Assign) and not module.guards(target) and key not in found
        found[key] = parent.value if surely and isinstance(parent, ast.Assign) else None
    changed = any(
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == node.id
        for call in module.methods(("update", "append", "extend", "setdefault", "pop"))
    )
    return whole and not changed
