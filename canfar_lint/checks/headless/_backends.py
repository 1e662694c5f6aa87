"""Which matplotlib backend a Python file asks for, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.model.python import PythonModule

_SETTERS = frozenset(
    (
        *("matplotlib.use", "matplotlib.pyplot.switch_backend", "pylab.switch_backend", "matplotlib.pyplot.use"),
        "matplotlib.rcParams.setdefault",
    )
)
_RC = frozenset(("matplotlib.rcParams", "matplotlib.pyplot.rcParams", "pylab.rcParams"))


def backends(module: PythonModule) -> Iterator[tuple[str, ast.expr]]:
    """Each backend chosen by a literal, and the expression that names it."""
    for call in module.calls(_SETTERS):
        for argument in (
            *call.args[:2],
            *(k.value for k in call.keywords if k.arg in ("backend", "arg", "newbackend")),
        ):
            yield from _named(module, argument)
    for call in module.calls(("matplotlib.rc", "matplotlib.pyplot.rc")):
        keyword = module.keyword(call, "backend")
        if keyword is not None:
            yield from _named(module, keyword.value)
    for call in module.calls(("os.environ.setdefault", "os.putenv", "os.environ.update")):
        if len(call.args) > 1 and module.constant(call.args[0]) == "MPLBACKEND":
            yield from _named(module, call.args[1])
        keyword = module.keyword(call, "MPLBACKEND")
        if keyword is not None:
            yield from _named(module, keyword.value)
    yield from _items(module)


def _items(module: PythonModule) -> Iterator[tuple[str, ast.expr]]:
    """`os.environ["MPLBACKEND"] = …` and `rcParams["backend"] = …`."""
    for constant in module.strings:
        target = module.parents.get(constant)
        if constant.value not in ("MPLBACKEND", "backend") or not isinstance(target, ast.Subscript):
            continue
        statement = module.parents.get(target)
        owner = module.qualified(target.value)
        wanted = owner == "os.environ" if constant.value == "MPLBACKEND" else owner in _RC
        if wanted and isinstance(statement, ast.Assign) and target in statement.targets:
            yield from _named(module, statement.value)


def _named(module: PythonModule, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    value = module.value(node)
    if value.kind == "literal" and value.text:
        literal = value.literals[0] if value.literals else node
        yield value.text, literal if isinstance(literal, ast.expr) else node
