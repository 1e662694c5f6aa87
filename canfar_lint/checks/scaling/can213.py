"""Numbers of workers and threads taken from the node, where the session has only what it requested."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._pools import LOADS, is_idle, only_waits
from canfar_lint.checks._threads import (
    REQUESTED,
    hands_on_request,
    is_grown,
    is_left_over,
    never_runs,
    sized,
    starts_processes,
)
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding
from canfar_lint.model.values import ARGUMENT, CONFIG, ENVIRONMENT, OVERRIDABLE, PARAMETER

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script, Word

_MAKE = ("make", "gmake")
_THREADS = ("ThreadPoolExecutor", "ThreadPool")
_OF_NUMBERS = ("builtins.min", "builtins.max", "builtins.int")
_SAME_NUMBER = frozenset(
    (
        *("builtins.int", "builtins.max", "builtins.str", "builtins.len", "builtins.round"),
        *("math.floor", "math.ceil", "numpy.floor", "numpy.ceil"),
    )
)
_FEW = 4
_MOST_STEPS, _MOST_CALLS = 6, 20
_OF_QUEUE = re.compile(r"(SLURM|PBS|SGE|LSB|LSF|OAR|COBALT|FLUX)_|NSLOTS$")
_NOT_THERE = frozenset(("AttributeError", "NotImplementedError", "ImportError", "ModuleNotFoundError"))
_STARTS = re.compile(r"(^|\.)(Popen|Process|Thread|system|spawn\w*)$")
_LOGS = frozenset(("debug", "info", "warning", "error", "critical", "exception", "log"))
_FIELDS = re.compile(r"(^|\.)(dataclass|define|frozen|mutable|BaseModel|BaseSettings|NamedTuple|Struct)$|^attr\.s$")
_LOOKS_FOR = re.compile(r"(?:command -v|which|type(?: -\w+)?|hash)\s+(\w+)")
_IN_SHELL = "${OMP_NUM_THREADS:-1}"
_OPTION = re.compile(r"(^|\s)(-j|-np?|-t|-P|--?\w*(threads|cores|cpus?|proc|jobs|workers)\w*)[ =]?$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    yield from _counted(module, rule)
    yield from _unsized(module, rule)
    yield from _all_cores(module, rule)
    yield from _by_a_word(module, rule)


def _counted(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """The node's cores asked for, where the answer becomes a number of workers."""
    counting = [*module.calls(rule.table("counts")), *module.calls(rule.table("affinity"))]
    for call in counting:
        if module.in_try(call, "KeyError") or never_runs(module, call) or _is_other_way(module, call, counting):
            continue
        if (module.notebook and is_left_over(module, call)) or _is_given(module, rule, call):
            continue
        if _reaches_size(module, rule, call):
            question, fix = _named_elsewhere(module, call), _asked_for(module, rule, call)
            yield rule.finding(module.span(call), call=module.code(call), question=question, fix=fix)


def _named_elsewhere(module: PythonModule, call: ast.Call) -> Question | None:
    """Whether others take a number that only a library's name is given to, which nothing here reads."""
    number: ast.AST | None = module.parent(call)
    while isinstance(number, ast.BinOp) or (
        isinstance(number, ast.Call) and module.qualified(number.func) in _SAME_NUMBER
    ):
        number = module.parent(number)
    target = number.targets[0] if isinstance(number, ast.Assign) and len(number.targets) == 1 else None
    if module.is_script or not isinstance(target, ast.Name) or module.scope_of(target).kind != "module":
        return None
    return None if module.loads(target.id) else Question("named-elsewhere", target.id)


