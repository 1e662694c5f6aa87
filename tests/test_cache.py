"""What is kept between runs changes no run's findings, whatever becomes of the files, the settings or the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from canfar_lint.cli import main
from canfar_lint.engine import cache as module
from canfar_lint.pipeline.tree import Tree

ROOT = Path(__file__).parent.parent
MEMMAP = 'from astropy.io import fits\n\nhdul = fits.open("m31.fits", memmap=False)\n'
CLEAN = "answer = 42\n"
SUBMIT = """\
from canfar.sessions import Session

Session().create(name="fit", image="images.canfar.net/skaha/astroml:24.07", cores=2, ram=4, cmd="python",
                 args="one.py", replicas=8)
"""
SHARED = """\
import sys
from astropy.io import fits

fits.writeto("result.fits", fits.getdata(sys.argv[1]))  # canfar: ignore[CAN501] nothing to see
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project large enough to be worth keeping results of, and a cache folder of its own."""
    for name in [name for name in os.environ if name.startswith("CANFAR_LINT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "canfar-lint.toml").write_text("")
    for number in range(60):
        (folder / f"step{number}.py").write_text(CLEAN)
    (folder / "load.py").write_text(MEMMAP)
    (folder / "one.py").write_text(SHARED)
    (folder / "submit.py").write_text(SUBMIT)
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "undefined.py").write_text("import os\nprint(nothing)\n")
    (folder / "old.py").write_text("print 'm31'\nimport os\nos.system('ds9 m31.fits')\n")
    (folder / "Dockerfile").write_text("FROM ubuntu\nRUN pip install numpy\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        capsys.readouterr()
        main(["--output-format", "json", "--select", "ALL", *arguments, "."])
        return capsys.readouterr().out

    return run


def store(tmp_path: Path) -> Path:
    (only,) = (tmp_path / "cache/results").iterdir()
    return only


def rewritten(file: Path, change: Callable[[str], str]) -> None:
    """The store with its body changed and its sum made right."""
    head, _, body = file.read_text().partition("\n")
    body = change(body)
    file.write_text(json.dumps([json.loads(head)[0], module.digest(body.encode())]) + "\n" + body)


def test_later_runs_find_the_same(work: Path, found: Callable[..., str]) -> None:
    first = found("--no-cache")
    codes = {item["code"] for item in json.loads(first)}
    assert {"CAN001", "CAN301", "CAN402", "CAN010", "F821", "CAN701"} <= codes
    levels = {item["severity"] for item in json.loads(first) if item["code"] == "CAN402"}
    assert levels == {"error"}, "the request in another file makes it one"
    assert [found(), found(), found("--jobs", "1")] == [first] * 3


def test_results_come_from_the_store(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found()
    rewritten(store(tmp_path), lambda body: body.replace("memmap=False", "memmap=Perhaps").replace("nothing`", "no`"))
    said = found()
    assert "memmap=Perhaps" in said
    assert "Undefined name `no`" in said, "ruff's findings are kept too"


def test_nothing_is_kept_when_nobody_wants_it(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found("--no-cache")
    assert not (tmp_path / "cache/results").exists()


def test_a_flag_says_where_results_are_kept(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found("--cache-dir", str(tmp_path / "elsewhere"))
    assert list((tmp_path / "elsewhere/results").iterdir())
    assert not (tmp_path / "cache/results").exists()


def test_clean_takes_the_folder_from_a_flag(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found("--cache-dir", str(tmp_path / "elsewhere"))
    os.environ["CANFAR_LINT_CACHE_DIR"] = str(tmp_path / "cache")
    assert main(["clean", "--cache-dir", str(tmp_path / "elsewhere")]) == 0
    assert not (tmp_path / "elsewhere/results").exists()


def test_clean_removes_them(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found()
    assert main(["clean"]) == 0
    assert not (tmp_path / "cache/results").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners here")
def test_nobody_else_reads_or_writes_them(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found()
    file = store(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    rewritten(file, lambda body: body.replace("memmap=False", "memmap=Perhaps"))
    file.chmod(0o660)
    assert "memmap=Perhaps" not in found()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"memmap=False", b"memmap=Perhaps"),
        lambda data: b"\xff\xfe" + data,
        lambda data: b"[" * 100_000,
        lambda data: data.replace(b"3.", b"2.", 1),
    ],
    ids=["empty", "half", "changed", "no text", "deep", "another's"],
)
def test_a_spoilt_store_is_not_used(
    work: Path, tmp_path: Path, found: Callable[..., str], spoil: Callable[[bytes], bytes]
) -> None:
    first = found()
    file = store(tmp_path)
    file.write_bytes(spoil(file.read_bytes()))
    assert found() == first
    assert found() == first


@pytest.mark.parametrize("entry", ["null", "[]", "7", '["x"]', "[1, 2, 3, 4, 5]", "{}"])
def test_entries_of_another_shape_are_not_used(
    work: Path, tmp_path: Path, found: Callable[..., str], entry: str
) -> None:
    first = found()
    rewritten(store(tmp_path), lambda body: json.dumps({name: json.loads(entry) for name in json.loads(body)}))
    assert found() == first


@pytest.mark.parametrize("part", range(6))
def test_entries_with_strange_parts_are_not_used(
    work: Path, tmp_path: Path, found: Callable[..., str], part: int
) -> None:
    first = found()

    def strange(body: str) -> str:
        entries = json.loads(body)
        for entry in entries.values():
            entry[part] = [[7]]
        return json.dumps(entries)

    rewritten(store(tmp_path), strange)
    assert found() == first


PIPELINE = {
    "survey.py": """\
