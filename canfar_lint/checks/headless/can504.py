"""Programs with windows, started by a job that has no display."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_before, left_to_user
from canfar_lint.checks._commands import started
from canfar_lint.checks._tasks import takes_task
from canfar_lint.checks.headless._showing import is_for_showing, is_typed, is_viewer
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile import Dockerfile
    from canfar_lint.model.shell import Command, Script

_PAGES = frozenset(("open", "xdg-open", "gnome-open", "gvfs-open", "firefox", "chromium", "google-chrome"))
_GREPS = frozenset(("grep", "egrep", "fgrep"))
_SEARCHES = frozenset(("shutil.which", "distutils.spawn.find_executable"))
_SETTINGS = re.compile(r"_?(config|cfg|conf|settings|options|opts|args|params)")
_SETTINGS_NAME = re.compile(r"(?i)opt|arg|flag|extra|[*@]")
_VIEWERS = re.compile(r"(?i)^(to|open|show|view|load|send)[_-]?(to|in|with)?[_-]?(ds9|topcat|aladin|casaviewer)")
_ARGUMENTS = "$argv"  # the C shell's
_PLATFORM = re.compile(r"\b(sys\.platform|platform\.system|os\.name)\b|\b[Dd]arwin\b")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    programs, messengers = rule.table("programs"), rule.table("messengers")
    seen: set[ast.AST] = set()
    told = False
    if is_viewer(module) and (not module.is_script or takes_task(module)):
        return  # a tool that is told what to show
    for start in started(module):
        command = start.command
        name = command.name or ""
        instead = programs.get(name) or messengers.get(name)
        if instead is None or command.program is None or _stays_shut(command, rule, module.text):
            continue
        place = start.place(command.program)
        if place in seen or left_to_user(module, start.call) or is_typed(module, start.call):
            continue
        if is_for_showing(module, start.call) or (name in programs and _is_tried(module, start.call)):
            continue
        if (
            _is_looked_for(module, start.call)
            or _is_for_asking(module, name, start.call)
            or _is_of_window(module, rule, start.call)
        ):
            continue
        seen.add(place)
        variant = "messenger" if name in messengers else None
        if variant and told:
            continue  # what follows is more of the same
        told = told or bool(variant)
        yield rule.finding(module.span(place), variant=variant, program=name, instead=instead)
    for call in _calls(module, rule):
        if not left_to_user(module, call) and not is_typed(module, call) and not is_for_showing(module, call):
            instead = programs["ds9"]
            yield rule.finding(module.span(call), variant="call", program=module.code(call.func), instead=instead)


def _calls(module: PythonModule, rule: Rule) -> Iterator[ast.Call]:
    """The calls of libraries' functions that start a viewer: `ui.image_data()`."""
    for library, names in rule.table("calls").items():
        for word in names:
            for call in module.calls_named(word):
                if any(name.startswith(f"{library}.") for name in module.qualified_all(call.func)):
                    yield call


def _is_looked_for(module: PythonModule, call: ast.Call) -> bool:
    """Whether a program is looked for first: `ds9 = shutil.which("ds9")`, `if ds9:`."""
    tests = [test for test, _ in module.guards(call)]
    tests += [test for test in left_before(module, call) if test is not None]
    for node in (part for test in tests for part in ast.walk(test)):
        made = [binding.value for binding in module.bindings(node)[:8]] if isinstance(node, ast.Name) else [node]
        if any(isinstance(one, ast.Call) and module.qualified(one.func) in _SEARCHES for one in made):
            return True
    return False


def _is_for_asking(module: PythonModule, name: str, call: ast.Call) -> bool:
    """Whether the settings of the program ask for it, or it is a library's way to a page, for those who call it."""
    if name in _PAGES and module.function_of(call) is not None and not module.on_main_path(call):
        return True
    return any(
        _SETTINGS.fullmatch(word)
        for test, _ in module.guards(call)
        for node in ast.walk(test)
        if isinstance(node, ast.Attribute)
        for word in module.code(node).split(".")[:-1]
    )


