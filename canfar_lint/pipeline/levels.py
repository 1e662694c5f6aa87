"""Findings that are worse than they look, because a request of the project runs the file in batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from canfar_lint.diagnostic import Diagnostic, PlacedRelated
from canfar_lint.pipeline.join import WORSE_IN_BATCH, WORSE_UNDER_REPLICAS, Project
from canfar_lint.pipeline.runs import Run, runs_of


def raised(diagnostics: Iterable[Diagnostic], project: Project) -> Iterator[Diagnostic]:
    """The diagnostics, some of them as errors with the request as a related place."""
    replicas = project.request.get("replicas")
    as_settings_say = isinstance(replicas, int) and replicas > 1
    if project.whole and not project.facts.get("request") and not as_settings_say:
        yield from diagnostics
        return
    for diagnostic in diagnostics:
        if diagnostic.level != "warning" or diagnostic.code not in WORSE_UNDER_REPLICAS | WORSE_IN_BATCH:
            yield diagnostic
            continue
        every: list[Run] = []
        with project.guarded(diagnostic.path, diagnostic.code):
            every = runs_of(project, diagnostic.path)
        run = next((run for run in every if _worse(diagnostic.code, run)), None)
        if run is not None:
            related = PlacedRelated(_said(diagnostic.code, run), run.path, run.place)
            yield diagnostic._replace(level="error", related=(*diagnostic.related, related))
        elif not every and as_settings_say and diagnostic.code in WORSE_UNDER_REPLICAS:
            yield diagnostic._replace(level="error")
        else:
            yield diagnostic


def _worse(code: str, run: Run) -> bool:
    return code in WORSE_IN_BATCH or (run.replicas or 1) > 1


def _said(code: str, run: Run) -> str:
    return (
        "this request runs it in batch"
        if code in WORSE_IN_BATCH
        else f"this request runs it with {run.replicas} replicas"
    )
