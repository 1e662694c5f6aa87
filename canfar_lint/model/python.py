"""One Python file (or a notebook's cells) as the checks see it: one walk over its `ast`, then questions and answers.

What a check asks: which calls are of `astropy.io.fits.open` (`calls`), what an argument is worth (`value`), under
which conditions and in which loops something stands (`guards`, `loops`), and whether it runs when the script runs
(`on_main_path`). Nothing is computed before it is asked, and nothing twice.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from canfar_lint.model.evaluate import Evaluator
from canfar_lint.model.scopes import BRANCHING, COMPREHENSIONS, FUNCTIONS, LOOPS, Binding, Scope, position
from canfar_lint.model.values import Value
from canfar_lint.source import NOTEBOOK, Source

_BUILTINS = frozenset(dir(builtins)) | {"raw_input", "unicode", "xrange", "execfile", "reload", "unichr"}

# what a module that is imported with a star brings along under its customary name
_CUSTOMARY = {name: name for name in ("os", "sys", "glob", "shutil", "subprocess", "numpy", "pandas", "h5py")}
_CUSTOMARY |= {name: name for name in ("emcee", "zeus", "dynesty", "pyfits", "multiprocessing")}
_CUSTOMARY |= {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "fits": "astropy.io.fits", "hp": "healpy"}
_CUSTOMARY |= {"ascii": "astropy.io.ascii", "Table": "astropy.table.Table", "Pool": "multiprocessing.Pool"}
# what CASA has among its names for the scripts that it runs, which need not import it
_GIVEN = frozenset(("os",))

_Node = TypeVar("_Node", bound=ast.AST)

# these are given classes, and make nothing of them
_TESTS_OF_CLASSES = frozenset(("isinstance", "issubclass"))


class PythonModule:
    """A parsed Python text. Raises `SyntaxError`, `ValueError` (null bytes), `RecursionError`, `MemoryError`."""

    def __init__(self, source: Source, tree: ast.Module | None = None) -> None:
        self.source = source
        self.text = source.text
        self.tree = ast.parse(source.code) if tree is None else tree
        self.notebook = source.kind == NOTEBOOK
        self.parents: dict[ast.AST, ast.AST] = {}
        self.fields: dict[ast.AST, str] = {}
        self.scope = Scope(self.tree, None, "module")
        self.scopes: dict[ast.AST, Scope] = {self.tree: self.scope}
        self.all_calls: list[ast.Call] = []
        self.strings: list[ast.Constant] = []
        self.subscript_stores: list[ast.Subscript] = []
        self.imports: list[Binding] = []
        self.star_imports: list[str] = []
        self.functions: dict[str, list[ast.AST]] = {}
        self.classes: set[str] = set()
        self._qualified: dict[ast.AST, tuple[str, ...]] = {}
        self._index: dict[str, list[ast.Call]] | None = None
        self._kinds: dict[type, list[Any]] | None = None
        self._named: dict[str, list[ast.Name]] | None = None
        self._attributed: dict[str, list[ast.Attribute]] | None = None
        self._main: frozenset[ast.AST] | None = None
        self._callers: dict[ast.AST, list[ast.Call]] | None = None
        self._another: bool | None = None
        self._places: dict[ast.AST, tuple[list[ast.stmt], int]] = {}
        self._seen_from: dict[ast.AST, Scope] = {}
        self._memo: dict[object, object] = {}
        self._evaluator = Evaluator(self)
        _walk(self)

    def release(self) -> None:
        """Drop everything the module holds, so that it is freed at once: a run works without cycle collection."""
        for scope in self.scopes.values():
            scope.bindings.clear()
            scope.attributes.clear()
        self.__dict__.clear()

    # -- places ---------------------------------------------------------------------------------------------

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The offsets of a node's first character and of the one behind its last."""
        # nodes that have no place (operators, contexts) are never asked about, and this is asked too often to look
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def name_span(self, call: ast.Call) -> tuple[int, int]:
        """The offsets of what is called, without its arguments: `plt.show` of `plt.show()`."""
        return self.span(call.func)

    def keyword_span(self, keyword: ast.keyword) -> tuple[int, int]:
        """The offsets of `name=value` in a call."""
        return self.span(keyword)

    def _offset(self, line: int, column: int) -> int:
        start = self.source.starts[line - 1]
        if column == 0 or self.text.isascii():
            return start + column
        raw = self.source.text[start : start + column].encode("utf-8", "surrogatepass")
        return start + len(raw[:column].decode("utf-8", "ignore"))

    def code(self, node: ast.AST) -> str:
        """The node as it is written."""
        start, end = self.span(node)
        return self.text[start:end]

    # -- structure ------------------------------------------------------------------------------------------

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, innermost first, the module last."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def parent_statement(self, node: ast.AST) -> ast.stmt:
        """The statement a node belongs to (itself, when it is one)."""
        if isinstance(node, ast.stmt):
            return node
        return next(a for a in self.ancestors(node) if isinstance(a, ast.stmt))

    def block_of(self, statement: ast.AST) -> list[ast.stmt]:
        """The statements that one stands among; none for what is no statement."""
        return self.place_of(statement)[0]

    def before(self, statement: ast.AST) -> list[ast.stmt]:
        """What stands before a statement in its block."""
        block, at = self.place_of(statement)
        return block[:at]

    def behind(self, statement: ast.AST) -> list[ast.stmt]:
        """What stands behind a statement in its block."""
        block, at = self.place_of(statement)
        return block[at + 1 :]

    def place_of(self, statement: ast.AST) -> tuple[list[ast.stmt], int]:
        """The statements that one stands among, and its index there; no statements for what is none."""
        if statement not in self._places:
            around = self.parents.get(statement)
            for field in ("body", "orelse", "finalbody"):
                block = getattr(around, field, None)
                if isinstance(block, list):
                    self._places.update((each, (block, at)) for at, each in enumerate(block))
            self._places.setdefault(statement, ([], 0))
        return self._places[statement]

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope whose names a node sees."""
        found = self._seen_from.get(node)
        if found is None:
            found = self._seen_from[node] = self._scope_around(node)
        return found

    def _scope_around(self, node: ast.AST) -> Scope:
        child: ast.AST = node
        for ancestor in self.ancestors(node):
            scope = self.scopes.get(ancestor)
            if scope is not None and not (
                isinstance(ancestor, (*FUNCTIONS, ast.ClassDef)) and _outside(ancestor, child)
            ):
                return scope
            child = ancestor
        return self.scope

    def function_of(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The nearest `def` a node stands in the body of."""
        scope: Scope | None = self.scope_of(node)
        while scope is not None:
            if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return scope.node
            scope = scope.parent
        return None

    def function_named(self, node: ast.expr) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function of this file that an expression names; a class stands for its `__init__`."""
        return self._evaluator.function(node)

    def loops(self, node: ast.AST) -> list[ast.AST]:
        """The `for` and `while` statements and comprehensions that repeat a node, innermost first, inside its def."""
        found: list[ast.AST] = []
        child = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
                break
            repeats = isinstance(ancestor, LOOPS) and self.fields.get(child) == "body"
            if repeats or (isinstance(ancestor, COMPREHENSIONS) and child is not ancestor.generators[0]):
                found.append(ancestor)
            child = ancestor
        return found

    def guards(self, node: ast.AST) -> list[tuple[ast.expr, bool]]:
        """The conditions a node stands under, innermost first, and whether they must hold (or fail).

        Goes up to the module: conditions around the function it stands in count, its callers' do not.
        """
        found: list[tuple[ast.expr, bool]] = []
        child = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (ast.If, ast.IfExp, ast.While)) and child is not ancestor.test:
                field = self.fields.get(child)
                found.append((ancestor.test, field == "body"))
            elif isinstance(ancestor, ast.BoolOp) and child is not ancestor.values[0]:
                tests: Sequence[ast.expr] = ancestor.values
                found += [(test, isinstance(ancestor.op, ast.And)) for test in tests[: tests.index(child)]]
            child = ancestor
        return found

    def in_try(self, node: ast.AST, *exceptions: str) -> bool:
        """Whether a node stands in the body of a `try` that catches one of the exceptions (or everything)."""
        child = node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, ast.Try) and self.fields.get(child) == "body":
                for handler in ancestor.handlers:
                    words = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else None
                    if words is None or words & {*exceptions, "Exception", "BaseException"}:
                        return True
            child = ancestor
        return False

    # -- names ----------------------------------------------------------------------------------------------

    def qualified(self, node: ast.AST) -> str:
        """The dotted name of what an expression refers to, or "" when that is not known.

        `pf.open` is `astropy.io.fits.open`, `input` is `builtins.input`, a method of the object that a call returned
        is `canfar.sessions.Session().create`.
        """
        names = self.qualified_all(node)
        return names[0] if names else ""

    def qualified_all(self, node: ast.AST, depth: int = 0) -> tuple[str, ...]:
        """All names an expression may have: several after star imports or different imports in branches."""
        known = self._qualified.get(node)
        if known is not None:
            return known
        self._qualified[node] = ()  # a name bound to itself has none
        names: tuple[str, ...] = ()
        if depth < 24:
            if isinstance(node, ast.Name):
                names = self._name_qualified(node, depth)
            elif isinstance(node, ast.Attribute):
                names = tuple(f"{base}.{node.attr}" for base in self.qualified_all(node.value, depth + 1))
                if not names:
                    names = self._attribute_qualified(node, depth)
            elif isinstance(node, ast.Call):
                names = tuple(f"{base}()" for base in self.qualified_all(node.func, depth + 1))
            elif isinstance(node, ast.Await):
                names = self.qualified_all(node.value, depth + 1)
        self._qualified[node] = names
        return names

    def _name_qualified(self, node: ast.Name, depth: int) -> tuple[str, ...]:
        bindings = self.bindings(node)
        if not bindings:
            known = node.id in _GIVEN or (node.id in _CUSTOMARY and (self.star_imports or self._runs_another_file))
            if node.id in _BUILTINS and not known:
                return (f"builtins.{node.id}",)
            meant = [_CUSTOMARY[node.id]] if known else []
            return (*meant, *(f"{module}.{node.id}" for module in self.star_imports))
        names: list[str] = []
        for binding in bindings:
            if binding.kind == "import":
                names.append(binding.qualified)
            elif binding.kind in ("assign", "with") and binding.value is not None:
                names += self.qualified_all(binding.value, depth + 1)
            elif binding.kind in ("def", "class") and binding.scope.kind == "module":
                names.append(f".{binding.name}")
        return tuple(dict.fromkeys(names))

    @property
    def _runs_another_file(self) -> bool:
        """Whether the names of another file are brought in by running it here: `exec(open("setup.py").read())`."""
        if self._another is None:
            self._another = any(
                isinstance(call.func, ast.Name)
                and (call.func.id == "execfile" or (call.func.id == "exec" and "open(" in self.code(call)))
                for call in self.all_calls
            )
        return self._another

    def _attribute_qualified(self, node: ast.Attribute, depth: int) -> tuple[str, ...]:
        names: list[str] = []
        for binding in self.attribute_bindings(node):
            if binding.kind == "assign" and binding.value is not None:
                names += self.qualified_all(binding.value, depth + 1)
        return tuple(dict.fromkeys(names))

    def bindings(self, node: ast.Name) -> list[Binding]:
        """The bindings a name can have where it stands, latest first; none for a builtin or an unknown name."""
        return self._evaluator.bindings(node)

    def nodes(self, kind: type[_Node]) -> list[_Node]:
        """Every node of one kind, in the order of the source."""
        if self._kinds is None:
            self._kinds = {}
            for node in self.parents:
                self._kinds.setdefault(type(node), []).append(node)
        return self._kinds.get(kind, [])

    def named(self, name: str) -> list[ast.Name]:
        """Every place where a name stands, whatever it means there."""
        if self._named is None:
            self._named = {}
            for node in self.nodes(ast.Name):
                self._named.setdefault(node.id, []).append(node)
        return self._named.get(name, [])

    def loads(self, name: str) -> list[ast.Name]:
        """Every place where a name is read."""
        return [use for use in self.named(name) if isinstance(use.ctx, ast.Load)]

    def attributed(self, name: str) -> list[ast.Attribute]:
        """Every place where an attribute stands, of whatever object: `x.name`."""
        if self._attributed is None:
            self._attributed = {}
            for node in self.nodes(ast.Attribute):
                self._attributed.setdefault(node.attr, []).append(node)
        return self._attributed.get(name, [])

    def attribute_loads(self, name: str) -> list[ast.Attribute]:
        """Every place where an attribute is read."""
        return [use for use in self.attributed(name) if isinstance(use.ctx, ast.Load)]

    def attribute_bindings(self, node: ast.Attribute) -> list[Binding]:
        """What the methods and the body of the class around assign to `self.x`."""
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            return []
        owner = self.scope_of(node).enclosing("class")
        if owner is None:
            return []
        return owner.attributes.get(node.attr, []) + owner.bindings.get(node.attr, [])

    # -- calls ----------------------------------------------------------------------------------------------

    def calls(self, names: Iterable[str]) -> Iterator[ast.Call]:
        """The calls of any of the dotted names, in the order of the names' last words.

        Names are written as `qualified` gives them.
        """
        wanted = names if isinstance(names, (set, frozenset, dict)) else frozenset(names)
        for last in dict.fromkeys(name.rpartition(".")[2] for name in wanted):
            for call in self._by_last_word().get(last, ()):
                names = self.qualified_all(call.func)
                if any(name in wanted and name.rpartition(".")[2] == last for name in names):
                    yield call

    def methods(self, names: Iterable[str]) -> Iterator[ast.Call]:
        """The calls of a method so named, of whatever object: `.writeto(…)`."""
        for name in names:
            for call in self._by_last_word().get(name, ()):
                if isinstance(call.func, ast.Attribute) and call.func.attr == name:
                    yield call

    def calls_named(self, word: str) -> list[ast.Call]:
        """The calls of whatever has this last word: `tclean(…)`, `casatasks.tclean(…)`, `x.tclean(…)`."""
        return self._by_last_word().get(word, [])

    def _by_last_word(self) -> dict[str, list[ast.Call]]:
        if self._index is None:
            self._index = {}
            renamed: dict[str, list[str]] = {}
            for binding in self.imports:
                renamed.setdefault(binding.name, []).append(binding.qualified.rpartition(".")[2])
            # only these may stand for a name with another last word
            bound = {
                name
                for scope in self.scopes.values()
                for name, bindings in scope.bindings.items()
                if any(binding.kind in ("assign", "with") for binding in bindings)
            }
            for call in self.all_calls:
                func = call.func
                words = [func.attr] if isinstance(func, ast.Attribute) else []
                if isinstance(func, ast.Name):
                    words = [func.id, *renamed.get(func.id, ())]
                    if func.id in bound:
                        words += [q.rpartition(".")[2] for q in self.qualified_all(func)]
                for word in dict.fromkeys(words):
                    self._index.setdefault(word, []).append(call)
        return self._index

    def stores(self, name: str) -> Iterator[ast.Subscript]:
        """The subscripts of a dotted name that are assigned to: `os.environ["X"] = …`."""
        for node in self.subscript_stores:
            if name in self.qualified_all(node.value):
                yield node

    @staticmethod
    def argument(call: ast.Call, name: str, index: int | None = None) -> ast.expr | None:
        """The expression given for a parameter, by keyword or at a 0-based position."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        if index is not None and index < len(call.args):
            if any(isinstance(arg, ast.Starred) for arg in call.args[: index + 1]):
                return None
            return call.args[index]
        return None

    @staticmethod
    def keyword(call: ast.Call, name: str) -> ast.keyword | None:
        return next((keyword for keyword in call.keywords if keyword.arg == name), None)

    @staticmethod
    def is_open_ended(call: ast.Call) -> bool:
        """Whether a call takes `*args` or `**kwargs`, so that what it was given is not all known."""
        return any(keyword.arg is None for keyword in call.keywords) or any(
            isinstance(arg, ast.Starred) for arg in call.args
        )

    # -- values ---------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        """What an expression is worth: literal, overridable or dynamic, with its text in pieces."""
        return self._evaluator.value(node)

    def constant(self, node: ast.expr | None) -> object:
        """The number, bool, text or None an expression is sure to be; `...` when it is not known or overridable."""
        if node is None:
            return ...
        value = self.value(node)
        if value.kind != "literal" or value.choices:
            return ...
        return value.text if value.pieces else value.constant

    def resolve(self, node: ast.expr) -> ast.expr:
        """The expression a name (or `self.x`) was bound to, followed as long as there is just one binding."""
        return self._evaluator.resolve(node)

    def arriving(self, node: ast.expr) -> list[Value]:
        """What can arrive at an expression, with parameters followed to the calls of their function in this module.

        The place of the value itself is `Value.node`; up to 32 values, three calls deep.
        """
        return self._evaluator.arriving(node)

    def given(self, parameter: ast.arg) -> list[tuple[ast.Call, ast.expr]]:
        """The calls in this file of a parameter's function, with what they give for it."""
        return self._evaluator.given(parameter)

    def is_user_choice(self, test: ast.expr) -> bool:
        """Whether a condition is something the user of the script controls: an option, a parameter, the terminal."""
        return self._evaluator.is_user_choice(test)

    def user_guarded(self, node: ast.AST) -> bool:
        """Whether a node runs only when the user asked for it (or never: `if False`)."""
        return self.is_switched_off(node) or any(self.is_user_choice(test) for test, _ in self.guards(node))

    # -- script or library ----------------------------------------------------------------------------------

    @property
    def main_guard(self) -> ast.If | None:
        """The `if __name__ == "__main__":` of the file."""
        for node in self.tree.body:
            if isinstance(node, ast.If) and any(
                isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
            ):
                return node
        return None

    @property
    def is_script(self) -> bool:
        """Whether running the file does work: a shebang, a main guard, a notebook, or calls at module level."""
        memo = self.memo("script")
        if "is" not in memo:
            memo["is"] = self._is_script()
        return bool(memo["is"])

    def _is_script(self) -> bool:
        if self.notebook or self.text.startswith("#!") or self.main_guard is not None:
            return True
        return any(self._works(node) for node in self.tree.body)

    def _works(self, statement: ast.stmt) -> bool:
        if isinstance(statement, (*LOOPS, ast.With)):
            return True
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            name = self.qualified(statement.value.func)
            return not name.startswith(("warnings.", "logging.", "sys.path.", "matplotlib.use", "os.environ."))
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            return False
        if "sys.argv" in self.code(statement.value):
            return True
        name = self.qualified(statement.value.func)
        return name.endswith((".parse_args", ".ArgumentParser", "fits.open", ".read_csv", ".getdata", "glob.glob"))

    def is_switched_off(self, node: ast.AST) -> bool:
        """Whether a node stands under a condition that the code itself has settled the other way: `if 0:`."""
        tests = ((self.constant(test), wanted) for test, wanted in self.guards(node))
        return any(isinstance(known, int) and bool(known) != wanted for known, wanted in tests)

    def on_main_path(self, node: ast.AST) -> bool:
        """Whether a node runs when the file is run as a script: at module level, or in a function called from there."""
        function = self.function_of(node)
        if function is None:
            return True
        return function in self._reached()

    def _reached(self) -> frozenset[ast.AST]:
        if self._main is None:
            callers = self.callers()
            inside: dict[ast.AST | None, list[ast.AST]] = {}
            for function, calls in callers.items():
                for call in calls:
                    inside.setdefault(self.function_of(call), []).append(function)
            reached: set[ast.AST] = set()
            queue = list(inside.get(None, ()))
            while queue:
                function = queue.pop()
                if function not in reached:
                    reached.add(function)
                    queue += inside.get(function, ())
                    if function.__class__ is ast.FunctionDef and function.name == "__init__":
                        owner = self.parents.get(function)
                        queue += [n for n in getattr(owner, "body", ()) if isinstance(n, ast.FunctionDef)]
            self._main = frozenset(reached)
        return self._main

    def runs_once(self, node: ast.AST) -> bool:
        """Whether a run of the file as a script comes to a node once at most, as far as the file tells."""
        for _ in range(5):
            function = self.function_of(node)
            if self.loops(node) or function is None:
                return function is None and not self.loops(node)
            callers = self.callers().get(function, [])
            if len(callers) != 1 or self.function_named(callers[0].func) is not function:
                return False
            node = callers[0]
        return False

    def callers(self) -> dict[ast.AST, list[ast.Call]]:
        """The calls of every function of the file, as far as they name it (a class means its `__init__`).

        A function handed on (`pool.map(work, files)`, `app.command()(work)`) counts as called there.
        """
        if self._callers is None:
            self._callers = {}
            for call in self.all_calls:
                if isinstance(call.func, ast.Name) and call.func.id in _TESTS_OF_CLASSES:
                    continue
                for handed, node in enumerate((call.func, *call.args)):
                    if isinstance(node, (ast.Name, ast.Attribute)):
                        function = self._evaluator.function(node)
                        if function is not None and (not handed or isinstance(node, ast.Name)):
                            self._callers.setdefault(function, []).append(call)
        return self._callers

    def memo(self, key: object) -> dict[object, object]:
        """A dict kept with the module, for analyses that several checks share."""
        found = self._memo.setdefault(key, {})
        assert isinstance(found, dict)
        return found