from canfar.sessions import Session

Session().create(
    name="stack", image="survey/stack:1", cores=4, ram=16, gpu=1, cmd="bash", args="/arc/survey/code/stack.sh",
    replicas=8,
)
""",
    "code/stack.sh": "set -e\npython /arc/survey/code/stack.py\n",
    "code/stack.py": "import multiprocessing\n\npool = multiprocessing.Pool(16)\nprint(pool.map(abs, [1]))\n",
    "stack/Dockerfile": "FROM ubuntu:24.04\nRUN mkdir /opt/survey\nENV NUMBA_NUM_THREADS=2\n",
}
JOINED = ("CAN203", "CAN211", "CAN214", "CAN402", "CAN729")


@pytest.fixture
def pipeline(work: Path) -> Path:
    for name, text in PIPELINE.items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text)
    return work


def joined(said: str) -> set[tuple[str, str, str]]:
    """What the join says: files with codes and levels."""
    every = json.loads(said)
    return {(Path(d["filename"]).name, d["code"], d["severity"]) for d in every if d["code"] in JOINED}


def test_what_requests_reach_is_read_once(
    pipeline: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = found()
    read: list[str] = []
    content = Tree.content
    monkeypatch.setattr(Tree, "content", lambda tree, path, *rest: read.append(path) or content(tree, path, *rest))
    assert found() == first == found("--no-cache")
    outlined = {"stack.sh", "stack.py", "Dockerfile", "one.py"}
    assert {Path(path).name for path in read} == outlined, "without a cache, and only then, they are read"
    assert len(read) == len(outlined)
    assert joined(first) >= {("survey.py", "CAN203", "error"), ("stack.py", "CAN211", "error")}


def test_a_change_in_one_file_changes_what_is_said_of_others(pipeline: Path, found: Callable[..., str]) -> None:
    def seen() -> set[tuple[str, str, str]]:
        warm = found()
        assert warm == found("--no-cache")
        return joined(warm)

    before = seen()
    assert {
        ("survey.py", "CAN203", "error"),
        ("stack.py", "CAN211", "error"),
        ("Dockerfile", "CAN211", "error"),
    } <= before
    (pipeline / "code/stack.py").write_text("import os\n\nprint(os.environ['REPLICA_ID'])\n")
    assert before - seen() == {("survey.py", "CAN203", "error"), ("stack.py", "CAN211", "error")}
    (pipeline / "code/stack.sh").write_text("set -e\npython /arc/survey/one.py m31.fits\n")
    assert ("one.py", "CAN402", "error") in seen()
    (pipeline / "submit.py").unlink()
    (pipeline / "survey.py").unlink()
    assert seen() == {("one.py", "CAN402", "warning"), ("Dockerfile", "CAN729", "warning")}


def test_a_request_that_comes_later_reaches_files_that_are_known(pipeline: Path, found: Callable[..., str]) -> None:
    (pipeline / "survey.py").rename(pipeline / "survey.txt")
    assert ("stack.py", "CAN214", "warning") in joined(found())
    (pipeline / "survey.txt").rename(pipeline / "survey.py")
    assert ("stack.py", "CAN211", "error") in joined(found())
    assert found() == found("--no-cache")


def test_a_changed_file_is_looked_at_again(work: Path, found: Callable[..., str]) -> None:
    found()
    (work / "step1.py").write_text(MEMMAP)
    assert found() == found("--no-cache")
    assert "step1.py" in found()


def test_a_change_that_size_and_time_do_not_show(
    work: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SETTLED_NS", 0)
    found()
    found()
    file = work / "load.py"
    before = file.stat()
    file.write_text(MEMMAP.replace("False", "None "))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert "CAN301" not in found()


def test_a_touched_file_keeps_its_results(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    found()
    rewritten(store(tmp_path), lambda body: body.replace("memmap=False", "memmap=Perhaps"))
    os.utime(work / "load.py", (1, 1))
    assert "memmap=Perhaps" in found()


def test_a_file_that_is_restored(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    """With its old times, as `cp -p` and backups do."""
    found()
    file = work / "load.py"
    before = file.stat()
    (work / "load.py").rename(tmp_path / "kept.py")
    file.write_text(CLEAN)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "CAN301" not in found()
    (tmp_path / "kept.py").replace(file)
    assert "CAN301" in found()
    assert found() == found("--no-cache")


@pytest.mark.parametrize("hours", [-100, -1, 1, 100])
def test_a_clock_that_is_not_the_file_servers(
    work: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + hours * 3_600_000_000_000)
    found()
    found()
    for text in (CLEAN, MEMMAP, CLEAN.replace("42", "43"), MEMMAP.replace("m31", "m33")):
        (work / "load.py").write_text(text)
        assert ("CAN301" in found()) == ("memmap" in text)
    assert found() == found("--no-cache")


def test_times_of_whole_seconds_tell_nothing(work: Path) -> None:
    second = 1_000_000_000
    old = time.time_ns() // second * second - 3600 * second
    assert module._told_apart([1, old + 5, old + 5, 1])
    assert not module._told_apart([1, old, old, 1])


def test_a_file_that_changes_during_the_run_is_not_kept(
    work: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ruff and our rules may have read different contents."""
    real = module.Cache.note

    def note(self: module.Cache, path: str, *rest: Any) -> None:
        if path == "load.py":
            Path(path).write_text(CLEAN)
        real(self, path, *rest)

    monkeypatch.setattr(module.Cache, "note", note)
    assert "CAN301" in found()
    monkeypatch.undo()
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(work.parent / "cache"))
    monkeypatch.chdir(work)
    (work / "load.py").write_text(MEMMAP)
    (only,) = (work.parent / "cache/results").iterdir()
    assert "load.py" not in json.loads(only.read_text().partition("\n")[2])


