"""Edits of Python code for the rules' fixes, each as small as it can be: an argument, a statement, an expression.

LibCST is used here and nowhere else, on the one expression that changes. A function that cannot say for sure where the
code stands, as inside an f-string, gives no edits; `fix` then makes no fix of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

from canfar_lint.diagnostic import SAFE, Edit, Fix
from canfar_lint.model.scopes import position

if TYPE_CHECKING:
    import libcst as cst

    from canfar_lint.model.python import PythonModule

_ATOMS = (
    ast.Attribute, ast.Call, ast.Constant, ast.Dict, ast.DictComp, ast.JoinedStr, ast.List, ast.ListComp, ast.Name,
    ast.Set, ast.SetComp, ast.Subscript, ast.Tuple,
)  # fmt: skip
_OPERANDS = (
    ast.Attribute, ast.Await, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Starred, ast.UnaryOp,
)  # fmt: skip


def fix(title: str, edits: tuple[Edit, ...], applicability: str = SAFE, imports: tuple[str, ...] = ()) -> Fix | None:
    """A fix of edits made by this module; None when there are none."""
    return Fix(title, edits, applicability, imports) if edits else None


def without_argument(module: PythonModule, call: ast.Call, name: str) -> tuple[Edit, ...]:
    """The call without its keyword argument `name`; the style of the last comma stays, and so do comments.

    A comment behind an argument on a row of its own is about that argument and goes with it.
    """
    if _inside_fstring(module, call):
        return ()
    start, end = module.span(call)
    old = module.text[start:end]
    plain = _without_in_row(module, call, name)
    if plain is not None:
        return (smallest(start, old, plain),)
    import libcst as cst

    config = cst.PartialParserConfig(default_newline=module.source.newline)
    try:
        # brackets, since a chain of calls may go over several lines
        node = cst.parse_expression(f"({old})", config)
    except (cst.ParserSyntaxError, RecursionError):
        return ()
    bare = node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[1:]) if isinstance(node, cst.Call) else None
    place = _place(bare, name) if bare is not None else -1
    if bare is None or place < 0:
        return ()
    new = cst.Module([], default_newline=module.source.newline).code_for_node(_without(bare, place))
    return (smallest(start, old, new),)


def without_statement(module: PythonModule, statement: ast.stmt) -> tuple[Edit, ...]:
    """The block without the statement, or with `pass` in its place when it is the only one.

    A comment behind it goes too.
    """
    block = module.block_of(statement)
    start, end = module.span(statement)
    start = min([start, *(module.text.rfind("@", 0, module.span(d)[0]) for d in _decorators(statement))])
    if not block or module.text.startswith("elif", start):
        return ()
    text, source = module.text, module.source
    if len(block) == 1 and not isinstance(module.parent(statement), ast.Module):
        return (Edit(start, end, "pass"),)
    row = source.row_column(start)[0]
    line_start = source.starts[row - 1]
    end_row = source.row_column(end)[0]
    line_end = source.starts[end_row] if end_row < len(source.starts) else len(text)
    behind = text[end:line_end].strip()
    if not text[line_start:start].strip() and behind[:1] in ("", "#"):
        return (Edit(line_start, line_end, ""),)
    if behind.startswith(";") and behind[1:].strip()[:1] not in ("", "#"):
        following = block[block.index(statement) + 1]
        return (Edit(start, module.span(following)[0], ""),)
    before = text.rfind(";", line_start, start)
    if before >= 0:
        return (Edit(len(text[:before].rstrip()), end + (behind[:1] == ";" and text.index(";", end) + 1 - end), ""),)
    return (Edit(start, text.index(";", end) + 1 if behind.startswith(";") else end, "pass"),)


def replaced(module: PythonModule, node: ast.expr | ast.stmt, code: str) -> tuple[Edit, ...]:
    """The node replaced by `code`: an expression, in brackets where it would bind otherwise, or statements.

    Lines of a statement after the first get its indentation.
    """
    if _inside_fstring(module, node):
        return ()
    start, end = module.span(node)
    if isinstance(node, ast.stmt):
        row = module.source.row_column(start)[0]
        indent = module.text[module.source.starts[row - 1] : start]
        if indent.strip() and "\n" in code:
            return ()
        lines = code.splitlines()
        code = module.source.newline.join([lines[0], *(f"{indent}{line}" if line else "" for line in lines[1:])])
    elif _needs_brackets(module, node, code):
        code = f"({code})"
    return (Edit(start, end, code),)


def line_before(module: PythonModule, statement: ast.stmt, code: str) -> tuple[Edit, ...]:
    """`code`, one or more lines, above a statement and indented like it; nothing where that does not begin its row."""
    start = min([module.span(statement)[0], *(module.span(each)[0] - 1 for each in _decorators(statement))])
    indent = _indentation(module, start)
    if indent is None or module.text.startswith("elif", start):
        return ()
    return (Edit(start, start, "".join(f"{line}{module.source.newline}{indent}" for line in code.splitlines())),)


def line_after(module: PythonModule, statement: ast.stmt, code: str) -> tuple[Edit, ...]:
    """`code`, one or more lines, below a statement and what stands behind it in its row, indented like it."""
    start, end = module.span(statement)
    indent = _indentation(module, start)
    row_end = module.text.find("\n", end)
    row_end = row_end if row_end >= 0 else len(module.text)
    row_end -= module.text[end:row_end].endswith("\r")
    behind = module.text[end:row_end].strip()
    if indent is None or behind[:1] not in ("", "#"):
        return ()
    return (Edit(row_end, row_end, "".join(f"{module.source.newline}{indent}{line}" for line in code.splitlines())),)


def below(
    module: PythonModule, header: str, body: list[ast.stmt], edits: tuple[Edit, ...] = (), *, first: bool = True
) -> tuple[Edit, ...]:
    """Statements that follow one another, with `edits` made in them, put into a block below `header`.

    Without `first`, the row of the first one is left to `edits`. Nothing where a text over several lines would change
    with its indentation, or a row does not begin with the first statement's.
    """
    from canfar_lint.model.notebook import NotebookSource

    text, source = module.text, module.source
    start, last = module.span(body[0])[0], module.span(body[-1])[1]
    indent = _indentation(module, start)
    rows = range(source.row_column(start)[0] + 1, source.row_column(last)[0] + 1)
    starts = [source.starts[row - 1] for row in rows if source.line(row).strip()]
    row_end = text.find("\n", last)
    behind = text[last : row_end if row_end >= 0 else len(text)].strip()
    several = any(
        isinstance(n, (ast.Constant, ast.JoinedStr)) and getattr(n, "end_lineno", 0) != getattr(n, "lineno", 0)
        for each in body
        for n in ast.walk(each)
    )
    if indent is None or several or behind[:1] not in ("", "#"):
        return ()
    if any(not text.startswith(indent, at) for at in starts):
        return ()
    if isinstance(source, NotebookSource) and source.cell_at(start) is not source.cell_at(last):
        return ()
    step = indentation_step(module, body[0])
    head = (Edit(start, start, f"{header}{source.newline}{indent}{step}"),) if first else ()
    return (*head, *edits, *(Edit(at, at, step) for at in starts))


def indentation_step(module: PythonModule, statement: ast.stmt) -> str:
    """One level of indentation, as the blocks around a statement have it, or the first block of the file."""
    memo = module.memo("indentation")
    if "first" not in memo:
        memo["first"] = _step_of(module, module.parents) or "    "
    return _step_of(module, module.ancestors(statement)) or str(memo["first"])


def _step_of(module: PythonModule, nodes: Iterable[ast.AST]) -> str:
    """How far the first of some nodes that is a block indents what stands in it; empty where none tells."""
    for block in nodes:
        body = getattr(block, "body", None)
        if not isinstance(block, ast.stmt) or not isinstance(body, list) or body[0].lineno <= block.lineno:
            continue
        outer, inner = _indentation(module, module.span(block)[0]), _indentation(module, module.span(body[0])[0])
        if outer is not None and inner is not None and inner.startswith(outer):
            return inner[len(outer) :]
    return ""


def _indentation(module: PythonModule, start: int) -> str | None:
    """The blanks before what begins a row; None for what stands behind something else."""
    row = module.source.row_column(start)[0]
    indent = module.text[module.source.starts[row - 1] : start]
    return None if indent.strip() else indent


def wrapped(module: PythonModule, node: ast.expr, before: str, after: str) -> tuple[Edit, ...]:
    """The node with `before` and `after` put around it, as `sorted(` and `)`."""
    if _inside_fstring(module, node):
        return ()
    start, end = module.span(node)
    return Edit(start, start, before), Edit(end, end, after)


def with_argument(module: PythonModule, call: ast.Call, code: str) -> tuple[Edit, ...]:
    """The call with `code` (`name=value`) as its last argument; nothing where a bracket or comment is in the way."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    if _inside_fstring(module, call) or any(isinstance(each, ast.GeneratorExp) for each in given):
        return ()
    end = module.span(call)[1]
    at = max(module.span(each)[1] for each in given) if given else module.text.rfind("(", 0, end) + 1
    rest = re.fullmatch(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?(\s*)", module.text[at : end - 1])
    if rest is None:
        return ()
    last = max(given, key=lambda each: module.span(each)[1]) if given else None
    indent = _indentation(module, module.span(last)[0]) if last is not None else None
    if indent is None or "\n" not in rest.group(2):
        return (Edit(at, at, f", {code}" if given else code),)
    # a row of its own, as the last one has
    row_end = at + rest.start(2)
    row = f"{module.source.newline}{indent}{code}"
    if rest.group(1):
        return (Edit(row_end, row_end, f"{row},"),)
    return (Edit(at, row_end, f",{module.text[at:row_end]}{row}"),)


def can_import(module: PythonModule, name: str, at: ast.AST, origin: str = "") -> bool:
    """Whether `name` is, or can become, the module of that name (the member of the module `origin`) where `at` stands.

    So it is when nothing else is bound to it.
    """
    meant = f"{origin}.{name}" if origin else name
    for scope in module.scopes.values():
        if any(each.kind != "import" or each.qualified != meant for each in scope.bindings.get(name, ())):
            return False
    inside = module.scope_of(at)
    local = inside.bindings.get(name, ()) if inside.kind != "module" else ()
    return all(position(each.node) < position(at) for each in local)


def smallest(start: int, old: str, new: str) -> Edit:
    """The edit that turns `old`, which stands at `start`, into `new`, without what both begin and end with."""
    most = min(len(old), len(new))
    head = next((i for i in range(most) if old[i] != new[i]), most)
    tail = next((i for i in range(most - head) if old[-1 - i] != new[-1 - i]), most - head)
    return Edit(start + head, start + len(old) - tail, new[head : len(new) - tail])


# ---- arguments


def _without_in_row(module: PythonModule, call: ast.Call, name: str) -> str | None:
    """What is left of a call on one row, where nothing but blanks and commas parts its arguments; None elsewhere.

    LibCST would say the same, and takes longer to load than a hundred files to lint.
    """
    start, end = module.span(call)
    given = sorted([*call.args, *call.keywords], key=attrgetter("col_offset"))
    names = [each.arg if isinstance(each, ast.keyword) else None for each in given]
    if call.lineno != call.end_lineno or name not in names:
        return None
    at = names.index(name)
    spans = [module.span(each) for each in given]
    edges = [(module.span(call.func)[1], "[ \t]*[(][ \t]*"), *((ends, "[ \t]*,[ \t]*") for _, ends in spans)]
    starts = [*(begins for begins, _ in spans), end - 1]
    parted = [module.text[edge:begins] for (edge, _), begins in zip(edges, starts, strict=True)]
    patterns = [pattern for _, pattern in edges]
    patterns[-1] = "[ \t]*(?:,[ \t]*)?"
    if not all(map(re.fullmatch, patterns, parted)):
        return None
    before, behind = parted[at], parted[at + 1]
    if at + 1 < len(given):
        kept = before
    elif at == 0:
        kept = before[: before.index("(") + 1]
    else:
        kept = (before[: before.index(",") + 1] if "," in behind else "") + behind.rpartition(",")[2]
    return module.text[start : edges[at][0]] + kept + module.text[starts[at + 1] : end]


def _place(call: cst.Call, name: str) -> int:
    for number, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == name and not argument.star:
            return number
    return -1


def _without(call: cst.Call, place: int) -> cst.Call:
    import libcst as cst

    removed, rest = call.args[place], [*call.args[:place], *call.args[place + 1 :]]
    comma = removed.comma if isinstance(removed.comma, cst.Comma) else None
    behind = comma.whitespace_after if comma else removed.whitespace_after_arg
    last = place == len(rest)
    if place == 0:
        blanks = _joined(call.whitespace_before_args, behind, last)
        if not rest and not _has_comment(blanks):
            blanks = cst.SimpleWhitespace("")
        return call.with_changes(args=rest, whitespace_before_args=blanks)
    previous = rest[place - 1]
    parting = previous.comma if isinstance(previous.comma, cst.Comma) else cst.Comma()
    between = _joined(parting.whitespace_after, behind, last)
    if last and comma is None:
        rest[place - 1] = previous.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=between)
    else:
        rest[place - 1] = previous.with_changes(comma=parting.with_changes(whitespace_after=between))
    return call.with_changes(args=rest)


