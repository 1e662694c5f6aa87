"""matplotlib told to draw on a display."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user, on_by_default
from canfar_lint.checks.headless._backends import backends
from canfar_lint.checks.headless._showing import is_viewer
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.notebook import Magic, NotebookSource
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    graphical = frozenset() if is_viewer(module) or _makes_windows(module, rule) else frozenset(rule.table("graphical"))
    seen: set[ast.AST] = set()
    for name, node in backends(module):
        if name.lower() not in graphical or node in seen or left_to_user(module, node, refused=True):
            continue
        if any(_is_open(module, *guard) for guard in module.guards(node)):
            continue
        if module.in_try(node, "ImportError", "ModuleNotFoundError", "RuntimeError"):
            continue
        seen.add(node)
        yield rule.finding(module.span(node), backend=name, fix=_fix(module, node))
    if isinstance(module.source, NotebookSource):
        yield from _magics(module.source, rule)


def _is_open(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition may keep a backend for another machine: it is neither known nor what starts a script."""
    if on_by_default(module, test, wanted):
        return False
    return module.constant(test) is ... and not re.search(r"\b(__name__|version_info)\b", module.code(test))


def _makes_windows(module: PythonModule, rule: Rule) -> bool:
    """Whether the program builds windows around its figures: it needs the toolkit (CAN503 says so) and no backend."""
    return any(re.match(rule.table("canvases"), binding.qualified) for binding in module.imports)


def _fix(module: PythonModule, node: ast.expr) -> Fix | None:
    code = module.code(node)
    match = re.fullmatch(r"""[bBrRuU]?(["'])\w[\w:./]*\1""", code)
    if match is None:
        return None
    start, end = module.span(node)
    quote = match.group(1)
    return Fix("Use the `Agg` backend", (Edit(start, end, f"{quote}Agg{quote}"),))


def _magics(source: NotebookSource, rule: Rule) -> Iterator[Finding]:
    for magic in source.magics:
        name = magic.arguments.split("#")[0].strip()
        if magic.name not in ("matplotlib", "pylab") or name not in rule.table("magics"):
            continue
        if any(_is_undone(source, magic.start, later) for later in source.magics):
            continue
        start = source.text.index(name, magic.start + len(magic.name))
        fix = Fix("Use `%matplotlib inline`", (Edit(start, start + len(name), "inline"),))
        variant = "page" if name in rule.table("pages") else "magic"
        yield rule.finding((start, start + len(name)), variant=variant, backend=name, fix=fix)


def _is_undone(source: NotebookSource, start: int, later: Magic) -> bool:
    """Whether a later magic of the same cell draws into the notebook after all."""
    inline = later.name == "matplotlib" and later.arguments.split("#")[0].strip() == "inline"
    return inline and later.start > start and source.cell_at(later.start) == source.cell_at(start)
