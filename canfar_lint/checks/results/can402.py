"""Outputs whose name says nothing of what they hold: every turn of a loop, every task, writes the same file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import ephemeral
from canfar_lint.checks._outputs import (
    APPEND,
    WRITE,
    Named,
    Output,
    file_literals,
    is_literal,
    literal_span,
    names_of,
    outputs,
    texts_with,
)
from canfar_lint.checks._tasks import takes_task
from canfar_lint.diagnostic import Finding, Fix, Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import ARGUMENT, CONFIG, ENVIRONMENT, Value, text_value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_DEEP = 3
_NEXT = 4
_MOST_INSIDE = 200
_FORS = (ast.For, ast.AsyncFor)
_MAPS = frozenset(("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply_async", "submit"))
_FIGURES = frozenset(("figure", "subplots", "clf", "cla", "clear", "close", "subplot_mosaic"))
_REMOVES = ("os.remove", "os.unlink")
_JOINING = frozenset(("os.path.join", "pathlib.Path", "builtins.str", "os.path.abspath"))
# what starts a program, and a command that does something with a file
_STARTS = frozenset(("system", "run", "call", "check_call", "check_output", "Popen", "popen", "spawn"))
_COMMAND = re.compile(r"\s*(mv|cp|rm|cat|tar|gzip|rsync|sbatch|qsub|bsub|sh|bash|python3?|chmod)\s")
_SHELLS = (
    *("os.system", "os.popen", "commands.getoutput", "commands.getstatusoutput", "subprocess.run", "subprocess.call"),
    *("subprocess.check_call", "subprocess.check_output", "subprocess.getoutput", "subprocess.Popen"),
)
_REDIRECT = re.compile(r"(?<![>&\d=-])>\s*([\w./-]*\w)\s*$")
_LOG = re.compile(r"(?i)(^|_)log(s|_?file)?(_|\d*$)|(?-i:[a-z]Log$)")
_QUIET = frozenset(
    ("print", "info", "debug", "warning", "error", "log", "format", "write", "append", "exists", "isfile")
)

# where programs keep their settings and log-ins, always in one place
_OF_USER = re.compile(r"(~|\$HOME|\$\{HOME\}|/root|/(arc/)?home/[^/]+|/Users/[^/]+)/\.[^./]")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    found: dict[tuple[int, int], Finding] = {}
    written = (
        (output, named) for output in outputs(module) if output.does == WRITE for named in names_of(module, output)
    )
    for output, named in (*written, *_by_commands(module), *_by_options(module, rule)):
        finding = _judged(module, rule, output, named)
        if finding is not None:
            span = (finding.start, finding.end)
            known = found.get(span)
            if known is None or (finding.level == "error" and known.level != "error"):
                found[span] = finding
    yield from found.values()


def _tells_of_error(module: PythonModule, output: Output, last: str) -> bool:
    """Whether a handler writes down what went wrong, which is no product."""
    named = re.search(r"(?<![a-z])(err|errors?|crash|debug|dump|traceback|exception|fail(ed|ure)?)(?![a-z])", last)
    return named is not None and any(isinstance(n, ast.ExceptHandler) for n in module.ancestors(output.call))


def _by_commands(module: PythonModule) -> Iterator[tuple[Output, Named]]:
    """What the shell writes for a program: `os.system("gethead " + name + " > header.txt")`."""
    for call in module.calls(_SHELLS):
        given = module.argument(call, "args", 0) or module.argument(call, "command", 0)
        value = module.value(given) if given is not None else None
        redirect = _REDIRECT.search(value.suffix) if value is not None else None
        if value is None or redirect is None or is_literal(value):
            continue  # the same command writes the same words
        last = next((piece for piece in reversed(value.pieces) if ">" in (piece.text or "")), None)
        if last is not None and isinstance(last.node, ast.expr) and (last.text or "").endswith(redirect[0]):
            yield Output(call, last.node, WRITE), Named(text_value(redirect[1], last.node), call)


def _by_options(module: PythonModule, rule: Rule) -> Iterator[tuple[Output, Named]]:
    """What a program that is started is told to write: `os.system("fit " + name + " -o fit.dat")`."""
    from canfar_lint.checks._commands import started
    from canfar_lint.checks._shell_outputs import named_by_option

    for start in started(module):
        if not any(word.dynamic for word in start.command.arguments):
            continue  # the same command writes the same words
        for output in named_by_option(start.command):
            text, node = output.word.value, start.place(output.word)
            if text is None or not text.lower().endswith(tuple(rule.table("writers")["suffixes"])):
                continue
            if isinstance(node, ast.expr) and node is not start.call:
                yield Output(start.call, node, WRITE), Named(text_value(text, node), start.call)


def _judged(module: PythonModule, rule: Rule, output: Output, named: Named) -> Finding | None:
    value = named.value
    text = value.text or value.skeleton.replace("{}", "…")
    literals = file_literals(value)
    if not literals or not text.strip() or "\n" in text:
        return None
    # `FIELD + ".fits"`: the name follows what is set at the top for each input
    if len(literals) > 1 and not (is_literal(value) and _is_only_name(module, output, literals)):
        return None
    last = text.rstrip("/").rpartition("/")[2].lower()
    if re.search(rule.table("shared"), last) or re.search(r"^(-|/(dev|proc|etc|usr)/)", text) or "://" in text:
        return None
    if _tells_of_error(module, output, last):
        return None
    if _is_log(module, output, text) or _OF_USER.match(text) or _is_template(module, output, text):
        return None
    together = len(literals) > 1 and literals[-1] in set(ast.walk(output.name))
    span = module.span(output.name) if together else literal_span(module, literals[-1])
    literal = is_literal(value)
    if literal and not re.search(rule.table("again"), last):
        turn = _turn(module, rule, output, named, text)
        if turn is not None:
            from canfar_lint.checks.results._unique import by_turn

            fix = by_turn(module, literals[0]) if len(literals) == 1 else None
            return rule.finding(span, variant=turn[0], name=text, variable=turn[1], fix=fix)
    if not (literal or _is_in_chosen_folder(module, value)) or _is_own(module, rule, output, named, text):
        return None
    if len(literals) > 1 and _says_what(module, rule, output, literals):
        return None
    if _is_same(module, rule, output, named, text):
        return None
    shared = literal and takes_task(module) and not _folder_is_chosen(module)
    from canfar_lint.checks.results._unique import by_job

    fix, own = by_job(module, literals[0]) if literal and len(literals) == 1 else (None, False)
    return _under_replicas(rule, span, text, fix, always=shared, own=own or "REPLICA_" in module.text)


def _is_same(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> bool:
    """Whether every run writes the same there, and nothing else to a file of this name in another branch."""
    from canfar_lint.checks.results._same import is_same

    function = module.function_of(output.call)
    beside = (one for one in outputs(module) if one.call is not output.call and one.does == WRITE)
    if any(module.function_of(one.call) is function and module.value(one.name).text == text for one in beside):
        return False
    return named.place is output.call and is_same(module, output, frozenset(rule.table("steady")))


def _is_own(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> bool:
    """Whether runs of a program do not write over each other's file: it is no script, or what it writes no result."""
    place, last = named.place, text.rstrip("/").rpartition("/")[2].lower()
    if module.notebook or not module.is_script or not module.on_main_path(place) or module.user_guarded(place):
        return True
    if _answers_click(module, rule, place):
        return True  # a person at a window says when
    if re.search(rule.table("programs"), text) or re.search(rule.table("kept"), last):
        return True
    if ephemeral(rule).match(text) or _is_handed_over(module, place, text):
        return True  # `/tmp/…`: each session has one of its own
    if any(_is_missing(module, output, test, wanted) for test, wanted in module.guards(place)):
        return True  # made once, and read by the runs that follow
    if any(_is_removed(module, output, loop, text) for loop in module.loops(place)[:1]):
        return True
    return not re.search(rule.table("rewritten"), last) and _is_kept(module, output, place, text)


