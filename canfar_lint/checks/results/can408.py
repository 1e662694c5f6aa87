"""Files and databases that every job of a pipeline adds to at the same time."""

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
    Output,
    file_literals,
    is_literal,
    literal_span,
    names_of,
    outputs,
    texts_with,
)
from canfar_lint.checks._tasks import takes_all, takes_task
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script, Word

_MAPS = frozenset(("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply_async", "submit"))
_CONCURRENT = re.compile(r"multiprocessing|concurrent\.futures|joblib|dask|ray|mpi4py|pathos")

# the disk of the machine, or of the container that the job runs in
_OWN_DISK = ("/dev/", "/proc/", "/var/", "/usr/", "/opt/", "/etc/", "/run/", "/work/", "/workspace/", "/app/")

# the number of a task, as the platform and queues tell it
_OF_ARRAY = re.compile(r"REPLICA_ID|\w+_ARRAY_TASK_ID|PBS_ARRAY_?(ID|INDEX)|SGE_TASK_ID|LSB_JOBINDEX|OAR_ARRAY_INDEX")

# all words of the command line, not one of them
_ARGV = re.compile(r"\bsys\.argv\b(?!\s*\[\s*\d+\s*\])")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for output, variant in _added_to(module, rule):
        for named in names_of(module, output):
            value = named.value
            literals = file_literals(value)
            text = value.text or value.skeleton.replace("{}", "…")
            if not literals or _is_harmless(rule, text):
                continue
            if not is_literal(value) and not (variant == "database" and _is_in_known_folder(module, value)):
                continue
            worker = _worker(module, named.place)
            runs = module.is_script and module.on_main_path(named.place)
            if not (runs or worker) or module.user_guarded(named.place):
                continue
            span = literal_span(module, literals[0])
            if span in seen or _is_begun(module, text) or _keeps_command_lines(module, output):
                continue
            seen.add(span)
            name = text.removeprefix("sqlite:///")
            if worker:
                yield rule.finding(span, variant=variant or "pool", name=name, worker=worker)
            else:
                yield _under_replicas(rule, span, name, variant, always=takes_task(module) and not takes_all(module))


def _under_replicas(rule: Rule, span: tuple[int, int], name: str, variant: str | None, *, always: bool) -> Finding:
    """A candidate: an error when a request runs the script as replicas; else a warning, or (not `always`) nothing."""
    raised = rule.finding(span, variant="replicas", name=name)
    question = Question("under-replicas", "", 0 if always else 1, (raised.level, raised.message))
    return rule.finding(span, variant=variant, name=name, worker="", question=question)


def _added_to(module: PythonModule, rule: Rule) -> Iterator[tuple[Output, str | None]]:
    yield from ((output, None) for output in outputs(module) if output.does == APPEND)
    databases = rule.table("databases")
    calls = list(module.calls(databases))
    if calls and re.search(rule.table("writes"), module.text):
        for call in calls:
            name = next(module.argument(call, *databases[n]) for n in module.qualified_all(call.func) if n in databases)
            if name is not None:
                yield Output(call, name, APPEND), "database"
    # `add_rows(DATABASE, rows)`: what a function of the project's own adds to
    for call in module.all_calls if re.search(rule.table("database_files"), module.text) else ():
        if re.match(rule.table("adding"), module.code(call.func).rpartition(".")[2]):
            for given in call.args:
                if re.search(rule.table("database_files"), f'"{module.value(given).suffix}"'):
                    yield Output(call, given, APPEND), "database"


def _is_in_known_folder(module: PythonModule, value: Value) -> bool:
    """Whether all that a name leaves open is a constant of another module: `DB_DIR + "stars.db"`."""
    holes = [piece.node for piece in value.pieces if piece.text is None]
    names = [node for node in holes if isinstance(node, ast.Name) and node.id.isupper()]
    imported = {binding.name for binding in module.imports}
    return len(names) == len(holes) and all(name.id in imported for name in names)


def _is_harmless(rule: Rule, text: str) -> bool:
    from canfar_lint.catalogue import load

    last = text.rpartition("/")[2].lower()
    if re.search(load().rules["CAN402"].table("shared"), last) or ephemeral(rule).match(text):
        return True
    if re.search(rule.table("histories"), last):
        return True
    if text.startswith(_OWN_DISK) or last.startswith("."):
        return True  # `.gitattributes`: settings of another program, and no result
    return ":memory:" in text or (":" in text and not text.startswith("sqlite:///"))


def _is_begun(module: PythonModule, text: str) -> bool:
    """Whether the script takes the file away or starts it anew: what one run adds to is its own."""
    fresh = {named.value.text for one in outputs(module) if one.does == WRITE for named in names_of(module, one)}
    if text in fresh:
        return True
    for node in texts_with(module, text):
        words = str(node.value)
        if re.search(r"(^|[\s;&|])rm\s[^;&|]*" + re.escape(text), words):
            return True
        call = module.parent(node)
        if isinstance(call, ast.Call) and module.qualified(call.func) in ("os.remove", "os.unlink"):
            return True
    return False


