"""Imports that nothing uses any more once fixes are made: these go with them, and no others."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from canfar_lint.diagnostic import Edit
from canfar_lint.source import NOTEBOOK, Source

_WORD = re.compile(r"[^\W\d]\w*")
# a name that stands this often besides is surely used, and to know it nothing must be parsed
_OFTEN = 8


class _Imported(NamedTuple):
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    alone: bool
    """Whether the statement is the only one of its block."""


def left_by(source: Source, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that take away the imports which only text that `edits` replace has used so far.

    `edits` are those of one fix, sorted. Imports that they touch themselves are not looked at.
    """
    if not _may_be_last_uses(source.text, edits):
        return []
    from canfar_lint.fixing.apply import edited

    try:
        names = newly_unused(source, edited(source, edits))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        edit for edit in removals(source, names) if all(edit.end < own.start or own.end < edit.start for own in edits)
    ]


def newly_unused(before: Source, after: Source) -> set[str]:
    """The names that both import and only `before` uses. Raises `SyntaxError`, `ValueError`, `RecursionError`."""
    if os.path.basename(before.path) == "__init__.py":
        return set()  # what it imports is there for others
    tree = ast.parse(after.code)
    names = set(_imports(tree))
    names = {name for name in names if name in after.text} - _used(after, tree) if names else names
    if not names:
        return names
    tree = ast.parse(before.code)
    return names & set(_imports(tree)) & _used(before, tree)


def removals(source: Source, names: Iterable[str]) -> list[Edit]:
    """The edits that take `names` out of the file's imports."""
    names = set(names)
    if not names:
        return []
    by_statement: dict[ast.stmt, list[_Imported]] = {}
    for name, imported in _imports(ast.parse(source.code)).items():
        if name in names:
            by_statement.setdefault(imported.statement, []).append(imported)
    found = (_removal(source, those) for those in by_statement.values())
    return sorted(edit for edit in found if edit is not None)


def _may_be_last_uses(text: str, edits: Sequence[Edit]) -> bool:
    lost = {word for edit in edits for word in _WORD.findall(text[edit.start : edit.end])}
    lost -= {word for edit in edits for word in _WORD.findall(edit.content)}
    for word in lost:
        inside = sum(text.count(word, edit.start, edit.end) for edit in edits)
        if text.count(word) - inside <= _OFTEN and re.search(rf"\bimport\b[^\n#]*\b{word}\b|^\W*{word}\b", text, re.M):
            return True
    return False


def _imports(tree: ast.Module) -> dict[str, _Imported]:
    """The names that one statement of the module or of a function imports and nothing else binds."""
    found: dict[str, list[_Imported]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            for statement in node.body:
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    alone = len(node.body) == 1 and not isinstance(node, ast.Module)
                    for alias in statement.names:
                        found.setdefault(_name(alias), []).append(_Imported(statement, alias, alone))
    bound = _bound(tree)
    return {
        name: those[0]
        for name, those in found.items()
        if bound.count(name) == 1
        and name != "*"
        and those[0].alias.asname != those[0].alias.name
        # what the future brings is no name that is used
        and getattr(those[0].statement, "module", "") != "__future__"
    }


def _bound(tree: ast.Module) -> list[str]:
    """Every name as often as something binds it."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            names.append(_name(node))
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.append(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names += node.names
    return names


def _name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _used(source: Source, tree: ast.Module) -> set[str]:
    """The names that code uses; the words of strings count too, and those of a notebook's magics."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    docstrings = set(_docstrings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            names.update(_WORD.findall(node.value))
    if source.kind == NOTEBOOK:
        lines = zip(source.text.split("\n"), source.code.split("\n"), strict=True)
        names.update(word for line, code in lines if line != code for word in _WORD.findall(line))
    return names


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                yield first.value


def _removal(source: Source, those: list[_Imported]) -> Edit | None:
    """The edit that takes the names out of one statement; None where that is not plain to do."""
    statement = those[0].statement
    last = statement.end_lineno or statement.lineno
    line = source.starts[statement.lineno - 1]
    start = line + statement.col_offset
    end_line = source.starts[last - 1]
    end = end_line + statement.end_col_offset if statement.end_col_offset is not None else end_line
    next_line = source.starts[last] if last < len(source.starts) else len(source.text)
    behind = source.text[end:next_line].strip()
    plain = source.text[line:next_line].isascii() and not source.text[line:start].strip()
    if not plain or behind[:1] not in ("", "#") or "noqa" in behind:
        return None
    if len(those) < len(statement.names):
        return _without(source, start, end, those)
    if those[0].alone:
        return Edit(start, end, "pass")
    while line == 0 and source.kind != NOTEBOOK and source.text[next_line : next_line + 1] in ("\r", "\n"):
        next_line = source.starts[last := last + 1]  # no file begins with blank lines
    return Edit(line, next_line, "")


def _without(source: Source, start: int, end: int, those: list[_Imported]) -> Edit | None:
    """The edit that takes some of a statement's names out of it."""
    import libcst as cst

    from canfar_lint.fixing.python import smallest

    old = source.text[start:end]
    module = cst.parse_module(old)
    row = module.body[0]
    node = row.body[0] if isinstance(row, cst.SimpleStatementLine) else None
    if not isinstance(node, (cst.Import, cst.ImportFrom)) or isinstance(node.names, cst.ImportStar):
        return None
    places = {those[0].statement.names.index(each.alias) for each in those}
    kept = [alias for number, alias in enumerate(node.names) if number not in places]
    if not isinstance(node, cst.ImportFrom) or node.lpar is None:
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    new = module.with_deep_changes(node, names=kept).code
    return smallest(start, old, new)
