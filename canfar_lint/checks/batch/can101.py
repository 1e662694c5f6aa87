"""Questions to a person, which nobody answers in a batch job."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for instead, names in rule.table("questions").items():
        for call in module.calls(frozenset(names)):
            if not _optional(module, call):
                yield rule.finding(module.span(call), call=module.code(call), instead=instead)
    yield from _logins(module, rule)


def _logins(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Logins of libraries; an object of the class, as in `Eso().login`, logs in the same way."""
    table = rule.table("logins")
    for name, secrets in table.items():
        owner, _, method = name.rpartition(".")
        for call in module.calls(frozenset((name, f"{owner}().{method}"))):
            given = any(module.keyword(call, secret) for secret in secrets) or module.is_open_ended(call)
            # Subject() without a user name is anonymous
            asks = method != "Subject" or module.keyword(call, "username") is not None
            if asks and not given and len(call.args) < 2 and not left_to_user(module, call):
                instead = rule.table("login_instead")
                yield rule.finding(module.span(call), variant="login", call=module.code(call), instead=instead)


def _optional(module: PythonModule, call: ast.Call) -> bool:
    """Whether the question is asked only of who wants it; one that stands in for a missing argument is not."""
    if any(_missing(module, test) for test, _ in module.guards(call)):
        return False
    return left_to_user(module, call)


def _missing(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition asks if an argument was left out: `len(sys.argv) < 2`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Call) or not test.left.args:
        return False
    return module.qualified(test.left.func) == "builtins.len" and module.qualified(test.left.args[0]) == "sys.argv"
