"""Findings that are worse than they look, because a request of the project runs the file in batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from canfar_lint.diagnostic import Diagnostic, PlacedRelated
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import Run, runs_of

# what is an error once a file runs under replicas, and once it runs in batch at all
_UNDER_REPLICAS = frozenset(("CAN402", "CAN408"))
_IN_BATCH = frozenset(("CAN501",))


def raised(diagnostics: Iterable[Diagnostic], project: Project) -> Iterator[Diagnostic]:
    """The diagnostics, some of them as errors with the request as a related place."""
    replicas = project.request.get("replicas")
    as_settings_say = isinstance(replicas, int) and replicas > 1
    if not project.facts.get("request") and not as_settings_say:
        yield from diagnostics
        return
    for diagnostic in diagnostics:
        if diagnostic.level != "warning" or diagnostic.code not in _UNDER_REPLICAS | _IN_BATCH:
            yield diagnostic
            continue
        every: list[Run] = []
        with project.guarded(diagnostic.path, diagnostic.code):
            every = runs_of(project, diagnostic.path)
        run = next((run for run in every if _worse(diagnostic.code, run)), None)
        if run is not None:
            related = PlacedRelated(_said(diagnostic.code, run), run.path, run.place)
            yield diagnostic._replace(level="error", related=(*diagnostic.related, related))
        elif not every and as_settings_say and diagnostic.code in _UNDER_REPLICAS:
            yield diagnostic._replace(level="error")
        else:
            yield diagnostic


def _worse(code: str, run: Run) -> bool:
    return code in _IN_BATCH or (run.replicas or 1) > 1


def _said(code: str, run: Run) -> str:
    return (
        "this request runs it in batch" if code in _IN_BATCH else f"this request runs it with {run.replicas} replicas"
    )
