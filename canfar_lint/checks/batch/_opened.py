"""What is opened behind a command in Python and is not there unless that worked: its failure ends the program."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from operator import attrgetter

from canfar_lint.checks._fates import is_path_work
from canfar_lint.checks.batch._aftermath import asked_for, contraries, is_failure, is_talk, leaves
from canfar_lint.model.python import PythonModule

_Function = ast.FunctionDef | ast.AsyncFunctionDef
# statements and calls that are looked at, and statements just before a command
_FAR, _MANY, _NEAR = 24, 200, 6
_OPENS = re.compile(
    r"(?:^|\.)_*(?:(?:open|load|read)(?![a-z])\w*|loadtxt|genfromtxt|fromfile|from_file|imread|getdata|getheader|File)$|"
    r"^shutil\.(?:copy|copy2|copyfile|copytree)$|^os\.(?:stat|listdir|scandir|path\.getsize)$"
)
_METHODS = frozenset(("open", "read_text", "read_bytes", "stat"))
_TAKES_AWAY = re.compile(r"^(?:os\.(?:remove|unlink|rename|replace)|shutil\.(?:rmtree|move))$")
_COMMANDS = re.compile(r"^(?:os\.system|subprocess\.(?:run|call|check_call|check_output))$")
_NEW_FOLDER = re.compile(r"^tempfile\.(?:mkdtemp|TemporaryDirectory)$")
_OF_A_FILE = ("Exception", "OSError", "IOError", "EnvironmentError", "FileNotFoundError")
# options behind which the name of a result stands
_RESULT = re.compile(r"(?i)^\d?>+$|^-o$|out|name$")
_LOG = re.compile(r"(?i)[^*]*(?<![a-z])logs?(_?(file|dir|folder|name|path)\w*)?\}?/?$")
_UNPACKS = re.compile(r"(?:\S*/)?(?:(?:gunzip|bunzip2|unxz|uncompress)|(?:gzip|bzip2|xz) -\w*d\w*)\b")


def is_opened(module: PythonModule, call: ast.Call) -> bool:
    """Whether what is only there when a command worked is opened behind it, and nobody catches the error."""
    opened = [(path, near) for path, near in _opened_behind(module, call) if not _is_made(module, path)]
    missed = {name for path in _missed(module, call) for name in _meant(module, path)}
    if _are_missing(module, call, [path for path, _ in opened], missed) or _are_listed(module, call, missed):
        return True
    before = module.before(module.parent_statement(call))[-_NEAR:]
    gone = {path for statement in before for path in _taken_away(module, statement)}
    made = [path for path, near in opened if near or _is_related(module, call, path)]
    tests = (_are_in_new_folder, _are_passing, _are_unpacked)
    return _are_missing(module, call, made, gone) or (bool(made) and any(test(module, call, made) for test in tests))


def copies(module: PythonModule, call: ast.Call) -> str:
    """The command that copies or moves a file, where what that is called then is opened behind."""
    said = _words(module, call)
    if len(said) < 3 or said[0] not in ("cp", "mv"):
        return ""
    return said[0] if any(_path(module, path) == said[-1] for path, _ in _opened_behind(module, call)) else ""


def keeps_log(module: PythonModule, call: ast.Call) -> bool:
    """Whether a command only puts an old log aside, to which is added where it stays: `mv {logfile} {old}`."""
    said = _words(module, call)
    return len(said) == 3 and said[0] == "mv" and _LOG.match(said[1]) is not None


def is_checked(module: PythonModule, call: ast.Call) -> bool:
    """Whether a function of the file is called next that looks at the files and raises an error of its own.

    It may be called where the one is called that does nothing behind the command.
    """
    for _ in range(3):
        following = next(_followers(module, call), None)
        if following is not None:
            return _checks(module, following, call)
        function = module.function_of(call)
        callers = module.callers().get(function, []) if function is not None else []
        if len(callers) != 1:
            return False
        call = callers[0]
    return False


def _checks(module: PythonModule, following: ast.stmt, call: ast.Call) -> bool:
    made = following.value if isinstance(following, (ast.Expr, ast.Assign)) else None
    function = module.function_named(made.func) if isinstance(made, ast.Call) else None
    if function is None or not isinstance(made, ast.Call):
        return False
    if _names(module, *call.args).isdisjoint(_names(module, *made.args)):
        return False
    inside = [*islice(ast.walk(function), 2 * _MANY)]
    looks = any(isinstance(node, ast.Call) and (_is_opening(module, node) or any(asked_for(node))) for node in inside)
    return looks and any(isinstance(node, ast.Raise) for node in inside)


def _opened_behind(module: PythonModule, call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    """The paths that are opened behind a command, each with whether no other command runs before."""
    next_one = True
    for statement in _followers(module, call):
        yield from ((path, next_one) for path in _opened(module, statement))
        calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
        next_one = next_one and not any(_COMMANDS.match(module.qualified(each.func)) for each in calls)


def _is_related(module: PythonModule, call: ast.Call, path: ast.expr) -> bool:
    """Whether a command names a path, or something that the path is made of."""
    if _path(module, path) in " ".join(_words(module, call)):
        return True
    return not _names(module, call).isdisjoint(_names(module, path, module.resolve(path)))


def _are_missing(module: PythonModule, call: ast.Call, opened: list[ast.expr], gone: set[str]) -> bool:
    """Whether one is among what was asked for or opened in vain, or taken away, before the command."""
    missing = [path for path in opened if gone and _lies_in(_path(module, path), gone)]
    return any(not _is_known(module, path, call.lineno) for path in missing)


def _are_listed(module: PythonModule, call: ast.Call, gone: set[str]) -> bool:
    """Whether what was asked for in vain is added to a list, `names.append(name)`, and a loop opens all of that."""
    lists: set[str] = set()
    for statement in _followers(module, call) if gone else ():
        adds = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(adds, ast.Call) and isinstance(adds.func, ast.Attribute) and adds.func.attr == "append":
            lists |= {_path(module, adds.func.value)} if _are_missing(module, call, adds.args, gone) else set()
        elif isinstance(statement, ast.For) and _path(module, statement.iter) in lists:
            opened = (path for each in statement.body[:_FAR] for path in _opened(module, each))
            return any(module.code(path) == module.code(statement.target) for path in opened)
    return False


def _missed(module: PythonModule, call: ast.Call) -> Iterator[ast.expr]:
    for test, holds in module.guards(call):
        if not holds:
            yield from asked_for(test) if isinstance(test, ast.Call) else ()
            continue
        tests = test.values if isinstance(test, ast.BoolOp) else [test]
        missed = [[path for without in contraries(module, each) for path in asked_for(without)] for each in tests]
        if all(missed) or not (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)):
            yield from (path for paths in missed for path in paths)
    for ancestor in module.ancestors(call):
        attempt = module.parent(ancestor) if isinstance(ancestor, ast.ExceptHandler) else None
        for statement in attempt.body[:_NEAR] if isinstance(attempt, ast.Try) else ():
            yield from _opened(module, statement)


def _are_in_new_folder(module: PythonModule, call: ast.Call, opened: list[ast.expr]) -> bool:
    """Whether one lies in a folder that the run has made for itself, and nothing wrote it before."""
    inside = _goes_to_new_folder(module).get(module.function_of(call), call.lineno) < call.lineno
    for path in opened:
        below = _is_new(module, path) and len(module.value(path).pieces) > 1
        if (below or (inside and "/" not in _path(module, path))) and not _is_known(module, path):
            return True
    return False


def _goes_to_new_folder(module: PythonModule) -> dict[object, int]:
    """The functions that go to such a folder, each with the line."""
    memo = module.memo("goes to a new folder")
    if "all" not in memo:
        goes = [to for to in module.calls(("os.chdir",)) if to.args and _is_new(module, to.args[0])]
        memo["all"] = {module.function_of(to): to.lineno for to in reversed(goes)}
    found = memo["all"]
    assert isinstance(found, dict)
    return found


def _is_new(module: PythonModule, path: ast.expr) -> bool:
    first = next(iter(module.value(path).pieces), None)
    made = first.node if first is not None and first.text is None else None
    return isinstance(made, ast.Call) and _NEW_FOLDER.match(module.qualified(made.func)) is not None


def _are_passing(module: PythonModule, call: ast.Call, opened: list[ast.expr]) -> bool:
    """Whether one is taken away at the end, so that none is left of an earlier run, and is no input of the command."""
    gone = [(statement.lineno, set(_taken_away(module, statement))) for statement in _followers(module, call)]
    passing = [
        path
        for path in opened
        if any(line >= path.lineno and _lies_in(_path(module, path), taken) for line, taken in gone)
    ]
    if not passing:
        return False
    said = _words(module, call)
    given = {word for option, word in pairwise(["", *said]) if not _RESULT.search(option)}
    given |= {name for name in map("{{{}}}".format, _names(module, call)) if name not in said}
    return any(_path(module, path) not in given and not _is_known(module, path) for path in passing)


def _are_unpacked(module: PythonModule, call: ast.Call, opened: list[ast.expr]) -> bool:
    """Whether one is what a command unpacks, which takes the packed file away; its name may be kept in a table."""
    said = _words(module, call)
    if _UNPACKS.match(" ".join(said)) is None:
        return False
    names = _names(module, call)
    for statement in module.block_of(module.parent_statement(call)):
        if isinstance(statement, ast.Assign) and not names.isdisjoint(_names(module, statement.value)):
            names |= _names(module, statement.targets[0])
    return any(not names.isdisjoint(_names(module, path)) and _path(module, path) not in said for path in opened)


def _is_known(module: PythonModule, path: ast.expr, since: int = 0) -> bool:
    """Whether something was given a path before in the function, and so may have found or written it.

    Behind the line `since`, where it was not there, who only opens it has not.
    """
    here, text = module.function_of(path), _path(module, path)
    at = bisect_left(module.all_calls, path.lineno, key=attrgetter("lineno"))
    for before in module.all_calls[max(at - _MANY, 0) : at]:
        given = (*before.args, *(keyword.value for keyword in before.keywords))
        same = before.lineno > since and any(_path(module, each) == text for each in given)
        if not same or module.function_of(before) is not here or (since and _is_opening(module, before)):
            continue
        name = module.qualified(before.func)
        if not is_path_work(name) and not _TAKES_AWAY.match(name):
            return True
    return False


def _is_made(module: PythonModule, path: ast.expr) -> bool:
    """Whether a path is a folder that the program makes: that it can be listed says nothing."""
    memo = module.memo("folders that are made")
    if "all" not in memo:
        calls = [*module.calls_named("makedirs"), *module.calls_named("mkdir")]
        made = [call.args[0] if call.args else getattr(call.func, "value", call) for call in calls]
        commands = [_words(module, call) for call in module.calls_named("system")]
        memo["all"] = {_path(module, each) for each in made}.union(*(said for said in commands if "mkdir" in said[:1]))
    folders = memo["all"]
    assert isinstance(folders, set)
    return _path(module, path) in folders


# -- what follows, and what it does to files ------------------------------------------------------------------------


def _followers(module: PythonModule, call: ast.Call) -> Iterator[ast.stmt]:
    """What comes behind a call in its function, in its own block and around it, and whose errors nobody catches."""
    return islice((each for each in _ways(module, call) if not _is_caught(module, each)), _FAR)


def _ways(module: PythonModule, call: ast.Call) -> Iterator[ast.stmt]:
    here: ast.AST | None = module.parent_statement(call)
    while isinstance(here, (ast.stmt, ast.ExceptHandler)):
        if isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        for statement in module.behind(here):
            if not isinstance(statement, ast.Expr) or not is_talk(module, statement):
                yield statement
            if leaves(module, statement):
                return
        here = module.parent(here)


def _is_caught(module: PythonModule, statement: ast.stmt) -> bool:
    child: ast.AST = statement
    for ancestor in module.ancestors(statement):
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        if isinstance(ancestor, ast.Try) and child in ancestor.body and not _passes_on(module, ancestor):
            return True
        child = ancestor
    return False


def _passes_on(module: PythonModule, attempt: ast.Try) -> bool:
    """Whether the error of a file that is missing ends the program."""
    for handler in attempt.handlers:
        caught = "Exception" if handler.type is None else module.code(handler.type)
        if any(name in caught for name in _OF_A_FILE):
            return is_failure(module, handler.body[-1])
    return True


def _opened(module: PythonModule, statement: ast.stmt) -> Iterator[ast.expr]:
    """The paths that a statement surely opens to read, itself or by a function of the file."""
    for step, hears in _steps(module, statement):
        for node in ast.walk(step):
            if not isinstance(node, ast.Call):
                continue
            function = module.function_named(node.func)
            if function is not None:
                yield from _opened_for(module, node, function)
            elif hears or _is_opening(module, node):
                yield from node.args[:1] or ([node.func.value] if isinstance(node.func, ast.Attribute) else [])


def _steps(module: PythonModule, statement: ast.stmt) -> Iterator[tuple[ast.AST, bool]]:
    """What a statement surely does, each with whether any error of it is caught and passed on."""
    inner = statement.body[:_FAR] if isinstance(statement, (ast.With, ast.Try)) else []
    if isinstance(statement, ast.Try):
        inner = inner if _passes_on(module, statement) else []
    elif isinstance(statement, ast.With):
        yield from ((item, False) for item in statement.items)
    elif isinstance(statement, (ast.If, ast.While)):
        yield statement.test, False
    elif isinstance(statement, ast.For):
        yield statement.iter, False
    elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement, False
    for each in inner:
        for step, hears in _steps(module, each):
            yield step, hears or (isinstance(statement, ast.Try) and bool(statement.handlers))


def _opened_for(module: PythonModule, call: ast.Call, function: _Function) -> list[ast.expr]:
    """What a call gives to a function that opens it."""
    memo = module.memo("parameters that are opened")
    if function not in memo:
        memo[function] = frozenset()  # one that calls itself
        paths = (path for statement in function.body[:_FAR] for path in _opened(module, statement))
        memo[function] = frozenset(path.id for path in paths if isinstance(path, ast.Name))
    opened = memo[function]
    assert isinstance(opened, frozenset)
    names = [argument.arg for argument in function.args.args]
    names = names[1:] if isinstance(call.func, ast.Attribute) else names
    return [given for name, given in zip(names, call.args, strict=False) if name in opened]


def _is_opening(module: PythonModule, call: ast.Call) -> bool:
    if not call.args:
        return isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS
    mode = module.argument(call, "mode", 1)
    writes = mode is not None and str(module.constant(mode)).startswith(("w", "a", "x"))
    return not writes and _OPENS.search(module.qualified(call.func) or module.code(call.func)) is not None


def _taken_away(module: PythonModule, statement: ast.stmt) -> Iterator[str]:
    """The paths that a statement removes or moves."""
    for node in ast.walk(statement):
        name = module.qualified(node.func) if isinstance(node, ast.Call) else ""
        if not isinstance(node, ast.Call) or (not node.args and not isinstance(node.func, ast.Attribute)):
            continue
        if _TAKES_AWAY.match(name):
            yield from (_path(module, path) for path in node.args[:1])
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "unlink" and not node.args:
            yield _path(module, node.func.value)
        elif _COMMANDS.match(name):
            said = _words(module, node)
            yield from {"rm": said[1:], "mv": said[1:-1]}.get(said[0] if said else "", ())


# -- names ----------------------------------------------------------------------------------------------------------


def _path(module: PythonModule, node: ast.expr) -> str:
    """A text with its holes as they are written: `{folder}/m31.fits`."""
    pieces = module.value(node).pieces
    return "".join(_hole(module, p.node or node) if p.text is None else p.text for p in pieces) or _hole(module, node)


def _meant(module: PythonModule, path: ast.expr) -> set[str]:
    """A path, and what it is in the turns of a loop over names that are written out."""
    return {_path(module, path), *(leaf.text for leaf in module.value(path).leaves() if leaf.text)}


def _hole(module: PythonModule, node: ast.AST) -> str:
    return "{" + (node.arg if isinstance(node, ast.arg) else "".join(module.code(node).split())) + "}"


def _words(module: PythonModule, call: ast.Call) -> list[str]:
    """The words of a command line."""
    line = module.resolve(call.args[0]) if call.args else None
    if isinstance(line, (ast.List, ast.Tuple)):
        return [_path(module, each) for each in line.elts]
    return [] if line is None else _path(module, call.args[0]).split()


def _names(module: PythonModule, *nodes: ast.AST) -> set[str]:
    """The names that an expression is made of, but for those of modules and objects."""
    known = {"self", "cls", *(binding.name for binding in module.imports)}
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)} - known


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of the others, or below it."""
    return any(path == each or path.startswith(each.rstrip("*/") + "/") for each in folders if each.strip("*/."))
