"""Imports that nothing uses any more once fixes are made: these go with them, and no others."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from canfar_lint.diagnostic import Edit
from canfar_lint.source import NOTEBOOK, Source

_WORD = re.compile(r"[^\W\d]\w*")
# what follows the word `import`: names in brackets, or up to the end of the line
_IMPORTED = re.compile(r"import\b(?<!\wimport)[ \t]*(\([^)]*\)|(?:[^\n\\]|\\\r?\n)*)")
# an import on one row without brackets or comments, its names parted by a comma and a blank
_IN_ROW = re.compile(r"((?:from[ \t]+[.\w]+[ \t]+)?import[ \t]+)(\w[\w., ]*)")
# a name that stands this often besides is surely used, and to know it nothing must be parsed
_OFTEN = 8


class _Imported(NamedTuple):
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    alone: bool
    """Whether the statement is the only one of its block."""


def left_by(source: Source, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that take away the imports which only text that `edits` replace has used so far.

    `edits` are those of one fix, sorted. Imports that they change themselves are not looked at.
    """
    rare = _rare_besides(source, edits)
    if not rare:
        return []
    from canfar_lint.fixing.apply import edited

    try:
        names = newly_unused(source, edited(source, edits), rare)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = removals(source, names, edits)
    return [edit for edit in found if all(edit.end <= own.start or own.end <= edit.start for own in edits)]


def newly_unused(before: Source, after: Source, among: Iterable[str] | None = None) -> set[str]:
    """The names that both import and only `before` uses, of `among` or of all.

    Raises `SyntaxError`, `ValueError`, `RecursionError`.
    """
    if os.path.basename(before.file) == "__init__.py":
        return set()  # what it imports is there for others
    once = _names(before)
    names = once.imports.keys() & (once.imports.keys() if among is None else among)
    doubtful = {name for name in names if not _stands_in_its_import_alone(name, after.text)}
    if doubtful:
        now = _Names(ast.parse(after.code))
        names -= doubtful - (now.imports.keys() - now.used_in(after, doubtful))
    return once.used_in(before, names)


def _stands_in_its_import_alone(name: str, text: str) -> bool:
    """Whether a name stands just once in a text, and is imported there: then there is nothing to parse."""
    if text.count(name) != 1:
        return False
    return any(name in _WORD.findall(names) for names in _IMPORTED.findall(text))


def _names(source: Source) -> _Names:
    """What stands in a source, looked up once for all of its fixes."""
    known = source.names
    if not isinstance(known, _Names):
        source.names = known = _Names(source.tree or ast.parse(source.code))
    return known


def removals(source: Source, names: Iterable[str], besides: Sequence[Edit] = ()) -> list[Edit]:
    """The edits that take `names` out of the file's imports; `besides` are those made at the same time."""
    names = set(names)
    if not names:
        return []
    by_statement: dict[ast.stmt, list[_Imported]] = {}
    for name, imported in _names(source).imports.items():
        if name in names:
            by_statement.setdefault(imported.statement, []).append(imported)
    found = (_removal(source, those, besides) for those in by_statement.values())
    return sorted(edit for edit in found if edit is not None)


def _rare_besides(source: Source, edits: Sequence[Edit]) -> set[str]:
    """The imported words in what edits replace that hardly stand elsewhere: the names that may go unused."""
    text = source.text
    lost = {word for edit in edits for word in _WORD.findall(text[edit.start : edit.end])}
    # what the new text says too is used still, but for the names of its arguments
    lost -= {word for edit in edits for word in _WORD.findall(re.sub(r"\w+\s*=(?!=)", "", edit.content))}
    if lost:
        lost &= {word for names in _IMPORTED.findall(text) for word in _WORD.findall(names)}
    rare = set()
    for word in lost:
        inside = sum(text.count(word, edit.start, edit.end) for edit in edits)
        if text.count(word) - inside <= _OFTEN:
            rare.add(word)
    if rare and source.tree is not None and source.kind != NOTEBOOK:
        rare -= _used_besides(source, rare, edits)
    return rare