def _outside(owner: ast.AST, child: ast.AST) -> bool:
    """Whether a direct child of a def or class is evaluated outside of it: decorators, defaults, bases."""
    if isinstance(owner, ast.Lambda):
        return child is not owner.body
    if isinstance(owner, ast.arguments):
        return True
    return not isinstance(child, ast.stmt) and not isinstance(child, ast.arg)


# -- the walk -------------------------------------------------------------------------------------------------


def _walk(module: PythonModule) -> None:
    """Visit every node once, in source order, recording parents, branches, calls, strings and bindings."""
    parents, fields, scopes = module.parents, module.fields, module.scopes
    calls, strings = module.all_calls, module.strings
    binders, children, quiet, skipped = _BINDERS, _CHILDREN, _QUIET, _SKIPPED
    attribute, constant = ast.Attribute, ast.Constant
    stack: list[tuple[ast.AST, Scope]] = [(module.tree, module.scope)]
    push, pop = stack.append, stack.pop
    while stack:
        node, scope = pop()
        kind = node.__class__
        inner = scope
        if kind is ast.Call:  # told by its class, since `isinstance` for every node of a file takes time
            calls.append(node)  # type: ignore[arg-type]
        elif kind in binders:
            binders[kind](module, node, scope)
            inner = scopes.get(node, scope)
        for field, branching in children.get(kind) or _children_of(kind):
            child: Any = getattr(node, field, None)
            if not child:
                continue
            into = scope if inner is not scope and field in _OUTER else inner
            for item in reversed(child) if child.__class__ is list else (child,):
                kind = item.__class__
                if kind in skipped:
                    continue
                parents[item] = node
                if branching:
                    fields[item] = field
                while kind is attribute:  # `a.b.c` holds nothing but what stands at its beginning
                    parents[item.value] = item
                    item = item.value
                    kind = item.__class__
                if kind is constant:
                    if item.value.__class__ is str:
                        strings.append(item)
                elif kind not in quiet:
                    push((item, into))
    calls.sort(key=_PLACE)
    strings.sort(key=_PLACE)
    for scope in scopes.values():
        for bindings in (*scope.bindings.values(), *scope.attributes.values()):
            if len(bindings) > 1:
                bindings.sort(key=lambda binding: position(binding.node))


