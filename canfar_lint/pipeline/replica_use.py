"""Does what a request runs tell its replicas apart? (CAN203)

`question.subject` is the offset of the request. Silent unless all that runs is known.
"""

from __future__ import annotations

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Diagnostic, Place, PlacedRelated
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import run_at


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding when the script is in the tree and neither it nor what it uses asks for its number."""
    question = diagnostic.question
    assert question is not None
    run = run_at(project, diagnostic.path, int(question.subject))
    if run is None or not run.script or "REPLICA_" in run.command or not do_the_same(project, run.files):
        return None
    related = PlacedRelated("this is what every replica runs", run.script, Place(1, 1, 1, 1))
    message = diagnostic.message.replace("its script", f"`{run.script}`", 1)
    return diagnostic._replace(message=message, related=(*diagnostic.related, related))


def do_the_same(project: Project, files: tuple[str, ...]) -> bool:
    """Whether nothing in these files can make one run differ from another, and nothing else runs."""
    rule: Rule = load().rules["CAN203"]
    known = frozenset(rule.table("plain"))
    import sys

    for path in files:
        outline = project.outline(path)
        if outline.unknown or outline.differs:
            return False
        for name in outline.packages - known - sys.stdlib_module_names:
            if not any(_is(path, name) for path in files):
                return False  # another package, which may ask for the number itself
        if any(run.kind == "script" for run in outline.runs) and not any(
            how == "runs" for how, _ in project.uses[path]
        ):
            return False  # a script that is not in the tree
    return True


def _is(path: str, name: str) -> bool:
    return path.endswith(f"{name}.py") or f"/{name}/" in f"/{path}"
