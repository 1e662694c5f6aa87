"""What a `COPY .` would send: the build context of a Dockerfile, by its ignore file, in bytes and names (CAN709).

`question.arguments` are the other files the Dockerfile copies: the context is the nearest folder, from the
Dockerfile's own up to the project's root, that has them all. `question.limit` is how many bytes of tests, documents
and data an ignore file may let through without a word.
"""

from __future__ import annotations

import itertools
import os
import posixpath
from collections.abc import Iterator

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.dockerignore import BadPattern, IgnoreFile
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.tree import Tree

_ENVIRONMENTS = frozenset(
    (
        ".venv",
        "venv",
        ".tox",
        ".nox",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".pixi",
    )
)
_PAPERS = frozenset(("docs", "doc", "tests", "test"))
_DATA = (
    ".fits", ".fit", ".fts", ".fits.gz", ".fits.fz", ".h5", ".hdf5", ".hdf", ".npy", ".npz", ".parquet", ".csv",
    ".tar", ".tar.gz", ".tgz", ".zip", ".vot", ".pkl", ".mp4", ".asdf", ".root",
)  # fmt: skip
_SHOWN = (
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".pptx", ".psd", ".ipynb", ".html", ".log", ".out", ".wav",
)  # fmt: skip
_OF_DOCKERFILES = frozenset(("docker", "dockerfiles", "container", "containers", "build", "ci", "devcontainer"))
_DATA_BYTES = 1_000_000
_LARGE = 10
_MOST_FILES = 200_000
_FEW = 200


class _Unwanted:
    """What of the context does not belong into an image, by the folder or file one would ignore."""

    def __init__(self) -> None:
        self.total = 0
        self.sizes: dict[str, int] = {}
        self.shown: dict[str, int] = {}
        self.history = False

    def add(self, path: str, size: int) -> None:
        self.total += size
        name = _culprit(path, size)
        if name:
            self.sizes[name] = self.sizes.get(name, 0) + size
            self.history = self.history or name == ".git"
        elif path.lower().endswith(_SHOWN):
            name = posixpath.dirname(path) or path
            self.shown[name] = self.shown.get(name, 0) + size

    @property
    def bytes(self) -> int:
        return sum(self.sizes.values())

    def harmless(self, limit: int) -> bool:
        """Little that does not run, and little in all."""
        idle = self.bytes + sum(self.shown.values())
        return not self.history and idle < limit and self.total < _LARGE * limit


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding with what the tree says of sizes; None where an ignore file keeps out all that matters."""
    question = diagnostic.question
    assert question is not None
    tree = project.tree
    folder = context_folder(diagnostic.path, question.arguments, tree)
    name, ignore = _ignore_file(diagnostic.path, folder, tree)
    unwanted = _Unwanted()
    for path, size in _sent(folder, ignore, tree):
        unwanted.add(path, size)
    part = not name and os.path.abspath(folder) != os.path.abspath(tree.root)
    if part and unwanted.harmless(question.limit):
        return None
    if name:
        if not unwanted.history and unwanted.bytes < question.limit:
            return None
        where = f"`{name}` lets {_listed(unwanted.sizes)} through"
    else:
        where = "there is no `.dockerignore`"
        sizes = {**unwanted.shown, **unwanted.sizes} if part else unwanted.sizes
        if sizes:
            where += f"; {_listed(sizes)} would go along"
    message = f"{diagnostic.message} ({amount(unwanted.total)} of this tree, {where})"
    return diagnostic._replace(message=message)


def context_folder(path: str, named: tuple[str, ...], tree: Tree) -> str:
    """The folder that is sent: the nearest that holds all the Dockerfile names, which may be above a `docker/`."""
    own = os.path.dirname(path)
    root = os.path.abspath(tree.root)
    folder = os.path.abspath(own)
    if not folder.startswith(root):
        return own or "."
    if not named:
        above = os.path.basename(folder).lower().strip(".") in _OF_DOCKERFILES and _next_to_nothing(own or ".", tree)
        return os.path.relpath(root) if above else own or "."
    while True:
        if all(os.path.exists(os.path.join(folder, name.lstrip("/"))) for name in named):
            return os.path.relpath(folder)
        if folder == root or os.path.dirname(folder) == folder:
            return own or "."
        folder = os.path.dirname(folder)


def _next_to_nothing(folder: str, tree: Tree) -> bool:
    return sum(size for _, size in itertools.islice(tree.walk(folder), _FEW)) < _DATA_BYTES / 10


def _ignore_file(path: str, folder: str, tree: Tree) -> tuple[str, IgnoreFile | None]:
    """The ignore file that counts: the Dockerfile's own before the context's."""
    for candidate in (f"{path}.dockerignore", os.path.join(folder, ".dockerignore")):
        text = tree.read(candidate)
        if text is not None:
            try:
                return posixpath.basename(candidate), IgnoreFile(text)
            except BadPattern:
                return posixpath.basename(candidate), None
    return "", None


def _sent(folder: str, ignore: IgnoreFile | None, tree: Tree) -> Iterator[tuple[str, int]]:
    for count, (path, size) in enumerate(tree.walk(folder)):
        if count >= _MOST_FILES:
            return
        if ignore is None or not ignore.ignores(path):
            yield path, size


def _culprit(path: str, size: int) -> str:
    """The folder or file that one would name in an ignore file to keep `path` out; "" for what may belong there."""
    parts = path.split("/")
    if parts[0] == ".git":
        return ".git"
    for depth, part in enumerate(parts[:-1]):
        if part in _ENVIRONMENTS or (depth == 0 and part in _PAPERS):
            return "/".join(parts[: depth + 1])
    if size >= _DATA_BYTES and path.lower().endswith(_DATA):
        return path
    return ""


def _listed(sizes: dict[str, int]) -> str:
    """The three largest, with their sizes."""
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:3]
    return ", ".join(f"`{name}` ({amount(size)})" for name, size in largest)


def amount(size: int) -> str:
    if size >= 100_000:
        return f"{size / 1e6:.1f} MB"
    return f"{max(1, round(size / 1000))} kB"
