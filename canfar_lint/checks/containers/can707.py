"""CAN707: neighbouring RUNs of one package manager, each a layer with its own share of overhead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers, removed
from canfar_lint.checks.containers._layers import following, join
from canfar_lint.checks.containers._made import made_by
from canfar_lint.checks.containers._packages import CLEAN, INSTALL, UPDATE, operations
from canfar_lint.checks.containers.can734 import first_line
from canfar_lint.diagnostic import UNSAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction

_LISTS = {"apt": "/var/lib/apt/lists", "dnf": "/var/cache/dnf", "apk": "/var/cache/apk", "zypper": "/var/cache/zypp"}
_WANTED = re.compile(r"#[ \t]*hadolint[ \t]+ignore[ \t]*=[^\n]*\bDL3059\b")
"""hadolint's mark stands above the second of two RUNs, where its finding is."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    done = -1
    for run in dockerfile.all("RUN"):
        if run.index <= done or run.stage is None or run.stage.ships != "layers":
            continue
        last, why, count = run, "", 1
        while (second := following(last)) is not None and (reason := _related(last, second)):
            last, why, count = second, reason, count + 1
        if why:
            done = last.index
            second = following(run)
            edits = join(run, second) if second is not None else None
            fix = Fix("make it one RUN with the next", edits, UNSAFE) if edits else None
            yield rule.finding(first_line(run), fix=fix, count=count, why=why)


def _related(first: Instruction, second: Instruction) -> str:
    """What the two have in common, or nothing where one RUN would not be smaller."""
    if second.keyword != "RUN" or not first.readable or not second.readable:
        return ""
    if [(f.name, f.value) for f in first.flags] != [(f.name, f.value) for f in second.flags]:
        return ""
    if _WANTED.search(first.text, first.end, second.start):
        return ""
    if any(command.connector == "&" for run in (first, second) for s in run.scripts for command in s.commands):
        return ""
    families = [{o.family for o in operations(run) if o.kind == INSTALL} for run in (first, second)]
    common = sorted(families[0] & families[1])
    if common and not (families[0] ^ families[1]) and not all(_clean(run, common) for run in (first, second)):
        return f"all install with {common[0]}"
    paths = [made.path for made in made_by(first)]
    if any(path and covers(path, made) for step in second.steps for path in removed(step) for made in paths):
        return "what one makes the next removes"
    return ""


def _clean(run: Instruction, families: list[str]) -> bool:
    """A RUN that loads the lists it needs and leaves none: joined to another it would be no smaller."""
    return all(family in _LISTS and _clean_of(run, family) for family in families)


def _clean_of(run: Instruction, family: str) -> bool:
    given = [operation for operation in operations(run) if operation.family == family]
    if family == "apt" and not any(operation.kind == UPDATE for operation in given):
        return False
    if any(operation.kind == CLEAN and (family != "apt" or "dist" in operation.verb.text) for operation in given):
        return True
    if family == "apk" and all(operation.has("--no-cache") for operation in given if operation.kind == INSTALL):
        return True
    return any(path is not None and covers(path, _LISTS[family]) for step in run.steps for path in removed(step))
