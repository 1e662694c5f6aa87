"""Does a request of this project run the file? Then the number is compared with the request (CAN211) instead."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import runs_of


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless a request with a known number of cores runs its file, in the tree or by the settings."""
    mine = runs_of(project, diagnostic.path)
    joined = any(run.cores is not None for run in mine) or (not mine and project.request.get("cores") is not None)
    return None if joined else diagnostic
