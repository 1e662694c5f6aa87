"""Astronomy tasks that work at a window or ask, unless they are told not to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import is_fallback, is_shelved, left_to_user, under_option
from canfar_lint.diagnostic import SAFE, UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT, CONFIG, ENVIRONMENT

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script, Word

# what difmap, PGPLOT's programs and HEASoft's are told, and SPEX
_SAID = re.compile(
    r"^[ \t]*(?:(?:dev(?:ice)?|cpd|setplot[ \t]+dev(?:ice)?)[ \t]+(\d*/\w+)|pl(?:ot)?[ \t]+dev(?:ice)?[ \t]+(x[sw]))"
    r"[ \t]*\r?$",
    re.MULTILINE,
)
# what tells it
_SENDING = frozenset(("write", "writelines", "send", "sendline", "communicate", "run", "check_output", "check_call"))
_IRAF = re.compile(r"(^|\.)iraf\.([\w.]+)$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    tables = rule.body["tables"]
    for call, task in _casa_calls(module, tables):
        if not _is_optional(module, call):
            yield from _casa(module, rule, call, task)
    yield from _iraf(module, rule)
    yield from _devices(module, rule)
    if not module.notebook:
        for call in module.calls(frozenset(tables["apps"])):
            if not _is_optional(module, call):
                task = module.code(call.func)
                yield rule.finding(module.span(call), variant="window", task=task, instead=tables["app_instead"])


def _is_optional(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node runs only when somebody wants it, or no longer at all."""
    return left_to_user(module, node) or is_shelved(module, node)


# -- CASA -----------------------------------------------------------------------------------------------------


def _casa_calls(module: PythonModule, tables: dict[str, Any]) -> Iterator[tuple[ast.Call, str]]:
    """Calls of CASA's tasks: imported from CASA, or by their bare names as inside CASA."""
    wanted = frozenset((*tables["told"], *tables["windows"]))
    origins = tuple(tables["casa_modules"])
    for call in module.all_calls:
        func = call.func
        task = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        names = module.qualified_all(func) if isinstance(func, ast.Name) or task in wanted else ()
        last = next((name.rpartition(".")[2] for name in names), task)
        if last not in wanted:
            continue
        bare = isinstance(func, ast.Name) and not module.bindings(func)
        bare = bare and (last not in tables["ordinary"] or _is_in_casa(module, call, tables))
        if bare or any(name.partition(".")[0] in origins for name in names):
            yield call, last


def _is_in_casa(module: PythonModule, call: ast.Call, tables: dict[str, Any]) -> bool:
    """Whether a call under a name that others have as well is the CASA task: by its data set, or by the rest."""
    first = call.args[0] if call.args else None
    if first is not None and isinstance(module.constant(first), str):
        return True
    if any(binding.qualified.partition(".")[0] in tables["casa_modules"] for binding in module.imports):
        return True
    data = frozenset(tables["data_arguments"])
    return any(keyword.arg in data for each in module.all_calls for keyword in each.keywords)


def _casa(module: PythonModule, rule: Rule, call: ast.Call, task: str) -> Iterator[Finding]:
    tables = rule.body["tables"]
    name, wanted, instead = tables["told"].get(task, ("", (), ""))
    keyword = module.keyword(call, name)
    if keyword is not None:
        given = module.constant(keyword.value)
        if isinstance(keyword.value, ast.Name) and keyword.value.id == "T" and not module.bindings(keyword.value):
            given = True  # CASA has it among its names
        truth = isinstance(given, (bool, int)) and bool(given)
        if (truth if wanted is True else given in wanted) and not _opens_nothing(module, tables, call, task, given):
            told = module.code(keyword)
            fix = _off(module, keyword.value, SAFE if name == "showgui" else UNSAFE)
            yield rule.finding(module.span(keyword), told=told, task=task, instead=instead, fix=fix)
    if task not in tables["windows"] or module.is_open_ended(call):
        return
    shut, instead = tables["windows"][task]
    if not any(module.keyword(call, name) or _set_before(module, call, name) for name in shut):
        yield rule.finding(module.span(call), variant="window", task=task, instead=instead)


