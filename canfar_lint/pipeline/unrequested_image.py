"""Does a request of this project run the image a Dockerfile builds? Then its number is CAN211's business."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import runs


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless a request with a known number of cores runs the image."""
    joined = any(run.dockerfile == diagnostic.path and run.cores is not None for run in runs(project))
    return None if joined else diagnostic
