"""The client of a server interface that no longer exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Script

_IMPORT = re.compile(r"\b(?:import|from)\s+skaha\b[\w.]*")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for binding in module.imports:
        node = binding.node
        if node in seen or _is_second_choice(module, node):
            continue
        seen.add(node)
        if isinstance(node, ast.ImportFrom) and not node.level and _is_old(node.module or ""):
            start = module.span(node)[0]
            at = module.text.index(node.module or "", start)
            span = (at, at + len(node.module or ""))
            yield _finding(rule, span, node.module or "", _renamed(rule, node, span))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_old(alias.name):
                    start = module.span(alias)[0]
                    yield _finding(rule, (start, start + len(alias.name)), alias.name)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    for command in script.commands:
        words = command.arguments
        name = command.words[len(command.words) - len(words) - 1] if command.words else None
        if command.name == "skaha" and words and name is not None:
            yield rule.finding((name.start, name.end), name="skaha", instead="canfar")
        elif (
            command.name is not None and command.name.startswith("python") and len(words) > 1 and words[0].value == "-c"
        ):
            code = _IMPORT.search(words[1].text)
            if code is not None:
                start = words[1].start + code.start()
                yield rule.finding((start, start + len(code.group())), name=code.group(), instead="import canfar")


def _is_old(name: str) -> bool:
    return name == "skaha" or name.startswith("skaha.")


def _is_second_choice(module: PythonModule, node: ast.AST) -> bool:
    return any(isinstance(a, (ast.ExceptHandler,)) for a in module.ancestors(node)) or module.in_try(
        node, "ImportError"
    )


def _finding(rule: Rule, span: tuple[int, int], name: str, fix: Fix | None = None) -> Finding:
    return rule.finding(span, name=name, instead=_new_name(rule, name), fix=fix)


def _new_name(rule: Rule, name: str) -> str:
    renames: dict[str, str] = rule.table("renames")
    old = max((key for key in renames if name == key or name.startswith(f"{key}.")), key=len)
    return renames[old] + name[len(old) :]


def _renamed(rule: Rule, node: ast.ImportFrom, span: tuple[int, int]) -> Fix | None:
    """The module under its new name, where all that is imported from it is still there under its own."""
    name = node.module or ""
    kept = rule.table("kept").get(name, ())
    if not all(alias.name in kept for alias in node.names):
        return None
    new = _new_name(rule, name)
    return Fix(f"Import from `{new}`", (Edit(*span, new),))
