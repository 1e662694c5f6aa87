"""What the tests of packaging and of pre-commit share: a clean clone of this repository, and a process in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path, exits: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a user would, without what this test session's own environment says to Python and git."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_", "CANFAR_LINT_"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if exits is not None:
        assert done.returncode == exits, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def clone(target: Path) -> Path:
    """The last commit of this repository, without anything that is only in the work tree."""
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, target, cwd=target.parent)
    return target
