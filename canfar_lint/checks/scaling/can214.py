"""Numbers of workers written into a script, where the request should say them."""

from __future__ import annotations

import ast
import builtins
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._pools import LOADS, is_idle, only_waits
from canfar_lint.checks._threads import (
    Setting,
    hands_on_request,
    is_grown,
    is_left_over,
    literal_of,
    never_runs,
    number_of,
    settings,
    sized,
    starts_processes,
)
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Question
from canfar_lint.model.notebook import NotebookSource
from canfar_lint.model.python import PythonModule

if TYPE_CHECKING:
    from canfar_lint.checks._shell_threads import Setting as ShellSetting
    from canfar_lint.model.shell import Script

# what a number is only counted to, or shown, by
_COUNTING = ("builtins.range", "builtins.print", "builtins.str", "numpy.arange", "numpy.linspace", "builtins.len")


# what XSPEC does in several processes: its command, and PyXspec's attribute
_OF_XSPEC = re.compile(r"(?:\b|(?<=\\n))parallel[ \t]+(leven|error|steppar|goodness|walkers)[ \t]+(\d{1,4})\b")
_OF_PLATFORM = "OMP_NUM_THREADS"
_XSPEC_TASKS = frozenset(("leven", "error", "steppar", "goodness", "walkers"))

_GRIDS = ("numpy.linspace", "numpy.logspace", "numpy.geomspace")
_FEW = 4

# what starts a program beside this one
_PROCESSES = ("subprocess.Popen", "multiprocessing.Process", "multiprocess.Process")

# commands after which a file may still be one that others read for its variables
_SETTING = ("export", "declare", "typeset", "readonly", "set", "unset", "echo", "source", ".", "module", "ulimit")

# what puts jobs into a queue
_SUBMITS = re.compile(r"(?:^|_)(?:submit_|(?:q|condor_?)submit)|[a-z]_submit$|(?:^s|S)ubmit(?:ter)?[A-Z]|Submitter$")

# what says where the user's own settings lie
_SETTINGS_FILE = re.compile(
    r"(?:user_?)?(?:config(?:uration)?|conf|cfg|settings)_?(?:file|path|name|dir)(?:_?name|_?path)?$"
)

# callees that only show or keep what they are given
_SHOWING = frozenset(
    (
        *("print", "write_log", "add_argument", "debug", "info", "warning", "warn", "error", "critical", "exception"),
        *("log", "input", "ArgumentParser", "echo"),
    )
)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if module.source.name.startswith("test_"):
        return  # what only tries something out is run by hand, with as many as it is about
    tables = load().rules["CAN211"].body["tables"]
    seen = _doing_nothing(module, tables)
    question = Question("unrequested", module.source.path)
    for setting in (
        *settings(module, tables),
        *_keywords(module, rule),
        *_set_by_name(module, rule),
        *_names(module, rule),
        *_in_settings(module, rule),
        *_of_xspec(module),
        *_at_once(module),
        *_one_for_each(module, tables),
    ):
        if setting.number < 2 or setting.node in seen or never_runs(module, setting.node):
            continue
        if is_left_over(module, setting.node) or _is_too_late(module, setting):
            continue
        if not _is_default(module, setting.node):
            seen.add(setting.node)
            what, number, fix = setting.what, setting.number, _fix(module, rule, setting)
            variant = "platform" if what == _OF_PLATFORM else None
            span = module.span(setting.node)
            yield rule.finding(span, variant=variant, what=what, number=number, question=question, fix=fix)
    in_magics = _in_magics(module, frozenset(tables["variables"]))
    for span, what, number in (*_in_texts(module, tables), *_to_xspec(module), *in_magics):
        variant = "platform" if what == _OF_PLATFORM else None
        yield rule.finding(span, variant=variant, what=what, number=number, question=question)


def _doing_nothing(module: PythonModule, tables: dict[str, Any]) -> set[ast.AST]:
    """The numbers that only pools get which are never given a task, or only such as wait for disk and network."""
    quiet: dict[ast.AST, bool] = {}
    for setting in settings(module, tables):
        if setting.call is not None:
            here = is_idle(module, setting.call) or only_waits(module, setting.call, tables)
            quiet[setting.node] = here and quiet.get(setting.node, True)
    return {node for node, every in quiet.items() if every}


