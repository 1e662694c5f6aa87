"""Files and databases that every job of a pipeline adds to at the same time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import (
    APPEND,
    Output,
    file_literals,
    is_literal,
    literal_span,
    names_of,
    outputs,
    takes_input,
)
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.python import PythonModule

_MAPS = frozenset(("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply_async", "submit"))
_CONCURRENT = re.compile(r"multiprocessing|concurrent\.futures|joblib|dask|ray|mpi4py|pathos")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for output, variant in _added_to(module, rule):
        for named in names_of(module, output):
            value = named.value
            literals = file_literals(value)
            text = value.text or ""
            if not is_literal(value) or not literals or _is_harmless(rule, text):
                continue
            worker = _worker(module, named.place)
            runs = module.is_script and module.on_main_path(named.place)
            if not (runs or worker) or module.user_guarded(named.place):
                continue
            span = literal_span(module, literals[0])
            if span in seen:
                continue
            seen.add(span)
            name = text.removeprefix("sqlite:///")
            if worker:
                yield rule.finding(span, variant=variant or "pool", name=name, worker=worker)
            else:
                yield _under_replicas(rule, span, name, variant, always=takes_input(module))


def _under_replicas(rule: Rule, span: tuple[int, int], name: str, variant: str | None, *, always: bool) -> Finding:
    """A candidate: an error when a request runs the script as replicas; else a warning, or (not `always`) nothing."""
    raised = rule.finding(span, variant="replicas", name=name)
    question = Question("under-replicas", "", 0 if always else 1, (raised.level, raised.message))
    return rule.finding(span, variant=variant, name=name, worker="", question=question)


def _added_to(module: PythonModule, rule: Rule) -> Iterator[tuple[Output, str | None]]:
    yield from ((output, None) for output in outputs(module) if output.does == APPEND)
    if re.search(rule.table("writes"), module.text):
        databases = rule.table("databases")
        for call in module.calls(databases):
            name = next(module.argument(call, *databases[n]) for n in module.qualified_all(call.func) if n in databases)
            if name is not None:
                yield Output(call, name, APPEND), "database"


def _is_harmless(rule: Rule, text: str) -> bool:
    from canfar_lint.catalogue import load

    last = text.rpartition("/")[2].lower()
    if re.search(load().rules["CAN402"].table("shared"), last) or re.search(rule.table("ephemeral"), text):
        return True
    return ":memory:" in text or (":" in text and not text.startswith("sqlite:///"))


def _worker(module: PythonModule, node: ast.AST) -> str:
    """The function around a node that is handed to a pool of processes, "" when there is none."""
    function = module.function_of(node)
    if function is None or not _CONCURRENT.search(module.text):
        return ""
    for call in module.callers().get(function, []):
        called = call.func
        if isinstance(called, ast.Attribute) and called.attr in _MAPS and module.function_named(called) is not function:
            return function.name
    return ""
