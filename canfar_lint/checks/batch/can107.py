"""Failed steps that leave a job \"Succeeded\"."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._commands import started
from canfar_lint.checks.batch._aftermath import is_noticed, is_talk, leaves
from canfar_lint.checks.batch._asides import is_aside
from canfar_lint.checks.batch._ends import status_given, succeeding
from canfar_lint.checks.batch._opened import copies, is_checked, is_opened, keeps_log
from canfar_lint.checks.batch._processes import is_collected, is_only_waited_for
from canfar_lint.checks.batch._shell_steps import is_asked_for, is_lost, is_seen, stopping, talking
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.source import newline_in

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script

_LOOKED_AT = frozenset(("returncode", "check_returncode", "poll", "terminate", "kill", "send_signal", "pid", "args"))
_PIPED = frozenset(("stdin", "stdout", "stderr"))
_TAKES_APART = frozenset(("builtins.int", "builtins.float", "json.loads"))
_RUN, _CALL, _POPEN = "subprocess.run", "subprocess.call", "subprocess.Popen"
# what takes a row apart
_READS_ROWS = ("builtins.", "re.", "math.", "datetime.", "json.loads", "ast.literal_eval")
# blocks whose commands are not the script's own steps
_ELSEWHERE = frozenset(("function", "substitution", "process", "trap"))
_FORCED = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*")  # rm -f misses nothing, ssh -f goes into the background
_NEAR = 6
# a command line given as the one word of a list
_REMOVES = re.compile(r"rm\s+-[a-zA-Z]*f")
_TELLS = re.compile(r"--?version|-dumpversion|--help|-h")
_ASKS = re.compile(r"-\w|--?(help|version|usage|revision)")
_TIDIES = re.compile(r"(?i)clean([-_]?up)?(\.\w+)?")
_CLEANING = re.compile(
    r"(?i)clean(ing)?_?up|tear_?down|tidy|destroy|^__(del|exit)__$|^(close|stop|abort|shut_?down|kill)(_|$)"
)
_READING = re.compile(r"(load|loadtxt|genfromtxt|getdata|open|read|read_(?!line)\w+|from_file|fromfile)$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _is_elsewhere(module, rule):
        return
    yield from _unseen(module, rule)
    for call in succeeding(module):
        yield rule.finding(
            module.span(call), variant="ended", command=module.code(call), fix=status_given(module, call)
        )
    for variant, handlers in (("swallowed", _swallowing(module)), ("stopped", _stopping(module))):
        for handler in handlers:
            start, end = _head(module, handler)
            command, instead = module.text[start:end], rule.table("swallowed_instead")
            fix = _raised(module, handler)
            yield rule.finding((start, end), variant=variant, command=command, instead=instead, fix=fix)
    for handler, whole in _skipping(module):
        start, end = _head(module, handler)
        variant = "skipped" if whole else "skipped-part"
        yield rule.finding((start, end), variant=variant, command=module.text[start:end])


def _unseen(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """The commands of which nobody sees how they ended."""
    harmless = _harmless(module, rule)
    wanted = {_RUN: "run_instead", _CALL: "call_instead", "os.system": "call_instead", _POPEN: "popen_instead"}
    for call in module.calls(wanted):
        name = next((n for n in module.qualified_all(call.func) if n in wanted), "")
        if harmless.get(call, "") is None or not _is_unchecked(module, call, name) or "EDITOR" in module.code(call):
            continue
        if _names_nothing(module, call) or _only_asks(module, call) or _never_runs(module, call):
            continue
        if _only_shows(module, rule, call) or keeps_log(module, call):
            continue
        light = harmless.get(call)
        if is_noticed(module, call, works=light is None):
            continue
        if light is None and (is_opened(module, call) or is_checked(module, call)):
            continue
        if name == _POPEN and _serves(module, rule, call):
            continue
        light = light or _lighter(module, call)
        if light is None:
            fix = _fix(module, call, name) if _says_failure(module, rule, call) else None
            yield rule.finding(module.span(call), command=module.code(call), instead=rule.table(wanted[name]), fix=fix)
        elif not _is_best_effort(module, rule, call, light):
            then, instead = rule.table("light").get(light, (rule.table("light_then"), rule.table(wanted[name])))
            yield rule.finding(
                module.span(call), variant="light", command=module.code(call), then=then, instead=instead
            )


def _names_nothing(module: PythonModule, call: ast.Call) -> bool:
    """Whether a command is no program, `os.system("\\a")` rings, goes to a folder in a shell that ends with it, or only
    says what the shell makes of some words: `os.system("echo " + words + " on $HOSTNAME")`.
    """
    command = module.constant(call.args[0]) if call.args else ...
    if isinstance(command, str) and re.search(r"\w", command) is None:
        return True
    words = module.value(call.args[0]).skeleton if call.args else ""
    return re.match(r"(?:echo\s(?:[^<>|&;`\n\\]|\\.)*|\s*cd\s[^<>|&;`\n]*)$", words) is not None and "$(" not in words


def _only_asks(module: PythonModule, call: ast.Call) -> bool:
    """Whether a program is asked for a word, and nothing is done with it: `os.system("stack -h")`, `sys.exit(0)`."""
    arguments = [start.command.arguments for start in started(module) if start.call is call]
    asks = len(arguments) == 1 and len(arguments[0]) == 1 and _ASKS.fullmatch(arguments[0][0].head) is not None
    return asks and any(leaves(module, each) for each in module.behind(module.parent_statement(call))[:1])


def _only_shows(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a program that is chosen by the machine is one of those that show something."""
    line = module.resolve(call.args[0]) if call.args else None
    program = line.elts[0] if isinstance(line, (ast.List, ast.Tuple)) and line.elts else None
    chosen = {leaf.text for leaf in module.value(program).leaves()} if program is not None else set()
    shows = {*rule.table("showing"), *(name for name in rule.table("unsaid") if name in rule.table("harmless"))}
    return len(chosen) > 1 and chosen <= shows