def _is_too_late(module: PythonModule, setting: Setting) -> bool:
    """Whether what is set has no effect any more, of which CAN215 speaks."""
    if not setting.what.isupper():
        return False
    from canfar_lint.checks.scaling.can215 import too_late

    statement = module.parent_statement(setting.node)
    late = too_late(module, load().rules["CAN215"])
    return any(variable == setting.what and module.parent_statement(node) is statement for node, variable, _ in late)


def _fix(module: PythonModule, rule: Rule, setting: Setting) -> Fix | None:
    """The request's number, with the author's where nothing is requested."""
    from canfar_lint.fixing.python import can_import, fix, replaced

    node = setting.node
    if not isinstance(node, ast.Constant) or not _is_size(module, rule, node) or not can_import(module, "os", node):
        return None
    if not hands_on_request(module, node):
        return None
    code = f'os.environ.get("OMP_NUM_THREADS", "{setting.number}")'
    if not isinstance(node.value, str):
        code = f"int({code})"
    return fix("Use the requested cores", replaced(module, node, code), UNSAFE, ("os",))


def _is_size(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether a number is nothing but a number of workers: given as one, or bound to a name that says so."""
    parent = module.parent(node)
    if isinstance(parent, ast.Call) and module.qualified(parent.func) in _COUNTING:
        return False  # the number of parts as well
    if isinstance(parent, ast.Call):
        # what the environment says comes first there already
        return node in parent.args and not module.qualified(parent.func).endswith("environ.setdefault")
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
        named = isinstance(target, ast.Name) and re.search(rule.table("names"), target.id) is not None
        return named or isinstance(target, (ast.Subscript, ast.Attribute))
    return isinstance(parent, ast.keyword)


def _keywords(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    names = frozenset(rule.table("keywords"))
    not_here = frozenset(rule.table("not_here"))
    threaded = frozenset(rule.table("threaded"))
    for call in module.all_calls:
        for keyword in call.keywords:
            if keyword.arg in names or keyword.arg == "threads":
                number = number_of(module, keyword.value)
                if number is None or not_here & set(module.qualified_all(call.func)) or _is_nowhere(module, call):
                    continue
                if _is_elsewhere(module, call) or (keyword.arg == "threads" and _is_ignored(module, rule, call)):
                    continue
                if keyword.arg in names or module.qualified(call.func).partition(".")[0] in threaded:
                    yield Setting(f"{keyword.arg}", number, literal_of(module, keyword.value))


def _is_ignored(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a package takes `threads` no longer, and nothing in the file is of the time when it did."""
    then = rule.table("threaded_once").get(module.qualified(call.func).partition(".")[0])
    if then is None:
        return False
    from canfar_lint.model.python2 import Python2Source

    return re.search(then, module.text) is None and not isinstance(module.source, Python2Source)


def _is_elsewhere(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call puts a job into a queue, which is asked for that many: `submit_job(script, n_cores=16)`; or loads
    so many files at once. What an executor is to `submit` is done here.
    """
    name = call.func.attr if isinstance(call.func, ast.Attribute) else module.code(call.func)
    return _SUBMITS.search(name) is not None or LOADS.search(name) is not None


def _set_by_name(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    """`set_conf_opt("numcores", 3)`, where what has these options is called."""
    for word, tasks in rule.table("set_by_name").items():
        if not any(module.calls_named(task) or _is_timed(module, task) for task in tasks):
            continue
        for call in module.calls_named(word):
            name = module.constant(call.args[0]) if len(call.args) == 2 else ...
            number = number_of(module, call.args[1]) if name in rule.table("keywords") else None
            if number is not None and not _is_nowhere(module, call):
                yield Setting(str(name), number, literal_of(module, call.args[1]))


def _is_timed(module: PythonModule, name: str) -> bool:
    """`%time ui.conf(...)`."""
    magics = module.source.magics if isinstance(module.source, NotebookSource) else ()
    return any(re.search(rf"\b{name}\(", magic.arguments) for magic in magics)


def _is_nowhere(module: PythonModule, call: ast.Call) -> bool:
    """Whether the name that a call begins with is bound nowhere in the file: it ends there, before a worker starts.

    A notebook may have it from a magic.
    """
    root = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or module.notebook or module.star_imports or hasattr(builtins, root.id):
        return False
    bound = module.memo("bound somewhere")
    if not bound:
        bound.update((name, True) for scope in module.scopes.values() for name in scope.bindings)
    return root.id not in bound and not any(isinstance(node.ctx, ast.Store) for node in module.named(root.id))


def _names(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    """`num_workers = 5`, handed to something later, or so many processes are started."""
    wanted = re.compile(rule.table("names"))
    not_here = frozenset(rule.table("not_here"))
    handed: dict[tuple[ast.AST, str], None] = {}  # in the order of the file
    for call in module.all_calls:
        counts = starts_processes(module, call)
        if (module.qualified(call.func) in _COUNTING and not counts) or not_here & set(module.qualified_all(call.func)):
            continue
        if _is_nowhere(module, call) or _is_elsewhere(module, call):
            continue
        # the default of an option is whoever starts the script's to change
        for given in (*call.args, *(k.value for k in call.keywords if k.arg != "default")):
            if counts and isinstance(given, ast.Constant) and isinstance(given.value, int):
                yield Setting(module.code(call), given.value, given)
            if isinstance(given, ast.Name) and (counts or wanted.search(given.id)):
                found = module.scope_of(given).find(given.id)
                if found is not None:
                    handed[found[0].node, given.id] = None
    for node, name in handed:
        bindings = module.scopes[node].bindings[name]
        value = bindings[0].value
        if len(bindings) > 1 or bindings[0].kind != "assign":
            continue
        if isinstance(value, ast.Constant) and type(value.value) is int:
            yield Setting(name, value.value, value)


def _in_settings(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    """`{"n_jobs": 8}`, where it is not what a queue is asked for."""
    # workers may be threads that wait
    names = frozenset(name for name in rule.table("keywords") if "workers" not in name)
    for text in module.strings:
        around = module.parent(text)
        if text.value not in names or not isinstance(around, ast.Dict) or text not in around.keys:
            continue
        keys = {key.value for key in around.keys if isinstance(key, ast.Constant)}
        number = number_of(module, around.values[around.keys.index(text)])
        if number is not None and not keys & frozenset(rule.table("of_queue")):
            yield Setting(str(text.value), number, literal_of(module, around.values[around.keys.index(text)]))


def _at_once(module: PythonModule) -> Iterator[Setting]:
    """`if len(running) == 30: wait`, where processes are started one by one and kept in that list."""
    for call in module.calls(_PROCESSES):
        kept = _kept_in(module, call)
        for loop in module.loops(call)[:1] if kept else ():
            for test in (node.test for node in ast.walk(loop) if isinstance(node, (ast.If, ast.While))):
                number = _limit(module, test, kept)
                if number is not None and isinstance(test, ast.Compare):
                    yield Setting(f"len({kept})", number, literal_of(module, test.comparators[0]))


def _one_for_each(module: PythonModule, tables: dict[str, Any]) -> Iterator[Setting]:
    """`Pool(len(grid))`, where the grid is written there and longer than a few."""
    for call, parameter, given in sized(module, tables["sized"]):
        number = _length(module, module.resolve(given)) if given is not None else 0
        if given is not None and number > _FEW:
            yield Setting(f"{module.code(call.func).rpartition('.')[2]}({parameter})", number, given, call)


def _length(module: PythonModule, counted: ast.expr) -> int:
    """How many there are of what is counted by `len`; 0 where that is not written there."""
    if not isinstance(counted, ast.Call) or module.qualified(counted.func) != "builtins.len" or not counted.args:
        return 0
    grid = module.resolve(counted.args[0])
    if isinstance(grid, ast.Call) and module.qualified(grid.func) in _GRIDS:
        given = module.argument(grid, "num", 2)
        return 50 if given is None else number_of(module, given) or 0
    if not isinstance(grid, (ast.List, ast.Tuple)) or any(isinstance(one, ast.Starred) for one in grid.elts):
        return 0
    return 0 if is_grown(module, counted.args[0]) else len(grid.elts)


def _kept_in(module: PythonModule, call: ast.Call) -> str:
    """The list that a process is added to, by itself or by its name; empty where there is none."""
    statement = module.parent_statement(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    for added in module.methods(("append",)):
        given, owner = added.args[:1], added.func.value if isinstance(added.func, ast.Attribute) else None
        here = module.loops(added)[:1] == module.loops(call)[:1] and isinstance(owner, ast.Name)
        same = given and (given[0] is call or (target is not None and module.code(given[0]) == module.code(target)))
        if here and same and isinstance(owner, ast.Name):
            return owner.id
    return ""


def _limit(module: PythonModule, test: ast.expr, name: str) -> int | None:
    """The length of a list at which a condition begins to hold."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Eq, ast.GtE, ast.Gt)):
        return None
    return number_of(module, test.comparators[0]) if module.code(test.left) == f"len({name})" else None


def _of_xspec(module: PythonModule) -> Iterator[Setting]:
    """`Xset.parallel.leven = 4`."""
    for node in module.nodes(ast.Assign) if "Xset" in module.text else ():
        if not isinstance(node.targets[0], ast.Attribute):
            continue
        target, number = node.targets[0], number_of(module, node.value)
        if target.attr not in _XSPEC_TASKS or number is None:
            continue
        if isinstance(target.value, ast.Attribute) and target.value.attr == "parallel":
            yield Setting(module.code(target), number, literal_of(module, node.value))


def _to_xspec(module: PythonModule) -> Iterator[tuple[tuple[int, int], str, int]]:
    """The commands that a text gives to XSPEC, a line each: `parallel error 6`."""
    for found in _OF_XSPEC.finditer(module.text):
        if int(found[2]) < 2 or not re.search(r"(^|[\"'{]|\\n)[ \t]*$", _line_before(module, found.start())):
            continue
        at = bisect_right(module.strings, found.start(), key=lambda node: _whole(module, node)[0]) - 1
        node = module.strings[at] if at >= 0 else None
        if node is not None and found.end() <= _whole(module, node)[1] and not _is_shown(module, node):
            yield found.span(2), f"parallel {found[1]}", int(found[2])


def _whole(module: PythonModule, node: ast.Constant) -> tuple[int, int]:
    """The span of a text, of the whole of it when the constant is a part of an f-string."""
    parent = module.parent(node)
    return module.span(parent if isinstance(parent, ast.JoinedStr) else node)


def _line_before(module: PythonModule, at: int) -> str:
    return module.text[module.text.rfind("\n", 0, at) + 1 : at]


def _in_texts(module: PythonModule, tables: dict[str, Any]) -> Iterator[tuple[tuple[int, int], str, int]]:
    """What the command lines and jobs fix that stand in texts, whatever starts them: `run("wsclean -j 16 " + name)`.

    Those given to `os.system` and the like are read as shell in any case.
    """
    from canfar_lint.checks._shell_threads import settings as shell_settings
    from canfar_lint.model.embedded import given_to_shell, stretch

    begins = re.compile(rf"\s*(?:#!\S*sh\b|((?:\S*/)?(?:{'|'.join(map(re.escape, tables['shell_options']))}))\s)")
    texts = [node for node in module.strings if begins.match(str(node.value))]
    told = set(given_to_shell(module)) if texts else set()
    for node in texts:
        found = begins.match(str(node.value))
        if found is None or node in told or _is_shown(module, node):
            continue
        for piece in _pieces(module, node):
            script = stretch(module, piece, "" if piece is node else f"{found[1] or ':'} ")
            for setting in shell_settings(script, tables) if script is not None else ():
                if setting.number > 1:
                    yield setting.word.span, setting.what, setting.number


def _in_magics(module: PythonModule, names: frozenset[str]) -> Iterator[tuple[tuple[int, int], str, int]]:
    """`%env OMP_NUM_THREADS=8`."""
    if not isinstance(module.source, NotebookSource):
        return
    for magic in module.source.magics:
        found = re.fullmatch(r"(\w+)[ =]+(\d{1,4})\s*", magic.arguments)
        if magic.name in ("env", "set_env") and found and found[1] in names and int(found[2]) > 1:
            end = module.text.rindex(found[2], magic.start, magic.end) + len(found[2])
            yield (end - len(found[2]), end), found[1], int(found[2])


def _pieces(module: PythonModule, node: ast.Constant) -> Iterator[ast.Constant]:
    """A text and the literals that are joined to it."""
    whole: ast.AST = node
    parent = module.parent(whole)
    while isinstance(parent, ast.JoinedStr) or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add)):
        whole, parent = parent, module.parent(parent)
    for part in ast.walk(whole):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part


