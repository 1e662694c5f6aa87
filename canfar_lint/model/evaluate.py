"""How much of an expression's value is known without running it: names, text, paths, options, environment, loops."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from canfar_lint.model.scopes import COMPREHENSIONS, Binding, reaching
from canfar_lint.model.values import (
    ARGUMENT,
    CONFIG,
    DYNAMIC,
    ENVIRONMENT,
    LITERAL,
    LOOP,
    OVERRIDABLE,
    PARAMETER,
    RESULT,
    UNIQUE,
    Piece,
    Value,
    hole,
    join,
    overridable,
    text_value,
)

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule

_DEPTH = 40
_JOINS = frozenset(("os.path.join", "posixpath.join"))
_PATHS = frozenset(
    f"pathlib.{name}" for name in ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
)
_SAME_TEXT = frozenset(
    (
        *("builtins.str", "os.fspath", "os.fsdecode", "os.path.expanduser", "os.path.expandvars", "os.path.abspath"),
        *("os.path.normpath", "os.path.realpath", "builtins.unicode", "numpy.str_", "builtins.repr"),
        *("shutil.which", "distutils.spawn.find_executable"),  # the program of that name
    )
)
_SAME_METHODS = frozenset(("expanduser", "resolve", "absolute", "as_posix", "strip", "rstrip", "lstrip", "copy"))
_SAME_ELEMENTS = re.compile(r"^builtins\.(sorted|list|tuple|reversed|set)$|(^|\.)(tqdm|trange|track|progress)$")
_NUMBERS = {"builtins.int": int, "builtins.float": float}
_ENVIRONMENT = frozenset(("os.environ.get", "os.getenv", "os.environ.setdefault", "decouple.config", "environ.get"))
_UNIQUE = re.compile(
    r"^(time\.|datetime\.|uuid\.|tempfile\.|secrets\.|random\.|numpy\.random\.|os\.getpid|os\.getlogin|socket\.|"
    r"getpass\.getuser|platform\.node|astropy\.time\.Time)"
)
_PARSED = re.compile(
    r"\.(parse_args|parse_known_args|parse_intermixed_args|parse|docopt)\(\)|^docopt\.docopt|^absl\.flags\.FLAGS|"
    r"^sys\.argv|^fire\.|^simple_parsing\.|^hydra\."
)
_CONFIGURED = re.compile(
    r"^(configparser\.|ConfigParser\.|yaml\.(safe_)?load|json\.loads?|toml\.loads?|tomllib\.loads?|tomli\.loads?|"
    r"omegaconf\.|dynaconf\.|configobj\.|ruamel\.)"
)
_TYPER = re.compile(r"(^click\.|^typer\.|\.command\(\)$|\.option\(\)$|\.argument\(\)$|\.callback\(\)$|^rich_click\.)")
ASKING_NAMES = re.compile(
    r"(^|_)(?:is|do|make|want|with|no)?(interactive|inter|show|plot|plots|plotting|display|gui|debug|verbose|headless|batch|"
    r"silent|quiet|ask|prompt|doplots?|plotit|show(?:plot|fig)s?|view|visuali[sz]e|pause|ion|noninteractive|isatty|dry_run|"
    r"force|confirm|yes)(_|$)",
    re.IGNORECASE,
)
SPELLINGS = frozenset(("lower", "upper", "casefold", "strip", "title", "capitalize"))
"""Methods of a text that answers are brought into one form with: `interactive.lower() == "yes"`."""
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_ANSWERS = frozenset(("yes", "no", "y", "n", "on", "off", "true", "false", "never", "always", "maybe", "ask"))
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[diouxXeEfFgGcrsa%]")
# more than a name is long
_WIDE = re.compile(r"\d{4}")
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


class Evaluator:
    """Answers `PythonModule`'s questions about values and names; remembers every answer."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self._values: dict[ast.AST, Value | None] = {}
        self._bindings: dict[ast.AST, list[Binding]] = {}
        self._depth = 0

    # -- names ----------------------------------------------------------------------------------------------

    def bindings(self, node: ast.Name) -> list[Binding]:
        known = self._bindings.get(node)
        if known is not None:
            return known
        module = self.module
        scope = module.scope_of(node)
        found = scope.find(node.id)
        answer: list[Binding] = []
        if found is not None:
            owner, bindings = found
            if len(bindings) == 1:
                answer = bindings
            elif _function_scope(owner) is _function_scope(scope):
                answer = reaching(bindings, node, module.parents, module.fields) or bindings[:1]
            else:
                answer = bindings[-8:][::-1]
        self._bindings[node] = answer
        return answer

    def resolve(self, node: ast.expr) -> ast.expr:
        for _ in range(_DEPTH):
            found: list[Binding] = []
            if isinstance(node, ast.Name):
                found = self.bindings(node)
            elif isinstance(node, ast.Attribute):
                found = self.module.attribute_bindings(node)
            if len(found) != 1 or found[0].kind != "assign" or found[0].value is None:
                return node
            node = found[0].value
        return node

    def function(self, node: ast.expr) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function of this file that an expression names; a class stands for its `__init__`."""
        binding: Binding | None = None
        module = self.module
        if isinstance(node, ast.Name):
            if node.id in module.functions or node.id in module.classes:
                found = self.bindings(node)
                binding = found[0] if len(found) == 1 else None
        elif isinstance(node, ast.Attribute) and node.attr in module.functions:
            binding = self._method(node)
        if binding is None:
            return None
        target = binding.node
        if isinstance(target, ast.ClassDef):
            target = next((n for n in target.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), target)
        return target if isinstance(target, (ast.FunctionDef, ast.AsyncFunctionDef)) else None

    def _method(self, node: ast.Attribute) -> Binding | None:
        owner = None
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            owner = self.module.scope_of(node).enclosing("class")
        else:
            made = self.resolve(node.value)
            if isinstance(made, ast.Call) and isinstance(made.func, ast.Name):
                classes = self.bindings(made.func)
                if len(classes) == 1 and isinstance(classes[0].node, ast.ClassDef):
                    owner = self.module.scopes.get(classes[0].node)
        methods = owner.bindings.get(node.attr, []) if owner is not None else []
        return methods[0] if len(methods) == 1 and methods[0].kind == "def" else None

    # -- values ---------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        if node in self._values:
            known = self._values[node]
            return hole(RESULT, node) if known is None else known
        if self._depth >= _DEPTH:
            return hole(RESULT, node)
        self._values[node] = None
        self._depth += 1
        try:
            answer = _EVALUATE.get(node.__class__, Evaluator._unknown)(self, node)
        finally:
            self._depth -= 1
        self._values[node] = answer
        return answer

    def _unknown(self, node: ast.expr) -> Value:
        return hole(RESULT, node)

    def _constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, str):
            return text_value(node.value, node)
        return Value(LITERAL, constant=node.value, node=node)

    def _name(self, node: ast.Name) -> Value:
        found = self.bindings(node)
        if len(found) == 1:
            return self._binding(found[0], node)
        if not found:
            return hole(ARGUMENT if node.id == "__file__" else RESULT, node)
        values = tuple(self._binding(binding, node) for binding in found)
        if _is_one_switch(values):
            return values[0]
        if any(value.kind == LITERAL for value in values) and any(_user_given(value) for value in values):
            # `path = "/arc/x"` with `if len(argv) > 1: path = argv[1]` behind it
            return overridable(next(value for value in values if value.kind == LITERAL))
        return hole(RESULT, node, values)

    def _binding(self, binding: Binding, use: ast.AST) -> Value:
        kind, value = binding.kind, binding.value
        if kind == "assign" and value is not None:
            return self.value(value)
        if kind == "param":
            return self._parameter(binding)
        if kind == "for" and value is not None:
            return self._loop(*self._run_over(binding, value), use)
        if kind == "aug" and value is not None:
            return self._augmented(binding, value)
        if kind == "with" and value is not None:
            return self.value(value)
        if kind == "unpack" and value is not None:
            return hole(next(iter(self.value(value).sources), RESULT), use)
        return hole(RESULT, use)

    def _parameter(self, binding: Binding) -> Value:
        function = binding.scope.node
        decorators = getattr(function, "decorator_list", ())
        if any(_TYPER.search(self.module.qualified(d) + ("()" if isinstance(d, ast.Call) else "")) for d in decorators):
            return hole(ARGUMENT, binding.node)
        if binding.value is None:
            return hole(PARAMETER, binding.node)
        if _TYPER.search(self.module.qualified(binding.value)):
            return hole(ARGUMENT, binding.node)
        default = self.value(binding.value)
        return overridable(default) if default.kind != DYNAMIC else hole(PARAMETER, binding.node)

    def _run_over(self, binding: Binding, iterated: ast.expr) -> tuple[ast.expr, int | None]:
        """What a loop's variable runs over: the list inside `sorted`, `enumerate`, `zip`, `tqdm`; of rows the place."""
        target = binding.node
        for _ in range(4):
            over = self.resolve(iterated)
            elements = target.elts if isinstance(target, ast.Tuple) else []
            at = next((i for i, e in enumerate(elements) if isinstance(e, ast.Name) and e.id == binding.name), -1)
            if not isinstance(over, ast.Call) or not over.args:
                return over, at if elements else None
            name = self.module.qualified(over.func)
            if name == "builtins.zip" and 0 <= at < len(over.args) and not self.module.is_open_ended(over):
                iterated, target = over.args[at], elements[at]
            elif name == "builtins.enumerate" and at == 1:
                iterated, target = over.args[0], elements[1]
            elif not elements and _SAME_ELEMENTS.search(name):
                iterated = over.args[0]
            else:
                return over, None
        return iterated, None

    def _loop(self, iterated: ast.expr, at: int | None, use: ast.AST) -> Value:
        over = self.resolve(iterated)
        choices: tuple[Value, ...] = ()
        if isinstance(over, (ast.List, ast.Tuple, ast.Set)) and len(over.elts) <= 64:
            choices = tuple(self.value(element) for element in over.elts if not isinstance(element, ast.Starred))
        return self._column(choices, at, use) if at is not None else hole(LOOP, use, choices)

    def _column(self, rows: tuple[Value, ...], at: int, use: ast.AST) -> Value:
        """What stands at one place of each of the rows that are written out: `name` of `for name, ra in [("a", 1)]`."""
        written = [row.node.elts for row in rows if isinstance(row.node, (ast.List, ast.Tuple))]
        known = bool(written) and len(written) == len(rows) and all(0 <= at < len(row) for row in written)
        return hole(LOOP, use, tuple(self.value(row[at]) for row in written) if known else ())

    def _augmented(self, binding: Binding, value: ast.expr) -> Value:
        statement = binding.node
        if not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, ast.Add):
            return hole(RESULT, statement)
        before = [b for b in binding.scope.bindings.get(binding.name, []) if b is not binding]
        found = reaching(before, statement, self.module.parents, self.module.fields)
        if len(found) != 1 or self.module.loops(statement):
            return hole(RESULT, statement)
        return join([self._binding(found[0], statement), self.value(value)], node=statement.value)

    def _attribute(self, node: ast.Attribute) -> Value:
        name = self.module.qualified(node)
        if name and _PARSED.search(name):
            return hole(ARGUMENT, node)
        if name and _CONFIGURED.search(name):
            return hole(CONFIG, node)
        found = self.module.attribute_bindings(node) or self._class_constant(node)
        if len(found) == 1:
            return self._binding(found[0], node)
        if found:
            return hole(RESULT, node, tuple(self._binding(b, node) for b in found[:8]))
        base = self.value(node.value)
        if base.pieces and node.attr in ("parent", "stem", "name", "suffix"):
            return hole(_source(base), node)
        return hole(_source(base), node)

    def _class_constant(self, node: ast.Attribute) -> list[Binding]:
        if not isinstance(node.value, ast.Name):
            return []
        found = self.bindings(node.value)
        if len(found) != 1:
            return []
        owner = found[0].node
        if found[0].kind == "assign" and isinstance(found[0].value, ast.Call):
            made = found[0].value.func
            classes = self.bindings(made) if isinstance(made, ast.Name) else []
            owner = classes[0].node if len(classes) == 1 else owner
        scope = self.module.scopes.get(owner)
        if scope is None or scope.kind != "class":
            return []
        return scope.bindings.get(node.attr, []) + scope.attributes.get(node.attr, [])

    def _subscript(self, node: ast.Subscript) -> Value:
        name = self.module.qualified(node.value)
        if name in ("os.environ", "environ"):
            return hole(ENVIRONMENT, node)
        if name and _PARSED.search(name):
            return hole(ARGUMENT, node)
        if name and _CONFIGURED.search(name):
            return hole(CONFIG, node)
        entry = self._entry(node.value, node.slice)
        if entry is not None:
            return self.value(entry)
        container = self.resolve(node.value)
        key = self.module.constant(node.slice)
        if isinstance(container, ast.Dict):
            return hole(_source(self.value(node.slice)), node)
        if isinstance(container, (ast.List, ast.Tuple)) and isinstance(key, int):
            known = not any(isinstance(element, ast.Starred) for element in container.elts)
            if known and -len(container.elts) <= key < len(container.elts):
                return self.value(container.elts[key])
        base = self.value(node.value)
        if isinstance(key, int) and base.choices and LOOP in base.sources:
            return self._column(base.choices, key, node)
        return hole(_source(base), node)

    def _entry(self, container: ast.expr, key: ast.expr) -> ast.expr | None:
        """What a mapping that is written there has under a key: `{"ask": False}`, `dict(ask=False)`."""
        made, word = self.resolve(container), self.module.constant(key)
        if word is ...:
            return None
        if isinstance(made, ast.Dict):
            pairs = zip(made.keys, made.values, strict=True)
            return next((value for at, value in pairs if at is not None and self.module.constant(at) == word), None)
        if isinstance(made, ast.Call) and self.module.qualified(made.func) == "builtins.dict":
            return next((keyword.value for keyword in made.keywords if keyword.arg == word), None)
        return None

    def _binary(self, node: ast.BinOp) -> Value:
        left = self.value(node.left)
        if isinstance(node.op, ast.Mod) and left.text is not None:
            return self._percent(left, node)
        right = self.value(node.right)
        if isinstance(node.op, ast.Div) and (left.is_path or right.is_path or (left.pieces and right.pieces)):
            value = join([left, right], "/", node)
            value.is_path = True
            return value
        if isinstance(node.op, ast.Add) and (left.pieces or right.pieces):
            return join([left, right], node=node)
        return _arithmetic(node, left, right)

    def _percent(self, left: Value, node: ast.BinOp) -> Value:
        operand = node.right
        given = list(operand.elts) if isinstance(operand, ast.Tuple) else [operand]
        named = isinstance(operand, ast.Dict)
        parts: list[Value] = []
        at, text, origin = 0, left.text or "", left.literals[0] if left.literals else node
        for match in _PLACEHOLDER.finditer(text):
            parts.append(text_value(text[at : match.start()], origin))
            at = match.end()
            if match.group().endswith("%"):
                parts.append(text_value("%", origin))
            elif named or not given:
                parts.append(hole(RESULT, operand))
            else:
                parts.append(_spelled(self.value(given.pop(0)), match.group()))
        parts.append(text_value(text[at:], origin))
        return join([p for p in parts if p.text != ""], node=node)

    def _format(self, node: ast.Call, template: Value) -> Value:
        parts: list[Value] = []
        at, text, origin = 0, template.text or "", template.literals[0] if template.literals else node
        automatic = 0
        for match in _FIELD.finditer(text):
            parts.append(text_value(text[at : match.start()], origin))
            at = match.end()
            if match.group() in ("{{", "}}"):
                parts.append(text_value(match.group()[0], origin))
                continue
            field, _, how = match.group(1).partition(":")
            field = re.split(r"[.\[!]", field, maxsplit=1)[0]
            given: ast.expr | None = None
            if field == "" or field.isdigit():
                index = int(field) if field else automatic
                automatic += 1
                given = self.module.argument(node, "", index)
            else:
                given = self.module.argument(node, field)
            parts.append(_spelled(self.value(given), f"{{:{how}}}") if given is not None else hole(RESULT, node))
        parts.append(text_value(text[at:], origin))
        return join([p for p in parts if p.text != ""], node=node)

    def _joined(self, node: ast.JoinedStr) -> Value:
        parts = [
            self._filled_in(part) if isinstance(part, ast.FormattedValue) else self.value(part) for part in node.values
        ]
        return join(parts, node=node) if parts else text_value("", node)

    def _filled_in(self, part: ast.FormattedValue) -> Value:
        value = self.value(part.value)
        how = self.value(part.format_spec).text if part.format_spec is not None else ""
        return _spelled(value, f"{{:{how}}}") if how is not None else hole(_source(value), part.value)

    def _call(self, node: ast.Call) -> Value:
        name = self.module.qualified(node.func)
        args = node.args
        if name in _JOINS and not self.module.is_open_ended(node):
            return join([self.value(arg) for arg in args], "/", node)
        if name in _PATHS and not self.module.is_open_ended(node):
            value = join([self.value(arg) for arg in args], "/", node) if args else text_value(".", node)
            value.is_path = True
            return value
        if name in _SAME_TEXT and args:
            return self.value(args[0])
        if name in _NUMBERS and len(args) == 1:
            return _number(_NUMBERS[name], self.value(args[0]), node)
        if name in _ENVIRONMENT:
            default = self.module.argument(node, "default", 1)
            if default is None or self.value(default).kind == DYNAMIC:
                return hole(ENVIRONMENT, node)
            return overridable(self.value(default))
        if name and _UNIQUE.search(name):
            return hole(UNIQUE, node)
        if name and (_PARSED.search(name) or _PARSED.search(name + "()")):
            return hole(ARGUMENT, node)
        if name and _CONFIGURED.search(name):
            return hole(CONFIG, node)
        return self._method_call(node)

    def _method_call(self, node: ast.Call) -> Value:
        func = node.func
        if not isinstance(func, ast.Attribute):
            sources = [self.value(arg) for arg in node.args[:4]]
            return hole(next((_source(v) for v in sources if v.sources), RESULT), node)
        base = self.value(func.value)
        if func.attr == "format" and base.text is not None:
            return self._format(node, base)
        if func.attr == "joinpath" and base.pieces:
            return join([base, *(self.value(arg) for arg in node.args)], "/", node)
        if func.attr in _SAME_METHODS and base.pieces:
            return base
        if func.attr == "get" and node.args:
            entry = self._entry(func.value, node.args[0])
            switch = self.value(entry) if entry is not None else None
            if switch is not None and switch.kind == LITERAL and not switch.pieces:
                return switch
        return hole(_source(base), node)

    def _conditional(self, node: ast.IfExp) -> Value:
        values = (self.value(node.body), self.value(node.orelse))
        literal = next((v for v in values if v.kind == LITERAL), None)
        if literal is not None and (any(_user_given(v) for v in values) or self.is_user_choice(node.test)):
            return overridable(literal)
        return hole(RESULT, node, values)

    def _boolean(self, node: ast.BoolOp) -> Value:
        values = [self.value(v) for v in node.values]
        if isinstance(node.op, ast.And) and any(_is_off(value) for value in values):
            return Value(LITERAL, constant=False, node=node)
        if isinstance(node.op, ast.Or) and values[-1].kind == LITERAL and values[0].kind != LITERAL:
            return overridable(values[-1])
        return hole(next((_source(v) for v in values if v.sources), RESULT), node)

    def _compare(self, node: ast.Compare) -> Value:
        """A switch that the code sets itself: `option = 2` above `if option == 1`.

        Words choose between kinds of data more often than they switch, and both are meant: `survey == "kids"`. Those of
        an answer switch: `plot = "no"`.
        """
        compared = [self._settled(each) for each in (node.left, *node.comparators)]
        if ... in compared:
            return hole(RESULT, node)
        try:
            steps = zip(node.ops, compared, compared[1:], strict=False)
            holds = all(_COMPARED[step.__class__](left, right) for step, left, right in steps)
        except (KeyError, TypeError):
            return hole(RESULT, node)
        return Value(LITERAL, constant=holds, node=node)

    def _settled(self, node: ast.expr) -> object:
        """The number, bool or answer that an expression is, or that its name alone is bound to; else `...`."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            members = [self._settled(each) for each in node.elts]
            return ... if ... in members else tuple(members)
        if isinstance(node, ast.Name):
            found = self.module.scope_of(node).find(node.id)
            bound = found[1] if found is not None else []
            if len(bound) != 1 or bound[0].kind != "assign" or bound[0].value is None:
                return ...
            node = bound[0].value
        number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        if not isinstance(number, ast.Constant):
            return ...
        if isinstance(number.value, str) and number.value.lower() in _ANSWERS:
            return number.value
        if not isinstance(number.value, (int, float)):
            return ...
        return number.value if number is node else -number.value

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if value.kind == DYNAMIC or value.pieces:
            return hole(_source(value), node)
        if isinstance(node.op, ast.Not):
            return Value(value.kind, constant=not value.constant, node=node)
        if isinstance(node.op, ast.USub) and isinstance(value.constant, (int, float)):
            return Value(value.kind, constant=-value.constant, node=node)
        return value

    def _named(self, node: ast.NamedExpr) -> Value:
        return self.value(node.value)

    def _passed(self, node: ast.Await) -> Value:
        return self.value(node.value)

    # -- across functions -----------------------------------------------------------------------------------

    def arriving(self, node: ast.expr) -> list[Value]:
        found: list[Value] = []
        queue: list[tuple[Value, int]] = [(self.value(node), 0)]
        seen: set[ast.AST] = set()
        while queue and len(found) < 32:
            value, depth = queue.pop()
            if value.choices:
                queue += [(choice, depth) for choice in value.choices]
            parameter = self._leading_parameter(value)
            if parameter is None or depth >= 3 or parameter in seen:
                if not value.choices:
                    found.append(value)
                continue
            seen.add(parameter)
            arguments = [argument for _, argument in self.given(parameter)]
            if not arguments:
                found.append(value)
            rest = value.pieces[1:]
            for argument in arguments:
                given = self.value(argument)
                if rest and given.pieces:
                    given = join([given, Value(value.kind, rest)], node=given.node)
                queue.append((given, depth + 1))
        return found

    def _leading_parameter(self, value: Value) -> ast.arg | None:
        first = value.pieces[0] if value.pieces else None
        if first is None or first.text is not None or first.source != PARAMETER:
            return None
        return first.node if isinstance(first.node, ast.arg) else None

    def given(self, parameter: ast.arg) -> list[tuple[ast.Call, ast.expr]]:
        function = self.module.parents.get(parameter)
        function = self.module.parents.get(function) if function is not None else None
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return []
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        method = isinstance(self.module.parents.get(function), ast.ClassDef)
        skipped = 1 if method and names[:1] in (["self"], ["cls"]) else 0
        index = names.index(parameter.arg) - skipped if parameter.arg in names[skipped:] else None
        found = []
        for call in self.module.callers().get(function, [])[:32]:
            if self.function(call.func) is function:
                given = self.module.argument(call, parameter.arg, index)
                if given is not None:
                    found.append((call, given))
        return found

    # -- conditions -----------------------------------------------------------------------------------------

    def _is_given(self, word: ast.Constant, among: ast.expr) -> bool:
        """Whether a word is looked for among those of the command line, or a variable in the environment."""
        words = among.value if isinstance(among, ast.Subscript) else among
        if self.module.qualified(words) in ("sys.argv", "os.environ"):
            return True
        option = isinstance(word.value, str) and word.value.startswith("-")
        return option and ARGUMENT in self.value(among).sources

    def is_user_choice(self, test: ast.expr) -> bool:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.is_user_choice(test.operand)
        if isinstance(test, ast.BoolOp):
            return any(self.is_user_choice(value) for value in test.values)
        if isinstance(test, ast.Compare):
            if any(isinstance(n, ast.Constant) and n.value == "DISPLAY" for n in (test.left, *test.comparators)):
                return True
            if isinstance(test.ops[0], (ast.In, ast.NotIn)) and isinstance(test.left, ast.Constant):
                return self._is_given(test.left, test.comparators[0])
            if self._asks_for_document(test):
                return False
            return isinstance(test.left, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) and self.is_user_choice(
                test.left
            )
        if isinstance(test, ast.Call):
            name = self.module.qualified(test.func)
            if name in _ENVIRONMENT or name.endswith((".isatty", "is_interactive", "isinteractive", ".confirm")):
                return True
            if not isinstance(test.func, ast.Attribute):
                return False
            if test.func.attr in SPELLINGS and not test.args:
                return self.is_user_choice(test.func.value)
            if test.func.attr == "get" and test.args:
                return self._is_chosen(test, self.module.constant(test.args[0]))
            return test.func.attr in ("isatty", "getboolean", "isChecked")
        if isinstance(test, ast.Subscript):
            return self._is_chosen(test, self.module.constant(test.slice))
        if isinstance(test, (ast.Name, ast.Attribute)):
            return self._is_chosen(test, test.id if isinstance(test, ast.Name) else test.attr)
        return False

    def _is_chosen(self, test: ast.expr, word: object) -> bool:
        """Whether an expression is given from outside, or is not known and its name, or key, speaks of a choice."""
        value = self.value(test)
        if value.kind == LITERAL:
            return False
        if value.kind == OVERRIDABLE or value.sources & {ARGUMENT, ENVIRONMENT, CONFIG}:
            return True
        asked = isinstance(word, str) and ASKING_NAMES.search(word) is not None
        return asked and (not value.choices or any(leaf.kind == OVERRIDABLE for leaf in value.leaves()))

    def _asks_for_document(self, test: ast.Compare) -> bool:
        """Whether a condition asks only if a file was read whole: `saved = json.load(f)`, `saved is None`."""
        about, other = test.left, test.comparators[0]
        if not isinstance(about, ast.Name) or not isinstance(other, ast.Constant) or other.value is not None:
            return False
        made = [binding.value for binding in self.bindings(about) if isinstance(binding.value, ast.Call)]
        return any(_CONFIGURED.search(self.module.qualified(call.func)) for call in made if call is not None)


def _function_scope(scope: object) -> object:
    """The function (or module, class) whose code runs in one go with a scope's: comprehensions belong to it."""
    node = getattr(scope, "node", None)
    while isinstance(node, COMPREHENSIONS):
        scope = getattr(scope, "parent", None)
        node = getattr(scope, "node", None)
    return scope


