"""`benchmarks/fixes.py`, which proves the fixes over any tree: a small one holds, and what is wrong is seen."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from harness import Bench, examples

pytest.importorskip("nbformat")

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "benchmarks" / "fixes.py"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example that has a fix, each in a folder of its own, and the projects that come with the code."""
    folder = tmp_path_factory.mktemp("tree")
    for example in examples():
        fields = example.fields
        if example.bad and "tree" not in fields and ("fixed" in fields or "fixed-unsafe" in fields):
            Bench(example, folder / example.name)
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def test_nothing_is_wrong_with_the_fixes_of_a_tree_of_all_kinds(tree: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--json", str(tmp_path / "figures.json"), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert figures["files"]["python"] > 50 and figures["files"]["dockerfile"] > 50 and figures["files"]["notebook"]
    safe, unsafe = (set(figures[level]["fixes"]) for level in ("safe", "unsafe"))
    assert len(safe) > 20 and len(unsafe) > 35 and safe <= unsafe


@pytest.fixture
def fixes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fixes", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fixes"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("a.py", b", memmap=False", b"", ""),
        ("a.py", b", memmap=False", b", ", "--fix and the report's edits differ"),
        ("a.py", b"fits.open(", b"fits.open((", "Python does not read it any more"),
        ("b.py", b"1", b"2", "changed without a fix in the report"),
        ("run.sh", b"fi", b"", "bash does not read it any more"),
        ("Dockerfile", b"RUN", b"RUM", "our reader does not read it any more"),
    ],
    ids=["nothing", "other-bytes", "python", "untouched", "shell", "dockerfile"],
)
def test_what_is_wrong_is_seen(
    file: str, old: bytes, new: bytes, words: str, tmp_path: Path, fixes: ModuleType
) -> None:
    """The script is given a repaired copy in which one thing is not right."""
    before = tmp_path / "tree"
    before.mkdir()
    (before / "a.py").write_text("from astropy.io import fits\nx = fits.open('a', memmap=False)\n", "utf-8")
    (before / "b.py").write_text("y = 1\n", "utf-8")
    (before / "run.sh").write_text("if true; then ls; fi\n", "utf-8")
    (before / "Dockerfile").write_text("FROM a\nRUN ls\n", "utf-8")
    proof = fixes.Proof(before, tmp_path, "safe", "CAN301")
    for copy in (proof.ours, proof.theirs):
        shutil.copytree(before, copy)
        (copy / "a.py").write_bytes((copy / "a.py").read_bytes().replace(b", memmap=False", b""))
    proof.changed = {Path("a.py")} if file in ("a.py", "b.py") else {Path("a.py"), Path(file)}
    target = proof.ours / file
    target.write_bytes((before / file).read_bytes().replace(old, new))
    proof.compare()
    proof.read_again()
    assert words in "\n".join(proof.wrong) and bool(proof.wrong) == bool(words), proof.wrong
