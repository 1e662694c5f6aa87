"""Does a file import anything that a relative folder on the import path may hold?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import uses

# files that an import may lead to, and are looked through
_MOST = 100


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless all modules are other people's packages, or lie beside the file, where Python looks anyway.

    The folder that the program starts in (`.`) may be one above the file's, and what lies there is looked for. A folder
    of the tree with sources that are not imported is not needed where modules beside the file are, unless modules
    elsewhere in the tree are, which may need it in turn; nor where all that is imported, here and by the modules of the
    tree that this leads to, lies elsewhere in the tree.
    """
    question = diagnostic.question
    assert question is not None
    tree, own, known = project.tree, os.path.dirname(diagnostic.path), _known()
    names = [name for name in question.arguments if name.partition(".")[0] not in known]
    wanted = [name for name in names if not tree.has_module(own, name)]
    if question.subject == ".":
        wanted = [name for name in wanted if any(tree.has_module(folder, name) for folder in _above(own, tree.root))]
    elif question.limit and wanted and _is_seen(diagnostic.path, question.subject, project):
        if len(wanted) < len(names):
            wanted = [name for name in wanted if _is_in_tree(project, name.partition(".")[0])]
        if wanted and _is_needless(project, diagnostic.path, question.subject, wanted):
            return None
    return diagnostic if wanted else None


def _is_needless(project: Project, path: str, folder: str, wanted: list[str]) -> bool:
    """Whether the modules are all found without a folder, and nothing that they lead to is in it, wherever in the tree
    the program may be started.
    """
    own, root = os.path.dirname(path), project.tree.root
    places = [os.path.normpath(os.path.join(place, folder)) for place in (own, *_above(own, root))]
    places = [place for place in places if os.path.relpath(place, root).split(os.sep)[0] != os.pardir]
    if any(project.tree.has_module(place, name) for place in places for name in wanted):
        return False
    reached = [other for how, other in uses(project, path) if how == "imports"]
    known = {part for other in reached for part in re.split(r"[/\\.]", other)}
    if not known.issuperset(name.partition(".")[0] for name in wanted):
        return False
    for other in reached:  # grows
        if len(reached) > _MOST or any(
            project.tree.has_module(place, name) for place in places for name in project.outline(other).imports
        ):
            return False
        reached += [each for how, each in uses(project, other) if how == "imports" and each not in reached]
    return True


def _is_seen(path: str, folder: str, project: Project) -> bool:
    """Whether a folder is in the tree, with sources."""
    return bool(project.tree.filled(path, os.path.join(folder, "{}.py")))


def _is_in_tree(project: Project, name: str) -> bool:
    """Whether a module or package of that name lies anywhere in the tree, or is the tree itself."""
    root = os.path.basename(os.path.abspath(project.tree.root))
    return name == root or any(project.tree.ending(f"/{name}{end}") for end in (".py", "/__init__.py"))


def _above(folder: str, root: str) -> Iterator[str]:
    """The folders above one, as far as the root."""
    parts = os.path.relpath(folder or ".", root).split(os.sep)
    yield from (os.path.join(root, *parts[:end]) for end in range(len(parts)))


def _known() -> frozenset[str]:
    """The modules of packages that others distribute."""
    from canfar_lint.catalogue import load
    from canfar_lint.checks.dependencies.can602 import distributed

    return distributed(load().rules["CAN602"])