def _under_replicas(
    rule: Rule, span: tuple[int, int], text: str, fix: Fix | None, *, always: bool, own: bool
) -> Finding:
    """A candidate: an error when a request runs the script as replicas; else a warning, or (not `always`) nothing.

    Without `own` the fix is for replicas alone.
    """
    raised = rule.finding(span, variant="replicas", name=text)
    question = Question("under-replicas", "" if own else "fix", 0 if always else 1, (raised.level, raised.message))
    return rule.finding(span, name=text, question=question, fix=fix)


def _answers_click(module: PythonModule, rule: Rule, place: ast.Call) -> bool:
    """Whether an output is written by what a window calls: a button's handler, a key's, a menu's."""
    function = module.function_of(place)
    while function is not None:
        if any(_is_handler(module, rule, use) for use in _mentions_of(module, function)):
            return True
        function = module.function_of(module.parents[function])
    return False


def _mentions_of(module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """Where a function or method is named, called or not."""
    memo = module.memo("named methods")
    if not memo:
        memo[0] = True
        for node in module.parents:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                known = memo.setdefault(node.attr, [])
                assert isinstance(known, list)
                known.append(node)
    methods = memo.get(function.name, [])
    assert isinstance(methods, list)
    return [*module.named(function.name), *methods]


def _is_handler(module: PythonModule, rule: Rule, use: ast.AST) -> bool:
    """Whether a function is handed to a window: `command=save`, `button.on_clicked(save)`."""
    parent = module.parent(use)
    if isinstance(parent, ast.keyword):
        return parent.arg in rule.table("handlers")["keywords"]
    if isinstance(parent, ast.Call) and parent.func is not use and isinstance(parent.func, ast.Attribute):
        return parent.func.attr in rule.table("handlers")["methods"]
    return False


def _is_in_chosen_folder(module: PythonModule, value: Value) -> bool:
    """Whether only the folder of a name comes from outside: `os.path.join(args.out, "catalogue.fits")`."""
    if "REPLICA_" in module.text or not value.sources <= {ARGUMENT, ENVIRONMENT, CONFIG}:
        return False
    for piece in reversed(value.pieces):
        if piece.text is None or piece.default:
            return False
        if "/" in piece.text:
            return True
    return False


def _is_only_name(module: PythonModule, output: Output, literals: list[ast.AST]) -> bool:
    """Whether the variables that hold parts of a name are there for names of outputs alone, and say of no input."""
    inside = set(ast.walk(output.name))
    for literal in literals:
        if literal in inside:
            continue
        statement = module.parent_statement(literal)
        if not isinstance(statement, ast.Assign) or not _only_names_outputs(module, statement, 0):
            return False
    return True


def _says_what(module: PythonModule, rule: Rule, output: Output, literals: list[ast.AST]) -> bool:
    """Whether a part of a name says what the run works on, which is set for it: `TARGET + ".txt"`."""
    inside = set(ast.walk(output.name))
    statements = (module.parent_statement(literal) for literal in literals if literal not in inside)
    targets = (target for one in statements if isinstance(one, ast.Assign) for target in one.targets)
    return any(isinstance(target, ast.Name) and re.search(rule.table("set_for_run"), target.id) for target in targets)


def _only_names_outputs(module: PythonModule, statement: ast.Assign, depth: int) -> bool:
    """Whether what an assignment sets is used only in names of outputs, in messages, or in what is set from it."""
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name) or depth > _DEEP:
        return False
    name = statement.targets[0]
    memo = module.memo("only names")
    if name not in memo:
        scope = module.scope_of(name)
        uses = [use for use in module.named(name.id) if isinstance(use.ctx, ast.Load)]
        memo[name] = len(uses) <= _MOST_INSIDE and all(
            id(use) in _written_names(module) or _is_said_only(module, use) or _is_set_from(module, use, depth)
            for use in uses
            if module.scope_of(use) is scope or scope.kind == "module"
        )
    return bool(memo[name])


