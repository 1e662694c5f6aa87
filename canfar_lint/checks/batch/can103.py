"""What a notebook leaves in a script that was made of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks._destinations import Names
from canfar_lint.diagnostic import SAFE, UNSAFE, Edit, Finding, Fix
from canfar_lint.model.magics import magic_lines
from canfar_lint.model.python import PythonModule

_JUPYTEXT = re.compile(r"^# +jupytext:", re.MULTILINE)
_HEADER = 2000
_NOTEBOOK = re.compile(r"get_ipython|__IPYTHON__|ipython|notebook|jupyter", re.IGNORECASE)

_RICH = tuple(
    f"IPython.{module}.{name}"
    for module in ("display", "core.display")
    for name in ("HTML", "Markdown", "Math", "Latex", "Image", "IFrame", "SVG", "Javascript", "Video", "Audio")
)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _JUPYTEXT.search(module.text[:_HEADER]):
        return  # a notebook, written as a script
    bare = frozenset(rule.table("bare"))
    listed = [(Names(names), instead) for instead, names in rule.table("calls").items()]
    for call in module.all_calls:
        names = module.qualified_all(call.func)
        if isinstance(call.func, ast.Name) and not names and call.func.id in bare and not module.bindings(call.func):
            names = (call.func.id,)
        instead = next((instead for table, instead in listed if names and table.hold(names)), "")
        if not instead or _only_asked(module, call, names) or _is_meant(module, rule, call):
            continue
        if (off := module.keyword(call, "disable")) is not None and module.constant(off.value) is True:
            continue  # a bar that is not made
        if names[0].startswith("ipywidgets.") and not _is_page(module, call):
            continue
        if names[0].endswith("ShellEmbed") and isinstance(module.parent(call), ast.Assign):
            continue  # a prompt opens where what it made is called
        whole = _outermost(module, call)
        fix = _fix(module, rule, whole, names[0])
        variant = _variant(rule, names[0])
        yield rule.finding(module.span(whole), variant=variant, call=module.code(whole), instead=instead, fix=fix)
    for start, end in magic_lines(module.text):
        line = module.text[start:end]
        yield rule.finding((start, end), variant="magic", call=line, instead=rule.table("magic_instead"))


def _variant(rule: Rule, name: str) -> str | None:
    """What becomes of a call in a job, as one of the rule's messages says it."""
    last = name.rpartition(".")[2]
    if name in rule.table("bars"):
        return "bar"
    return "page" if last in rule.table("pages") else "prompt" if last in rule.table("prompts") else None


def _fix(module: PythonModule, rule: Rule, call: ast.Call, name: str) -> Fix | None:
    from canfar_lint.fixing.python import fix, without_statement

    if name in rule.table("bars"):
        return _plain_bar(module, call, rule.table("bars")[name])
    statement = module.parent(call)
    if not isinstance(statement, ast.Expr):
        return None
    last = name.rpartition(".")[2]
    if last == "get_ipython":
        return _fix_of_magic(module, rule, call, statement)
    if last == "clear_output" or last in rule.table("prompts"):
        level = SAFE if last == "clear_output" else UNSAFE
        return fix(f"Remove `{last}`", without_statement(module, statement), level)
    if last == "display" and call.args and not call.keywords:
        span = module.name_span(call)
        return Fix("Print it", (Edit(*span, "print"),), UNSAFE) if not module.scope.bindings.get("print") else None
    return None


def _plain_bar(module: PythonModule, call: ast.Call, new: str) -> Fix | None:
    """The progress bar from `tqdm.auto`, under the name it has here."""
    bindings = module.bindings(call.func) if isinstance(call.func, ast.Name) else []
    node = bindings[0].node if len(bindings) == 1 else None
    if not isinstance(node, ast.ImportFrom) or len(node.names) != 1:
        return None
    from canfar_lint.fixing.python import fix, replaced

    bound = node.names[0].asname or node.names[0].name
    code = f"from tqdm.auto import {new}" + (f" as {bound}" if bound != new else "")
    return fix("Import from `tqdm.auto`", replaced(module, node, code))


