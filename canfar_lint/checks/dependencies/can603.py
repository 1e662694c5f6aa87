"""Packages installed by the job itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.notebook import NotebookSource
from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Command, Script
from canfar_lint.source import Source

_BUILDING = frozenset(("run", "step", "recipe"))
_PYTHON = re.compile(r"python[\d.]*$|pypy3?$")
_OPTION = re.compile(r"-")
# what a line hangs from when it is done only where something is missing, elsewhere, or as somebody says
_FALLBACK = re.compile(r"except\b|(?:el)?if\b.*(?i:colab|kaggle|binder|find_spec|install|\bFalse\b|\b0\s*:)")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    calls = list(module.calls(("pip.main", "pip._internal.main", "pip._internal.cli.main.main")))
    if calls and not _is_set_up(rule, module.source):
        for call in calls:
            if "install" in module.code(call):
                yield rule.finding(module.span(call), command=module.code(call))


def check_notebook(source: NotebookSource, rule: Rule) -> Iterator[Finding]:
    for magic in source.magics:
        installs = re.match(r"(pip\s+)?(install|add)\b", magic.arguments)
        if installs and magic.name in ("pip", "conda", "mamba", "uv") and not _is_fallback(source, magic.start):
            yield rule.finding((magic.start, magic.end), command=f"%{magic.name} {magic.arguments}")


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import made_by_hand

    set_up = script.path and re.search(rule.table("set-up files"), script.path)
    if script.context in _BUILDING or set_up or made_by_hand(script):
        return
    if script.context == "file" and (_runs_services(rule, script) or _only_installs(rule, script)):
        return
    for command in script.commands:
        if _installs(command, rule.table("installers")) and not _is_aside(rule, script, command):
            yield rule.finding(_span(command), command=_said(command))

    tests = re.search(r"(?i)test[^/]*$", script.path) is not None
    pinned = any(command.name == "git" and _pins(command) for command in script.commands)
    if script.context == "file" and not tests and not pinned:
        for command in script.commands:
            if command.name == "git" and _clones(command):
                yield rule.finding(_span(command), variant="clone", command=" ".join(w.text for w in command.words))


def _is_aside(rule: Rule, script: Script, command: Command) -> bool:
    """Whether a line of a notebook or of a program is no part of a job."""
    source = script.inside
    if isinstance(source, NotebookSource):
        return _is_fallback(source, command.words[0].start)
    return script.context == "literal" and source is not None and _is_set_up(rule, source)


def _is_set_up(rule: Rule, source: Source) -> bool:
    """Whether a Python file is there to install something, by its name."""
    return re.search(rule.table("set-up programs"), source.path) is not None


def _is_fallback(source: NotebookSource, at: int) -> bool:
    """Whether a line of a notebook hangs from an `except`, or from a condition that is not true on the platform."""
    cell = source.cell_at(at)
    if cell is None:
        return False
    lines = source.text[cell.start : source.text.rfind("\n", 0, at) + 1].splitlines()
    own = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    indent = len(own) - len(own.lstrip())
    for line in reversed(lines):
        body = line.lstrip()
        if not indent:
            return False
        if body and not body.startswith("#") and len(line) - len(body) < indent:
            if _FALLBACK.match(body):
                return True
            indent = len(line) - len(body)
    return False


def _runs_services(rule: Rule, script: Script) -> bool:
    """Whether a script is of the machine it runs on: it starts services or containers, which no session can."""
    return any(command.name in rule.table("services") for command in script.commands)


def _only_installs(rule: Rule, script: Script) -> bool:
    """Whether a script builds and installs software, or does nothing but install, whatever its name is."""
    around, installers = rule.table("around"), rule.table("installers")
    if any(_makes(command) for command in script.commands):
        return True
    return all(
        command.name in around or command.name in installers or _installs(command, installers) or _builds(command)
        for command in script.commands
        if command.words
    )


def _makes(command: Command) -> bool:
    heads = [word.head for word in command.arguments]
    configures = command.words and command.words[0].text in ("./configure", "./bootstrap", "./autogen.sh")
    return bool(configures) or (
        command.name in ("make", "ninja", "cmake") and not {"install", "--install"}.isdisjoint(heads)
    )


def _builds(command: Command) -> bool:
    heads = [word.head for word in command.arguments]
    return bool(_PYTHON.match(command.name or "")) and (heads[:1] == ["setup.py"] or heads[:2] == ["-m", "venv"])


def _said(command: Command) -> str:
    """A command as it is typed, the quotes of a list in Python left out."""
    if command.words[0].text[:1] in ("'", '"'):
        words = [word.value or "…" for word in command.words]
        return " ".join(["python" if words[:2] == ["…", "-m"] else words[0], *words[1:]])
    return " ".join(word.text for word in command.words)


def _clones(command: Command) -> bool:
    """Whether the moving head of somebody's repository is fetched."""
    heads = [word.head for word in command.arguments]
    if heads[:1] != ["clone"] or any(head.startswith(("-b", "--branch", "--mirror", "--bare")) for head in heads):
        return False
    return any(re.match(r"(https?|git|ssh)://|git@", head) for head in heads)


def _pins(command: Command) -> bool:
    heads = [word.head for word in command.arguments]
    return any(head in ("checkout", "switch", "reset", "submodule") for head in heads[:3])


def _installs(command: Command, installers: dict[str, list[str]]) -> bool:
    words = [word.value or "" for word in command.arguments]
    name = command.name
    first = command.words[0] if command.words else None
    if name is not None and _PYTHON.match(name):
        return words[:2] == ["-m", "pip"] and "install" in words[2:5]
    if name is None and first is not None and first.value is None:
        # `[sys.executable, "-m", "pip", "install", …]`
        values = [word.value or "" for word in command.words[1:]]
        return values[:3] == ["-m", "pip", "install"]
    if name == "uv" and words[:2] == ["pip", "install"]:
        return True
    verbs = installers.get(name or "", ())
    plain = [word for word in words if not _OPTION.match(word)]
    return bool(plain) and plain[0] in verbs and len(plain) > 1


def _span(command: Command) -> tuple[int, int]:
    return command.words[0].start, command.words[-1].end
