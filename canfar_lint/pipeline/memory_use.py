"""Does what a request runs grant itself more memory than the request asks for? (CAN814)

`question.subject` is the offset of the request, `question.limit` its RAM in GB.
"""

from __future__ import annotations

from canfar_lint.diagnostic import Diagnostic, PlacedRelated
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import run_at


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding with what the script says, the largest amount of all."""
    question = diagnostic.question
    assert question is not None
    run = run_at(project, diagnostic.path, int(question.subject))
    if run is None or not run.batch:
        return None
    largest: tuple[float, str, PlacedRelated] | None = None
    for path, fact in project.facts.get("memory", ()):
        amount = fact.data["amount"]
        if path in run.files and isinstance(amount, float) and amount > question.limit and fact.place is not None:
            what = str(fact.data["what"])
            related = PlacedRelated(f"`{what}` grants {amount:g} GB here", path, fact.place)
            if largest is None or amount > largest[0]:
                largest = (amount, what, related)
    if largest is None:
        return None
    amount, what, related = largest
    message = f"{diagnostic.message} (`{what}` in `{related.path}` is {amount:g} GB)"
    return diagnostic._replace(message=message, related=(*diagnostic.related, related))
