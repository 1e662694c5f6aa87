"""What a file says that a check of other files may need. One module a subject, found by its name in `_TRIGGERS`.

A collector has one function per kind of model it reads, `python(module)`, `shell(script)` or
`dockerfile(dockerfile)`, each yielding `Fact`s.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, YAML
from canfar_lint.triggers.vocabulary import ask

_PYTHON = frozenset((PYTHON, NOTEBOOK))
_SHELL = frozenset((SHELL, MAKEFILE, YAML))
# the collectors, the kinds of file they read there, and the bytes any of which must occur in them
_TRIGGERS: tuple[tuple[str, frozenset[str], tuple[bytes, ...]], ...] = (
    ("requests", _PYTHON | _SHELL, (b"canfar", b"skaha")),
    ("threads", _PYTHON, (b"_THREADS", b"Pool", b"n_jobs", b"set_num_threads", b"threadpool_limits")),
    ("threads", frozenset((SHELL,)), (b"THREADS", b"threads", b"cores", b"proc", b"cpu", b"CPU", b"workers")),
    ("threads", frozenset((SHELL,)), (b" -j", b" -n", b" -P", b" -t ", b" -c", b" -p ")),
    ("memory", _PYTHON | {SHELL}, (b"mem_limit", b"memory_limit", b"Xmx")),
    ("images", _SHELL, (b"docker build", b"docker buildx", b"podman build", b"build-push-action")),
    ("compose", frozenset((YAML,)), (b"services",)),
    ("images", frozenset((DOCKERFILE,)), (b"_THREADS", b"LABEL")),
    ("called", frozenset((DOCKERFILE,)), (b"COPY", b"ADD", b"type=bind", b"copy", b"add", b"Copy", b"Add")),
)
_loaded: dict[str, ModuleType] = {}
ask(trigger for _, kinds, triggers in _TRIGGERS if PYTHON in kinds for trigger in triggers)


def wanted(kind: str, holds: Callable[[bytes], bool]) -> list[ModuleType]:
    """The collectors that may find something in a file of which it can be asked what bytes it holds."""
    found: list[ModuleType] = []
    for name, kinds, triggers in _TRIGGERS:
        if kind in kinds and any(map(holds, triggers)):
            if name not in _loaded:
                _loaded[name] = importlib.import_module(f"canfar_lint.facts.{name}")
            if _loaded[name] not in found:
                found.append(_loaded[name])
    return found