def _is_said_only(module: PythonModule, use: ast.Name) -> bool:
    """Whether a name stands in a message, and nowhere else."""
    for ancestor in module.ancestors(use):
        if isinstance(ancestor, ast.Call) and ancestor.func is not use:
            name = ancestor.func.attr if isinstance(ancestor.func, ast.Attribute) else getattr(ancestor.func, "id", "")
            if name not in ("str", "format"):
                return name in _QUIET
        if isinstance(ancestor, ast.stmt):
            return False
    return False


def _is_set_from(module: PythonModule, use: ast.Name, depth: int) -> bool:
    statement = module.parent_statement(use)
    return isinstance(statement, ast.Assign) and _only_names_outputs(module, statement, depth + 1)


def _folder_is_chosen(module: PythonModule) -> bool:
    """Whether the program goes into a folder that is not always the same, or runs assignments it is given."""
    memo = module.memo("can402")
    if "chosen" not in memo and any(call.args and not is_literal(module.value(call.args[0])) for call in _runs(module)):
        memo["chosen"] = True
    if "chosen" not in memo:
        calls = [*module.calls(("os.chdir", "os.fchdir", "contextlib.chdir"))]
        memo["chosen"] = any(call.args and not is_literal(module.value(call.args[0])) for call in calls)
    return bool(memo["chosen"])


