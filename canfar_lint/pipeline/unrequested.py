"""Does a request of this project run the file? Then the number is compared with the request (CAN211) instead."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import runs


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless a request with a known number of cores runs its file."""
    joined = any(run.script == diagnostic.path and run.cores is not None for run in runs(project))
    return None if joined else diagnostic
