"""The example pipeline: exactly what is wrong with it is found, and `--fix` makes `examples/repaired` of it."""

from __future__ import annotations

import ast
import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clean_clone import ROOT, run

MESSY, REPAIRED = ROOT / "examples" / "messy", ROOT / "examples" / "repaired"

Row = tuple[str, int | None, int, str, str, bool, str]

FOUND: list[Row] = [
    # path, cell, row, code, level, whether --fix repairs it, the words it stands on
    ("Dockerfile", None, 5, "CAN703", "error", False, "apt-get update"),
    ("Dockerfile", None, 6, "CAN704", "warning", False, "apt-get install"),
    ("Dockerfile", None, 8, "CAN709", "warning", False, "."),
    ("Dockerfile", None, 11, "CAN706", "warning", True, "pip install"),
    ("Dockerfile", None, 14, "CAN704", "warning", True, "apt-get install"),
    ("Dockerfile", None, 16, "CAN708", "error", False, "rm -rf /var/lib/apt/lists/*"),
    ("look.ipynb", 1, 1, "CAN502", "error", True, "qt"),
    ("look.ipynb", 2, 1, "CAN302", "warning", False, "Table.read"),
    ("look.ipynb", 2, 1, "CAN104", "error", False, '"/Users/mjones/m31/gaia_m31.fits"'),
    ("night.sh", None, 6, "CAN104", "error", False, "/arc/home/mjones/m31"),
    ("night.sh", None, 7, "CAN101", "error", False, 'read -p "Has $night been copied from the telescope? " answer'),
    ("night.sh", None, 10, "CAN504", "error", False, "ds9"),
    ("reduce.py", None, 9, "CAN502", "error", True, '"TkAgg"'),
    ("reduce.py", None, 16, "CAN104", "warning", False, '"/arc/projects/m31/raw"'),
    ("reduce.py", None, 21, "CAN301", "warning", True, "memmap=False"),
    ("reduce.py", None, 29, "CAN303", "warning", True, "file.readlines()"),
    ("reduce.py", None, 37, "CAN101", "error", False, 'input("Radius of the aperture in pixels: ")'),
    ("reduce.py", None, 38, "CAN104", "error", False, 'f"/home/mjones/calib/flat_{night}.fits"'),
    ("reduce.py", None, 40, "CAN302", "warning", False, "pd.read_csv"),
    ("reduce.py", None, 44, "CAN402", "error", False, '"flattened.fits"'),
    ("reduce.py", None, 48, "CAN402", "warning", False, '"curves.csv"'),
    ("reduce.py", None, 52, "CAN501", "error", True, "plt.show()"),
    ("submit.py", None, 16, "CAN211", "error", True, '"16"'),
]


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    folder = tmp_path / "m31"
    shutil.copytree(MESSY, folder)
    return folder


def lint(folder: Path, *flags: str, exits: int = 1) -> str:
    program = (sys.executable, "-m", "canfar_lint", "check")
    return run(*program, *flags, ".", cwd=folder, exits=exits, PYTHONPATH=str(ROOT)).stdout


def findings(folder: Path) -> list[Row]:
    found = json.loads(lint(folder, "--output-format", "json"))
    return [_row(folder, diagnostic) for diagnostic in found]


def _row(folder: Path, diagnostic: dict[str, Any]) -> Row:
    path = Path(diagnostic["filename"])
    text = path.read_text()
    cell = diagnostic["cell"]
    if cell is not None:
        text = "".join(json.loads(text)["cells"][cell - 1]["source"])
    start, end = diagnostic["location"], diagnostic["end_location"]
    assert start["row"] == end["row"], "no finding of this example needs more than a line"
    words = text.splitlines()[start["row"] - 1][start["column"] - 1 : end["column"] - 1]
    name = path.relative_to(folder).as_posix()
    safe = diagnostic["fix"] is not None and diagnostic["fix"]["applicability"] == "safe"
    return name, cell, start["row"], diagnostic["code"], diagnostic["level"], safe, words


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_exactly_what_is_wrong_is_found(messy: Path) -> None:
    assert findings(messy) == FOUND


def test_fix_makes_the_repaired_example(messy: Path) -> None:
    lint(messy, "--fix")
    assert files(messy) == files(REPAIRED)
    assert {path: (REPAIRED / path).stat().st_mode for path in files(REPAIRED)} == {
        path: (messy / path).stat().st_mode for path in files(messy)
    }


def test_what_needs_a_decision_is_found_again_after_fixing(messy: Path) -> None:
    lint(messy, "--fix")
    left = [row[:2] + row[3:] for row in findings(messy)]  # a fix may move what stands below it
    assert left == [row[:2] + row[3:] for row in FOUND if not row[5]]


def test_fixing_twice_is_fixing_once(messy: Path) -> None:
    lint(messy, "--fix")
    once = files(messy)
    lint(messy, "--fix")
    assert files(messy) == once


def test_the_repaired_example_still_parses() -> None:
    for name, text in files(REPAIRED).items():
        if name.endswith(".py"):
            ast.parse(text)
        elif name.endswith(".ipynb"):
            assert json.loads(text).keys() == json.loads((MESSY / name).read_text()).keys()
        elif name.endswith(".sh"):
            subprocess.run(["bash", "-n", REPAIRED / name], check=True)


def test_the_repaired_reader_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "stars.txt").write_text("12.5 80\n1e3 7.25\n")
    read = []
    for folder in (MESSY, REPAIRED):
        tree = ast.parse((folder / "reduce.py").read_text())
        (reader,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "read_catalogue")
        names: dict[str, Any] = {}
        exec(compile(ast.Module([reader], []), "reduce.py", "exec"), names)
        read.append(names["read_catalogue"](tmp_path / "stars.txt"))
    assert read[0] == read[1] == [(12.5, 80.0), (1000.0, 7.25)]


def test_the_picture_of_the_readme_shows_what_is_printed(messy: Path) -> None:
    svg = (ROOT / "docs" / "picture.svg").read_text("utf-8")
    drawn = re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", "", svg.partition("<g ")[2])))
    for line in lint(messy, "--output-format", "concise").splitlines():
        assert re.sub(r"\s+", "", line) in drawn