def _runs(module: PythonModule) -> Iterator[ast.Call]:
    """What executes text as code at the top of the script: any of its names may be given another value."""
    for call in module.calls(("builtins.exec", "builtins.execfile")):
        if module.function_of(call) is None:
            yield call


def _is_kept(module: PythonModule, output: Output, place: ast.Call, text: str) -> bool:
    """Whether the file is read before it is written there: kept from run to run, and brought up to date."""
    scope = module.function_of(place)
    mentions: list[ast.AST] = [*texts_with(module, text)] if len(text) > 2 else []
    names = {n.id for n in ast.walk(output.name) if isinstance(n, ast.Name)}
    mentions += [use for name in names for use in module.named(name) if isinstance(use.ctx, ast.Load)]
    written = [o.call for o in outputs(module) if o.does == WRITE and module.value(o.name).text == text]
    first = min([place.lineno, *(call.lineno for call in written if module.function_of(call) is scope)])
    return any(
        module.function_of(node) is scope and node.lineno < first and _is_opened(module, node)
        for node in mentions[:500]
        if isinstance(node, ast.expr) and id(node) not in _written_names(module)
    )


def _is_handed_over(module: PythonModule, place: ast.Call, text: str) -> bool:
    """Whether the next step of the program takes up what is written: a command, or what reads the file again."""
    statement: ast.AST = module.parent_statement(place)
    while isinstance(around := module.parents.get(statement), (ast.With, ast.If)):
        statement = around
    body = getattr(around, "body", [])
    if statement not in body or len(text) < 3:
        return False
    at = body.index(statement)
    first, last = (max(_end(each) for each in body[at:upto]) for upto in (at + 1, at + 1 + _NEXT))
    written = _written_names(module)
    return any(
        first < node.lineno <= last and id(node) not in written and _is_taken_up(module, node)
        for node in texts_with(module, text.rpartition("/")[2])[:_MOST_INSIDE]
    )