def _has_comment(blanks: cst.BaseParenthesizableWhitespace) -> bool:
    import libcst as cst

    if not isinstance(blanks, cst.ParenthesizedWhitespace):
        return False
    return blanks.first_line.comment is not None or any(line.comment for line in blanks.empty_lines)


def _joined(
    before: cst.BaseParenthesizableWhitespace, behind: cst.BaseParenthesizableWhitespace, last: bool
) -> cst.BaseParenthesizableWhitespace:
    """The blanks before and behind a removed argument as one, with the comments of both.

    Only a comment behind an argument that has the row for itself goes with it: it is about the argument.
    """
    import libcst as cst

    if not isinstance(before, cst.ParenthesizedWhitespace):
        return behind if last or isinstance(behind, cst.ParenthesizedWhitespace) else before
    if not isinstance(behind, cst.ParenthesizedWhitespace):
        return before if not last or _has_comment(before) else behind
    comments = [line for line in before.empty_lines if line.comment]
    return behind.with_changes(first_line=before.first_line, empty_lines=[*comments, *behind.empty_lines])


# ---- statements and expressions


def _decorators(statement: ast.stmt) -> list[ast.expr]:
    return getattr(statement, "decorator_list", [])


def _inside_fstring(module: PythonModule, node: ast.AST) -> bool:
    """Whether the node stands in an f-string: its place is unreliable there, and quotes would clash."""
    return any(isinstance(each, ast.JoinedStr) for each in module.ancestors(node))


def _needs_brackets(module: PythonModule, node: ast.expr, code: str) -> bool:
    parent = module.parent(node)
    if isinstance(parent, (ast.Call, ast.Subscript)):
        operand = node is getattr(parent, "func", None) or node is getattr(parent, "value", None)
    else:
        operand = isinstance(parent, _OPERANDS)
    if not operand:
        return False
    try:
        new = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError):
        return True
    return not isinstance(new, _ATOMS) or (isinstance(new, ast.Tuple) and not code.startswith("("))
