"""Results written where the end of the session deletes them, and never brought away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import ephemeral as ephemeral_of
from canfar_lint.checks._fates import LEFT, SAID, Fates, is_path_work
from canfar_lint.checks._outputs import UPDATE, WRITE, Output, literal_span, names_of, outputs, texts_with
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_TEMPORARY = re.compile(r"^tempfile\.(mkdtemp|mkstemp|mktemp|gettempdir|TemporaryDirectory|NamedTemporaryFile)$")
_MOVES = ("shutil.move", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "os.rename", "os.replace")
_STARTS = re.compile(r"(os\.(system|popen|spawn\w+)|subprocess\.\w+|commands\.\w+)$")


class Lost(NamedTuple):
    """An output whose path begins at `start`, the literal with an ephemeral folder or a call of `tempfile`."""

    start: ast.AST
    text: str
    place: ast.Call
    order: tuple[tuple[int, int], ...]


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if module.source.lies_in(rule.table("build_scripts")):
        return
    ephemeral = ephemeral_of(rule)
    yield from _roots(module, rule, ephemeral)
    lost, last = _collect(module, rule, ephemeral)
    if not lost:
        return
    places = [one.place for found in lost.values() for one in found]
    fates = Fates(module, ephemeral, places)
    for start, group in lost.items():
        text = group[0].text
        found = [one for one in group if not _is_named_again(module, one, places)]
        if not found or fates.of(start, text.partition("…")[0]) != LEFT:
            continue
        final = last is not None and any(one.order == last for one in found)
        if _is_for_scratch(module, rule, start) and _writes_elsewhere(module, rule, ephemeral):
            continue
        temporary = isinstance(start, ast.Call)
        variant = ("temporary-final" if final else "temporary") if temporary else ("final" if final else None)
        span = module.span(start.func) if isinstance(start, ast.Call) else literal_span(module, start)
        yield rule.finding(span, variant=variant, path=text, root=_root(text, ephemeral))


def _roots(module: PythonModule, rule: Rule, ephemeral: re.Pattern[str]) -> Iterator[Finding]:
    """The places of results that a module only names, for the files that write there: `RESULTS_DIR = "/scratch/x"`."""
    for statement in () if module.is_script else module.tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(target, ast.Name) or not re.fullmatch(rule.table("roots"), target.id):
            continue
        assert isinstance(statement, ast.Assign)
        text = statement.value.value if isinstance(statement.value, ast.Constant) else None
        if isinstance(text, str) and ephemeral.match(text) and len(module.named(target.id)) == 1:
            yield rule.finding(module.span(statement.value), path=text, root=_root(text, ephemeral))


def _collect(
    module: PythonModule, rule: Rule, ephemeral: re.Pattern[str]
) -> tuple[dict[ast.AST, list[Lost]], tuple[tuple[int, int], ...] | None]:
    """The outputs on ephemeral storage by where their path begins, and the order of the program's last output."""
    lost: dict[ast.AST, list[Lost]] = {}
    last: tuple[tuple[int, int], ...] | None = None
    for output in (*outputs(module), *_folders(module, rule)):
        if output.does == UPDATE or module.qualified(output.call.func) in rule.table("downloads"):
            continue
        for value, place in names_of(module, output):
            order = _order(module, place)
            if re.search(rule.table("passing"), value.skeleton.lower()):
                continue
            if module.is_script and module.on_main_path(output.call) and (last is None or order > last):
                last = order
            start = _beginning(module, rule, value, ephemeral) or _went(module, ephemeral, value, place)
            if start is not None and not module.user_guarded(place):
                lost.setdefault(start, []).append(Lost(start, value.skeleton.replace("{}", "…"), place, order))
    return lost, last


def _folders(module: PythonModule, rule: Rule) -> Iterator[Output]:
    """Calls of other modules that are given a folder for what they make: `output_dir=`."""
    for call in module.all_calls:
        for keyword in call.keywords:
            foreign = keyword.arg in rule.table("folders") and module.function_named(call.func) is None
            if foreign and not _keeps_what_it_gets(module, rule, call):
                yield Output(call, keyword.value, WRITE)


