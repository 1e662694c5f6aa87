"""Whether a stretch of code is the choice of whoever starts the program: behind an option, a parameter, a terminal."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from canfar_lint.model.evaluate import ASKING_NAMES, SPELLINGS
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import LITERAL, PARAMETER, Value

_OPTIONS = re.compile(r"_?(args?|pargs|opts?|options?|namespace|config|conf|cfg|flags|params|settings)$", re.IGNORECASE)
_GIVEN = re.compile(r"\b(?:p?args?|opts?|options|namespace|flags)\.\w+")
# a module in which a site or a user says how the program runs
_SETTINGS = re.compile(r"(^|\.)(settings?|config|conf|cfg|options|flags)\.\w+$", re.IGNORECASE)
# functions that try another out, or show what it does
_TRIALS = re.compile(
    r"(^|_)(tests?|demo|examples?|show|plots?|display|view|draw|visuali[sz]e|inspect|check)(_|$|\d)", re.IGNORECASE
)
# functions that look if something is there, or as it should be
_CHECKS = re.compile(r"exist[^.]*$|isfile$|isdir$|(^|[._])(is_)?valid[^.]*$", re.IGNORECASE)
_MOST_BINDINGS = 32
_ENDINGS = frozenset(("sys.exit", "builtins.exit", "builtins.quit", "os._exit"))


def left_to_user(
    module: PythonModule,
    node: ast.AST,
    depth: int = 0,
    speaks: Callable[[str], bool] | None = None,
    *,
    refused: bool = False,
) -> bool:
    """Whether a node runs only when somebody asked for it, here or in every call of the function it stands in.

    Who asks for a step has not asked for all that happens in it: with `speaks`, a condition under which the function is
    called counts only when its words say what the node is about, unless the name of the function says so. With
    `refused`, what runs unless a parameter says no is not asked for. What is done either way never is.
    """
    if module.is_switched_off(node):
        return True
    function = module.function_of(node)
    heard = speaks if depth else None
    for test, wanted in module.guards(node):
        if (refused and on_by_default(module, test, wanted)) or _is_done_either_way(module, node, test):
            continue
        if (heard is None or heard(module.code(test))) and _is_choice(module, test, wanted):
            return True
    for way_out in left_before(module, node):
        if way_out is None or (module.is_user_choice(way_out) and not _asks_if_given(way_out)):
            return True
    if function is None or depth >= 3:
        return False
    if speaks is not None and speaks(function.name):
        speaks = None
    calls = module.callers().get(function, [])
    return bool(calls) and all(left_to_user(module, call, depth + 1, speaks, refused=refused) for call in calls[:32])


def _is_done_either_way(module: PythonModule, node: ast.AST, test: ast.expr) -> bool:
    """Whether both ways from a condition make the same call: `if errors: …; plt.show()`, `else: …; plt.show()`."""
    parted = module.parent(test)
    if not isinstance(node, ast.Call) or not isinstance(parted, ast.If):
        return False
    called = module.code(node.func)
    return all(
        any(isinstance(each, ast.Call) and module.code(each.func) == called for each in _within(way))
        for way in (parted.body, parted.orelse)
    )


def _within(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """What surely is done there: all but what further conditions are put on."""
    for statement in statements:
        if not isinstance(statement, (ast.If, ast.For, ast.While, ast.Try, ast.FunctionDef, ast.ClassDef)):
            yield from ast.walk(statement)


def on_by_default(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition is a parameter that is so by default, and that no call of this file gives another value."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return on_by_default(module, test.operand, not wanted)
    bindings = module.bindings(test) if isinstance(test, ast.Name) else []
    parameter = bindings[0].node if len(bindings) == 1 and bindings[0].kind == "param" else None
    if not isinstance(parameter, ast.arg) or module.constant(bindings[0].value) is not wanted:
        return False
    return all(module.constant(given) is wanted for _, given in module.given(parameter))


def _is_choice(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition is up to whoever starts the program, or calls the function."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_choice(module, test.operand, not wanted)
    if isinstance(test, ast.BoolOp):
        return any(_is_choice(module, each, wanted) for each in test.values)
    if (wanted and _is_handed(module, test)) or _checks_data(module, test) or _is_answer(module, test):
        return False
    if module.is_user_choice(test) or _open(module, test, wanted):
        return True
    return _kept(module, test, wanted) or _at_window(test) or _is_shipped(module, test) or _is_set_outside(module, test)


def _checks_data(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition finds out if what was given will do: `found = exists(args.name)`, `args.n > len(frames)`."""
    if isinstance(test, ast.Compare):
        other = test.comparators[0]
        equal = isinstance(test.ops[0], (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE))
        return equal and isinstance(other, ast.Call) and module.constant(other) is ...
    if not isinstance(test, ast.Name) or ASKING_NAMES.search(test.id):
        return False
    made = [binding.value for binding in module.bindings(test)[:_MOST_BINDINGS]]
    return bool(made) and all(isinstance(one, ast.Call) and _CHECKS.search(module.code(one.func)) for one in made)


