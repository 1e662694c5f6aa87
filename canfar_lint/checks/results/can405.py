"""Long computations that could write down their progress and do not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import unglued
from canfar_lint.checks._outputs import stem_of
from canfar_lint.checks.results._anew import begins_anew, begun_anew, is_repeated
from canfar_lint.checks.results._fits import unsaved
from canfar_lint.checks.results._lengths import (
    below,
    is_long,
    is_many,
    is_plain,
    is_short,
    is_short_unless_told,
    reaches,
    runs,
    step_count,
)
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.python import PythonModule

# what keeps a model in a form that a file can be made of
_FRAMEWORK = re.compile(
    r"(?m)^[ \t]*(?:import|from)[ \t]+(?:torch|tensorflow|keras|jax|flax|optax|equinox|haiku|lightning|"
    r"pytorch_lightning|fastai|mxnet|paddle)\b|\.zero_grad\("
)
_OF_EACH = ", with a file of its own for every fit"


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    table = rule.table("calls")
    for call in module.calls(table):
        entry = next(table[name] for name in module.qualified_all(call.func) if name in table)
        kept = _keeps_progress(module, call, entry) or _written_by_hand(module, rule)
        plain = is_plain(module, call, entry)
        if (plain and not is_many(module, call, entry)) or _is_handed_back(module, call, entry):
            continue
        if _is_off(module, call) or module.source.lies_in(rule.table("trial_files")):
            continue
        if not kept and not is_short(module, call, entry) and not _knows_checkpoints(module, call):
            code, span = module.code(call.func), module.name_span(call)
            if _is_emcee_2(module, call):
                yield rule.finding(span, variant="old", call=code)
                continue
            fix = _fix(module, call, entry, table)
            short = plain or is_short_unless_told(module, call, entry) or _is_never_called(module, call)
            long = not short and is_long(module, call, entry, rule)
            told = entry["told"] + (_OF_EACH if is_repeated(module, call) else "")
            yield rule.finding(span, variant=None if long else "unknown", call=code, instead=told, fix=fix)
        for caller in _refusing(module, call, entry) if kept else ():
            name = module.code(caller.func)
            yield rule.finding(module.name_span(caller), call=name, instead=entry["told"])
    yield from begun_anew(module, rule)
    yield from _training(module, rule)
    trial = module.source.lies_in(rule.table("trial_files"))
    for call, long in unsaved(module, rule):
        if not _is_off(module, call):
            variant = "fit" if long and not trial else "fit-unknown"
            each = " with a folder of its own for every fit" if is_repeated(module, call) else ""
            yield rule.finding(module.name_span(call), variant=variant, call=module.code(call.func), each=each)


def _is_emcee_2(module: PythonModule, call: ast.Call) -> bool:
    """Whether a sampler is told or asked what only emcee 2 knew, which has no backends."""
    if not module.qualified(call.func).startswith("emcee."):
        return False
    if module.keyword(call, "threads") is not None:
        return True
    targets = {module.code(target) for target in _targets(module.parent_statement(call))}
    return any(module.code(each.value) in targets for each in module.attributed("pool"))


def _is_never_called(module: PythonModule, call: ast.Call) -> bool:
    """Whether a script or notebook has a function that nothing of it calls or hands on."""
    function = module.function_of(call)
    if function is None or not module.is_script or isinstance(module.parent(function), ast.ClassDef):
        return False
    uses = module.loads(function.name)
    return not any(function not in module.ancestors(use) for use in uses)


def _fix(module: PythonModule, call: ast.Call, entry: dict[str, Any], table: dict[str, Any]) -> Fix | None:
    """The argument that switches checkpoints on, with a name after the script; for the one run of the one sampler."""
    steps = list(runs(module, call, entry)) if "step_gives" in entry else []
    taker = steps[0] if len(steps) == 1 else call
    code = entry.get("gives") or (entry.get("step_gives") if len(steps) == 1 else None)
    if code is None or len(list(module.calls(table))) != 1 or not module.runs_once(call) or not module.runs_once(taker):
        return None
    from canfar_lint.fixing.python import can_import, with_argument

    needs = tuple(entry.get("needs", ()))
    added = with_argument(module, taker, code.replace("STEM", stem_of(module)))
    if not added or not all(can_import(module, name, taker) for name in needs):
        return None
    return Fix("Write down the progress", added, UNSAFE, needs)


def _keeps_progress(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    if module.is_open_ended(call):
        return True
    for keyword in call.keywords:
        if keyword.arg in entry["any"] and module.constant(keyword.value) not in (None, ""):
            return True
    return any(_keeps_progress(module, step, {"any": entry["any"]}) for step in runs(module, call, entry))


def _refusing(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> Iterator[ast.Call]:
    """The calls that give no place for the progress, `fit(steps=8000, backend=None)`, to a function which would use it.

    Their run is long by a number of steps.
    """
    function = module.function_of(call)
    places = [each.value.id for each in call.keywords if each.arg in entry["any"] and isinstance(each.value, ast.Name)]
    counts = {count.id for step in runs(module, call, entry) if isinstance(count := step_count(module, step), ast.Name)}
    callers = module.callers().get(function, []) if function is not None and len(places) == 1 else []
    for caller in callers:
        refused = module.keyword(caller, places[0])
        long = any(
            each.arg in counts and reaches(module, each.value, entry.get("short", 0)) for each in caller.keywords
        )
        if refused is not None and isinstance(refused.value, ast.Constant) and refused.value.value is None and long:
            yield caller


def _written_by_hand(module: PythonModule, rule: Rule) -> bool:
    """Whether a loop around a sampler's runs or over its steps writes down what it has so far."""
    saving = re.compile(rule.table("saving") + "|flush|to_|savetxt|create_dataset")
    for call in module.methods(("sample", "run_mcmc", "iterations")):
        around = [loop for loop in module.loops(call) if isinstance(loop, (ast.For, ast.While))]
        for loop in (*around, *_loops_over(module, call)):
            names = [name for name in _called(loop) if "fig" not in name]
            if any(saving.search(name) for name in names) or _fills_file(module, loop):
                return True
    return False


