"""Windows that nobody sees in a batch session, and what waits at them."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_before, left_to_user, under_option
from canfar_lint.checks._outputs import stem_of
from canfar_lint.checks.headless._backends import backends
from canfar_lint.checks.headless._showing import is_for_showing, is_typed, is_viewer, speaks_of_showing
from canfar_lint.diagnostic import SAFE, UNSAFE, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import Scope

_IN_PAGE = re.compile(r"(?i)^(?!not\b)\(?[\w.&() ]*(notebook|jupyter|ipython)")
# what only says whether a figure is seen
_SHOWING = re.compile(r"(?i)show|display|interact|view|screen|gui|browse|pause|block|window")
_MOST_BINDINGS = 32
_NO_ROW = 1 << 60


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if is_viewer(module):
        return
    seen: set[ast.AST] = set()
    for call, instead, variant in _calls(module, rule):
        if call in seen or _unseen(module, rule, call) or _is_asked_for(module, rule, call):
            continue
        if _is_for_others(module, rule, call):
            if variant is None and _leaves_nothing(module, rule, call):
                yield rule.finding(module.span(call), variant="library", call=module.code(call))
            continue
        seen.add(call)
        page = _page(module, rule, call)
        fix = _fix(module, rule, call)
        if variant is None and page:
            variant, instead, fix = "page", page, _unopened(module, call)
        elif variant is None and fix is not None and fix.applicability == SAFE:
            before = any(save.lineno <= call.lineno for save in _saves_of(module, rule, call))
            variant = "saved" if before else "saved-after"
        elif variant is None and fix is None and any(True for _ in _saves_of(module, rule, call)):
            variant = "asked"
        elif variant is None and _is_saved_before(module, rule, call):
            variant, fix = "saved-before", _removed(module, call, UNSAFE)
        elif variant is None and _is_saved_behind(module, rule, call):
            variant, fix = "saved-behind", _removed(module, call, UNSAFE)
        elif variant is None and _is_handed_on(module, rule, call):
            variant, fix = "returned", _removed(module, call, UNSAFE)
        yield rule.finding(module.span(call), variant=variant, call=module.code(call), instead=instead, fix=fix)
    yield from _asked_to_show(module, rule)


def _is_left_out(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call opens nothing, or only for who asks for it."""
    return _unseen(module, rule, call) or _is_for_others(module, rule, call) or _is_asked_for(module, rule, call)


