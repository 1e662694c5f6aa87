"""What a file says that a check of other files may need. One module a subject, with its own triggers.

A collector has `TRIGGERS` (bytes, any of which must occur) and one function per kind of model it reads:
`python(module)`, `shell(script)`, `dockerfile(dockerfile)`, each yielding `Fact`s.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, YAML

_COLLECTORS: tuple[str, ...] = ()
_KINDS = {
    PYTHON: "python",
    NOTEBOOK: "python",
    SHELL: "shell",
    MAKEFILE: "shell",
    YAML: "shell",
    DOCKERFILE: "dockerfile",
}
_TRIGGERS: dict[str, tuple[tuple[bytes, ...], frozenset[str]]] = {
    "requests": ((b"canfar", b"skaha"), frozenset(("python", "shell"))),
    "threads": ((b"_NUM_THREADS", b"Pool", b"n_jobs"), frozenset(("python", "shell"))),
    "images": ((b"_NUM_THREADS", b"images.canfar.net"), frozenset(("dockerfile",))),
}
_loaded: dict[str, ModuleType] = {}


def wanted(kind: str, data: bytes) -> list[ModuleType]:
    """The collectors that may find something in a file."""
    model = _KINDS.get(kind)
    found = []
    for name in _COLLECTORS:
        triggers, models = _TRIGGERS[name]
        if model in models and any(trigger in data for trigger in triggers):
            if name not in _loaded:
                _loaded[name] = importlib.import_module(f"canfar_lint.facts.{name}")
            found.append(_loaded[name])
    return found
