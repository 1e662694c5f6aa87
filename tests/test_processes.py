"""Many processes find what one finds, in its order, whatever becomes of them; and none of them outlives the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Diagnostic
from canfar_lint.engine import FileResult, RunResult, run, shipping
from canfar_lint.settings import Resolver
from canfar_lint.triggers import Content, Triggers

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to find processes in")
FORKED = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
MEMMAP = 'from astropy.io import fits\n\nhdul = fits.open("m31.fits", memmap=False)\n'
PADDING = "# nothing to see\n" * 1200
engine: Any = sys.modules[run.__module__]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of several batches: 2.5 MB, a finding in every third file."""
    monkeypatch.chdir(tmp_path)
    for number in range(120):
        (tmp_path / f"step{number:03}.py").write_text((MEMMAP if number % 3 == 0 else "x = 1\n") + PADDING)
    (tmp_path / "image").mkdir()
    (tmp_path / "image/Dockerfile").write_text("FROM ubuntu\nRUN pip install numpy\n")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    return tmp_path


def linted(tree: Path, jobs: int, **more: Any) -> RunResult:
    kinds = {".py": "python", "": "dockerfile"}
    inputs = [(str(path.relative_to(tree)), kinds[path.suffix]) for path in sorted(tree.rglob("*.*"))]
    inputs += [("image/Dockerfile", "dockerfile")]
    return run(inputs, Resolver(isolated=True), jobs=jobs, **more)


def shown(result: RunResult) -> list[Diagnostic]:
    return result.diagnostics


def test_many_find_what_one_finds(tree: Path) -> None:
    one = shown(linted(tree, 1))
    assert {d.code for d in one} >= {"CAN301", "CAN002", "CAN701"}
    assert shown(linted(tree, 2)) == one
    assert shown(linted(tree, 5)) == one


def test_progress_tells_every_file_once(tree: Path) -> None:
    for jobs in (1, 3):
        told: list[tuple[int, int]] = []
        linted(tree, jobs, progress=lambda done, total, told=told: told.append((done, total)))
        assert told == sorted(told)
        assert told[-1] == (122, 122)


def test_batches_are_of_about_a_size_and_the_largest_come_first() -> None:
    sizes = [300_000] * 5 + [5_000_000] + [10] * 500
    jobs = [engine._Job(str(n), "python", 0, b"x" * size) for n, size in enumerate(sizes)]
    batches = engine._batches(jobs, 600_000)
    assert sorted(job.path for batch in batches for job in batch) == sorted(job.path for job in jobs)
    totals = [sum(len(job.data) for job in batch) for batch in batches]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] <= 5_600_000
    assert max(map(len, batches)) <= 200


@pytest.mark.parametrize(("files", "padding", "several"), [(60, 1, False), (3, 1, False), (60, 1500, True)])
def test_workers_are_started_only_where_they_gain(tmp_path: Path, files: int, padding: int, several: bool) -> None:
    for number in range(files):
        (tmp_path / f"a{number}.py").write_text("# nothing to see\n" * padding)
    script = "import sys; from canfar_lint.cli import main; main(['--isolated', '--no-cache', '--jobs', '2', '.']);"
    script += "print('concurrent.futures' in sys.modules)"
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == str(several)


@FORKED
@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_a_terminal_shows_how_far_a_long_run_is(tree: Path, terminal: str) -> None:
    import pty

    leader, follower = pty.openpty()
    script = "import canfar_lint.cli.progress as p; p._SECONDS = 0; from canfar_lint.cli import main; main()"
    command = [sys.executable, "-c", script, "--isolated", "--no-cache", "--no-ruff", "."]
    environment = {**ENVIRONMENT, "TERM": terminal, "COLUMNS": "80"}
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdin=follower, stdout=subprocess.PIPE, stderr=follower, text=True
    ) as ran:
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 4096):
                shown += piece
        except OSError:  # how Linux says that nobody writes any more
            pass
        assert ran.stdout is not None
        assert "\nFound 123 problems " in ran.stdout.read()
    os.close(leader)
    if terminal == "dumb":
        assert shown == b""
    else:
        assert b"/121" in shown
        assert b"Linting" not in shown.rpartition(b"\x1b[2K")[2], "nothing of it is left"


# -- a worker that dies ---------------------------------------------------------------------------------------