_PLACE = attrgetter("lineno", "col_offset")
# fields of a def or class that are evaluated in the scope around it
_OUTER = frozenset(("decorator_list", "bases", "keywords", "returns"))
_SKIPPED = frozenset(
    [str, int, bytes, float, complex, bool, type(None), type(...)]
    + [k for b in (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop) for k in b.__subclasses__()]
)
# nodes that nothing stands in
_QUIET = frozenset((ast.Name, ast.Pass, ast.Break, ast.Continue, ast.alias))
# fields that hold no nodes, whatever they belong to
_BARE = frozenset(
    ("ctx", "op", "ops", "id", "attr", "kind", "type_comment", "type_ignores", "level", "module", "asname")
)
_CHILDREN: dict[type[ast.AST], tuple[tuple[str, bool], ...]] = {}


def _children_of(kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
    """The fields of a kind of node that may hold nodes, last first, and whether each is a branch."""
    branches = BRANCHING.get(kind, ())
    _CHILDREN[kind] = tuple((field, field in branches) for field in reversed(kind._fields) if field not in _BARE)
    return _CHILDREN[kind]


def _open(module: PythonModule, node: ast.AST, scope: Scope, kind: str) -> Scope:
    inner = Scope(node, scope, kind)
    module.scopes[node] = inner
    return inner


def _function(module: PythonModule, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope) -> None:
    if not isinstance(node, ast.Lambda):
        _bind(module, scope, Binding(node.name, "def", node, scope))
        module.functions.setdefault(node.name, []).append(node)
    inner = _open(module, node, scope, "function")
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = list(zip(positional, [*defaults, *arguments.defaults], strict=True))
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    for argument, default in pairs:
        inner.bind(Binding(argument.arg, "param", argument, inner, default))
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            inner.bind(Binding(star.arg, "param", star, inner))


def _class(module: PythonModule, node: ast.ClassDef, scope: Scope) -> None:
    _bind(module, scope, Binding(node.name, "class", node, scope))
    module.classes.add(node.name)
    _open(module, node, scope, "class")


def _comprehension(module: PythonModule, node: ast.ListComp, scope: Scope) -> None:
    inner = _open(module, node, scope, "comprehension")
    for generator in node.generators:
        _target(module, inner, generator.target, "for", generator.iter, generator.target)


def _bind(module: PythonModule, scope: Scope, binding: Binding) -> None:
    owner = scope.owner(binding.name)
    binding.scope = owner
    owner.bind(binding)


def _target(
    module: PythonModule, scope: Scope, target: ast.expr, kind: str, value: ast.expr | None, node: ast.AST
) -> None:
    if isinstance(target, ast.Name):
        _bind(module, scope, Binding(target.id, kind, node, scope, value))
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if (
            kind == "assign"
            and isinstance(value, (ast.Tuple, ast.List))
            and len(value.elts) == len(target.elts)
            and not any(isinstance(e, ast.Starred) for e in target.elts)
        ):
            values = [*value.elts]
        for element, part in zip(target.elts, values, strict=True):
            if part is not None:
                _target(module, scope, element, "assign", part, node)
            else:
                _target(module, scope, element, "for" if kind == "for" else "unpack", value, node)
    elif isinstance(target, ast.Subscript):
        module.subscript_stores.append(target)
    elif isinstance(target, ast.Starred):
        _target(module, scope, target.value, "unpack", value, node)
    elif (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in ("self", "cls")
    ):
        owner = scope.enclosing("class")
        if owner is not None:
            owner.attributes.setdefault(target.attr, []).append(Binding(target.attr, kind, node, owner, value))


def _assign(module: PythonModule, node: ast.Assign, scope: Scope) -> None:
    for target in node.targets:
        _target(module, scope, target, "assign", node.value, node)


def _annotated(module: PythonModule, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        _target(module, scope, node.target, "assign", node.value, node)


def _augmented(module: PythonModule, node: ast.AugAssign, scope: Scope) -> None:
    _target(module, scope, node.target, "aug", node.value, node)


def _walrus(module: PythonModule, node: ast.NamedExpr, scope: Scope) -> None:
    inner = scope
    while inner.kind == "comprehension" and inner.parent is not None:
        inner = inner.parent
    _target(module, inner, node.target, "assign", node.value, node)


def _for(module: PythonModule, node: ast.For, scope: Scope) -> None:
    _target(module, scope, node.target, "for", node.iter, node.target)


def _with(module: PythonModule, node: ast.With, scope: Scope) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            _target(module, scope, item.optional_vars, "with", item.context_expr, item.optional_vars)


def _import(module: PythonModule, node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        name = alias.asname or alias.name.partition(".")[0]
        binding = Binding(name, "import", node, scope, qualified=alias.name if alias.asname else name)
        _bind(module, scope, binding)
        module.imports.append(binding)


def _import_from(module: PythonModule, node: ast.ImportFrom, scope: Scope) -> None:
    origin = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            module.star_imports.append(origin)
            continue
        qualified = f"{origin}.{alias.name}" if node.module else f"{origin}{alias.name}"
        binding = Binding(alias.asname or alias.name, "import", node, scope, qualified=qualified)
        _bind(module, scope, binding)
        module.imports.append(binding)


def _except(module: PythonModule, node: ast.ExceptHandler, scope: Scope) -> None:
    if node.name:
        _bind(module, scope, Binding(node.name, "except", node, scope))


def _global(module: PythonModule, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    for name in node.names:
        scope.declared[name] = "global" if isinstance(node, ast.Global) else "nonlocal"


def _match(module: PythonModule, node: ast.MatchAs | ast.MatchStar, scope: Scope) -> None:
    if node.name:
        _bind(module, scope, Binding(node.name, "unpack", node, scope))


_BINDERS: dict[type[ast.AST], Callable[[PythonModule, Any, Scope], None]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.NamedExpr: _walrus,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.ExceptHandler: _except,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.MatchAs: _match,
    ast.MatchStar: _match,
}