def _is_missing(module: PythonModule, output: Output, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition holds only while the file is not there: `if not os.path.exists(name)`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_missing(module, output, test.operand, not wanted)
    if wanted or not isinstance(test, ast.Call) or not isinstance(test.func, ast.Attribute):
        return False
    if test.func.attr not in ("exists", "isfile", "is_file"):
        return False
    asked = test.args[0] if test.args else test.func.value
    same = module.value(asked).text
    return module.code(asked) == module.code(output.name) or (bool(same) and same == module.value(output.name).text)


def _is_removed(module: PythonModule, output: Output, loop: ast.AST, text: str) -> bool:
    """Whether a loop takes away what each of its turns has written: `os.remove(name)`, `Path(name).unlink()`."""
    code = module.code(output.name)
    for call in (*module.calls(_REMOVES), *module.methods(("unlink",))):
        named = [*call.args[:1], *([call.func.value] if isinstance(call.func, ast.Attribute) else ())]
        named += [part for each in named if isinstance(each, ast.Call) for part in each.args[:1]]
        same = any(module.code(each) == code or module.constant(each) == text for each in named)
        if same and call.lineno > output.call.lineno and loop in module.ancestors(call):
            return True
    return False


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _is_taken_up(module: PythonModule, node: ast.AST) -> bool:
    """Whether a mention of a file's name opens it, becomes the input, or stands in a command that is started."""
    if _is_opened(module, node) or isinstance(module.parent(node), ast.Assign):
        return True
    calls = (each for each in module.ancestors(node) if isinstance(each, ast.Call))
    return any(module.qualified(call.func) in _SHELLS for call in calls)


def _takes_what_is_said(module: PythonModule, output: Output) -> bool:
    """Whether the file is opened for the words of a program, `stdout=handle`: a log."""
    handle = _handle(module, output)
    if handle is None:
        return False
    scope = module.function_of(output.call)
    uses = [use for use in module.named(handle.id) if module.function_of(use) is scope]
    keywords = [module.parent(use) for use in uses if isinstance(use.ctx, ast.Load)]
    return bool(keywords) and all(isinstance(k, ast.keyword) and k.arg in ("stdout", "stderr") for k in keywords)


def _is_log(module: PythonModule, output: Output, text: str) -> bool:
    """Whether what is opened is a log: by what it takes, by its handle's name, or by lines that are added to it."""
    handle = _handle(module, output)
    if _takes_what_is_said(module, output) or (handle is not None and _LOG.search(handle.id)):
        return True
    memo = module.memo("added to")
    if not memo:
        memo[0] = True
        memo.update((module.value(one.name).text, True) for one in outputs(module) if one.does == APPEND)
    return text in memo


def _handle(module: PythonModule, output: Output) -> ast.Name | None:
    """The name that an opened file is given."""
    parent = module.parent(output.call)
    handle = parent.optional_vars if isinstance(parent, ast.withitem) else None
    if isinstance(parent, ast.Assign):
        handle = parent.targets[0]
    return handle if isinstance(handle, ast.Name) else None


def _is_template(module: PythonModule, output: Output, text: str) -> bool:
    """Whether a file gets the same text from every run, such as an example for the user; and stays."""
    handle = _handle(module, output)
    if handle is None:
        return False
    scope = module.function_of(handle)
    named = [n for n in module.named(handle.id) if module.function_of(n) is scope and n.lineno >= handle.lineno]
    again = min((n.lineno for n in named if isinstance(n.ctx, ast.Store) and n is not handle), default=0)
    uses = [n for n in named if isinstance(n.ctx, ast.Load) and not 0 < again <= n.lineno]
    calls = [module.parent(module.parent(use) or use) for use in uses]
    words = [call.func.attr for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)]
    if len(words) != len(uses) or "write" not in words or not {"write", "flush", "close"}.issuperset(words):
        return False
    if any(call.args and module.value(call.args[0]).text == text for call in module.calls(_REMOVES)):
        return False  # another run may still need it
    under = module.guards(handle), module.loops(handle)
    return all(
        (module.guards(call), module.loops(call)) == under and all(_is_said(module, each) for each in call.args)
        for call in calls
        if isinstance(call, ast.Call)
    )


def _is_said(module: PythonModule, node: ast.expr) -> bool:
    return isinstance(module.constant(node), (str, bytes))


