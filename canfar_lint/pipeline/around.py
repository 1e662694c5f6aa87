"""The files of a project beside those that were given: their names, and what they say that a join asks for.

Looked for only when a given file asks: a script whose finding depends on the request that runs it, a request whose
image is built elsewhere. So a hook or an editor, which gives single files, learns of them what a run over the whole
project tells, and reads the rest of it only for that; findings are reported in the given files alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from canfar_lint.diagnostic import Fact
from canfar_lint.discovery import kind_of
from canfar_lint.pipeline.tree import Tree
from canfar_lint.settings.settings import Settings
from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, YAML

_KINDS = frozenset((PYTHON, NOTEBOOK, SHELL, DOCKERFILE, MAKEFILE, YAML))
_WITHOUT = frozenset(("node_modules", "site-packages", "venv", "__pycache__", "build", "dist"))
_WORKFLOWS = ".github/workflows"
_MOST_FILES = 20_000
# what a join asks for, and what a file that says it holds
JOINED = ("request", "image build", "image label")
_SAYS = (b"canfar", b"skaha")
_BUILDS = (*_SAYS, b"docker", b"podman", b"buildah", b"nerdctl", b"LABEL")


def files(tree: Tree) -> dict[str, str]:
    """The files that may hold a part of a pipeline, with their kinds."""
    names = (name for name, _ in tree.walk(tree.root, _WITHOUT))
    steps = (f"{_WORKFLOWS}/{name}" for name, _ in tree.walk(os.path.join(tree.root, _WORKFLOWS)))
    found: dict[str, str] = {}
    for name in chain(steps, islice(names, _MOST_FILES)):
        kind = kind_of(name)
        if kind in _KINDS:
            found[os.path.relpath(os.path.join(tree.root, name))] = kind
    return found


def facts(tree: Tree, kinds: Iterable[tuple[str, str]], settings: Settings) -> Iterator[tuple[str, Fact]]:
    """What files say of requests and of images."""
    from canfar_lint.engine.file import Profile, lint_bytes

    nothing = Profile((), settings)
    for path, kind in kinds:
        data = tree.content(path)
        if data is not None and any(word in data for word in (_SAYS if kind in (PYTHON, NOTEBOOK) else _BUILDS)):
            for fact in lint_bytes(path, kind, data, nothing, settings).facts:
                if fact.kind in JOINED:
                    yield path, fact
