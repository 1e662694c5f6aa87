"""Where a piece of text goes: into an I/O call, a path, an option's default, a message.

Followed forwards from the constant: through concatenation, joins, containers, names, attributes, parameters and
results of functions of the same file. What is not known stays `DATA`: passed to something, nobody knows what for.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding
from canfar_lint.model.values import ARGUMENT, CONFIG, ENVIRONMENT, OVERRIDABLE, PARAMETER

IO, PATH, DATA, EXPORT, DEFAULT, NOISE = "io", "path", "data", "export", "default", "noise"
_DEPTH = 30
_MOST_USES = 200
_HOSTS = frozenset(("host", "hostname", "server", "remote_host", "ssh_host"))
# methods of a text that leave the path it is
_SAME_METHODS = frozenset(("strip", "lstrip", "rstrip", "removesuffix"))
_VERBS = frozenset(("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"))
_HERE = ("", "localhost", "127.0.0.1", None)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_USER = frozenset((ARGUMENT, ENVIRONMENT, CONFIG))


class Names:
    """Dotted names of a table, some ending in `*`."""

    __slots__ = ("exact", "prefixes")

    def __init__(self, names: list[str]) -> None:
        self.exact = frozenset(name for name in names if not name.endswith("*"))
        self.prefixes = tuple(name[:-1] for name in names if name.endswith("*"))

    def hold(self, names: tuple[str, ...]) -> bool:
        return any(name in self.exact or name.startswith(self.prefixes) for name in names)


def _is_route(call: ast.Call, method: str) -> bool:
    """Whether the second argument of a call leads into an HDF5 file, or is what a server is asked for."""
    first = call.args[0]
    asks = isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.upper() in _VERBS
    return method in ("read_hdf", "to_hdf") or (method in ("request", "putrequest") and asks)


class Destinations:
    """Answers `of` for the constants of one module; every expression is followed once.

    The tables are CAN104's: `io io_methods tasks path_makers same_text quiet quiet_methods quiet_keywords options
    requests`.
    """

    def __init__(self, module: PythonModule, tables: dict[str, Any]) -> None:
        self.module = module
        self.io = Names(tables["io"])
        self.makers = Names(tables["path_makers"])
        self.same = Names(tables["same_text"])
        self.quiet = Names(tables["quiet"])
        self.options = Names(tables["options"])
        self.requests = Names(tables["requests"])
        self.io_methods = frozenset(tables["io_methods"])
        self.tasks = frozenset(tables["tasks"])
        self.quiet_methods = frozenset(tables["quiet_methods"])
        self.quiet_keywords = frozenset(tables["quiet_keywords"])
        self.default_class = re.compile(tables["default_class"])
        self._known: dict[tuple[ast.AST, object], frozenset[str]] = {}

    def of(self, node: ast.AST, key: object = None, depth: int = 0) -> frozenset[str]:
        """What becomes of an expression's value; `key` is where in a dict the value is, when it is in one."""
        known = self._known.get((node, key))
        if known is not None:
            return known
        if depth > _DEPTH:
            return frozenset()
        self._known[node, key] = frozenset()
        parent = self.module.parents.get(node)
        step = _STEPS.get(parent.__class__) if parent is not None else None
        answer = step(self, node, parent, key, depth + 1) if step else frozenset((DATA,))
        self._known[node, key] = answer
        return answer

    # -- expressions ----------------------------------------------------------------------------------------

    def _through(self, node: ast.AST, parent: Any, key: object, depth: int) -> frozenset[str]:
        return self.of(parent, key, depth)

    def _nowhere(self, node: ast.AST, parent: Any, key: object, depth: int) -> frozenset[str]:
        return frozenset((NOISE,))

    def _default(self, node: ast.AST, parent: Any, key: object, depth: int) -> frozenset[str]:
        return frozenset((DEFAULT,))

    def _binary(self, node: ast.AST, parent: ast.BinOp, key: object, depth: int) -> frozenset[str]:
        if node is parent.left or isinstance(parent.op, ast.Div):
            return self.of(parent, key, depth)
        if isinstance(parent.op, ast.Mod):
            head = self.module.value(parent.left).prefix
            return self.of(parent, None, depth) if head.startswith(("%s", "%r")) else frozenset((NOISE,))
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.of(parent, key, depth)
        return frozenset((NOISE,))

    def _joined(self, node: ast.AST, parent: ast.JoinedStr, key: object, depth: int) -> frozenset[str]:
        return self.of(parent, None, depth) if parent.values[0] is node else frozenset((NOISE,))

    def _dict(self, node: ast.AST, parent: ast.Dict, key: object, depth: int) -> frozenset[str]:
        for at, value in zip(parent.keys, parent.values, strict=True):
            if value is node:
                constant = self.module.constant(at) if at is not None else ...
                return self.of(parent, constant if isinstance(constant, (str, int)) else None, depth)
        return frozenset((NOISE,))

    def _subscript(self, node: ast.AST, parent: ast.Subscript, key: object, depth: int) -> frozenset[str]:
        if node is not parent.value:
            return frozenset((NOISE,))
        wanted = self.module.constant(parent.slice)
        if key is not None and wanted is not ... and wanted != key:
            return frozenset()
        return self.of(parent, None, depth)

    def _attribute(self, node: ast.AST, parent: ast.Attribute, key: object, depth: int) -> frozenset[str]:
        """A method of the text or path: `"…".format(…)`, `path.glob(…)`."""
        call = self.module.parents.get(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            if parent.attr in self.quiet_methods and parent.attr not in _SAME_METHODS:
                return frozenset((NOISE,))
            if parent.attr in self.io_methods or parent.attr in ("mkdir", "exists", "is_file", "iterdir", "glob"):
                return frozenset((IO,))
            if parent.attr in ("get", "pop", "setdefault") and key is not None and call.args:
                return self.of(call, None, depth) if self.module.constant(call.args[0]) == key else frozenset()
            return self.of(call, None, depth)
        return self.of(parent, None, depth)

    def _conditional(self, node: ast.AST, parent: ast.IfExp, key: object, depth: int) -> frozenset[str]:
        if node is parent.test:
            return frozenset((NOISE,))
        if self.module.value(parent).kind == OVERRIDABLE:
            return frozenset((DEFAULT,))
        return self.of(parent, key, depth)

    def _boolean(self, node: ast.AST, parent: ast.BoolOp, key: object, depth: int) -> frozenset[str]:
        last = node is parent.values[-1]
        if last and isinstance(parent.op, ast.Or):
            return frozenset((DEFAULT,))
        return self.of(parent, key, depth) if last else frozenset((NOISE,))

    # -- calls ----------------------------------------------------------------------------------------------

    def _argument(self, node: ast.AST, call: ast.Call, key: object, depth: int) -> frozenset[str]:
        return self._given(node, call, "", key, depth)

    def _keyword(self, node: ast.AST, keyword: ast.keyword, key: object, depth: int) -> frozenset[str]:
        owner = self.module.parents.get(keyword)
        if isinstance(owner, ast.Call):
            return self._given(node, owner, keyword.arg or "", key, depth)
        return frozenset((NOISE,))

    def _given(self, node: ast.AST, call: ast.Call, keyword: str, key: object, depth: int) -> frozenset[str]:
        names = self.module.qualified_all(call.func)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        position = call.args.index(node) if node in call.args else -1
        inside = keyword == "path" and any(name.startswith("astropy.") for name in names)  # of an HDF5 file
        inside = inside or (position == 1 and _is_route(call, method))
        if inside or keyword in self.quiet_keywords or self._is_quiet(call, names, method):
            return frozenset((NOISE,))
        if not keyword.startswith(("local", "out", "dest")) and self._is_elsewhere(call):
            return frozenset((NOISE,))
        if keyword in ("default", "default_value", "fallback", "missing") or self.options.hold(names):
            return frozenset((DEFAULT,))
        if method in ("get", "setdefault", "pop", "getenv") or names == ("builtins.getattr",):
            return frozenset((DEFAULT if position > 0 else NOISE,))
        if self.requests.hold(names):
            return frozenset((keyword if keyword in ("cmd", "args") else NOISE,))
        if self.same.hold(names) or method == "format":
            return self.of(call, keyword or None if names == ("builtins.dict",) else None, depth)
        if self.io.hold(names) or self._is_task(call):
            return frozenset((IO,))
        if self.makers.hold(names) or method == "joinpath":
            found = self.of(call, None, depth)
            return found if found and found <= {NOISE, DEFAULT} else found | {PATH}
        if method in self.io_methods and (not names or not names[0].startswith(".")):
            return frozenset((IO,)) if self._file_like(node) else frozenset((DATA,))
        return self._into_function(node, call, keyword, position, key, depth)

    def _is_quiet(self, call: ast.Call, names: tuple[str, ...], method: str) -> bool:
        if self.quiet.hold(names) or method in self.quiet_methods:
            return True
        if any(name.rpartition(".")[2].endswith(("Error", "Exception", "Warning")) for name in names):
            return True
        parent = self.module.parents.get(call)
        return isinstance(parent, (*_FUNCTIONS, ast.ClassDef)) and call in parent.decorator_list

    def _is_elsewhere(self, call: ast.Call) -> bool:
        """Whether a call names the computer that it asks, so that its paths are that one's."""
        for keyword in call.keywords:
            if keyword.arg in _HOSTS and self.module.constant(keyword.value) not in _HERE:
                return True
        return False

    def _is_task(self, call: ast.Call) -> bool:
        """A CASA task by its bare name, as scripts run inside CASA call it."""
        func = call.func
        return isinstance(func, ast.Name) and func.id in self.tasks and not self.module.bindings(func)

    def _file_like(self, node: ast.AST) -> bool:
        """Whether text has the shape of a file's name, so that `x.read(text)` cannot mean a key or route."""
        value = self.module.value(node) if isinstance(node, ast.expr) else None
        return value is not None and re.search(r"\.\w{1,8}(\.\w{1,4})?$|\*", value.suffix) is not None

    def _into_function(
        self, node: ast.AST, call: ast.Call, keyword: str, position: int, key: object, depth: int
    ) -> frozenset[str]:
        function = self.module.function_named(call.func)
        if function is None:
            return frozenset((DATA,))
        arguments = function.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if isinstance(self.module.parents.get(function), ast.ClassDef) and names[:1] in (["self"], ["cls"]):
            names = names[1:]
        name = keyword or (names[position] if 0 <= position < len(names) else "")
        scope = self.module.scopes.get(function)
        parameters = [b for b in (scope.bindings.get(name, []) if scope else []) if b.kind == "param"]
        if not parameters:
            return frozenset((DATA,))
        return self._uses(parameters[0], key, depth) or frozenset((DATA,))

    # -- statements -----------------------------------------------------------------------------------------

    def _assigned(self, node: ast.AST, statement: Any, key: object, depth: int) -> frozenset[str]:
        if node is not statement.value:
            return frozenset((NOISE,))
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if isinstance(statement, ast.AnnAssign) and self._is_default_class(statement):
            return frozenset((DEFAULT,))
        found: frozenset[str] = frozenset()
        for target in targets:
            found |= self._target(target, statement, key, depth)
        return found

    def _is_default_class(self, statement: ast.AST) -> bool:
        owner = self.module.parents.get(statement)
        if not isinstance(owner, ast.ClassDef):
            return False
        marks = [d.func if isinstance(d, ast.Call) else d for d in owner.decorator_list]
        return any(self.default_class.search(self.module.code(mark)) for mark in (*marks, *owner.bases))

    def _target(self, target: ast.AST, statement: ast.AST, key: object, depth: int) -> frozenset[str]:
        module = self.module
        if isinstance(target, ast.Name):
            found = module.scope_of(target).find(target.id)
            bindings = found[1] if found else []
            own = [b for b in bindings if b.node is statement]
            others = [b for b in bindings if b not in own and not self._is_same_changed(b)]
            if any(self._user_given(other) for other in others):
                return frozenset((DEFAULT,))
            uses: frozenset[str] = frozenset()
            start, _ = module.span(statement)
            longer = [b for b in bindings if own and b.kind == "aug" and module.span(b.node)[0] > start]
            for binding in (*own[:2], *longer[:2]):
                uses |= self._uses(binding, key, depth)
            return uses
        if isinstance(target, ast.Attribute):
            others = [b for b in module.attribute_bindings(target) if b.node is not statement]
            if any(self._user_given(other, parameters=True) for other in others):
                return frozenset((DEFAULT,))
            if module.value(target.value).sources & _USER and self._asks_for(statement, target):
                return frozenset((DEFAULT,))
            return self._attribute_uses(target.attr, key, depth) | {EXPORT}
        if isinstance(target, ast.Subscript):
            key_text = module.constant(target.slice)
            if module.qualified(target.value) != "os.environ":
                return frozenset((DATA,))
            if any(str(key_text) in module.code(test) for test, _ in module.guards(statement)):
                return frozenset((DEFAULT,))  # set only where nobody has
            return frozenset((NOISE if key_text in ("PYTHONPATH", "PATH") else DATA,))
        return frozenset((DATA,))

    def _user_given(self, binding: Binding, parameters: bool = False) -> bool:
        if binding.kind == "param":
            return binding.value is not None or parameters
        if binding.value is None or binding.kind not in ("assign", "unpack", "with", "for"):
            return False
        value = self.module.value(binding.value)
        wanted = _USER | {PARAMETER} if parameters else _USER
        if value.prefix.startswith(("/", "~")) and value.kind != OVERRIDABLE:
            return False  # only what stands behind a literal is given
        return value.kind == OVERRIDABLE or bool(value.sources & wanted)

    @staticmethod
    def _is_same_changed(binding: Binding) -> bool:
        """Whether a name is only bound to what is made of itself: `folder = folder[:-1] + "-r/"`."""
        made = binding.value
        while isinstance(made, (ast.BinOp, ast.Subscript, ast.Call, ast.Attribute)):
            if isinstance(made, ast.BinOp):
                made = made.left
            elif isinstance(made, ast.Call):
                made = made.func if isinstance(made.func, ast.Attribute) else None
            else:
                made = made.value
        return binding.kind == "assign" and isinstance(made, ast.Name) and made.id == binding.name

    def _asks_for(self, statement: ast.AST, target: ast.Attribute) -> bool:
        """Whether a statement stands under a condition on the very option it sets."""
        words = {f".{target.attr}", f'"{target.attr}"', f"'{target.attr}'"}
        return any(any(word in self.module.code(test) for word in words) for test, _ in self.module.guards(statement))

    def _uses(self, binding: Binding, key: object, depth: int) -> frozenset[str]:
        found: set[str] = set()
        any_use = False
        for name in self.module.loads(binding.name)[:_MOST_USES]:
            if binding in self.module.bindings(name):
                any_use = True
                found |= self.of(name, key, depth)
        if binding.scope.kind == "class":
            found |= self._attribute_uses(binding.name, key, depth)
        if (not any_use and binding.scope.kind == "module") or binding.scope.kind == "class":
            found.add(EXPORT)
        return frozenset(found)

    def _attribute_uses(self, name: str, key: object, depth: int) -> frozenset[str]:
        found: set[str] = set()
        for use in self.module.attribute_loads(name)[:_MOST_USES]:
            found |= self.of(use, key, depth)
        return frozenset(found)

    def _returned(self, node: ast.AST, statement: ast.AST, key: object, depth: int) -> frozenset[str]:
        function = self.module.function_of(statement)
        calls = self.module.callers().get(function, []) if function is not None else []
        found: set[str] = set()
        for call in calls[:_MOST_USES]:
            if self.module.function_named(call.func) is function:
                found |= self.of(call, key, depth)
        return frozenset(found) or frozenset((EXPORT,))

    def _looped(self, node: ast.AST, loop: Any, key: object, depth: int) -> frozenset[str]:
        """A container that a loop runs over: what becomes of the loop's variable."""
        if node is not loop.iter or not isinstance(loop.target, ast.Name):
            return frozenset((DATA,))
        target = loop.target
        scope = self.module.scopes.get(self.module.parents[loop]) if isinstance(loop, ast.comprehension) else None
        scope = scope or self.module.scope_of(loop)
        found = scope.find(target.id)
        own = [b for b in (found[1] if found else []) if b.node is target]
        return self._uses(own[0], None, depth) if own else frozenset((DATA,))

    def _augmented(self, node: ast.AST, statement: ast.AugAssign, key: object, depth: int) -> frozenset[str]:
        if self.module.qualified(statement.target) == "sys.path" or not isinstance(node, (ast.List, ast.Tuple)):
            return frozenset((NOISE,))
        return frozenset((DATA,))


_STEPS: dict[type[ast.AST], Any] = {
    ast.BinOp: Destinations._binary,
    ast.JoinedStr: Destinations._joined,
    ast.FormattedValue: Destinations._through,
    ast.Call: Destinations._argument,
    ast.keyword: Destinations._keyword,
    ast.Starred: Destinations._through,
    ast.Await: Destinations._through,
    ast.NamedExpr: Destinations._assigned,
    ast.IfExp: Destinations._conditional,
    ast.BoolOp: Destinations._boolean,
    ast.List: Destinations._through,
    ast.Tuple: Destinations._through,
    ast.Set: Destinations._through,
    ast.Dict: Destinations._dict,
    ast.Subscript: Destinations._subscript,
    ast.Slice: Destinations._nowhere,
    ast.Attribute: Destinations._attribute,
    ast.Compare: Destinations._nowhere,
    ast.UnaryOp: Destinations._nowhere,
    ast.Assign: Destinations._assigned,
    ast.AnnAssign: Destinations._assigned,
    ast.AugAssign: Destinations._augmented,
    ast.Return: Destinations._returned,
    ast.Yield: Destinations._returned,
    ast.arguments: Destinations._default,
    ast.Expr: Destinations._nowhere,
    ast.Assert: Destinations._nowhere,
    ast.Raise: Destinations._nowhere,
    ast.If: Destinations._nowhere,
    ast.While: Destinations._nowhere,
    ast.MatchValue: Destinations._nowhere,
    ast.For: Destinations._looped,
    ast.AsyncFor: Destinations._looped,
    ast.comprehension: Destinations._looped,
    ast.ListComp: Destinations._through,
    ast.SetComp: Destinations._through,
    ast.GeneratorExp: Destinations._through,
    ast.Lambda: Destinations._through,
    ast.withitem: Destinations._through,
}
