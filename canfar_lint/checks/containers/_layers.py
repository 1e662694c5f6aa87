"""Which RUNs a bloat rule judges, what later layers still need, and two RUNs made into one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.checks.containers._cleanup import is_cleaner, runs_script
from canfar_lint.checks.containers._packages import INSTALL, UPDATE, operations
from canfar_lint.diagnostic import Edit
from canfar_lint.model.dockerfile.model import Dockerfile, Instruction, Stage
from canfar_lint.source import newline_in

_FARTHEST = 300
_COMMENT = re.compile(r"[ \t]*#")


def shipped_runs(dockerfile: Dockerfile) -> Iterator[Instruction]:
    """The readable RUNs whose layers, or what is visible of them, reach the image."""
    for run in dockerfile.all("RUN"):
        if run.stage is not None and run.stage.ships and run.readable:
            yield run


def descendants(dockerfile: Dockerfile, stage: Stage) -> list[Stage]:
    """The stages built on `stage`, itself excluded."""
    family = {id(stage)}
    found = []
    for later in dockerfile.stages[stage.index + 1 : stage.index + _FARTHEST]:
        if later.base is not None and id(later.base) in family:
            family.add(id(later))
            found.append(later)
    return found


def later_runs(dockerfile: Dockerfile, run: Instruction) -> list[Instruction]:
    """The RUNs that find what `run` leaves: behind it in its stage, and in the stages built on that."""
    assert run.stage is not None
    behind = run.stage.instructions[_position(run) + 1 :]
    found = [
        *behind[:_FARTHEST],
        *(i for stage in descendants(dockerfile, run.stage) for i in stage.instructions[:_FARTHEST]),
    ]
    return [instruction for instruction in found if instruction.keyword == "RUN"]


def earlier(run: Instruction) -> Iterator[Instruction]:
    """The instructions whose result `run` finds, the nearest first, as far back as is sensible."""
    left = _FARTHEST
    stage: Stage | None = run.stage
    stop = _position(run)
    while stage is not None and left > 0:
        yield from reversed(stage.instructions[max(0, stop - left) : stop])
        left -= stop + 1
        stage = stage.base
        stop = len(stage.instructions) if stage is not None else 0


def _position(run: Instruction) -> int:
    """Its number within its stage, whose instructions are neighbours in the file."""
    assert run.stage is not None
    return run.index - run.stage.first.index - 1


def lists_needed_later(dockerfile: Dockerfile, run: Instruction) -> bool | None:
    """A later RUN installs with apt on the lists of this one; None when one runs what cannot be read here."""
    unsure = len(dockerfile.instructions) > _FARTHEST
    for later in later_runs(dockerfile, run):
        needs = _needs_lists(later)
        if needs:
            return True
        unsure = unsure or needs is None
    return None if unsure else False


def _needs_lists(run: Instruction) -> bool | None:
    """It installs with apt before any update of its own; None when it runs what cannot be read here."""
    if "needs lists" not in run.notes:
        run.notes["needs lists"] = _read_needs(run)
    found: bool | None = run.notes["needs lists"]
    return found


def _read_needs(run: Instruction) -> bool | None:
    if not run.readable:
        return None
    for operation in operations(run):
        if operation.family == "apt" and operation.kind == UPDATE:
            break
        if operation.family == "apt" and operation.kind == INSTALL:
            return True
    return None if any(runs_script(step) and not is_cleaner(step) for step in run.steps) else False


def following(run: Instruction) -> Instruction | None:
    """The instruction right behind `run` in its stage."""
    stage = run.stage
    if stage is None or run.onbuild:
        return None
    return next(iter(stage.instructions[_position(run) + 1 :][:1]), None)


def join(first: Instruction, second: Instruction) -> tuple[Edit, ...] | None:
    """Edits that make one RUN of two neighbours; None unless both are plain `&&` chains under the same conditions."""
    if not (_joinable(first) and _joinable(second)) or following(first) is not second:
        return None
    flags = [[(flag.name, flag.value) for flag in run.flags] for run in (first, second)]
    if flags[0] != flags[1] or first.shell != second.shell or first.line.broken:
        return None
    text, escape = first.text, first.escape
    newline = newline_in(text[first.start : second.end])
    between = text[first.end : second.start].split("\n")[1:-1]
    kept = "".join(line.rstrip("\r") + newline for line in between if _COMMENT.match(line))
    start = second.value_span[0]
    return (Edit(first.end, start, f" {escape}{newline}{kept}    && "),)


def _joinable(run: Instruction) -> bool:
    """A shell-form RUN whose top-level commands are held together by `&&` alone."""
    if run.json is not None or run.heredocs or run.onbuild or not run.readable or len(run.scripts) != 1:
        return False
    script = run.scripts[0]
    if script.errexit_at is not None or not script.commands or script.commands[-1].name in ("exec", "exit"):
        return False
    tops = [command for command in script.commands if not command.blocks]
    if any(command.connector not in ("&&", "", "|") for command in tops):
        return False
    if any(block.connector not in ("&&", "", "|") for block in script.blocks):
        return False
    stop = max([script.commands[-1].end, *(block.end for block in script.blocks)])
    return not run.text[stop : run.end].strip(" \t\r\n\\`")
