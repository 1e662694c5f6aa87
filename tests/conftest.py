"""Assertions in the harness are told apart as those in tests are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("harness")
# How long an example takes says more of the machine than of the code. The same examples in every run of the same
# code, so that a failure is that of the change; `--hypothesis-profile searching` looks for others.
settings.register_profile("settled", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None, max_examples=500)
settings.load_profile("settled")

from commandline import Command  # noqa: E402

# what is started in the background of a shell ignores interrupts, and so would all that the tests start
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, no settings and no environment of the user's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in [name for name in os.environ if name.startswith("CANFAR_LINT_")]:
        monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def lint(alone: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in `alone`."""
    return Command(capsys)