def _is_opened(module: PythonModule, node: ast.AST) -> bool:
    """Whether a file's name is given to what reads it."""
    call = module.parent(node)
    if not isinstance(call, ast.Call) or node not in call.args[:1]:
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "open" or name.startswith(("read", "load", "getdata", "genfromtxt"))


# -- loops ----------------------------------------------------------------------------------------------------


def _turn(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> tuple[str, str] | None:
    """The variant and the name of what repeats an output, when every turn is sure to overwrite the last one's."""
    place: ast.Call = named.place
    if _is_switched_off(module, output.call, place):
        return None
    for _ in range(_DEEP):
        loops = module.loops(place)
        if loops:
            sure = _overwrites(module, rule, output, place, loops[0], text)
            return ("loop", _variable(module, loops[0])) if sure else None
        function = module.function_of(place)
        if function is None or _guarded(module, place, function):
            return None
        callers = module.callers().get(function, [])
        if len(callers) != 1:
            return None
        caller = callers[0]
        if _consumed(module, output, function, text):
            return None
        if isinstance(caller.func, ast.Attribute) and caller.func.attr in _MAPS:
            return ("handed", function.name) if module.function_named(caller.func) is not function else None
        if not _differs(module, caller) or _is_switched_off(module, output.call, caller):
            return None
        place = caller
    return None


def _is_switched_off(module: PythonModule, written: ast.Call, caller: ast.Call) -> bool:
    """Whether what a call gives to a function says that it is to write nothing: `measure(star, save=False)`."""
    function = module.function_of(written)
    if not isinstance(function, ast.FunctionDef) or module.function_named(caller.func) is not function:
        return False
    inside = [(test, wanted) for test, wanted in module.guards(written) if module.function_of(test) is function]
    known = ((_settled(module, function, caller, test), wanted) for test, wanted in inside)
    return any(found is not None and found is not wanted for found, wanted in known)


def _settled(module: PythonModule, function: ast.FunctionDef, caller: ast.Call, test: ast.expr) -> bool | None:
    """What a test of one parameter comes to in a call: `if save:`, `if not save:`, `if save == True:`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        found = _settled(module, function, caller, test.operand)
        return None if found is None else not found
    asked, compared = test, None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        asked, compared = test.left, test.comparators[0]
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if not isinstance(asked, ast.Name) or asked.id not in (*names, *(each.arg for each in function.args.kwonlyargs)):
        return None
    index = names.index(asked.id) if asked.id in names else None
    given = module.argument(caller, asked.id, index) if index is not None else module.argument(caller, asked.id)
    if not isinstance(given, ast.Constant) or len(module.bindings(asked)) != 1:
        return None
    return bool(given.value) if compared is None else given.value == module.constant(compared)


def _differs(module: PythonModule, caller: ast.Call) -> bool:
    """Whether a call is given what changes from turn to turn of the loop around it."""
    loops = module.loops(caller)
    if not loops:
        return True
    bound = _loop(module, loops[0]).bound
    given = [*caller.args, *(keyword.value for keyword in caller.keywords)]
    return any(isinstance(n, ast.Name) and n.id in bound for node in given for n in ast.walk(node))


def _variable(module: PythonModule, loop: ast.AST) -> str:
    target = loop.target if isinstance(loop, _FORS) else None
    if isinstance(loop, COMPREHENSIONS):
        target = loop.generators[0].target
    return module.code(target) if target is not None else "an index"


def _overwrites(module: PythonModule, rule: Rule, output: Output, place: ast.Call, loop: ast.AST, text: str) -> bool:
    if not isinstance(loop, (*_FORS, *COMPREHENSIONS)) or _is_single(module, loop):
        return False
    if re.search(rule.table("repeating"), _variable(module, loop)):
        return False
    facts = _loop(module, loop)
    if _guarded(module, place, loop) or facts.leaves >= place.lineno or "chdir" in facts.called:
        return False
    if _consumed(module, output, loop, text) or _trains_on(module, loop, facts.bound):
        return False
    if re.search(rule.table("settings"), text.rpartition("/")[2].lower()) and facts.called & _STARTS:
        return False  # the program that the turn starts reads it
    return place is not output.call or _new_each_turn(module, output, loop)


def _trains_on(module: PythonModule, loop: ast.AST, bound: set[str]) -> bool:
    """Whether every turn goes on with one model, `Adam(model.parameters(), lr=rate)`: the last one's is the result."""
    asked = (call.func for call in module.calls_named("parameters") if loop in module.ancestors(call))
    models = (func.value for func in asked if isinstance(func, ast.Attribute))
    return any(isinstance(model, ast.Name) and model.id not in bound for model in models)


def _is_single(
    module: PythonModule,
    loop: ast.For | ast.AsyncFor | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
) -> bool:
    iterated = loop.iter if isinstance(loop, _FORS) else loop.generators[0].iter
    over = module.resolve(iterated)
    if isinstance(over, (ast.List, ast.Tuple)):
        return len(over.elts) < 2
    if isinstance(over, ast.Call) and module.qualified(over.func) in ("builtins.range", "numpy.arange"):
        return len(over.args) == 1 and module.constant(over.args[0]) in (0, 1)
    return (
        isinstance(over, ast.Subscript) and isinstance(over.slice, ast.Slice) and module.constant(over.slice.upper) == 1
    )


def _guarded(module: PythonModule, node: ast.AST, within: ast.AST) -> bool:
    """Whether a condition or handler stands between a node and what it is in: not every turn comes here."""
    child = node
    for ancestor in module.ancestors(node):
        if ancestor is within:
            return False
        field = module.fields.get(child)
        if isinstance(ancestor, (ast.If, ast.IfExp, ast.While)) and field in ("body", "orelse"):
            return True
        if isinstance(ancestor, ast.Try) and field == "handlers":
            return True
        if isinstance(ancestor, ast.match_case):
            return True
        child = ancestor
    return False


class _Loop:
    """What the checks ask of one loop, found in one walk over it."""

    __slots__ = ("bound", "called", "leaves")

    def __init__(self, module: PythonModule, loop: ast.AST) -> None:
        self.bound: set[str] = set()
        self.called: set[str] = set()
        self.leaves = 0
        for node in ast.walk(loop):
            if isinstance(node, ast.Call):
                self.called.add(
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
            elif isinstance(node, (ast.Break, ast.Return, ast.Raise)) and not _guarded(module, node, loop):
                self.leaves = max(self.leaves, node.lineno)
            else:
                self.bound |= _bound_by(node)


def _loop(module: PythonModule, loop: ast.AST) -> _Loop:
    memo = module.memo("loops")
    if loop not in memo:
        memo[loop] = _Loop(module, loop)
    found = memo[loop]
    assert isinstance(found, _Loop)
    return found


def _bound_by(node: ast.AST) -> set[str]:
    """The names that a node gives a new value; one that only grows (`x = x + …`) is not among them."""
    if isinstance(node, ast.Assign):
        used = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        stored = (n for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name))
        return {n.id for n in stored if isinstance(n.ctx, ast.Store)} - used
    target: ast.AST | None = None
    if isinstance(node, (*_FORS, ast.comprehension, ast.NamedExpr)):
        target = node.target
    elif isinstance(node, ast.withitem):
        target = node.optional_vars
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} if target is not None else set()


