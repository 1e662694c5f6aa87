"""Thread variables written when the library that reads them is loaded already."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Binding, position

# with these a variable may be meant for a program that is started later
_STARTERS = ("subprocess", "os.system", "os.popen", "os.exec", "os.spawn", "pexpect", "sh.", "drivecasa", "commands")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for node, variable, reader in too_late(module, rule):
        library = reader.qualified.partition(".")[0]
        line = position(reader.node)[0]
        fix = _fix(module, node, reader, variable) if isinstance(node, ast.Subscript) else None
        yield rule.finding(module.span(node), variable=variable, library=library, line=line, fix=fix)


def too_late(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.AST, str, Binding]]:
    """Where variables are written in vain, with the import that has read each of them before."""
    for node, variable in _settings(module) if not _has_another_way(module) else ():
        reader = _loaded_before(module, rule, str(variable), node)
        if reader is not None and module.on_main_path(node):
            yield node, str(variable), reader


def _settings(module: PythonModule) -> Iterator[tuple[ast.AST, object]]:
    """Where variables are written into the environment, by whatever way, and their names."""
    for node in module.stores("os.environ"):
        yield node, module.constant(node.slice)
    for call in module.calls(("os.environ.setdefault", "os.putenv")):
        if call.args:
            yield call, module.constant(call.args[0])
    for call in module.calls(("os.environ.update",)):
        for keyword in call.keywords:
            yield keyword, keyword.arg
        for argument in call.args:
            display = module.resolve(argument)
            for key in display.keys if isinstance(display, ast.Dict) else ():
                if key is not None:
                    yield key, module.constant(key)


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


def _fix(module: PythonModule, node: ast.Subscript, reader: Binding, variable: str) -> Fix | None:
    """The assignment moved above the import, with the comment behind it, where both have their lines for themselves."""
    statement, imported = module.parent(node), reader.node
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    if module.parent(statement) is not module.tree or module.parent(imported) is not module.tree:
        return None
    stores = [each for each in module.stores("os.environ") if module.constant(each.slice) == variable]
    parts = (node.slice, statement.value)
    if len(stores) > 1 or not all(isinstance(part, ast.Constant) for part in parts):
        return None
    from canfar_lint.fixing.python import can_import, fix, without_statement

    removed = without_statement(module, statement)
    text, start = module.text, module.span(imported)[0]
    moved = text[removed[0].start : removed[0].end] if removed else ""
    alone = text[:start].endswith(("\n", "\r")) or not start
    if not alone or not moved.lstrip().startswith("os.environ[") or not moved.endswith(("\n", "\r")):
        return None
    if not can_import(module, "os", imported):
        return None
    edits = (Edit(start, start, moved), *removed)
    return fix(f"Set `{variable}` above the import", edits, imports=("os",))
