"""`--watch` in a real terminal: what editors do to files, and what is on the screen afterwards."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import ROOT, Command
from terminal import Terminal

from canfar_lint.cli.watch import _Seen

ASKS = 'x = input("?")\n'
CLEAN = "x = 1\n"
WATCHING = "Watching for file changes."


def watching(*arguments: str, columns: int = 150) -> Terminal:
    command = [sys.executable, "-m", "canfar_lint", "--watch", "--output-format", "concise", *arguments]
    return Terminal(command, columns=columns, env={"PYTHONPATH": str(ROOT)})


@pytest.fixture
def terminal(alone: Path) -> Iterator[Terminal]:
    (alone / "a.py").write_text(ASKS)
    with watching() as made:
        assert made.wait(lambda text: "Found 1 problem (1 error). " + WATCHING in text), made.text()
        yield made


def shows(terminal: Terminal, *words: str, never: str = "\0") -> bool:
    return terminal.wait(lambda text: all(word in text for word in (*words, WATCHING)) and never not in text)


def test_a_change_is_linted_on_a_clean_screen(alone: Path, terminal: Terminal) -> None:
    assert "Starting linter in watch mode..." in terminal.text()
    assert "a.py:1:5: CAN101" in terminal.text()
    (alone / "a.py").write_text("\n\n" + ASKS)
    assert shows(terminal, "a.py:3:5: CAN101", "File change detected...", never="a.py:1:5"), terminal.text()
    (alone / "a.py").write_text(CLEAN)
    assert shows(terminal, "All checks passed! " + WATCHING, never="CAN101"), terminal.text()
    assert terminal.text().count("[") == 2


def test_editors_that_write_a_new_file_and_rename_it(alone: Path, terminal: Terminal) -> None:
    for row in (4, 7, 2):
        (alone / ".a.py.new").write_text("\n" * (row - 1) + ASKS)
        os.replace(alone / ".a.py.new", alone / "a.py")
        assert shows(terminal, f"a.py:{row}:5: CAN101"), terminal.text()
    os.rename(alone / "a.py", alone / "a.py~")  # what vim does with a backup
    (alone / "a.py").write_text(CLEAN)
    assert shows(terminal, "All checks passed!"), terminal.text()


def test_a_single_file_stays_watched_when_it_is_replaced(alone: Path) -> None:
    (alone / "a.py").write_text(ASKS)
    with watching("a.py") as terminal:
        assert shows(terminal, "a.py:1:5: CAN101"), terminal.text()
        for row in (3, 5):
            (alone / "new").write_text("\n" * (row - 1) + ASKS)
            os.replace(alone / "new", alone / "a.py")
            assert shows(terminal, f"a.py:{row}:5: CAN101"), terminal.text()


def test_files_that_come_and_go(alone: Path, terminal: Terminal) -> None:
    (alone / "deep/er").mkdir(parents=True)
    (alone / "deep/er/b.py").write_text(ASKS)
    assert shows(terminal, "deep/er/b.py:1:5", "Found 2 problems"), terminal.text()
    (alone / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update\n")
    assert shows(terminal, "Dockerfile:2"), terminal.text()
    (alone / "Dockerfile").unlink()
    (alone / "deep/er/b.py").unlink()
    assert shows(terminal, "Found 1 problem", never="b.py"), terminal.text()
    (alone / "a.py").unlink()
    assert shows(terminal, "All checks passed!", "No lintable files found"), terminal.text()


def test_settings_that_change_and_settings_that_are_wrong(alone: Path, terminal: Terminal) -> None:
    (alone / "canfar-lint.toml").write_text("ignore = ['CAN101']\n")
    assert shows(terminal, "All checks passed!"), terminal.text()
    (alone / "canfar-lint.toml").write_text("ignor = ['CAN101']\n")
    assert shows(terminal, "canfar-lint.toml:1: unknown key `ignor`"), terminal.text()
    (alone / "canfar-lint.toml").write_text("")
    assert shows(terminal, "a.py:1:5: CAN101"), terminal.text()


def test_settings_above_what_is_watched(alone: Path) -> None:
    (alone / "base.toml").write_text("select = ['CAN101']\n")
    (alone / "canfar-lint.toml").write_text("extend = 'base.toml'\n")
    (alone / "in").mkdir()
    (alone / "in/a.py").write_text("import os\n" + ASKS)
    with watching("in") as terminal:
        assert shows(terminal, "in/a.py:2:5: CAN101", never="F401"), terminal.text()
        (alone / "base.toml").write_text("select = ['F401']\n")
        assert shows(terminal, "in/a.py:1:8: F401", never="CAN101"), terminal.text()
        (alone / "canfar-lint.toml").write_text("selct = []\n")
        assert shows(terminal, "unknown key `selct`"), terminal.text()
        (alone / "canfar-lint.toml").write_text("select = ['CAN101']\n")
        assert shows(terminal, "in/a.py:2:5: CAN101"), terminal.text()


def test_a_storm_of_events_ends_in_the_last_state(alone: Path, terminal: Terminal) -> None:
    for number in range(300):
        (alone / f"b{number}.py").write_text(ASKS)
        (alone / "a.py").write_text("\n" * (number % 7) + ASKS)
        (alone / "output.log").write_text("x" * number)
    for number in range(300):
        (alone / f"b{number}.py").unlink()
    (alone / "a.py").write_text(CLEAN)
    assert shows(terminal, "All checks passed! " + WATCHING), terminal.text()
    assert terminal.raw.count(b"File change detected") < 60


def test_what_nobody_lints_starts_nothing(alone: Path, terminal: Terminal) -> None:
    for name in ("image.fits", "run.log", "a.py.swp", ".a.py.swp", "b.py~", ".#b.py"):
        (alone / name).write_text("x")
    (alone / ".git").mkdir()
    (alone / ".git/index").write_text("x")
    assert not terminal.wait(lambda text: "File change" in text, 2)


def test_fixes_are_made_and_do_not_go_round(alone: Path) -> None:
    (alone / "a.py").write_text("import os\n")
    with watching("--fix", "--select", "F") as terminal:
        assert shows(terminal, "Found 1 problem (1 fixed, 0 remaining)") or shows(terminal, "All checks passed!")
        assert not terminal.wait(lambda text: False, 2)
        assert terminal.raw.count(b"File change detected") <= 1
        (alone / "a.py").write_text("import sys\nx = 1\n")
        assert terminal.wait(lambda text: (alone / "a.py").read_text() == "x = 1\n"), terminal.text()


def test_ctrl_c_ends_it(terminal: Terminal) -> None:
    terminal.send("\x03")
    assert terminal.finish() in (130, -signal.SIGINT)
    assert b"Traceback" not in terminal.raw


def test_what_cannot_be_watched(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(CLEAN)
    for arguments, words in (
        (["-"], "cannot be used with standard input"),
        (["--statistics"], "'--watch' cannot be used with '--statistics'"),
        (["--diff"], "cannot be used with"),
        (["--add-noqa"], "cannot be used with"),
        (["--output-format", "json"], "'--watch' shows concise, full, grouped"),
        (["no/such/folder/a.py"], "there is no such folder"),
    ):
        ran = lint("--watch", *arguments)
        assert (ran.status, words in ran.err) == (2, True), ran.err


def test_without_the_library_it_is_named(alone: Path, lint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    ran = lint("--watch")
    assert (ran.status, "pip install 'canfar-lint[watch]'" in ran.err) == (2, True)


def test_settings_that_change_while_a_run_reads_them_are_read_again(alone: Path) -> None:
    settings = alone / "canfar-lint.toml"
    settings.write_text("")
    seen, now = _Seen(["in"]), time.time()
    os.utime(settings, (now - 60, now - 60))
    seen.take([], [str(settings)], now - 10)
    assert not seen.elsewhere()
    os.utime(settings, (now - 5, now - 5))  # after the run began, before it was over
    seen.take([], [str(settings)], now - 10)
    assert seen.elsewhere()
    os.utime(settings, (now + 3600, now + 3600))  # another machine's clock: no reason to run for ever
    seen.take([], [str(settings)], now - 10)
    assert not seen.elsewhere()
