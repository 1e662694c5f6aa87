"""Loops over files that make one product each and never look whether it is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import WRITE, Output, outputs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import ARGUMENT

if TYPE_CHECKING:
    from canfar_lint.model.shell import Block, Command, Script, Word

_MOST_INSIDE = 200
_LISTING = re.compile(r"[*?]|\$\(\s*(ls|find|cat|<)\b|`\s*(ls|find|cat)\b|\$\(<")
_MORE = re.compile(r"^(builtins\.(sorted|list|enumerate|zip|reversed|set|tuple)|tqdm\..*|natsort\..*)$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for output in outputs(module):
        loop = product_loop(module, rule, output)
        if loop is None or loop in seen:
            continue
        seen.add(loop)
        if not _asks(module, rule, loop):
            span = (module.span(loop)[0], module.span(loop.iter)[1])
            yield rule.finding(span, name=module.value(output.name).skeleton.replace("{}", "…"))


def product_loop(module: PythonModule, rule: Rule, output: Output) -> ast.For | None:
    """The loop over files that makes a product of each, when an output is such a product."""
    value = module.value(output.name)
    if output.does != WRITE or not value.pieces or value.text is not None:
        return None
    if value.suffix.lower().endswith(tuple(rule.table("cheap"))):
        return None
    place: ast.AST = output.call
    for _ in range(2):
        loops = [loop for loop in module.loops(place) if not isinstance(loop, COMPREHENSIONS)]
        if loops:
            loop = loops[-1]
            return loop if isinstance(loop, ast.For) and _over_files(module, rule, loop.iter) else None
        function = module.function_of(place)
        callers = module.callers().get(function, []) if function is not None else []
        if len(callers) != 1 or module.function_named(callers[0].func) is not function:
            return None
        place = callers[0]
    return None


def _over_files(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    made = module.resolve(node)
    for _ in range(5):
        if isinstance(made, ast.Call):
            name = module.qualified(made.func)
            if name in rule.table("listings"):
                return True
            if isinstance(made.func, ast.Attribute) and made.func.attr in rule.table("listing_methods"):
                return True
            if not _MORE.match(name) or not made.args:
                return False
            made = module.resolve(made.args[0])
        elif isinstance(made, ast.Name):
            given = module.arriving(made)
            return any(value.sources == {ARGUMENT} for value in given)
        else:
            return isinstance(made, (ast.Attribute, ast.Subscript)) and module.value(made).sources == {ARGUMENT}
    return False


def _asks(module: PythonModule, rule: Rule, loop: ast.For) -> bool:
    """Whether the loop, what it runs over, or a function it calls looks for what is there."""
    pattern = re.compile(rule.table("asks"))
    texts = [module.code(statement) for statement in loop.body]
    made = module.resolve(loop.iter)
    if isinstance(made, (ast.ListComp, ast.Name)) or "todo" in module.code(loop.iter).lower():
        texts.append(module.code(made) + module.code(loop.iter))
    for node in ast.walk(loop):
        function = module.function_named(node.func) if isinstance(node, ast.Call) else None
        if function is not None:
            texts.append(module.code(function))
    return any(pattern.search(re.sub(r"overwrite\s*=\s*True|clobber\s*=\s*True|exist_ok", "", text)) for text in texts)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """`for` loops over files whose commands write a product each."""
    from canfar_lint.checks._scripts import JOB, loop_of, made_by_hand
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    if script.context not in JOB or made_by_hand(script):
        return
    seen: set[int] = set()
    for output in shell_outputs(script):
        loop = loop_of(output.command)
        if loop is None or id(loop) in seen or output.append or not loop.words or not _over_listing(script, loop):
            continue
        names = {loop.name, *script.memo("named after loops", _named_after).get(id(loop), ())}
        if not names & set(output.word.variables) or _is_cheap(rule, output.word):
            continue
        seen.add(id(loop))
        inside = script.memo("inside loops", _inside)[id(loop)]
        if len(inside) <= _MOST_INSIDE and not any(_asks_in_shell(rule, command) for command in inside):
            name = output.word.text.strip("\"'")
            yield rule.finding((loop.start, loop.words[-1].end), variant="shell", name=name)


def _over_listing(script: Script, loop: Block) -> bool:
    """Whether a loop walks over files that are there, or that the script is given."""
    from canfar_lint.checks._scripts import named

    for word in loop.words or ():
        if _LISTING.search(word.text) or set(word.variables) & {"@", "*"}:
            return True
        for name in word.variables:
            values = [entry.word for entry in named(script).get(name, ()) if entry.word is not None]
            if any(_LISTING.search(value.text) for value in values):
                return True
    return False


def _is_cheap(rule: Rule, word: Word) -> bool:
    text = word.tail.lower()
    return text.endswith(tuple(rule.table("cheap"))) or word.text.startswith(("&", "/dev/", '"/dev/'))


def _inside(script: Script) -> dict[int, list[Command]]:
    """The commands inside each loop."""
    found: dict[int, list[Command]] = {}
    for command in script.commands:
        for block in command.blocks:
            if block.kind == "loop":
                found.setdefault(id(block), []).append(command)
    return found


def _named_after(script: Script) -> dict[int, set[str]]:
    """The variables that each loop sets from its own."""
    found: dict[int, set[str]] = {}
    for entry in script.assignments:
        for block in entry.blocks:
            if block.kind == "loop" and entry.word is not None and entry.value is None:
                found.setdefault(id(block), set()).add(entry.name)
    return found


def _asks_in_shell(rule: Rule, command: Command) -> bool:
    if command.name in ("test", "[", "[["):
        return any(word.value in ("-e", "-f", "-s", "-d", "-r", "-nt", "-ot") for word in command.arguments)
    if command.name in rule.table("shell_careful"):
        return True
    return any(re.search(rule.table("shell_asks"), word.text) for word in command.words)
