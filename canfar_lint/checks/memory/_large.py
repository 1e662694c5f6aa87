"""Whether something in the code says that a table is a large one: its format, its name, or what is done with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import path_of, unglued, words_of
from canfar_lint.checks._outputs import WRITE, outputs
from canfar_lint.model.lexical import comment_in
from canfar_lint.model.python import PythonModule

_FEW, _MILLION = 8, 1_000_000
# a name that says more than what kind of file it is
_NAMED = re.compile(r"[A-Za-z]{3}[^/]*\.\w+$")
_FOLDER = re.compile(r"(?i)(dir|folder|root)\d*$")
_REMARK = re.compile(
    r"(?i)\b(out of memory|memory[ -]?(error|hungry|limit)|huge|(very|too) (large|big)|(large|big) (file|table|cat)|"
    r"millions?|\d+ ?gb|takes (a )?(very )?(long|while))\b"
)


def is_plainly_large(
    module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr, reader: dict[str, Any]
) -> bool:
    """Whether a table that a call reads is large beyond doubt, and none the program has made for itself."""
    said = _says_much(module, rule, call, source, reader)
    return said and not is_own(module, source) and not module.is_switched_off(call)


def _says_much(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr, reader: dict[str, Any]) -> bool:
    """Whether a format, a name, a loop, a remark or a count of rows says that there is much."""
    suffix = module.value(path_of(module, source)).suffix.lower()
    if reader.get("bulk") or suffix.endswith(tuple(rule.table("bulk_suffixes"))):
        return not re.search(rule.table("tried"), suffix.rpartition("/")[2])
    if re.search(rule.table("of_papers"), words_of(module, source)[0]):
        return False
    said = said_of(module, call, source)
    # what has another suffix is a curve or a short table far more often than a catalogue, whatever survey it is of
    text = "text" in reader and not suffix.endswith(tuple(rule.table("table_suffixes")))
    if (not text or re.search(rule.table("catalogues"), said)) and says_large(rule, said, rows="rows" in reader):
        return True
    return _is_kept(module, rule, call, said) or _is_remarked(module, call) or _has_millions(module, call)


def is_own(module: PythonModule, source: ast.expr) -> bool:
    """Whether the program writes the file by the very words it reads it by: a cache, or the books it keeps."""
    written = {module.code(output.name) for output in outputs(module) if output.does == WRITE}
    while isinstance(source, ast.Call) and module.qualified(source.func) in ("builtins.str", "os.fspath"):
        source = source.args[0] if source.args else source.func
    return bool({module.code(source), module.code(path_of(module, source))} & written)


def said_of(module: PythonModule, call: ast.Call, source: ast.expr) -> str:
    """The words of a file's name; where it has none, of what it becomes and of the function that reads it."""
    given = words_of(module, source)[1].split()
    names = [name.rstrip("/").rpartition("/")[2] for name in given if not _FOLDER.search(name)]
    if _NAMED.search(module.value(path_of(module, source)).suffix):
        return unglued(" ".join(names)).lower()
    kept = module.parent_statement(call)
    if isinstance(kept, ast.Assign):
        names += [module.code(target) for target in kept.targets]
    function = module.function_of(call)
    if function is not None:
        names.append(function.name)
    return unglued(" ".join(names)).lower()


def says_large(rule: Rule, said: str, *, rows: bool) -> bool:
    """Whether words name a survey, a whole catalogue, or what has a row for each particle or photon."""
    if re.search(rule.table("few"), said):
        return False
    if re.search(rule.table("surveys"), said) or re.search(rule.table("many"), said):
        return True
    if rows and re.search(rule.table("many_rows"), said):
        return True
    return bool(re.search(rule.table("wholes"), said) and re.search(rule.table("catalogues"), said))


def _is_kept(module: PythonModule, rule: Rule, call: ast.Call, said: str) -> bool:
    """Whether a loop over files that are not counted in the code keeps a catalogue of each of them."""
    loop = next(iter(module.loops(call)), None)
    if not isinstance(loop, (ast.For, ast.ListComp)) or re.search(rule.table("few"), said):
        return False
    if not re.search(rule.table("collected"), said) or _is_short(module, loop):
        return False
    if isinstance(loop, ast.ListComp):
        return _is_element(module, call, loop)
    kept = module.parent(call)
    if isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Subscript):
        return True
    return any(_adds(module, call, each) for each in _appends(module, loop))


def _is_short(module: PythonModule, loop: ast.For | ast.ListComp) -> bool:
    over = module.resolve(loop.iter if isinstance(loop, ast.For) else loop.generators[0].iter)
    return isinstance(over, (ast.List, ast.Tuple, ast.Set)) and len(over.elts) <= _FEW


def _is_element(module: PythonModule, call: ast.Call, loop: ast.ListComp) -> bool:
    """Whether what is read is itself what a comprehension collects."""
    at: ast.AST | None = call
    while isinstance(parent := module.parent(at) if at is not None else None, ast.IfExp):
        at = parent
    return at is loop.elt


def _appends(module: PythonModule, loop: ast.For) -> Iterator[ast.Call]:
    return (each for each in module.calls_named("append") if loop in module.ancestors(each) and each.args)


def _adds(module: PythonModule, call: ast.Call, append: ast.Call) -> bool:
    """Whether what is appended is what a call has read, by itself or by its name."""
    given = append.args[0]
    if given is call:
        return True
    kept = module.parent(call)
    names = [t.id for t in kept.targets if isinstance(t, ast.Name)] if isinstance(kept, ast.Assign) else []
    return isinstance(given, ast.Name) and given.id in names


def _is_remarked(module: PythonModule, call: ast.Call) -> bool:
    """Whether the comment beside a call, or in the line above it, speaks of its size; `low_memory=` is habit."""
    return _REMARK.search(remark_beside(module, call)) is not None


def remark_beside(module: PythonModule, call: ast.Call) -> str:
    """The comments in the line above a call and in its own lines."""
    start, end = module.span(call)
    text = module.text
    above = text.rfind("\n", 0, max(text.rfind("\n", 0, start), 0)) + 1
    below = text.find("\n", end)
    lines = text[above : below if below >= 0 else len(text)].splitlines()
    return " ".join(line[at:] for line in lines if (at := comment_in(line)) >= 0)


def _has_millions(module: PythonModule, call: ast.Call) -> bool:
    """Whether rows are counted in millions where the table is used: `stars[:2000000]`, `stars.sample(10**6)`."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) and len(kept.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return False
    function = module.function_of(call)
    uses = [use for use in module.named(target.id) if module.function_of(use) is function]
    return any(_counts_millions(module, use) for use in uses)


def _counts_millions(module: PythonModule, use: ast.Name) -> bool:
    parent = module.parent(use)
    given: list[ast.expr | None] = []
    if isinstance(parent, ast.Subscript) and parent.value is use and isinstance(parent.slice, ast.Slice):
        given = [parent.slice.lower, parent.slice.upper]
    elif isinstance(parent, ast.Attribute) and parent.attr in ("head", "tail", "sample"):
        called = module.parent(parent)
        given = [*called.args, *(k.value for k in called.keywords)] if isinstance(called, ast.Call) else []
    return any(isinstance(n := module.constant(each), int) and n >= _MILLION for each in given if each is not None)
