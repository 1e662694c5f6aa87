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
    written_as,
    written_names,
)
from canfar_lint.checks._tasks import takes_task, takes_words
from canfar_lint.checks.results._alone import (
    SHELLS,
    is_missing,
    is_never_called,
    is_removed,
    is_told_nothing,
    is_used_up,
    removals,
)
from canfar_lint.checks.results._asked import is_asked_for
from canfar_lint.checks.results._defaults import by_default
from canfar_lint.checks.results._mentions import consumed, handle_of, is_only_name, says_what
from canfar_lint.checks.results._refused import what_then
from canfar_lint.checks.results._turns import ends_in_text, stays, turn_of
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT, CONFIG, ENVIRONMENT, Value, text_value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_NEXT = 4
_MOST_INSIDE = 200
_REMOVES = ("os.remove", "os.unlink")
_REDIRECT = re.compile(r"(?<![>&\d=-])>\s*([\w./-]*\w)\s*$")
_LOG = re.compile(r"(?i)(^|_)log(s|_?file)?(_|\d*$)|(?-i:[a-z]Log$)")

# `{name}` of a text that is no f-string
_BRACED = re.compile(r"(?<!\{)\{([^\W\d]\w*)(?:[:!][^{}]*)?\}(?!\})")
_FILE_NAME = re.compile(r"\S+\.\w{1,7}")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    found: dict[tuple[int, int], Finding] = {}
    written = (
        (output, named) for output in outputs(module) if output.does == WRITE for named in names_of(module, output)
    )
    for output, named in (*written, *by_default(module), *_by_commands(module), *_by_options(module, rule)):
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
    for call in module.calls(SHELLS):
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


def _unfilled(module: PythonModule, rule: Rule, output: Output) -> Finding | None:
    """A name with braces around a variable of the program, as an f-string has them, whose `f` is missing."""
    name = output.name
    text = name.value if isinstance(name, ast.Constant) else None
    inside = _BRACED.findall(text) if isinstance(text, str) and _FILE_NAME.fullmatch(text) else []
    if not inside or not all(any(isinstance(n.ctx, ast.Store) for n in module.named(word)) for word in inside):
        return None
    start, end = module.span(name)
    fix = Fix("Make it an f-string", (Edit(start, start, "f"),), UNSAFE)
    return rule.finding((start, end), variant="unfilled", name=text, variable=inside[0], fix=fix)


def _judged(module: PythonModule, rule: Rule, output: Output, named: Named) -> Finding | None:
    unfilled = _unfilled(module, rule, output)
    if unfilled is not None:
        return unfilled
    value = named.value
    text = value.text or value.skeleton.replace("{}", "…")
    literals = file_literals(value)
    if not literals or not text.strip() or "\n" in text:
        return None
    if len(literals) > 1 and not is_literal(value):
        return None
    last = text.rstrip("/").rpartition("/")[2].lower()
    if _is_no_product(module, rule, output, text, last):
        return None
    together = len(literals) > 1 and literals[-1] in set(ast.walk(output.name))
    span = module.span(output.name) if together else literal_span(module, literals[-1])
    literal = is_literal(value)
    if (literal or stays(module, output, named)) and not re.search(rule.table("again"), last):
        turn = turn_of(module, rule, output, named, text)
        if turn is not None:
            from canfar_lint.checks.results._unique import by_turn

            fix = by_turn(module, literals[0]) if len(literals) == 1 else None
            then = what_then(module, rule, output, text)
            variant = f"{turn[0]}-stops" if then else turn[0]
            return rule.finding(span, variant=variant, name=text, variable=turn[1], then=then, fix=fix)
    if not (literal or _is_in_chosen_folder(module, value)) or _is_own(module, rule, output, named, text):
        return None
    if len(literals) > 1 and _follows(module, rule, output, literals):
        return None
    if _is_same(module, rule, output, named, text):
        return None
    shared = literal and takes_task(module) and not _folder_is_chosen(module)
    shared = shared and not is_told_nothing(module, named.place)
    from canfar_lint.checks.results._unique import by_job

    fix, own = by_job(module, literals[0]) if literal and len(literals) == 1 else (None, False)
    then = what_then(module, rule, output, text)
    return _under_replicas(rule, span, text, then, fix, always=shared, own=own or "REPLICA_" in module.text)


