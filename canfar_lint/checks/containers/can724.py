"""CAN724: a start command that relies on WORKDIR, which batch sessions override."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step

_SCRIPT = re.compile(r"\.{1,2}/\S+\Z|[\w./-]+\.(?:py|sh|bash|R|jl|pl|ipynb|jar|[cm]?js|rb)\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    final = dockerfile.final
    if final is None or any(word in (final.root.image or "") for word in rule.table("other-sessions")):
        return
    last = {i.keyword: i for i in final.instructions if i.keyword in ("CMD", "ENTRYPOINT")}
    runners = frozenset(rule.table("runners"))
    entry = last.get("ENTRYPOINT")
    for instruction in last.values():
        if instruction.json is None and not instruction.readable:
            continue
        for step in instruction.steps:
            if step.name in ("cd", "pushd"):
                break
            behind = instruction is not entry and entry is not None and instruction.json is not None
            argument = _relative(step, runners, _starts_script(entry, runners) if behind else None)
            if argument is None:
                continue
            path = argument.value or ""
            yield rule.finding(
                (argument.word.start, argument.word.end),
                fix=_fix(instruction, argument),
                path=path,
                keyword=instruction.keyword,
            )
            break


def _relative(step: Step, runners: frozenset[str], entry_runs: bool | None) -> Argument | None:
    """The script a command runs, when its path is relative. `entry_runs`: the ENTRYPOINT before it runs scripts."""
    program = step.program
    if (
        program is not None
        and entry_runs is not False
        and _is_relative(program.value or "", "/" in (program.value or ""))
    ):
        return Argument(program, program.value)
    if program is not None and entry_runs and _is_relative(program.value or "", True):
        return Argument(program, program.value)
    if step.name not in runners:
        return None
    for argument in step.arguments:
        text = argument.value or ""
        if text in ("-m", "-c", "run", "exec") and text != "run":
            return None
        if text.startswith("-") or text == "run":
            continue
        return argument if _is_relative(text, True) else None
    return None


def _is_relative(text: str, may: bool) -> bool:
    return may and not text.startswith(("/", "~", "$", "-")) and bool(_SCRIPT.match(text)) and "://" not in text


def _starts_script(entry: Instruction | None, runners: frozenset[str]) -> bool:
    """The ENTRYPOINT is an interpreter that takes the CMD's first word as its script."""
    if entry is None or entry.json is None or not entry.json:
        return False
    names = [posixpath.basename(word.text) for word in entry.json]
    return names[0] in runners and all(name.startswith("-") and name not in ("-c", "-m") for name in names[1:])


def _fix(instruction: Instruction, argument: Argument) -> Fix | None:
    if instruction.workdir is None or argument.value is None or instruction.text.count(argument.value) == 0:
        return None
    path = posixpath.normpath(posixpath.join(instruction.workdir, argument.value))
    start, end = argument.word.start, argument.word.end
    written = instruction.text[start:end]
    if argument.value not in written:
        return None
    return Fix("say where it is", (Edit(start, end, written.replace(argument.value, path, 1)),), UNSAFE)
