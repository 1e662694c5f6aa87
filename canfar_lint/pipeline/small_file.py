"""Is the file a finding speaks of a small one of the repository itself? Then there is nothing to find."""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic, Question
from canfar_lint.pipeline.join import Project

# times the limit: a file of the tree of that size is no surprise to anyone who has it
_KNOWN = 10


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless its question's files are all in the tree with fewer than `limit` bytes.

    It is advice where one has some more. Of a name with parts to be filled in, all files that it may become.
    """
    question = diagnostic.question
    assert question is not None
    found = [_sizes(diagnostic.path, subject, question, project) for subject in question.subject.splitlines()]
    sizes = [size for each in found for size in each] if all(found) else []
    if sizes and max(sizes) < question.limit:
        return None
    if sizes and max(sizes) < question.limit * _KNOWN and diagnostic.level == "warning":
        return diagnostic._replace(level="advice")
    return diagnostic


def _sizes(path: str, subject: str, question: Question, project: Project) -> list[int]:
    """The bytes of the files that a question is about; none where it is not seen which file that is.

    After a change of the working directory it is the one file of the tree that ends so.
    """
    tree = project.tree
    if "{}" in subject:
        return tree.filled(path, subject)
    place = None if subject.startswith("*/") else tree.beside(path, subject)
    if place is not None:
        size = tree.content_size(place)
        return [size] if size is not None else []
    if subject.startswith("*/") or "moved" in question.arguments:
        found = tree.ending("/" + subject.removeprefix("*/"))
        return found if len(found) == 1 else []
    return []
