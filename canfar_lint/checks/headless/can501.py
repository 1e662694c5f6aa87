"""Windows that nobody sees in a batch session, and what waits at them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks.headless._backends import backends
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for call, instead, variant in _calls(module, rule):
        if call in seen or _unseen(module, rule, call) or _for_showing(module, rule, call):
            continue
        if left_to_user(module, call):
            continue
        seen.add(call)
        fix = _fix(module, call)
        variant = "saved" if fix is not None and variant is None else variant
        yield rule.finding(module.span(call), variant=variant, call=module.code(call), instead=instead, fix=fix)


def _calls(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, str, str | None]]:
    """The calls that show or wait: the call, what to write instead, the variant."""
    kinds = ("windows", "blocking") if module.notebook else ("shows", "windows", "blocking")
    for kind in kinds:
        for instead, names in rule.table(kind).items():
            for call in module.calls(frozenset(names)):
                if _opens(module, call):
                    yield call, instead, "blocking" if kind == "blocking" else None
    if module.notebook:
        return
    for call in module.calls(frozenset(rule.table("pauses"))):
        if module.loops(call):
            yield call, "remove it, or save each figure", "blocking"
    for call in module.methods(("show",)):
        instead_of = _figure(module, rule, call)
        if instead_of:
            yield call, instead_of, None


def _opens(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call does what it is listed for, as its arguments go."""
    name = module.qualified(call.func)
    opened = module.keyword(call, "auto_open")
    if opened is not None and module.constant(opened.value) is False:
        return False
    screen = module.keyword(call, "off_screen")
    if screen is not None or module.keyword(call, "screenshot") is not None:
        return False
    if name.startswith("webbrowser.") and not module.on_main_path(call):
        return False  # a library's way to its manual, for those who ask for it
    if name.startswith("cv2.waitKey"):
        return not call.args or module.constant(call.args[0]) in (0, -1)
    return True


def _figure(module: PythonModule, rule: Rule, call: ast.Call) -> str:
    """What to write instead of the `.show()` of a figure; empty for another object."""
    assert isinstance(call.func, ast.Attribute)
    owner = call.func.value
    names = set(module.qualified_all(owner))
    if isinstance(owner, ast.Name):
        for binding in module.bindings(owner):
            if binding.kind == "unpack" and isinstance(binding.value, ast.Call):
                names.add(module.qualified(binding.value))
    figures = rule.table("figures")
    for instead, makers in figures.items():
        if names & set(makers):
            return str(instead)
    if isinstance(owner, ast.Name) and not names and re.search(rule.table("figure_names"), owner.id):
        imported = {binding.qualified.partition(".")[0] for binding in module.imports}
        if imported & {"matplotlib", "pylab", "plotly", "seaborn", "corner"}:
            return str(next(iter(figures)))
    return ""


def _unseen(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether matplotlib is told to draw into files, so that its `show` does nothing."""
    names = module.qualified_all(call.func)
    if names and not any(name.startswith(tuple(rule.table("matplotlib_shows"))) for name in names):
        return False
    memo = module.memo("file backend")
    if "forced" not in memo:
        wanted = frozenset(rule.table("file_backends"))
        memo["forced"] = any(name.lower() in wanted for name, _ in backends(module))
    return bool(memo["forced"])


def _for_showing(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call stands in a function that is there for showing and is not called here."""
    function = module.function_of(call)
    if function is None or module.on_main_path(call):
        return False
    return re.search(rule.table("showing_names"), function.name.lower()) is not None


def _fix(module: PythonModule, call: ast.Call) -> Fix | None:
    """Without the call, where the figure is saved in the same scope."""
    statement = module.parents.get(call)
    if not isinstance(statement, ast.Expr) or not module.qualified(call.func).endswith("show"):
        return None
    scope = module.scope_of(call)
    saves = (*module.methods(("savefig",)), *module.calls(("pylab.savefig", "matplotlib.pyplot.savefig")))
    if not any(module.scope_of(save) is scope for save in saves):
        return None
    from canfar_lint.fixing.python import fix, without_statement

    return fix(f"Remove `{module.code(call)}`", without_statement(module, statement))