def _is_given(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether the cores are counted only where a parameter or an option was not given, which says how many.

    Callers set it, and whoever starts the script; a call of this file that leaves it out does not.
    """
    for test, wanted in module.guards(call):
        missing = _missing(module, test, wanted)
        if missing is None:
            continue
        bindings = module.bindings(missing) if isinstance(missing, ast.Name) else []
        parameter = next((each.node for each in bindings if each.kind == "param"), None)
        if isinstance(parameter, ast.arg):
            if not _is_left_out(module, parameter, call) or _asks_for_all(module, parameter, test):
                return True
        elif module.value(missing).sources & {ARGUMENT} and re.search(rule.table("sizes"), _word(missing)):
            return True
    return False


def _missing(module: PythonModule, test: ast.expr, wanted: bool) -> ast.expr | None:
    """What is missing where a condition holds or fails: `n` of `n is None`, `not n`, `n or …`, `n == -1`."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, wanted = test.operand, not wanted
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and module.constant(test.comparators[0]) in (None, -1):
        said = isinstance(test.ops[0], (ast.Is, ast.Eq))
        return test.left if said == wanted else None
    return test if isinstance(test, (ast.Name, ast.Attribute)) and not wanted else None


def _asks_for_all(module: PythonModule, parameter: ast.arg, test: ast.expr) -> bool:
    """Whether a condition is a word for all cores, `n == -1`, that neither the default nor a call of this file says."""
    word = module.constant(test.comparators[0]) if isinstance(test, ast.Compare) else None
    bound = module.scope_of(test).bindings.get(parameter.arg, ())
    said = [*(each.value for each in bound if each.node is parameter), *(value for _, value in module.given(parameter))]
    return word == -1 and all(each is None or module.constant(each) not in (word, ...) for each in said)


def _word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_left_out(module: PythonModule, parameter: ast.arg, node: ast.AST) -> bool:
    """Whether a call that a run of this file comes to leaves a parameter out, or gives None."""
    given = [call for call, value in module.given(parameter) if module.code(value) != "None"]
    calls = module.callers().get(module.function_of(node) or node, [])
    return any(call not in given and not module.is_open_ended(call) and module.on_main_path(call) for call in calls)


def _is_other_way(module: PythonModule, call: ast.Call, counting: list[ast.Call]) -> bool:
    """Whether the cores are counted only where the way before it is not to be had, as it is on Linux."""
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(child, ast.ExceptHandler) and isinstance(ancestor, ast.Try):
            caught = {n.id for n in ast.walk(child.type) if isinstance(n, ast.Name)} if child.type else set()
            tried = {id(n) for statement in ancestor.body for n in ast.walk(statement)}
            if caught & _NOT_THERE and any(id(other) in tried for other in counting):
                return True
        child = ancestor
    return any(not wanted and _asks_for_affinity(module, test) for test, wanted in module.guards(call))


def _asks_for_affinity(module: PythonModule, test: ast.expr) -> bool:
    """`hasattr(os, "sched_getaffinity")`."""
    if not isinstance(test, ast.Call) or module.qualified(test.func) != "builtins.hasattr" or len(test.args) < 2:
        return False
    return module.constant(test.args[1]) in ("sched_getaffinity", "cpu_affinity")


def _asked_for(module: PythonModule, rule: Rule, call: ast.Call) -> Fix | None:
    """The cores of the request instead of those of the node, where one of them is as good as many."""
    node: ast.expr = call
    if {*module.qualified_all(call.func)} & {*rule.table("affinity")}:
        parent = module.parent(call)
        if not (isinstance(parent, ast.Call) and module.qualified(parent.func) == "builtins.len"):
            return None
        node = parent
    around = module.parent(node)
    if isinstance(around, ast.BinOp) and not _is_at_least_one(module, around):
        # a core left to others makes no sense within a request, and none may be left
        spared = isinstance(around.op, ast.Sub) and around.left is node and isinstance(around.right, ast.Constant)
        if not spared or isinstance(module.parent(around), ast.BinOp):
            return None
        node = around
    return _requested(module, node)


def _is_at_least_one(module: PythonModule, node: ast.expr) -> bool:
    """Whether `max(1, …)` is around a sum."""
    parent = module.parent(node)
    if not isinstance(parent, ast.Call) or module.qualified(parent.func) != "builtins.max":
        return False
    numbers = [module.constant(argument) for argument in parent.args]
    return any(isinstance(number, int) and number > 0 for number in numbers)


def _requested(module: PythonModule, node: ast.expr) -> Fix | None:
    from canfar_lint.fixing.python import can_import, fix, replaced

    if not can_import(module, "os", node) or not hands_on_request(module, node):
        return None
    around = module.parent(node)
    if isinstance(around, ast.Call) and module.qualified(around.func) == "builtins.int" and around.args == [node]:
        node = around  # it is one already
    return fix("Use the requested cores", replaced(module, node, REQUESTED), UNSAFE, ("os",))


def _reaches_size(module: PythonModule, rule: Rule, node: ast.AST, depth: int = 0) -> bool:
    """Whether what an expression gives ends up as a number of workers or threads."""
    while depth < 12:
        depth += 1
        parent = module.parent(node)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod) and isinstance(parent.left, ast.Constant):
            return _is_written(module, rule, parent)
        if isinstance(parent, (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.FormattedValue, ast.NamedExpr)):
            if isinstance(parent, ast.BoolOp) and parent.values[0] is not node:
                return False  # `requested or os.cpu_count()`: only what is left when nobody asked
            if isinstance(parent, ast.IfExp) and parent.test is node:
                return False
            node = parent
        elif isinstance(parent, ast.JoinedStr):
            return _is_option(parent, node)
        elif isinstance(parent, ast.Call):
            verdict = _in_call(module, rule, parent, node)
            if verdict is not None:
                return verdict
            node = parent
        elif isinstance(parent, (ast.List, ast.Tuple)):
            grand = module.parent(parent)
            if not (isinstance(grand, ast.Call) and module.qualified(grand.func) in ("builtins.min", "builtins.max")):
                return False
            node = parent
        elif isinstance(parent, ast.keyword):
            taken = re.search(rule.table("sizes"), parent.arg or "") is not None
            return taken and not _is_record(module, parent) and not _waits(module, parent)
        elif isinstance(parent, (ast.Assign, ast.AnnAssign)):
            if _is_cap(module, parent) or _is_overwritten(module, parent) or _is_capped(module, parent):
                return False
            if _is_field(module, parent):
                return False
            if _names_size(module, rule, parent):
                return not _is_sizeless(module, parent)
            return depth < _MOST_STEPS and any(_reaches_size(module, rule, n, depth + 2) for n in _uses(module, parent))
        elif isinstance(parent, ast.Dict):
            return _is_setting(module, rule, parent, node)
        elif isinstance(parent, ast.Return):
            calls = module.callers().get(module.function_of(parent) or parent, [])[:_MOST_CALLS]
            return depth < _MOST_STEPS and any(_reaches_size(module, rule, each, depth + 2) for each in calls)
        else:
            return False
    return False