def _is_one_switch(values: tuple[Value, ...]) -> bool:
    """Whether a name is set to the same `True`, `False` or `None` wherever it is set."""
    first = values[0]
    known = first.kind == LITERAL and not first.pieces and (first.constant is None or isinstance(first.constant, bool))
    return known and all(
        value.kind == LITERAL and not value.pieces and value.constant is first.constant for value in values
    )


def _is_off(value: Value) -> bool:
    return value.kind == LITERAL and isinstance(value.constant, int) and not value.constant


def _user_given(value: Value) -> bool:
    return value.kind == OVERRIDABLE or bool(value.sources & {ARGUMENT, ENVIRONMENT, CONFIG})


def _source(value: Value) -> str:
    """What a value depends on, in one word, the most telling first."""
    sources = value.sources
    for source in (ARGUMENT, ENVIRONMENT, CONFIG, UNIQUE, LOOP, PARAMETER):
        if source in sources:
            return source
    return RESULT


def _spelled(value: Value, how: str) -> Value:
    """A known number as `%04d` or `{:04d}` writes it; a hole where that says something else."""
    number = value.constant
    if value.pieces or value.choices or value.kind == DYNAMIC or not isinstance(number, (int, float)):
        return value
    try:
        text = None if _WIDE.search(how) else how % number if how[0] == "%" else how.format(number)
    except (ValueError, TypeError, OverflowError, LookupError):
        text = None
    return Value(value.kind, (Piece(text, value.node),), node=value.node) if text else hole(RESULT, value.node)


