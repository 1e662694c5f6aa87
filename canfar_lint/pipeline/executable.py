"""Is a file that a Dockerfile copies executable, by its mode on disk or in git's index? (CAN728)"""

from __future__ import annotations

import os

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.context import context_folder
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding when the file is there and nobody may execute it; nothing when it is not in the tree."""
    question = diagnostic.question
    assert question is not None
    folder = context_folder(diagnostic.path, question.arguments, project.tree)
    path = os.path.join(folder, question.subject.lstrip("/"))
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return None if mode & 0o111 else diagnostic
