"""Does a request run the file of a finding as several replicas? Then what every run shares is shared by all of them.

`question.arguments` are the level and the message in that case; with `question.limit` 1 there is no finding else, and
with a `question.subject` no fix.
"""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic, PlacedRelated
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import runs


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, raised when the script is run by replicas; None when it depends on that and it is not."""
    question = diagnostic.question
    assert question is not None
    for run in runs(project):
        if (run.replicas or 1) > 1 and diagnostic.path in (run.script, *run.files):
            level, message = question.arguments
            related = PlacedRelated(f"this request runs it {run.replicas} times at once", run.path, run.place)
            return diagnostic._replace(level=level, message=message, related=(*diagnostic.related, related))
    if question.limit:
        return None
    return diagnostic._replace(fix=None) if question.subject else diagnostic