@FORKED
@pytest.mark.parametrize("way", ["killed", "memory"])
def test_a_file_that_kills_its_worker_is_lost_alone(tree: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    whole = shown(linted(tree, 2))
    real, parent = engine.lint_bytes, os.getpid()

    def deadly(path: str, *rest: Any) -> FileResult:
        if path in ("step030.py", "step031.py", "step090.py") and os.getpid() != parent:
            if way == "memory":
                raise MemoryError
            os.kill(os.getpid(), signal.SIGKILL)
        result: FileResult = real(path, *rest)
        return result

    monkeypatch.setattr(engine, "lint_bytes", deadly)
    result = linted(tree, 2)
    lost = [d for d in shown(result) if d.code == "CAN003"]
    assert [d.path for d in lost] == ["step030.py", "step031.py", "step090.py"]
    assert "out of memory" in lost[0].message
    assert result.crashed
    kept = [d for d in whole if d.path not in {one.path for one in lost}]
    assert [d for d in shown(result) if d.code != "CAN003"] == kept


def test_a_file_whose_triggers_break_is_lost_alone(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shown(linted(tree, 1))
    real = Triggers.fired

    def breaking(triggers: Triggers, content: Content) -> list[Rule]:
        if content.data == broken:
            raise IndexError("no such block")
        return real(triggers, content)

    broken = (tree / "step030.py").read_bytes() + b"# another\n"
    (tree / "step030.py").write_bytes(broken)
    monkeypatch.setattr(Triggers, "fired", breaking)
    found = shown(linted(tree, 1))
    (lost,) = (d for d in found if d.code == "CAN003")
    assert (lost.path, "IndexError: no such block" in lost.message) == ("step030.py", True)
    assert [d for d in found if d is not lost] == [d for d in whole if d.path != "step030.py"]


@LINUX
def test_a_worker_that_is_killed_from_outside_loses_nothing(tree: Path) -> None:
    calm = command_line(tree).communicate()[0]
    killed = 0
    for delay in (0.0, 0.02, 0.05, 0.1):
        ran = command_line(tree)
        victims = _workers(ran.pid)
        time.sleep(delay)
        for victim in victims[:1]:
            try:
                os.kill(victim, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
        assert ran.communicate()[0] == calm
        assert ran.returncode == 1
    assert killed


def command_line(tree: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "canfar_lint", "--isolated", "--no-cache", "--output-format", "json"]
    # every rule, so that there is time to kill one
    command += ["--select", "ALL", "--jobs", "2", "."]
    return subprocess.Popen(
        command, cwd=tree, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _workers(parent: int) -> list[int]:
    """The forked workers of a run, once there are two (ruff is a child as well, under another name)."""
    for _ in range(3000):
        found = [child for child in _children(parent) if b"canfar_lint" in _read(Path(f"/proc/{child}/cmdline"))]
        if len(found) > 1:
            return found
        time.sleep(0.005)
    return []


def _children(parent: int) -> Iterator[int]:
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        yield from map(int, _read(task).split())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


# -- the end --------------------------------------------------------------------------------------------------


@LINUX
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_run_that_is_ended(tree: Path, how: signal.Signals) -> None:
    """The signal goes to the run alone, as `kill` sends it, not to its group as a terminal does."""
    ran = command_line(tree)
    assert len(_workers(ran.pid)) > 1
    everybody = list(_children(ran.pid))
    ran.send_signal(how)
    ran.wait(timeout=20)
    assert ran.returncode == (130 if how == signal.SIGINT else -how)
    for _ in range(200):
        left = [child for child in everybody if _read(Path(f"/proc/{child}/cmdline"))]
        if not left:
            return
        time.sleep(0.05)
    for child in left:
        os.kill(child, signal.SIGKILL)
    raise AssertionError(left)


# -- another executor -----------------------------------------------------------------------------------------


def _elsewhere(folder: str) -> None:
    os.chdir(folder)


def test_an_executor_gets_all_it_needs(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = shown(linted(tree, 1))
    empty = str(tmp_path_factory.mktemp("elsewhere"))
    with ProcessPoolExecutor(2, get_context("spawn"), _elsewhere, (empty,)) as pool:
        told: list[int] = []
        far = linted(tree, 2, executor=pool, progress=lambda done, total: told.append(done))
    assert shown(far) == one
    assert told[-1] == 122


def test_a_worker_with_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(shipping.OtherVersion, match=r"has canfar-lint .*, not 0\.0\.1"):
        shipping.lint_shipped("0.0.1", b"", [], [])


def test_what_is_shipped_is_small(tree: Path) -> None:
    resolver = Resolver(isolated=True)
    _, _, profiles = engine._plan([("a.py", "python")], resolver, {})
    assert len(shipping.Shipment(profiles)._packed) < 100_000
