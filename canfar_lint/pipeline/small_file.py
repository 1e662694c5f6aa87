"""Is the file a finding speaks of a small one of the repository itself? Then there is nothing to find."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless its question's file is in the tree with fewer than `limit` bytes.

    Of a name with parts to be filled in, all files that it may become.
    """
    question = diagnostic.question
    assert question is not None
    tree = project.tree
    if question.arguments:
        sizes = tree.filled(diagnostic.path, question.subject)
        return None if sizes and max(sizes) < question.limit else diagnostic
    if question.subject.startswith("*/"):
        found = tree.ending(question.subject[1:])
        return None if len(found) == 1 and found[0] < question.limit else diagnostic
    path = tree.beside(diagnostic.path, question.subject)
    size = tree.size(path) if path else None
    return None if size is not None and size < question.limit else diagnostic
