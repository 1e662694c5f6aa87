"""Conditions that leave an output to the user, and those that only say what the run works on."""

from __future__ import annotations

import ast
import re

from canfar_lint.checks._tasks import takes_one
from canfar_lint.model.python import PythonModule

# answers to whether something is wanted at all
_ANSWERS = re.compile(
    r"(?i)(y|yes|n|no|t|true|f|false|on|off|\d?|none|save|show|plot|write|test|debug|demo|check|verbose)$"
)


def is_asked_for(module: PythonModule, place: ast.AST, name: str) -> bool:
    """Whether an output of this name is written only when the user wants it, or never: `if args.save:`.

    One of several ways to work is no such wish, nor is an input that may be left out and is worked on.
    """
    if module.is_switched_off(place):
        return True
    choices = ((test, wanted) for test, wanted in module.guards(place) if module.is_user_choice(test))
    return any(not _says_how(module, test, wanted, name) for test, wanted in choices)


def _says_how(module: PythonModule, test: ast.expr, wanted: bool, name: str) -> bool:
    """Whether a condition is about the way of working, or about an input that is worked on where it is given."""
    words = _words(module, test)
    if words:
        answers = any(_ANSWERS.match(word) for word in words)
        in_name = wanted and any(word.lower() in name.lower() for word in words)
        return not answers and not (in_name and takes_one(module))
    around = module.parent(test)
    return wanted and isinstance(around, ast.If) and _works_on(module, around)


def _words(module: PythonModule, test: ast.expr) -> list[str]:
    """The words that a value is compared with; none where that is not all of a condition."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        each = [_words(module, value) for value in test.values]
        return [word for words in each for word in words] if all(each) else []
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return []
    word = module.constant(test.comparators[0])
    return [word] if isinstance(word, str) else []


def _works_on(module: PythonModule, around: ast.If) -> bool:
    """Whether what is asked for by its presence is given to a call: `if args.list is not None: read(args.list)`."""
    test = around.test
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.IsNot, ast.NotEq)):
        if module.constant(test.comparators[0]) not in (None, ""):
            return False
        test = test.left
    if not isinstance(test, (ast.Name, ast.Attribute)):
        return False
    asked = module.code(test)
    calls = (node for statement in around.body for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(given, type(test)) and module.code(given) == asked for call in calls for given in call.args)
