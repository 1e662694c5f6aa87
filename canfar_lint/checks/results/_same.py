"""What a script saves that is the same in every run, whatever the run is told: overwriting it changes nothing."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from canfar_lint.checks._outputs import Output, outputs
from canfar_lint.checks.results._mentions import handle_of
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding, Scope

_MOST = 20_000
_OUTSIDE = frozenset(("argv", "environ"))
_UNSTEADY = re.compile(
    r"(?i)(^|[._])(rand\w*|normal|uniform|poisson|choice|shuffle|permutation|sample\w*|rvs|now|today|time|input|"
    r"getenv|getcwd|getpid|uuid\w*|parse_args|get_rank)$"
)
_SHOWN = ("builtins.", "matplotlib.")


def is_same(module: PythonModule, output: Output, place: ast.Call, steady: frozenset[str]) -> bool:
    """Whether what an output writes is made of constants, and of inputs that the script always takes.

    `place` is the call that names it: the output's own, or that of the function around it. `steady` are the packages
    whose functions give the same for the same.
    """
    data: list[ast.expr] = [place] if place is not output.call else _data(module, output)
    variables = (node for part in data for node in ast.walk(part) if isinstance(node, ast.Name))
    kinds = {binding.kind for node in variables for binding in module.bindings(node)}
    if kinds <= {"import", "def", "class"} or getattr(output.call.func, "attr", "") == "savefig":
        return False
    function = module.function_of(place)
    memo = module.memo("steady")
    if function not in memo:
        memo[function] = _Steady(set(), set(), set(), {id(one.call) for one in outputs(module)})
    known = memo[function]
    assert isinstance(known, _Steady)
    return all(_Slice(module, function, steady, known).is_steady(part) for part in data)


def _data(module: PythonModule, output: Output) -> list[ast.expr]:
    """What a call is given to write, or what is written through the file that it opens."""
    call, handle = output.call, handle_of(module, output)
    if not isinstance(call.func, ast.Attribute) or call.func.attr == "open":
        return _put_in(module, handle) if handle is not None else []
    named = {id(node) for node in ast.walk(output.name)}
    given = (*call.args, *(keyword.value for keyword in call.keywords), call.func.value)
    return [part for part in given if id(part) not in named]


def _put_in(module: PythonModule, handle: ast.Name) -> list[ast.expr]:
    """A file that is only written to by calls that stand alone; nothing where another name may write to it."""
    uses = [use for use in module.loads(handle.id) if module.function_of(use) is module.function_of(handle)]
    holders = [module.parent(use) for use in uses]
    calls = [module.parent(holder) if isinstance(holder, ast.Attribute) else holder for holder in holders]
    alone = all(isinstance(call, ast.Call) and isinstance(module.parent(call), ast.Expr) for call in calls)
    return [*uses[:1]] if alone else []


class _Steady(NamedTuple):
    """The nodes of which all is known to be the same in every run, and the variables of which it is known what is put
    into them: outputs of one function share most of what they are made of."""

    nodes: set[ast.AST]
    variables: set[tuple[Scope, str]]
    others: set[tuple[int, ...]]
    """The bindings of variables that differ from run to run."""
    outputs: set[int]
    """The identities of the calls that write."""


class _Slice:
    """All that a value is made of."""

    def __init__(self, module: PythonModule, function: ast.AST | None, steady: frozenset[str], known: _Steady) -> None:
        self.module = module
        self.function = function
        self.steady = steady
        self.known = known
        self.seen: set[ast.AST] = set()
        self.filled: set[tuple[Scope, str]] = set()
        self.queue: list[ast.AST] = []
        # what is put into these is asked last: what they are bound to tells more often
        self.later: list[ast.Name] = []

    def is_steady(self, data: ast.expr) -> bool:
        """Whether nothing of it differs from run to run."""
        steady = self._is_steady(data)
        if steady:
            self.known.nodes.update(self.seen)
            self.known.variables.update(self.filled)
        elif isinstance(data, ast.Name):
            self.known.others.add(self._state(data))
        return steady

    def _is_steady(self, data: ast.expr) -> bool:
        self.queue.append(data)
        while self.queue or self.later:
            if not self.queue:
                self.queue += self._changes(self.later.pop())
                continue
            node = self.queue.pop()
            if node in self.seen or node in self.known.nodes:
                continue
            self.seen.add(node)
            if len(self.seen) > _MOST or not self._adds(node):
                return False
            self.queue += ast.iter_child_nodes(node)
        return True

    def _adds(self, node: ast.AST) -> bool:
        """Take in what a part is made of; False when it comes from outside."""
        if isinstance(node, ast.Attribute):
            return node.attr not in _OUTSIDE
        if isinstance(node, ast.Call):
            own = self.module.function_named(node.func)
            self.queue += own.body if own is not None else ()
            self.seen |= self._asked(node) if own is None else set()
            return own is not None or _UNSTEADY.search(self.module.code(node.func)) is None
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            return True
        bindings = self.module.bindings(node)
        if bindings and self._state(node) in self.known.others:
            return False
        self.later += [node] if bindings else []
        known = hasattr(builtins, node.id) or (self.module.star_imports and self._are_steady(self.module.star_imports))
        return all(map(self._binds, bindings)) if bindings else bool(known)

    def _asked(self, call: ast.Call) -> set[ast.AST]:
        """The name of a module, or of a function of one, that a call gives all it is to work on.

        Called without anything it may look for itself what the run is told: `options.read()`.
        """
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        bindings = self.module.bindings(root) if isinstance(root, ast.Name) else []
        imported = bool(bindings) and all(binding.kind == "import" for binding in bindings)
        return {root} if imported and (call.args or call.keywords) else set()

    def _binds(self, binding: Binding) -> bool:
        if binding.kind == "import":
            return self._are_steady([binding.qualified])
        if binding.kind == "param":
            # those of a function that is called are given where it is
            return binding.scope.node is not self.function
        if binding.kind in ("global", "except", "del"):
            return False
        if binding.kind in ("def", "class"):
            self.queue.append(binding.node)
            return True
        self.queue += [binding.value] if binding.value is not None else ()
        if isinstance(binding.node, ast.AugAssign):
            self.queue.append(binding.node.value)
        self.queue += self._decides(binding.node)
        return True

    def _are_steady(self, names: list[str]) -> bool:
        return self.steady.issuperset(name.partition(".")[0] for name in names)

    def _decides(self, node: ast.AST) -> Iterator[ast.AST]:
        """What says whether a statement is come to, and how often."""
        yield from (test for test, _ in self.module.guards(node))
        yield from (loop.iter for loop in self.module.loops(node) if isinstance(loop, ast.For))

    def _changes(self, name: ast.Name) -> Iterator[ast.AST]:
        """What is put into a variable after it was made: `x[i] = …`, `x.append(…)`, `fill(x, …)`; told once of each."""
        variable = self._variable(name)
        if variable is None or variable in self.filled or variable in self.known.variables:
            return
        self.filled.add(variable)
        for use in self._uses(name):
            whole: ast.expr = use  # with what is taken of it: `x.meta["a"]`
            while isinstance(around := self.module.parent(whole), (ast.Attribute, ast.Subscript, ast.Tuple)):
                if isinstance(around, ast.Subscript) and around.slice is whole:
                    break
                whole = around
            if isinstance(around, (ast.Assign, ast.AugAssign)):
                if around.value is not whole:
                    yield from (around.value, whole, *self._decides(around))
                elif isinstance(around, ast.Assign):
                    yield from self._views(around.targets)
            elif isinstance(around, ast.For) and around.iter is whole:
                yield from self._views([around.target])
            elif isinstance(around, ast.Call) and self._fills(around, whole):
                yield from (*around.args, *(keyword.value for keyword in around.keywords), *self._decides(around))

    def _state(self, name: ast.Name) -> tuple[int, ...]:
        """What a variable is bound to where a name of it stands."""
        return tuple(id(binding.node) for binding in self.module.bindings(name))

    def _variable(self, name: ast.Name) -> tuple[Scope, str] | None:
        found = self.module.scope_of(name).find(name.id)
        return None if found is None else (found[0], name.id)

    def _uses(self, name: ast.Name) -> Iterator[ast.Name]:
        found = self.module.scope_of(name).find(name.id)
        for use in self.module.named(name.id):
            other = self.module.scope_of(use).find(name.id)
            if isinstance(use.ctx, ast.Load) and found is not None and other is not None and other[0] is found[0]:
                yield use

    def _views(self, targets: list[ast.expr]) -> Iterator[ast.Name]:
        """A use of what is a part of a variable by another name, and may be filled in its place."""
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield from islice(self._uses(node), 1)

    def _fills(self, call: ast.Call, part: ast.expr) -> bool:
        """Whether a call may change what it is given, or is a method of it: one whose answer nobody takes."""
        if not isinstance(self.module.parent(call), ast.Expr) or id(call) in self.known.outputs:
            return False
        if call.func is part:
            return True
        name = self.module.qualified(call.func)
        return not name.startswith(_SHOWN) and (bool(name) or isinstance(call.func, ast.Name))
