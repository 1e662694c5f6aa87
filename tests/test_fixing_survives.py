"""Whatever happens while files are repaired, each is what it was or what it was to be: killed runs, full disks,
files that may not be written, files that change meanwhile.

CANFAR_LINT_KILLS sets how often a run is killed (200 for a proof).
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from canfar_lint.cli import check, main, repair

ROOT = Path(__file__).resolve().parents[1]
KILLS = int(os.environ.get("CANFAR_LINT_KILLS", "24"))
FIX = ("check", "--isolated", "--no-ruff", "--no-hadolint", "--no-cache", "--exit-zero", "--fix", "--jobs", "1")
OLD = """from astropy.io import fits

with fits.open("a.fits", memmap=False) as hdul:
    print(hdul[0].data)
"""
NEW = OLD.replace(", memmap=False", "")
_FILLER = "# " + "x" * 98 + "\n"


def started(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "canfar_lint", *FIX, "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def finished(folder: Path) -> tuple[int, str]:
    process = started(folder)
    said = process.communicate()[1].decode()
    return process.returncode, said


def tree(folder: Path, lines: int = 200, files: int = 24) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """A folder of files to repair; their contents as they are, and as a repair leaves them."""
    folder.mkdir(exist_ok=True)
    names = [f"job{number}.py" for number in range(files)]
    for name in names:
        (folder / name).write_text(_FILLER * lines + OLD, "utf-8")
    old = {name: (_FILLER * lines + OLD).encode() for name in names}
    return old, {name: (_FILLER * lines + NEW).encode() for name in names}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".canfar-lint-tmp")}


def test_a_killed_run_leaves_every_file_whole(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    old, new = tree(folder)
    begun = time.perf_counter()
    assert finished(folder)[0] == 0 and contents(folder) == new
    lasts = time.perf_counter() - begun
    states = set()
    for turn in range(KILLS):
        shutil.rmtree(folder)
        tree(folder)
        process = started(folder)
        # a third dies anywhere, the others when the first file has been written
        if turn % 3:
            while process.poll() is None and (folder / "job0.py").stat().st_size == len(old["job0.py"]):
                time.sleep(0.0005)
            time.sleep(random.uniform(0, 0.02))
        else:
            time.sleep(random.uniform(0, lasts))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        found = contents(folder)
        assert set(found) == set(old)
        wrong = [name for name, content in found.items() if content not in (old[name], new[name])]
        assert not wrong, f"half-written: {wrong}"
        states.add(sum(found[name] == new[name] for name in found))
    assert any(0 < count < len(old) for count in states), "no run was killed while it wrote"
    # the next run does what is left
    assert finished(folder)[0] == 0 and contents(folder) == new


def test_runs_at_the_same_time(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    _, new = tree(folder)
    runs = [started(folder) for _ in range(3)]
    said = [run.communicate()[1].decode() for run in runs]
    assert contents(folder) == new
    assert all("Traceback" not in words for words in said)
    assert not list(folder.glob(".*"))


def test_an_interrupted_run(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    old, new = tree(folder)
    process = started(folder)
    while process.poll() is None and (folder / "job0.py").stat().st_size == len(old["job0.py"]):
        time.sleep(0.0005)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert "Traceback" not in said and not list(folder.glob(".*"))
    assert all(content in (old[name], new[name]) for name, content in contents(folder).items())


def test_a_file_that_grows_too_large(tmp_path: Path) -> None:
    """What the system refuses to write is told, and the old content stays."""
    folder = tmp_path / "tree"
    old, _ = tree(folder, files=3)
    small = (folder / "small.py").write_text(OLD, "utf-8")
    command = [sys.executable, "-m", "canfar_lint", *FIX, "."]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (small * 3, small * 3))

    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limited,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stderr.count("was not repaired: File too large") == 3, done.stderr
    assert contents(folder) == {**old, "small.py": NEW.encode()}
    assert not list(folder.glob(".*"))


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(mounted: Path) -> None:
    old, _ = tree(mounted, files=4)
    with (mounted / "data.fits").open("wb") as data, pytest.raises(OSError, match="No space left"):
        while True:
            os.write(data.fileno(), b"x" * 4096)
    status, said = finished(mounted)
    assert status == 2 and said.count("was not repaired: No space left on device") == 4, said
    found = contents(mounted)
    assert {name: found[name] for name in old} == old and not list(mounted.glob(".*"))


def test_a_folder_that_may_not_be_written(mounted: Path) -> None:
    old, _ = tree(mounted, files=2)
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    status, said = finished(mounted)
    assert status == 2 and said.count("was not repaired: ") == 2 and "Traceback" not in said
    assert contents(mounted) == old


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    old, new = tree(folder, files=2)
    (folder / "job1.py").chmod(0o444)
    status, said = finished(folder)
    assert status == 2 and said == "error: job1.py was not repaired: the file is read-only\n"
    assert contents(folder) == {"job0.py": new["job0.py"], "job1.py": old["job1.py"]}
    assert (folder / "job1.py").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("before", ["repair", "write_back"])
def test_a_file_that_changes_meanwhile_is_left(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody saves the file after it was linted, or after its repair was made in memory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.py").write_text(OLD, "utf-8")
    (tmp_path / "other.py").write_text(OLD, "utf-8")
    theirs = OLD.replace("a.fits", "b.fits") + "print()\n"
    real = getattr(repair, before)

    def saved(*given: object) -> object:
        if (tmp_path / "job.py").read_text("utf-8") == OLD:
            (tmp_path / "job.py").write_text(theirs, "utf-8")
        return real(*given)

    monkeypatch.setattr(check, before, saved)
    assert main([*FIX, "."]) == 2
    assert (tmp_path / "job.py").read_text("utf-8") in (theirs, theirs.replace(", memmap=False", ""))
    assert "job.py was not repaired: the file has changed since it was" in capsys.readouterr().err
    assert (tmp_path / "other.py").read_text("utf-8") == NEW


def test_nothing_outside_of_the_given_paths_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside, inside = tmp_path / "shared", tmp_path / "mine"
    for folder in (outside, inside):
        folder.mkdir()
        (folder / "job.py").write_text(OLD, "utf-8")
    (inside / "linked.py").symlink_to(outside / "job.py")
    (inside / "again.py").symlink_to("job.py")
    monkeypatch.chdir(tmp_path)
    assert main([*FIX, "mine"]) == 0
    assert "mine/linked.py was not repaired: it leads to" in capsys.readouterr().err
    assert (outside / "job.py").read_text("utf-8") == OLD
    assert (inside / "job.py").read_text("utf-8") == NEW and (inside / "again.py").is_symlink()
    # a link that is named itself is what was given
    assert main([*FIX, "mine/linked.py"]) == 0
    assert (outside / "job.py").read_text("utf-8") == NEW and (inside / "linked.py").is_symlink()
