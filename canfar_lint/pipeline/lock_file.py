"""Does a lock file stand beside a list of requirements? Then the versions are written down there (CAN605)."""

from __future__ import annotations

import os

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock", "Pipfile.lock", "conda-lock.yml", "requirements.lock")
_BUILDS = ("setup.py", "setup.cfg", "pyproject.toml")


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless versions are written down beside it: by a lock file, or by `x.txt` for `x.in`."""
    folder = os.path.dirname(diagnostic.path)
    own = os.path.splitext(diagnostic.path)[0]
    candidates = [os.path.join(folder, name) for name in _LOCKS] + [f"{own}.lock"]
    if diagnostic.path.endswith(".in"):
        candidates.append(f"{own}.txt")
    if any(project.tree.size(candidate) is not None for candidate in candidates):
        return None
    return None if _of_a_library(diagnostic.path, project) else diagnostic


def _of_a_library(path: str, project: Project) -> bool:
    """The list is what a package declares as its own dependencies: `setup.py` and the like read it."""
    folder, name = os.path.split(path)
    if name in _BUILDS or not name.endswith((".txt", ".in")):
        return False
    return any(name in (project.tree.read(os.path.join(folder, build)) or "") for build in _BUILDS)