def _number(kind: type, value: Value, node: ast.AST) -> Value:
    given = value.text if value.pieces else value.constant
    if value.kind == DYNAMIC or given is None or isinstance(given, (bytes, complex)):
        return hole(_source(value), node)
    try:
        return Value(value.kind, constant=kind(given), node=node)
    except (ValueError, TypeError, OverflowError):
        return hole(RESULT, node)


def _arithmetic(node: ast.BinOp, left: Value, right: Value) -> Value:
    a, b = left.constant, right.constant
    if DYNAMIC in (left.kind, right.kind) or left.pieces or right.pieces:
        sources = [v for v in (left, right) if v.sources]
        return hole(_source(sources[0]) if sources else RESULT, node)
    kind = OVERRIDABLE if OVERRIDABLE in (left.kind, right.kind) else LITERAL
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a) < 1e15 and abs(b) < 1e15:
        if isinstance(node.op, ast.Add):
            return Value(kind, constant=a + b, node=node)
        if isinstance(node.op, ast.Sub):
            return Value(kind, constant=a - b, node=node)
        if isinstance(node.op, ast.Mult):
            return Value(kind, constant=a * b, node=node)
        if isinstance(node.op, ast.Pow) and abs(a) <= 1024 and 0 <= b <= 16:
            return Value(kind, constant=a**b, node=node)
        if isinstance(node.op, (ast.Div, ast.FloorDiv)) and b:
            return Value(kind, constant=a / b if isinstance(node.op, ast.Div) else a // b, node=node)
    return hole(RESULT, node)


_EVALUATE: dict[type[ast.AST], Callable[[Evaluator, Any], Value]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.BinOp: Evaluator._binary,
    ast.JoinedStr: Evaluator._joined,
    ast.Call: Evaluator._call,
    ast.IfExp: Evaluator._conditional,
    ast.BoolOp: Evaluator._boolean,
    ast.Compare: Evaluator._compare,
    ast.UnaryOp: Evaluator._unary,
    ast.NamedExpr: Evaluator._named,
    ast.Await: Evaluator._passed,
}
