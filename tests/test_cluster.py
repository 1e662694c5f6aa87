"""A real Dask cluster of several processes finds what this machine finds, in its order, also when workers die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from canfar_lint.engine import RunResult, cluster, run
from canfar_lint.settings import Resolver

distributed = pytest.importorskip("distributed")
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
MEMMAP = 'from astropy.io import fits\n\nhdul = fits.open("m31.fits", memmap=False)\n'
FILES = 90
engine: Any = sys.modules[run.__module__]


@contextmanager
def started(folder: Path) -> Iterator[Any]:
    """A client of a cluster of three processes, which work in a folder without any of the files."""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{before}"
    made = distributed.LocalCluster(
        n_workers=3, threads_per_worker=2, dashboard_address=":0", local_directory=str(folder), silence_logs=50
    )
    os.environ["PYTHONPATH"] = before
    with made, distributed.Client(made, set_as_default=False) as client:
        client.run(os.chdir, str(folder))
        yield client


def address_of(client: Any) -> str:
    return str(client.scheduler.address).replace("tcp://", "dask://")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster for tests that leave it as it is."""
    with started(tmp_path_factory.mktemp("cluster")) as client:
        yield address_of(client)


@pytest.fixture
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The client of a cluster for one test."""
    with started(tmp_path_factory.mktemp("victim")) as client:
        yield client


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "_SHIPPED_BYTES", 20_000)
    for number in range(FILES):
        (tmp_path / f"step{number:02}.py").write_text((MEMMAP if number % 3 == 0 else "x = 1\n") + "# none\n" * 700)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "launch.py").write_text("from canfar.sessions import Session\nSession().create(cores=999)\n")
    return tmp_path


def linted(tree: Path, **more: Any) -> RunResult:
    inputs = [(path.name, "python") for path in sorted(tree.iterdir())]
    return run(inputs, Resolver(isolated=True), **more)


def test_a_cluster_finds_what_one_process_finds(tree: Path, address: str) -> None:
    here = linted(tree, jobs=1)
    told: list[int] = []
    with cluster.connected(address) as (executor, workers):
        assert workers == 6
        far = linted(tree, executor=executor, jobs=workers, progress=lambda done, total: told.append(done))
    assert {d.code for d in here.diagnostics} >= {"CAN301", "CAN002", "CAN801"}
    assert far.diagnostics == here.diagnostics
    assert told == sorted(told) and told[-1] == FILES + 2


def test_a_worker_that_is_killed_loses_nothing(tree: Path, victim: Any) -> None:
    here = linted(tree, jobs=1)
    pids = list(victim.run(os.getpid).values())

    def kill_one(done: int, total: int) -> None:
        if pids:
            os.kill(pids.pop(), signal.SIGKILL)
            pids.clear()

    with cluster.connected(address_of(victim)) as (executor, workers):
        far = linted(tree, executor=executor, jobs=workers, progress=kill_one)
    assert not pids
    assert far.diagnostics == here.diagnostics
    assert not far.crashed


class Losing(Executor):
    """Loses the first result after it has come, as dask does when its worker dies in that moment."""

    def __init__(self) -> None:
        self.lost = 0

    def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
        made: Future[Any] = Future()
        given = function(*args)
        if self.lost or len(given) < 2:
            made.set_result(given)
            return made

        async def result(raiseit: bool) -> Any:
            return given

        async def cascade() -> None:
            await distributed.cfexecutor._cascade_future(SimpleNamespace(_result=result, status="lost"), made)

        self.lost += 1
        asyncio.run(cascade())
        return made


def test_a_result_that_is_lost_once_it_has_come_is_asked_for_again(tree: Path) -> None:
    losing = Losing()
    far = linted(tree, executor=losing, jobs=2)
    assert losing.lost == 1
    assert far.diagnostics == linted(tree, jobs=1).diagnostics


def _deadly() -> None:
    from canfar_lint.engine import run as function

    module: Any = sys.modules[function.__module__]
    real = module.lint_bytes

    def lint(path: str, *rest: Any) -> Any:
        if path == "step45.py":
            os.kill(os.getpid(), signal.SIGKILL)
        return real(path, *rest)

    module.lint_bytes = lint


def test_a_file_that_kills_every_worker_is_lost_alone(tree: Path, victim: Any) -> None:
    here = linted(tree, jobs=1)
    plugin = distributed.diagnostics.plugin.WorkerPlugin

    class Deadly(plugin):  # type: ignore[misc, valid-type]
        name = "deadly"

        def setup(self, worker: Any) -> None:
            _deadly()

    victim.register_plugin(Deadly())
    with cluster.connected(address_of(victim)) as (executor, workers):
        far = linted(tree, executor=executor, jobs=workers)
    assert [d.path for d in far.diagnostics if d.code == "CAN003"] == ["step45.py"]
    assert [d for d in far.diagnostics if d.code != "CAN003"] == [d for d in here.diagnostics if d.path != "step45.py"]


def command(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "canfar_lint", "--isolated", "--no-cache", *arguments, "."]
    return subprocess.run(words, cwd=tree, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("form", ["concise", "json", "sarif"])
def test_the_command_line_says_the_same(tree: Path, address: str, form: str) -> None:
    here = command(tree, "--output-format", form)
    far = command(tree, "--output-format", form, "--executor", address)
    assert (far.returncode, far.stdout, far.stderr) == (here.returncode, here.stdout, here.stderr)


def test_a_cluster_that_is_not_there(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 1)
    nobody = "dask://127.0.0.1:9"
    with pytest.raises(cluster.ClusterError, match="no Dask scheduler answers"), cluster.connected(nobody):
        pass


def test_what_is_no_cluster_is_refused(tree: Path) -> None:
    ran = command(tree, "--executor", "ray://somewhere")
    assert ran.returncode == 2
    assert "expected dask://HOST:PORT" in ran.stderr
    ran = command(tree, "--executor", "dask://localhost:1", "--jobs", "2")
    assert "cannot be used with" in ran.stderr
