"""Does a module that a script imports only for what it does write the file that the script reads?"""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless one of the modules beside the script, or below the root, writes a file of that name."""
    question = diagnostic.question
    assert question is not None
    for module in question.arguments:
        beside = project.tree.beside(diagnostic.path, f"{module.replace('.', '/')}.py")
        path = project.file(beside) if beside is not None else ""
        if path and any(name.rpartition("/")[2] == question.subject for name in project.outline(path).writes):
            return None
    return diagnostic