def _is_of_window(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a method of a window runs it, after a click: without a display the toolkit has failed before (CAN503)."""
    method = ""
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.ClassDef):
            names = (name.split(".") for base in ancestor.bases for name in module.qualified_all(base))
            of_window = any(parts[0] in rule.table("toolkits") and "QtCore" not in parts for parts in names)
            return of_window and method not in ("", "__init__")
        if isinstance(ancestor, (ast.FunctionDef, ast.AsyncFunctionDef)):
            method = ancestor.name
    return False


def _is_tried(module: PythonModule, call: ast.Call) -> bool:
    """Whether it is tried and given up where there is no such program, or chosen by the system it runs on."""
    if module.in_try(call, "OSError", "FileNotFoundError", "IOError", "CalledProcessError"):
        return True
    return any(_PLATFORM.search(module.code(test)) for test, _ in module.guards(call))


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, left_to_person, made_by_hand, serves_desktop

    if script.context not in JOB or made_by_hand(script) or serves_desktop(script) or _is_for_viewer(script):
        return
    programs, messengers = rule.table("programs"), rule.table("messengers")
    told = False
    for command in script.commands:
        name = command.name or ""
        instead = programs.get(name) or messengers.get(name)
        if instead is None or command.program is None or name in script.functions or (told and name in messengers):
            continue
        if (
            _opens_window(command, rule, script.text)
            and not script.memo("has display", _has_display)
            and not left_to_person(script, command)
            and not _is_answered(script, command)
            and not _probes(script, command)
        ):
            variant = "messenger" if name in messengers else None
            told = told or name in messengers  # what follows is more of the same
            yield rule.finding(command.program.span, variant=variant, program=name, instead=instead)


check_c_shell = check_shell


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    """What an image starts, unless it is one for graphical sessions."""
    from canfar_lint.checks.headless._starts import starts

    for keyword, step in starts(dockerfile):
        name = step.name
        instead = rule.table("programs").get(name)
        if (
            instead is not None
            and step.program is not None
            and _opens_window(step.command, rule, dockerfile.text, keyword)
        ):
            yield rule.finding(step.program.span, program=name, instead=instead)


def _stays_shut(command: Command, rule: Rule, text: str) -> bool:
    """Whether a program is told to open no window, or may be told so by what is not known."""
    name, words = command.name, [word.value or word.head for word in command.arguments]
    if set(rule.table("windowless")) & set(words):
        return True
    opening, shutting = rule.table("window_with").get(name), rule.table("silent_with").get(name)
    if opening and not any(re.search(opening, word) for word in words):
        return True
    if shutting and (any(re.search(shutting, word) for word in words) or _may_say_more(command)):
        return True
    around = rule.table("silent_text").get(name)
    return bool(around and re.search(around, text))


def _may_say_more(command: Command) -> bool:
    """Whether a word may hold options, or a file or pipe commands: `$OPTS`; what is behind an option or last is not."""
    words = command.arguments
    if command.before == "|" or any(redirect.feeds and redirect.body is None for redirect in command.redirects):
        return True
    for before, word in zip((None, *words), words, strict=False):
        if any(_SETTINGS_NAME.search(name) for name in word.variables):
            return True
        bare = word.dynamic and not word.head and not word.tail
        if bare and word is not words[-1] and not (before is not None and before.head.startswith("-")):
            return True
    return False


def _opens_window(command: Command, rule: Rule, text: str, keyword: str = "") -> bool:
    if _stays_shut(command, rule, text):
        return False
    if command.name not in rule.table("shell_with_file"):
        return True
    if keyword == "ENTRYPOINT" and command.name not in rule.table("common_names"):
        return True  # the file is given when the image is run
    given = [*command.arguments]
    for block in command.blocks:
        if block.kind == "loop" and any(block.name in word.variables for word in command.arguments):
            given += block.words or ()
    return any(re.search(rule.table("shell_files"), word.tail) for word in given)


def _is_for_viewer(script: Script) -> bool:
    """Whether a script is there to show what it is told, as its name says: `to_ds9 m31.fits`."""
    from canfar_lint.checks._scripts import takes_input

    name = script.path.replace("\\", "/").rpartition("/")[2]
    return _VIEWERS.search(name) is not None and (takes_input(script) or _ARGUMENTS in script.text)


def _probes(script: Script, command: Command) -> bool:
    """Whether what a program says of a missing display is looked for: `xterm -e ls 2>&1 | grep "open display"`."""
    from canfar_lint.checks._scripts import positions

    at = positions(script)[id(command)] + 1
    following = script.commands[at] if at < len(script.commands) else None
    reads = command.connector == "|" and following is not None and following.name in _GREPS
    words = following.arguments if reads and following is not None else ()
    return any("display" in (word.value or word.head).lower() for word in words)


def _is_answered(script: Script, command: Command) -> bool:
    """Whether a command runs only on what a person has typed, where not every run asks."""
    from canfar_lint.checks._scripts import tests_of

    answers: frozenset[str] = script.memo("answers", _answers)
    return any(name in answers for test in tests_of(script, command) for word in test.words for name in word.variables)


def _answers(script: Script) -> frozenset[str]:
    """The variables that a question gives a value to which stands under a condition: `read -p "Which one? " source`."""
    from canfar_lint.checks._scripts import is_fed

    asking = (c for c in script.commands if c.name == "read" and not is_fed(c))
    asking = (c for c in asking if any(block.kind in ("if", "case") for block in c.blocks))
    asking = (c for c in asking if any(w.head[:1] == "-" and "p" in w.head for w in c.arguments))
    return frozenset(word.value for c in asking for word in c.arguments if word.value and word.value.isidentifier())


def _has_display(script: Script) -> bool:
    """Whether the script sets up a display of its own, which is CAN505's."""
    for command in script.commands:
        if command.name in ("Xvfb", "Xvnc", "vncserver", "Xorg", "startx", "xinit", "Xephyr"):
            return True
        words = [*(name for name, _ in command.assignments), *(word.head for word in command.arguments)]
        if any(word == "DISPLAY" or word.startswith("DISPLAY=") for word in words):
            return True
    return False
