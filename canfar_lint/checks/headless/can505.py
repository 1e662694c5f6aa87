"""Displays that a program sets up, forwards or expects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks._commands import Started, started
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.source import Source

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile import Dockerfile
    from canfar_lint.model.shell import Command, Script, Word

_FORWARDING = re.compile(r"-[46AaCfGgKkMNnqsTtVvYyX]*[XY][A-Za-z]*")
_DISPLAY = re.compile(r"[\w.-]*:\d+(\.\d+)?")

# what starts a display of its own; `xauth` only lets programs in
_SERVERS = frozenset(("Xvfb", "xvfb-run", "Xvnc", "vncserver", "xinit", "startx"))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    places = list(_places(module, rule))
    servers = {module.function_of(node) for node, what in places if what in _SERVERS}
    for node, what in places:
        if what == "xauth" and module.function_of(node) in servers:
            continue
        if node not in seen and not left_to_user(module, node):
            seen.add(node)
            yield rule.finding(module.span(node), what=what)


def check_yaml(source: Source, rule: Rule) -> Iterator[Finding]:
    """The display that a service of a compose file is given."""
    from canfar_lint.model.yamlfile import services

    for service in services(source):
        for name, value, start, end in service.environment:
            if name == "DISPLAY" and value.strip():
                yield rule.finding((start, end), what="DISPLAY")


def _places(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.AST, str]]:
    imports = frozenset(rule.table("imports"))
    for binding in module.imports:
        name = binding.qualified.partition(".")[0]
        if (
            name in imports
            and module.function_of(binding.node) is None
            and not module.in_try(binding.node, "ImportError")
        ):
            yield binding.node, name
    for call in module.calls(frozenset(rule.table("calls"))):
        yield call, module.code(call)
    yield from _assigned(module)
    programs = frozenset(rule.table("programs"))
    for start in started(module):
        found = _command(start, programs)
        if found:
            yield found


def _assigned(module: PythonModule) -> Iterator[tuple[ast.AST, str]]:
    """What `DISPLAY` is set to in the environment."""
    for call in module.calls(("os.environ.setdefault", "os.putenv")):
        if len(call.args) > 1 and module.constant(call.args[0]) == "DISPLAY" and module.constant(call.args[1]):
            yield call.args[1], "DISPLAY"
    for call in module.all_calls:
        keyword = module.keyword(call, "DISPLAY")
        if keyword is not None and _names_display(module, keyword.value):
            yield keyword.value, "DISPLAY"
    for constant in module.strings:
        target = module.parents.get(constant)
        if constant.value == "DISPLAY" and isinstance(target, ast.Dict) and constant in target.keys:
            given = target.values[target.keys.index(constant)]
            if _names_display(module, given):
                yield given, "DISPLAY"
        if constant.value != "DISPLAY" or not isinstance(target, ast.Subscript):
            continue
        statement = module.parents.get(target)
        assigned = isinstance(statement, ast.Assign) and target in statement.targets
        if assigned and isinstance(statement, ast.Assign):
            value = module.constant(statement.value)
            own = module.qualified(target.value) == "os.environ" and isinstance(value, str) and value != ""
            if own or _names_display(module, statement.value):
                yield statement.value, "DISPLAY"


def _names_display(module: PythonModule, node: ast.expr) -> bool:
    """Whether a value is a display, `:99` or `host:0.0`: in an environment that is made for another program."""
    value = module.constant(node)
    return isinstance(value, str) and _DISPLAY.fullmatch(value) is not None


def _command(start: Started, programs: frozenset[str]) -> tuple[ast.AST, str] | None:
    command = start.command
    for word in command.words:
        name = (word.value or "").rpartition("/")[2]
        if name in programs and (word is command.program or name in command.wrappers or word is command.words[0]):
            return start.place(word), name
    for name, value in command.assignments:
        if name == "DISPLAY" and value.value:
            return start.place(value), "DISPLAY"
    if command.name == "ssh" and command.program is not None:
        for word in command.arguments:
            if _FORWARDING.fullmatch(word.value or ""):
                return start.place(command.program), f"ssh {word.value}"
            if not word.head.startswith("-"):
                break
    return None


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, left_to_person, made_by_hand, serves_desktop

    if script.context not in JOB or made_by_hand(script) or serves_desktop(script):
        return
    serves = any(command.name in _SERVERS for command in script.commands)
    for command in script.commands:
        found = _in_shell(command, frozenset(rule.table("programs")))
        if not found or "condition" in command.context or (serves and found[2] == "xauth"):
            continue
        if _for_want_of_one(script, command) or not left_to_person(script, command):
            yield rule.finding((found[0], found[1]), what=found[2])


def _in_shell(command: Command, programs: frozenset[str]) -> tuple[int, int, str] | None:
    """Where a command leans on a display, and by what."""
    if command.name in programs and command.program is not None:
        return *command.program.span, command.name or ""
    for word in command.arguments if command.name in ("export", "declare", "typeset") else ():
        if word.head.startswith("DISPLAY=") and _is_display(word.behind(len("DISPLAY="))):
            return *word.span, word.text
    for name, value in command.assignments:
        if name == "DISPLAY" and _is_display(value):
            return value.start - len("DISPLAY="), value.end, f"DISPLAY={value.text}"
    if command.name == "ssh" and command.program is not None:
        for word in command.arguments:
            if _FORWARDING.fullmatch(word.value or ""):
                return command.program.start, word.end, f"ssh {word.value}"
            if not word.head.startswith("-"):
                break
    return None


def _is_display(value: Word) -> bool:
    """Whether a value is the number of a display, `:99`, also in part; an empty one, or `$1`, is none."""
    return ":" in value.head or ":" in value.tail


def _for_want_of_one(script: Script, command: Command) -> bool:
    """Whether a command runs just when there is no display: `if [ -z "$DISPLAY" ]`."""
    from canfar_lint.checks._scripts import tests_of

    texts = [" ".join(word.text for word in test.words) for test in tests_of(script, command)]
    return any("DISPLAY" in text and "-z" in text for text in texts)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    """A display fixed in the image, or set up by what it starts; images for graphical sessions have one."""
    from canfar_lint.checks.headless._starts import is_graphical, starts

    for env in dockerfile.all("ENV"):
        if dockerfile.shipped(env.stage):
            for pair in env.pairs:
                if pair.name == "DISPLAY" and pair.value and not is_graphical(dockerfile):
                    yield rule.finding((pair.start, pair.end), what=f"DISPLAY={pair.value}")
    for _, step in starts(dockerfile):
        found = _in_shell(step.command, frozenset(rule.table("programs")))
        if found:
            yield rule.finding((found[0], found[1]), what=found[2])