def _opens_nothing(module: PythonModule, tables: dict[str, Any], call: ast.Call, task: str, given: object) -> bool:
    """Whether a task that is told to interact has nothing to ask or to show: an image without cleaning, no report."""
    argument = tables["idle"].get(task)
    cycles = module.keyword(call, argument) if argument else None
    if cycles is not None and module.constant(cycles.value) == 0:
        return True
    if given != "report":
        return False
    said = {name: module.keyword(call, name) for name in tables["reporting"][task]}
    return not any(k is not None and module.constant(k.value) in tables["reporting"][task][n] for n, k in said.items())


def _off(module: PythonModule, value: ast.expr, level: str = UNSAFE) -> Fix | None:
    """The value that means no: `False`, `"no"`, `iraf.no`, or no display."""
    from canfar_lint.fixing.python import fix, replaced

    code, new = module.code(value), ""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        off = {"yes": "no", "YES": "NO", "y": "n", "yes+": "no"}.get(value.value, "")
        new = f"{code[0]}{off}{code[0]}" if code[1:-1] == value.value else ""
    elif isinstance(value, ast.Attribute) and value.attr == "yes":
        new = code.removesuffix("yes") + "no"
    else:
        new = "False" if isinstance(value, ast.Constant) or code == "T" else new
    return fix(f"Write `{new}`", replaced(module, value, new), level) if new else None


def _set_before(module: PythonModule, call: ast.Call, name: str) -> bool:
    """Whether a script inside CASA has set a task's argument as a global variable of that name."""
    bindings = module.scope.bindings.get(name, [])
    return any(getattr(binding.node, "lineno", 0) < call.lineno for binding in bindings if binding.kind == "assign")


# -- IRAF -----------------------------------------------------------------------------------------------------


