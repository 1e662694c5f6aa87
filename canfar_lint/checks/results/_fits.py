"""Training that keras does by itself: `model.fit(images, labels, epochs=200)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.checks.results._lengths import meant

if TYPE_CHECKING:
    from canfar_lint.catalogue.rule import Rule
    from canfar_lint.model.python import PythonModule

_DEEP, _MOST = 4, 8
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# what a search for the best settings hands to the function that it calls
_OF_TRIAL = ("trial", "hp")
_OF_KERAS = re.compile(r"(?m)^[ \t]*(?:from|import)[ \t]+(?:tensorflow|tf_keras|keras)\b")


def unsaved(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, bool]]:
    """The fits of many epochs that none of their callbacks saves, and whether one is known to take long.

    What is not known of the callbacks may save. One of the fits of a loop, over folds or settings, is short.
    """
    if not _OF_KERAS.search(module.text):
        return
    tables = rule.body["tables"]
    heavy = re.compile(tables["heavy"])
    least = tables["short_training_in_notebook" if module.notebook else "short_training"]
    for call in module.methods(tables["fits"]):
        epochs = module.argument(call, "epochs") or module.argument(call, "nb_epoch")
        number = module.constant(epochs) if epochs is not None else None
        if not isinstance(number, int) or number < least or any(each.arg is None for each in call.keywords):
            continue
        given = module.argument(call, "callbacks")
        if given is None or all(_is_quiet(module, each, tables["quiet"]) for each in _callbacks(module, given)):
            long = number >= tables["long_training"] and not _is_one_of_many(module, call)
            yield call, long and _is_heavy(module, call, heavy)


def _is_one_of_many(module: PythonModule, call: ast.Call) -> bool:
    """Whether a loop fits again and again, itself or by the function around, or a search hands that a trial."""
    function = module.function_of(call)
    callers = module.callers().get(function, []) if function is not None else []
    tried = function is not None and any(each.arg in _OF_TRIAL for each in function.args.args)
    return tried or any(module.loops(each) for each in (call, *callers))


def _is_heavy(module: PythonModule, call: ast.Call, heavy: re.Pattern[str]) -> bool:
    """Whether the network that a call trains has layers that take long, as far as it is seen where it is built."""
    network = call.func.value if isinstance(call.func, ast.Attribute) else call
    return any(_has_layers(module, place, heavy) for place in _built(module, network, _DEEP))


def _has_layers(module: PythonModule, place: ast.AST, heavy: re.Pattern[str]) -> bool:
    """Whether a function, or the module outside of its functions, names such layers, or calls what does."""
    memo = module.memo("layers")
    if place not in memo:
        memo[place] = False
        todo, seen = [place], {place}
        while todo and not memo[place]:
            node = todo.pop()
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            memo[place] = isinstance(name, str) and heavy.search(name) is not None
            below = list(meant(module, node.func)) if isinstance(node, ast.Call) else []
            below += (
                each for each in ast.iter_child_nodes(node) if not isinstance(each, _DEFINED) or node is not place
            )
            todo += (each for each in below if each not in seen)
            seen.update(below)
    return bool(memo[place])


def _built(module: PythonModule, network: ast.expr, depth: int) -> Iterator[ast.AST]:
    """Where a network is built: a function that gives it, else what is around; for a parameter by who hands it in."""
    bindings = module.bindings(network) if isinstance(network, ast.Name) else []
    if isinstance(network, ast.Attribute):
        bindings = module.attribute_bindings(network)
    for binding in bindings[:_MOST] if depth else []:
        if binding.kind == "param" and isinstance(binding.node, ast.arg):
            for _, given in module.given(binding.node)[:_MOST]:
                yield from _built(module, given, depth - 1)
        elif binding.value is not None:
            yield from _built(module, binding.value, depth - 1)
    if isinstance(network, ast.Call):
        yield from list(meant(module, network.func)) or [module.function_of(network) or module.tree]


def _callbacks(module: PythonModule, given: ast.expr) -> list[ast.expr]:
    """The callbacks that are listed; the expression itself where they are not, or more are added to the list."""
    from canfar_lint.checks._threads import is_grown

    if is_grown(module, given):
        return [given]
    listed = module.resolve(given)
    return listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else [listed]


def _is_quiet(module: PythonModule, callback: ast.expr, quiet: list[str]) -> bool:
    """Whether a callback watches, stops or logs, and does not save."""
    made = module.resolve(callback)
    if isinstance(made, ast.Constant) and made.value is None:
        return True
    return isinstance(made, ast.Call) and module.code(made.func).rpartition(".")[2] in quiet
