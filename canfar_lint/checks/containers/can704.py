"""CAN704: a system package manager's lists and caches that stay in the layer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import cleaned, covers, mounted, removed, succeeds
from canfar_lint.checks.containers._edits import append, insert_after
from canfar_lint.checks.containers._layers import earlier, following, later_runs, lists_needed_later, shipped_runs
from canfar_lint.checks.containers._packages import CLEAN, INSTALL, UPDATE, Operation, operation_of, operations
from canfar_lint.diagnostic import SAFE, UNSAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step

_LISTS = ("/var/lib/apt/lists",)
_ARCHIVES = ("/var/cache/apt/archives",)
_OLD = re.compile(r"(?:^|[/:-])ubuntu:?-?(?:1[0-7]\.|lucid|precise|quantal|trusty|utopic|vivid|wily|xenial)")
"""Releases of Ubuntu whose add-apt-repository fetches no lists; so does 18.04's."""
_HOOK = "/etc/apt/apt.conf.d/docker-clean"


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in shipped_runs(dockerfile):
        found = operations(run)
        if not found and not any(step.name == "add-apt-repository" for step in run.steps):
            continue
        yield from _apt(dockerfile, rule, run, found)
        yield from _archives(rule, run, found)
        yield from _cached(dockerfile, rule, run, found, "dnf")
        yield from _cached(dockerfile, rule, run, found, "zypper")
        yield from _apk(dockerfile, rule, run, found)


def _apt(dockerfile: Dockerfile, rule: Rule, run: Instruction, found: list[Operation]) -> Iterator[Finding]:
    updates = [step for step in run.steps if _updates(run, step)]
    for operation, line in _inherited(run, found) if not updates else ():
        yield rule.finding(operation.span, variant="inherited", tool=operation.tool, line=line)
    if not updates or mounted(run, _LISTS):
        return
    update = updates[-1]
    if _clean_behind(run, update, "apt", _LISTS, ("dist-clean", "distclean")) or _hidden(dockerfile, run, _LISTS):
        return
    installs = [o for o in found if o.family == "apt" and o.kind == INSTALL]
    if not installs and _cleaned_install(dockerfile, run):
        return
    shown = installs[-1] if installs else operation_of(update)
    span = shown.span if shown is not None else update.span
    fix = _apt_fix(dockerfile, run, update) if installs else None
    yield rule.finding(span, fix=fix, tool=shown.tool if shown else update.name)


def _cleaned_install(dockerfile: Dockerfile, run: Instruction) -> bool:
    """The install that lives on these lists follows and keeps them: the finding stands there."""
    later = following(run)
    return later is not None and later.keyword == "RUN" and _keeps(later)


def _inherited(run: Instruction, found: list[Operation]) -> Iterator[tuple[Operation, int]]:
    """An install that lives on the lists of the RUN right before, and leaves them, with that RUN's line."""
    before = next(earlier(run), None)
    if before is None or before.keyword != "RUN" or not before.readable or not _keeps(run):
        return
    kinds = [o.kind for o in operations(before) if o.family == "apt"]
    if UPDATE in kinds and INSTALL not in kinds and not mounted(before, _LISTS):
        yield next(o for o in found if o.family == "apt" and o.kind == INSTALL), before.start_line


def _keeps(run: Instruction) -> bool:
    """It installs with apt, without an update of its own, and leaves the lists."""
    apt = [o for o in operations(run) if o.family == "apt"] if run.readable else []
    installs = [o for o in apt if o.kind == INSTALL]
    if not installs or any(o.kind == UPDATE for o in apt) or mounted(run, _LISTS):
        return False
    return not _clean_behind(run, installs[0].step, "apt", _LISTS, ("dist-clean", "distclean"))


def _updates(run: Instruction, step: Step) -> bool:
    """A command that downloads package lists."""
    operation = operation_of(step)
    if operation is not None:
        return operation.family == "apt" and operation.kind == UPDATE
    if step.name != "add-apt-repository" or {"-n", "--no-update", "-r", "--remove"} & set(step.values()):
        return False
    return not any("python-software-properties" in before.value for before in (run, *earlier(run))) and not _old(run)


def _old(run: Instruction) -> bool:
    """The image is that of an old release, whose add-apt-repository fetches nothing."""
    stage = run.stage
    return stage is not None and _OLD.search((stage.root.image or "").lower()) is not None


