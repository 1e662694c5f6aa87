"""Modes of files as git's index has them, against git itself, in every form of the index."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from canfar_lint.pipeline.git_index import index_of, modes

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NAMES = ("a.sh", "run/start.sh", "run/startup.sh", "run/é long name with blanks.txt", f"{'long/' * 60}z")


def git(folder: Path, *words: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    given = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(folder), *words]
    return subprocess.run(given, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(params=[("2", "sha1"), ("4", "sha1"), ("2", "sha256"), ("4", "sha256")], ids="v{0[0]}-{0[1]}".format)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    version, names = request.param
    git(tmp_path, "init", "-q", f"--object-format={names}")
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "run" / "start.sh").chmod(0o755)
    git(tmp_path, "add", ".")
    git(tmp_path, "update-index", "--index-version", version)
    (tmp_path / "later").write_text("", "utf-8")
    git(tmp_path, "add", "-N", "later")  # sets the extended flags of version 3
    return tmp_path


def test_the_modes_are_gits_own(repository: Path) -> None:
    listed = git(repository, "ls-files", "-s", "-z").split("\0")[:-1]
    expected = {line.partition("\t")[2]: int(line.split()[0], 8) for line in listed}
    assert set(expected) == {*NAMES, "later"}
    assert modes((repository / ".git" / "index").read_bytes()) == expected


def test_the_index_is_asked_before_the_disk(repository: Path) -> None:
    index = index_of(str(repository / "run"))
    assert index is not None
    (repository / "run" / "start.sh").chmod(0o644)
    assert index.executable(str(repository / "run" / "start.sh")) is True
    assert index.executable(str(repository / "a.sh")) is False
    assert index.executable(str(repository / "no such file")) is None


def test_a_work_tree_of_its_own(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(repository, "commit", "-q", "-m", "x")
    other = tmp_path_factory.mktemp("other") / "tree"
    git(repository, "worktree", "add", "-q", str(other))
    index = index_of(str(other))
    assert index is not None and index.executable(str(other / "run" / "start.sh")) is True


@pytest.mark.parametrize("data", [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\0\1", b"DIRC\0\0\0\7\0\0\0\0", b"x" * 100])
def test_what_is_no_index_is_left_alone(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_bytes(data)
    assert index_of(str(tmp_path)) is None


def test_a_broken_index_ends_nowhere_worse(repository: Path) -> None:
    whole = (repository / ".git" / "index").read_bytes()
    for cut in range(0, len(whole), 7):
        (repository / ".git" / "index").write_bytes(whole[:cut])
        index_of(str(repository))