def _new_each_turn(module: PythonModule, output: Output, loop: ast.AST) -> bool:
    """Whether what is written changes from turn to turn, and is not a collection that grows."""
    call = output.call
    bound = _loop(module, loop).bound
    bound = bound - _same_in_all_turns(loop, bound)
    used = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
    used |= _written_through(module, call)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "savefig":
        return bool(_loop(module, loop).called & _FIGURES) or bool(used & bound)
    return bool(used & bound)


def _same_in_all_turns(loop: ast.AST, bound: set[str]) -> set[str]:
    """The names of texts that a loop puts together of nothing that it changes: `"-i %s" % options.name`."""
    same: set[str] = set()
    other: set[str] = set()
    for node in ast.walk(loop):
        targets = node.targets if isinstance(node, ast.Assign) else []
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.JoinedStr, ast.BinOp)):
            inside = list(ast.walk(node.value))
            text = any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in inside)
            called = any(isinstance(each, ast.Call) for each in inside)
            if text and not called and bound.isdisjoint(each.id for each in inside if isinstance(each, ast.Name)):
                same |= names
                continue
        elif not isinstance(node, ast.Assign):
            names = _bound_by(node)
        other |= names
    return same - other


def _written_through(module: PythonModule, call: ast.Call) -> set[str]:
    """The names written through the handle that a call opens: in the `with` it stands in, or the lines below."""
    parent = module.parent(call)
    handle = ""
    body: list[ast.stmt] = []
    if isinstance(parent, ast.withitem):
        handle = parent.optional_vars.id if isinstance(parent.optional_vars, ast.Name) else ""
        owner = module.parent(parent)
        body = owner.body if isinstance(owner, (ast.With, ast.AsyncWith)) else []
    elif isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        handle = parent.targets[0].id
        block = module.parent(parent)
        body = getattr(block, "body", [])
    elif isinstance(parent, ast.Call):
        return {n.id for n in ast.walk(parent) if isinstance(n, ast.Name)}
    names: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and any(isinstance(n, ast.Name) and n.id == handle for n in ast.walk(node)):
                names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return names - {handle}


