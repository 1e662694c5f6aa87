"""Loops over files that make one product each and never look whether it is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import WRITE, Output, outputs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import ARGUMENT

_MORE = re.compile(r"^(builtins\.(sorted|list|enumerate|zip|reversed|set|tuple)|tqdm\..*|natsort\..*)$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for output in outputs(module):
        loop = _file_loop(module, rule, output)
        if loop is None or loop in seen:
            continue
        seen.add(loop)
        if not _asks(module, rule, loop):
            span = (module.span(loop)[0], module.span(loop.iter)[1])
            yield rule.finding(span, name=module.value(output.name).skeleton.replace("{}", "…"))


def _file_loop(module: PythonModule, rule: Rule, output: Output) -> ast.For | None:
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
