"""Loops over files that say nothing, or say it into a buffer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile import Dockerfile
    from canfar_lint.model.shell import Command


_STARTING = ("CMD", "ENTRYPOINT")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if any(word in module.text for word in rule.table("unbuffered")):
        return
    said = False
    for loop in _loops(module):
        if not module.on_main_path(loop) or module.loops(loop) or not _lists_files(module, rule, loop.iter):
            continue
        calls = _calls_in(module, loop)
        names = [module.qualified(call.func) or module.code(call.func) for call in calls]
        if not any(re.search(rule.table("working"), name) for name in names):
            continue
        if any(re.search(rule.table("talking"), name) for name in names):
            continue
        prints = [call for call, name in zip(calls, names, strict=True) if name == "builtins.print"]
        if not prints:
            start = module.span(loop)[0]
            colon = module.text.index(":", module.span(loop.iter)[1])
            yield rule.finding((start, colon + 1))
        elif not said:
            said = True
            fix = _flushed(module, prints)
            yield rule.finding(module.span(prints[0]), variant="buffered", call=module.code(prints[0]), fix=fix)


def _flushed(module: PythonModule, prints: list[ast.Call]) -> Fix | None:
    """Every line of the loop written at once."""
    from canfar_lint.fixing.python import fix, with_argument

    unique = sorted({call: None for call in prints if not module.is_open_ended(call) or call.args}, key=module.span)
    edits = [with_argument(module, call, "flush=True") for call in unique if module.keyword(call, "flush") is None]
    if len(unique) != len(set(prints)) or not all(edits) or any(k.arg is None for c in unique for k in c.keywords):
        return None
    return fix("Write it at once: `flush=True`", tuple(edit for some in edits for edit in some))


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    """An image that starts Python and leaves what it prints in a buffer."""
    final = dockerfile.final
    word = final.first.words[0] if final is not None and final.first.words else None
    if final is None or word is None or "PYTHONUNBUFFERED" in dockerfile.source.text:
        return
    started = {i.keyword: i for stage in final.ancestry for i in stage.instructions if i.keyword in _STARTING}
    commands = [c for instruction in started.values() for script in instruction.scripts for c in script.commands]
    for command in commands:
        if re.fullmatch(r"python[\d.]*", command.name or "") and not _unbuffered(command):
            at, setting = final.first.end, "ENV PYTHONUNBUFFERED=1"
            fix = Fix(f"Set `{setting}`", (Edit(at, at, dockerfile.source.newline + setting),))
            yield rule.finding((word.start, word.end), variant="image", call=command.name, fix=fix)
            return


def _unbuffered(command: Command) -> bool:
    return any(re.match(r"-[A-Za-ln-z]*u", argument.head) for argument in command.arguments[:3])


def _loops(module: PythonModule) -> list[ast.For]:
    return sorted(module.nodes(ast.For), key=lambda loop: (loop.lineno, loop.col_offset))


def _lists_files(module: PythonModule, rule: Rule, iterated: ast.expr) -> bool:
    """Whether a loop runs over a listing of files, or over names from the command line, without a progress bar."""
    for _ in range(6):
        over = module.resolve(iterated)
        if isinstance(over, (ast.Subscript, ast.Attribute)):
            return ARGUMENT in module.value(over).sources
        if not isinstance(over, ast.Call):
            return False
        name = module.qualified(over.func) or module.code(over.func)
        if re.search(rule.table("progress"), name):
            return False
        if name in rule.table("listings"):
            return True
        if isinstance(over.func, ast.Attribute) and over.func.attr in rule.table("listing_methods"):
            return True
        if name not in rule.table("same") or not over.args:
            return False
        iterated = over.args[0]
    return False


def _calls_in(module: PythonModule, loop: ast.For) -> list[ast.Call]:
    """The calls of a loop's body, and of the functions of this file it calls, two deep."""
    found: list[ast.Call] = []
    seen: set[ast.AST] = set()
    queue: list[tuple[ast.AST, int]] = [(statement, 0) for statement in loop.body]
    while queue:
        part, depth = queue.pop(0)
        for node in ast.walk(part):
            if isinstance(node, ast.Call):
                found.append(node)
                function = module.function_named(node.func) if depth < 2 else None
                if function is not None and function not in seen:
                    seen.add(function)
                    queue += [(statement, depth + 1) for statement in function.body]
    return found
