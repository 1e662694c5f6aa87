"""Products of several kinds in one folder, or next to the input."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import WRITE, Output, is_literal, outputs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT

_CHANGES = frozenset(("replace", "with_suffix", "with_name", "rstrip", "removesuffix", "split", "rsplit"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if not module.is_script:
        return
    written = [o for o in outputs(module) if o.does == WRITE and module.on_main_path(o.call)]
    folders: dict[str, list[tuple[Output, str]]] = {}
    beside: list[Output] = []
    for output in written:
        value = module.value(output.name)
        kind = _kind(rule, value.suffix.lower())
        if is_literal(value) and kind:
            folders.setdefault((value.text or "").rpartition("/")[0], []).append((output, kind))
        elif _is_beside(module, output.name):
            beside.append(output)
    for folder, found in folders.items():
        if len({kind for _, kind in found}) == len(rule.table("kinds")):
            first = found[0][0].name
            place = f"`{folder}`" if folder else "the working folder"
            yield rule.finding(module.span(first), name=module.value(first).text, folder=place)
    if len(beside) >= rule.table("beside"):
        name = module.code(beside[0].name)
        yield rule.finding(module.span(beside[0].name), variant="beside", name=name, folder="")


def _kind(rule: Rule, suffix: str) -> str:
    """The kind of product a name's ending says, "" for none."""
    for kind, endings in rule.table("kinds").items():
        if suffix.endswith(tuple(endings)):
            return str(kind)
    return ""


def _is_beside(module: PythonModule, node: ast.expr) -> bool:
    """Whether a name is an argument with its ending changed, in the folder the argument is in."""
    made, seen = module.resolve(node), set[ast.AST]()  # `name = name + ".fits"` is made of itself
    while isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add) and made not in seen:
        seen.add(made)
        made = module.resolve(made.left)
    if isinstance(made, ast.Subscript):
        made = module.resolve(made.value)
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute):
        return False
    if module.qualified(made.func) == "os.path.splitext" and made.args:
        base: ast.expr = made.args[0]
    elif made.func.attr in _CHANGES:
        base = made.func.value
    else:
        return False
    value = module.value(base)
    resolved = module.resolve(base)
    return value.sources == {ARGUMENT} and isinstance(resolved, (ast.Attribute, ast.Subscript))
