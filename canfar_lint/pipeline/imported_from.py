"""Does a file import anything that a relative folder on the import path may hold?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless all modules are other people's packages, or lie beside the file, where Python looks anyway.

    The folder that the program starts in (`.`) may be one above the file's, and what lies there is looked for. Of a
    folder that is in the tree with sources, only what it holds is imported from it.
    """
    question = diagnostic.question
    assert question is not None
    tree, own, known = project.tree, os.path.dirname(diagnostic.path), _known()
    names = [name for name in question.arguments if name.partition(".")[0] not in known]
    wanted = [name for name in names if not tree.has_module(own, name)]
    if question.subject == ".":
        wanted = [name for name in wanted if any(tree.has_module(folder, name) for folder in _above(own, tree.root))]
    elif tree.filled(diagnostic.path, os.path.join(question.subject, "{}.py")):
        places = [os.path.normpath(os.path.join(base, question.subject)) for base in (own, tree.root)]
        wanted = [name for name in wanted if any(tree.has_module(place, name) for place in places)]
    return diagnostic if wanted else None


def _above(folder: str, root: str) -> Iterator[str]:
    """The folders above one, as far as the root."""
    parts = os.path.relpath(folder or ".", root).split(os.sep)
    yield from (os.path.join(root, *parts[:end]) for end in range(len(parts)))


def _known() -> frozenset[str]:
    """The modules of packages that others distribute."""
    from canfar_lint.catalogue import load
    from canfar_lint.checks.dependencies.can602 import distributed

    return distributed(load().rules["CAN602"])
