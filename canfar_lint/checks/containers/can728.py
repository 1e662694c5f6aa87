"""CAN728: a start-up script of a session that cannot start, or a server that nobody can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix, Question
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Stage
from canfar_lint.model.dockerfile.steps import Argument, absolute

_LOCAL = re.compile(r"(?:127\.0\.0\.1|localhost)(?=\Z|:\d+\Z)")
_OPTION = re.compile(r"--?(?:ip|host|bind|address|server[.-]address|listen|b|ServerApp\.ip|NotebookApp\.ip|H)\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    final = dockerfile.final
    if final is None:
        return
    scripts = rule.table("scripts")
    chain = [i for stage in final.ancestry for i in stage.instructions]
    named = tuple(
        w.value for i in chain if i.keyword in ("COPY", "ADD") and not i.flag("from") for w in i.sources if w.value
    )[:20]
    for copy in chain:
        if (
            copy.keyword not in ("COPY", "ADD")
            or copy.flag("from")
            or copy.destination is None
            or len(copy.sources) != 1
        ):
            continue
        source = copy.sources[0]
        path = _path(copy)
        if path not in scripts or not source.value or _made_executable(copy, chain, path):
            continue
        at = copy.keyword_span[1]
        fix = Fix("make it executable", (Edit(at, at, " --chmod=755"),), SAFE)
        question = Question("executable", source.value, 0, named)
        yield rule.finding((source.start, source.end), fix=fix, question=question, path=path)
    if _contributed(final):
        yield from _bound(rule, final)


def _path(copy: Instruction) -> str:
    assert copy.destination is not None
    value = copy.destination.value
    if value is None:
        return ""
    path = absolute(value, copy.workdir or ".")
    name = (copy.sources[0].value or "").rsplit("/", 1)[-1]
    return f"{path}/{name}" if value.endswith("/") else path


def _made_executable(copy: Instruction, chain: list[Instruction], path: str) -> bool:
    mode = copy.flag("chmod")
    if mode is not None:
        return True
    for later in chain:
        if later.keyword != "RUN" or later.index < copy.index:
            continue
        if not later.readable:
            return True
        for step in later.steps:
            words = [argument for argument in step.arguments if not argument.text.startswith("-")]
            if step.name in ("chmod", "install", "mv", "cp") and any(
                (p := step.path(w)) is None or covers(p, path) for w in words
            ):
                return True
    return False


def _contributed(final: Stage) -> bool:
    """The image offers a server on port 5000."""
    return any(
        word.text.partition("/")[0] == "5000"
        for stage in final.ancestry
        for i in stage.instructions
        if i.keyword == "EXPOSE"
        for word in i.words
    )


def _bound(rule: Rule, final: Stage) -> Iterator[Finding]:
    for instruction in final.instructions:
        if instruction.keyword not in ("CMD", "ENTRYPOINT"):
            continue
        for step in instruction.steps:
            for i, argument in enumerate(step.arguments):
                found = _address(argument, step.arguments[i - 1] if i else None)
                if found is not None:
                    start, end = argument.word.start, argument.word.end
                    written = instruction.text[start:end]
                    edit = Edit(start, end, written.replace(found, "0.0.0.0", 1))
                    fix = Fix("listen on all addresses", (edit,), SAFE) if found in written else None
                    yield rule.finding((start, end), variant="address", fix=fix, address=found)


def _address(argument: Argument, before: Argument | None) -> str | None:
    value = argument.value or ""
    name, equals, given = value.partition("=")
    option = name if equals else before.text if before is not None else ""
    match = _LOCAL.match(given if equals else value)
    return match[0] if match and _OPTION.match(option) else None
