"""How long a sampler runs, as far as a file tells: its steps, its parameters, its likelihood."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT

_FEW, _MANY = 2, 10_000
_NUMBERS = ("builtins.int", "builtins.float")
_SETTINGS = re.compile(r"(?i)(^|\.)(settings?|config(uration)?|conf|cfg|constants?|globals|param(eter)?s)\.\w+$")
# functions of a likelihood that are looked at
_DEEP = 30


def is_long(module: PythonModule, call: ast.Call, entry: dict[str, Any], rule: Rule) -> bool:
    """Whether anything tells that a run takes hours: its steps, parameters or live points, a pool, costly steps.

    With a formula for its likelihood neither many parameters nor a thousand live points do, nor a pool.
    """
    made, most = sampler_of(module, call, entry), rule.table("long")
    likelihood = module.argument(made, *entry["likelihood"]) if "likelihood" in entry else None
    asked = list(_asked(module, likelihood)) if likelihood is not None else []
    formula = bool(asked) and all(re.match(rule.table("formulas"), name) for name in asked)
    taking = [*dict.fromkeys((call, made)), *runs(module, call, entry)]
    taking += [run for run in module.methods(entry.get("then", ())) if _runs(module, run, call)]
    live = most["live_of_formula" if formula else "live"]
    if any(
        (not formula and _has_workers(module, each, rule)) or _has_live(module, each, rule, live) for each in taking
    ):
        return True
    given = module.argument(made, *entry["dimension"]) if "dimension" in entry else None
    if not formula and (_number(module, given) or 0) >= most["parameters"]:
        return True
    steps = max((_number(module, step_count(module, step)) or 0 for step in runs(module, call, entry)), default=0)
    walkers = _number(module, module.argument(made, *entry["walkers"])) if "walkers" in entry else None
    if formula:
        return bool(steps * (walkers or 1) >= most["evaluations_of_formula"])
    if steps >= most["steps"] or steps * (walkers or 0) >= most["evaluations"]:
        return True
    return any(re.match(rule.table("costly"), name) for name in asked)


def sampler_of(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> ast.Call:
    """The call that makes the sampler: itself, or for `sampler.run_nested()` what the name was bound to."""
    if "steps" not in entry and isinstance(call.func, ast.Attribute) and call.func.attr == "run_nested":
        made = module.resolve(call.func.value)
        return made if isinstance(made, ast.Call) else call
    return call


def _has_workers(module: PythonModule, call: ast.Call, rule: Rule) -> bool:
    """Whether a call is given a pool, or the number of its processes: one process would take too long."""
    for word in rule.table("workers"):
        given = module.keyword(call, word)
        if given is None or module.constant(given.value) in (None, 0, 1, False):
            continue
        bindings = module.bindings(given.value) if isinstance(given.value, ast.Name) else []
        if not bindings or any(binding.kind != "param" for binding in bindings):
            return True
    return False


def _has_live(module: PythonModule, call: ast.Call, rule: Rule, least: int) -> bool:
    """Whether nested sampling is told to keep so many points that it takes long."""
    given = [each for word in rule.table("live_points") if (each := module.keyword(call, word)) is not None]
    return any(reaches(module, each.value, least) for each in given)


def _number(module: PythonModule, node: ast.expr | None) -> float | None:
    """A number, the length of a list that stands in the file, or how many a list of names has."""
    if node is None:
        return None
    value = module.value(node).constant
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    found = module.resolve(node)
    if isinstance(found, ast.Call) and module.code(found.func) == "len" and len(found.args) == 1:
        found = module.resolve(found.args[0])
        if isinstance(found, ast.Call) and len(found.args) == 1:
            found = module.resolve(found.args[0])  # `np.array([...])`
    return _length(found)


def _length(found: ast.expr) -> int | None:
    """How many a list that stands in the file has."""
    if isinstance(found, (ast.List, ast.Tuple)) and not any(isinstance(each, ast.Starred) for each in found.elts):
        return len(found.elts)
    return None


def _asked(module: PythonModule, likelihood: ast.expr) -> Iterator[str]:
    """The full names of what a likelihood calls, and what of this file it calls in turn; "" where one is not known."""
    todo: list[ast.AST] = [*meant(module, likelihood)] or [likelihood, module.resolve(likelihood)]
    seen: set[ast.AST] = set()
    while todo and len(seen) < _DEEP:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            yield module.qualified(node)
        for each in ast.walk(node):
            if isinstance(each, ast.Call):
                functions = list(meant(module, each.func))
                todo.extend(functions)
                if not functions:
                    yield module.qualified(each.func)


def meant(module: PythonModule, node: ast.expr) -> Iterator[ast.AST]:
    """The function of this file that an expression names, the method too: `self.likelihood`."""
    function = module.function_named(node)
    if function is not None:
        yield function
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        owner = next((each for each in module.ancestors(node) if isinstance(each, ast.ClassDef)), None)
        yield from (n for n in (owner.body if owner else ()) if isinstance(n, ast.FunctionDef) and n.name == node.attr)


def is_many(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether a script's run has many steps, however few parameters there are."""
    if module.notebook:
        return False
    counts = [step_count(module, step) for step in runs(module, call, entry)]
    return any(count is not None and reaches(module, count, _MANY) for count in counts)


