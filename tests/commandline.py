"""Runs the command line, in this process or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from canfar_lint.cli import main

ROOT = Path(__file__).parent.parent


class Ran:
    """What one run of the command line left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


class Command:
    """Runs the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        self.capsys.readouterr()
        status = main(list(arguments))
        return Ran(status, *self.capsys.readouterr())


def process(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "canfar_lint", *arguments]
    return subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)
