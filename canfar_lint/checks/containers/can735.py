"""CAN735: a cache mount that is emptied, switched off, or of no use to its RUN."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import at_home, covers, is_cleaner, removed, runs_script
from canfar_lint.checks.containers._packages import INSTALL, Operation, operations
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Mount
from canfar_lint.model.dockerfile.steps import Step


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    caches: dict[str, Any] = rule.table("caches")
    for run in dockerfile.all("RUN"):
        mounts = [mount for mount in run.mounts if mount.type == "cache" and mount.target]
        if not mounts or not run.readable:
            continue
        for step in run.steps:
            yield from _emptied(rule, step, mounts)
        for mount in mounts:
            family = _family(mount, caches)
            if family is None:
                yield from _elsewhere(rule, run, mount, caches)
                continue
            mine = [o for o in operations(run) if o.family in caches[family]["families"]]
            if _in_place(run, mount, caches[family]):
                yield from _switched_off(rule, mine, family)
            if not mine and not any(_unclear(step, caches[family]["programs"]) for step in run.steps):
                fix = _unmounted(run, mount)
                yield rule.finding(
                    (mount.start, mount.end), variant="unused", target=mount.target, family=family, fix=fix
                )


def _unmounted(run: Instruction, mount: Mount) -> Fix | None:
    """Without the mount and the blanks or the continued line behind it."""
    behind = re.match(r"[ \t]*(?:[\\`][ \t]*\r?\n[ \t]*)?", run.text[mount.end :])
    if behind is None or not behind.group() or not run.text[mount.start : mount.end].startswith("--mount="):
        return None
    return Fix("leave out the mount", (Edit(mount.start, mount.end + behind.end(), ""),), SAFE)


def _family(mount: Mount, caches: dict[str, Any]) -> str | None:
    """Whose cache is mounted, by the last folders of the target."""
    target = (mount.target or "").rstrip("/")
    return next((name for name, table in caches.items() if target.endswith(tuple(table["tails"]))), None)


def _in_place(run: Instruction, mount: Mount, cache: dict[str, Any]) -> bool:
    """Whether the cache is mounted where its program looks, under the user whom the RUN has."""
    tails = [tail for tail in cache["tails"] if not tail.startswith("/")]
    target = (mount.target or "").rstrip("/")
    return not tails or target in at_home(run, *tails) or target == run.env.text(cache["variable"])


def _elsewhere(rule: Rule, run: Instruction, mount: Mount, caches: dict[str, Any]) -> Iterator[Finding]:
    """A mount that says whose cache it is, where this program does not look, since nothing tells it to."""
    target = (mount.target or "").rstrip("/")
    said = re.fullmatch(r"(pip|uv)[-_.]?(?:cache)?|cache[-_.](pip|uv)", target.rsplit("/", 1)[-1])
    family = (said[1] or said[2]) if said else ""
    mine = [o for o in operations(run) if o.family == family and o.kind == INSTALL]
    if not mine or "/.cache/" in target or run.env.text(caches[family]["variable"]) is not None:
        return
    told = any(target in word.text for step in run.steps for word in step.command.words)
    if not told and not any(script.assignments for script in run.scripts) and run.env.text("XDG_CACHE_HOME") is None:
        yield rule.finding((mount.start, mount.end), variant="elsewhere", target=target, family=family)


def _emptied(rule: Rule, step: Step, mounts: list[Mount]) -> Iterator[Finding]:
    for path in removed(step, surely=True):
        for mount in mounts:
            target = (mount.target or "").rstrip("/")
            inside = path is not None and (path == target or path.startswith(f"{target}/"))
            if path is not None and target and (inside or (covers(path, target) and path.rstrip("/*") != "/tmp")):
                program = step.program.start if step.program is not None else step.command.start
                fix = _dropped(step) if len([a for a in step.arguments if not a.text.startswith("-")]) == 1 else None
                yield rule.finding((program, step.command.end), fix=fix, target=target, family="", option="")
                return


def _dropped(step: Step) -> Fix | None:
    """The last command of a plain chain, with its `&&`."""
    run, command = step.run, step.command
    text = run.text
    if run.json is not None or run.heredocs or command.blocks or command.before != "&&" or command.connector:
        return None
    before = [c for c in step.script.commands if c.end <= command.start]
    blocks = [b.end for b in step.script.blocks if b.end <= command.start]
    start = max([c.end for c in before] + blocks, default=-1)
    if start < 0 or "#" in text[start : command.start] or text[start : command.start].strip(" \t\r\n\\`&"):
        return None
    return Fix("leave the cache in the mount", (Edit(start, command.end, ""),), SAFE)


def _switched_off(rule: Rule, mine: list[Operation], family: str) -> Iterator[Finding]:
    installs = [o for o in mine if o.kind == INSTALL]
    if not installs or not all(o.has("--no-cache-dir", "--no-cache") for o in installs):
        return
    for operation in installs:
        for argument in operation.step.arguments:
            if argument.value in ("--no-cache-dir", "--no-cache"):
                word = argument.word
                run = operation.step.run
                edit = Edit(word.start - 1, word.end, "")
                plain = run.json is None and run.text[word.start - 1] == " "
                fix = Fix(f"leave out `{argument.value}`", (edit,), SAFE) if plain else None
                span = (word.start, word.end)
                yield rule.finding(span, variant="off", fix=fix, option=argument.value, target="", family=family)


def _unclear(step: Step, programs: list[str]) -> bool:
    """The command may use the cache in a way that cannot be seen."""
    return step.name in programs or not step.name or runs_script(step) or is_cleaner(step)
