"""What comes behind a command in Python, and sees how it went."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks._commands import started
from canfar_lint.model.python import PythonModule

# statements on the same way that are looked at, and those before a test
_NEAR = 6
_ENDINGS = frozenset(("sys.exit", "builtins.exit", "builtins.quit", "os._exit", "builtins.SystemExit"))
_SOON = 4
_ASKING = frozenset(("exists", "isfile", "is_file", "isdir", "is_dir", "lexists", "getsize"))
_TALKING = re.compile(
    r"^(builtins\.print|logging\.|traceback\.|warnings\.warn|sys\.std(out|err)\.|loguru\.)|\.(debug|info|warning|"
    r"warn|error|critical|exception|log|print_exc)$"
)


def is_noticed(module: PythonModule, call: ast.Call, *, works: bool) -> bool:
    """Whether what follows a command misses what it should have made, or ends as failed whatever became of it.

    `works` when the command does work, so that any product that is asked for may be its own.
    """
    after = _following(module, module.parent_statement(call))
    if _is_missed(module, call, after, works=works) or _is_tested(module, call, after):
        return True
    if works and (_is_waited_for(module, after) or _is_told(module, call, after)):
        return True
    return _fails_anyway(module, after) or _is_made_again(module, call, after)


def _following(module: PythonModule, statement: ast.stmt) -> list[ast.stmt]:
    """What comes behind a statement, or behind the condition that it is the last under."""
    after = module.behind(statement)
    parted = module.parent(statement)
    while not after and isinstance(parted, ast.If):
        after = module.behind(parted)
        parted = module.parent(parted)
    return after[:_NEAR]


def _fails_anyway(module: PythonModule, after: list[ast.stmt]) -> bool:
    """Whether the program ends as failed just behind a call, whatever became of that."""
    works = (s for s in after if not (isinstance(s, ast.Expr) and is_talk(module, s)))
    return is_failure(module, next(works, None))


def is_failure(module: PythonModule, statement: ast.stmt | None) -> bool:
    """Whether a statement ends the program with another status than 0."""
    ending = statement.exc if isinstance(statement, ast.Raise) else getattr(statement, "value", None)
    name = module.qualified(ending.func if isinstance(ending, ast.Call) else ending) if ending is not None else ""
    if name.endswith("Parser().error"):
        return True
    if name not in _ENDINGS:
        return isinstance(statement, ast.Raise)
    status = ending.args[0] if isinstance(ending, ast.Call) and ending.args else None
    if isinstance(status, (ast.UnaryOp, ast.JoinedStr)):
        return True
    return status is not None and module.constant(status) not in (..., 0, None)


def _is_made_again(module: PythonModule, call: ast.Call, after: list[ast.stmt]) -> bool:
    """Whether the folder that a command moves away is made anew at once, which fails where it is still there."""
    commands = [start.command for start in started(module) if start.call is call]
    following = after[0].value if after and isinstance(after[0], ast.Expr) else None
    if [command.name for command in commands] != ["mv"] or not isinstance(following, ast.Call) or not following.args:
        return False
    makes = module.qualified(following.func)
    anew = makes == "os.mkdir" or (makes == "os.makedirs" and module.keyword(following, "exist_ok") is None)
    return anew and module.code(following.args[0]).strip("\"'") in parts(module, call)


def _is_tested(module: PythonModule, call: ast.Call, after: list[ast.stmt]) -> bool:
    """Whether what follows reads the output that a command is redirected to, and ends where there is nothing in it, or
    takes a part of it by its place, `line.split()[0]`, which raises an error there.

    A redirect empties the file first, so that there is nothing of an earlier run.
    """
    targets = (one.target.value for s in started(module) if s.call is call for one in s.command.redirects if one.writes)
    made = {target for target in targets if target}
    known: set[str] = set()
    for statement in after if made else ():
        nodes = list(ast.walk(statement.test if isinstance(statement, ast.If) else statement))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        about = any(name.id in known for name in names if isinstance(name.ctx, ast.Load))
        if about and _takes_part(module, statement, known):
            return True
        if isinstance(statement, ast.If):
            if about:
                return is_failure(module, statement.body[-1])
        elif about or any(isinstance(node, ast.Constant) and node.value in made for node in nodes):
            known |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return False


def _takes_part(module: PythonModule, statement: ast.stmt, known: set[str]) -> bool:
    """Whether a statement surely takes the part at one place of something that is made of the names."""
    if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
        return False
    loops = module.loops(statement)
    parts = (node for node in ast.walk(statement) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load))
    placed = (part for part in parts if isinstance(module.constant(part.slice), int) and module.loops(part) == loops)
    return any(isinstance(node, ast.Name) and node.id in known for part in placed for node in ast.walk(part.value))


def _is_waited_for(module: PythonModule, after: list[ast.stmt]) -> bool:
    """Whether the program waits next until there is a file, and never goes on where there is none."""
    waits = next((s for s in after[:_SOON] if not isinstance(s, ast.Assign) and not _says(module, s)), None)
    if not isinstance(waits, ast.While) or any(isinstance(node, (ast.Break, ast.Return)) for node in ast.walk(waits)):
        return False
    return _asks_in_vain(module, waits.test)


def _is_told(module: PythonModule, call: ast.Call, after: list[ast.stmt]) -> bool:
    """Whether the next test asks if there is a file that is called after what the command is given, and all that is
    done without it is to say so.
    """
    test = next((s for s in after[:_SOON] if not _says(module, s) and not _takes_away(module, s)), None)
    if not isinstance(test, ast.If) or not test.orelse:
        return False
    vain = isinstance(test.test, ast.UnaryOp) and isinstance(test.test.op, ast.Not)
    asked = test.test.operand if isinstance(test.test, ast.UnaryOp) else test.test
    if not isinstance(asked, ast.Call) or not _asks(asked) or not parts(module, call) & parts(module, asked) - {"self"}:
        return False
    return _only_says(module, test.body if vain else test.orelse)


def _only_says(module: PythonModule, block: list[ast.stmt]) -> bool:
    return all(
        _says(module, s) or (isinstance(s, ast.If) and _only_says(module, s.body) and _only_says(module, s.orelse))
        for s in block
    )


def _takes_away(module: PythonModule, statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Call) and module.qualified(value.func) in ("os.remove", "os.unlink")


def _is_missed(module: PythonModule, call: ast.Call, after: list[ast.stmt], *, works: bool) -> bool:
    """Whether the next test asks if there is a file that the command names, and nothing is done between.

    It may ask for a part of what was made, or (`works`) list what there is now, and end there for want of that.
    """
    at = next((i for i, s in enumerate(after[:_SOON]) if isinstance(s, (ast.If, ast.Assert))), None)
    between = after[:at]
    if at is None or any(not isinstance(s, ast.Assign) and not _says(module, s) for s in between):
        return False
    test = after[at]
    assert isinstance(test, (ast.If, ast.Assert))
    if works and at == 0 and _ends_without(module, test):
        return True
    asked = list(asked_for(test.test))
    named = parts(module, call) if asked else frozenset()
    if any(module.code(each).strip("\"'") in named for each in asked):
        return True
    if not _cleared(module, call).isdisjoint(map(module.code, asked)):
        return True
    made = {name.id: one.value for one in between if isinstance(one, ast.Assign) for name in _targets(one)}
    listed = {name for name, value in made.items() if works and (_lists(module, value) or any(asked_for(value)))}
    names = {node.id for each in asked for node in ast.walk(each) if isinstance(node, ast.Name)}
    looked = {node.id for node in ast.walk(test.test) if isinstance(node, ast.Name)} & listed
    told = bool(looked) or not names.isdisjoint({*made} | (named - {b.name for b in module.imports}))
    return told and (isinstance(test, ast.Assert) or any(leaves(module, b[-1]) for b in (test.body, test.orelse) if b))


def _cleared(module: PythonModule, call: ast.Call) -> frozenset[str]:
    """The files that are taken away just before a command, so that whoever asks for them then asks how it went."""
    before = module.before(module.parent_statement(call))[-_NEAR:]
    nodes = (node for each in before for node in ast.walk(each) if isinstance(node, ast.Call) and node.args)
    gone = (node for node in nodes if module.qualified(node.func) in ("os.remove", "os.unlink"))
    return frozenset(module.code(node.args[0]) for node in gone)


def asked_for(test: ast.expr) -> Iterator[ast.expr]:
    """The files of which a test asks whether they are there."""
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and _asks(node):
            yield from node.args[:1] or ([node.func.value] if isinstance(node.func, ast.Attribute) else [])


def _asks(call: ast.Call) -> bool:
    return getattr(call.func, "attr", getattr(call.func, "id", "")) in _ASKING


def _ends_without(module: PythonModule, test: ast.If | ast.Assert) -> bool:
    """`if not catalogue.exists(): return None`: a product that the command need not name is asked for at once."""
    return isinstance(test, ast.If) and _asks_in_vain(module, test.test) and leaves(module, test.body[-1])


def _asks_in_vain(module: PythonModule, test: ast.expr) -> bool:
    """Whether a test holds where there is no file."""
    denied = [one for node in ast.walk(test) for one in contraries(module, node)]
    return any(isinstance(node, ast.Call) and any(asked_for(node)) for node in denied)


def contraries(module: PythonModule, node: ast.AST) -> Iterator[ast.expr]:
    """What a test asks the contrary of: `not x`, `x == False`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    compared = isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.Is))
    if compared and isinstance(node, ast.Compare) and module.constant(node.comparators[0]) is False:
        yield node.left


