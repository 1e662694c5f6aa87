"""The files of a run, spread over batches: copies are looked at once, and everything comes back in order."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from canfar_lint.settings import Resolver

engine = importlib.import_module("canfar_lint.engine.run")  # the package's `run` is the function

READS = 'from astropy.io import fits\nhdus = fits.open("/arc/home/ann/image.fits")\nprint(hdus[0].header)\n'


def _linted(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> tuple[list[tuple[str, str]], list[str]]:
    looked_at: list[str] = []
    really = engine.lint_bytes

    def noted(path: str, *rest: object) -> object:
        looked_at.append(path)
        return really(path, *rest)

    monkeypatch.setattr(engine, "lint_bytes", noted)
    result = engine.run([(str(p), "python") for p in paths], Resolver(isolated=True), jobs=1)
    return [(d.path, d.code) for d in result.diagnostics], looked_at


def _written(folder: Path, names: list[str], text: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return [folder / name for name in names]


def test_copies_are_looked_at_once_and_each_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = _written(tmp_path, [f"v{n}/reduce.py" for n in range(12)], READS)
    found, looked_at = _linted(paths, monkeypatch)
    assert looked_at == [str(paths[0])]
    for path in paths:
        assert {code for at, code in found if at == str(path)} == {"CAN104", "CAN307"}


def test_a_copy_in_another_role_is_looked_at_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = _written(tmp_path, [f"v{n}/reduce.py" for n in range(8)] + ["tests/reduce.py"], READS)
    found, looked_at = _linted(paths, monkeypatch)
    assert looked_at == [str(paths[0]), str(paths[-1])]
    assert str(paths[-1]) not in {at for at, _ in found}


def test_copies_share_what_is_found_where_the_path_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # CAN501 says nothing of programs that are there for showing, which their path tells
    shows = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.show()\n"
    paths = _written(tmp_path, [f"v{n}/reduce.py" for n in range(8)] + ["viewer/reduce.py"], shows)
    found, looked_at = _linted(paths, monkeypatch)
    assert looked_at == [str(paths[0]), str(paths[-1])]
    assert {at for at, code in found if code == "CAN501"} == {str(path) for path in paths[:-1]}


def test_files_of_one_name_and_size_share_a_batch() -> None:
    size = 200_000
    jobs = [engine._Job(f"{folder}/{n}.py", "python", 0, bytes(size)) for folder in "abc" for n in range(9)]
    found = engine._batches(jobs, 600_000)
    assert len(found) > 1
    assert sorted(job.path for batch in found for job in batch) == sorted(job.path for job in jobs)
    for n in range(9):
        assert sum(any(job.path.endswith(f"/{n}.py") for job in batch) for batch in found) == 1
