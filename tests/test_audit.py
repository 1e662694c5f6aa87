"""The audit of many repositories in `examples/audit`, as docs/scale.md tells it: replicas share the list."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("canfar")
ROOT = Path(__file__).parent.parent
AUDIT = ROOT / "examples" / "audit" / "audit.py"
MEMMAP = 'from astropy.io import fits\n\nhdul = fits.open("m31.fits", memmap=False)\n'
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    addresses = []
    for number in range(5):
        repository = tmp_path / f"survey{number}"
        repository.mkdir()
        (repository / "load.py").write_text(MEMMAP if number % 2 else "answer = 42\n")
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
            subprocess.run([*GIT, *words], cwd=repository, check=True)
        addresses.append(repository.as_uri())
    path = tmp_path / "repositories.txt"
    path.write_text("\n".join(addresses))
    return path


def audit(tmp_path: Path, listing: Path, replica: int, replicas: int) -> subprocess.CompletedProcess[str]:
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "canfar-lint"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m canfar_lint "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"REPLICA_ID": str(replica), "REPLICA_COUNT": str(replicas)}
    command = [sys.executable, str(AUDIT), str(listing), str(tmp_path / "results")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_replicas_share_the_list_and_may_start_again(tmp_path: Path, listing: Path) -> None:
    ran = [audit(tmp_path, listing, replica, 2) for replica in (1, 2)]
    assert [one.returncode for one in ran] == [0, 0], ran
    assert [len(one.stdout.splitlines()) for one in ran] == [3, 2]
    found = {path.name[-12:]: json.loads(path.read_text()) for path in (tmp_path / "results").iterdir()}
    codes = {name: {item["code"] for item in items} for name, items in found.items()}
    assert [("CAN301" in codes[f"survey{n}.json"]) for n in range(5)] == [False, True, False, True, False]
    assert audit(tmp_path, listing, 1, 1).stdout == "", "all is done already"


def test_a_repository_that_is_not_there_stops_nothing(tmp_path: Path, listing: Path) -> None:
    gone = (tmp_path / "gone").as_uri()
    listing.write_text(f"{gone}\n{listing.read_text()}")
    ran = audit(tmp_path, listing, 1, 1)
    assert ran.returncode == 1
    assert gone in ran.stderr
    assert len(list((tmp_path / "results").iterdir())) == 5


def test_the_example_is_what_we_ask_of_others() -> None:
    command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", str(AUDIT.parent)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "All checks passed!\n")
