"""CAN728: a start-up script of a session that cannot start, or a server that nobody can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix, Question
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Stage
from canfar_lint.model.dockerfile.steps import absolute
from canfar_lint.model.shell import Script, Word

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
        if instruction.keyword in ("CMD", "ENTRYPOINT"):
            for step in instruction.steps:
                given = [(argument.word, argument.value) for argument in step.arguments]
                yield from _addresses(rule, given, instruction.text)


def check_script(script: Script, dockerfile: Dockerfile, keyword: str, rule: Rule) -> Iterator[Finding]:
    """The server that the start-up script runs; `keyword` starts the script."""
    if dockerfile.final is None or not _contributed(dockerfile.final):
        return
    for command in script.commands:
        if not any(block.kind != "group" for block in command.blocks):
            yield from _addresses(rule, [(word, word.value) for word in command.arguments], "")


def _addresses(rule: Rule, given: list[tuple[Word, str | None]], text: str) -> Iterator[Finding]:
    """The words of one command that tell a server where to listen; with the file's text they are repaired."""
    for i, (word, value) in enumerate(given):
        found = _address(value or "", given[i - 1][1] or "" if i else "")
        if found is None:
            continue
        written = text[word.start : word.end]
        edit = Edit(word.start, word.end, written.replace(found, "0.0.0.0", 1))
        fix = Fix("listen on all addresses", (edit,), SAFE) if found in written else None
        yield rule.finding((word.start, word.end), variant="address", fix=fix, address=found)


def _address(value: str, before: str) -> str | None:
    name, equals, given = value.partition("=")
    match = _LOCAL.match(given if equals else value)
    return match[0] if match and _OPTION.match(name if equals else before) else None
