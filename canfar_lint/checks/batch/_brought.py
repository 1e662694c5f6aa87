"""Whether a file is there because the program itself, or a command that it starts, has brought it."""

from __future__ import annotations

import ast
import re

from canfar_lint.checks._commands import started
from canfar_lint.checks.batch._made import last_part
from canfar_lint.model.python import PythonModule

_RUNS = frozenset(("os.system", *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output"))))
_UNPACKING = frozenset(("unzip", "gunzip", "bunzip2", "unxz", "uncompress", "funpack", "unrar", "7z"))
_BRINGS = re.compile(r"(?i)_?(get|pull|download|fetch|retrieve)(_\w+)?")
_PACKED = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".zip")
_SHOWING = ("open", "xdg-open", "evince", "eog", "ds9")
_IDLE = frozenset(("rm", "mkdir", "cd", "echo", "clear", "ls", "rmdir", "date", *_SHOWING))
_FETCHED = re.compile(r"(?m)^[ \t]*(!|%sx |%system )[ \t]*(wget|curl|tar|unzip|gunzip|git clone)\b")


def is_brought(module: PythonModule, place: ast.AST, name: str) -> bool:
    """Whether a program just before, or a notebook's commands somewhere before, bring the data with them."""
    if _is_product(module, place) or _is_fetched(module, place, name) or _is_of_archive(module, place):
        return True
    if not module.notebook:
        return False
    fetched = _FETCHED.search(module.source.text)
    return fetched is not None and fetched.start() < module.span(place)[0]


def _is_product(module: PythonModule, place: ast.AST) -> bool:
    """Whether the statement just before runs a program, of which this is the result."""
    before = next(reversed(module.before(module.parent_statement(place))), None)
    call = before.value if isinstance(before, ast.Expr) else None
    if not isinstance(call, ast.Call) or module.qualified(call.func) not in _RUNS:
        return False
    return not any(start.command.name in _IDLE for start in started(module) if start.call is call)


def _is_of_archive(module: PythonModule, place: ast.AST) -> bool:
    """Whether the same function has fetched an archive before: `packages.get("beams.tar.gz", "./")`."""
    memo = module.memo("archives fetched")
    if "all" not in memo:
        memo["all"] = [call for call in module.all_calls if _fetches_archive(module, call)]
    calls = memo["all"]
    assert isinstance(calls, list)
    function, start = module.function_of(place), module.span(place)
    return any(module.span(call) < start and module.function_of(call) is function for call in calls)


def _fetches_archive(module: PythonModule, call: ast.Call) -> bool:
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = (module.constant(given) for given in call.args[:4]) if _BRINGS.fullmatch(last) else ()
    return any(isinstance(text, str) and text.endswith(_PACKED) for text in texts)


def _is_fetched(module: PythonModule, place: ast.AST, name: str) -> bool:
    """Whether commands that the same function has started before unpack an archive, or fetch a file of that name."""
    function = module.function_of(place)
    for start in started(module):
        if module.function_of(start.call) is not function or module.span(start.call) >= module.span(place):
            continue
        words = [word.value or word.head for word in start.command.arguments]
        packed = start.command.name in _UNPACKING or (start.command.name == "tar" and any("x" in w for w in words[:1]))
        if packed and last_part(name).rpartition(".")[0]:
            return True
        if start.command.name in ("wget", "curl") and any(last_part(word) == last_part(name) for word in words):
            return True
    return False
