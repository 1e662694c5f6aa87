"""`with` in place of a call that opens a file: around all that hangs on the handle, where that is sure to let go."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import Any

from canfar_lint.diagnostic import UNSAFE, Edit, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS, FUNCTIONS, Scope

PLAIN, FITS, STORE = "plain", "fits", "store"
_MOST_ROWS = 40
_EAGER = frozenset(("read", "readline", "readlines", "write", "writelines", "flush", "seek", "tell", "truncate"))
_PASSED = frozenset(("namelist", "getnames", "extractall", "writestr", "info", "writeto", "verify", "tolist", "keys"))
_FACTS = frozenset(("shape", "dtype", "size", "ndim", "name", "filename", "header"))
_BUILDERS = frozenset(("sum", "min", "max", "any", "all", "list", "tuple", "sorted", "set", "dict"))
_ONCE = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.GeneratorExp)


def in_with(module: PythonModule, call: ast.Call, tables: dict[str, Any]) -> Fix | None:
    """The fix for one opening call; None when its handle may live longer than a block."""
    parent = module.parent(call)
    statement = module.parent_statement(call)
    block = module.block_of(statement)
    hold = _Hold(module, call, tables)
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    bound = target.id if isinstance(target, ast.Name) else ""
    if not block or "\n" in module.code(call) or (not bound and not _runs_at_once(module, call, statement)):
        return None
    names = {bound} if bound else hold.by(call)
    at = module.place_of(statement)[1]
    last = _last(module, hold, names, block, at) if names is not None else None
    if last is None or (bound and last == at):
        return None
    if (block[last].end_lineno or 0) - statement.lineno > _MOST_ROWS:
        return None
    name = bound or _free_name(module, hold.kind)
    return _fix(module, call, statement, block[at : last + 1], name, bound=bool(bound))


def _fix(
    module: PythonModule, call: ast.Call, statement: ast.stmt, body: list[ast.stmt], name: str, *, bound: bool
) -> Fix | None:
    from canfar_lint.fixing.python import below

    start, end = module.span(statement)
    header = f"with {module.code(call)} as {name}:"
    if bound:
        # the rows that follow, below what was the assignment, without the blank ones between
        row_end = module.text.find("\n", end)
        if module.text[end:row_end].strip()[:1] not in ("", "#") or body[1].lineno <= (statement.end_lineno or 0):
            return None
        row = module.source.starts[body[1].lineno - 1]
        blank = module.text[row_end + 1 : row].strip() == "" and row > row_end + 1
        gap = (Edit(row_end + 1, row, ""),) if blank else ()
        edits = below(module, "", body, (Edit(start, end, header), *gap), first=False)
    else:
        edits = below(module, header, body, (Edit(*module.span(call), name),))
    return Fix(f"Use `with … as {name}`", (_as_one(module.text, edits),), UNSAFE) if edits else None


def _as_one(text: str, edits: tuple[Edit, ...]) -> Edit:
    """All that is edited as one edit, so that whoever applies fixes sees what else stands between their rows."""
    from canfar_lint.fixing.apply import substituted

    start, end = min(edit.start for edit in edits), max(edit.end for edit in edits)
    shifted = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in sorted(edits)]
    return Edit(start, end, substituted(text[start:end], shifted))


def _runs_at_once(module: PythonModule, call: ast.Call, statement: ast.stmt) -> bool:
    """Whether a statement is sure to make the call, once and before anything is to be closed."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.For)):
        return False
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if ancestor is statement:
            return not isinstance(statement, ast.For) or child is statement.iter
        if isinstance(ancestor, _ONCE):
            return False
        if isinstance(ancestor, COMPREHENSIONS) and child is not ancestor.generators[0]:
            return False
        if isinstance(ancestor, ast.comprehension) and child is not ancestor.iter:
            return False
        child = ancestor
    return False


def _free_name(module: PythonModule, kind: str) -> str:
    wanted = {FITS: ("hdul", "hdus"), STORE: ("store", "opened"), PLAIN: ("f", "handle")}[kind]
    return next((name for name in (*wanted, "opened_file") if not module.named(name)), "open_file")


