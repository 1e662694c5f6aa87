"""Which binding a Python name means at one place: scopes, bindings, and which of them can reach a use."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Binding:
    """One place where a name gets a meaning.

    `kind` is assign, unpack, aug, for, with, param, import, def, class, except, del, or global; `value` is the
    expression the name is bound to (assign, with), taken from (unpack, for), or its default (param).
    """

    __slots__ = ("kind", "name", "node", "qualified", "scope", "value")

    def __init__(
        self, name: str, kind: str, node: ast.AST, scope: Scope, value: ast.expr | None = None, qualified: str = ""
    ) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.scope = scope
        self.value = value
        self.qualified = qualified

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} at line {getattr(self.node, 'lineno', '?')}>"


class Scope:
    """The names of a module, class, function, lambda or comprehension."""

    __slots__ = ("attributes", "bindings", "declared", "kind", "node", "parent")

    def __init__(self, node: ast.AST, parent: Scope | None, kind: str) -> None:
        self.node = node
        self.parent = parent
        self.kind = kind
        self.bindings: dict[str, list[Binding]] = {}
        self.attributes: dict[str, list[Binding]] = {}
        """For a class: what its methods assign to `self.x`."""
        self.declared: dict[str, str] = {}
        """Names declared `global` or `nonlocal` here."""

    def bind(self, binding: Binding) -> None:
        self.bindings.setdefault(binding.name, []).append(binding)

    def owner(self, name: str) -> Scope:
        """The scope an assignment to `name` in this one really binds it in."""
        declared = self.declared.get(name)
        if declared is None:
            return self
        scope: Scope = self
        while scope.parent is not None:
            scope = scope.parent
            if declared == "nonlocal" and scope.kind == "function" and name in scope.bindings:
                return scope
        return scope

    def find(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """The nearest scope that binds `name`, skipping classes around it as Python does."""
        scope: Scope | None = self.owner(name)
        first = True
        while scope is not None:
            if (first or scope.kind != "class") and name in scope.bindings:
                return scope, scope.bindings[name]
            scope, first = scope.parent, False
        return None

    def enclosing(self, kind: str) -> Scope | None:
        """This scope or the nearest one around it of that kind."""
        scope: Scope | None = self
        while scope is not None and scope.kind != kind:
            scope = scope.parent
        return scope


def position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


# compound statements whose branches may be skipped or repeated, and the fields that hold them
BRANCHING = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.IfExp: ("body", "orelse"),
    ast.match_case: ("body",),
}
if hasattr(ast, "TryStar"):
    BRANCHING[ast.TryStar] = BRANCHING[ast.Try]
LOOPS = (ast.For, ast.AsyncFor, ast.While)
_MOST = 8


def branches(
    node: ast.AST, parents: dict[ast.AST, ast.AST], fields: dict[ast.AST, str]
) -> Iterator[tuple[ast.AST, str]]:
    """The compound statements around a node inside its own scope, innermost first, and the branch it is in."""
    child = node
    parent = parents.get(child)
    while parent is not None:
        field = fields.get(child)
        if field is not None:
            yield parent, field
        elif isinstance(parent, (*FUNCTIONS, ast.ClassDef)):
            return
        child, parent = parent, parents.get(parent)


def _from_where(binding: Binding) -> tuple[int, int]:
    """From which place on a binding holds: not yet in the statement that makes it (`x = x + 1`)."""
    node = binding.node
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return node.end_lineno or node.lineno, node.end_col_offset or 0
    return position(node)


def reaching(
    bindings: list[Binding], use: ast.AST, parents: dict[ast.AST, ast.AST], fields: dict[ast.AST, str]
) -> list[Binding]:
    """The bindings of the use's own scope that can be what the name means at `use`, latest first, eight at most.

    Straight-line reasoning: an earlier binding is hidden by a later one on the same path; the other branch of an
    `if` does not reach; a binding further down in a loop around the use does, unless every turn binds the name anew.
    """
    chain = dict(branches(use, parents, fields))
    at = position(use)
    split = bisect_left(bindings, at, key=_from_where)
    found: list[Binding] = []
    behind: list[Binding] = []
    loops = [n for n, field in chain.items() if field == "body" and isinstance(n, LOOPS)]
    if loops:
        end = max(getattr(n, "end_lineno", 0) for n in loops)
        for binding in bindings[split : split + _MOST]:
            if position(binding.node)[0] > end:
                break
            if binding.kind != "for":
                behind.append(binding)
    for binding in reversed(bindings[max(0, split - 64) : split]):
        around = list(branches(binding.node, parents, fields))
        if any(isinstance(n, ast.If) and chain.get(n, field) != field for n, field in around):
            continue
        found.append(binding)
        if len(behind) + len(found) >= _MOST:
            break
        if all(chain.get(n) == field or (isinstance(n, ast.Try) and field == "body") for n, field in around):
            if all(chain.get(n) == field for n, field in around):
                turns = [n for n in (parents.get(binding.node), *dict(around)) if n in loops]
                behind = [each for each in behind if _turns_with(each, loops, parents) not in turns]
            break
    return [*behind, *found]


def _turns_with(binding: Binding, loops: Sequence[ast.AST], parents: dict[ast.AST, ast.AST]) -> ast.AST | None:
    """The innermost of the loops around a use that a binding further down stands in."""
    at: ast.AST | None = binding.node
    while at is not None and at not in loops:
        at = parents.get(at)
    return at
