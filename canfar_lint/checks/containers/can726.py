"""CAN726: an install that asks a question nobody can answer during a build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._edits import insert_after
from canfar_lint.checks.containers._layers import earlier
from canfar_lint.checks.containers._packages import INSTALL, UPDATE, Operation, operations
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.variables import Unknown

_UPGRADES = ("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "update", "up", "dup", "distro-sync")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    families: dict[str, Any] = rule.table("families")
    for run in dockerfile.all("RUN"):
        for operation in operations(run) if run.readable else ():
            table = families.get(operation.family)
            if table is None or operation.verb.value not in table["verbs"] or operation.options == ("--help",):
                continue
            if operation.family == "conda" and operation.step.values()[:1] == ["env"]:
                continue
            if _asks(run, operation, table) and _sure(run, operation, rule):
                edit = insert_after(operation.step, operation.verb.word, table["option"])
                fix = Fix(f"add `{table['option']}`", (edit,), SAFE)
                variant = "conda" if operation.family == "conda" else None
                yield rule.finding(
                    operation.span, variant=variant, fix=fix, tool=operation.tool, option=table["option"]
                )
            elif operation.family == "apt":
                yield from _configured(rule, run, operation)


def _asks(run: Instruction, operation: Operation, table: dict[str, Any]) -> bool:
    options = operation.options
    if operation.has(*table["answers"]) or any(operation.short(letter) for letter in table["letters"]):
        return False
    if operation.family == "apt" and (
        not operation.packages and operation.verb.value in ("install", "remove", "purge")
    ):
        return False
    if (
        operation.tool == "micromamba"
        and operation.verb.value == "create"
        and not (operation.packages or operation.files)
    ):
        return False
    if any(word in option for option in options for word in ("Assume-Yes", "assumeyes", "-q=2", "-qq")):
        return False
    if sum(option.count("q") for option in options if option.startswith("-q")) > 1 and operation.family == "apt":
        return False
    held = (word.value or "-" for word in operation.step.arguments if word.word.text.startswith(("$", '"$')))
    if any(word.startswith("-") for value in held for word in value.split()):
        return False
    if _fed(operation) or any(_known(run, operation, name) for name in table["variables"]):
        return False
    return not any(_configures(before, operation) for before in (run, *earlier(run)))


def _sure(run: Instruction, operation: Operation, rule: Rule) -> bool:
    """Nothing of the base answers for all, and there is something to ask about."""
    if operation.tool == "microdnf" or not _named(_base(run), rule.table("plain-bases")[operation.family]):
        return False
    before = list(_before(run, operation))
    if operation.family != "conda" and _upgrades(operation) and any(_upgrades(o) and not o.packages for o in before):
        return False
    if operation.family != "apt":
        return True
    there = {package.value for other in before if other.kind == INSTALL for package in other.packages}
    if operation.verb.value in ("remove", "purge"):
        return any(package.value in there for package in operation.packages)
    if operation.packages and all(package.value in there for package in operation.packages):
        return False
    if all(other.kind != UPDATE for other in before):
        return False
    return operation.verb.value != "install" or _brings_others(run, operation, before, rule)


def _upgrades(operation: Operation) -> bool:
    return operation.kind == INSTALL and operation.verb.value in _UPGRADES


def _brings_others(run: Instruction, operation: Operation, before: list[Operation], rule: Rule) -> bool:
    """More comes than was named, of which alone apt-get asks: known of the package, or next to nothing is there."""
    names = {(package.value or "").partition("=")[0] for package in operation.packages}
    if not names.isdisjoint(rule.table("brings")):
        return True
    if not _bare(run, rule):
        return False
    if not names.isdisjoint(rule.table("brings-to-bare")):
        return True
    known = {name for name in names.difference(rule.table("alone")) if name[:3] != "lib" or name[-4:] == "-dev"}
    if len({name.partition("-")[0] for name in known}) > 1:
        return True
    first = all(other.kind != INSTALL for other in before)
    return first and any(name.endswith("-dev") or name in rule.table("brings-first") for name in known)


def _base(run: Instruction) -> str:
    """The image it all stands on, by its name where Docker looks first."""
    image = run.stage.root.image if run.stage is not None else None
    return str(image or "").removeprefix("docker.io/").removeprefix("library/")


def _named(image: str, names: list[str]) -> bool:
    """The image is one of these, or of a namespace among them."""
    return any(image == name or image.startswith((f"{name}:", f"{name}@")) for name in names) or image.startswith(
        tuple(name for name in names if name.endswith("/"))
    )


def _bare(run: Instruction, rule: Rule) -> bool:
    """The base is a distribution with next to nothing in it."""
    image = _base(run)
    return _named(image, rule.table("bare-bases")) or "-slim" in image


def _before(run: Instruction, operation: Operation) -> Iterator[Operation]:
    """What the same manager did before, here and in the instructions whose result this one finds."""
    same = (other for other in operations(run) if other.span < operation.span)
    runs = (one for one in earlier(run) if one.keyword == "RUN" and one.readable)
    for other in (*same, *(other for one in runs for other in operations(one))):
        if other.family == operation.family:
            yield other


def _fed(operation: Operation) -> bool:
    """Something answers on standard input."""
    command = operation.step.command
    if any(redirect.feeds for redirect in command.redirects) or any(block.redirects for block in command.blocks):
        return True
    return "pipe-right" in command.context or command.before == "|"


def _known(run: Instruction, operation: Operation, name: str) -> bool:
    if operation.step.assigned(name) is not None or any(a.name == name for s in run.scripts for a in s.assignments):
        return True
    value = run.env.get(name)
    return isinstance(value, str) and value != ""


def _configures(before: Instruction, operation: Operation) -> bool:
    """The manager is told once for all: by its configuration, or by a file copied to where it looks."""
    if before.keyword in ("COPY", "ADD"):
        target = before.destination
        names = [target.value or target.text if target is not None else "", *(word.text for word in before.sources)]
        wanted = {"apt": "apt.conf", "conda": "condarc", "dnf": ("yum.conf", "dnf.conf")}.get(operation.family, "\0")
        return any(part in name for name in names for part in ([wanted] if isinstance(wanted, str) else wanted))
    if before.keyword != "RUN":
        return False
    text = before.value
    told = ("always_yes", "Assume-Yes", "assumeyes=", "90assumeyes", "90forceyes", 'quiet "2"')
    return any(word in text for word in told)


def _configured(rule: Rule, run: Instruction, operation: Operation) -> Iterator[Finding]:
    """A package that asks for a time zone or the like while it is set up: in Ubuntu; Debian's builds get by.

    So do Ubuntu's where recommended packages are left out, as those of MariaDB and .NET, built every day, show.
    """
    image = _base(run)
    if not _named(image, rule.table("bare-bases")) or "ubuntu" not in image:
        return
    if operation.has("--no-install-recommends") or any(release in image for release in rule.table("content")):
        return
    asking = rule.table("asking-packages")
    named = [p for p in operation.packages if (p.value or "").partition("=")[0] in asking]
    if not named or operation.verb.value != "install":
        return
    name = "DEBIAN_FRONTEND"
    if isinstance(run.env.get(name), Unknown) and any(p.name == name for b in earlier(run) for p in _pairs(b)):
        return
    if _known(run, operation, name) or _known(run, operation, "DEBCONF_NONINTERACTIVE_SEEN") or _fed(operation):
        return
    if any(_answered(before) for before in (run, *earlier(run))):
        return
    program = operation.step.program
    fix = None
    if program is not None and run.json is None and set(operation.step.command.wrappers) <= {"sudo", "env"}:
        edit = Edit(program.start, program.start, f"{name}=noninteractive ")
        fix = Fix(f"set `{name}=noninteractive`", (edit,), SAFE)
    word = named[0].word
    yield rule.finding((word.start, word.end), variant="asking", fix=fix, package=named[0].value)


def _answered(before: Instruction) -> bool:
    """The answers are given to debconf, or the time zone is there already."""
    if before.keyword != "RUN" or not before.readable:
        return False
    return any("debconf" in step.name or "localtime" in " ".join(step.values()) for step in before.steps)


def _pairs(before: Instruction) -> tuple[Any, ...]:
    return before.pairs if before.keyword in ("ARG", "ENV") else ()