def _last(module: PythonModule, hold: _Hold, names: set[str], block: list[ast.stmt], at: int) -> int | None:
    """The place in the block of the last statement that uses the handle or what hangs on it; None when unsure."""
    scope = module.scope_of(block[at])
    others = _bound_elsewhere(module, scope, names, block, at)
    if others is None:
        return None
    end = min((place for place in others if place > at), default=len(block))
    tied, done, last = set(names), set[str](), at
    while tied - done:
        name = (tied - done).pop()
        done.add(name)
        uses = _uses(module, scope).get(name, [])
        if name in names:
            if not _are_own(module, uses, block, min(at, *others) if others else at):
                return None
            uses = _between(uses, block, at, end)  # the others are where it is bound, or another handle's
        for use in uses:
            place = _place(module, use, block)
            more = hold.by(use) if place is not None and at < place < end else None
            if place == at and name not in names:
                continue  # where it is bound
            if more is None or place is None:
                return None
            tied |= more
            last = max(last, place)
    return last


def _are_own(module: PythonModule, uses: list[ast.Name], block: list[ast.stmt], first: int) -> bool:
    """Whether all uses of a name stand in a block, from one of its statements on."""
    places = [_place(module, use, block) for use in (*uses[:1], *uses[-1:])]
    return all(place is not None and place >= first for place in places)


def _between(uses: list[ast.Name], block: list[ast.stmt], at: int, end: int) -> list[ast.Name]:
    """Those of the uses, in the order of the source, that stand behind one statement of a block and before another."""
    behind = block[at].end_lineno or block[at].lineno, block[at].end_col_offset or 0
    before = (block[end].lineno, block[end].col_offset) if end < len(block) else None
    last = bisect_left(uses, before, key=_begin) if before is not None else len(uses)
    return uses[bisect_left(uses, behind, key=_begin) : last]


def _begin(use: ast.Name) -> tuple[int, int]:
    return use.lineno, use.col_offset


def _bound_elsewhere(
    module: PythonModule, scope: Scope, names: set[str], block: list[ast.stmt], at: int
) -> list[int] | None:
    """Where else in the block a name of the handle is bound; None when it is bound outside, or not in every case."""
    found: list[int] = []
    for name in names:
        for binding in scope.bindings.get(name, ()):
            place = _place(module, binding.node, block)
            if place is None or (binding.node is not block[place] and not isinstance(block[place], ast.With)):
                return None
            found += [place] if place != at else []
    return found


def _uses(module: PythonModule, scope: Scope) -> dict[str, list[ast.Name]]:
    """The names that are read in a scope and what is nested in it, each in the order of the source."""
    memo = module.memo("uses in scopes")
    if scope.node not in memo:
        found: dict[str, list[ast.Name]] = {}
        for node in ast.walk(scope.node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node)
        for uses in found.values():
            uses.sort(key=_begin)
        memo[scope.node] = found
    by_name = memo[scope.node]
    assert isinstance(by_name, dict)
    return by_name


def _place(module: PythonModule, node: ast.AST, block: list[ast.stmt]) -> int | None:
    for each in (node, *module.ancestors(node)):
        among, at = module.place_of(each) if isinstance(each, ast.stmt) else ([], 0)
        if among is block:
            return at
    return None