def _apt_fix(dockerfile: Dockerfile, run: Instruction, update: Step) -> Fix | None:
    needed = lists_needed_later(dockerfile, run)
    edit = append(update, "rm -rf /var/lib/apt/lists/*") if not needed else None
    if edit is None:
        return None
    return Fix("remove the package lists in the same RUN", (edit,), SAFE if needed is False else UNSAFE)


def _clean_behind(run: Instruction, step: Step, family: str, paths: tuple[str, ...], verbs: tuple[str, ...]) -> bool:
    for operation in operations(run):
        if operation.family == family and operation.verb.value in verbs and succeeds(operation.step, step):
            return True
    return cleaned(run.steps, step, paths)


def _hidden(dockerfile: Dockerfile, run: Instruction, paths: tuple[str, ...]) -> bool:
    """Only what is visible at the end of the stage is copied on, and a later RUN removes the paths."""
    if run.stage is None or run.stage.ships not in ("visible", "squashed"):
        return False
    return any(later.steps and cleaned(later.steps, run.steps[0], paths) for later in later_runs(dockerfile, run))


def _archives(rule: Rule, run: Instruction, found: list[Operation]) -> Iterator[Finding]:
    """The hook of the official images that removes downloaded packages was taken away."""
    installs = [o for o in found if o.family == "apt" and o.kind == INSTALL and o.packages]
    if not installs or mounted(run, _ARCHIVES) or not _keeps_archives(run):
        return
    if _clean_behind(run, installs[-1].step, "apt", _ARCHIVES, ("clean", "dist-clean", "distclean")):
        return
    edit = append(installs[-1].step, "apt-get clean")
    fix = Fix("remove the downloaded packages in the same RUN", (edit,), UNSAFE) if edit else None
    yield rule.finding(installs[-1].span, variant="archives", fix=fix, tool=installs[-1].tool)


def _keeps_archives(run: Instruction) -> bool:
    return any(_takes_hook_away(before) for before in (run, *earlier(run)) if before.keyword == "RUN")


def _takes_hook_away(run: Instruction) -> bool:
    if "takes hook away" not in run.notes:
        run.notes["takes hook away"] = any(
            any(path is not None and covers(path, _HOOK) for path in removed(step, surely=True))
            or any("Keep-Downloaded-Packages" in value and "true" in value for value in step.values())
            for step in run.steps
        )
    found: bool = run.notes["takes hook away"]
    return found


def _cached(
    dockerfile: Dockerfile, rule: Rule, run: Instruction, found: list[Operation], family: str
) -> Iterator[Finding]:
    """dnf, yum, microdnf and zypper: a cache that `clean` empties."""
    paths = tuple(rule.table("caches")[family])
    loading = [o for o in found if o.family == family and o.kind in (INSTALL, UPDATE)]
    if not loading or mounted(run, paths):
        return
    last = loading[-1]
    for operation in found:
        if operation.family == family and operation.kind == CLEAN and succeeds(operation.step, last.step):
            return
    if cleaned(run.steps, last.step, paths) or _hidden(dockerfile, run, paths):
        return
    command = f"{last.tool} clean all" if family == "dnf" else "zypper clean --all"
    edit = append(last.step, command)
    fix = Fix(f"run `{command}` in the same RUN", (edit,), SAFE) if edit else None
    yield rule.finding(last.span, variant="cache", fix=fix, tool=last.tool, command=command)


def _apk(dockerfile: Dockerfile, rule: Rule, run: Instruction, found: list[Operation]) -> Iterator[Finding]:
    paths = tuple(rule.table("caches")["apk"])
    loading = [
        o
        for o in found
        if o.family == "apk" and o.kind in (INSTALL, UPDATE) and not o.has("--no-cache", "--no-network", "--root", "-p")
    ]
    adds = [o for o in loading if o.kind == INSTALL]
    if (
        not adds
        or mounted(run, paths)
        or cleaned(run.steps, loading[-1].step, paths)
        or _hidden(dockerfile, run, paths)
    ):
        return
    edits: tuple[Edit, ...] = tuple(insert_after(o.step, o.verb.word, "--no-cache") for o in loading)
    commands = " and ".join(dict.fromkeys(f"`{o.tool} {o.verb.text}`" for o in loading))
    fix = Fix("add `--no-cache`", edits, SAFE)
    yield rule.finding(adds[-1].span, variant="apk", fix=fix, tool=adds[-1].tool, command=commands)