def _never_runs(module: PythonModule, call: ast.Call) -> bool:
    """Whether a command is put aside by `if 0:`, which is no switch."""
    return any(isinstance(test, ast.Constant) and bool(test.value) != wanted for test, wanted in module.guards(call))


def _lighter(module: PythonModule, call: ast.Call) -> str | None:
    """What is said of a copy that is opened behind, of what has its caller's log, and of the last thing that a function
    does that takes down.
    """
    copied = copies(module, call)
    if copied:
        return copied
    function, statement = module.function_of(call), module.parent_statement(call)
    if function is not None and function not in module.callers() and _writes_to_log(module, call):
        return "log"
    if function is None or not _CLEANING.search(function.name) or module.parent(statement) is not function:
        return None
    return None if module.behind(statement) else function.name


def _writes_to_log(module: PythonModule, call: ast.Call) -> bool:
    """Whether all that a command says goes to a log that the function is given."""
    last = next((start for start in reversed(started(module)) if start.call is call), None)
    redirects = last.command.redirects if last is not None else []
    filled = [one.target for one in redirects if one.writes or (one.op == ">&" and one.target.value is None)]
    places = [last.place(word) for word in filled] if last is not None else []
    return bool(places) and all(isinstance(place, ast.arg) and "log" in place.arg.lower() for place in places)


def _head(module: PythonModule, handler: ast.ExceptHandler) -> tuple[int, int]:
    """The span of a handler's first line, up to its colon."""
    start = module.span(handler)[0]
    return start, module.text.index(":", start if handler.type is None else module.span(handler.type)[1]) + 1


def _is_elsewhere(module: PythonModule, rule: Rule) -> bool:
    """Whether the file is no job: a build tool's, or a program of windows whose buttons start commands."""
    if module.source.lies_in(rule.table("python_elsewhere")):
        return True
    windows = any(binding.qualified.partition(".")[0] in rule.table("windows") for binding in module.imports)
    return windows and any(True for _ in module.methods(rule.table("window_loops")))


