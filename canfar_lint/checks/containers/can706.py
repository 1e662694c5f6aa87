"""CAN706: the download cache of pip, conda, uv and other language package managers that stays in the layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import at_home, cleaned, mounted, succeeds
from canfar_lint.checks.containers._edits import append, insert_after
from canfar_lint.checks.containers._layers import earlier, later_runs, shipped_runs
from canfar_lint.checks.containers._packages import CLEAN, INSTALL, Operation, operations
from canfar_lint.diagnostic import SAFE, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.variables import Unknown

_EMPTIES = frozenset(("purge", "clean", "prune", "clear", "rm", "remove", "cache"))
_OLD = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:ubuntu:(?:1[0-4]\.|precise|trusty)|debian:(?:[1-8]\b|wheezy|jessie))"
)
"""Systems whose own pip (1.x) knows neither a cache nor an option against it."""
_CACHELESS = re.compile(
    r"registry\.(?:access\.)?redhat\.(?:com|io)/(?:ubi\d*|rhel\d*|rhscl)/python-|quay\.io/sclorg/python-"
)
"""Bases that set PIP_NO_CACHE_DIR."""
_BARE = re.compile(r"-[A-Za-z]+\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    tools: dict[str, Any] = rule.table("tools")
    for run in shipped_runs(dockerfile):
        for operation in operations(run):
            table = tools.get(operation.family)
            if table is None or operation.kind != INSTALL or not _downloads(operation):
                continue
            if _kept(dockerfile, run, operation, table):
                yield _finding(rule, operation, table)


def _downloads(operation: Operation) -> bool:
    if operation.has("--dry-run", "--help", "-h", "--print-requirements", "--no-cache", "--no-cache-dir"):
        return False
    verb = operation.verb.value
    if operation.family == "conda":
        if operation.short("d") or operation.has("--download-only"):  # kept on purpose
            return False
        return verb != "create" or bool(operation.packages) or bool(operation.files) or operation.has("--clone")
    if operation.family == "pip":
        return verb in ("install", "wheel") and not operation.has("--no-index")
    if operation.family == "uv":
        return "-n" not in operation.options[:2] and verb != "run"
    if operation.family == "pipx":
        return not any("--no-cache-dir" in option for option in operation.options)
    if operation.family == "poetry":
        return not operation.has("--only-root")
    if operation.family == "cargo":
        return not operation.has("--offline", "--frozen")
    return True


def _kept(dockerfile: Dockerfile, run: Instruction, operation: Operation, table: dict[str, Any]) -> bool:
    if operation.family == "pip" and (_old_pip(run, operation) or _switched_in_base(run)):
        return False
    if any(_switched(run, operation, name) for name in table.get("switches", ())):
        return False
    paths = _paths(run, operation, table)
    if mounted(run, paths) or cleaned(run.steps, operation.step, paths) or _emptied(run, operation, table):
        return False
    if run.stage is not None and run.stage.ships in ("visible", "squashed"):
        return not any(
            later.steps and (cleaned(later.steps, run.steps[0], paths) or _emptied(later, operation, table))
            for later in later_runs(dockerfile, run)
        )
    return not any(_configured(before, table) for before in (run, *earlier(run)))


def _switched_in_base(run: Instruction) -> bool:
    image = run.stage.root.image if run.stage is not None else None
    return bool(image and _CACHELESS.match(image))


def _old_pip(run: Instruction, operation: Operation) -> bool:
    """The pip of an old system, which no step before has replaced."""
    image = run.stage.root.image if run.stage is not None else None
    if not image or not _OLD.match(image) or "/" in operation.tool:
        return False
    for before in (run, *earlier(run)):
        for step in before.steps if before.keyword == "RUN" else ():
            if before is run and step.command.start >= operation.step.command.start:
                break
            said = " ".join((step.name, *step.values()))
            if "get-pip" in said or "conda" in said or re.search(r"\b(?:pip[\d.]*|easy_install) .*\bpip\b", said):
                return False
    return True


def _switched(run: Instruction, operation: Operation, name: str) -> bool:
    """A variable turns the cache off, here or from outside; any text does for pip, even `0`."""
    own = operation.step.assigned(name)
    if own is not None:
        return own.value != ""
    for script in run.scripts:
        for assigned in script.assignments:
            if assigned.name == name and assigned.exported and assigned.start < operation.step.command.start:
                return True
    value = run.env.get(name)
    if isinstance(value, Unknown):
        return _set_here(run, name)
    if not value:
        return False
    return not name.startswith("UV_") or value.lower() not in ("0", "false", "f", "no", "n", "off")


def _set_here(run: Instruction, name: str) -> bool:
    """An ARG without a default, or an ENV of an unknown value: someone cares."""
    return any(
        pair.name == name for before in earlier(run) if before.keyword in ("ARG", "ENV") for pair in before.pairs
    )


def _paths(run: Instruction, operation: Operation, table: dict[str, Any]) -> tuple[str, ...]:
    """Where the cache is: the usual place below HOME, or what an option or a variable says."""
    paths = [*at_home(run, *table["home"]), *table.get("paths", ())]
    for name, tail in table.get("variables", {}).items():
        own = operation.step.assigned(name)
        value = own.value if own is not None else run.env.text(name)
        if value:
            paths.append(f"{value}/{tail}".rstrip("/"))
    options = operation.options
    for i, option in enumerate(options):
        if option == "--cache-dir" and i + 1 < len(options):
            paths.append(options[i + 1])
        elif option.startswith("--cache-dir="):
            paths.append(option.partition("=")[2])
    return tuple(paths)


def _emptied(run: Instruction, operation: Operation, table: dict[str, Any]) -> bool:
    """The manager's own cleaning follows in the same RUN."""
    said = [words.split() for words in table.get("cleaned-by", ())]
    for step in run.steps if said else ():
        words = [step.name, *step.values()]
        if any(words[: len(those)] == those for those in said) and succeeds(step, operation.step):
            return True
    for other in operations(run):
        if other.family == operation.family and other.kind == CLEAN and succeeds(other.step, operation.step):
            if operation.family == "conda":
                if _cleans_all(other):
                    return True
            elif operation.family == "spack":
                if other.has("--all", "--downloads") or other.short("a") or other.short("d"):
                    return True
            elif operation.family == "pak" or {p.value for p in other.packages} & _EMPTIES:
                return True
    return False