def _fix_of_magic(module: PythonModule, rule: Rule, call: ast.Call, statement: ast.Expr) -> Fix | None:
    """Without a magic that only sets up a notebook; a command in a shell of its own."""
    from canfar_lint.fixing.python import can_import, fix, replaced, without_statement

    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if call.keywords or len(given) != len(call.args) or not given or not isinstance(given[0], str):
        return None
    words = " ".join(str(each) for each in given).split()
    if method in ("run_line_magic", "magic") and words and words[0].lstrip("%") in rule.table("inert"):
        return fix(f"Remove `{words[0]}`", without_statement(module, statement))
    if method == "system" and not set("{}$") & set(given[0]) and can_import(module, "subprocess", call):
        code = f"subprocess.run({module.code(call.args[0])}, shell=True, check=True)"
        return fix("Run it in a shell", replaced(module, call, code), UNSAFE, ("subprocess",))
    return None


def _only_asked(module: PythonModule, call: ast.Call, names: tuple[str, ...]) -> bool:
    """Whether `IPython.get_ipython()`, which answers None in a script, is called without using the answer at once."""
    return names[0].startswith("IPython") and names[0].endswith("get_ipython") and _outermost(module, call) is call


def _is_page(module: PythonModule, call: ast.Call) -> bool:
    """Whether a script builds widgets on its way; once for what is put together, and not for what is then set in it.

    A module of classes and functions that build them is there for notebooks.
    """
    if not module.on_main_path(call) or not module.is_script or "()" in module.qualified(call.func):
        return False
    return not any(
        isinstance(above, ast.Call) and module.qualified(above.func).startswith("ipywidgets.")
        for above in module.ancestors(call)
    )


def _outermost(module: PythonModule, call: ast.Call) -> ast.Call:
    """The call of a method of what `get_ipython()` returned, as `get_ipython().system(…)`."""
    parent = module.parents.get(call)
    above = module.parents.get(parent) if isinstance(parent, ast.Attribute) else None
    return above if isinstance(above, ast.Call) and above.func is parent else call


def _is_meant(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call is guarded, tried, chosen by the user, or in a function that is there for notebooks."""
    if module.in_try(call, "NameError", "ImportError") or left_to_user(module, call):
        return True
    if _behind_import(module, call):
        return True
    if _knows_notebooks(module, call) or any(_knows_notebooks(module, node) for node in _chosen_where(module, call)):
        return True
    function = module.function_of(call)
    if function is None or module.on_main_path(call):
        return False
    if call.args and module.qualified(getattr(call.args[0], "func", call)).startswith(_RICH):
        return True  # typeset for a page
    if _imports_display(module, call):
        return True
    return re.search(rule.table("for_notebooks"), function.name.lower()) is not None


def _imports_display(module: PythonModule, call: ast.Call) -> bool:
    """Whether a function shows something by what its file needs of IPython in any case: it is there for notebooks."""
    bindings = module.bindings(call.func) if isinstance(call.func, ast.Name) else []
    return any(
        (binding.node.module or "").startswith("IPython")
        and any(alias.name == "display" for alias in binding.node.names)
        and not any(isinstance(above, ast.Try) for above in module.ancestors(binding.node))
        for binding in bindings
        if isinstance(binding.node, ast.ImportFrom)
    )


def _knows_notebooks(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands under a condition that asks for a notebook."""
    return any(_NOTEBOOK.search(module.code(test)) for test, _ in module.guards(node))


def _chosen_where(module: PythonModule, call: ast.Call) -> list[ast.AST]:
    """The statements that say what a called name means: `self.bar = tqdm_notebook`."""
    func = call.func
    if isinstance(func, ast.Name):
        return [binding.node for binding in module.bindings(func)]
    return [binding.node for binding in module.attribute_bindings(func)] if isinstance(func, ast.Attribute) else []


def _behind_import(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call stands in the `else` of a `try` that imports what it needs."""
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.Try) and child in ancestor.orelse:
            caught = [module.code(handler.type) for handler in ancestor.handlers if handler.type is not None]
            if any("ImportError" in each or "ModuleNotFound" in each for each in caught):
                return True
        child = ancestor
    return False