def _is_for_others(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call stands in a function that is there for showing and that nothing here calls."""
    return is_for_showing(module, call) and not _is_step(module, rule, call)


def _leaves_nothing(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a function that draws for others only shows: it neither saves its figure nor returns it, and its name
    does not say that showing is what it is for."""
    function = module.function_of(call)
    owner = module.parent(function) if function is not None else None
    names = [getattr(each, "name", "") for each in (function, owner)]
    if any(_SHOWING.search(name) for name in names) or any(True for _ in _saves_of(module, rule, call)):
        return False
    return not _is_handed_on(module, rule, call)


def _is_asked_for(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a call opens something only for who asks for it."""
    if left_to_user(module, call, speaks=speaks_of_showing) and not _is_by_default(module, rule, call):
        return True
    if is_typed(module, call, answers=False):
        return True
    if (_is_instead(module, call) and not _is_kept(module, rule, call)) or _in_page(module, call):
        return True
    if any("get_backend" in module.code(test) for test, _ in module.guards(call)):
        return True  # without a display there is none that shows
    return any(_waits_for_option(module, *guard) for guard in module.guards(call))


def _is_by_default(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a figure is saved and shown unless a parameter says no that is not about showing: `fit(fast=False)`."""
    if any(_SHOWING.search(module.code(test)) for test, _ in module.guards(call)):
        return False
    return _is_kept(module, rule, call) and not left_to_user(module, call, speaks=speaks_of_showing, refused=True)


def _asked_to_show(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """`spectrum.ap_trace(display=True)`, of a package that shows its figures by itself then."""
    packages = {binding.qualified.partition(".")[0] for binding in module.imports}
    asking = {word for package, word in rule.table("asked_to_show").items() if package in packages}
    for call in module.all_calls if asking and not module.notebook else ():
        for keyword in call.keywords:
            if keyword.arg not in asking or module.constant(keyword.value) is not True:
                continue
            if module.function_named(call.func) is None and not _is_left_out(module, rule, call):
                what = f"{module.code(call.func)}({module.code(keyword)})"
                yield rule.finding(module.span(keyword), variant="keyword", call=what, fix=_not_shown(module, keyword))


def _not_shown(module: PythonModule, keyword: ast.keyword) -> Fix | None:
    from canfar_lint.fixing.python import fix, replaced

    if not isinstance(keyword.value, ast.Constant):
        return None
    return fix("Do not show it", replaced(module, keyword.value, "False"), UNSAFE)


def _page(module: PythonModule, rule: Rule, call: ast.Call) -> str:
    """What to write instead of a call that writes a page before it opens that in a browser; empty for another."""
    name = module.qualified(call.func)
    if name.startswith("bokeh.") and not module.calls_named("output_file"):
        return ""
    pages: dict[str, str] = rule.table("pages")
    return pages.get(name, "")


def _unopened(module: PythonModule, call: ast.Call) -> Fix | None:
    """The page of plotly left closed."""
    from canfar_lint.fixing.python import fix, with_argument

    if module.qualified(call.func).startswith("bokeh.") or module.keyword(call, "auto_open") is not None:
        return None
    return fix("Do not open the page", with_argument(module, call, "auto_open=False"), SAFE)


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
    for call in module.methods(("exec_", "exec")):
        if _is_own_application(module, call):
            yield call, "remove it with the window it waits at", "blocking"
    for call in module.methods(("show",)):
        instead_of = _figure(module, rule, call)
        if instead_of:
            yield call, instead_of, None


def _is_own_application(module: PythonModule, call: ast.Call) -> bool:
    """Whether an object of a class of this file, which is an application of Qt, waits for its windows."""
    owner = module.resolve(call.func.value) if isinstance(call.func, ast.Attribute) else None
    name = owner.func.id if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) else ""
    classes = (node for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    bases = (base for node in classes for each in node.bases for base in module.qualified_all(each))
    return any(base.endswith(".QApplication") for base in bases)


def _opens(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call does what it is listed for, as its arguments go."""
    name = module.qualified(call.func)
    given = module.keyword(call, "output_type")
    if given is not None and module.constant(given.value) == "div":
        return False  # a piece of a page, which is returned
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
    if isinstance(owner, ast.Name) and _is_plot_of_gwpy(module, owner):
        return str(next(iter(figures)))
    if isinstance(owner, ast.Name) and not names and re.search(rule.table("figure_names"), owner.id):
        imported = {binding.qualified.partition(".")[0] for binding in module.imports}
        if imported & {"matplotlib", "pylab", "plotly", "seaborn", "corner"}:
            return str(next(iter(figures)))
    return ""


def _is_plot_of_gwpy(module: PythonModule, owner: ast.Name) -> bool:
    """Whether a name holds the plot of a series: `plot = data.plot()`."""
    if not any(binding.qualified.startswith("gwpy.") for binding in module.imports):
        return False
    made = [binding.value for binding in module.bindings(owner)]
    return bool(made) and all(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "plot" for one in made
    )


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


def _saves(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "savefig"


def _is_instead(module: PythonModule, call: ast.Call) -> bool:
    """Whether a figure is shown where it is not saved: `if name: savefig(name)`, `else: show()` is a choice."""
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.If) and module.constant(ancestor.test) is ...:
            field = module.fields.get(child)
            other = ancestor.body if field == "orelse" else ancestor.orelse if field == "body" else []
            if any(isinstance(one, ast.Expr) and _saves(one.value) for one in other):
                return True
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        child = ancestor
    return False


def _fix(module: PythonModule, rule: Rule, call: ast.Call) -> Fix | None:
    """Without the call, where the figure is saved in the same scope; else the figure saved in its place."""
    statement = module.parents.get(call)
    if not isinstance(statement, ast.Expr) or not module.code(call.func).endswith("show"):
        return None
    saves = list(_saves_of(module, rule, call))
    if not saves:
        return _saved(module, rule, call, statement)
    if not _is_kept(module, rule, call):
        return None  # saved when something else holds: without the call nobody may see the figure at all
    if not module.qualified(call.func).endswith("show"):
        return None
    return _removed(module, call, SAFE)


def _removed(module: PythonModule, call: ast.Call, level: str) -> Fix | None:
    from canfar_lint.fixing.python import fix, without_statement

    statement = module.parents.get(call)
    if not isinstance(statement, ast.Expr):
        return None
    return fix(f"Remove `{module.code(call)}`", without_statement(module, statement), level)


def _is_handed_on(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether the function that shows a figure hands it to its caller, who can save it."""
    function = module.function_of(call)
    if function is None or not isinstance(module.parents.get(call), ast.Expr):
        return False
    for node in ast.walk(function):
        if not isinstance(node, ast.Return) or node.lineno < call.lineno or module.function_of(node) is not function:
            continue
        handed = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        if any(_is_figure(module, rule, each) and not _is_axes(module, rule, each) for each in handed):
            return True
    return False


def _is_saved_before(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether the last call before, in the same block, is of a function that saves pyplot's figure as it ends, here or
    by its name: `tools.save_figs("figs/")`."""
    made = getattr(_statement_before(module, call), "value", None)
    if not isinstance(made, ast.Call) or module.qualified(call.func) not in rule.table("pyplot_shows"):
        return False
    function = module.function_named(made.func)
    if function is None:
        return re.search(rule.table("saves_figures"), module.code(made.func)) is not None
    saves = module.calls(("pylab.savefig", "matplotlib.pyplot.savefig"))
    last = max((save.lineno for save in saves if module.function_of(save) is function), default=0)
    begun = module.calls(frozenset((*rule.table("pyplot_ends"), *rule.table("pyplot_figures"))))
    return last > 0 and not any(one.lineno > last and module.function_of(one) is function for one in begun)


def _is_saved_behind(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether the one figure is given to what saves it, further down in the block: `save_plot(figure, name)`."""
    if module.qualified(call.func) in rule.table("pyplot_shows") and _open_figures(module, rule, call) > 1:
        return False
    made = (getattr(statement, "value", None) for statement in module.behind(module.parent_statement(call)))
    return any(isinstance(each, ast.Call) and _saves_given(module, rule, each) for each in made)


def _saves_given(module: PythonModule, rule: Rule, made: ast.Call) -> bool:
    """Whether a call saves the figure that it is given, as its function says or, of another file, its name."""
    at = next((i for i, each in enumerate(made.args) if _is_figure(module, rule, each)), None)
    function = module.function_named(made.func)
    if at is None or not isinstance(function, ast.FunctionDef):
        return at is not None and re.search(rule.table("saves_figures"), module.code(made.func)) is not None
    parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    saves = (each for each in module.methods(("savefig",)) if module.function_of(each) is function)
    given = (each.func.value for each in saves if isinstance(each.func, ast.Attribute) and not module.guards(each))
    return any(isinstance(each, ast.Name) and each.id in parameters[at : at + 1] for each in given)


def _statement_before(module: PythonModule, call: ast.Call) -> ast.stmt | None:
    statement = module.parent_statement(call)
    return next(reversed(module.before(statement)), None)


def _is_axes(module: PythonModule, rule: Rule, name: ast.expr | None) -> bool:
    """Whether a name is the other one of `fig, ax = plt.subplots()`."""
    if not isinstance(name, ast.Name) or module.qualified_all(name):
        return False
    return re.search(rule.table("figure_names"), name.id) is None


def _saves_of(module: PythonModule, rule: Rule, call: ast.Call) -> Iterator[ast.Call]:
    """What saves a figure in the scope of `call`, with no other figure made or shown in between."""
    drawn = _drawn_in(module, rule, module.scope_of(call))
    own = call in drawn.others
    before, behind = bisect_left(drawn.rows, call.lineno), bisect_right(drawn.rows, call.lineno)
    first = drawn.rows[before - 1] if before else 0
    last = drawn.rows[behind] if behind < len(drawn.rows) else _NO_ROW
    for save in drawn.saves[bisect_left(drawn.saved, first) : bisect_right(drawn.saved, last)]:
        low, high = sorted((save.lineno, call.lineno))
        begun = min(low, _made_at(module, save))
        between = bisect_left(drawn.rows, high) - bisect_right(drawn.rows, begun)
        if between - (own and begun < call.lineno < high) > 0:
            continue
        if not _is_drawn_anew(module, rule, call, low, high):
            yield save


class _Drawn(NamedTuple):
    """What saves a figure in a scope, by rows, and the rows of what makes or shows one."""

    saves: list[ast.Call]
    saved: list[int]
    rows: list[int]
    others: set[ast.Call]


def _drawn_in(module: PythonModule, rule: Rule, scope: Scope) -> _Drawn:
    memo = module.memo("drawn")
    if "by scope" not in memo:
        saves = (*module.methods(("savefig",)), *module.calls(("pylab.savefig", "matplotlib.pyplot.savefig")))
        others = (*module.calls_named("show"), *module.calls(frozenset(rule.table("pyplot_figures"))))
        by_scope: dict[Scope, _Drawn] = {}
        for save in sorted(saves, key=lambda each: each.lineno):
            drawn = by_scope.setdefault(module.scope_of(save), _Drawn([], [], [], set()))
            drawn.saves.append(save)
            drawn.saved.append(save.lineno)
        for other in sorted(others, key=lambda each: each.lineno):
            drawn = by_scope.setdefault(module.scope_of(other), _Drawn([], [], [], set()))
            drawn.rows.append(other.lineno)
            drawn.others.add(other)
        memo["by scope"] = by_scope
    found = memo["by scope"]
    assert isinstance(found, dict)
    answer: _Drawn = found.get(scope) or _Drawn([], [], [], set())
    return answer


def _made_at(module: PythonModule, save: ast.Call) -> int:
    """The row of `fig = plt.figure()` for `fig.savefig(…)`; that of the call for what is saved by pyplot."""
    owner = save.func.value if isinstance(save.func, ast.Attribute) else None
    bound = module.bindings(owner) if isinstance(owner, ast.Name) else []
    rows = [each.value.lineno for each in bound if isinstance(each.value, ast.Call) and each.value.lineno < save.lineno]
    return max(rows, default=save.lineno)


def _is_drawn_anew(module: PythonModule, rule: Rule, call: ast.Call, low: int, high: int) -> bool:
    """Whether pyplot's figure is cleared or closed between two rows, and something is drawn after that."""
    scope = module.scope_of(call)
    ends = frozenset(rule.table("pyplot_ends"))
    cleared = [c.lineno for c in module.calls(ends) if low < c.lineno < high and module.scope_of(c) is scope]
    if not cleared:
        return False
    draws = (c for c in module.all_calls if min(cleared) < c.lineno < high and module.scope_of(c) is scope)
    return any(_draws(module, rule, draw) for draw in draws)


def _draws(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    name = module.qualified(call.func)
    return name.startswith(("matplotlib.pyplot.", "pylab.")) and name not in rule.table("pyplot_ends")


def _is_step(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a figure is a step of the work, though its function is there for it: it is saved, and the function is
    called by another one."""
    function = module.function_of(call)
    return function is not None and bool(module.callers().get(function)) and _is_kept(module, rule, call)


def _is_kept(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a figure is saved whenever it is shown: under no condition that the call is not under as well, or
    under one and its contrary."""
    single: set[tuple[int, bool]] = set()
    for save in _saves_of(module, rule, call):
        conditions = _own_conditions(module, save, call)
        if conditions is None or len(conditions) > 1:
            continue
        if not conditions or (conditions[0][0], not conditions[0][1]) in single:
            return True
        single.update(conditions)
    return False


def _own_conditions(module: PythonModule, save: ast.Call, call: ast.Call) -> list[tuple[int, bool]] | None:
    """The conditions that `save` stands under and `call` does not; None where an error or a way out decides."""
    held = {(id(test), wanted) for test, wanted in module.guards(call)}
    found = []
    for test, wanted in module.guards(save):
        known = module.constant(test)
        if (id(test), wanted) not in held and (known is ... or bool(known) != wanted):
            found.append((id(test), wanted))
    ends = {id(test) for test in left_before(module, call)}
    handled = any(isinstance(each, ast.ExceptHandler) for each in module.ancestors(save))
    return None if handled or any(id(test) not in ends for test in left_before(module, save)) else found


def _in_page(module: PythonModule, call: ast.Call) -> bool:
    """Whether a figure is shown only where a notebook runs the code: `if in_notebook: show(p)`."""
    return any(wanted and _IN_PAGE.search(module.code(test)) for test, wanted in module.guards(call))


def _waits_for_option(module: PythonModule, test: ast.expr, wanted: bool) -> bool:
    """Whether a condition fails until an option is found among the arguments: `graph > 1`, `graph` being 0 before."""
    if isinstance(test, ast.BoolOp):
        known = [_waits_for_option(module, each, wanted) for each in test.values]
        return any(known) if isinstance(test.op, ast.And) else all(known)
    name, sure = test, True
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        name, limit = test.left, module.constant(test.comparators[0])
        above = isinstance(test.ops[0], ast.Gt) and isinstance(limit, int) and limit >= 0
        sure = above or (isinstance(test.ops[0], ast.Eq) and limit is not ... and bool(limit))
    if not isinstance(name, ast.Name) or not wanted or not sure:
        return False
    values = [binding.value for binding in module.bindings(name)[:_MOST_BINDINGS] if binding.kind == "assign"]
    given = [value for value in values if value is not None and under_option(module, value)]
    off = [value for value in values if value not in given and isinstance(value, ast.Constant) and not value.value]
    return bool(given and off) and len(given) + len(off) == len(module.bindings(name))


def _saved(module: PythonModule, rule: Rule, call: ast.Call, statement: ast.Expr) -> Fix | None:
    """The one figure that is shown, saved under the name of the script (and closed, where pyplot keeps it)."""
    pyplot = module.qualified(call.func) in rule.table("pyplot_shows")
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    bare = owner is None and pyplot and _all_from_pyplot(module)
    if not bare and not (pyplot and owner is not None) and not _is_figure(module, rule, owner):
        return None
    if not module.runs_once(call) or (pyplot and _open_figures(module, rule, call) > 1):
        return None
    from canfar_lint.fixing.python import fix, replaced

    name, prefix = _new_name(module, call), "" if owner is None else f"{module.code(owner)}."
    code = f'{prefix}savefig("{name}")' + (f"\n{prefix}close()" if pyplot else "")
    return fix(f"Save the figure as `{name}`", replaced(module, statement, code), UNSAFE)


def _all_from_pyplot(module: PythonModule) -> bool:
    """Whether `savefig` and `close` are there by a star import alone."""
    bound = any(name in scope.bindings for scope in module.scopes.values() for name in ("savefig", "close", "show"))
    return not bound and len(module.star_imports) == 1


def _is_figure(module: PythonModule, rule: Rule, owner: ast.expr | None) -> bool:
    """Whether a name holds a figure of matplotlib."""
    if not isinstance(owner, ast.Name):
        return False
    made = set(module.qualified_all(owner)) or _unpacked(module, owner)
    return bool(made & set(next(iter(rule.table("figures").values()))))


def _unpacked(module: PythonModule, owner: ast.Name) -> set[str]:
    """What made the figure of `fig, ax = plt.subplots()`."""
    return {
        module.qualified(binding.value)
        for binding in module.bindings(owner)
        if binding.kind == "unpack" and isinstance(binding.value, ast.Call)
    }


def _open_figures(module: PythonModule, rule: Rule, call: ast.Call) -> int:
    """How many figures are open at most when `call` shows them: those made since the last one that shows or closes."""
    made = frozenset(rule.table("pyplot_figures"))
    ends = frozenset(rule.table("pyplot_shows")) | frozenset(rule.table("pyplot_closes"))
    scope = module.scope_of(call)
    begin = max(
        (c.lineno for c in module.calls(ends) if c.lineno < call.lineno and module.scope_of(c) is scope), default=0
    )
    count = 0
    for figure in module.calls(made):
        within = module.scope_of(figure) is scope and begin < figure.lineno <= call.lineno
        count += (2 if module.loops(figure) else 1) if within else 0
    return count


def _new_name(module: PythonModule, call: ast.Call) -> str:
    """A name for the picture that nothing in the file has: the script's, numbered when it shows several."""
    stem = stem_of(module)
    shows = module.calls_named("show")
    names = [f"{stem}.png"] if len(shows) < 2 and f"{stem}_1.png" not in module.text else []
    number = shows.index(call) + 1
    names += [f"{stem}_{n}.png" for n in range(number, number + 100)]
    return next((name for name in names if name not in module.text), f"{stem}_{call.lineno}.png")