def test_a_store_that_would_be_too_large_is_not_written(
    work: Path, tmp_path: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 1000)
    assert found() == found("--no-cache")
    assert list((tmp_path / "cache/results").iterdir()) == []


def test_other_settings_have_other_results(work: Path, found: Callable[..., str]) -> None:
    def level_of(code: str, *arguments: str) -> set[str]:
        return {item["severity"] for item in json.loads(found(*arguments)) if item["code"] == code}

    assert level_of("CAN301") == {"warning"}
    (work / "canfar-lint.toml").write_text('[levels]\nCAN301 = "error"\n')
    assert level_of("CAN301") == {"error"}
    assert found() == found("--no-cache")
    assert level_of("CAN301", "--isolated") == {"warning"}


def test_a_file_that_is_gone_or_cannot_be_read(work: Path, found: Callable[..., str]) -> None:
    found()
    (work / "load.py").unlink()
    (work / "one.py").unlink()
    (work / "one.py").symlink_to(work / "nowhere.py")
    assert found() == found("--no-cache")


def test_a_folder_that_cannot_be_written(
    work: Path, tmp_path: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache/results").write_text("no folder")
    first = found("--no-cache")
    assert found() == first


def test_two_runs_at_once(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "canfar_lint", "--output-format", "json", "--select", "ALL", "."]
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [run.communicate()[0] for run in runs]
    assert said == [found("--no-cache")] * 3
    assert found() == said[0]
    assert {path.suffix for path in (tmp_path / "cache/results").iterdir()} == {".json"}, "no partial files are left"


def test_fixed_files_are_not_remembered_as_they_were(work: Path, found: Callable[..., str]) -> None:
    found()
    found("--fix")
    assert "memmap=False" not in (work / "load.py").read_text()
    assert found() == found("--no-cache")


def test_the_oldest_stores_go(work: Path, tmp_path: Path, found: Callable[..., str]) -> None:
    folder = tmp_path / "cache/results"
    folder.mkdir(parents=True, mode=0o700)
    for number in range(40):
        (folder / f"{number:032}.json").write_text("")
        os.utime(folder / f"{number:032}.json", (number, number))
    found()
    kept = {path.name for path in folder.iterdir()}
    assert len(kept) == 32
    assert f"{39:032}.json" in kept and f"{0:032}.json" not in kept


def test_no_more_entries_than_bounded(
    work: Path, tmp_path: Path, found: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found()
    monkeypatch.setattr(module, "_MOST_ENTRIES", 10)
    for number in range(60):
        (work / f"step{number}.py").rename(work / f"part{number}.py")
    found()
    names = set(json.loads(store(tmp_path).read_text().partition("\n")[2]))
    assert not any("step" in name for name in names)