def runs(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> Iterator[ast.Call]:
    """The calls that run the sampler a call makes, or where that cannot be told those that run any such sampler."""
    name = module.qualified(call.func)
    every = list(module.calls([f"{name}().{method}" for method in entry.get("steps", ())]))
    yield from [step for step in every if _runs(module, step, call)] or every


def _runs(module: PythonModule, step: ast.Call, call: ast.Call) -> bool:
    return isinstance(step.func, ast.Attribute) and module.resolve(step.func.value) is call


def is_short(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether every run is known to be short; in a notebook, where somebody looks on, none is known to be long."""
    most = entry.get("short", 0)
    limits = [module.keyword(call, name) for name in entry.get("short_by", ())]
    if any(limit is not None and below(module, limit.value, most) for limit in limits):
        return True
    counts = [step_count(module, step) for step in runs(module, call, entry)]
    if module.notebook:
        known = [*counts, *(limit.value for limit in limits if limit is not None)]
        return not any(count is not None and reaches(module, count, most) for count in known)
    return bool(counts) and all(
        count is not None and (below(module, count, most) or _is_set_elsewhere(module, count)) for count in counts
    )


def is_short_unless_told(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether the number of steps is an option, `int(args.steps)`, that is short where the user says nothing."""
    counts = [step_count(module, step) for step in runs(module, call, entry)]
    defaults = [_default(module, count) if count is not None else None for count in counts]
    return bool(defaults) and all(each is not None and below(module, each, entry.get("short", 0)) for each in defaults)


def _default(module: PythonModule, count: ast.expr) -> ast.expr | None:
    """What the parser gives for an option that is left out."""
    found = module.resolve(count)
    if isinstance(found, ast.Call) and module.qualified(found.func) in _NUMBERS and len(found.args) == 1:
        found = module.resolve(found.args[0])
    if not isinstance(found, ast.Attribute) or module.value(found).sources != {ARGUMENT}:
        return None
    for added in (*module.calls_named("add_argument"), *module.calls_named("add_option")):
        names = [module.constant(each) for each in added.args]
        if found.attr in (str(name).lstrip("-").replace("-", "_") for name in names):
            return module.argument(added, "default")
    return None


def _is_set_elsewhere(module: PythonModule, count: ast.expr) -> bool:
    """Whether a number of steps is a setting of another file, `config.steps`: it is known, and not here."""
    if not isinstance(count, ast.Attribute):
        return False
    return _SETTINGS.search(module.qualified(count) or module.code(count)) is not None


def step_count(module: PythonModule, step: ast.Call) -> ast.expr | None:
    """How many steps a call makes: `run_mcmc(start, 500)`, `sample(start, iterations=500)`."""
    sampling = isinstance(step.func, ast.Attribute) and step.func.attr == "sample"
    second = None if sampling else module.argument(step, "nsteps", 1)
    return second or module.argument(step, "iterations") or module.argument(step, "N")


def is_plain(module: PythonModule, call: ast.Call, entry: dict[str, Any]) -> bool:
    """Whether the fit has one or two parameters: a matter of minutes."""
    if "parameters" in entry:
        return _are_few(module, call, *entry["parameters"])
    if "dimension" not in entry:
        return False
    number = module.argument(sampler_of(module, call, entry), *entry["dimension"])
    known = module.constant(number)
    if number is not None and not isinstance(known, int):
        known = _length(module.resolve(number))
    return isinstance(known, int) and known <= _FEW


def _are_few(module: PythonModule, call: ast.Call, argument: str, method: str) -> bool:
    """Whether the prior that a sampler is given gets one or two parameters, each by a call of its own."""
    prior = module.argument(call, argument, 0)
    if not isinstance(prior, ast.Name) or not isinstance(module.resolve(prior), ast.Call):
        return False
    scope = module.scope_of(prior)
    uses = [use for use in module.loads(prior.id) if module.scope_of(use) is scope]
    added = [
        around for use in uses if isinstance(around := module.parent(use), ast.Attribute) and around.attr == method
    ]
    others = [use for use in uses if use is not prior and not isinstance(module.parent(use), ast.Attribute)]
    return 0 < len(added) <= _FEW and not others and not any(module.loops(each) for each in added)


def below(module: PythonModule, node: ast.expr, most: int) -> bool:
    """Whether a number is known, if only as a default, and less than the other."""
    value = module.value(node).constant
    return isinstance(value, (int, float)) and value < most


def reaches(module: PythonModule, node: ast.expr, least: int) -> bool:
    """Whether a number is known, if only as a default, and as much as the other or more."""
    value = module.value(node).constant
    return isinstance(value, (int, float)) and value >= least