def _keeps_what_it_gets(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """`rm = get_rm(…, output_dir=…)`: the answer is what the call is for, the folder has what it was got from."""
    name = module.qualified(call.func).rpartition(".")[2]
    return re.match(rule.table("getting"), name) is not None and not isinstance(module.parent(call), ast.Expr)


def _writes_elsewhere(module: PythonModule, rule: Rule, ephemeral: re.Pattern[str]) -> bool:
    """Whether the program also writes, moves or copies to a place that stays."""
    if any(True for _ in module.calls(_MOVES)):
        return True
    names = [named.value.skeleton for output in outputs(module) for named in names_of(module, output)]
    return any(not ephemeral.match(name) and not re.search(rule.table("passing"), name.lower()) for name in names)


def _is_for_scratch(module: PythonModule, rule: Rule, node: ast.AST) -> bool:
    """Whether a literal is given for a parameter that is there for temporary files: `temp_dir`, `cache`."""
    around = module.parent(node)
    if isinstance(around, ast.keyword):
        return re.search(rule.table("scratch"), around.arg or "") is not None
    if not isinstance(around, ast.Call) or node not in around.args:
        return False
    function = module.function_named(around.func)
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    bound = isinstance(module.parent(function), ast.ClassDef)  # the object itself comes first
    at = around.args.index(node) + bound
    return at < len(names) and re.search(rule.table("scratch"), names[at]) is not None


def _beginning(module: PythonModule, rule: Rule, value: Value, ephemeral: re.Pattern[str]) -> ast.AST | None:
    """Where an ephemeral path begins; None for any other path, and for what is only a default."""
    first = value.pieces[0] if value.pieces else None
    if first is None or first.default:
        return None
    if first.text is not None:
        return first.node if ephemeral.match(value.prefix) else None
    made = first.node
    if isinstance(made, ast.Attribute) and made.attr == "name":
        made = made.value
    made = module.resolve(made) if isinstance(made, ast.expr) else made
    if isinstance(made, ast.Call) and _TEMPORARY.match(module.qualified(made.func)) and module.is_script:
        products = tuple(rule.table("products"))
        return made if value.suffix.lower().endswith(products) and module.on_main_path(made) else None
    return None


def _went(module: PythonModule, ephemeral: re.Pattern[str], value: Value, place: ast.Call) -> ast.AST | None:
    """The ephemeral folder that the program went into before it writes to a relative path; None when it did not."""
    if module.function_of(place) is not None or value.prefix.startswith(("/", "~")) or not value.prefix:
        return None
    calls = [c for c in module.calls(("os.chdir",)) if c.args and module.function_of(c) is None]
    if len(calls) != 1 or calls[0].lineno > place.lineno or module.guards(calls[0]):
        return None
    folder = module.value(calls[0].args[0])
    first = folder.pieces[0] if folder.pieces else None
    if first is None or first.default or not ephemeral.match(folder.prefix):
        return None
    return first.node


def _is_named_again(module: PythonModule, lost: Lost, places: list[ast.Call]) -> bool:
    """Whether the file is handed to something other than what writes it: an archive, a program, its settings."""
    text = lost.text
    base = text.rpartition("/")[2]
    if not base or base == "…" or text == base:
        return False
    own = {id(place) for place in places} | {id(output.call) for output in outputs(module)}
    memo = module.memo("named files")
    if not memo:
        memo.update((id(call), _composed(module, call)) for call in module.all_calls if id(call) not in own)
        memo[0] = ()
    if any(text in names for names in memo.values() if isinstance(names, tuple)):
        return True
    if "…" in text:
        return False
    setting = re.compile(r"[\w\]]\s*=\s*[\"']?" + re.escape(text) + r"(?![\w./-])")
    if any(setting.search(str(node.value)) for node in texts_with(module, text)):
        return True
    return _goes_into(module, text.rpartition("/")[0]) and _in_command(module, base.rpartition(".")[0] or base)


def _composed(module: PythonModule, call: ast.Call) -> tuple[str, ...]:
    """The names of files that a call is given and that are put together of parts, holes written as `…`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in SAID or is_path_work(module.qualified(call.func)):
        return ()
    parts = [node for node in call.args if isinstance(node, (ast.JoinedStr, ast.BinOp, ast.Call))]
    return tuple(module.value(node).skeleton.replace("{}", "…") for node in parts)


def _goes_into(module: PythonModule, folder: str) -> bool:
    calls = module.calls(("os.chdir", "contextlib.chdir"))
    return any(call.args and (module.value(call.args[0]).text or "").rstrip("/") == folder for call in calls)


def _in_command(module: PythonModule, stem: str) -> bool:
    """Whether the text of a command that the program starts names a file, at least without its suffix."""
    for node in texts_with(module, stem) if len(stem) > 3 else ():
        parent = module.parent(node)
        call = module.parent(parent) if isinstance(parent, (ast.List, ast.Tuple)) else parent
        if isinstance(call, ast.Call) and _STARTS.match(module.qualified(call.func)):
            return True
    return False


def _order(module: PythonModule, call: ast.Call) -> tuple[tuple[int, int], ...]:
    """When a call runs, comparable within a program: its place, behind those of the calls that lead to it."""
    order: list[tuple[int, int]] = []
    for _ in range(4):
        order.insert(0, (call.lineno, call.col_offset))
        function = module.function_of(call)
        calls = module.callers().get(function, []) if function is not None else []
        if not calls:
            break
        call = calls[-1]
    return tuple(order)


def _root(text: str, ephemeral: re.Pattern[str]) -> str:
    """The ephemeral folder that a path is below."""
    found = ephemeral.match(text)
    return found[1] if found else text


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, left_to_person, made_by_hand
    from canfar_lint.checks._shell_outputs import beginning, is_used, root
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    if script.context not in JOB or made_by_hand(script):
        return
    ephemeral = ephemeral_of(rule)
    lost: dict[tuple[int, int], tuple[str, bool]] = {}
    last: tuple[int, int] | None = None
    for output in shell_outputs(script):
        text = beginning(script, output.word, output.command)
        name = text.lower().rpartition("/")[2]
        if output.command.name in rule.table("shell_notes") or re.search(rule.table("passing"), name):
            continue
        if text.startswith("/dev/") or output.word.tail.lower().endswith(tuple(rule.table("shell_passing"))):
            continue
        span = root(script, output.word, output.command).span
        if "function" not in output.command.context:
            last = span
        found = ephemeral.match(text)
        if not found or (len(text.rstrip("/")) <= len(found[1]) and output.word.value):
            continue
        if not is_used(script, output, text) and not left_to_person(script, output.command):
            lost[span] = (text if output.word.value else text.rstrip("/") + "/…", True)
        else:
            lost[span] = (text, False)
    for span, (text, is_lost) in lost.items():
        if is_lost:
            yield rule.finding(span, variant="final" if span == last else None, path=text, root=_root(text, ephemeral))


check_c_shell = check_shell
