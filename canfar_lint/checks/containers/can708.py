"""CAN708: removal, in a later layer, of what an earlier one has made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import at_home, cleaned, covers, mounted, removed
from canfar_lint.checks.containers._layers import join
from canfar_lint.checks.containers._made import URL, Made, made_by, small
from canfar_lint.checks.containers._packages import (
    CLEAN,
    INSTALL,
    OTHER,
    REMOVE,
    UPDATE,
    Operation,
    operation_of,
    operations,
)
from canfar_lint.diagnostic import UNSAFE, Finding, Fix, Question, Related
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Stage
from canfar_lint.model.dockerfile.steps import Step

_CACHES = {
    "apt": ("/var/lib/apt/lists",),
    "dnf": ("/var/cache/dnf", "/var/cache/yum"),
    "zypper": ("/var/cache/zypp",),
    "apk": ("/var/cache/apk",),
}

_MOST_LAYERS = 100


class _Layer(NamedTuple):
    run: Instruction
    made: list[Made]
    packages: dict[str, set[str]]
    """Installed by this instruction, by family of package manager; an empty set for unknown names."""
    caches: set[str]
    """Families whose cache it leaves."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    done: set[int] = set()
    for final in dockerfile.stages:
        if final.ships != "layers" or any(
            other.base is final and other.ships == "layers" for other in dockerfile.stages
        ):
            continue
        for finding in _chain(final, rule):
            if finding.start not in done:
                done.add(finding.start)
                yield finding


def _chain(final: Stage, rule: Rule) -> Iterator[Finding]:
    layers: list[_Layer] = []
    for stage in final.ancestry:
        for instruction in stage.instructions:
            if instruction.keyword == "RUN" and instruction.readable and not instruction.onbuild:
                yield from _late(instruction, layers, rule)
            layer = _layer(instruction)
            if layer is not None and (layer.made or layer.packages or layer.caches):
                layers = [*layers[-_MOST_LAYERS:], layer]


def _layer(instruction: Instruction) -> _Layer | None:
    if instruction.keyword not in ("RUN", "COPY", "ADD") or (instruction.keyword == "RUN" and not instruction.readable):
        return None
    packages: dict[str, set[str]] = {}
    caches: set[str] = set()
    for operation in operations(instruction) if instruction.keyword == "RUN" else ():
        if operation.kind == INSTALL:
            names = {re.split(r"[=<>~!\[]", package.text)[0] for package in operation.packages}
            packages.setdefault(operation.family, set()).update(names)
        if operation.kind in (INSTALL, UPDATE) and _leaves_cache(instruction, operation):
            caches.add(operation.family)
    return _Layer(instruction, made_by(instruction), packages, caches)


def _leaves_cache(run: Instruction, operation: Operation) -> bool:
    if operation.has("--no-cache", "--no-cache-dir"):
        return False
    paths = _cache_paths(run, operation.family)
    if not paths or mounted(run, paths) or cleaned(run.steps, operation.step, paths):
        return False
    if operation.family == "apt" and operation.kind == INSTALL:
        return False
    return not any(o.family == operation.family and o.kind == CLEAN for o in operations(run)) or (
        operation.family == "apt"
    )


def _cache_paths(run: Instruction, family: str) -> tuple[str, ...]:
    if family == "pip":
        return at_home(run, ".cache/pip")
    if family == "conda":
        return ("/opt/conda/pkgs", *at_home(run, "miniconda3/pkgs", ".cache/conda"))
    if family == "npm":
        return at_home(run, ".npm")
    return _CACHES.get(family, ())


def _late(run: Instruction, layers: list[_Layer], rule: Rule) -> Iterator[Finding]:
    if not layers:
        return
    own = made_by(run, removed_too=True)
    worked = {o.family for o in operations(run) if o.kind == UPDATE or (o.kind == INSTALL and o.family != "apt")}
    for step in run.steps:
        if step.after_failure:
            continue
        for path in removed(step, surely=True):
            found = _maker(run, path, layers, own, worked) if path is not None else _unpacked(step, layers)
            if found is not None:
                shown = path if path is not None else " ".join(a.word.text for a in step.arguments[-1:])
                question = _question(found, path, rule) if path is not None else None
                yield _finding(rule, run, step, found, step.span, shown, None)._replace(question=question)
                break
    said = False
    for operation in operations(run):
        if operation.step.after_failure:
            continue
        layer = _emptied(operation, layers, worked) or _uninstalled(operation, layers)
        if layer is not None:
            shown = " ".join([operation.tool, operation.verb.text, *(p.text for p in operation.packages[:2])])
            variant = "packages" if operation.kind == REMOVE else "command"
            if variant == "command" and operation.family == "apt":
                if said or not all(_tidies(step) for step in run.steps):
                    continue
                if any(covers(path, "/var/lib/apt/lists") for path in _removed(run)):
                    continue
                said, variant = True, "idle"
            yield _finding(rule, run, operation.step, layer, operation.span, shown, variant)


