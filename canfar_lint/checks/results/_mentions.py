"""Where the name of an output stands besides: in messages, in other names, in what takes the file up again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import Output, texts_with, written_names
from canfar_lint.model.python import PythonModule

_DEEP = 3
_MOST_INSIDE = 200
_JOINING = frozenset(("os.path.join", "pathlib.Path", "builtins.str", "os.path.abspath"))
# a command that does something with a file
_COMMAND = re.compile(r"\s*(mv|cp|rm|cat|tar|gzip|rsync|sbatch|qsub|bsub|sh|bash|python3?|chmod)\s")
_FILE_NAME = re.compile(r"[\w/.-]*\w\.[A-Za-z]\w{1,7}$")
_QUIET = frozenset(
    ("print", "info", "debug", "warning", "error", "log", "format", "write", "append", "exists", "isfile")
)


def is_only_name(module: PythonModule, output: Output, literals: list[ast.AST]) -> bool:
    """Whether the variables that hold parts of a name are there for names of outputs alone, and say of no input."""
    inside = set(ast.walk(output.name))
    for literal in literals:
        if literal in inside:
            continue
        statement = module.parent_statement(literal)
        if not isinstance(statement, ast.Assign) or not _only_names_outputs(module, statement, 0):
            return False
    return True


def says_what(module: PythonModule, rule: Rule, output: Output, literals: list[ast.AST]) -> bool:
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
        uses = module.loads(name.id)
        memo[name] = len(uses) <= _MOST_INSIDE and all(
            id(use) in written_names(module) or _is_said_only(module, use) or _is_set_from(module, use, depth)
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


def consumed(module: PythonModule, output: Output, within: ast.AST, text: str) -> bool:
    """Whether the file is read, moved, removed or handed on where it was written: no result, a step on the way."""
    base = text.rpartition("/")[2]
    mentions: list[ast.AST] = []
    if len(base) > 2:
        mentions += texts_with(module, base)
    names = {n.id: n for n in ast.walk(output.name) if isinstance(n, ast.Name)}
    uses = (use for name in names.values() for use in _uses_of(module, name))
    mentions += [use for use in uses if not _is_folder_of_another(module, use, base)]
    written = written_names(module)
    return any(
        id(node) not in written
        and node is not output.name
        and within in module.ancestors(node)
        and _is_used(module, node)
        for node in mentions[:500]
    )


def _is_folder_of_another(module: PythonModule, use: ast.Name, base: str) -> bool:
    """Whether a variable of a name stands in that of another file: `folder + "flat.fits"`."""
    whole: ast.AST = use
    while isinstance(around := module.parent(whole), (ast.BinOp, ast.JoinedStr, ast.FormattedValue)):
        whole = around
    end = module.value(whole).suffix if whole is not use and isinstance(whole, ast.expr) else ""
    return _FILE_NAME.search(end) is not None and not end.endswith(base)


def _uses_of(module: PythonModule, name: ast.Name) -> Iterator[ast.Name]:
    """Where a variable is read; another one of its name, such as what a call gives for a parameter, is none of it."""
    owner = module.scope_of(name).find(name.id)
    for use in module.named(name.id):
        if isinstance(use.ctx, ast.Load) and module.scope_of(use).find(name.id) == owner:
            yield use


def handle_of(module: PythonModule, output: Output) -> ast.Name | None:
    """The name that an opened file is given."""
    parent = module.parent(output.call)
    handle = parent.optional_vars if isinstance(parent, ast.withitem) else None
    if isinstance(parent, ast.Assign):
        handle = parent.targets[0]
    return handle if isinstance(handle, ast.Name) else None


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
    if id(use) in written_names(module) or not isinstance(use.ctx, ast.Load):
        return False
    holder = module.parent(use)
    call = module.parent(holder) if isinstance(holder, ast.keyword) else holder
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name not in _QUIET