def _uses(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    """Where the name is read, in the same function, that a statement gives a number to."""
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    if not isinstance(target, ast.Name):
        return []
    scope, function = module.scope_of(target), module.function_of(target)
    others = (each for each in scope.bindings.get(target.id, ()) if each.node is not statement)
    if not all(_is_bound_below(module, each) for each in others):
        return []
    named = module.loads(target.id)
    return [n for n in named if function is None or function in module.ancestors(n)][:_MOST_CALLS]


def _is_bound_below(module: PythonModule, binding: Binding) -> bool:
    """Whether a name gets a small number only where it is a smaller one: `if n == 0: n = 1`."""
    number = module.constant(binding.value) if binding.kind == "assign" else None
    tests = (test for test, _ in module.guards(binding.node) if isinstance(test, ast.Compare))
    return isinstance(number, int) and number <= _FEW and any(module.code(t.left) == binding.name for t in tests)


def _is_overwritten(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the name gets another value further down, before anybody reads it."""
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    name = target.value if isinstance(target, ast.Subscript) else target
    if not isinstance(name, ast.Name):
        return False
    for later in module.behind(statement):
        names = [n for n in ast.walk(later) if isinstance(n, ast.Name) and n.id == name.id]
        if name is not target and len(names) == 1 and _is_other_entry(module, names[0], target):
            continue
        if names:
            sets = isinstance(later, ast.Assign) and names[0] in later.targets
            return sets and len(names) == 1
    return False


def _is_other_entry(module: PythonModule, name: ast.Name, entry: ast.expr) -> bool:
    """Whether another entry of the same settings is written: `args["steps"] = 100`."""
    written = module.parent(name)
    if not isinstance(written, ast.Subscript) or not isinstance(written.ctx, ast.Store):
        return False
    return module.code(written) != module.code(entry)


def _is_field(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether a class says what holds where nobody gives a number: a field of a dataclass, or what a method sets anew
    from settings, arguments or parameters.
    """
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    around = module.parent(statement)
    if not isinstance(target, ast.Name) or not isinstance(around, ast.ClassDef):
        return False
    made = [each.func if isinstance(each, ast.Call) else each for each in (*around.decorator_list, *around.bases)]
    if isinstance(statement, ast.AnnAssign) and any(_FIELDS.search(module.qualified(each)) for each in made):
        return True
    stores = (n for n in ast.walk(around) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    return any(n.attr == target.id and _is_given_there(module, n) for n in stores)


def _is_given_there(module: PythonModule, attribute: ast.Attribute) -> bool:
    """Whether an attribute is set to what is neither written there nor counted."""
    value = getattr(module.parent(attribute), "value", None)
    if not isinstance(value, ast.expr) or module.constant(value) is not ...:
        return False
    return "cpu_count" not in module.code(value)


def _is_setting(module: PythonModule, rule: Rule, settings: ast.Dict, node: ast.AST) -> bool:
    """`{"n_jobs": os.cpu_count()}`."""
    pairs = zip(settings.keys, settings.values, strict=True)
    key = next((module.constant(key) for key, value in pairs if value is node and key is not None), None)
    return key in rule.table("settings")


def _is_written(module: PythonModule, rule: Rule, text: ast.BinOp) -> bool:
    """Whether a text gets the count as the value of an option, or as that of a setting that is written to a file.

    `"-ncpus %d" % n`, `{"POOL_NUM": "%d  # processes" % n}`.
    """
    words = text.left.value if isinstance(text.left, ast.Constant) else None
    before = re.match(r"([^%]*)%-?\d*[dis]", words) if isinstance(words, str) else None
    if before is None:
        return False
    around = module.parent(text)
    if _OPTION.search(before[1]) or before[1].strip() or not isinstance(around, ast.Dict):
        return _OPTION.search(before[1]) is not None
    pairs = zip(around.keys, around.values, strict=True)
    key = next((module.constant(key) for key, value in pairs if value is text and key is not None), None)
    return isinstance(key, str) and re.search(rule.table("written"), key) is not None


def _waits(module: PythonModule, given: ast.keyword | ast.Call) -> bool:
    """Whether what is started waits for disk or network, of which there may be many: threads, and processes that are
    given nothing else to do, or nothing at all.
    """
    call = module.parent(given) if isinstance(given, ast.keyword) else given
    if not isinstance(call, ast.Call):
        return False
    threads = module.qualified(call.func).rpartition(".")[2] in _THREADS
    tables = load().rules["CAN211"].body["tables"]
    return threads or is_idle(module, call) or only_waits(module, call, tables)


def _is_record(module: PythonModule, keyword: ast.keyword) -> bool:
    """`dict(system=platform.system(), n_cpus=os.cpu_count())`: what the machine is like."""
    around = module.parent(keyword)
    if not isinstance(around, ast.Call) or module.qualified(around.func) != "builtins.dict":
        return False
    beside = (other.value for other in around.keywords if isinstance(other.value, ast.Call))
    return any(module.qualified(other.func).startswith("platform.") for other in beside)


def _is_sizeless(module: PythonModule, statement: ast.Assign | ast.AnnAssign, depth: int = 0) -> bool:
    """Whether the number that is kept becomes no size.

    Nothing is done with it, or it is shown, weighs another, is at most a few, or starts threads that wait.
    """
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    uses: list[ast.Name | ast.Attribute] = []
    unused = False
    if isinstance(statement, ast.Assign) and len(statement.targets) > 1:
        return False
    if isinstance(target, ast.Name):
        function = module.function_of(target)
        uses += [n for n in module.named(target.id) if function is None or function in module.ancestors(n)]
        unused = _is_forgotten(module, target)
    elif isinstance(target, ast.Attribute):
        uses += module.attributed(target.attr)
    read = [n for n in uses if isinstance(n.ctx, ast.Load)]
    used = [n for n in read if not never_runs(module, n) and not _is_bound_anew(module, statement, n)]
    return all(_is_weighed(module, n, depth) for n in used) if read else unused


def _is_bound_anew(module: PythonModule, statement: ast.stmt, use: ast.Name | ast.Attribute) -> bool:
    """Whether a name gets another value on every way from a statement to where it is read."""
    child: ast.AST = use
    for ancestor in module.ancestors(use):
        for later in module.before(child):
            sets = isinstance(later, ast.Assign) and any(module.code(t) == module.code(use) for t in later.targets)
            if sets and later is not statement and later.lineno > statement.lineno:
                return True
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        child = ancestor
    return False


def _is_forgotten(module: PythonModule, target: ast.Name) -> bool:
    """Whether a name that is nowhere read is for nobody else either: other files, or the shell (`!mpirun -n {n}`)."""
    function = module.function_of(target)
    run = module.notebook or module.main_guard is not None or module.text.startswith("#!") or _writes(module)
    of_others = target.id.isupper() and not module.is_script  # a constant: what reads it is not seen from here
    if function is None and not (run or of_others):
        return False
    scope = module.scope_of(target)
    if scope.kind == "class" or scope.owner(target.id) is not scope:
        return False
    return re.search(rf"[${{]{re.escape(target.id)}\b", module.text) is None


def _writes(module: PythonModule) -> bool:
    """Whether a file writes its results outside of functions: nobody imports it for a name."""
    from canfar_lint.checks._outputs import outputs

    return any(module.function_of(output.call) is None for output in outputs(module) if output.does == "write")


def _is_weighed(module: PythonModule, node: ast.expr, depth: int = 0) -> bool:
    parent, at = module.parent(node), node
    while isinstance(parent, (ast.BinOp, ast.Call, ast.List, ast.Tuple)):
        if isinstance(parent, ast.BinOp):
            if isinstance(parent.op, (ast.Div, ast.FloorDiv, ast.Mod)) and parent.right is at:
                return True
        elif isinstance(parent, ast.Call):
            name = module.qualified(parent.func)
            if name == "builtins.min" and any(_is_few(module, other) for other in _operands(parent)):
                return True
            if name == "builtins.range":
                return not _starts_many(module, parent)
            if name not in (*_SAME_NUMBER, "builtins.min"):
                return _shows(module, parent) or _is_for_threads(module, node)
        elif not _is_in_extreme(module, parent):
            break
        at, parent = parent, module.parent(parent)
    if isinstance(parent, ast.Compare):
        return True
    if isinstance(parent, ast.Assign):
        if _is_cap(module, parent):
            return True
        kept = isinstance(parent.targets[0], ast.Name) and depth < _MOST_STEPS
        return kept and _is_sizeless(module, parent, depth + 1)
    if isinstance(parent, ast.FormattedValue):
        text = module.parent(parent)
        return isinstance(text, ast.JoinedStr) and not _is_option(text, parent)
    return _is_for_threads(module, node)


def _starts_many(module: PythonModule, counted: ast.Call) -> bool:
    """Whether a `range` counts processes or programs that are started; else it counts tasks, which are no workers."""
    loop = module.parent(counted)
    loop = module.parent(loop) if isinstance(loop, ast.comprehension) else loop
    calls = (each.func for each in ast.walk(loop) if isinstance(each, ast.Call)) if loop is not None else ()
    return starts_processes(module, counted) or any(_STARTS.search(module.code(func)) for func in calls)


def _is_in_extreme(module: PythonModule, listed: ast.AST) -> bool:
    """`min([…])`."""
    around = module.parent(listed)
    return isinstance(around, ast.Call) and module.qualified(around.func) in ("builtins.min", "builtins.max")


def _shows(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call only shows what it is given: `print`, a log, `print("{}".format(n))`."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "format":
        around = module.parent(call)
        return isinstance(around, ast.Call) and _shows(module, around)
    if module.qualified(call.func) == "builtins.print":
        return True
    logger = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in _LOGS else None
    return logger is not None and "log" in module.code(logger).lower()


def _is_few(module: PythonModule, node: ast.expr) -> bool:
    """Whether a number is a small one that the code knows: it, or the length of a list that is written there."""
    if isinstance(node, ast.Call) and module.qualified(node.func) == "builtins.len" and len(node.args) == 1:
        listed = module.resolve(node.args[0])
        if not isinstance(listed, (ast.List, ast.Tuple, ast.Set)) or is_grown(module, node.args[0]):
            return False
        return len(listed.elts) <= _FEW and not any(isinstance(each, ast.Starred) for each in listed.elts)
    number = module.constant(node)
    return isinstance(number, int) and number <= _FEW


def _is_for_threads(module: PythonModule, node: ast.AST) -> bool:
    """Whether a number, or the smaller or greater of it and another, is the size of a pool that only waits."""
    parent = module.parent(node)
    while isinstance(parent, (ast.BinOp, ast.Call)) and (
        isinstance(parent, ast.BinOp) or module.qualified(parent.func) in _OF_NUMBERS
    ):
        parent = module.parent(parent)
    if isinstance(parent, ast.keyword):
        return parent.arg in ("max_workers", "processes") and _waits(module, parent)
    return isinstance(parent, ast.Call) and _waits(module, parent)


def _is_cap(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> bool:
    """`if asked > cores: asked = cores`, which is `min(asked, cores)`: the size is what was asked for.

    Also `if cores < asked: n = cores` with `else: n = asked`.
    """
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    if not isinstance(target, ast.Name) or statement.value is None:
        return False
    limit = module.code(statement.value)
    for test, wanted in module.guards(statement):
        if not isinstance(test, ast.Compare) or len(test.ops) > 1:
            continue
        greater, less = test.left, test.comparators[0]
        if not isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
            continue
        if isinstance(test.ops[0], (ast.Lt, ast.LtE)) == wanted:
            greater, less = less, greater
        kept = module.code(greater) == target.id or _is_else(module, test, target, greater)
        if kept and module.code(less) == limit:
            return _is_asked_for(module, greater)
    return False


def _is_else(module: PythonModule, test: ast.expr, target: ast.Name, value: ast.expr) -> bool:
    """Whether a branch of a condition gives a value to a name."""
    around = module.parent(test)
    branches = (*around.body, *around.orelse) if isinstance(around, ast.If) else ()
    sets = (each for each in branches if isinstance(each, ast.Assign))
    code = module.code(value)
    return any(module.code(each.targets[0]) == target.id and module.code(each.value) == code for each in sets)


def _is_capped(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the number is made smaller just below where it is above a few: `if n > 4: n = 4`."""
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    later = next(iter(module.behind(statement)), None)
    if not isinstance(target, ast.Name) or not isinstance(later, ast.If) or len(later.body) > 1:
        return False
    test, cap = later.test, later.body[0]
    if not isinstance(test, ast.Compare) or not isinstance(cap, ast.Assign):
        return False
    greater = isinstance(test.ops[0], (ast.Gt, ast.GtE)) and module.code(test.left) == target.id
    caps = module.code(cap.targets[0]) == target.id and module.code(cap.value) == module.code(test.comparators[-1])
    return greater and caps and (_is_few(module, cap.value) or _is_asked_for(module, cap.value))


def _in_call(module: PythonModule, rule: Rule, call: ast.Call, node: ast.AST) -> bool | None:
    """What a call makes of a count given to it: a size, nothing, or (None) a number again."""
    name = module.qualified(call.func)
    if name in _SAME_NUMBER:
        return None
    if name == "builtins.min":
        bounded = any(_is_asked_for(module, other) or _is_few(module, other) for other in _operands(call))
        return False if bounded else None
    if name in ("os.environ.get", "os.getenv", "os.environ.setdefault"):
        key = module.constant(call.args[0]) if call.args else None
        # a queue's variable is nowhere set on the platform, so that the default is what counts
        return None if isinstance(key, str) and _OF_QUEUE.match(key) else False
    if name == "builtins.range":
        return starts_processes(module, call)
    if _waits(module, call):
        return False
    if name.endswith((".set_num_threads", ".set_start_method")) or name in rule.table("pools"):
        return True
    if name.rpartition(".")[2] in ("Pool", "ProcessPool", "ProcessPoolExecutor", "MultiPool", "Parallel"):
        return True
    function = module.function_named(call.func)
    if function is None or node not in call.args:
        return False
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    at = call.args.index(node) + (names[:1] in (["self"], ["cls"]))
    return at < len(names) and re.search(rule.table("sizes"), names[at]) is not None


def _operands(call: ast.Call) -> list[ast.expr]:
    first = call.args[0] if len(call.args) == 1 else None
    return first.elts if isinstance(first, (ast.List, ast.Tuple)) else call.args


def _is_asked_for(module: PythonModule, node: ast.expr) -> bool:
    """Whether a number comes from whoever starts the script: then `min` keeps to it."""
    value = module.value(node)
    return value.kind == OVERRIDABLE or bool(value.sources & {ARGUMENT, ENVIRONMENT, CONFIG, PARAMETER})


def _is_option(text: ast.JoinedStr, node: ast.AST) -> bool:
    """Whether a count is the value of an option such as `-j` in an f-string."""
    values: Sequence[ast.expr] = text.values
    before = values[values.index(node) - 1] if values[0] is not node else None
    words = before.value if isinstance(before, ast.Constant) else ""
    return isinstance(words, str) and _OPTION.search(words) is not None


def _names_size(module: PythonModule, rule: Rule, statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        word = getattr(target, "id", None) or getattr(target, "attr", None) or ""
        if isinstance(target, ast.Subscript):
            key = module.constant(target.slice)
            word = key if isinstance(key, str) else ""
        if (re.search(rule.table("sizes"), word) or word.endswith("_THREADS")) and not LOADS.search(word):
            return True
    return False


def _unsized(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Pools that take one worker a core because nobody told them how many."""
    told: dict[ast.Call, bool] = {}
    for call, _, given in sized(module, rule.table("pools")):
        known = given is not None and module.constant(given) is not None
        told[call] = told.get(call, False) or known
    for call, is_told in told.items():
        asked = any(module.value(a).sources & {ARGUMENT, ENVIRONMENT} for a in call.args)
        if is_told or _is_refused(module, rule, call) or (module.notebook and is_left_over(module, call)):
            continue  # what a module does not call others may
        left = never_runs(module, call) or _is_given(module, rule, call)
        if not asked and not left and not _waits(module, call):
            fix = _sized(module, rule, call)
            dask = any(name.startswith(("dask.", "distributed.")) for name in module.qualified_all(call.func))
            variant = "dask" if dask else "default"
            yield rule.finding(module.name_span(call), variant=variant, call=f"{module.code(call.func)}()", fix=fix)


def _is_refused(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call has a keyword that the pool does not know: it ends in an error, and starts nothing."""
    names = (rule.table("taken").get(name.partition(".")[0]) for name in module.qualified_all(call.func))
    known = next((each for each in names if each is not None), None)
    return known is not None and any(keyword.arg not in known for keyword in call.keywords)


def _sized(module: PythonModule, rule: Rule, call: ast.Call) -> Fix | None:
    """The pool told how many workers it may start."""
    from canfar_lint.fixing.python import can_import, fix, replaced, with_argument

    name = next(name for name in module.qualified_all(call.func) if name in rule.table("pools"))
    table = rule.table("pools")[name]
    if not can_import(module, "os", call) or not hands_on_request(module, call):
        return None
    parameter = next((each for each in ("n_workers", "processes") if each in table), next(iter(table)))
    given = module.argument(call, parameter, table[parameter])
    others = [module.argument(call, other, at) for other, at in table.items() if other != parameter]
    if given is not None:
        edits = replaced(module, given, REQUESTED) if isinstance(given, ast.Constant) else ()
    elif any(others):
        return None
    else:
        threads = ", threads_per_worker=1" if "threads_per_worker" in table else ""
        edits = with_argument(module, call, f"{parameter}={REQUESTED}{threads}")
    return fix("Start as many workers as there are requested cores", edits, UNSAFE, ("os",))


def _all_cores(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """`n_jobs=-1`."""
    for value, at, said in _given_sizes(module, rule):
        number = module.constant(value)
        if isinstance(number, int) and number in (-1, -2) and not never_runs(module, value):
            fix = _requested(module, value) if isinstance(value, ast.UnaryOp) else None
            yield rule.finding(module.span(at), variant="default", call=said, fix=fix)


def _by_a_word(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """`maximum_cores="half"`, by keyword, in settings and as an attribute; `parallel=True` of what then takes all."""
    given: list[tuple[str, ast.expr]] = [(k.arg or "", k.value) for call in module.all_calls for k in call.keywords]
    for text in module.strings:
        around = module.parent(text)
        if isinstance(around, ast.Dict) and text in around.keys:
            given.append((str(text.value), around.values[around.keys.index(text)]))
    for node in module.nodes(ast.Assign):
        if isinstance(node.targets[0], ast.Attribute):
            given.append((node.targets[0].attr, node.value))
    parts = rule.table("parts")
    for name, value in given:
        if name in parts and module.constant(value) in parts[name] and not never_runs(module, value):
            yield rule.finding(module.span(value), variant="share", call=f"{name}={module.code(value)}")
    for call in module.calls(rule.table("all")):
        name = next(rule.table("all")[each] for each in module.qualified_all(call.func) if each in rule.table("all"))
        keyword = module.keyword(call, name)
        if keyword is not None and module.constant(keyword.value) is True and not never_runs(module, call):
            yield rule.finding(module.span(keyword.value), variant="default", call=module.code(keyword))


def _given_sizes(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.expr, ast.AST, str]]:
    """The numbers given as sizes: to calls, in settings (`{"n_jobs": -1}`), as defaults that every call leaves."""
    names = frozenset(rule.table("keywords"))
    for call in module.all_calls:
        for keyword in call.keywords:
            if keyword.arg in names and isinstance(keyword.value, (ast.UnaryOp, ast.Name)):
                yield keyword.value, keyword, module.code(keyword)
    for call in module.calls(("joblib.Parallel",)):
        if call.args and isinstance(call.args[0], (ast.UnaryOp, ast.Name)):
            yield call.args[0], call.args[0], f"Parallel({module.code(call.args[0])})"
    settings = frozenset(rule.table("settings"))
    for table in module.nodes(ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in settings and isinstance(value, ast.UnaryOp):
                yield value, value, f"{module.code(key)}: {module.code(value)}"
    for node in module.subscript_stores:
        parent = module.parent(node)
        if module.constant(node.slice) in settings and isinstance(parent, ast.Assign):
            yield parent.value, parent.value, module.code(parent)
    yield from _left_as_they_are(module, names)


def _left_as_they_are(module: PythonModule, names: frozenset[str]) -> Iterator[tuple[ast.expr, ast.AST, str]]:
    """`def fit(x, n_jobs=-1)`, where the file calls it and never says how many."""
    for function in module.callers():
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        given = (*function.args.posonlyargs, *function.args.args)
        pairs = [*zip(given[::-1], function.args.defaults[::-1], strict=False)]
        pairs += [(a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d]
        for parameter, default in pairs:
            if parameter.arg in names and isinstance(default, ast.UnaryOp) and not module.given(parameter):
                yield default, default, f"{parameter.arg}={module.code(default)}"


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, made_by_hand

    if script.context not in JOB or made_by_hand(script):
        return
    starts = [command.start for command in script.commands]
    seen: set[int] = set()
    installs = any(command.name in ("configure", "cmake") for command in script.commands)
    for command in script.commands:
        if installs and command.name in _MAKE:
            continue  # a program is built and put into its place: no job does so
        for word in _size_words(rule, command):
            first, last = bisect_left(starts, word.start), bisect_left(starts, word.end)
            for inner in script.commands[first:last]:
                if inner.start in seen or not _counts(rule, inner) or _is_default(word, inner):
                    continue
                if not _is_next_choice(script, rule, inner):
                    seen.add(inner.start)
                    yield _counted_in_shell(script, rule, word, inner)
        yield from _unlimited(script, rule, command)


def _counted_in_shell(script: Script, rule: Rule, word: Word, command: Command) -> Finding:
    from canfar_lint.checks._scripts import said, spelled

    fix = None
    call = spelled(command)
    whole = [part for part in word.parts if part.text in (f"$({call})", f"`{call}`")]
    if _is_verbatim(script, command) and len(whole) == 1 and whole[0].end - whole[0].start == len(whole[0].text):
        fix = Fix("Use the requested cores", (Edit(whole[0].start, whole[0].end, _IN_SHELL),), UNSAFE)
    return rule.finding(said(command), variant="shell", call=call, fix=fix)


def _is_verbatim(script: Script, command: Command) -> bool:
    """Whether a command stands in the file as the shell reads it, and the request's number is to be had."""
    from canfar_lint.checks._shell_threads import hands_on_request as hands_on_request_in_shell

    if script.context not in ("file", "cell") or any(b.kind in ("shell", "trap") for b in command.blocks):
        return False
    return hands_on_request_in_shell(script)


def _size_words(rule: Rule, command: Command) -> Iterator[Word]:
    """Words in which a substitution gives a number of workers or threads."""
    for name, value in command.assignments:
        if value.dynamic and re.search(rule.table("sizes"), name):
            yield value
    option = ""
    for word in command.words:
        head = word.head
        if word.dynamic and _is_size(rule, command, head.partition("=")[0] if head else option, head):
            yield word
        option = word.value or ""


def _is_size(rule: Rule, command: Command, option: str, head: str) -> bool:
    """Whether what follows an option, or `NAME=` of `export`, is a size."""
    if command.name in ("export", "declare", "local", "readonly", "typeset"):
        return "=" in head and re.search(rule.table("sizes"), option) is not None
    if not option.startswith("-") or command.name in rule.table("shell_other"):
        return False
    return (
        option in ("-j", "-P", "-np", "-n", "-t", "-N") or re.search(rule.table("sizes"), option.strip("-")) is not None
    )


def _counts(rule: Rule, command: Command) -> bool:
    """Whether a command prints the number of the node's cores."""
    wanted = rule.table("shell_counts").get(command.name)
    if wanted is None:
        return False
    return not wanted or any(word.value in wanted for word in command.arguments)


def _is_next_choice(script: Script, rule: Rule, command: Command) -> bool:
    """Whether a count is for machines that have no `nproc`, or none of another program that counts: no Linux."""
    from canfar_lint.checks._scripts import tests_of

    programs = rule.table("shell_counts")
    if command.before == "||" and any(other.name in programs for other in tests_of(script, command)):
        return True
    for test in tests_of(script, command):
        looked_for = _LOOKS_FOR.match(" ".join(word.text for word in test.words))
        if looked_for is not None and looked_for[1] in programs:
            return looked_for[1] != command.name
    return False


def _is_default(word: Word, inner: Command) -> bool:
    """Whether the count is only what is left when nobody asked: `${OMP_NUM_THREADS:-$(nproc)}`, `${1:-$(nproc)}`.

    Other variables are set by queues and by hand, and not on the platform.
    """
    parts = (part for part in word.parts if part.overridable and part.start <= inner.start < part.end)
    return any(part.name.isdigit() or part.name.endswith("_NUM_THREADS") for part in parts)


def _unlimited(script: Script, rule: Rule, command: Command) -> Iterator[Finding]:
    """`make -j` without a number."""
    for i, word in enumerate(command.arguments):
        if word.value in rule.table("shell_unlimited").get(command.name, ()):
            after = command.arguments[i + 1] if i + 1 < len(command.arguments) else None
            if after is None or (after.value is not None and not after.value.isdigit()):
                program = command.program or command.words[0]
                span = (program.start, word.end) if i == 0 else word.span
                fix = None
                if _is_verbatim(script, command) and word.text == word.value:
                    limit = f'{"=" if word.text.startswith("--") else " "}"{_IN_SHELL}"'
                    title = "Start as many jobs as there are requested cores"
                    fix = Fix(title, (Edit(word.end, word.end, limit),), UNSAFE)
                yield rule.finding(span, variant="unlimited", call=f"{command.name} {word.value}", fix=fix)
