"""CAN734: a step that can fail without the build noticing."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import runs_script
from canfar_lint.checks.containers._packages import INSTALL, operation_of
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Step
from canfar_lint.source import newline_in


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in dockerfile.all("RUN"):
        if not run.readable or run.json is not None:
            continue
        step = _forgiven(run) or _followed(run, frozenset(rule.table("matter")))
        if step is not None:
            variant = "forgiven" if step.after_failure else "heredoc" if _in_body(run, step) else None
            shown = _named(step) if not step.after_failure else step.name
            yield rule.finding(
                first_line(run), variant=variant, fix=_fix(run, step) or _unforgiven(run, step), command=shown
            )
            continue
        step = _piped(run, frozenset(rule.table("downloads")), frozenset(rule.table("readers")))
        if step is not None:
            yield rule.finding(first_line(run), variant="pipe", command=step.name)
            continue
        packed = _piped(run, frozenset(rule.table("downloads")), frozenset(rule.table("unpackers")))
        step = _logged(run, frozenset(rule.table("matter")))
        if step is not None:
            yield rule.finding(first_line(run), variant="logged", command=_named(step))
        elif packed is not None:
            yield rule.finding(first_line(run), variant="packed", command=packed.name)


def first_line(run: Instruction) -> tuple[int, int]:
    """The instruction's first line, without its continuation."""
    end = run.text.find("\n", run.start)
    line = run.text[run.start : end if end >= 0 else len(run.text)].rstrip(" \t\r")
    if run.line.text_last > run.start_line:
        line = line.removesuffix(run.escape).rstrip()
    return run.start, run.start + len(line)


def _named(step: Step) -> str:
    operation = operation_of(step)
    return f"{step.name} {operation.verb.text}" if operation is not None else step.name


def _followed(run: Instruction, matter: frozenset[str]) -> Step | None:
    """A command that matters whose failure is forgotten, because `;` or a new line goes on whatever happened."""
    for i, step in enumerate(run.steps):
        command, script = step.command, step.script
        if script.errexit or command.blocks or command.connector not in (";", "\n") or step.after_failure:
            continue
        if i + 1 >= len(run.steps) or run.steps[i + 1].script is not script or not _matters(step, matter):
            continue
        if step.name == "dpkg" and any(_completes(after) for after in run.steps[i + 1 :]):
            continue
        if _ends_well(run.steps[i + 1 :]):
            return step
    return None


def _completes(step: Step) -> bool:
    """`apt-get -f install` brings what `dpkg -i` misses, whose failure is expected before it."""
    operation = operation_of(step)
    if operation is None or operation.family != "apt" or operation.kind != INSTALL:
        return False
    return any(value == "--fix-broken" or (value[:1] == "-" != value[1:2] and "f" in value) for value in step.values())


def _matters(step: Step, matter: frozenset[str]) -> bool:
    """It installs, fetches or builds something, and is not the test of a chain that handles its failure."""
    operation = operation_of(step)
    if operation is not None:
        return operation.kind in ("install", "update")
    return step.name in matter or runs_script(step)


def _ends_well(rest: list[Step]) -> bool:
    """What follows does not look at the status that was left."""
    return not any("$?" in word.text for word in rest[0].command.words)


def _forgiven(run: Instruction) -> Step | None:
    """`|| true` behind a chain that installs something."""
    steps = run.steps
    for i, step in enumerate(steps):
        if step.name not in ("true", ":") or step.command.before != "||" or step.command.blocks:
            continue
        chain: list[Step] = []
        for before in reversed(steps[:i]):
            block = before.command.blocks[0] if before.command.blocks else before.command
            if not _chained(before) or block.connector not in ("&&", "||", "|"):
                break
            chain.append(before)
        installs = [o for b in chain if (o := operation_of(b)) is not None and o.kind == INSTALL]
        if installs and (len(chain) > 1 or installs[0].family in ("apt", "dnf", "conda", "pip")):
            return step
        if len(chain) > 1 and any(_installs(before) for before in chain):
            return step
    return None


def _installs(step: Step) -> bool:
    """A script whose name says that it installs something."""
    return runs_script(step) and any("install" in word.text for word in step.command.words[:2])


def _chained(step: Step) -> bool:
    """It stands in the chain itself, or in parentheses that are a part of it."""
    return all(block.kind in ("subshell", "group", "pipe-left", "pipe-right") for block in step.command.blocks)


def _piped(run: Instruction, downloads: frozenset[str], readers: frozenset[str]) -> Step | None:
    """A download into a pipe: only the status of the last program counts."""
    for i, step in enumerate(run.steps[:-1]):
        if step.script.pipefail or step.command.connector != "|" or step.name not in downloads:
            continue
        last = i + 1
        while run.steps[last].command.connector == "|" and last + 1 < len(run.steps):
            last += 1
        read = run.steps[last].name in readers and run.steps[last].script is step.script
        if read and not _missed(step, run.steps[last:]):
            return step
    return None


def _missed(download: Step, rest: list[Step]) -> bool:
    """Without the pip that was to come, the next command of the chain fails."""
    if not any("get-pip" in word.text for word in download.command.words) or len(rest) < 2:
        return False
    operation = operation_of(rest[1])
    return rest[0].command.connector == "&&" and operation is not None and operation.family == "pip"


def _logged(run: Instruction, matter: frozenset[str]) -> Step | None:
    """A command that matters piped into `tee`, whose status is the one that counts."""
    for step, following in zip(run.steps, run.steps[1:], strict=False):
        if following.name != "tee" or following.script is not step.script or step.command.connector not in ("|", "|&"):
            continue
        if not step.script.pipefail and _matters(step, matter):
            return step
    return None


def _in_body(run: Instruction, step: Step) -> bool:
    return any(heredoc.start <= step.command.start < heredoc.end for heredoc in run.heredocs)


def _unforgiven(run: Instruction, step: Step) -> Fix | None:
    """Without `|| true` at the end of the RUN."""
    text, command = run.text, step.command
    start = text.rfind("||", run.start, command.start)
    blank = len(text[:start].rstrip(" \t"))
    plain = text[start + 2 : command.start].strip(" \t") == "" and text[command.end : run.end].strip() == ""
    if not step.after_failure or start < 0 or not plain or text[blank - 1] == "\n" or run.heredocs:
        return None
    return Fix("let the build fail", (Edit(blank, command.end, ""),), UNSAFE)


def _fix(run: Instruction, step: Step) -> Fix | None:
    """`set -e` before the first command."""
    if step.after_failure:
        return None
    if _in_body(run, step):
        heredoc = next(h for h in run.heredocs if h.start <= step.command.start < h.end)
        at = heredoc.start
        body = run.text[at : heredoc.end]
        if body.startswith("#!"):
            at += body.find("\n") + 1
        newline = newline_in(body)
        rest = run.text[at : heredoc.end]
        indent = rest[: len(rest) - len(rest.lstrip(" \t"))]
        return Fix("stop at the first failure", (Edit(at, at, f"{indent}set -e{newline}"),), UNSAFE)
    start = run.value_span[0]
    return Fix("stop at the first failure", (Edit(start, start, "set -e; "),), UNSAFE)
