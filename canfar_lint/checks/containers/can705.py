"""CAN705: `apt-get install` with all that the packages merely recommend."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._edits import insert_after
from canfar_lint.checks.containers._layers import earlier, shipped_runs
from canfar_lint.checks.containers._packages import Operation, operations
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in shipped_runs(dockerfile):
        for operation in operations(run):
            if operation.family != "apt" or operation.verb.value != "install" or not operation.packages:
                continue
            if _decided(operation) or any(_configures(before) for before in (run, *earlier(run))):
                continue
            option = "--without-recommends" if operation.tool == "aptitude" else "--no-install-recommends"
            edit = insert_after(operation.step, operation.verb.word, option)
            fix = Fix(f"add `{option}`", (edit,), UNSAFE)
            yield rule.finding(operation.span, fix=fix, tool=operation.tool, option=option)


def _decided(operation: Operation) -> bool:
    """An option says what is wanted, one way or the other, or nothing is installed."""
    if operation.has("--download-only", "--print-uris", "--simulate", "-d", "-s"):
        return True
    if operation.has("--no-install-recommends", "--install-recommends", "--without-recommends", "--with-recommends"):
        return True
    if operation.tool == "aptitude" and operation.short("R"):
        return True
    return any("Install-Recommends" in option for option in operation.options)


def _configures(before: Instruction) -> bool:
    """apt's configuration is written or copied, and may say it."""
    if before.keyword in ("COPY", "ADD"):
        target = before.destination
        return target is not None and "/etc/apt/apt.conf" in (target.value or target.text)
    if before.keyword != "RUN":
        return False
    if "configures apt" not in before.notes:
        before.notes["configures apt"] = _writes_configuration(before)
    found: bool = before.notes["configures apt"]
    return found


def _writes_configuration(run: Instruction) -> bool:
    for step in run.steps:
        written = [redirect.target.head for redirect in step.command.redirects if redirect.writes]
        written += [argument.text for argument in step.arguments] if step.name in ("tee", "cp", "mv", "sed") else []
        if any("/etc/apt/apt.conf" in path and "docker-clean" not in path for path in written):
            return True
    return False
