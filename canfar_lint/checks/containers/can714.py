"""CAN714: compilers and headers that stay in the image after they have done their work."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import later_runs, shipped_runs
from canfar_lint.checks.containers._packages import INSTALL, REMOVE, Operation, operation_of, operations, wrapped
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step

_COMPILERS = frozenset(("CC", "CXX", "FC", "F77"))
_MAY_COMPILE = frozenset(("pip", "uv", "littler", "pak"))
_COMPILES = r"gcc|g\+\+|gfortran|clang|build-|-dev|compiler|gxx|Development"
_MANY = 6
_WHEELS = frozenset(("pip", "setuptools", "wheel", "numpy", "scipy", "astropy", "matplotlib", "pandas", "uv"))
"""What comes compiled for every system."""
_SYSTEM = ("apt", "dnf", "apk", "zypper", "conda")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    tools = re.compile(rule.table("build-tools"))
    if _compiles_at_run_time(dockerfile, frozenset(rule.table("compile-at-run-time"))):
        return
    steps = frozenset(rule.table("compile-steps"))
    reported: set[int] = set()
    for run in shipped_runs(dockerfile):
        if run.stage is None or run.stage.ships != "layers" or run.stage.index in reported:
            continue
        for operation in (*operations(run), *wrapped(run)):
            named = [p.value or "" for p in operation.packages]
            found = [name for name in named if tools.fullmatch(re.split(r"[=<>]", name)[0])]
            if operation.kind != INSTALL or operation.family not in _SYSTEM or not found:
                continue
            if _purged(run, operation, found):
                continue
            if _used(dockerfile, run, operation, steps, found):
                reported.add(run.stage.index)
                yield rule.finding(operation.span, packages=", ".join(f"`{name}`" for name in found[:3]))
                break


def _compiles_at_run_time(dockerfile: Dockerfile, packages: frozenset[str]) -> bool:
    """What compiles when the job runs is installed, or the image names its compiler: so the compiler must stay."""
    stages = dockerfile.final.ancestry if dockerfile.final is not None else ()
    told = {p.name for stage in stages for i in stage.instructions if i.keyword == "ENV" for p in i.pairs}
    if len(told & _COMPILERS) > 1:
        return True
    for run in dockerfile.all("RUN"):
        for operation in operations(run) if run.readable else ():
            names = _bare([package.text for package in operation.packages])
            if operation.kind == INSTALL and {name.lower() for name in names} & packages:
                return True
    return False


def _bare(names: list[str]) -> set[str]:
    """Package names without the version that is asked for."""
    return {re.split(r"[=<>]", name)[0] for name in names}


def _purged(run: Instruction, install: Operation, found: list[str]) -> bool:
    for operation in operations(run):
        if operation.kind == REMOVE and operation.step.command.start > install.step.command.start:
            auto = "auto" in operation.verb.text or operation.has("--auto-remove", "--autoremove")
            if auto and not operation.packages and any(step.name == "apt-mark" for step in run.steps):
                return True
            names = {package.text for package in operation.packages}
            if names & set(install.options):  # `apk add --virtual NAME` and `apk del NAME`
                return True
            if names & _bare(found) or any(package.value is None for package in operation.packages):
                return True
    return False


def _used(
    dockerfile: Dockerfile, run: Instruction, install: Operation, steps: frozenset[str], found: list[str]
) -> bool:
    """Something is compiled with them here, or a later layer removes them again.

    An install of packages that may have to be compiled counts for a few tools with a compiler or headers among them:
    many are there for people who develop in the image.
    """
    compiler = any(re.search(_COMPILES, name) for name in found)
    may = steps | _MAY_COMPILE if compiler and len(found) < _MANY else steps
    for step in run.steps:
        if step.command.start > install.step.command.start and _compiles(step, may):
            return True
    for later in later_runs(dockerfile, run):
        if not later.readable:
            continue
        if any(_compiles(step, may) for step in later.steps):
            return True
        for operation in operations(later):
            if operation.kind == REMOVE and {p.text for p in operation.packages} & _bare(found):
                return True
    return False


def _compiles(step: Step, steps: frozenset[str]) -> bool:
    """A build by name, or an install of packages that may have to be compiled, for which somebody gets a compiler."""
    if step.name in steps - _MAY_COMPILE or (step.name.startswith("python") and "setup.py" in step.values()[:1]):
        return True
    operation = operation_of(step)
    if operation is None or operation.kind != INSTALL or operation.family not in steps:
        return False
    return not operation.packages or not _bare([package.text.lower() for package in operation.packages]) <= _WHEELS
