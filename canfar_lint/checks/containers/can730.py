"""CAN730: an editable install of a folder that the same image removes."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers, mounted, removed, succeeds
from canfar_lint.checks.containers._layers import later_runs
from canfar_lint.checks.containers._packages import INSTALL, Operation, operations
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, absolute


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in dockerfile.all("RUN"):
        if run.stage is None or not run.stage.ships or not run.readable:
            continue
        for operation in operations(run):
            argument = _editable(operation)
            if argument is None or argument.value is None or "://" in argument.value:
                continue
            path = absolute(argument.value.partition("[")[0] or ".", operation.step.folder)
            where = _removed(dockerfile, run, operation, path)
            if where:
                word = argument.word
                yield rule.finding((word.start, word.end), path=path, line=where)


def _editable(operation: Operation) -> Argument | None:
    if operation.kind != INSTALL or operation.family not in ("pip", "uv"):
        return None
    arguments = operation.step.arguments
    for i, argument in enumerate(arguments):
        if argument.text in ("-e", "--editable") and i + 1 < len(arguments):
            return arguments[i + 1]
        if argument.text.startswith("--editable="):
            return argument._replace(value=argument.text.partition("=")[2])
    return None


def _removed(dockerfile: Dockerfile, run: Instruction, operation: Operation, path: str) -> int:
    """The line of the instruction that takes the folder away again, or 0."""
    if path in (".", "/") or mounted(run, (path,)) or _bound(run, path):
        return run.start_line if _bound(run, path) else 0
    for step in run.steps:
        behind = step.command is not operation.step.command and succeeds(step, operation.step)
        if behind and any(one is not None and covers(one, path) for one in removed(step, surely=True)):
            return run.start_line
    for later in later_runs(dockerfile, run):
        for step in later.steps if later.readable else ():
            if not step.after_failure and any(
                one is not None and covers(one, path) for one in removed(step, surely=True)
            ):
                return later.start_line
    return 0


def _bound(run: Instruction, path: str) -> bool:
    """A bind mount brings the folder for this RUN alone."""
    return any(
        mount.type == "bind" and mount.target and (path == mount.target or path.startswith(mount.target + "/"))
        for mount in run.mounts
    )
