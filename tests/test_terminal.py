"""What a person sees in a real terminal, of whatever width, colour and locale."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from commandline import ROOT
from terminal import Terminal
from wcwidth import wcwidth

pytestmark = pytest.mark.usefixtures("alone")
RUN = [sys.executable, "-m", "canfar_lint"]
PLAIN = {"PYTHONPATH": str(ROOT), "CI": "", "TERM_PROGRAM": "", "COLUMNS": "", "LINES": ""}
NO_UTF8 = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def seen(
    *arguments: str,
    command: list[str] | None = None,
    columns: int = 120,
    rows: int = 60,
    env: dict[str, str] | None = None,
) -> tuple[int, Terminal]:
    """A run in a terminal to its end: its status, and the terminal."""
    environment = {**PLAIN, **(env or {})}
    gone = [name for name, value in environment.items() if not value]
    unset = ["env", *(f"-u{name}" for name in gone)]
    values = {name: value for name, value in environment.items() if value}
    with Terminal([*unset, *(command or RUN), *arguments], columns=columns, rows=rows, env=values) as terminal:
        return terminal.finish(), terminal


FILES = {
    "run.py": 'name = "日本語"; answer = input("? ")\n',
    "deep.py": "if True:\n" + " " * 60 + 'answer = input("?")  # ' + "x" * 200 + "\n",
    "run.sh": '#!/bin/bash\nread -p "Größe? " size\n',
    "Dockerfile": "FROM debian:12\nRUN apt-get update && apt-get install -y gcc\n",
    "requirements.txt": "numpy\nscipy>=1\n",
    "environment.yml": "dependencies:\n  - python\n  - numpy\n",
    "book.ipynb": json.dumps(
        {
            "cells": [
                {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["x = input()"]}
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    ),
}


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name", FILES)
def test_carets_stand_under_the_span_in_any_width(alone: Path, name: str, columns: int) -> None:
    path = alone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name])
    rules = ("--select", "CAN101,CAN605,CAN704", "--fail-on", "advice")
    status, _ = seen(*rules, "--output-format", "json:found.json")
    found = json.loads((alone / "found.json").read_text())[0]
    status, terminal = seen(*rules, columns=columns)
    assert status == 1
    rows = [[terminal.screen.buffer[y][x].data for x in range(columns)] for y in range(terminal.screen.lines)]
    carets = next(y for y, row in enumerate(rows) if "^" in row and set(row) <= {"^", " ", "|", "…"})
    places = [x for x, cell in enumerate(rows[carets]) if cell == "^"]
    above = "".join(rows[carets - 1][x] for x in places)
    source = json.loads(FILES[name])["cells"][0]["source"][0] if name.endswith("ipynb") else FILES[name]
    line = source.split("\n")[found["location"]["row"] - 1]
    start, end = found["location"]["column"] - 1, found["end_location"]["column"] - 1
    assert line[start:end].startswith(above.rstrip("…")) and above
    assert max(len("".join(row).rstrip()) for row in rows) <= columns
    assert sum(map(wcwidth, above)) == len(places) or "日" in above


def test_full_with_colour_is_the_default(alone: Path) -> None:
    (alone / "run.py").write_text(FILES["run.py"])
    status, terminal = seen()
    assert status == 1
    assert " --> run.py:1:24" in terminal.text()
    assert b"\x1b[1m" in terminal.raw
    assert b"\x1b]8;" not in terminal.raw


@pytest.mark.parametrize(
    ("env", "color", "links"),
    [
        ({"NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM_PROGRAM": "WezTerm"}, True, True),
        ({"TERM_PROGRAM": "WezTerm", "CI": "true"}, True, False),
        ({"TERM_PROGRAM": "WezTerm", "NO_COLOR": "1"}, False, False),
        ({"FORCE_HYPERLINK": "1"}, True, True),
        ({"TERM_PROGRAM": "WezTerm", "FORCE_HYPERLINK": "0"}, True, False),
    ],
)
def test_colours_and_links(alone: Path, env: dict[str, str], color: bool, links: bool) -> None:
    (alone / "run.py").write_text(FILES["run.py"])
    _, terminal = seen(env=env)
    assert (b"\x1b[1m" in terminal.raw, b"\x1b]8;;https://" in terminal.raw) == (color, links)
    assert "CAN101" in terminal.text()
    for arguments in (["--help"], ["rule", "CAN101"], ["config"], ["--no-such-flag"]):
        _, terminal = seen(*arguments, env={"NO_COLOR": "1"})
        assert b"\x1b" not in terminal.raw


def test_without_utf8_nothing_breaks(alone: Path) -> None:
    (alone / "größe.py").write_text('größe = input("é日")\n')
    for form in ("full", "concise", "grouped", "github", "json"):
        status, terminal = seen("--output-format", form, env=NO_UTF8, columns=200)
        assert status == 1, terminal.text()
        terminal.raw.decode("ascii")
        assert "CAN101" in terminal.text()
    _, terminal = seen("--output-format", "full", env=NO_UTF8)
    assert "1 | gr\\xf6\\xdfe = input(" in terminal.text()


@pytest.mark.parametrize("reader", ["head -n 1", "true", "head -c 10"])
def test_a_reader_that_goes_away(alone: Path, reader: str) -> None:
    (alone / "run.py").write_text("print(nothing)\n" * 3000)
    for arguments in ("", "rule --all", "config", "--help", "generate-shell-completion bash"):
        command = f"{' '.join(RUN)} {arguments} | {reader}"
        _, terminal = seen(command=["bash", "-c", command])
        assert b"Traceback" not in terminal.raw and b"Exception" not in terminal.raw, terminal.text()


def with_progress(seconds: float) -> list[str]:
    code = f"import canfar_lint.cli.progress as p; p._SECONDS = {seconds}; from canfar_lint.cli import main; main()"
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("seconds", "arguments", "env", "drawn"),
    [
        (0, [], {}, True),
        (1000, [], {}, False),
        (0, ["-q"], {}, False),
        (0, ["-s"], {}, False),
        (0, [], {"TERM": "dumb"}, False),
        (0, [], {"NO_COLOR": "1"}, True),
        (0, [], NO_UTF8, True),
        (0, ["--watch"], {}, True),
    ],
)
def test_progress_comes_late_and_leaves_nothing(
    alone: Path, seconds: float, arguments: list[str], env: dict[str, str], drawn: bool
) -> None:
    for number in range(120):
        (alone / f"a{number}.py").write_text('import os\nfrom astropy.io import fits\nfits.open("a", memmap=False)\n')
    if "--watch" in arguments:
        with Terminal([*with_progress(seconds), *arguments, "--exit-zero"], env={**PLAIN, **env}) as terminal:
            assert terminal.wait(lambda _: b"Watching" in terminal.raw and b"CAN301" in terminal.raw)
    else:
        _, terminal = seen("--select", "CAN301", *arguments, command=with_progress(seconds), env=env, rows=30)
    assert (b"Linting" in terminal.raw) == drawn
    assert "Linting" not in terminal.text()
    if "-s" not in arguments:
        assert "CAN301" in terminal.raw.decode(errors="replace")


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r::error::x\x9b31m"


def test_names_and_content_cannot_act_on_the_terminal(alone: Path) -> None:
    folder = alone / "::error::x"
    folder.mkdir()
    (folder / f"{HOSTILE.replace('/', '')}.py").write_text(f'print("{HOSTILE}", nothing)\nx = input("{HOSTILE}")\n')
    (alone / "canfar-lint.toml").write_text(f'# {HOSTILE}\n'.replace("\r", "").encode("ascii", "ignore").decode()
                                            .replace("\x1b", "").replace("\x07", ""))  # fmt: skip
    for form in ("full", "concise", "grouped", "github", "azure", "gitlab", "pylint"):
        status, terminal = seen("--output-format", form, columns=250)
        assert status == 1
        assert terminal.screen.title == ""
        assert b"\x1b]0" not in terminal.raw and b"\x1b[2J" not in terminal.raw and b"\x07" not in terminal.raw
        assert not any(line.startswith("::error::") for line in terminal.raw.decode().splitlines())
    for arguments in (
        ["--diff"],
        ["--show-files"],
        ["--show-settings"],
        ["--fix", "-v"],
        ["graph"],
        ["--add-noqa"],
        ["-v"],
    ):
        _, terminal = seen(*arguments, columns=250)
        assert b"\x1b]0" not in terminal.raw and b"\x1b[2J" not in terminal.raw, arguments


def test_help_fits_a_narrow_window() -> None:
    _, terminal = seen("check", "--help", columns=60, rows=300)
    assert all(len(line) <= 60 for line in terminal.raw.decode().split("\r\n"))


def test_a_piped_report_is_plain(alone: Path) -> None:
    (alone / "run.py").write_text(FILES["run.py"])
    _, terminal = seen(command=["bash", "-c", f"{' '.join(RUN)} | cat"])
    assert b"\x1b" not in terminal.raw
    assert terminal.text().startswith("run.py:1:24: CAN101")


def test_the_size_of_no_terminal_matters_for_files(alone: Path) -> None:
    (alone / "deep.py").write_text(FILES["deep.py"])
    seen("--output-format", "full:wide.txt", columns=200)
    seen("--output-format", "full:narrow.txt", columns=40)
    assert (alone / "wide.txt").read_text() == (alone / "narrow.txt").read_text()
    assert os.listdir(alone)
