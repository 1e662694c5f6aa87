"""Which calls write a file, which argument is its name, and when they run: shared by the rules about results.

The tables are CAN402's `writers`: `calls`, `methods`, `products`, `receivers`, `openers`, `casa` and `iraf`.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import (
    ARGUMENT,
    CONFIG,
    DYNAMIC,
    ENVIRONMENT,
    LITERAL,
    OVERRIDABLE,
    PARAMETER,
    Value,
    join,
)

WRITE, APPEND, UPDATE = "write", "append", "update"
_NO_NAME = re.compile(r"[\n\r]|\s\s")
LAUNCHER = re.compile(r"\.(parse_args|parse_known_args|parse_intermixed_args)\(\)|^(docopt|fire|typer|click|absl)\.")
ENVIRONMENT_KEY = re.compile(r"""\b(?:environ\s*\[|environ\.get\(|getenv\()\s*["'](\w+)["'](?!\s*\]\s*=[^=])""")
# what the environment says of the machine or the user is no input of a job
SETTINGS = re.compile(
    r"^(HOME|USER|LOGNAME|PATH|PYTHONPATH|TMPDIR|TMP|TEMP|DISPLAY|SHELL|HOSTNAME|PWD|CONDA_\w*|CUDA_\w*|TF_\w*|MPL\w*|"
    r"\w*_THREADS|\w*_CACHE\w*|\w*_DEBUG|WEBBPSF_PATH|CRDS_\w*|SLURM_CPUS_PER_TASK)$"
)


class Output(NamedTuple):
    """A call that writes to `name`; `does` is WRITE, APPEND (at the end of what is there) or UPDATE (in place)."""

    call: ast.Call
    name: ast.expr
    does: str


class Named(NamedTuple):
    """An output's name, and the call in which it is given: the output's own, or that of the function around it."""

    value: Value
    place: ast.Call


def writers() -> dict[str, Any]:
    """The table of writers."""
    from canfar_lint.catalogue import load

    table: dict[str, Any] = load().rules["CAN402"].table("writers")
    return table


def outputs(module: PythonModule) -> list[Output]:
    """The output calls of a module in source order; found once."""
    memo = module.memo("outputs")
    if "all" not in memo:
        found = {id(output.call): output for output in _found(module, writers())}
        memo["all"] = sorted(found.values(), key=lambda o: (o.call.lineno, o.call.col_offset))
    answer = memo["all"]
    assert isinstance(answer, list)
    return answer


def written_as(module: PythonModule, text: str | None) -> list[Output]:
    """The calls that write to what has a name, in source order; those of which it is not known for None."""
    memo = module.memo("written as")
    if "by name" not in memo:
        found: dict[str | None, list[Output]] = {}
        for output in outputs(module):
            if output.does == WRITE:
                found.setdefault(module.value(output.name).text, []).append(output)
        memo["by name"] = found
    by_name = memo["by name"]
    assert isinstance(by_name, dict)
    answer: list[Output] = by_name.get(text, [])
    return answer


def _found(module: PythonModule, table: dict[str, Any]) -> Iterator[Output]:
    for call in module.methods(table["products"]):
        name = _given(module, call, table["products"])
        if name is not None and _is_product(module, call, name, table["suffixes"]):
            yield Output(call, name, WRITE)
    for call in module.methods(table["methods"]):
        name = _given(module, call, table["methods"])
        if name is not None:
            yield Output(call, name, _mode_of(module, call, table["methods"]))
    for call in module.methods(table["receivers"]):
        assert isinstance(call.func, ast.Attribute)
        does = WRITE
        if call.func.attr == "open":
            does = _opened(module, call, ["mode", 0], "r")
        if does and module.value(call.func.value).pieces:
            yield Output(call, call.func.value, does)
    for call in module.calls(table["calls"]):
        for dotted in module.qualified_all(call.func):
            if dotted in table["calls"]:
                name = module.argument(call, *table["calls"][dotted])
                if name is not None:
                    yield Output(call, name, APPEND if dotted.endswith(".append") else WRITE)
    yield from _opening(module, table["openers"])
    yield from _tasks(module, table["casa"], table["iraf"])


def _given(module: PythonModule, call: ast.Call, specs: dict[str, Any]) -> ast.expr | None:
    assert isinstance(call.func, ast.Attribute)
    name, index = specs[call.func.attr]
    return module.argument(call, name, index)


def _mode_of(module: PythonModule, call: ast.Call, specs: dict[str, Any]) -> str:
    """`to_csv(…, mode="a")` appends."""
    keyword = module.keyword(call, "mode") or module.keyword(call, "if_exists")
    given = module.constant(keyword.value) if keyword is not None else None
    return APPEND if given in ("a", "append", "r+", "at") else WRITE


def _is_product(module: PythonModule, call: ast.Call, name: ast.expr, suffixes: list[str]) -> bool:
    """Whether `x.write(name)` or `x.save(name)` means a file of that name: by its suffix, or how it is written."""
    value = module.value(name)
    if _NO_NAME.search(value.skeleton):
        return False
    if any(re.match(r"builtins\.open\(\)|io\.", name) for name in module.qualified_all(call.func)):
        return False
    if any(module.keyword(call, word) for word in ("overwrite", "format", "clobber")):
        return True
    return value.suffix.lower().endswith(tuple(suffixes)) and " " not in value.skeleton


def _opened(module: PythonModule, call: ast.Call, mode: list[Any], default: str) -> str:
    """What a mode argument makes of an opening call: WRITE, APPEND, UPDATE, or "" for reading."""
    node = module.argument(call, mode[0], mode[1])
    given = default if node is None else module.constant(node)
    if not isinstance(given, str):
        return ""
    if "a" in given:
        return APPEND
    if "+" in given:
        return WRITE if "w" in given else UPDATE
    return WRITE if given[:1] in ("w", "x") else ""


def _opening(module: PythonModule, openers: dict[str, Any]) -> Iterator[Output]:
    for call in module.calls(openers):
        for dotted in module.qualified_all(call.func):
            if dotted in openers:
                parameter, index, mode, mode_index, default = openers[dotted]
                name = module.argument(call, parameter, index)
                does = _opened(module, call, [mode, mode_index], default)
                if name is not None and does:
                    yield Output(call, name, does)


def _tasks(module: PythonModule, casa: dict[str, list[str]], iraf: dict[str, list[Any]]) -> Iterator[Output]:
    """CASA tasks, also by their bare names as scripts run inside CASA call them, and tasks of PyRAF."""
    for task, parameters in casa.items():
        for call in module.calls_named(task):
            names = module.qualified_all(call.func)
            bare = isinstance(call.func, ast.Name) and not names and not module.bindings(call.func)
            if not bare and not any(re.match(r"(casatasks|casa|tasks|casashell)\b", name) for name in names):
                continue
            for parameter in parameters:
                name = module.argument(call, parameter)
                if name is not None and module.constant(name) != "":
                    yield Output(call, name, _task_mode(module, call))
                    break
    for task, (parameter, index) in iraf.items():
        for call in module.calls_named(task):
            if any(name.startswith(("pyraf.iraf.", "iraf.")) for name in module.qualified_all(call.func)):
                name = module.argument(call, parameter, index)
                # by default a task makes the name out of the image's
                if name is not None and module.constant(name) not in ("default", ""):
                    yield Output(call, name, WRITE)


def _task_mode(module: PythonModule, call: ast.Call) -> str:
    """`gaincal(…, append=True)` adds to a table; `append=number > 0` starts one and adds to it in later turns."""
    keyword = module.keyword(call, "append")
    given = module.constant(keyword.value) if keyword is not None else False
    if not isinstance(given, bool):
        return UPDATE
    return APPEND if given else WRITE


def names_of(module: PythonModule, output: Output) -> Iterator[Named]:
    """The names an output can get; a leading parameter is followed to the calls of its function, three deep."""
    queue: list[tuple[Value, ast.Call, int]] = [(module.value(output.name), output.call, 0)]
    for _ in range(32):
        if not queue:
            return
        value, place, depth = queue.pop()
        first = value.pieces[0] if value.pieces else None
        if first is None or first.text is not None or first.source != PARAMETER or not isinstance(first.node, ast.arg):
            yield Named(value, place)
        elif depth < 3:
            known = all(piece.text is not None and not piece.default for piece in value.pieces[1:])
            rest = Value(LITERAL if known else DYNAMIC, value.pieces[1:])
            for call, given in module.given(first.node):
                start = module.value(given)
                queue.append((join([start, rest], node=given) if rest.pieces else start, call, depth + 1))


def stem_of(module: PythonModule) -> str:
    """The file's own name without its suffix, as a name for what it writes."""
    return re.sub(r"[^\w-]+", "_", module.source.name.rpartition(".")[0]).strip("_") or "run"


def literal_span(module: PythonModule, node: ast.AST) -> tuple[int, int]:
    """The offsets of a constant; of the whole f-string when it is a part of one."""
    parent = module.parent(node)
    return module.span(parent if isinstance(parent, ast.JoinedStr) else node)


def file_literals(value: Value) -> list[ast.AST]:
    """The constants that a file's name (what stands behind a path's last slash) is made of, in order."""
    found: list[ast.AST] = []
    at_end = True
    for piece in reversed(value.pieces):
        text = (piece.text or "").rstrip("/") if at_end else piece.text or ""
        at_end = at_end and not text
        if piece.node is not None and text.rpartition("/")[2]:
            found.insert(0, piece.node)
        if "/" in text:
            break
    return found


def texts_with(module: PythonModule, part: str) -> list[ast.Constant]:
    """The text constants of a module that contain `part`, searched all at once: many questions are cheap."""
    memo = module.memo("texts")
    if "joined" not in memo:
        starts: list[int] = []
        texts: list[str] = []
        at = 0
        for node in module.strings:
            starts.append(at)
            texts.append(str(node.value))
            at += len(texts[-1]) + 1
        memo["joined"], memo["starts"] = "\0".join(texts), starts
    joined, places = memo["joined"], memo["starts"]
    assert isinstance(joined, str) and isinstance(places, list)
    found: list[ast.Constant] = []
    at = joined.find(part)
    while at >= 0 and len(found) < 500:
        index = bisect_right(places, at) - 1
        found.append(module.strings[index])
        after = places[index + 1] if index + 1 < len(places) else len(joined)
        at = joined.find(part, after)
    return found


def takes_input(module: PythonModule) -> bool:
    """Whether a script is told what to work on: by arguments, the environment, a replica's number."""
    memo = module.memo("outputs")
    if "takes input" not in memo:
        memo["takes input"] = _takes_input(module)
    return bool(memo["takes input"])


def _takes_input(module: PythonModule) -> bool:
    if re.search(r"\bREPLICA_(ID|COUNT)\b|\bSLURM_ARRAY_TASK_ID\b|\bcanfar\.helpers\b", module.text):
        return True
    if "argv" in module.text and re.search(r"\bargv\b(?!\s*\[\s*0\s*\]|\s*=)", module.text):
        return True
    if any(not SETTINGS.match(key) for key in ENVIRONMENT_KEY.findall(module.text)):
        return True
    return any(LAUNCHER.search(module.qualified(call.func) + "()") for call in module.all_calls)


def user_given(value: Value) -> bool:
    """Whether any part of a value comes from the user of the script, or is only a default of what does."""
    return value.kind == OVERRIDABLE or bool(value.sources & {ARGUMENT, ENVIRONMENT, CONFIG})


def is_literal(value: Value) -> bool:
    return value.kind == LITERAL and bool(value.pieces)


def written_names(module: PythonModule) -> dict[object, object]:
    """The nodes that stand in the names of outputs."""
    memo = module.memo("written names")
    if not memo:
        memo[0] = True
        memo.update((id(node), True) for output in outputs(module) for node in ast.walk(output.name))
    return memo