_FILLED = ("h5py.File", "tables.open_file", "zarr.open", "netCDF4.Dataset")


def _loops_over(module: PythonModule, call: ast.Call) -> Iterator[ast.For]:
    """The loops over what a call gives, by itself or by a name."""
    named = {target.id for target in _targets(module.parent_statement(call)) if isinstance(target, ast.Name)}
    for loop in module.nodes(ast.For):
        inside = list(ast.walk(loop.iter))
        if call in inside or any(isinstance(each, ast.Name) and each.id in named for each in inside):
            yield loop


def _targets(statement: ast.stmt) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else []


def _fills_file(module: PythonModule, loop: ast.AST) -> bool:
    """Whether a loop opens a file to add to it."""
    for call in module.calls(_FILLED):
        if loop in module.ancestors(call) and any(module.constant(arg) in ("a", "r+", "w") for arg in call.args[1:2]):
            return True
    return False


_OF_CHECKPOINTS = re.compile(r"(?i)check_?point|resum(?:e|ing)(?![a-z])")


def _knows_checkpoints(module: PythonModule, call: ast.Call) -> bool:
    """Whether the class that a call stands in, or else the whole file, has names for checkpoints of its own."""
    whole = next((node for node in module.ancestors(call) if isinstance(node, ast.ClassDef)), module.tree)
    for node in ast.walk(whole):
        if isinstance(node, ast.keyword) and begins_anew(module, node):
            continue
        for field in ("name", "id", "attr", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and _OF_CHECKPOINTS.search(name):
                return True
    return False


def _is_off(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call stands behind a switch that is set the other way, if only by default: `if keep: … else: …`.

    A parameter that some call here sets is none.
    """
    for test, holds in module.guards(call):
        switch, wanted = _switch(module, test, holds)
        bindings = module.bindings(switch) if isinstance(switch, ast.Name) else []
        bound = bindings[0] if len(bindings) == 1 and bindings[0].kind in ("param", "assign") else None
        known = module.constant(bound.value) if bound is not None and bound.value is not None else ...
        if bound is None or not isinstance(known, bool) or known == wanted:
            continue
        given = module.given(bound.node) if isinstance(bound.node, ast.arg) else []
        if all(module.constant(each) is known for _, each in given):
            return True
    return False


def _switch(module: PythonModule, test: ast.expr, wanted: bool) -> tuple[ast.expr, bool]:
    """What a condition asks, and what it must be: `not keep`, `keep == False`."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, wanted = test.operand, not wanted
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        compared = module.constant(test.comparators[0])
        if isinstance(compared, bool):
            return test.left, wanted == compared
    return test, wanted


def _is_handed_back(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether a function only makes the sampler: its callers say how long it runs, and those here not long."""
    function = module.function_of(call)
    if function is None or "steps" not in entry or list(runs(module, call, entry)):
        return False
    names = {target.id for target in _targets(module.parent_statement(call)) if isinstance(target, ast.Name)}
    if not any(_hands_on(node, call, names) for node in ast.walk(function)):
        return False
    steps = [step for step in module.methods(entry["steps"]) if _made_by(module, step, function)]
    counts = [step_count(module, step) for step in steps]
    return all(count is not None and below(module, count, entry.get("short", 0)) for count in counts)


def _hands_on(node: ast.AST, call: ast.Call, names: set[str]) -> bool:
    """Whether a node returns what a call makes, by itself or by one of its names."""
    inside = list(ast.walk(node)) if isinstance(node, ast.Return) else []
    return call in inside or any(isinstance(each, ast.Name) and each.id in names for each in inside)


def _made_by(module: PythonModule, step: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether what a method is called of comes from a call of a function."""
    owner = step.func.value if isinstance(step.func, ast.Attribute) else None
    bound = [binding.value for binding in module.bindings(owner)] if isinstance(owner, ast.Name) else [owner]
    return any(isinstance(made, ast.Call) and module.function_named(made.func) is function for made in bound)


# -- training loops -------------------------------------------------------------------------------------------


def _training(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if not _FRAMEWORK.search(module.text):
        return
    seen: set[ast.AST] = set()
    saving = re.compile(rule.table("saving"))
    for call in module.methods(rule.table("training")):
        loops = [loop for loop in module.loops(call) if isinstance(loop, ast.For)]
        outer = loops[-1] if loops else None
        if outer is None or outer in seen or not _counts(module, outer):
            continue
        seen.add(outer)
        names = _called(outer)
        if not names & set(rule.table("stepping")) or _is_short_loop(module, rule, outer):
            continue
        names |= {name for function in _methods_of(module, outer) for name in _called(function)}
        if not any(saving.search(name) for name in names):
            start, end = module.span(outer)[0], module.span(outer.iter)[1]
            instead = "torch.save" if "torch" in module.text else "model.save"
            fix = _saved(module, outer) if instead == "torch.save" else None
            long = _is_long_training(module, rule, outer) and not _is_trial(module, rule, outer)
            variant = "training" if long else "training-unknown"
            yield rule.finding((start, end), variant=variant, instead=instead, fix=fix)


def _methods_of(module: PythonModule, loop: ast.For) -> Iterator[ast.AST]:
    """The functions and methods of the file that a loop calls: one of them may save the model."""
    for node in ast.walk(loop):
        function = module.function_named(node.func) if isinstance(node, ast.Call) else None
        if function is not None:
            yield function
    owner = next((node for node in module.ancestors(loop) if isinstance(node, ast.ClassDef)), None)
    names = _called(loop)
    yield from (n for n in (owner.body if owner else ()) if isinstance(n, ast.FunctionDef) and n.name in names)


def _is_long_training(module: PythonModule, rule: Rule, loop: ast.For) -> bool:
    """Whether anything tells that training takes hours: layers, pictures that a turn takes, the number of epochs."""
    counted = loop.iter.args[-1] if isinstance(loop.iter, ast.Call) and loop.iter.args else None
    if counted is not None and reaches(module, counted, rule.table("many_epochs")):
        return True
    layers = re.search(rule.table("layers"), module.text)
    return layers is not None or re.search(rule.table("pictures"), module.code(loop)) is not None


def _is_trial(module: PythonModule, rule: Rule, loop: ast.For) -> bool:
    """Whether a loop tries a model out, or goes over one batch again and again and nothing says how often."""
    if module.source.lies_in(rule.table("trial_files")):
        return True
    if any(isinstance(node, (ast.For, ast.While)) and node is not loop for node in ast.walk(loop)):
        return False
    counted = loop.iter.args[-1] if isinstance(loop.iter, ast.Call) and loop.iter.args else None
    if counted is None or not reaches(module, counted, rule.table("short_steps")):
        return True
    function = module.function_of(loop)
    return function is not None and re.search(rule.table("trials"), unglued(function.name).lower()) is not None


def _saved(module: PythonModule, loop: ast.For) -> Fix | None:
    """The state of the model and of its optimizer, saved at the end of every turn."""
    if not module.runs_once(loop):
        return None
    for call in module.methods(("step",)):
        optimizer = call.func.value if isinstance(call.func, ast.Attribute) else None
        if not isinstance(optimizer, ast.Name) or loop not in module.ancestors(call):
            continue
        made = module.resolve(optimizer)
        given = made.args[0] if isinstance(made, ast.Call) and made.args else None
        owner = given.func if isinstance(given, ast.Call) and not given.args else None
        if not isinstance(owner, ast.Attribute) or owner.attr != "parameters" or not isinstance(owner.value, ast.Name):
            continue
        model = owner.value.id
        same = module.scope_of(loop) is module.scope_of(made) or module.scope_of(made).kind == "module"
        from canfar_lint.fixing.python import can_import, fix, line_after

        state = f'{{"model": {model}.state_dict(), "optimizer": {optimizer.id}.state_dict()}}'
        code = f'torch.save({state}, "{stem_of(module)}_checkpoint.pt")'
        if same and can_import(module, "torch", loop):
            return fix("Save a checkpoint in every turn", line_after(module, loop.body[-1], code), UNSAFE, ("torch",))
    return None


def _counts(module: PythonModule, loop: ast.For) -> bool:
    """Whether a loop counts epochs or steps, and is no pass over the data."""
    iterated = loop.iter
    if isinstance(iterated, ast.Call) and module.qualified(iterated.func).startswith("tqdm") and iterated.args:
        iterated = iterated.args[0]
    called = module.qualified(iterated.func) if isinstance(iterated, ast.Call) else ""
    target = module.code(loop.target)
    if called.endswith("range") and isinstance(iterated, ast.Call) and _over_data_or_resumed(module, iterated):
        return False
    return called.endswith(("range", "count", "trange")) or "epoch" in target


def _over_data_or_resumed(module: PythonModule, counted: ast.Call) -> bool:
    """Whether a range counts what there is of something, or begins where an earlier run has ended."""
    sizes = [node for arg in counted.args[:2] for node in ast.walk(arg) if isinstance(node, ast.Call)]
    if any(module.code(size.func) == "len" for size in sizes):
        return True
    begins = counted.args[0] if len(counted.args) > 1 else None
    return begins is not None and re.search(r"(?i)start|begin|resum|last|initial|done", module.code(begins)) is not None


def _is_short_loop(module: PythonModule, rule: Rule, loop: ast.For) -> bool:
    counted = loop.iter.args if isinstance(loop.iter, ast.Call) else []
    most = rule.table("short_training_in_notebook" if module.notebook else "short_training")
    if not any(isinstance(node, (ast.For, ast.While)) and node is not loop for node in ast.walk(loop)):
        most = rule.table("short_steps")  # one batch a turn
    if module.notebook and len(counted) in (1, 2):
        return not reaches(module, counted[-1], most)
    return len(counted) in (1, 2) and below(module, counted[-1], most)


def _called(loop: ast.AST) -> set[str]:
    """The last words of everything a loop calls."""
    calls = [node.func for node in ast.walk(loop) if isinstance(node, ast.Call)]
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls}