def _is_no_product(module: PythonModule, rule: Rule, output: Output, text: str, last: str) -> bool:
    if re.search(rule.table("shared"), last) or re.search(r"^(-|/(dev|proc|etc|usr)/)", text) or "://" in text:
        return True
    if text.endswith("/"):
        return True  # a folder, in which each file has a name of its own
    if _tells_of_error(module, output, last) or re.match(rule.table("own"), text):
        return True
    return _is_log(module, output, text) or _is_template(module, output, text)


def _follows(module: PythonModule, rule: Rule, output: Output, literals: list[ast.AST]) -> bool:
    """Whether a name of constants follows what is set at the top for each input: `FIELD + ".fits"`.

    Where they are parts of an input's name too it does, unless the command line tells which input that is.
    """
    if says_what(module, rule, output, literals):
        return True
    if is_only_name(module, output, literals):
        return False
    return not takes_words(module) or _is_named_again(module, output)


def _is_named_again(module: PythonModule, output: Output) -> bool:
    """Whether another call is given the same name, as it stands: what is read there, or moved."""
    code = module.code(output.name)
    calls = (call for call in module.all_calls if call is not output.call and not _says(call))
    return any(module.code(given) == code for call in calls for given in call.args)


def _says(call: ast.Call) -> bool:
    return getattr(call.func, "id", getattr(call.func, "attr", "")) in ("print", "info", "debug")


