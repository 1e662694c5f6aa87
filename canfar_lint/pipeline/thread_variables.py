"""Which thread variables matter for what a request runs? (CAN212)

`question.limit` is the number of cores. The libraries are those that the script and the modules it uses import.
"""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding; it names variables where the script that runs is in the tree."""
    return diagnostic
