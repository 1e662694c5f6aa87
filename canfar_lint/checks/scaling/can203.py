"""Replicas that all do the same work."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command
from canfar_lint.diagnostic import Diagnostic, Fact, Finding, Place, Question, placed_fact
from canfar_lint.model.request import Request
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import closure, runs_of


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    replicas = request.number("replicas")
    if replicas is not None and replicas > 1 and runs_command(request):
        question = Question("replica-use", str(request.span[0]))
        yield rule.finding(request.fields["replicas"].span, count=replicas, question=question)


def check_project(project: Project, rule: Rule) -> Iterator[Diagnostic]:
    """Scripts that no request of the tree runs, under `request.replicas` of the settings."""
    count = project.request.get("replicas", 1)
    if not isinstance(count, int) or count < 2:
        return
    from canfar_lint.engine.file import in_pipeline
    from canfar_lint.pipeline.replica_use import do_the_same

    used = {path for other in project.paths if in_pipeline(other) for path in _used(project, other)}
    for path in project.paths:
        runnable = path.endswith((".py", ".sh", ".bash")) and in_pipeline(path) and path not in used
        if not runnable or runs_of(project, path) or not project.outline(path).is_script:
            continue
        if not project.facts_in("request", path) and do_the_same(project, closure(project, path)):
            fact = Fact("script", 0, 0, {}, Place(1, 1, 1, 1))
            yield placed_fact(path, rule.finding((0, 0), variant="settings", count=count), fact, ())


def _used(project: Project, path: str) -> list[str]:
    from canfar_lint.pipeline.runs import uses

    return [other for _, other in uses(project, path)] if path.endswith((".py", ".sh", ".bash")) else []