def _is_same(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> bool:
    """Whether every run writes the same there, and nothing else to a file of this name in another branch."""
    from canfar_lint.checks.results._same import is_same

    function, under = module.function_of(output.call), module.guards(output.call)
    beside = (one for one in written_as(module, text) if module.function_of(one.call) is function)
    if any(module.guards(one.call) != under for one in beside):
        return False
    if any(removals(module, output, text)):
        return False  # another run may still need it
    return is_same(module, output, named.place, frozenset(rule.table("steady")))


def _is_own(module: PythonModule, rule: Rule, output: Output, named: Named, text: str) -> bool:
    """Whether runs of a program do not write over each other's file: it is no script, or what it writes no result."""
    place, last = named.place, text.rstrip("/").rpartition("/")[2].lower()
    if module.notebook or not module.is_script or not module.on_main_path(place):
        return True
    if is_asked_for(module, place, last):
        return True
    if _answers_click(module, rule, place):
        return True  # a person at a window says when
    if re.search(rule.table("programs"), text) or re.search(rule.table("kept"), last):
        return True
    if ephemeral(rule).match(text) or _is_handed_over(module, rule, place, text):
        return True  # `/tmp/…`: each session has one of its own
    guards = (*module.guards(place), *module.guards(output.call))
    if any(is_missing(module, output, test, wanted) for test, wanted in guards):
        return True  # made once, and read by the runs that follow
    if any(is_removed(module, output, loop, text) for loop in module.loops(place)[:1]):
        return True
    if is_used_up(module, output, text) or is_never_called(module, place) or _is_setup(module, rule, output, text):
        return True
    return not re.search(rule.table("rewritten"), last) and _is_kept(module, output, place, text)


def _under_replicas(
    rule: Rule, span: tuple[int, int], text: str, then: str, fix: Fix | None, *, always: bool, own: bool
) -> Finding:
    """A candidate: an error when a request runs the script as replicas; else a warning, or (not `always`) nothing.

    Without `own` the fix is for replicas alone.
    """
    raised = rule.finding(span, variant="replicas-stops" if then else "replicas", name=text, then=then)
    question = Question("under-replicas", "" if own else "fix", 0 if always else 1, (raised.level, raised.message))
    variant, one = "stops" if then else None, "any" if text.startswith(("/", "~")) else "one"
    return rule.finding(span, variant=variant, name=text, then=then, one=one, question=question, fix=fix)


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
    attributes = module.attributed(function.name)
    methods = (node for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "self")
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
    return ends_in_text(value)


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
    mentions += [use for name in names for use in module.loads(name)]
    written = (one.call for one in written_as(module, text))
    first = min([place.lineno, *(call.lineno for call in written if module.function_of(call) is scope)])
    return any(
        module.function_of(node) is scope and node.lineno < first and _is_opened(module, node)
        for node in mentions[:500]
        if isinstance(node, ast.expr) and id(node) not in written_names(module)
    )


def _is_handed_over(module: PythonModule, rule: Rule, place: ast.Call, text: str) -> bool:
    """Whether the next step of the program takes up what is written: a command, or what reads the file again."""
    if len(text) < 3:
        return False
    written, settings = written_names(module), re.search(rule.table("settings"), text) is not None
    nexts = list(_next_lines(module, place))
    return any(
        first < node.lineno <= last and id(node) not in written and _is_taken_up(module, node, settings)
        for node in texts_with(module, text.rpartition("/")[2])[:_MOST_INSIDE]
        for first, last in nexts
    )


def _next_lines(module: PythonModule, place: ast.Call) -> Iterator[tuple[int, int]]:
    """The lines of the next steps, from behind the first to the second, in the block of a call and those around it."""
    statement: ast.AST = module.parent_statement(place)
    around = module.parents.get(statement)
    while around is not None:
        body = getattr(around, module.fields.get(statement, "body"), [])
        at = body.index(statement) if isinstance(body, list) and statement in body else None
        if at is not None:
            yield _end(statement), max(_end(each) for each in body[at : at + 1 + _NEXT])
        if not isinstance(around, (ast.With, ast.If)):
            return
        statement, around = around, module.parents.get(around)


def _end(statement: ast.AST) -> int:
    return getattr(statement, "end_lineno", 0) or 0


def _is_setup(module: PythonModule, rule: Rule, output: Output, text: str) -> bool:
    """Whether a function writes settings and hands them on: to a program, or to its caller."""
    function = module.function_of(output.call)
    return (
        function is not None
        and bool(re.search(rule.table("settings"), text))
        and consumed(module, output, function, text)
    )


def _is_taken_up(module: PythonModule, node: ast.AST, settings: bool) -> bool:
    """Whether a mention of a file's name opens it, becomes the input, or stands in a command that is started.

    Settings are taken up by whatever they are given to.
    """
    if _is_opened(module, node) or isinstance(module.parent(node), ast.Assign):
        return True
    calls = [each for each in module.ancestors(node) if isinstance(each, ast.Call)]
    if settings and calls and not _says(calls[0]):
        return module.qualified(calls[0].func) not in _REMOVES
    return any(module.qualified(call.func) in SHELLS for call in calls)


def _takes_what_is_said(module: PythonModule, output: Output) -> bool:
    """Whether the file is opened for the words of a program, `stdout=handle`: a log."""
    handle = handle_of(module, output)
    if handle is None:
        return False
    scope = module.function_of(output.call)
    uses = [use for use in module.named(handle.id) if module.function_of(use) is scope]
    keywords = [module.parent(use) for use in uses if isinstance(use.ctx, ast.Load)]
    return bool(keywords) and all(isinstance(k, ast.keyword) and k.arg in ("stdout", "stderr") for k in keywords)


def _is_log(module: PythonModule, output: Output, text: str) -> bool:
    """Whether what is opened is a log: by what it takes, by its handle's name, or by lines that are added to it."""
    handle = handle_of(module, output)
    if _takes_what_is_said(module, output) or (handle is not None and _LOG.search(handle.id)):
        return True
    memo = module.memo("added to")
    if not memo:
        memo[0] = True
        memo.update((module.value(one.name).text, True) for one in outputs(module) if one.does == APPEND)
    return text in memo


def _is_template(module: PythonModule, output: Output, text: str) -> bool:
    """Whether a file gets the same text from every run, such as an example for the user; and stays."""
    handle = handle_of(module, output)
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


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks.results._overwritten_in_shell import overwritten

    return overwritten(script, rule)