def _is_shown(module: PythonModule, node: ast.AST) -> bool:
    """Whether a text is a message, a help text or a docstring."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Call):
            word = module.qualified(ancestor.func).rpartition(".")[2]
            if word in _SHOWING or word.endswith(("Error", "Warning")):
                return True
        if isinstance(ancestor, ast.stmt):
            return isinstance(ancestor, (ast.Expr, ast.Raise)) and getattr(ancestor, "value", None) is node
    return False


def _is_default(module: PythonModule, node: ast.AST) -> bool:
    """Whether a number stands as the default of a parameter, an option or a setting."""
    parent = module.parent(node)
    if isinstance(parent, ast.arguments):
        return True
    return (isinstance(parent, ast.keyword) and parent.arg == "default") or _is_default_setting(module, node)


def _is_default_setting(module: PythonModule, node: ast.AST) -> bool:
    """Whether a number is among settings that go to what is also told where the user's own lie, which replace them:
    `Settings(defaults, config_path="~/.survey")`.
    """
    statement = module.parent_statement(node)
    target: ast.AST | None = statement.targets[0] if isinstance(statement, ast.Assign) else None
    while isinstance(target, ast.Subscript):
        target = target.value
    made = statement.value if isinstance(statement, ast.Assign) else None
    table = isinstance(made, ast.Dict) or (
        isinstance(made, ast.Call) and module.qualified(made.func) == "builtins.dict"
    )
    uses = module.loads(target.id) if table and isinstance(target, ast.Name) else []
    above = [module.parent(use) for use in uses]
    calls = [module.parent(each) if isinstance(each, ast.keyword) else each for each in above]
    words = (keyword.arg for call in calls if isinstance(call, ast.Call) for keyword in call.keywords)
    return any(word is not None and _SETTINGS_FILE.match(word) for word in words)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, made_by_hand
    from canfar_lint.checks._shell_threads import settings as shell_settings
    from canfar_lint.checks._shell_threads import written

    if script.context not in (*JOB, "literal") or made_by_hand(script):
        return
    question = Question("unrequested", script.path)
    tables = load().rules["CAN211"].body["tables"]
    own = [(setting, True) for setting in shell_settings(script, tables)]
    for setting, here in (*own, *((setting, False) for setting in written(script, tables))):
        if setting.number > 1 and not (here and _is_last(script, setting)):
            variant = "platform" if setting.what == _OF_PLATFORM else "shell"
            what, number = setting.what, setting.number
            fix = _in_shell(script, setting) if here else None
            yield rule.finding(setting.word.span, variant=variant, what=what, number=number, question=question, fix=fix)


def _is_last(script: Script, setting: ShellSetting) -> bool:
    """Whether a variable is set at the end of a script that has started its programs by then: for nobody."""
    if script.context != "file" or "_" not in setting.what or " " in setting.what:
        return False
    ran = [command.start for command in script.commands if command.name not in (None, *_SETTING)]
    return bool(ran) and all(start < setting.word.start for start in ran)


def _in_shell(script: Script, setting: ShellSetting) -> Fix | None:
    from canfar_lint.checks._shell_threads import hands_on_request as hands_on_request_in_shell

    word = setting.word
    if not hands_on_request_in_shell(script):
        return None
    if script.context not in ("file", "cell") or word.text != str(setting.number):
        return None
    at = word.start - script.start
    if word.end - word.start != len(word.text) or script.text[at : at + len(word.text)] != word.text:
        return None
    line = script.text[script.text.rfind("\n", 0, at) + 1 : at]
    if "'" in line or '"' in line:
        return None
    return Fix("Use the requested cores", (Edit(*word.span, f'"${{OMP_NUM_THREADS:-{setting.number}}}"'),), UNSAFE)
