"""Ways out by which a program counts as succeeded although it has just said that something is wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.checks.headless._showing import is_typed
from canfar_lint.diagnostic import UNSAFE, Edit, Fix
from canfar_lint.model.python import PythonModule

_EXITS = ("sys.exit", "builtins.exit", "builtins.quit", "os._exit")
_WRONG = re.compile(
    r"(?i)\b(error|fail(s|ed|ure)?|abort(s|ed|ing)?|not found|no such|missing|cannot|can't|could ?n[o']t|unable|"
    r"invalid|incorrect|wrong|must be|did ?n[o']t|(is|are|was) no\b|do(es)? ?n[o']t (have|exist|match)|"
    r"not (a |be |the )?(valid|supported|recogni[sz]ed|known|enough|exist\w*|same|match\w*))\b"
)
# there is nothing left to do: `out.npz already exists. Aborting`
_DONE = re.compile(r"(?i)^(?!.*\b(error|fail|invalid|wrong|differ)).*\balready\b")
_TALKS = frozenset(("print", "error", "critical", "fatal", "exception", "warning", "warn", "write", "print_exc"))
_NEAR = 5


def succeeding(module: PythonModule) -> Iterator[ast.Call]:
    """The calls that end a program without a status, in a branch that has told of an error before."""
    if module.notebook:
        return
    for call in module.calls(_EXITS):
        statement = module.parent(call)
        if not isinstance(statement, ast.Expr) or not _has_no_status(module, call) or not _has_told(module, statement):
            continue
        reached = module.on_main_path(call) or not module.is_script  # which others call
        if reached and not module.user_guarded(call) and not is_typed(module, call):
            yield call


def status_given(module: PythonModule, call: ast.Call) -> Fix:
    """The call with a status that is not 0."""
    start, end = module.span(call.args[0]) if call.args else (module.span(call)[1] - 1,) * 2
    return Fix("End as failed", (Edit(start, end, "1"),), UNSAFE)


def _has_no_status(module: PythonModule, call: ast.Call) -> bool:
    if call.keywords or not call.args:
        return not call.keywords
    status = module.constant(call.args[0])
    return status == 0 and status is not False


def _has_told(module: PythonModule, statement: ast.stmt) -> bool:
    around = module.parent(statement)
    handles = isinstance(around, ast.ExceptHandler) and "KeyboardInterrupt" not in module.code(around).partition(":")[0]
    if not handles and not isinstance(around, ast.If):
        return False
    told = [words for words in map(_said, module.before(statement)[-_NEAR:]) if words is not None]
    return bool(told) and (handles or any(_WRONG.search(words) and not _DONE.search(words) for words in told))


def _said(statement: ast.stmt) -> str | None:
    """The words that a statement prints or logs; None when it does something else."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return None
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in _TALKS:
        return None
    texts = (n.value for arg in call.args for n in ast.walk(arg) if isinstance(n, ast.Constant))
    return " ".join([name, *(text for text in texts if isinstance(text, str))])
