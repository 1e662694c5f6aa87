"""`--interactive` in a real terminal: what is asked, and what the answers do."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from harness import notebook

pty = pytest.importorskip("pty")

ROOT = Path(__file__).resolve().parents[1]
MAPPED = """from astropy.io import fits

with fits.open("a.fits", memmap=False) as a:
    print(a[0].data)
with fits.open("b.fits", memmap=False) as b:
    print(b[0].data)
"""
A, B = 'fits.open("a.fits")', 'fits.open("b.fits")'
_PROMPT = b"[q]uit? "


class Session(NamedTuple):
    said: str
    questions: int
    status: int


def session(folder: Path, answers: list[str], *options: str) -> Session:
    """Run `check --interactive` at a terminal of its own and type an answer whenever it asks."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", "--no-ruff", "--interactive", *options]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(sys.executable, command, environment)
    said, left, questions = b"", list(answers), 0
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # its other end is closed
            break
        if not piece:
            break
        said += piece
        if said.endswith(_PROMPT):
            questions += 1
            assert left, f"more questions than answers: {said.decode()}"
            os.write(terminal, left.pop(0).encode())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return Session(said.decode().replace("\r\n", "\n"), questions, status)


@pytest.fixture
def mapped(tmp_path: Path) -> Path:
    (tmp_path / "run.py").write_text(MAPPED, "utf-8")
    return tmp_path


def test_a_fix_is_shown_and_made_when_the_answer_is_yes(mapped: Path) -> None:
    done = session(mapped, ["y\n", "n\n"], "run.py")
    new = (mapped / "run.py").read_text("utf-8")
    assert A in new and B not in new
    assert done.questions == 2 and done.status == 1
    assert '- with fits.open("a.fits", memmap=False) as a:' in done.said
    assert '+ with fits.open("a.fits") as a:' in done.said
    assert "(1 fixed, " in done.said and done.said.count("[*] 1 fixable with `--fix`.") == 1


@pytest.mark.parametrize(
    ("answers", "made"),
    [
        (["a\n"], (A, B)),
        (["q\n"], ()),
        (["y\n", "q\n"], (A,)),
        (["no\n", "all\n"], (B,)),
        (["what?\n", "\n", "yes\n", "n\n"], (A,)),
        (["y\n", "\x04"], (A,)),
    ],
    ids=["all", "quit", "yes-quit", "no-all", "no-answer", "end-of-input"],
)
def test_answers(mapped: Path, answers: list[str], made: tuple[str, ...]) -> None:
    done = session(mapped, answers, "run.py")
    new = (mapped / "run.py").read_text("utf-8")
    assert tuple(call for call in (A, B) if call in new) == made
    assert done.questions == len(answers)
    assert done.said.count("y: make this fix") == sum(each in ("what?\n", "\n") for each in answers)


def test_an_interrupt_leaves_all_files_as_they_were(mapped: Path) -> None:
    done = session(mapped, ["y\n", "\x03"], "run.py")
    assert (mapped / "run.py").read_text("utf-8") == MAPPED and done.status == 130


def test_an_answer_counts_for_all_rounds_and_files(mapped: Path) -> None:
    # both fixes of the first file are made, but not in one round; all files are linted again after that
    (mapped / "run.py").write_text(
        "import multiprocessing\nimport psutil\npool = multiprocessing.Pool(psutil.cpu_count())\n"
        'data = "/arc/projects/a/raw"\nprint(pool, data)\n',
        "utf-8",
    )
    (mapped / "second.py").write_text(MAPPED, "utf-8")
    done = session(mapped, ["y\n", "y\n", "n\n", "y\n"], "--unsafe-fixes", "--select", "CAN104,CAN213,CAN301", ".")
    assert done.questions == 4
    assert done.said.count("It may change what the code does.") == 2
    assert B in (mapped / "second.py").read_text("utf-8") and A not in (mapped / "second.py").read_text("utf-8")
    assert "cpu_count" not in (mapped / "run.py").read_text("utf-8")


def test_unsafe_fixes_are_asked_about_only_when_they_are_wanted(mapped: Path) -> None:
    (mapped / "run.py").write_text('data = "/arc/projects/a/raw"\n', "utf-8")
    assert session(mapped, [], "--select", "CAN104", "run.py").questions == 0
    assert session(mapped, ["n\n"], "--select", "CAN104", "--unsafe-fixes", "run.py").questions == 1


def test_a_notebook_is_asked_about_by_cell(tmp_path: Path) -> None:
    cells = MAPPED.replace("with", "\0with").split("\0")
    (tmp_path / "run.ipynb").write_bytes(notebook(cells))
    done = session(tmp_path, ["n\n", "y\n"], "run.ipynb")
    assert "cell 3" in done.said
    assert (tmp_path / "run.ipynb").read_bytes() == notebook(
        [cells[0], cells[1], cells[2].replace(", memmap=False", "")]
    )


def test_nothing_of_a_file_acts_on_the_terminal(mapped: Path) -> None:
    (mapped / "run.py").write_text(MAPPED.replace("a.fits", "\x1b[2Ja.fits[bold]"), "utf-8")
    done = session(mapped, ["n\n", "n\n"], "run.py")
    assert "␛[2Ja.fits[bold]" in done.said and "\x1b[2J" not in done.said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["run.py"], "'--interactive' asks at a terminal"),
        (["-"], "'--interactive' cannot be used with standard input"),
        (["--diff"], "'--interactive' cannot be used with '--diff'"),
        (["--silent"], "'--interactive' cannot be used with '--silent'"),
        (["--no-fix"], "'--interactive' cannot be used with '--no-fix'"),
        (["--show-files"], "'--interactive' cannot be used with '--show-files'"),
        (["--show-settings"], "'--interactive' cannot be used with '--show-settings'"),
    ],
)
def test_where_nobody_can_be_asked_it_is_refused(mapped: Path, options: list[str], words: str) -> None:
    command = [sys.executable, "-m", "canfar_lint", "check", "--interactive", *options]
    done = subprocess.run(
        command, cwd=mapped, env={**os.environ, "PYTHONPATH": str(ROOT)}, input="y\n", capture_output=True, text=True
    )
    assert done.returncode == 2 and words in done.stderr and not done.stdout
    assert not re.search(r"Traceback|\[q\]uit", done.stderr)
    assert (mapped / "run.py").read_text("utf-8") == MAPPED