def _keeps_command_lines(module: PythonModule, output: Output) -> bool:
    """Whether all that is added are the words of the command line: a record of who ran what."""
    parent = module.parent(output.call)
    handle = parent.optional_vars if isinstance(parent, ast.withitem) else None
    if isinstance(parent, ast.Assign):
        handle = parent.targets[0]
    if not isinstance(handle, ast.Name):
        return False
    scope = module.scope_of(handle)
    uses = [use for use in module.loads(handle.id) if module.scope_of(use) is scope]
    written = [module.parent_statement(use) for use in uses]
    after = [one for one in written if one.lineno >= output.call.lineno and "close()" not in module.code(one)]
    return bool(after) and all(_ARGV.search(module.code(one)) for one in after)


def _worker(module: PythonModule, node: ast.AST) -> str:
    """The function around a node that is handed to a pool of processes, "" when there is none."""
    function = module.function_of(node)
    if function is None or not _CONCURRENT.search(module.text):
        return ""
    for call in module.callers().get(function, []):
        called = call.func
        if isinstance(called, ast.Attribute) and called.attr in _MAPS and module.function_named(called) is not function:
            return function.name
    return ""


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, left_to_person, made_by_hand
    from canfar_lint.checks._shell_outputs import beginning, root

    if script.context not in JOB or made_by_hand(script):
        return
    seen: set[tuple[int, int]] = set()
    fresh: set[str] | None = None
    for word, command, variant in _added_in_shell(script, rule):
        text = script.resolve(word, command) or ""
        span = root(script, word, command).span
        if span in seen or not text or text[0] in "&-" or _is_harmless(rule, text) or left_to_person(script, command):
            continue
        if re.search(rule.table("settings"), text):
            continue
        seen.add(span)
        name = beginning(script, word, command)
        if variant is None and _in_background(command):
            yield rule.finding(span, variant="background", name=name)
            continue
        fresh = _made_anew(script) if fresh is None else fresh
        within = {"function"} if script.memo("is of an array", _is_of_array) else {"function", "loop"}
        if script.context != "file" or set(command.context) & within or text in fresh:
            continue
        if _is_begun_elsewhere(script, command, text):
            continue
        if text.startswith("/") or not script.memo("goes where told", _goes_where_told):
            yield _under_replicas(rule, span, name, variant, always=script.memo("is task", _is_task))


def _added_in_shell(script: Script, rule: Rule) -> Iterator[tuple[Word, Command, str | None]]:
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    for output in shell_outputs(script):
        if output.append:
            yield output.word, output.command, None
    for command in script.commands:
        if command.name == "sqlite3":
            files = [word for word in command.arguments if not word.head.startswith("-")]
            texts = [word.text for word in files[1:]] + [one.body.text for one in command.redirects if one.body]
            if files and any(re.search(rule.table("writes"), text) for text in texts):
                yield files[0], command, "database"


def _in_background(command: Command) -> bool:
    """Whether a command runs beside the other turns of its loop."""
    kinds = [block.kind for block in command.blocks]
    if "loop" not in kinds or "function" in kinds:
        return False
    inner = command.blocks[kinds.index("loop") + 1 :]
    return command.connector == "&" or any(block.kind == "background" or block.connector == "&" for block in inner)


def _made_anew(script: Script) -> set[str]:
    """The files that the script starts or takes away itself: what one run adds to is its own."""
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    found = {script.resolve(one.word, one.command) or "" for one in shell_outputs(script) if not one.append}
    for command in script.commands:
        if command.name in ("rm", "mv", "touch", "truncate", "cp"):
            found.update(script.resolve(word, command) or "" for word in command.arguments)
        for redirect in command.redirects if not command.words else ():
            found.add(script.resolve(redirect.target, command) or "")
    return found


def _is_begun_elsewhere(script: Script, command: Command, text: str) -> bool:
    """Whether the script, which goes from folder to folder, has begun or removed a file of that name before."""
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    if not any(one.name in ("cd", "pushd") for one in script.commands):
        return False
    before = [(one.word, one.command) for one in shell_outputs(script) if not one.append]
    before += [(word, one) for one in script.commands if one.name in ("rm", "truncate") for word in one.arguments]
    names = ((script.resolve(word, one) or "").rpartition("/")[2] for word, one in before if one.start < command.start)
    return text.rpartition("/")[2] in names


def _goes_where_told(script: Script) -> bool:
    """Whether the script goes into a folder that is not always the same."""
    return any(c.name in ("cd", "pushd") and any(word.dynamic for word in c.arguments) for c in script.commands)


def _is_task(script: Script) -> bool:
    """Whether the script works on the one input it is told: an argument, the number of its replica or task."""
    for command in script.commands:
        if "function" in command.context:
            continue
        values = [word for _, word in command.assignments]
        for word in (*command.words, *values):
            if any(re.fullmatch(r"[1-9]", name) or _OF_ARRAY.fullmatch(name) for name in word.variables):
                return True
    return False


def _is_of_array(script: Script) -> bool:
    """Whether the script is one of many tasks that run at the same time, by the number that it reads."""
    words = (word for one in script.commands for word in (*one.words, *(value for _, value in one.assignments)))
    return any(_OF_ARRAY.fullmatch(name) for word in words for name in word.variables)
