"""Does the script a command names carry inline metadata? Only then is there something to lose."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.model.metadata import declared
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import script_of


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, when the one file of the tree that its question names declares dependencies."""
    question = diagnostic.question
    assert question is not None
    path = project.tree.beside(diagnostic.path, question.subject) or script_of(project, question.subject)
    text = project.tree.read(path) if path else None
    return diagnostic if text is not None and declared(text) is not None else None
