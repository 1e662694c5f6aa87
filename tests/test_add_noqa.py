"""`--add-noqa`: where a marker goes in each kind of file, and that the next run is silent and the code the same."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest
from commandline import Command

CASES = {
    "plain.py": (
        'from astropy.io import fits\nfits.open(input(), memmap=False)\n',
        'from astropy.io import fits\nfits.open(input(), memmap=False)  # canfar: ignore[CAN101, CAN301] old\n',
    ),
    "comment.py": (
        "x = input('?')  # ask\n",
        "x = input('?')  # ask  # canfar: ignore[CAN101] old\n",
    ),
    "marked.py": (
        'y = input()  # canfar: ignore[CAN104] why\n',
        'y = input()  # canfar: ignore[CAN104, CAN101] why\n',
    ),
    "continued.py": (
        "x = 1 + \\\n    int(input('?')) + \\\n    2\n",
        "x = 1 + \\\n    int(input('?')) + \\\n    2  # canfar: ignore[CAN101] old\n",
    ),
    "inside.py": (
        'x = f"""\n  {input()}\n"""\n',
        'x = f"""\n  {input()}\n"""  # canfar: ignore[CAN101] old\n',
    ),
    "crlf.py": ("x = input()\r\ny = 1\r\n", "x = input()  # canfar: ignore[CAN101] old\r\ny = 1\r\n"),
    "noend.py": ("x = input()", "x = input()  # canfar: ignore[CAN101] old"),
    "blanks.py": ("x = input()   \n", "x = input()  # canfar: ignore[CAN101] old\n"),
    "run.sh": (
        "#!/bin/bash\nread -p 'Night? ' night\nread -p 'Day? ' \\\n    day\n",
        "#!/bin/bash\nread -p 'Night? ' night  # canfar: ignore[CAN101] old\n"
        "read -p 'Day? ' \\\n    day  # canfar: ignore[CAN101] old\n",
    ),
    "heredoc.sh": (
        "read -p '? ' x <<EOF\ntext\nEOF\nssh -t node <<EOF\nread -p x y\nEOF\n",
        None,
    ),
    "Dockerfile": (
        "# syntax=docker/dockerfile:1\nFROM debian:12\nRUN apt-get update && \\\n    apt-get install -y gcc\n",
        "# syntax=docker/dockerfile:1\n# canfar: ignore[CAN702] old\nFROM debian:12\n"
        "# canfar: ignore[CAN704] old\nRUN apt-get update && \\\n    apt-get install -y gcc\n",
    ),
    "requirements.txt": ("numpy\nscipy==1.1\n", "numpy  # canfar: ignore[CAN605] old\nscipy==1.1\n"),
}  # fmt: skip
RULES = "CAN101,CAN105,CAN301,CAN605,CAN702,CAN704"


@pytest.mark.parametrize("name", CASES)
def test_where_a_marker_goes(alone: Path, lint: Command, name: str) -> None:
    before, after = CASES[name]
    (alone / name).write_bytes(before.encode())
    ran = lint("--select", RULES, "--no-hadolint", "--add-noqa=old")
    assert (ran.status, ran.out) == (0, "")
    text = (alone / name).read_bytes().decode()
    if after is not None:
        assert text == after
    again = lint("--select", RULES, "--no-hadolint", "--output-format", "concise")
    assert again.status == 0, again.out
    if name.endswith(".py"):
        assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(text))
    if name.endswith(".sh"):
        subprocess.run(["bash", "-n", name], check=True)


def test_notebooks_keep_all_but_the_marked_lines(alone: Path, lint: Command) -> None:
    sources = (["%matplotlib qt\n", "x = input()"], ["%%bash\n", "read -p '? ' x\n"], ["!pip install numpy"], ["y = 1"])
    cells = [{"cell_type": "code", "execution_count": 3, "id": f"c{n}", "metadata": {"tags": [1.0]}, "outputs": [],
              "source": list(source)} for n, source in enumerate(sources)]  # fmt: skip
    book = {"cells": cells, "metadata": {"x": "\u00e9"}, "nbformat": 4, "nbformat_minor": 5}
    (alone / "a.ipynb").write_text(json.dumps(book, indent=1) + "\n")
    rules = ("--select", "CAN101,CAN502,CAN603")
    lint(*rules, "--add-noqa=old")
    assert lint(*rules).status == 0
    after = json.loads((alone / "a.ipynb").read_text())
    written = [cell["source"] for cell in after["cells"]]
    assert written == [
        ["# canfar: ignore[CAN502] old\n", "%matplotlib qt\n", "x = input()  # canfar: ignore[CAN101] old"],
        ["%%bash\n", "read -p '? ' x  # canfar: ignore[CAN101] old\n"],
        ["!pip install numpy  # canfar: ignore[CAN603] old"],
        ["y = 1"],
    ]
    for cell, source in zip(after["cells"], sources, strict=True):
        cell["source"] = list(source)
    assert after == book


def test_without_a_reason_and_with_nothing_to_mark(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("x = input()\n")
    assert lint("--add-noqa", "a.py").err == "Added 1 marker.\n"
    assert (alone / "a.py").read_text() == "x = input()  # canfar: ignore[CAN101]\n"
    assert lint("--add-noqa", "a.py").err == "Added 0 markers.\n"


def test_other_tools_findings_are_marked_too(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("import os\nprint(nothing)\n")
    lint("--select", "F", "--add-noqa=old")
    assert (alone / "a.py").read_text() == (
        "import os  # canfar: ignore[F401] old\nprint(nothing)  # canfar: ignore[F821] old\n"
    )
    assert lint("--select", "F").status == 0


def test_what_cannot_be_read_is_not_marked(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("x = (\n")
    ran = lint("--add-noqa")
    assert (alone / "a.py").read_text() == "x = (\n"
    assert "a.py:1:5: CAN001 cannot be marked where it stands" in ran.err or "Added 0 markers" in ran.err


def test_a_file_as_a_whole(alone: Path, lint: Command) -> None:
    """What is said of the first line of a script is said of its first comment, where no marker fits."""
    from canfar_lint.diagnostic import Diagnostic, Place
    from canfar_lint.fixing.mark import mark
    from canfar_lint.source import Source

    source = Source("run.sh", "shell", "#!/bin/bash\n\nls\n")
    finding = Diagnostic("run.sh", "CAN813", "x", "warning", "m", Place(1, 1, 1, 1), 0, 0)
    marked = mark(source, [finding], "a\nb")
    assert (marked.added, marked.source.text) == (1, "#!/bin/bash\n# canfar: file-ignore[CAN813] a b\n\nls\n")