def _consumed(module: PythonModule, output: Output, within: ast.AST, text: str) -> bool:
    """Whether the file is read, moved, removed or handed on where it was written: no result, a step on the way."""
    base = text.rpartition("/")[2]
    mentions: list[ast.AST] = []
    if len(base) > 2:
        mentions += texts_with(module, base)
    names = {n.id for n in ast.walk(output.name) if isinstance(n, ast.Name)}
    mentions += [use for name in names for use in module.named(name) if isinstance(use.ctx, ast.Load)]
    written = _written_names(module)
    return any(
        id(node) not in written
        and node is not output.name
        and within in module.ancestors(node)
        and _is_used(module, node)
        for node in mentions[:500]
    )


def _written_names(module: PythonModule) -> dict[object, object]:
    """The nodes that stand in the names of outputs."""
    memo = module.memo("written names")
    if not memo:
        memo[0] = True
        memo.update((id(node), True) for output in outputs(module) for node in ast.walk(output.name))
    return memo


def _is_used(module: PythonModule, node: ast.AST) -> bool:
    """Whether a mention of a file's name is more than a message."""
    text = module.constant(node) if isinstance(node, ast.Constant) else None
    if isinstance(text, str) and _COMMAND.match(text):
        return True
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Call):
            if module.qualified(ancestor.func) in _JOINING:
                continue
            name = ancestor.func.attr if isinstance(ancestor.func, ast.Attribute) else getattr(ancestor.func, "id", "")
            return name not in _QUIET
        if isinstance(ancestor, ast.Assign) and isinstance(ancestor.targets[0], ast.Name):
            scope = module.function_of(node)
            uses = [use for use in module.named(ancestor.targets[0].id) if module.function_of(use) is scope]
            return any(use.lineno > ancestor.lineno and _is_handed_on(module, use) for use in uses[:_MOST_INSIDE])
        if isinstance(ancestor, ast.stmt):
            return isinstance(ancestor, (ast.Return, ast.With, ast.For))
    return False


def _is_handed_on(module: PythonModule, use: ast.Name) -> bool:
    """Whether a variable that holds the file's name is given to a call that does more than say it."""
    if id(use) in _written_names(module) or not isinstance(use.ctx, ast.Load):
        return False
    holder = module.parent(use)
    call = module.parent(holder) if isinstance(holder, ast.keyword) else holder
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name not in _QUIET


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks.results._overwritten_in_shell import overwritten

    return overwritten(script, rule)
