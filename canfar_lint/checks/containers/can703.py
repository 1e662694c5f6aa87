"""CAN703: `apt-get update` and the install that needs it in different layers."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import cleaned, mounted, runs_script
from canfar_lint.checks.containers._layers import earlier, following, join
from canfar_lint.checks.containers._packages import INSTALL, UPDATE, Operation, operations
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction

_LISTS = ("/var/lib/apt/lists",)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    harmless = frozenset(rule.table("needs-no-lists"))
    for run in dockerfile.all("RUN"):
        if not run.readable or mounted(run, _LISTS):
            continue
        apt = [operation for operation in operations(run) if operation.family == "apt"]
        updates = [operation for operation in apt if operation.kind == UPDATE]
        installs = [operation for operation in apt if operation.kind == INSTALL and not _local(operation)]
        if updates and _alone(run, updates[-1], harmless):
            yield rule.finding(updates[-1].span, fix=_joined(run), tool=updates[-1].tool)
        elif installs and _without_update(run, installs[0]):
            yield from _relying(rule, run, installs[0])


def _alone(run: Instruction, update: Operation, harmless: frozenset[str]) -> bool:
    """Nothing behind the update uses the lists, as far as one can see."""
    if update.step.conditional or update.step.after_failure:
        return False
    behind = [step for step in run.steps if step.command.start > update.step.command.start]
    for step in behind:
        if step.name in ("apt-get", "apt", "aptitude"):
            verbs = step.values()
            if not {"update", "clean", "autoclean", "dist-clean", "autoremove", "remove", "purge"} & set(verbs):
                return False
        elif step.name not in harmless:
            return False
    if cleaned(run.steps, update.step, _LISTS):
        return False
    return not any(operation.kind == INSTALL for operation in operations(run) if operation.family == "apt")


def _joined(run: Instruction) -> Fix | None:
    second = following(run)
    if second is None or second.keyword != "RUN" or not second.readable:
        return None
    first = next((operation for operation in operations(second) if operation.family == "apt"), None)
    if first is None or first.kind != INSTALL:
        return None
    edits = join(run, second)
    return Fix("install in the RUN that updates", edits, UNSAFE) if edits else None


def _local(operation: Operation) -> bool:
    """Only files are installed, or what is there already is repaired."""
    names = [package.text for package in operation.packages]
    if not names and operation.verb.value in ("install", "reinstall"):
        return True
    return bool(names) and all("/" in name and (name.endswith(".deb") or "*" in name) for name in names)


def _without_update(run: Instruction, install: Operation) -> bool:
    for step in run.steps:
        if step.command.start >= install.step.command.start:
            return True
        updates = step.name in ("apt-get", "apt", "aptitude") and "update" in step.values()
        if updates or step.name not in ("apt-get", "apt", "aptitude", "echo", "export", "set", "mkdir", "cd", "rm"):
            return False
    return True


def _relying(rule: Rule, run: Instruction, install: Operation) -> Iterator[Finding]:
    """The nearest layer that updated the lists, or removed them."""
    for before in earlier(run):
        if before.keyword != "RUN":
            continue
        if not before.readable or mounted(before, _LISTS):
            return
        apt = [operation for operation in operations(before) if operation.family == "apt"]
        update = next((operation for operation in reversed(apt) if operation.kind == UPDATE), None)
        if update is None:
            if any(runs_script(step) or step.name in ("bash", "sh", "dash") for step in before.steps):
                return
            if before.steps and cleaned(before.steps, before.steps[0], _LISTS):
                return
            continue
        gone = cleaned(before.steps, update.step, _LISTS) or any(o.verb.text == "dist-clean" for o in apt)
        alone = not any(operation.kind == INSTALL for operation in apt)
        if alone and not _used_before(run, before):
            return
        if gone:
            sure = any(path in _LISTS for path in _removed(before))
            if not sure:
                return
        yield rule.finding(install.span, variant="gone" if gone else "relies", tool=install.tool)
        return


def _used_before(run: Instruction, update: Instruction) -> bool:
    """Another RUN between the two has installed already; else the two are one finding, on the update."""
    for between in earlier(run):
        if between is update:
            return False
        found = operations(between) if between.keyword == "RUN" and between.readable else []
        if any(o.family == "apt" and o.kind == INSTALL for o in found):
            return True
    return False


def _removed(run: Instruction) -> Iterator[str]:
    from canfar_lint.checks.containers._cleanup import covers, removed

    for step in run.steps:
        for path in removed(step, surely=True):
            if path is not None and covers(path, _LISTS[0]):
                yield _LISTS[0]
