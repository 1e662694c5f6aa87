"""What a file says that a check of other files may need. One module a subject, found by its name in `_TRIGGERS`.

A collector has one function per kind of model it reads, `python(module)`, `shell(script)` or
`dockerfile(dockerfile)`, each yielding `Fact`s.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, YAML

_PYTHON = frozenset((PYTHON, NOTEBOOK))
_SHELL = frozenset((SHELL, MAKEFILE, YAML))
# the kinds of file a collector reads, and the bytes any of which must occur in them
_TRIGGERS: dict[str, tuple[frozenset[str], tuple[bytes, ...]]] = {
    "requests": (_PYTHON | _SHELL, (b"canfar", b"skaha")),
    "threads": (_PYTHON, (b"_THREADS", b"Pool", b"n_jobs", b"set_num_threads", b"threadpool_limits")),
    "images": (_SHELL | {DOCKERFILE}, (b"_THREADS", b"docker build", b"docker buildx", b"podman build")),
}
_loaded: dict[str, ModuleType] = {}


def wanted(kind: str, data: bytes) -> list[ModuleType]:
    """The collectors that may find something in a file."""
    found = []
    for name, (kinds, triggers) in _TRIGGERS.items():
        if kind in kinds and any(trigger in data for trigger in triggers):
            if name not in _loaded:
                _loaded[name] = importlib.import_module(f"canfar_lint.facts.{name}")
            found.append(_loaded[name])
    return found
