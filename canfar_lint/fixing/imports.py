"""The imports that new code needs, each added once where a reader looks for it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from canfar_lint.diagnostic import Edit, Fix
from canfar_lint.source import NOTEBOOK, Source


class _Import(NamedTuple):
    """`import module`, or `from module import member`."""

    module: str
    member: str = ""

    @property
    def code(self) -> str:
        return f"from {self.module} import {self.member}" if self.member else f"import {self.module}"

    @property
    def name(self) -> str:
        """The name the new code uses."""
        return self.member or self.module.partition(".")[0]

    @property
    def key(self) -> tuple[int, bool, str]:
        return _key(self.module, bool(self.member))


def completed(source: Source, fix: Fix) -> tuple[Edit, ...] | None:
    """The edits of a fix with those for the imports it needs and for the imports it leaves unused, sorted.

    None when it cannot be made, since a name that it imports means something else.
    """
    own = sorted(fix.edits)
    added: list[Edit] = []
    if fix.imports:
        try:
            added = import_edits(source, [(name, own[0].start) for name in fix.imports])
        except (SyntaxError, ValueError, RecursionError):
            return None
    from canfar_lint.fixing.unused import left_by

    edits = _joined(added, own)
    edits = sorted([*edits, *left_by(source, edits)])
    return tuple(edits) if all(a.end <= b.start for a, b in pairwise(edits)) else None


def _joined(added: list[Edit], own: list[Edit]) -> list[Edit]:
    """Both in the order of the text; what both put into the same place is one edit, the import first."""
    edits: list[Edit] = []
    for edit in sorted([*added, *own], key=lambda edit: (edit.start, edit not in added, edit)):
        before = edits[-1] if edits else None
        if before is not None and before in added and before.start == before.end == edit.start:
            edits[-1] = edit._replace(content=before.content + edit.content)
        else:
            edits.append(edit)
    return edits


def import_edits(source: Source, needs: Iterable[tuple[str, int]]) -> list[Edit]:
    """The edits that make `needs` available: pairs of a module (`os`) or member (`os.path:join`) and where it is used.

    An import that is there already is replaced by itself, so that no other fix takes it away at the same time. Raises
    `ValueError` when the file uses the name for something else.
    """
    tree = source.tree or ast.parse(source.code)
    first_use: dict[_Import, int] = {}
    for spec, used_at in needs:
        module, _, member = spec.partition(":")
        wanted = _Import(module, member)
        first_use[wanted] = min(used_at, first_use.get(wanted, used_at))
    taken: set[str] | None = None
    kept: list[Edit] = []
    missing: dict[int, tuple[int, list[_Import]]] = {}
    for wanted, used_at in sorted(first_use.items(), key=lambda item: item[0].key):
        known = _imported(source, tree, wanted, used_at)
        if known is not None:
            kept.append(known)
            continue
        if taken is None and re.search(rf"\b{wanted.name}\b", source.text):
            taken = _bound_names(tree)
        if taken is not None and wanted.name in taken:
            raise ValueError(f"{wanted.name} means something else in this file")
        start = _cell_start(source, tree, used_at)
        before, group = missing.setdefault(start, (used_at, []))
        missing[start] = min(before, used_at), [*group, wanted]
    return kept + [edit for start, found in missing.items() for edit in _insertions(source, tree, start, *found)]


def _insertions(source: Source, tree: ast.Module, start: int, used_at: int, group: list[_Import]) -> list[Edit]:
    block = _import_block(source, tree, start, used_at)
    if not block:
        return [_insertion_without_block(source, tree, start, group)]
    added: dict[tuple[int, str, str], list[str]] = {}
    edits = []
    for wanted in group:
        beside = _beside(source, block, wanted)
        if beside is not None:
            edits.append(beside)
            continue
        section = [node for node in block if _node_key(node)[0] == wanted.key[0]]
        sorted_so_far = section and all(_node_key(n)[0] <= wanted.key[0] for n in block[: block.index(section[0])])
        among = section if sorted_so_far else block
        before = [node for node in among if _node_key(node) <= wanted.key]
        anchor = before[-1] if before else among[0]
        row = (anchor.end_lineno or anchor.lineno) + 1 if before else anchor.lineno
        # a section of its own is parted by a blank line from its neighbour
        lead = source.newline if before and not section else ""
        tail = source.newline if not before and not section else ""
        added.setdefault((row, lead, tail), []).append(wanted.code)
    for (row, lead, tail), lines in added.items():
        text = "".join(line + source.newline for line in lines)
        edits.append(_line_insertion(source, row, f"{lead}{text}{tail}"))
    return edits


def _beside(source: Source, block: list[ast.stmt], wanted: _Import) -> Edit | None:
    """The edit that puts a member among others of its module, where these stand in one row."""
    for node in block:
        if not isinstance(node, ast.ImportFrom) or node.module != wanted.module or node.level:
            continue
        row = source.line(node.lineno)
        if node.end_lineno != node.lineno or not wanted.member or not row.isascii() or node.names[0].name == "*":
            return None
        behind = [alias for alias in node.names if _member_key(alias.name) > _member_key(wanted.member)]
        line = source.starts[node.lineno - 1]
        if behind:
            at = line + behind[0].col_offset
            return Edit(at, at, f"{wanted.member}, ")
        at = line + (node.names[-1].end_col_offset or 0)
        return Edit(at, at, f", {wanted.member}")
    return None


def _member_key(name: str) -> tuple[int, str]:
    """Constants before classes before all else."""
    return 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name.lower()


def _insertion_without_block(source: Source, tree: ast.Module, start: int, group: list[_Import]) -> Edit:
    """An edit for a file (or cell) that imports nothing: behind docstring and `__future__`, before the first code."""
    text = "".join(wanted.code + source.newline for wanted in group)
    body = [node for node in tree.body if _offset(source, node) >= start]
    head = [node for node in body[:1] if start == 0 and _is_docstring(node)]
    head += [node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    if head:
        row = max(node.end_lineno or 1 for node in head) + 1
        return _line_insertion(source, row, source.newline + text)
    if not body:
        return Edit(start, start, text)
    return _line_insertion(source, _first_row(body[0]), text + source.newline)


def _line_insertion(source: Source, row: int, text: str) -> Edit:
    """`text` as lines of its own before a row; behind a last line that has no newline, one is added."""
    if row > len(source.starts):
        ended = source.text.endswith(("\n", "\r"))
        end = len(source.text)
        return Edit(end, end, text if ended else source.newline + text.removesuffix(source.newline))
    at = source.starts[row - 1]
    return Edit(at, at, text)


def _imported(source: Source, tree: ast.Module, wanted: _Import, used_at: int) -> Edit | None:
    """What a statement of the module itself imports before it is used, as an edit that changes nothing."""
    for node in _statements(tree):
        if _offset(source, node) >= used_at:
            return None
        for alias in _brought(node, wanted):
            start = source.offset(alias.lineno, alias.col_offset + 1)
            # columns of the tree count bytes
            if alias.asname is None and source.text.startswith(alias.name, start):
                return Edit(start, start + len(alias.name), alias.name)
    return None


@lru_cache(maxsize=1)
def _statements(tree: ast.Module) -> list[ast.stmt]:
    """The imports of the module itself; many fixes of one file ask for them."""
    return [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]


def _brought(node: ast.stmt, wanted: _Import) -> list[ast.alias]:
    """The parts of an import that bring what is wanted; `import os.path` brings `os` as well."""
    if isinstance(node, ast.Import) and not wanted.member:
        return [alias for alias in node.names if f"{alias.name}.".startswith(f"{wanted.module}.")]
    if isinstance(node, ast.ImportFrom) and node.module == wanted.module and not node.level:
        return [alias for alias in node.names if alias.name == wanted.member]
    return []


@lru_cache(maxsize=1)
def _bound_names(tree: ast.Module) -> set[str]:
    """Every name that the file binds to something other than an import of that name."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias) and node.asname and node.asname != node.name:
            names.add(node.asname)
    return names


