"""How large is what a Dockerfile copies? (CAN708, CAN710)

`question.subject` is the source as written, `question.limit` the bytes from which it is found. `question.arguments`
are "by suffix" when its name alone says data, or "whole" where all bytes of a folder count, then the other files the
Dockerfile copies, by which the build context is found.
"""

from __future__ import annotations

import os

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.context import amount, context_folder
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding with its size; where nothing of that name is in the tree, what the name says."""
    question = diagnostic.question
    assert question is not None
    by_suffix, *named = question.arguments
    folder = context_folder(diagnostic.path, tuple(named), project.tree)
    subject = question.subject.lstrip("/")
    size = _size(os.path.join(folder, subject), project, every=by_suffix == "whole")
    if size is None:
        return diagnostic if by_suffix else None
    if size < question.limit:
        return None
    return diagnostic._replace(message=f"{diagnostic.message} ({amount(size)})")


def _size(path: str, project: Project, *, every: bool) -> int | None:
    """Bytes of a file, of the data (or `every`) files of a folder, of all files a pattern of one folder matches."""
    size = project.tree.size(path)
    if size is not None:
        return size
    if os.path.isdir(path):
        return sum(size for name, size in project.tree.walk(path) if every or name.lower().endswith(_DATA))
    folder, _, pattern = path.rpartition("/")
    if not set(pattern) & set("*?["):
        return None
    from fnmatch import fnmatchcase

    found = [size for name, size in project.tree.walk(folder or ".") if "/" not in name and fnmatchcase(name, pattern)]
    return sum(found) if found else None


_DATA = (
    ".fits", ".fit", ".fts", ".fits.gz", ".fits.fz", ".h5", ".hdf5", ".hdf", ".npy", ".npz", ".parquet", ".csv", ".vot",
    ".tar", ".tar.gz", ".tgz", ".zip", ".asdf",
)  # fmt: skip
