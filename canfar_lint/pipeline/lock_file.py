"""Does a lock file stand beside a requirements file? Then the versions are written down there (CAN605)."""

from __future__ import annotations

import os

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock", "Pipfile.lock", "conda-lock.yml", "requirements.lock")


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless versions are written down beside it: by a lock file, or by `x.txt` for `x.in`."""
    folder = os.path.dirname(diagnostic.path)
    own = os.path.splitext(diagnostic.path)[0]
    candidates = [os.path.join(folder, name) for name in _LOCKS] + [f"{own}.lock"]
    if diagnostic.path.endswith(".in"):
        candidates.append(f"{own}.txt")
    return None if any(project.tree.size(candidate) is not None for candidate in candidates) else diagnostic
