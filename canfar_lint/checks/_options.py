"""Options of the parser that a script has already, in place of a value written into it."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from canfar_lint.diagnostic import UNSAFE, Edit, Fix
from canfar_lint.fixing.python import line_before, replaced, without_statement
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import position

_PARSERS = frozenset(("argparse", "click", "rich_click", "typer"))
_PARSING = ("parse_args", "parse_known_args", "parse_intermixed_args")
# an option more would arrive where all options are handed on
_SPREAD = re.compile(r"\bvars\(|\b__dict__\b|\b_get_kwargs\b|\badd_subparsers\b|\bfromfile_prefix_chars\b")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Wanted(NamedTuple):
    """The option that is to take the place of `node`: its `name` in Python, and the code of its default and type.

    Without a default it must be given. `target` is the name that `node` is bound to.
    """

    node: ast.expr
    name: str
    target: str
    default: str = ""
    type: str = ""
    help: str = ""


def has_parser(module: PythonModule) -> bool:
    """Whether the file takes options by argparse, click or typer."""
    return any(binding.qualified.partition(".")[0] in _PARSERS for binding in module.imports)


def option(module: PythonModule, wanted: Wanted) -> Fix | None:
    """A fix that declares the option and reads it; None where the parser is not sure to reach."""
    if not _is_free(module, wanted.name) or any("\n" in each for each in wanted if isinstance(each, str)):
        return None
    edits = _of_argparse(module, wanted) or _of_click(module, wanted) or _of_typer(module, wanted)
    return Fix(f"Make it the option `{_spelled(module, wanted.name)}`", edits, UNSAFE) if edits else None


def _is_free(module: PythonModule, name: str) -> bool:
    """Whether nothing of the file speaks of such an option or attribute."""
    if not re.fullmatch(r"[a-z][a-z0-9_]+", name) or name in ("help", "version", "ctx", "self"):
        return False
    either = name.replace("_", "[-_]")
    return not re.search(rf"""["']-{{0,2}}(?:no[-_])?{either}["'/=,\s]|\.{name}\b""", module.text)


def _spelled(module: PythonModule, name: str) -> str:
    """The option as the file spells its others."""
    joined = re.search(r"""["']--\w+_\w""", module.text) and not re.search(r"""["']--\w+-\w""", module.text)
    return f"--{name if joined else name.replace('_', '-')}"


def _quote(wanted: Wanted) -> str:
    return "'" if wanted.default.endswith("'") else '"'


def _declaration(module: PythonModule, wanted: Wanted) -> str:
    """The arguments that declare the option in argparse and click."""
    quote = _quote(wanted)
    parts = [f"{quote}{_spelled(module, wanted.name)}{quote}"]
    parts += [f"type={wanted.type}"] if wanted.type else []
    parts += [f"default={wanted.default}"] if wanted.default else ["required=True"]
    parts += [f"help={quote}{wanted.help}{quote}"] if wanted.help else []
    return ", ".join(parts)


# ---- argparse


def _of_argparse(module: PythonModule, wanted: Wanted) -> tuple[Edit, ...]:
    parsing = [call for word in _PARSING for call in module.calls_named(word)]
    if len(parsing) != 1 or _SPREAD.search(module.text):
        return ()
    call, namespace = parsing[0], _namespace(module, wanted.node, parsing[0])
    if not namespace or not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return ()
    statement = module.parent_statement(call)
    if module.loops(call) or not isinstance(statement, (ast.Assign, ast.Return)) or statement.value is not call:
        return ()
    added = line_before(module, statement, f"{call.func.value.id}.add_argument({_declaration(module, wanted)})")
    read = replaced(module, wanted.node, f"{namespace}.{wanted.name}")
    return (*added, *read) if added and read else ()


def _namespace(module: PythonModule, node: ast.expr, parsing: ast.Call) -> str:
    """The name that holds what `parsing` returns where `node` stands; "" when there is none for sure."""
    scope = module.scope_of(node)
    for name, bindings in scope.bindings.items():
        binding = bindings[0]
        if len(bindings) != 1:
            continue
        if binding.kind == "assign" and binding.value is not None:
            parsed = _parsed(module, binding.value) is parsing
            if parsed and isinstance(binding.node, ast.Assign) and is_behind(module, node, binding.node):
                return name
        elif binding.kind == "param" and isinstance(binding.node, ast.arg):
            given = module.given(binding.node)
            if given and all(_parsed(module, each) is parsing for _, each in given):
                return name
    return ""


def _parsed(module: PythonModule, node: ast.expr, depth: int = 0) -> ast.Call | None:
    """The call of `parse_args` that an expression comes from, also through a function that returns it."""
    made = module.resolve(node)
    if not isinstance(made, ast.Call) or depth > 3:
        return None
    if "argparse.ArgumentParser().parse_args" in module.qualified_all(made.func):
        return made
    function = module.function_named(made.func)
    if function is None:
        return None
    inside = [n for n in ast.walk(function) if isinstance(n, ast.Return) and module.function_of(n) is function]
    value = inside[0].value if len(inside) == 1 else None
    return _parsed(module, value, depth + 1) if value is not None else None


def is_behind(module: PythonModule, node: ast.AST, statement: ast.stmt) -> bool:
    """Whether a statement is sure to have run, in the same function, when `node` is reached."""
    if position(statement) >= position(node):
        return False
    block = module.parent(statement)
    child: ast.AST = node
    for ancestor in module.ancestors(node):
        if ancestor is block:
            same = module.fields.get(child) == module.fields.get(statement)
            return same and child is not statement
        if isinstance(ancestor, _FUNCTIONS):
            return False
        child = ancestor
    return False


# ---- click and typer


def _of_click(module: PythonModule, wanted: Wanted) -> tuple[Edit, ...]:
    function = module.function_of(wanted.node)
    if function is None or module.scope_of(wanted.node).node is not function:
        return ()
    spelling, last = _click_option(module, function)
    arguments = function.args
    closed = arguments.vararg or arguments.kwonlyargs or arguments.kwarg or arguments.defaults
    called = module.callers().get(function, [])
    bare = all(not call.args and not call.keywords for call in called)
    if not spelling or last is None or closed or not bare:
        return ()
    row = module.source.row_column(module.span(last)[1])[0]
    ends = module.source.starts[row] if row < len(module.source.starts) else len(module.text)
    start = module.span(function)[0]
    indent = module.text[module.source.starts[function.lineno - 1] : start]
    if indent.strip() or not module.text[ends - 1 : ends].endswith("\n"):
        return ()
    line = f"{indent}@{spelling}({_declaration(module, wanted)}){module.source.newline}"
    read = _read_as_parameter(module, wanted)
    parameter = _new_parameter(module, function, wanted.name)
    return (Edit(ends, ends, line), *parameter, *read) if read and parameter else ()


def _click_option(
    module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> tuple[str, ast.expr | None]:
    """How `click.option` is spelled at a command, and the last decorator of click there."""
    spelling, last, is_command = "", None, False
    for decorator in function.decorator_list:
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = module.qualified(made)
        head, _, word = name.rpartition(".")
        if head in ("click", "rich_click"):
            last = decorator
            if word == "option":
                spelling = module.code(made)
            elif not spelling and isinstance(made, ast.Attribute):
                spelling = f"{module.code(made.value)}.option"
        is_command = is_command or word in ("command", "group")
    return (spelling, last) if is_command else ("", None)


def _of_typer(module: PythonModule, wanted: Wanted) -> tuple[Edit, ...]:
    function = module.function_of(wanted.node)
    if function is None or module.scope_of(wanted.node).node is not function or not wanted.default:
        return ()
    decorators = [each.func for each in function.decorator_list if isinstance(each, ast.Call)]
    command = any(module.qualified(each) == "typer.Typer().command" for each in decorators)
    ran = any(module.qualified(call.func) == "typer.run" for call in module.callers().get(function, ()))
    if not (command or ran) or function.args.vararg or function.args.kwonlyargs or function.args.kwarg:
        return ()
    read = _read_as_parameter(module, wanted)
    parameter = _new_parameter(module, function, f"{wanted.name}: {wanted.type or 'str'} = {wanted.default}")
    return (*parameter, *read) if read and parameter else ()


def _new_parameter(
    module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef, code: str
) -> tuple[Edit, ...]:
    """One parameter more, behind the others."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments:
        at = module.text.index("(", module.span(function)[0]) + 1
        return (Edit(at, at, code),) if module.text[at : at + 1] == ")" else ()
    last: ast.AST = function.args.defaults[-1] if function.args.defaults else arguments[-1]
    at = module.span(last)[1]
    closing = re.match(r"\s*,?\s*\)", module.text[at:])
    return (Edit(at, at, f", {code}"),) if closing else ()


def _read_as_parameter(module: PythonModule, wanted: Wanted) -> tuple[Edit, ...]:
    """The value read from the parameter; where it is only given the same name again, that is left out."""
    statement = module.parent(wanted.node)
    if isinstance(statement, ast.Assign) and wanted.target == wanted.name:
        row_end = module.text.find("\n", module.span(statement)[1])
        behind = module.text[module.span(statement)[1] : row_end if row_end >= 0 else len(module.text)]
        alone = getattr(module.parent(statement), "body", None) == [statement]
        return () if "#" in behind or alone else without_statement(module, statement)
    return replaced(module, wanted.node, wanted.name)
