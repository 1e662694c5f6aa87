"""Does a file import anything that a relative folder on the import path may hold?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless all modules are other people's packages, or lie beside the file, where Python looks anyway.

    The folder that the program starts in (`.`) may be one above the file's, and what lies there is looked for. A folder
    of the tree with sources that are not imported is not needed where modules beside the file are, unless modules
    elsewhere in the tree are, which may need it in turn.
    """
    question = diagnostic.question
    assert question is not None
    tree, own, known = project.tree, os.path.dirname(diagnostic.path), _known()
    names = [name for name in question.arguments if name.partition(".")[0] not in known]
    wanted = [name for name in names if not tree.has_module(own, name)]
    if question.subject == ".":
        wanted = [name for name in wanted if any(tree.has_module(folder, name) for folder in _above(own, tree.root))]
    elif question.limit and len(wanted) < len(names) and _is_seen(diagnostic.path, question.subject, project):
        wanted = [name for name in wanted if _is_in_tree(project, name.partition(".")[0])]
    return diagnostic if wanted else None


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