def _tidies(step: Step) -> bool:
    """It cleans, prints or looks: nothing that could have filled the cache in this very RUN."""
    operation = operation_of(step)
    if operation is not None:
        return operation.family == "apt" and operation.kind in (CLEAN, REMOVE, OTHER)
    return step.name in ("rm", "rmdir", "find", "echo", "set", "true", "ldconfig", "cd", "ls", "apt-get", "apt")


def _removed(run: Instruction) -> Iterator[str]:
    return (path for step in run.steps for path in removed(step, surely=True) if path is not None)


def _maker(run: Instruction, path: str, layers: list[_Layer], own: list[Made], worked: set[str]) -> _Layer | None:
    """The earlier layer that made what `path` removes, if this RUN did not make it itself."""
    if mounted(run, (path,)) or any(covers(path, made.path) for made in own):
        return None
    for layer in reversed(layers):
        if any(covers(path, made.path) and not small(made) for made in layer.made):
            return layer
        for family in layer.caches - worked:
            if any(covers(path, cache) for cache in _cache_paths(layer.run, family)):
                return layer
    return None


def _question(layer: _Layer, path: str, rule: Rule) -> Question | None:
    """Of the one file or folder that was copied from the context the tree knows the size."""
    copied = [made for made in layer.made if covers(path, made.path) and not small(made)]
    if (
        len(copied) != 1
        or layer.run.keyword == "RUN"
        or layer.run.flag("from") is not None
        or URL.match(copied[0].source)
    ):
        return None
    if posixpath.normpath(copied[0].source).strip("/") in ("", "."):
        return None
    others = [word.value for word in layer.run.sources if word.value and not set(word.value) & set("*?[:")]
    return Question("copied-size", copied[0].source, rule.table("small-bytes"), ("whole", *others))


def _unpacked(step: Step, layers: list[_Layer]) -> _Layer | None:
    """Something with a variable in its name, in a folder that an ADD has unpacked an archive into."""
    for argument in step.arguments:
        head = argument.word.head
        if argument.value is None and head.startswith("/") and head.count("/") > 1:
            for layer in reversed(layers):
                if any(made.how == "unpack" and head.startswith(made.path.rstrip("/") + "/") for made in layer.made):
                    return layer
    return None


def _emptied(operation: Operation, layers: list[_Layer], worked: set[str]) -> _Layer | None:
    """`apt-get clean`, `conda clean` and the like in a RUN that has not itself loaded anything."""
    family = operation.family
    if operation.kind != CLEAN or family in worked:
        return None
    if family == "apt" and any(o.kind == INSTALL and o.family == "apt" for o in operations(operation.step.run)):
        return None
    if family in ("pip", "uv", "npm") and not {p.value for p in operation.packages} & {"purge", "clean", "prune"}:
        return None
    for layer in reversed(layers):
        if family in layer.caches:
            return layer
    return None


def _uninstalled(operation: Operation, layers: list[_Layer]) -> _Layer | None:
    """Packages that an earlier layer has installed; not those this RUN has installed itself."""
    if operation.kind != REMOVE or operation.family not in ("apt", "dnf", "apk", "zypper"):
        return None
    names = {package.text for package in operation.packages}
    mine = {
        package.text
        for other in operations(operation.step.run)
        if other.kind == INSTALL and other.family == operation.family
        for package in other.packages
    }
    for layer in reversed(layers):
        there = layer.packages.get(operation.family, set())
        if there & (names - mine):
            return layer
    return None


def _finding(
    rule: Rule, run: Instruction, step: Step, layer: _Layer, span: tuple[int, int], what: str, variant: str | None
) -> Finding:
    line = layer.run.start_line
    related = (Related("made by this layer", layer.run.start, layer.run.keyword_span[1]),)
    fix = None
    if layer.run.keyword == "RUN":
        edits = join(layer.run, run)
        fix = Fix("remove it in the RUN that makes it", edits, UNSAFE) if edits else None
    program = step.program.start if step.program is not None else span[0]
    shown = posixpath.normpath(what) if what.startswith("/") else what
    return rule.finding(
        (max(span[0], program), span[1]), variant=variant, fix=fix, related=related, what=shown, line=line
    )
