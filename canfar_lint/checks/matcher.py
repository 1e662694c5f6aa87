"""Runs the `python:` table of a rule: calls and imports named, arguments asked for, the argument's or call's span.

An entry of the table, all keys optional but one of the first three:

    call: [astropy.io.fits.open]     dotted names as `PythonModule.qualified` gives them
    method: [show]                   a method of any object
    import: [tkinter]                a module, or one below it
    argument: {memmap: false}        only calls given this constant by keyword
    without: [plotfile]              only calls not given any of these
    span: call | name | argument     what is underlined (default: the argument if one is asked for, else the name)
    variant: blocking                the variant of the rule's message
    instead: "…"                     text for `{instead}` in the message
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for entry in rule.body["python"]:
        for node in _nodes(module, entry):
            keywords = _asked(module, node, entry)
            if node not in seen and keywords is not None and not module.user_guarded(node):
                seen.add(node)
                yield _finding(module, rule, entry, node, keywords)


def _nodes(module: PythonModule, entry: dict[str, Any]) -> Iterator[ast.AST]:
    if "call" in entry:
        yield from module.calls(entry["call"])
    if "method" in entry:
        yield from module.methods(entry["method"])
    for name in entry.get("import", ()):
        for binding in module.imports:
            if binding.qualified == name or binding.qualified.startswith(name + "."):
                yield binding.node


def _asked(module: PythonModule, node: ast.AST, entry: dict[str, Any]) -> list[ast.keyword] | None:
    """The keywords an entry asks for, or None when the call is not given them as asked."""
    if not isinstance(node, ast.Call):
        return []
    found = []
    for name, wanted in entry.get("argument", {}).items():
        keyword = module.keyword(node, name)
        if keyword is None:
            return None
        given = module.constant(keyword.value)
        if given is ... or given != wanted or type(given) is not type(wanted):
            return None
        found.append(keyword)
    without = entry.get("without", ())
    if without and (module.is_open_ended(node) or any(module.keyword(node, name) for name in without)):
        return None
    return found


def _finding(
    module: PythonModule, rule: Rule, entry: dict[str, Any], node: ast.AST, keywords: list[ast.keyword]
) -> Finding:
    span = module.span(node)
    if isinstance(node, ast.Call) and entry.get("span") != "call":
        argument = keywords and entry.get("span") != "name"
        span = module.span(keywords[0]) if argument else module.name_span(node)
    seen = module.text[slice(*span)]
    return rule.finding(span, variant=entry.get("variant"), call=seen, instead=entry.get("instead", ""))
