"""Thread variables written when the library that reads them is loaded already."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding, position

# with these a variable may be meant for a program that is started later
_STARTERS = ("subprocess", "os.system", "os.popen", "os.exec", "os.spawn", "pexpect", "sh.", "drivecasa", "commands")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _has_another_way(module):
        return
    for node in module.stores("os.environ"):
        variable = module.constant(node.slice)
        reader = _loaded_before(module, rule, str(variable), node)
        if reader is not None and module.on_main_path(node):
            library = reader.qualified.partition(".")[0]
            yield rule.finding(module.span(node), variable=variable, library=library, line=position(reader.node)[0])


def _has_another_way(module: PythonModule) -> bool:
    imported = {binding.qualified.partition(".")[0] for binding in module.imports}
    if imported & {"threadpoolctl", "subprocess", "pexpect"}:
        return True
    return any(module.qualified(call.func).startswith(_STARTERS) for call in module.all_calls)


def _loaded_before(module: PythonModule, rule: Rule, variable: str, node: ast.AST) -> Binding | None:
    """The first import above that reads the variable; a star import counts by its binding's absence: silent."""
    readers: dict[str, list[str]] = rule.table("readers")
    wanted = {library for library, names in readers.items() if variable in names}
    if "numpy" in wanted:
        wanted |= set(rule.table("import_numpy"))
    inside = module.function_of(node) is not None
    for binding in module.imports:
        if binding.scope.kind != "module" or binding.qualified.partition(".")[0] not in wanted:
            continue
        if (inside or position(binding.node) < position(node)) and not module.guards(binding.node):
            return binding
    return None