def _used_besides(source: Source, words: set[str], edits: Sequence[Edit]) -> set[str]:
    """Those of `words` that are names in lines which the edits do not touch."""
    touched = [(source.row_column(edit.start)[0], source.row_column(edit.end)[0]) for edit in edits]
    used = _names(source).used
    rows = ((word, row) for word in words for row in used.get(word, ()))
    return {word for word, row in rows if not any(first <= row <= last for first, last in touched)}


_BINDERS = frozenset(
    (ast.alias, ast.arg, ast.Global, ast.Nonlocal, ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
)


class _Names:
    """What a tree binds, imports and uses by name, told by one walk over it."""

    def __init__(self, tree: ast.Module) -> None:
        self._bound: Counter[str] = Counter()
        self._imported: dict[str, list[_Imported]] = {}
        self.used: dict[str, list[int]] = {}
        self._texts: list[ast.Constant] = []
        self._docstrings: set[ast.expr] = set()
        stack: list[Any] = [tree]
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name:
                self._note_name(node)
                continue
            if kind is ast.Constant:
                if node.value.__class__ is str:
                    self._texts.append(node)
                continue
            if kind in _BINDERS:
                self._note(node)
            for value in node.__dict__.values():
                if value.__class__ is list:
                    stack += [item for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST):
                    stack.append(value)

    def _note_name(self, node: ast.Name) -> None:
        self.used.setdefault(node.id, []).append(node.lineno)
        if node.ctx.__class__ is not ast.Load:
            self._bound[node.id] += 1

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.alias):
            self._bound[_name(node)] += 1
        elif isinstance(node, ast.arg):
            self._bound[node.arg] += 1
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self._bound.update(node.names)
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            self._note_block(node)

    def _note_block(self, node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not isinstance(node, ast.Module):
            self._bound[node.name] += 1
        if node.body and isinstance(node.body[0], ast.Expr):
            self._docstrings.add(node.body[0].value)
        if isinstance(node, ast.ClassDef):
            return
        for statement in node.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                alone = len(node.body) == 1 and not isinstance(node, ast.Module)
                for alias in statement.names:
                    self._imported.setdefault(_name(alias), []).append(_Imported(statement, alias, alone))

    @property
    def imports(self) -> dict[str, _Imported]:
        """The names that one statement of the module or of a function imports and nothing else binds."""
        return {
            name: those[0]
            for name, those in self._imported.items()
            if self._bound[name] == 1
            and name != "*"
            and those[0].alias.asname != those[0].alias.name
            # what the future brings is no name that is used
            and getattr(those[0].statement, "module", "") != "__future__"
        }

    def used_in(self, source: Source, names: Iterable[str]) -> set[str]:
        """Those of `names` that code uses; the words of strings count too, and those of a notebook's magics."""
        used = self.used.keys() & set(names)
        texts = [str(text.value) for text in self._texts if text not in self._docstrings]
        if source.kind == NOTEBOOK:
            lines = zip(source.text.split("\n"), source.code.split("\n"), strict=True)
            texts += [line for line, code in lines if line != code]
        for name in set(names) - used:
            if any(name in text and name in _WORD.findall(text) for text in texts):
                used.add(name)
        return used


def _name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _removal(source: Source, those: list[_Imported], besides: Sequence[Edit]) -> Edit | None:
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
    other = min((edit.start for edit in besides if edit.start >= end), default=len(source.text))
    top = line == 0 and source.kind != NOTEBOOK
    while top and next_line < other and source.text[next_line : next_line + 1] in ("\r", "\n"):
        next_line = source.starts[last := last + 1]  # no file begins with blank lines
    return Edit(line, next_line, "")


def _without(source: Source, start: int, end: int, those: list[_Imported]) -> Edit | None:
    """The edit that takes some of a statement's names out of it."""
    from canfar_lint.fixing.python import smallest

    old = source.text[start:end]
    plain = _IN_ROW.fullmatch(old)
    if plain is not None:
        words = [word.strip() for word in plain[2].split(",")]
        gone = {those[0].statement.names.index(each.alias) for each in those}
        left = [word for number, word in enumerate(words) if number not in gone]
        if ", ".join(words) == plain[2]:
            return smallest(start, old, plain[1] + ", ".join(left))
    import libcst as cst

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
