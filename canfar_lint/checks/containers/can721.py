"""CAN721: what is put into a home folder of the image, where no session looks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._made import gone, made_by
from canfar_lint.checks.containers._packages import INSTALL, operation_of
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step, absolute

_HOME = re.compile(r"(?:~|/root)(?:/|\Z)|/home/[^/]+(?:/|\Z)")
_INSIDE = re.compile(r"(?:~|/root|/home/[^/]+)/.")
_PREFIX = re.compile(r"(?:--)?(?:prefix|install-dir|root|target|bin-dir|install_dir)=(.+)", re.I)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for stage in dockerfile.stages:
        if not dockerfile.shipped(stage):
            continue
        for instruction in stage.instructions:
            if instruction.keyword in ("COPY", "ADD"):
                yield from _copied(rule, instruction)
            elif instruction.keyword == "ENV":
                yield from _variables(rule, instruction)
            elif instruction.keyword == "RUN" and instruction.readable:
                yield from _run(rule, instruction)


def _copied(rule: Rule, copy: Instruction) -> Iterator[Finding]:
    destination = copy.destination
    if destination is None or destination.value is None:
        return
    path = absolute(destination.value, copy.workdir or ".")
    if _HOME.match(path) and not any(path.startswith(known) for known in rule.table("kept")):
        yield rule.finding((destination.start, destination.end), variant="files", path=path)


def _variables(rule: Rule, env: Instruction) -> Iterator[Finding]:
    for pair in env.pairs:
        if pair.name == "HOME" and pair.value and pair.value.startswith("/") and not pair.value.startswith("/arc"):
            yield rule.finding((pair.start, pair.end), variant="home", path=pair.value)


def _run(rule: Rule, run: Instruction) -> Iterator[Finding]:
    for step in run.steps:
        if step.after_failure:
            continue
        found = next(_step(rule, run, step), None)
        if found is not None:
            yield found


def _step(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    operation = operation_of(step)
    if operation is not None and operation.kind == INSTALL:
        if operation.family == "pip" and operation.has("--user") and run.env.text("PYTHONUSERBASE") is None:
            yield rule.finding(operation.span, variant="user", tool=operation.tool)
        tool = {"uv tool install": ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR"), "pipx install": ("PIPX_HOME", "PIPX_BIN_DIR")}
        words = f"{operation.tool} tool install" if "uv tool install" in operation.options else f"{step.name} install"
        needed = tool.get(words)
        if needed and "--global" not in step.values() and not _set(run, step, needed[0]):
            yield rule.finding(
                operation.span, variant="tool", tool=words, variables=" and ".join(f"`{n}`" for n in needed)
            )
    if (
        step.name in ("conda", "mamba", "micromamba")
        and "init" in step.values()[:2]
        and "--system" not in step.values()
    ):
        word = step.arguments[0].word
        start = step.program.start if step.program is not None else step.command.start
        yield rule.finding((start, word.end), variant="shell", path="~/.bashrc")
    yield from _targets(rule, run, step)


def _set(run: Instruction, step: Step, name: str) -> bool:
    """A variable that says where the tools go is set, to something outside a home folder or unknown."""
    own = step.assigned(name)
    if own is not None:
        return own.value is None or not _HOME.match(own.value)
    if any(entry.name == name for script in run.scripts for entry in script.assignments):
        return True
    value = run.env.text(name)
    return value is not None and not _HOME.match(value)


def _targets(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    """Folders that are made, files that are written, trees that are cloned below a home folder."""
    for redirect in step.command.redirects:
        if redirect.writes and step.name not in rule.table("writes-nothing-of-use"):
            from canfar_lint.model.dockerfile.steps import resolve

            value = resolve(run, step.script, step.command, redirect.target)
            path = absolute(value, step.folder) if value else ""
            if path and _HOME.match(path) and not gone(run.steps, step, path):
                target = redirect.target
                variant = "shell" if path.endswith(("rc", "profile", ".login")) else "files"
                yield rule.finding((target.start, target.end), variant=variant, path=path)
    for made in made_by(run):
        if made.step is step and made.how == "clone" and _HOME.match(made.path):
            yield rule.finding((made.start, made.end), variant="files", path=made.path)
    yield from _installed(rule, run, step)


def _installed(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    """Environments and installers that are told to go below a home folder."""
    values = step.arguments
    for i, argument in enumerate(values):
        value = argument.value
        if not value or (value.startswith("-") and "=" not in value):
            continue
        prefix = _PREFIX.fullmatch(value)
        before = values[i - 1].value if i else ""
        told = bool(prefix) or (before in ("-p", "--prefix", "--install-dir") and _installer(step))
        told = told or step.name in ("venv", "virtualenv")
        told = told or (step.name in ("cp", "mv", "install") and i == len(values) - 1 and i > 0)
        told = told or (step.name == "mkdir" and _INSIDE.match(value) is not None)
        if not told:
            continue
        path = absolute(prefix[1] if prefix else value, step.folder)
        kept = tuple(rule.table("kept"))
        if _HOME.match(path) and not gone(run.steps, step, path) and not path.replace("~", "/root", 1).startswith(kept):
            yield rule.finding((argument.word.start, argument.word.end), variant="files", path=path)


def _installer(step: Step) -> bool:
    return step.name in ("conda", "mamba", "micromamba", "bash", "sh", "uv") or step.name.endswith(".sh")
