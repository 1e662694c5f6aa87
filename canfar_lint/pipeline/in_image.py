"""Does the image of a request hold the script that the request runs? (CAN813)

`question.subject` is the path of the script in the session, `question.arguments` the offset of the request.
"""

from __future__ import annotations

import posixpath

from canfar_lint.diagnostic import Diagnostic, Place, PlacedRelated
from canfar_lint.facts.image_outline import ImageOutline
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import run_at


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding when the image is built in the tree and nothing in it can bring the script along."""
    question = diagnostic.question
    assert question is not None
    run = run_at(project, diagnostic.path, int(question.arguments[0]))
    if run is None or not run.dockerfile:
        return None
    image = project.image(run.dockerfile)
    if image.unknown or may_hold(image, question.subject):
        return None
    related = PlacedRelated("this builds the image", run.dockerfile, Place(1, 1, 1, 1))
    return diagnostic._replace(related=(*diagnostic.related, related))


def may_hold(image: ImageOutline, path: str) -> bool:
    """Whether a copy, a command or the base may put something at an absolute path."""
    folder = posixpath.dirname(path)
    for destination, sources in image.copies:
        place = posixpath.normpath(destination)
        if place == path or any("{}" in source for source in sources):
            return True
        inside = place == "/" or path.startswith(f"{place}/")
        names = {posixpath.basename(source.rstrip("/")) for source in sources}
        # a folder's content goes to the destination itself, a file under its own name
        whole = any(
            source in (".", "./", "/") or "*" in source or "." not in posixpath.basename(source) for source in sources
        )
        if inside and (whole or posixpath.basename(path) in names):
            return True
    top = "/".join(path.split("/")[:3])
    return top in image.made or folder in image.made or posixpath.basename(path) in image.made


def copies_to(image: ImageOutline, folder: str) -> bool:
    """Whether something is copied to a folder of the image by its full name, or to one above it that is no system's."""
    for destination, _ in image.copies:
        place = posixpath.normpath(destination)
        if place.count("/") > 1 and (folder == place or folder.startswith(f"{place}/")):
            return not place.startswith(("/usr/local/bin", "/usr/bin", "/usr/local/lib"))
    return False