def _iraf(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    tables = rule.body["tables"]
    preset = {}
    for task, argument, value in _parameters(module):
        preset[task, argument] = value
        if argument in tables["iraf_told"] and _says_yes(module, value, tables) and not _is_optional(module, value):
            instead = tables["iraf_instead"].format(argument=argument)
            told = f"{argument}={module.code(value)}"
            yield rule.finding(module.span(value), told=told, task=task, instead=instead, fix=_off(module, value))
    for call in module.all_calls:
        match = _IRAF.search(module.qualified(call.func))
        if match is not None and not _is_optional(module, call):
            yield from _iraf_call(module, rule, call, match.group(2).rpartition(".")[2], preset)


def _iraf_call(
    module: PythonModule, rule: Rule, call: ast.Call, task: str, preset: dict[tuple[str, str], ast.expr]
) -> Iterator[Finding]:
    tables = rule.body["tables"]
    if module.is_open_ended(call) or any(k.arg in tables["iraf_fed"] for k in call.keywords):
        return
    for keyword in call.keywords:
        name = _meant(keyword, tables["iraf_told"])
        if name and _says_yes(module, keyword.value, tables):
            instead = tables["iraf_instead"].format(argument=name)
            said, fix = module.code(keyword), _off(module, keyword.value)
            yield rule.finding(module.span(keyword), told=said, task=task, instead=instead, fix=fix)
            return
    argument = tables["iraf"].get(task)
    if argument is None:
        return
    told = argument and (any(_meant(k, [argument]) for k in call.keywords) or (task, argument) in preset)
    if not told and not any((task, fed) in preset for fed in tables["iraf_fed"]):
        instead = tables["iraf_instead"].format(argument=argument) if argument else "feed it a cursor file"
        yield rule.finding(module.span(call), variant="default", task=f"iraf.{task}", instead=instead)


def _meant(keyword: ast.keyword, names: list[str]) -> str:
    """The parameter that a keyword means; IRAF takes any abbreviation."""
    given = keyword.arg or ""
    return next((name for name in names if name == given or (len(given) > 2 and name.startswith(given))), "")


def _parameters(module: PythonModule) -> Iterator[tuple[str, str, ast.expr]]:
    """Task, parameter and value of each `iraf.task.parameter = value`."""
    for node in module.nodes(ast.Assign):
        if not isinstance(node.targets[0], ast.Attribute):
            continue
        for target in node.targets:
            match = _IRAF.search(module.qualified(target))
            parts = match.group(2).split(".") if match else []
            if len(parts) > 1:
                yield parts[-2], parts[-1], node.value


def _says_yes(module: PythonModule, node: ast.expr, tables: dict[str, Any]) -> bool:
    if module.qualified(node).endswith("iraf.yes"):
        return True
    given = module.constant(node)
    return given is True or (isinstance(given, str) and given in tables["iraf_yes"])


# -- PGPLOT ---------------------------------------------------------------------------------------------------


def _devices(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    tables = rule.body["tables"]
    for constant in module.strings:
        text = str(constant.value)
        told, instead = next(_said(text, tables), ("", ""))
        if told:
            if _is_sent(module, constant) and not _is_optional(module, constant):
                yield rule.finding(module.span(constant), variant="device", told=told, task="", instead=instead)
            continue
        if text.lower().lstrip("0123456789") not in tables["devices"]:
            continue
        if _is_device(module, constant) and not _is_optional(module, constant) and not _is_default(module, constant):
            instead, fix = tables["device_instead"], _null(*module.span(constant), module.code(constant), text)
            yield rule.finding(module.span(constant), variant="device", told=text, task="", instead=instead, fix=fix)


def _said(text: str, tables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The windows that the lines of a text tell a program to open, with what to write instead."""
    for line in _SAID.finditer(text):
        if line[2]:
            yield line[2], tables["spex_instead"]
        elif _is_window(line[1], tables):
            yield line[1], tables["device_instead"]


def _null(start: int, end: int, code: str, device: str) -> Fix | None:
    """The device that draws nothing, in the quotes that are there."""
    if end - start != len(code) or code.count(device) != 1 or code.strip("\"'") != device:
        return None
    at = start + code.index(device)
    return Fix("Write `/null`", (Edit(at, at + len(device), "/null"),), UNSAFE)


def _is_device(module: PythonModule, constant: ast.Constant) -> bool:
    """Whether a literal is given to something that opens a graphics device."""
    parent = module.parents.get(constant)
    if isinstance(parent, ast.keyword):
        return parent.arg in ("device", "dev", "plotdevice")
    if isinstance(parent, ast.Call):
        name = module.code(parent.func).rpartition(".")[2].lower()
        return name.startswith(("pg", "cpg", "setplot")) or name in ("device", "setdevice")
    if isinstance(parent, ast.Assign):
        words = " ".join(module.code(target) for target in parent.targets).lower()
        return "device" in words or "pgplot_dev" in words
    return False


def _is_sent(module: PythonModule, constant: ast.Constant) -> bool:
    """Whether a text is what a program is told: `difmap.stdin.write("device /xs\\n")`."""
    call = next((one for one in module.ancestors(constant) if isinstance(one, ast.Call)), None)
    return call is not None and isinstance(call.func, ast.Attribute) and call.func.attr in _SENDING


def _is_default(module: PythonModule, constant: ast.Constant) -> bool:
    """Whether a device only holds where none is given: an option sets it anew, or parameters default to it."""
    if is_fallback(module, constant):
        return True
    statement = module.parents.get(constant)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return False
    found = module.scope_of(target).find(target.id)
    others = [b.value for b in found[1] if b.node is not statement and b.value is not None] if found else []
    for value in others:
        if module.value(value).sources & {ARGUMENT, ENVIRONMENT, CONFIG} or under_option(module, value):
            return True
    uses = module.loads(target.id)
    return bool(uses) and all(isinstance(module.parents.get(use), ast.arguments) for use in uses)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """PGPLOT's windows given to a program: as a word, as `device=/xs`, in PGPLOT_DEV, in what it is fed."""
    from canfar_lint.checks._scripts import JOB, from_outside, is_replaced, made_by_hand

    if script.context not in (*JOB, "literal"):
        return
    tables = rule.body["tables"]
    instead = tables["device_instead"]
    by_hand = made_by_hand(script)
    for entry in script.assignments:
        if entry.word is None or not _is_window(entry.word.value, tables):
            continue
        if by_hand and entry.name not in tables["default_device"]:
            continue  # what a job takes from the one who sets it up holds for the job
        if not is_replaced(script, entry) and not from_outside(script, entry.name):
            fix = _null(*entry.word.span, entry.word.text, entry.word.value or "")
            yield rule.finding(entry.word.span, variant="device", told=entry.value, task="", instead=instead, fix=fix)
    if not by_hand:
        yield from _given_devices(script, rule)
        yield from _spex(script, rule)


check_c_shell = check_shell


def _given_devices(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import left_to_person

    tables = rule.body["tables"]
    instead = tables["device_instead"]
    for command in script.commands:
        if command.name in tables["shell_silent"] or left_to_person(script, command):
            continue
        at_cursor = tables["cursor"].get(command.name)
        for word in _device_words(command, tables):
            if at_cursor is not None:
                said = {"told": word.value, "task": command.name, "instead": at_cursor}
                yield rule.finding(word.span, variant="cursor", **said)
                continue
            fix = _null(*word.span, word.text, word.value or "")
            yield rule.finding(word.span, variant="device", told=word.value, task="", instead=instead, fix=fix)
        for start, text in _fed(command, tables):
            span, fix = (start, start + len(text)), _null(start, start + len(text), text, text)
            yield rule.finding(span, variant="device", told=text, task="", instead=instead, fix=fix)


def _spex(script: Script, rule: Rule) -> Iterator[Finding]:
    """The first window that SPEX is told to open; what follows is more of the same."""
    from canfar_lint.checks._scripts import left_to_person

    for command in script.commands:
        bodies = [redirect.body for redirect in command.redirects] if command.name == "spex" else []
        for body in bodies:
            if body is None or body.end - body.start != len(body.text) or left_to_person(script, command):
                continue
            for line in _SAID.finditer(body.text):
                if line[2]:
                    span, instead = (body.start + line.start(2), body.start + line.end(2)), rule.table("spex_instead")
                    yield rule.finding(span, variant="device", told=line[2], task="", instead=instead)
                    return


def _device_words(command: Command, tables: dict[str, Any]) -> Iterator[Word]:
    for _, word in command.assignments if command.words else ():
        if _is_window(word.value, tables):
            yield word
    last = max((word.start for word in command.arguments if {"@", "*"} & set(word.variables)), default=-1)
    for word in command.arguments:
        name, equals, _ = word.head.partition("=")
        given = word.behind(len(name) + 1) if equals else word
        if _is_window(given.value, tables) and not (equals and word.start < last):  # what is said later holds
            yield given


def _is_window(text: str | None, tables: dict[str, Any]) -> bool:
    return text is not None and text.lower().lstrip("0123456789") in tables["devices"]


def _fed(command: Command, tables: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """The device words of the text behind `<<`, with their places."""
    for redirect in command.redirects:
        body = redirect.body
        if body is None or body.end - body.start != len(body.text):
            continue
        for match in re.finditer(r"(?:^|(?<=[\s=,\"']))\d*/\w+(?=$|[\s,;\"'])", body.text):
            if _is_window(match.group(), tables):
                yield body.start + match.start(), match.group()