def _is_answer(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition is about the answer to a question at the terminal, which a job is asked as well."""
    about = test.left if isinstance(test, ast.Compare) else test
    made = [binding.value for binding in module.bindings(about)] if isinstance(about, ast.Name) else []
    return bool(made) and all(one is not None and _asks_at_terminal(module, one) for one in made[:_MOST_BINDINGS])


def _asks_at_terminal(module: PythonModule, value: ast.expr) -> bool:
    """Whether a value is an answer as it was typed, whatever was done to its spelling: `input("?").strip()`."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    return isinstance(value, ast.Call) and module.qualified(value.func) in ("builtins.input", "builtins.raw_input")


def _is_set_outside(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition is a name that the file never sets: whoever runs it inside a program sets it before."""
    about = test
    if isinstance(test, ast.Compare):
        about = test.left if isinstance(module.constant(test.comparators[0]), int) else test
    return isinstance(about, ast.Name) and not module.bindings(about) and not module.qualified(about)


def _is_shipped(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition is a setting of the project's own, in a module that a site or a user fills in."""
    about = test.left if isinstance(test, ast.Compare) else test
    return _SETTINGS.search(module.qualified(about)) is not None


def _is_handed(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition is a parameter for which a call of this file says `True` to everybody: `clean(verbose=True)`.

    Not where somebody asks for the call, or it is a trial.
    """
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        test = test.left if module.constant(test.comparators[0]) is True else test
    bindings = module.bindings(test) if isinstance(test, ast.Name) else []
    parameter = bindings[0].node if len(bindings) == 1 else None
    if not isinstance(parameter, ast.arg):
        return False
    memo = module.memo("handed parameters")
    if parameter not in memo:
        memo[parameter] = False  # a call of the function in itself says nothing new
        memo[parameter] = any(_says_true(module, *given) for given in module.given(parameter))
    return bool(memo[parameter])


def _says_true(module: PythonModule, call: ast.Call, given: ast.expr) -> bool:
    if not isinstance(given, ast.Constant) or given.value is not True:
        return False
    function = module.function_of(call)
    trial = function is not None and _TRIALS.search(function.name) is not None
    return isinstance(module.parents.get(given), ast.keyword) and not trial and not left_to_user(module, call, 3)


def left_before(module: PythonModule, node: ast.AST) -> Iterator[ast.expr | None]:
    """The tests of the `if …: return` (or exit, continue) that stand before a node on its way; None for one without."""
    child: ast.AST = module.parent_statement(node)
    for ancestor in module.ancestors(child):
        for earlier in module.before(child):
            if isinstance(earlier, ast.If) and not earlier.orelse and _leaves(module, earlier.body[-1]):
                yield earlier.test
            elif isinstance(earlier, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                yield None
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return
        child = ancestor


def _asks_if_given(test: ast.expr) -> bool:
    """Whether a condition only finds out that what the program needs was left out: `args.id is None`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Is, ast.Eq, ast.Lt, ast.LtE, ast.NotEq)):
        return False
    if isinstance(test.left, ast.Call):
        return isinstance(test.left.func, ast.Name) and test.left.func.id == "len"
    nothing = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
    word = getattr(test.left, "attr", getattr(test.left, "id", ""))
    return nothing and ASKING_NAMES.search(word) is None


def is_fallback(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands where nothing was given, beside the branch that takes what the user gives:
    `if args.x: read(args.x)`, `if len(sys.argv) > 1: read(sys.argv[1])`, and there the `else`. Or it is bound to a
    name before a loop over the command line that binds it again."""
    if _is_bound_by_option(module, node):
        return True
    child: ast.AST = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.If) and child is not ancestor.test:
            asked = module.code(ancestor.test)
            other = ancestor.orelse if child in ancestor.body else ancestor.body
            words = ("sys.argv",) if "sys.argv" in asked else tuple(_GIVEN.findall(asked))
            if words and any(_takes(module, part, words) for each in other for part in ast.walk(each)):
                return True
        child = ancestor
    return False


def _is_bound_by_option(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node is bound to a name that the same function binds again where it has found an option."""
    statement = module.parents.get(node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return False
    scope = module.scope_of(target)
    again = [use for use in module.named(target.id)[:_MOST_BINDINGS] if isinstance(use.ctx, ast.Store)]
    return any(use is not target and module.scope_of(use) is scope and under_option(module, use) for use in again)


def _takes(module: PythonModule, part: ast.AST, words: tuple[str, ...]) -> bool:
    """Whether an argument of the program is taken as it is: bound to a name, or handed to a call."""
    if not isinstance(part, (ast.Attribute, ast.Subscript)) or not module.code(part).startswith(words):
        return False
    parent = module.parents.get(part)
    if isinstance(parent, ast.Call):
        return part in parent.args and getattr(parent.func, "attr", "") not in ("format", "join")
    return isinstance(parent, ast.Assign) and parent.value is part


def under_option(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands where a loop over the command line has found an option: `if opt == "-o"`."""
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value[:1] == "-"
        for test, _ in module.guards(node)
        for part in ast.walk(test)
    )


def is_shelved(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands in a function that the file names nowhere else but in a call that is commented out."""
    function = module.function_of(node)
    if function is None:
        return False
    memo = module.memo("shelved functions")
    if function not in memo:
        name = re.escape(function.name)
        call = rf"^[ \t]*#[# \t]*(?:\w+[ \t]*=[ \t]*)?(?:\w+\.)*{name}[ \t]*\("
        out = re.search(call, module.text, re.MULTILINE) is not None
        memo[function] = out and len(re.findall(rf"^(?![ \t]*#).*?\b{name}\b", module.text, re.MULTILINE)) == 1
    return bool(memo[function])


def _leaves(module: PythonModule, statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and module.qualified(call.func) in _ENDINGS


def _kept(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition is a name for what was asked of the user before: `ask = interactive.lower() == "yes"`.

    Also when it is switched where the user wants it, and off again at any time.
    """
    bindings = module.bindings(test)[:_MOST_BINDINGS] if isinstance(test, ast.Name) else []
    if any(binding.value is None or binding.kind == "param" for binding in bindings):
        return False
    values = [binding.value for binding in bindings if binding.value is not None]
    way = [value for value in values if not isinstance(value, ast.Constant) or bool(value.value) == wanted]
    return bool(way) and all(_is_chosen(module, value) for value in way)


def _is_chosen(module: PythonModule, value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return any(module.is_user_choice(test) or _open(module, test, on) for test, on in module.guards(value))
    if not isinstance(value, (ast.Compare, ast.BoolOp)):
        return False
    return module.is_user_choice(value) or _open(module, value, True)


def _at_window(test: ast.expr) -> bool:
    """Whether a condition asks what a person has pressed: `event.key == "a"`."""
    about = test.left if isinstance(test, ast.Compare) else test
    return (
        isinstance(about, ast.Attribute)
        and about.attr in ("key", "button", "dblclick", "inaxes")
        and isinstance(about.value, ast.Name)
        and about.value.id in ("event", "evt", "ev")
    )


def _open(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition asks a parameter that no call of this module is known to set that way."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _open(module, test.operand, not wanted)
    if isinstance(test, ast.BoolOp):
        return any(_open(module, each, wanted) for each in test.values)
    if isinstance(test, ast.Compare) and _names_answers(test, wanted):
        return _open_comparison(module, test, wanted)
    if _is_option(module, test) or (wanted and _is_extra(module, test)):
        return True
    if not isinstance(test, ast.Name) or PARAMETER not in module.value(test).sources:
        return False
    return not any(
        value.kind == LITERAL and bool(value.text if value.pieces else value.constant) == wanted
        for value in module.arriving(test)
    )


def _is_extra(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition is one of any arguments, `kwargs["figure"]`, that no call of this file gives, or turns on."""
    owner, key = (test.value, test.slice) if isinstance(test, ast.Subscript) else (None, None)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "get":
        owner, key = test.func.value, test.args[0] if len(test.args) == 1 else None
    function = module.function_of(test)
    word = key.value if isinstance(key, ast.Constant) else None
    if function is None or function.args.kwarg is None or getattr(owner, "id", "") != function.args.kwarg.arg:
        return False
    calls = module.callers().get(function, [])
    given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg in (word, None)]
    return isinstance(word, str) and all(isinstance(each, ast.Constant) and not each.value for each in given)


def _is_option(module: PythonModule, node: ast.expr) -> bool:
    """Whether an expression is `args.x` of parsed arguments that a function was handed, or a setting of an object's."""
    if not isinstance(node, ast.Attribute):
        return False
    if not isinstance(node.value, ast.Name):
        return _is_setting(node.value)
    return _OPTIONS.match(node.value.id) is not None and PARAMETER in module.value(node).sources


def _names_answers(test: ast.Compare, wanted: bool) -> bool:
    """Whether a condition compares with a word, or holds for the words of a list; for all others it means a mistake."""
    with_what = test.comparators[0]
    if isinstance(with_what, (ast.List, ast.Tuple, ast.Set)):
        listed = all(isinstance(each, ast.Constant) for each in with_what.elts)
        return listed and isinstance(test.ops[0], ast.In if wanted else ast.NotIn)
    if isinstance(test.left, ast.Call) and not isinstance(test.ops[0], ast.Eq if wanted else ast.NotEq):
        return False
    return isinstance(with_what, ast.Constant)


def _is_setting(owner: ast.expr) -> bool:
    """Whether an expression leads through the settings of an object: `self.config.plots`."""
    while isinstance(owner, ast.Attribute):
        if _OPTIONS.match(owner.attr):
            return True
        owner = owner.value
    return False


def _open_comparison(module: PythonModule, test: ast.Compare, wanted: bool) -> bool:
    left = test.left
    while isinstance(left, ast.Call) and isinstance(left.func, ast.Attribute) and left.func.attr in SPELLINGS:
        left = left.func.value
    if _is_option(module, left):
        return True
    if not isinstance(left, ast.Name) or PARAMETER not in module.value(left).sources:
        return False
    known = [value for value in module.arriving(left) if value.kind == LITERAL]
    return all(left is test.left and _fails(test, value, wanted) for value in known)


def _fails(test: ast.Compare, value: Value, wanted: bool) -> bool:
    """Whether a value that arrives at `==` or `!=` keeps what stands behind it from running."""
    with_what, operation = test.comparators[0], test.ops[0]
    if not isinstance(with_what, ast.Constant) or not isinstance(operation, (ast.Eq, ast.NotEq)):
        return False
    same = (value.text if value.pieces else value.constant) == with_what.value
    return (same == isinstance(operation, ast.Eq)) != wanted