class _Hold:
    """What still needs an open file after an expression: followed from the handle, or what hangs on it, outwards."""

    def __init__(self, module: PythonModule, call: ast.Call, tables: dict[str, Any]) -> None:
        self.module = module
        self.function = module.function_of(call)
        opener = module.qualified(call.func)
        self.kind = PLAIN if opener in tables["plain"] else FITS if opener.endswith("fits.open") else STORE
        mode = module.argument(call, "mode", 1)
        self.reads = mode is None or module.constant(mode) in ("readonly", "denywrite", "copyonwrite", "r")
        self.eager = frozenset(tables["eager"])
        self.copies = frozenset(tables["copies"])
        self.whole = opener in tables["whole"]
        self.mapped = opener in tables["mapped"]

    def by(self, use: ast.expr) -> set[str] | None:
        """The names that hang on the file by this use of it, none when it lets go; None when it may be kept."""
        if not self._is_direct(use) or self.module.function_of(use) is not self.function:
            return None
        node: ast.AST = use
        for parent in self.module.ancestors(use):
            if isinstance(parent, ast.stmt):
                return self._in_statement(node, parent)
            answer = self._let_go(node, parent)
            if answer is not None:
                return set() if answer else None
            node = parent
        return None

    def _is_direct(self, use: ast.expr) -> bool:
        """Whether a use happens when its statement runs: not in a function, a lambda, or a generator that waits."""
        for ancestor in self.module.ancestors(use):
            if isinstance(ancestor, ast.stmt):
                return not isinstance(ancestor, (*FUNCTIONS, ast.ClassDef))
            if isinstance(ancestor, ast.Lambda):
                return False
            if isinstance(ancestor, ast.GeneratorExp):
                taker = self.module.parent(ancestor)
                word = taker.func if isinstance(taker, ast.Call) else None
                name = word.attr if isinstance(word, ast.Attribute) else getattr(word, "id", "")
                if name not in (*_BUILDERS, "join"):
                    return False
        return False

    def _let_go(self, node: ast.AST, parent: ast.AST) -> bool | None:
        """True where an expression gives something that no longer needs the file, False where it may be kept."""
        module = self.module
        if isinstance(parent, ast.Attribute):
            above = module.parent(parent)
            called = isinstance(above, ast.Call) and above.func is parent
            if parent.attr in _EAGER | _PASSED and called:
                return True
            if self.kind == FITS and parent.attr == "data" and self.reads:
                return True
            return True if parent.attr in _FACTS and not called and self.kind != PLAIN else None
        if isinstance(parent, ast.Subscript) and parent.value is node:
            parts = parent.slice.elts if isinstance(parent.slice, ast.Tuple) else [parent.slice]
            cut = any(isinstance(part, ast.Slice) or getattr(part, "value", None) is ... for part in parts)
            cut = cut or (isinstance(parent.slice, ast.Tuple) and not parts) or self.whole
            return True if cut and self.kind == STORE and not self.mapped else None
        if isinstance(parent, (ast.Compare, ast.FormattedValue, ast.JoinedStr)):
            return True
        if isinstance(parent, ast.Call) and parent.func is not node:
            name = module.qualified(parent.func)
            taken = self.eager if self.kind == PLAIN else self.copies
            if name in taken or name in ("builtins.print", "builtins.len", "builtins.str", "builtins.isinstance"):
                return True
            return None if name and not name.startswith(".") else False
        if isinstance(parent, ast.comprehension) and node is parent.iter:
            return True if self._walked(parent) else None
        if isinstance(parent, (ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Await)):
            return False
        return None

    def _walked(self, generator: ast.comprehension) -> bool:
        """Whether a comprehension takes from each element only what no longer needs the file."""
        names = _names(generator.target)
        comprehension = self.module.parent(generator)
        if self.kind == PLAIN or names is None or comprehension is None:
            return self.kind == PLAIN
        uses = [n for n in ast.walk(comprehension) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        return all(self._is_left(use, comprehension) for use in uses if use.id in names)

    def _is_left(self, use: ast.Name, within: ast.AST) -> bool:
        """Whether nothing of a use needs the file any more when it leaves an expression."""
        node: ast.AST = use
        for parent in self.module.ancestors(use):
            if parent is within:
                return False
            answer = self._let_go(node, parent)
            if answer is not None:
                return answer
            node = parent
        return False

    def _in_statement(self, node: ast.AST, statement: ast.stmt) -> set[str] | None:
        """The names that a statement binds to what still needs the file."""
        if isinstance(statement, (ast.Expr, ast.Assert)):
            return set()
        if isinstance(statement, (ast.If, ast.While)):
            return set() if node is statement.test else None
        if isinstance(statement, ast.For) and node is statement.iter:
            return set() if self.kind == PLAIN else _names(statement.target)
        if isinstance(statement, ast.Assign):
            if node in statement.targets:
                return set()
            found: set[str] = set()
            for target in statement.targets:
                names = _names(target)
                if names is None:
                    return None
                found |= names
            return found
        if isinstance(statement, ast.AugAssign) and node is statement.target:
            return set()
        return None


def _names(target: ast.expr) -> set[str] | None:
    """The names of a target; None when it is more than names."""
    if isinstance(target, ast.Name):
        return {target.id}
    if not isinstance(target, (ast.Tuple, ast.List)) or not all(isinstance(each, ast.Name) for each in target.elts):
        return None
    return {each.id for each in target.elts if isinstance(each, ast.Name)}
