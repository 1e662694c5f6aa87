"""CAN715: a clone with all of its history in the image."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import mounted
from canfar_lint.checks.containers._edits import insert_after
from canfar_lint.checks.containers._layers import later_runs, shipped_runs
from canfar_lint.checks.containers._made import cloned, gone
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step

_SHALLOW = ("--depth", "--filter", "--shallow", "--mirror", "--bare", "--no-checkout", "-n", "--sparse")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in shipped_runs(dockerfile):
        for step in run.steps:
            values = step.values()
            if step.name != "git" or "clone" not in values or any(v.startswith(_SHALLOW) for v in values):
                continue
            made = next(cloned(step), None)
            if made is None or mounted(run, (made.path,)):
                continue
            if gone(run.steps, step, made.path) or gone(run.steps, step, f"{made.path}/.git"):
                continue
            if _checked_out(dockerfile, run, step) or _squashed_away(dockerfile, run, step, made.path):
                continue
            verb = step.arguments[values.index("clone")].word
            fix = Fix("clone the last commit only", (insert_after(step, verb, "--depth 1"),), UNSAFE)
            start = step.program.start if step.program is not None else step.command.start
            yield rule.finding((start, verb.end), fix=fix if run.json is None else None)


def _squashed_away(dockerfile: Dockerfile, run: Instruction, clone: Step, path: str) -> bool:
    """The builder makes one layer, and a later RUN removes the clone or its history from it."""
    if run.stage is None or run.stage.ships == "layers":
        return False
    later = [step for other in later_runs(dockerfile, run) for step in other.steps]
    return gone(later, clone, path) or gone(later, clone, f"{path}/.git")


def _checked_out(dockerfile: Dockerfile, run: Instruction, clone: Step) -> bool:
    """Another commit is asked for afterwards, which a clone of depth one does not have."""
    after = [step for step in run.steps if step.command.start > clone.command.start]
    for later in later_runs(dockerfile, run)[:3]:
        after += later.steps if later.readable else []
    for step in after:
        values = step.values()
        if step.name == "git" and {"checkout", "reset", "switch", "describe", "log", "rev-parse", "rev-list"} & set(
            values
        ):
            return True
        if step.name == "git" and "clone" in values and step.command is not clone.command and step.run is not run:
            break
    return False