def _cleans_all(operation: Operation) -> bool:
    letters = "".join(option[1:] for option in operation.options if _BARE.match(option))
    if "a" in letters or operation.has("--all") or any(option is None for option in operation.options):
        return True
    given = {
        "t" if "t" in letters or operation.has("--tarballs") else "",
        "i" if "i" in letters or operation.has("--index-cache") else "",
        "p" if "p" in letters or operation.has("--packages", "--force-pkgs-dirs") or "f" in letters else "",
    }
    return {"t", "i", "p"} <= given or {"t", "p"} <= given


def _configured(before: Instruction, table: dict[str, Any]) -> bool:
    """A configuration written or copied before may switch the cache off."""
    files = tuple(table.get("configuration", ()))
    if not files:
        return False
    if before.keyword in ("COPY", "ADD"):
        return any(word.text.rstrip("/").endswith(files) for word in before.words)
    if before.keyword == "RUN":
        for step in before.steps:
            if step.name.startswith("pip") and "config" in step.values() and any("cache" in v for v in step.values()):
                return True
            if any((r.target.value or r.target.tail).endswith(files) for r in step.command.redirects if r.writes):
                return True
    return False


def _finding(rule: Rule, operation: Operation, table: dict[str, Any]) -> Finding:
    step = operation.step
    option, command = table.get("option"), table.get("command", "").replace("{tool}", operation.tool)
    fix = None
    if option and option.partition("=")[0] not in {o.partition("=")[0] for o in operation.options}:
        fix = Fix(f"add `{option}`", (insert_after(step, operation.verb.word, option),), SAFE)
    elif command:
        edit = append(step, command)
        fix = Fix(f"run `{command}` in the same RUN", (edit,), SAFE) if edit else None
    instead = f"`{option}`" if option else f"`{command}` at the end of the same RUN"
    return rule.finding(operation.span, variant=table.get("variant"), fix=fix, tool=operation.tool, instead=instead)