def _cell_start(source: Source, tree: ast.Module, used_at: int) -> int:
    """Where the search for a place begins: the file's start; in a notebook the cell that has the first imports.

    That is the cell of the use itself where no earlier one imports anything.
    """
    if source.kind != NOTEBOOK:
        return 0
    from canfar_lint.model.notebook import NotebookSource

    assert isinstance(source, NotebookSource)
    at = used_at
    first = next(iter(_statements(tree)), None)
    if first is not None and _offset(source, first) < used_at:
        at = _offset(source, first)
    cell = source.cell_at(at)
    return cell.start if cell else 0


def _import_block(source: Source, tree: ast.Module, start: int, used_at: int) -> list[ast.stmt]:
    """The first imports of the file or cell that stand together before `used_at`, `__future__` left out."""
    block: list[ast.stmt] = []
    for node in tree.body:
        at = _offset(source, node)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and start <= at < used_at:
            if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                block.append(node)
        elif block or at >= used_at:
            break
    return block


def _offset(source: Source, node: ast.stmt) -> int:
    return source.starts[_first_row(node) - 1]


def _first_row(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _node_key(node: ast.stmt) -> tuple[int, bool, str]:
    if isinstance(node, ast.ImportFrom):
        return _key("." * node.level + (node.module or ""), True)
    assert isinstance(node, ast.Import)
    return _key(node.names[0].name, False)


def _key(module: str, member: bool) -> tuple[int, bool, str]:
    """The place of an import in a sorted block: section, `import` before `from`, name."""
    top = module.partition(".")[0]
    section = 1 if top in sys.stdlib_module_names else 2 if top else 3
    return section, member, module.lower()
