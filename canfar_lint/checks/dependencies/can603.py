"""Packages installed by the job itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.notebook import NotebookSource
from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Command, Script

_BUILDING = frozenset(("run", "step", "recipe"))
_PYTHON = re.compile(r"python[\d.]*$|pypy3?$")
_OPTION = re.compile(r"-")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(("pip.main", "pip._internal.main", "pip._internal.cli.main.main")):
        if "install" in module.code(call):
            yield rule.finding(module.span(call), command=module.code(call))


def check_notebook(source: NotebookSource, rule: Rule) -> Iterator[Finding]:
    for magic in source.magics:
        if magic.name in ("pip", "conda", "mamba", "uv") and re.match(r"(pip\s+)?(install|add)\b", magic.arguments):
            yield rule.finding((magic.start, magic.end), command=f"%{magic.name} {magic.arguments}")


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import made_by_hand

    set_up = script.path and re.search(rule.table("set-up files"), script.path)
    if script.context in _BUILDING or set_up or made_by_hand(script):
        return
    for command in script.commands:
        if _installs(command, rule.table("installers")):
            span = _span(command)
            yield rule.finding(span, command=" ".join(word.text for word in command.words))

    tests = re.search(r"(?i)test[^/]*$", script.path) is not None
    pinned = any(command.name == "git" and _pins(command) for command in script.commands)
    if script.context == "file" and not tests and not pinned:
        for command in script.commands:
            if command.name == "git" and _clones(command):
                yield rule.finding(_span(command), variant="clone", command=" ".join(w.text for w in command.words))


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
