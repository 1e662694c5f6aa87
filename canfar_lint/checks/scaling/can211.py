"""Thread and worker numbers that differ from the cores a request asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import is_line
from canfar_lint.diagnostic import (
    Diagnostic,
    Edit,
    Fact,
    Finding,
    Fix,
    PlacedEdit,
    PlacedFix,
    PlacedRelated,
    placed_fact,
)
from canfar_lint.model.request import Given, Request
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import Run, runs, runs_of
from canfar_lint.source import Source

_LAUNCHERS = ("mpi", "srun", "orterun", "prterun")
_LEADING = re.compile(r"(?:\s*-\S+(?:\s+\d+(?!\S))?)+")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    """Within one request: its `env` and the options of its command against its cores."""
    cores = request.cores
    if cores is None:
        return
    for name, given in request.env:
        number = given.whole
        if name in rule.table("variables") and number is not None and number != cores:
            code = request.module.text[given.start : given.end] if request.module is not None else ""
            edit = Edit(*given.span, code.replace(str(number), str(cores), 1))
            fix = Fix(f"Set `{name}` to {cores}", (edit,)) if code else _in_word(request, given, name, number, cores)
            yield rule.finding(given.span, what=name, **_said(number, cores), fix=fix)
    program = (request.text("cmd") or "").partition(" ")[0].rpartition("/")[2]
    own = rule.table("shell_options").get(program, [])
    for field in ("args", "cmd"):
        command = request.text(field) or ""
        # what stands behind the first word that is no option belongs to the program that is started
        leading = _LEADING.match(command)
        head = (leading[0] if leading else "") if program.startswith(_LAUNCHERS) else command
        for option, number in (*options(head, own), *options(command, rule.table("options"))):
            if number != cores:
                given = request.fields[field]
                mended = _in_text(request, given, option, number, cores)
                yield rule.finding(given.span, what=option, **_said(number, cores), fix=mended)
                break


def _in_word(request: Request, given: Given, name: str, number: int, cores: int) -> Fix | None:
    """The number in the word of an `--env` of the command line."""
    for word in request.command.words if request.command is not None and is_line(request) else ():
        if word.end == given.end and word.text.endswith(f"{name}={number}") and word.end - word.start == len(word.text):
            return Fix(f"Set `{name}` to {cores}", (Edit(word.end - len(str(number)), word.end, str(cores)),))
    return None


def _in_text(request: Request, given: Given, option: str, number: int, cores: int) -> Fix | None:
    """The number behind an option in a literal of the request itself, where that has it once."""
    if request.module is None or not isinstance(given.node, ast.Constant):
        return None
    code = request.module.text[given.start : given.end]
    pattern = rf"(?:(?<=\s)|(?<=[\"'])){re.escape(option)}(?:=|\s+|(?<=-j))({number})(?=[\s\"'])"
    found = list(re.finditer(pattern, code))
    if len(found) != 1:
        return None
    edit = Edit(given.start + found[0].start(1), given.start + found[0].end(1), str(cores))
    return Fix(f"Set `{option}` to {cores}", (edit,))


def check_yaml(source: Source, rule: Rule) -> Iterator[Finding]:
    """Within one service of a compose file: its environment against the cores it may use."""
    from canfar_lint.model.yamlfile import services

    names = frozenset(rule.table("variables"))
    for service in services(source):
        if service.cpus is None or not re.fullmatch(r"\d+(?:\.0+)?", service.cpus.value):
            continue
        cores = int(float(service.cpus.value))
        for name, value, start, end in service.environment:
            if name in names and value.isdecimal() and cores and int(value) not in (1, cores):
                at = source.text.rfind(value, start, end)
                fix = Fix(f"Set `{name}` to {cores}", (Edit(at, at + len(value), str(cores)),))
                yield rule.finding((start, end), variant="service", what=name, **_said(int(value), cores), fix=fix)


def options(text: str, names: list[str]) -> Iterator[tuple[str, int]]:
    """The options of a command line that set a number of threads: `--threads 8`, `--nproc=8`, `-j8`."""
    pattern = "|".join(re.escape(name) for name in names)
    if not pattern:
        return
    for match in re.finditer(rf"(?:^|\s)({pattern})(?:=|\s+|(?<=-j))(\d+)(?=\s|$)", text):
        yield match.group(1), int(match.group(2))


def check_project(project: Project, rule: Rule) -> Iterator[Diagnostic]:
    """Across files: what the script that a request runs, or the image it runs in, sets for itself."""
    numbers: dict[str, list[int]] = {}
    for path, fact in project.facts.get("threads", ()):
        numbers.setdefault(path, []).append(int(str(fact.data["number"])))
    for path, fact in project.facts.get("threads", ()):
        every = runs_of(project, path)
        mine = [run for run in every if run.cores is not None and fact.data["what"] not in run.variables]
        mine = [] if _shared(fact, numbers[path], mine) else mine
        yield from _against(rule, path, fact, mine)
        if not every and isinstance(project.request.get("cores"), int):
            yield from _as_settings_say(rule, path, fact, project.request["cores"])
    for path, fact in project.facts.get("image threads", ()):
        mine = [
            run
            for run in runs(project)
            if run.dockerfile == path and run.cores is not None and fact.data["what"] not in run.variables
        ]
        yield from _against(rule, path, fact, mine, "image")


def _shared(fact: Fact, numbers: list[int], mine: list[Run]) -> bool:
    """Whether processes and the threads of each make up the cores together: 8 processes of one thread, 4 of two."""
    number = fact.data["number"]
    if not isinstance(number, int):
        return False
    if number == 1 and max(numbers) > 1:
        return True
    others = list(numbers)
    others.remove(number)
    return any(run.cores == number * other for run in mine for other in others)


def _against(rule: Rule, path: str, fact: Fact, mine: list[Run], variant: str | None = None) -> Iterator[Diagnostic]:
    number = fact.data["number"]
    if not mine or any(run.cores == number for run in mine) or not isinstance(number, int):
        return
    run = mine[0]
    assert run.cores is not None and fact.place is not None
    values = {"what": fact.data["what"], **_said(number, run.cores)}
    finding = rule.finding((fact.start, fact.end), variant=variant, **values)
    related = (PlacedRelated(f"the request asks for {_cores(run.cores)}", run.path, run.place),)
    yield placed_fact(path, finding, fact, related)._replace(fix=_as_requested(fact, number, run.cores))


def _as_requested(fact: Fact, number: int, cores: int) -> PlacedFix | None:
    """The number in the script or image, where the place of the finding holds nothing else."""
    if fact.place is None or fact.end - fact.start != len(str(number)) or fact.place.cell is not None:
        return None
    return PlacedFix(f"Set it to {cores}", (PlacedEdit(fact.place, Edit(fact.start, fact.end, str(cores))),))


def _as_settings_say(rule: Rule, path: str, fact: Fact, cores: int) -> Iterator[Diagnostic]:
    """Against `request` of the settings, under which scripts run that no request of the tree does."""
    number = fact.data["number"]
    if isinstance(number, int) and number not in (1, cores):
        values = {"what": fact.data["what"], **_said(number, cores)}
        yield placed_fact(path, rule.finding((fact.start, fact.end), **values), fact, ())


def _said(number: int, cores: int) -> dict[str, Any]:
    return {"number": number, "cores": _cores(cores), "wanted": cores, "effect": _effect(number, cores)}


def _cores(cores: int) -> str:
    return f"{cores} core{'s' if cores != 1 else ''}"


def _effect(number: int, cores: int) -> str:
    if number > cores:
        return f"{number} threads take turns on {_cores(cores)}, and the job runs slower"
    idle = cores - number
    return f"{_cores(idle)} of the request stay{'s' if idle == 1 else ''} idle"
