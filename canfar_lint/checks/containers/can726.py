"""CAN726: an install that asks a question nobody can answer during a build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._edits import insert_after
from canfar_lint.checks.containers._layers import earlier
from canfar_lint.checks.containers._packages import Operation, operations
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.variables import Unknown


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    families: dict[str, Any] = rule.table("families")
    for run in dockerfile.all("RUN"):
        for operation in operations(run) if run.readable else ():
            table = families.get(operation.family)
            if table is None or operation.verb.value not in table["verbs"] or operation.options == ("--help",):
                continue
            if operation.family == "conda" and operation.step.values()[:1] == ["env"]:
                continue
            if operation.family == "conda" and not _plain_base(run, rule):
                continue
            if _asks(run, operation, table) and _brings_others(run, operation, rule):
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
    if _fed(operation) or any(_known(run, operation, name) for name in table["variables"]):
        return False
    return not any(_configures(before, operation) for before in (run, *earlier(run)))


def _brings_others(run: Instruction, operation: Operation, rule: Rule) -> bool:
    """More may come than was named, of which alone apt-get asks; of one package that has to be known."""
    names = [package.value for package in operation.packages]
    if operation.family != "apt" or operation.verb.value != "install" or not names:
        return True
    if set(names) <= set(rule.table("alone")):
        return False
    name = names[0]
    if len(names) > 1 or name is None:
        return True
    if not _bare(run, rule):
        return False
    package = name.partition("=")[0]
    return package.endswith("-dev") or package in rule.table("brings") or not _installed_before(run, operation)


def _bare(run: Instruction, rule: Rule) -> bool:
    """The base is a distribution with next to nothing in it."""
    image = str(run.stage.root.image or "") if run.stage is not None else ""
    name = image.removeprefix("docker.io/").removeprefix("library/")
    return name.startswith(tuple(rule.table("bare-bases"))) or "-slim" in name


def _installed_before(run: Instruction, operation: Operation) -> bool:
    before = (other for r in earlier(run) if r.keyword == "RUN" and r.readable for other in operations(r))
    same = (other for other in operations(run) if other.span < operation.span)
    return any(other.family == "apt" and other.verb.value == "install" for other in (*same, *before))


def _plain_base(run: Instruction, rule: Rule) -> bool:
    """The base is known to leave conda's settings as they are; another one may have answered once for all."""
    image = run.stage.root.image if run.stage is not None else None
    return bool(image) and str(image).removeprefix("docker.io/").startswith(tuple(rule.table("plain-bases")))


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
    return any(word in text for word in ("always_yes", "Assume-Yes", "assumeyes=", "90assumeyes", "90forceyes"))


def _configured(rule: Rule, run: Instruction, operation: Operation) -> Iterator[Finding]:
    """A package that asks for a time zone or the like while it is set up: in Ubuntu; Debian's builds get by."""
    image = run.stage.root.image if run.stage is not None else None
    if "ubuntu" not in (image or ""):
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
