"""Is a file that a Dockerfile copies executable, by its mode in git's index or, where that has none, on disk? (CAN728)

The index comes first: it is what everybody else who builds the image gets, and on some systems the disk has no modes.
"""

from __future__ import annotations

import os

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.context import context_folder
from canfar_lint.pipeline.git_index import index_of
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding when the file is there and nobody may execute it; nothing when it is not in the tree."""
    question = diagnostic.question
    assert question is not None
    folder = context_folder(diagnostic.path, question.arguments, project.tree)
    path = os.path.join(folder, question.subject.lstrip("/"))
    try:
        on_disk = bool(os.stat(path).st_mode & 0o111)
    except (OSError, ValueError):
        return None
    index = index_of(os.path.dirname(path))
    in_index = index.executable(path) if index is not None else None
    return None if (on_disk if in_index is None else in_index) else diagnostic