def _says(module: PythonModule, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and is_talk(module, statement)


def _targets(statement: ast.Assign) -> Iterator[ast.Name]:
    return (target for target in statement.targets if isinstance(target, ast.Name))


def _lists(module: PythonModule, value: ast.expr) -> bool:
    """Whether a value is what files there are: `glob.glob("*.cat")`, sorted or counted."""
    calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
    return any(re.search(r"(^|\.)(i?glob|rglob|listdir|scandir|iterdir)$", module.code(call.func)) for call in calls)


def leaves(module: PythonModule, statement: ast.stmt) -> bool:
    """Whether a statement ends the program, the function or the turn."""
    if isinstance(statement, (ast.Raise, ast.Return, ast.Continue, ast.Break)):
        return True
    ending = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(ending, ast.Call) and module.qualified(ending.func) in _ENDINGS


def parts(module: PythonModule, call: ast.Call) -> frozenset[str]:
    """What a command is put together of: the code of names, and the words of texts."""
    found: set[str] = set()
    queue: list[tuple[ast.AST, int]] = [(part, 0) for part in (*call.args, *call.keywords)]
    while queue and len(found) < 256:
        node, depth = queue.pop()
        if isinstance(node, (ast.Name, ast.Attribute)):
            found.add(module.code(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(node.value.split())
        queue += [(child, depth) for child in ast.iter_child_nodes(node)]
        if isinstance(node, ast.Name) and depth < 2:
            made = [binding.node for binding in module.scope_of(node).bindings.get(node.id, ())[:8]]
            queue += [(each.value, depth + 1) for each in made if isinstance(each, (ast.Assign, ast.AugAssign))]
    return frozenset(found)


def is_talk(module: PythonModule, statement: ast.Expr) -> bool:
    """Whether a statement only says something: a message, a text that stands by itself."""
    value = statement.value
    if isinstance(value, ast.Constant):
        return True
    if not isinstance(value, ast.Call):
        return False
    name = module.qualified(value.func) or module.code(value.func)
    return _TALKING.search(name) is not None