def _says_failure(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a status other than 0 means a failure: `grep` ends with 1 where it only finds nothing.

    So does `rm` where there is nothing to remove, and `ln` in a second run; not if they are forced.
    """
    last = next((start.command for start in reversed(started(module)) if start.call is call), None)
    if last is not None and last.name in ("rm", "ln"):
        return any(_FORCED.fullmatch(word.head) for word in last.arguments)
    return last is None or last.name not in rule.table("shell_asking")


def _fix(module: PythonModule, call: ast.Call, name: str) -> Fix | None:
    """`subprocess.run` in the call's place, with `check=True`; none for what runs beside the program."""
    from canfar_lint.fixing.python import can_import, fix, with_argument

    if module.is_open_ended(call):
        return None
    if name == _RUN:
        return fix("Say `check=True`", with_argument(module, call, "check=True"), UNSAFE)
    head: tuple[Edit, ...] = ()
    waited = module.parent(call) if name == _POPEN else None
    if waited is not None:
        taken = module.parent(waited)
        if not isinstance(waited, ast.Attribute) or not isinstance(taken, ast.Call) or taken.args or taken.keywords:
            return None
        head = (Edit(module.span(call)[1], module.span(taken)[1], ""),)
    elif not isinstance(module.parent(call), ast.Expr):
        return None
    if name == "os.system" and len(call.args) != 1:
        return None
    arguments = "shell=True, check=True" if name == "os.system" else "check=True"
    added = with_argument(module, call, arguments)
    function, imports = _function(module, call)
    if imports and not can_import(module, "subprocess", call):
        return None
    edits = (Edit(*module.span(call.func), function), *added, *head)
    return Fix("Use `subprocess.run` with `check=True`", edits, UNSAFE, imports) if added else None


def _function(module: PythonModule, call: ast.Call) -> tuple[str, tuple[str, ...]]:
    """How `subprocess.run` is written in the file, and what it needs imported for that."""
    func = call.func
    if isinstance(func, ast.Attribute) and module.qualified(func.value) == "subprocess":
        return f"{module.code(func.value)}.run", ()
    for binding in module.imports:
        if binding.qualified == "subprocess" and binding.scope.kind == "module" and binding.name != "subprocess":
            return f"{binding.name}.run", ()
    return "subprocess.run", ("subprocess",)


def _raised(module: PythonModule, handler: ast.ExceptHandler) -> Fix | None:
    """The error passed on at the end of a handler; in place of a mere `pass`."""
    from canfar_lint.fixing.python import fix, line_after, replaced

    last = handler.body[-1]
    edits = replaced(module, last, "raise") if isinstance(last, ast.Pass) else line_after(module, last, "raise")
    return fix("Pass the error on", edits, UNSAFE)


def _harmless(module: PythonModule, rule: Rule) -> dict[ast.AST, str | None]:
    """Calls of which every command is one whose failure changes little, or is told what to do then.

    Each with the program of which that may be said: none where nothing can be lost.
    """
    names = frozenset((*rule.table("harmless"), *rule.table("answering")))
    unsaid = frozenset((*rule.table("answering"), *rule.table("for_a_person"), *rule.table("unsaid")))
    good: dict[ast.AST, bool] = {}
    light: dict[ast.AST, str | None] = {}
    for start in started(module):
        if start.command.name == "cd" and start.command.connector in (";", "&&"):
            continue  # what follows is what the call is for
        told = "||" in (start.command.connector, start.command.before)
        fine = start.command.name in names and not _works(start.command, rule)
        quiet = told or start.command.connector == "&" or not start.command.words
        good[start.call] = good.get(start.call, True) and (fine or quiet or _leaves_nothing(start.command, rule))
        if not quiet and start.command.name not in unsaid:
            light[start.call] = light.get(start.call) or start.command.name or "rm"
    return {call: light.get(call) for call, fine in good.items() if fine}


def _serves(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a process is a server that runs beside the program until somebody ends it."""
    commands = [start.command for start in started(module) if start.call is call]
    words = [word.value or word.head for command in commands for word in command.words]
    return any(re.fullmatch(rule.table("servers"), word.rpartition("/")[2]) for word in words[:_NEAR])


def _is_best_effort(module: PythonModule, rule: Rule, call: ast.Call, light: str) -> bool:
    """Whether a command takes away what is left, where the program has come to its end in one way or another."""
    if light not in (*rule.table("tidying"), *rule.table("removing")):
        return False
    function = module.function_of(call)
    if function is not None and _CLEANING.search(function.name):
        return True
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.ExceptHandler) or (isinstance(ancestor, ast.Try) and child in ancestor.finalbody):
            return True
        if ancestor is function:
            return False
        child = ancestor
    return False


def _works(command: Command, rule: Rule) -> bool:
    """Whether a command that is mostly harmless does a step: links to data, or what `echo` adds to a file.

    A command that `echo` writes down for later is none, nor words that are always the same and stand between others.
    """
    if command.name == "ln":
        data = re.compile(rule.table("data_files"))
        return any(word.dynamic or data.search(word.tail) for word in command.arguments)
    asides = re.compile(f"{rule.table('asides')}|{rule.table('written_down')}")
    fixed = not any(word.dynamic or "${_}" in word.text for word in command.arguments)
    written = (each.target for each in command.redirects if each.writes and not (fixed and each.op == ">>"))
    return command.name in ("echo", "printf") and any(not asides.search(to.value or to.tail) for to in written)


def _leaves_nothing(command: Command, rule: Rule) -> bool:
    """Whether a command only shows something, tidies up, or changes a shell that ends with it."""
    tells = len(command.arguments) == 1 and _TELLS.fullmatch(command.arguments[0].value or "") is not None
    tells = tells or [word.value for word in command.arguments[:2]] == ["-m", "webbrowser"]
    shows = (tells or command.name in rule.table("showing")) and not command.redirects and command.connector != "|"
    last = rule.table("tidying").get(command.name, ())
    apart = command.name == "ssh" and any(_FORCED.fullmatch(word.head) for word in command.arguments)
    tidies = _TIDIES.fullmatch(command.name or "") is not None or _removes_found(command)
    tidies = tidies or (len(command.words) == 1 and _REMOVES.match(command.words[0].head) is not None)
    return shows or apart or tidies or _may_fail(command) or any(word.value in last for word in command.arguments[:1])


def _may_fail(command: Command) -> bool:
    """Whether only what a command complains of is thrown away: `umount disk 2> /dev/null`."""
    written = [redirect for redirect in command.redirects if redirect.writes]
    return len(written) == 1 and written[0].fd == "2" and written[0].target.value == "/dev/null"


def _removes_found(command: Command) -> bool:
    """`find . -name "*.tmp" -delete`."""
    words = [word.value or word.head for word in command.arguments]
    return command.name == "find" and ("-delete" in words or ("-exec", "rm") in pairwise(words))


def _is_unchecked(module: PythonModule, call: ast.Call, name: str) -> bool:
    if module.is_open_ended(call) or module.keyword(call, "check") is not None:
        return False
    parent = module.parents.get(call)
    if isinstance(parent, ast.Expr):
        return name != _POPEN or not _is_piped(module, call)
    if name == _POPEN and is_collected(module, call):
        return not _is_piped(module, call) and is_only_waited_for(module)
    if isinstance(parent, ast.Attribute) and name == _POPEN and parent.attr in ("wait", "communicate"):
        above = module.parents.get(parent)
        return isinstance(module.parents.get(above) if above else None, ast.Expr)
    if name in (_RUN, _POPEN) and isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        if _is_piped(module, call):
            return name == _POPEN and _is_only_fed(module, parent.targets[0])
        return not _is_looked_at(module, parent.targets[0], name)
    if name in (_CALL, "os.system") and isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return len(parent.targets) == 1 and _is_never_read(module, parent.targets[0])
    return False


def _is_never_read(module: PythonModule, target: ast.Name) -> bool:
    """Whether a name of a function or script is read nowhere: `status = os.system(command)`."""
    function = module.function_of(target)
    if module.scope_of(target).kind == "class" or (module.notebook and function is None):
        return False
    uses = module.loads(target.id)
    return not any(function is None or function in module.ancestors(use) for use in uses)


def _is_only_fed(module: PythonModule, target: ast.Name) -> bool:
    """Whether a process is given its input and waited for, and nobody takes what it says: `p.communicate(text)[0]`."""
    scope = module.scope_of(target)
    uses = [use for use in module.loads(target.id) if module.scope_of(use) is scope]
    waited = False
    for use in uses:
        method = module.parents.get(use)
        call = module.parents.get(method) if method is not None else None
        if not isinstance(method, ast.Attribute):
            return False
        if method.attr == "stdin":
            continue
        above = module.parents.get(call) if isinstance(call, ast.Call) else None
        above = module.parents.get(above) if isinstance(above, ast.Subscript) else above
        if method.attr not in ("communicate", "wait") or not isinstance(above, ast.Expr):
            return False
        waited = True
    return waited


def _is_piped(module: PythonModule, call: ast.Call) -> bool:
    """Whether a process talks to the program through pipes: its failure shows there."""
    return any(
        keyword.arg in _PIPED and module.qualified(keyword.value) == "subprocess.PIPE" for keyword in call.keywords
    )


def _is_looked_at(module: PythonModule, target: ast.Name, name: str) -> bool:
    """Whether what a process returned is asked how it ended, or handed on."""
    waited = name == _RUN
    for node in module.loads(target.id):
        parent = module.parents.get(node)
        if not isinstance(parent, ast.Attribute) or parent.attr in _LOOKED_AT:
            return True
        here = module.function_of(node) is module.function_of(target)
        if here and parent.attr in _PIPED and _is_taken_apart(module, parent):
            return True
        above = module.parents.get(parent)
        if parent.attr in ("wait", "communicate") and isinstance(above, ast.Call):
            waited = True
            if parent.attr == "wait" and not isinstance(module.parents.get(above), ast.Expr):
                return True
    return not waited


def _is_taken_apart(module: PythonModule, said: ast.AST, depth: int = 0) -> bool:
    """Whether a part is taken of what a program has said, which raises an error when that is missing:
    `re.search("job ([0-9]+)", result.stdout).group(1)`.
    """
    child = said
    for ancestor in module.ancestors(said):
        taken = ancestor.slice if isinstance(ancestor, ast.Subscript) and child is ancestor.value else None
        if taken is not None and not isinstance(taken, ast.Slice):
            return True
        if isinstance(ancestor, ast.Attribute) and ancestor.attr in ("group", "groups"):
            return True
        if isinstance(ancestor, ast.Call) and module.qualified(ancestor.func) in _TAKES_APART:
            return True
        if isinstance(ancestor, ast.stmt):
            target = ancestor.targets[0] if isinstance(ancestor, ast.Assign) and child is ancestor.value else None
            if not isinstance(target, ast.Name) or depth > 2:
                return False
            uses = module.loads(target.id)
            here = module.function_of(target)
            return any(_is_taken_apart(module, use, depth + 1) for use in uses if module.function_of(use) is here)
        child = ancestor
    return False


def _skipping(module: PythonModule) -> Iterator[tuple[ast.ExceptHandler, bool]]:
    """Handlers of everything inside a loop, each with whether it is around all that is done for an item."""
    if module.notebook:
        return
    for node in module.nodes(ast.ExceptHandler):
        if not _is_broad(module, node):
            continue
        attempt = module.parents[node]
        loop = module.parents.get(attempt)
        if not isinstance(attempt, ast.Try) or not isinstance(loop, ast.For) or attempt not in loop.body:
            continue
        if len(attempt.body) < 3 or not _takes_steps(module, attempt):
            continue
        whole = len(_work(module, loop.body)) <= 1
        if not whole and not _drops_product(module, node, attempt):
            continue
        if _looks_for(module, loop, attempt) or is_aside(module, attempt, node, loop):
            continue
        if _goes_on(module, node) and module.on_main_path(attempt) and not module.user_guarded(attempt):
            yield node, whole


def _drops_product(module: PythonModule, handler: ast.ExceptHandler, attempt: ast.Try) -> bool:
    """Whether a part of a turn reads a product and goes on with it, and its failure is not even said."""
    if any(not isinstance(s, ast.Pass) for s in handler.body) or len(attempt.handlers) > 1:
        return False
    inside = (node for part in attempt.body for node in ast.walk(part))
    names = [
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in inside
        if isinstance(node, ast.Call)
    ]
    return any(_READING.match(name) for name in names)


def _looks_for(module: PythonModule, loop: ast.For, attempt: ast.Try) -> bool:
    """Whether a loop only looks for one thing, of which the next test asks whether it was found."""
    last = attempt.body[-1]
    quiet = all(isinstance(each, (ast.Assign, ast.If)) for each in attempt.body)
    found = last.body[0] if isinstance(last, ast.If) and len(last.body) == 1 and not last.orelse else None
    if not quiet or not isinstance(found, ast.Assign) or isinstance(found.targets[0], ast.Subscript):
        return False
    following = next((each for each in module.behind(loop)[:_NEAR] if isinstance(each, ast.If)), None)
    target = module.code(found.targets[0])
    return following is not None and any(module.code(part) == target for part in _expressions(following.test))


def _expressions(test: ast.expr) -> Iterator[ast.expr]:
    return (part for part in ast.walk(test) if isinstance(part, (ast.Name, ast.Attribute)))


def _takes_steps(module: PythonModule, attempt: ast.Try) -> bool:
    """Whether a `try` calls what does work, which a row that cannot be read is not; and is no search for a way."""
    inside = [node for part in (*attempt.body, *attempt.orelse) for node in ast.walk(part)]
    if any(isinstance(node, (ast.Break, ast.Return, ast.Import, ast.ImportFrom)) for node in inside):
        return False
    names = (module.qualified(node.func) for node in inside if isinstance(node, ast.Call))
    return any(name and not name.startswith(_READS_ROWS) for name in names)


def _is_broad(module: PythonModule, handler: ast.ExceptHandler) -> bool:
    caught = "builtins.Exception" if handler.type is None else module.qualified(handler.type)
    return caught in ("builtins.Exception", "builtins.BaseException")


def _work(module: PythonModule, body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that do more than name or say something."""
    quiet = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Global)
    return [s for s in body if not isinstance(s, quiet) and not (isinstance(s, ast.Expr) and is_talk(module, s))]


def _swallowing(module: PythonModule) -> Iterator[ast.ExceptHandler]:
    """Handlers of everything that go on as if nothing had been, around the whole job."""
    for body in _jobs(module):
        work = _work(module, body)
        tries = [s for s in work if isinstance(s, ast.Try)]
        if len(work) != 1 or len(tries) != 1 or not _does_much(tries[0]):
            continue
        for handler in tries[0].handlers:
            if _is_broad(module, handler) and _goes_on(module, handler):
                yield handler


def _stopping(module: PythonModule) -> Iterator[ast.ExceptHandler]:
    """Handlers of everything around the loop that a program comes to once: the first failure ends it in silence."""
    for handler in module.nodes(ast.ExceptHandler) if not module.notebook else ():
        if not _is_broad(module, handler):
            continue
        attempt = module.parents[handler]
        work = _work(module, attempt.body) if isinstance(attempt, ast.Try) else []
        if not isinstance(attempt, ast.Try) or len(work) != 1 or not isinstance(work[0], ast.For):
            continue
        if len(work[0].body) < 3 or not _takes_steps(module, attempt) or not _goes_on(module, handler):
            continue
        if is_aside(module, attempt, handler, work[0]):
            continue
        if module.runs_once(attempt) and not module.user_guarded(attempt):
            yield handler


def _jobs(module: PythonModule) -> Iterator[list[ast.stmt]]:
    """What a script does: its main guard, its function `main` where that is called, its module level."""
    guard = module.main_guard
    if guard is not None:
        yield guard.body
    else:
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        yield [s for s in module.tree.body if not isinstance(s, definitions)]
    for function in module.functions.get("main", ()):
        if isinstance(function, ast.FunctionDef) and module.on_main_path(function.body[0]):
            yield function.body


def _does_much(statement: ast.Try) -> bool:
    """Whether a `try` holds the work, and not only what may be missing: imports, settings."""
    imports = (ast.Import, ast.ImportFrom)
    if any(isinstance(part, imports) for part in statement.body):
        return False
    calls = [node for part in statement.body for node in ast.walk(part) if isinstance(node, ast.Call)]
    return len(statement.body) >= 3 or any(isinstance(call.func, ast.Name) and call.func.id == "main" for call in calls)


def _goes_on(module: PythonModule, handler: ast.ExceptHandler) -> bool:
    """Whether a handler only says something, or nothing."""
    return all(
        isinstance(s, (ast.Pass, ast.Continue)) or (isinstance(s, ast.Expr) and is_talk(module, s))
        for s in handler.body
    )


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """Scripts of several steps that go on when one fails: on the first command."""
    from canfar_lint.checks.batch._shell_advice import advised

    if script.context != "file" or script.errexit or _fails_anyway(script):
        return
    found = _unstopped(script, rule) or (None if script.error else advised(script, rule))
    if found is not None:
        yield found


def _unstopped(script: Script, rule: Rule) -> Finding | None:
    """What is said of a job of which a step is lost."""
    from canfar_lint.checks._scripts import said, spelled
    from canfar_lint.checks.batch._shell_jobs import is_job, turns

    if not is_job(script, rule):
        return None
    worked_out = _worked_out(script, rule)
    commands = [command for command in script.commands if command.words or id(command) in worked_out]
    main = [command for command in commands if not _ELSEWHERE & set(command.context)]
    if not main or _looks_itself(script):
        return None
    starts = [command.start for command in main]
    kept = _kept_words(script, rule, main)
    steps = [step for step in main if id(step) in worked_out or id(step) in kept or _is_step(script, rule, step)]
    for step in (*steps, *(step for step in main if _sets_up(script, rule, step))):
        after = main[(at := bisect_left(starts, step.end)) : at + 1]
        if after and is_asked_for(step, after[0]):
            continue
        if is_lost(step, after) or (not after and any(True for _ in turns(script, step))):
            first = said(main[0]) if main[0].words else main[0].span
            command = spelled(step) if step.words else script.text[step.start : step.end]
            fix = _stopped(script, main, rule)
            return rule.finding(first, variant="shell", command=command, options=stopping(script), fix=fix)
    return None


def _fails_anyway(script: Script) -> bool:
    """Whether a script ends with a failure, whatever became of it: `exit 1`."""
    last = script.commands[-1] if script.commands else None
    if last is None or last.name != "exit" or last.context or last.before in ("&&", "||"):
        return False
    return bool(last.arguments) and last.arguments[0].value not in (None, "0")


def _sets_up(script: Script, rule: Rule, command: Command) -> bool:
    """Whether a job in a queue gets what it runs with by a command: modules, an environment."""
    from canfar_lint.checks.batch._shell_jobs import is_queued

    quiet = not command.arguments or command.arguments[0].value in ("purge", "list", "use", "avail", "unload")
    return command.name in rule.table("shell_setting_up") and not quiet and is_queued(script) and is_seen(command)


def _kept_words(script: Script, rule: Rule, main: list[Command]) -> frozenset[int]:
    """The programs whose words `tee` keeps, so that only its own end is seen: `python image.py | tee image.log`."""
    from canfar_lint.checks.batch._shell_jobs import is_worker

    found = set()
    for step, after in pairwise(main):
        pipes = [*(block.connector for block in step.blocks), step.connector]
        if after.name != "tee" or pipes.count("|") != 1 or not {"&&", "||", "&"}.isdisjoint(pipes):
            continue
        if not {"condition", "heredoc", "not", "background"}.isdisjoint(step.context):
            continue
        if is_worker(script, rule, step):
            found.add(id(step))
    return frozenset(found)


def _worked_out(script: Script, rule: Rule) -> frozenset[int]:
    """The assignments of what a step prints, whose status `set -e` would see: `header=$(head -n 1 "$1")`."""
    from canfar_lint.checks.batch._shell_jobs import is_worker, works_on_data

    plain = [command for command in script.commands if not command.words]
    starts = [command.start for command in plain]
    found: set[int] = set()
    for command in script.commands if plain else ():
        if "substitution" not in command.context or not is_seen(command):
            continue
        if is_worker(script, rule, command) or works_on_data(script, rule, command):
            around = plain[max(bisect_left(starts, command.start) - 1, 0)]
            found |= {id(around)} if around.start < command.start < around.end else set()
    return frozenset(found)


def _stopped(script: Script, main: list[Command], rule: Rule) -> Fix | None:
    """`set -e` above the first line that is no comment; none where a plain command ends with 1 and all is well."""
    asking = frozenset(rule.table("shell_asking"))
    if any(command.name in asking and is_seen(command) for command in script.commands):
        return None
    if any(
        command.name is None and script.text[command.start : command.start + 2] == "((" for command in script.commands
    ):
        return None
    start = re.match(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*", script.text)
    at = start.end() if start is not None else 0
    newline = newline_in(script.text)
    code = "set -eo pipefail" if re.search(r"\b(bash|zsh|ksh)\b", script.shebang) else "set -e"
    return Fix(f"Stop at the first error: `{code}`", (Edit(at, at, code + newline),), UNSAFE)


def _looks_itself(script: Script) -> bool:
    """Whether the script asks how its commands ended, or traps errors."""
    for command in script.commands:
        if command.name == "trap" and any(word.value in ("ERR", "ERROR") for word in command.arguments):
            return True
        if command.name in ("echo", "printf"):
            continue
        if any(name in ("?", "PIPESTATUS") for word in command.words for name in word.variables):
            return True
    return any("?" in entry.word.variables for entry in script.assignments if entry.word is not None)


def _is_step(script: Script, rule: Rule, command: Command) -> bool:
    """Whether a command's failure would be lost work: `set -e` would see it, and nobody else does."""
    from canfar_lint.checks.batch._shell_jobs import works_on_data, writes

    harmless = any(command.name in rule.table(table) for table in ("harmless", "shell_harmless", "answering"))
    if command.name in rule.table("shell_reading"):
        harmless = not (writes(rule, command) and works_on_data(script, rule, command))
    harmless = harmless or command.name in script.memo("talking functions", lambda one: talking(one, rule))
    harmless = harmless or any(word.value in ("--version", "--help") for word in command.arguments[:1])
    return not harmless and is_seen(command)
