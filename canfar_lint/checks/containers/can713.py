"""CAN713: an archive that was unpacked and stays in the layer beside what came out of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers, is_cleaner, mounted, removed
from canfar_lint.checks.containers._edits import append
from canfar_lint.checks.containers._layers import later_runs, shipped_runs
from canfar_lint.checks.containers._made import ARCHIVE, TAR, URL, Made, installer, made_by
from canfar_lint.diagnostic import SAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step, absolute


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    unpackers = frozenset(rule.table("unpackers"))
    small = re.compile(rule.table("repository-packages"), re.I)
    for run in shipped_runs(dockerfile):
        if not dockerfile.shipped(run.stage) or any(is_cleaner(step) for step in run.steps):
            continue
        for made in made_by(run):
            if made.how == "download" and _packed(made) and made.step is not None:
                here = [step for step in run.steps if step.command.start > made.step.command.start]
                later = [step for other in later_runs(dockerfile, run) for step in other.steps]
                if _squashed_away(run, made, later):
                    continue
                if small.search(made.path):
                    continue
                if any(_unpacks(step, made, unpackers) for step in (*here, *later)):
                    fix = _fix(made, later)
                    yield rule.finding((made.start, made.end), fix=fix, file=posixpath.basename(made.path))
    yield from _copied(dockerfile, rule, unpackers)


def _packed(made: Made) -> bool:
    name = posixpath.basename(made.path)
    return bool(ARCHIVE.search(name) or installer(made)) and not name.endswith(".jar")


def _unpacks(step: Step, made: Made, unpackers: frozenset[str]) -> bool:
    """The command reads the archive to bring its content into the image, or is the installer itself."""
    if step.program is not None and absolute(step.program.value or "?", step.folder) == made.path:
        return True
    if step.name not in unpackers:
        return False
    name = posixpath.basename(made.path)
    for argument in step.arguments:
        path = step.path(argument)
        text = argument.text
        if text.startswith("-") and not text.endswith(name):
            continue
        if path is not None and (path == made.path or covers(path, made.path)) and path not in ("/", "."):
            return True
        if posixpath.basename(text) == name:
            return True
    return False


def _fix(made: Made, later: list[Step]) -> Fix | None:
    step = made.step
    assert step is not None
    name = posixpath.basename(made.path)
    if any(name in argument.text for other in later for argument in other.arguments):
        return None
    path = made.path
    if not path.startswith("/"):
        path = path.removeprefix("./")
        if any(other.name in ("cd", "pushd", "popd") for other in step.run.steps) or path.startswith("."):
            return None
    if set(path) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-"):
        return None
    if any(block.kind != "group" for block in step.command.blocks):
        return None
    edit = append(step, f"rm {path}")
    return Fix("remove the archive in the same RUN", (edit,), SAFE) if edit else None


def _copied(dockerfile: Dockerfile, rule: Rule, unpackers: frozenset[str]) -> Iterator[Finding]:
    for copy in dockerfile.all("COPY", "ADD"):
        if not dockerfile.shipped(copy.stage) or copy.flag("from") is not None or copy.onbuild:
            continue
        for made in made_by(copy):
            remote = URL.match(made.source) is not None
            if not _packed(made) or (
                remote and TAR.search(made.source.partition("?")[0]) and not copy.flag("checksum")
            ):
                continue  # of a tar archive that ADD fetches, CAN711 says the same
            behind = [run for run in later_runs(dockerfile, copy) if not mounted(run, (made.path,))]
            if _squashed_away(copy, made, [step for run in behind for step in _steps(run)]):
                continue
            if any(_unpacks(step, made, unpackers) for run in behind for step in _steps(run)):
                yield rule.finding(
                    (made.start, made.end),
                    variant="fetched" if remote else "copied",
                    file=posixpath.basename(made.path),
                )


def _squashed_away(maker: Instruction, made: Made, later: list[Step]) -> bool:
    """The builder makes one layer, and a later RUN removes the archive from it."""
    if maker.stage is None or maker.stage.ships != "squashed":
        return False
    return any(path is None or covers(path, made.path) for step in later for path in removed(step))


def _steps(run: Instruction) -> list[Step]:
    return run.steps if run.readable else []
