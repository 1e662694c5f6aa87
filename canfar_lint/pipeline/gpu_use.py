"""Do a request, its script and its image agree about a GPU? (CAN810)

`question.subject` is the offset of the request, `question.limit` 1 when a GPU is asked for.
"""

from __future__ import annotations

import re

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Diagnostic, Place, PlacedRelated
from canfar_lint.facts.images import without_tag
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import Run, run_at


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """With a GPU: the finding when neither script nor image can use one. Without: when the script cannot do without."""
    question = diagnostic.question
    assert question is not None
    run = run_at(project, diagnostic.path, int(question.subject))
    if run is None or not run.batch:
        return None
    if question.limit:
        return diagnostic if _is_cpu_image(project, run) and not _may_use(project, run) else None
    needs = set(load().rules["CAN810"].table("needs"))
    for path in run.files:
        used = sorted(project.outline(path).packages & needs)
        if used and not project.outline(path).optional:
            related = PlacedRelated(f"`{used[0]}` is imported here", path, Place(1, 1, 1, 1))
            return diagnostic._replace(related=(*diagnostic.related, related))
    return None


def _is_cpu_image(project: Project, run: Run) -> bool:
    """Whether an image surely has no CUDA: one of the platform's without, or built here on such a base."""
    table = load().rules["CAN810"].body["tables"]
    bases = re.compile(table["without"])
    if not run.dockerfile:
        return bases.fullmatch("/".join(without_tag(run.image).split("/")[-2:])) is not None
    image = project.image(run.dockerfile)
    if image.unknown or image.cuda:
        return False
    name = without_tag(image.base)
    return bases.fullmatch("/".join(name.split("/")[-2:])) is not None or name in table["plain"]


def _may_use(project: Project, run: Run) -> bool:
    """Whether the script may use a GPU all the same: it is not known, or something in it says so."""
    if not run.files:
        return True
    return any(project.outline(path).unknown or project.outline(path).cuda for path in run.files)
