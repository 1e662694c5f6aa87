"""Training that keras does by itself: `model.fit(images, labels, epochs=200)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canfar_lint.catalogue.rule import Rule
    from canfar_lint.model.python import PythonModule

_OF_KERAS = re.compile(r"(?m)^[ \t]*(?:from|import)[ \t]+(?:tensorflow|tf_keras|keras)\b")


def unsaved(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, bool]]:
    """The fits of many epochs that none of their callbacks saves, and whether one is known to take long.

    What is not known of the callbacks may save.
    """
    if not _OF_KERAS.search(module.text):
        return
    tables = rule.body["tables"]
    heavy = re.search(tables["heavy"], module.text) is not None
    least = tables["short_training_in_notebook" if module.notebook else "short_training"]
    for call in module.methods(tables["fits"]):
        epochs = module.argument(call, "epochs") or module.argument(call, "nb_epoch")
        number = module.constant(epochs) if epochs is not None else None
        if not isinstance(number, int) or number < least or any(each.arg is None for each in call.keywords):
            continue
        given = module.argument(call, "callbacks")
        if given is None or all(_is_quiet(module, each, tables["quiet"]) for each in _callbacks(module, given)):
            yield call, heavy and number >= tables["long_training"]


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
