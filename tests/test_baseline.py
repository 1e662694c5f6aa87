"""Baselines: what counts as the same finding, what a run says of it, and how the file is kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commandline import Command

MEMMAP = "hdul = fits.open(cube, memmap=False)"
TEXT = f"""\
from astropy.io import fits


def load(cube):
    {MEMMAP}
    return hdul[0].data[:9]


class Night:
    def flats(self, cube):
        with fits.open(cube,  memmap=False) as hdul:
            return hdul[0].data[:9]
"""
SELECT = ("--select", "CAN301", "--output-format", "concise")


@pytest.fixture
def known(alone: Path, lint: Command) -> Path:
    """A project whose two findings a baseline knows."""
    (alone / "run.py").write_text(TEXT)
    ran = lint(*SELECT, "--write-baseline", "known.json")
    assert (ran.status, ran.out, ran.err) == (0, "", "known.json knows 2 problems.\n")
    return alone


def lines_of(out: str) -> list[int]:
    return [int(line.split(":")[1]) for line in out.splitlines() if line.startswith("run.py:")]


def test_the_file_is_for_people_too(known: Path) -> None:
    assert (known / "known.json").read_text() == (
        "[\n"
        '  {"file": "run.py", "rule": "CAN301", "within": "Night.flats", '
        '"line": "with fits.open(cube, memmap=False) as hdul:"},\n'
        '  {"file": "run.py", "rule": "CAN301", "within": "load", "line": "hdul = fits.open(cube, memmap=False)"},\n'
        '  {"canfar-lint-baseline": 1}\n]\n'
    )
    json.loads((known / "known.json").read_text())


def test_what_is_known_is_not_reported(known: Path, lint: Command) -> None:
    ran = lint(*SELECT, "--baseline", "known.json")
    assert (ran.status, ran.out) == (0, "All checks passed!\n2 problems known from the baseline.\n")
    assert lint(*SELECT).status == 1


def test_moved_and_reindented_code_stays_known(known: Path, lint: Command) -> None:
    night = TEXT[TEXT.index("class") :].replace("    ", "\t")
    (known / "run.py").write_text("import os\n\n\n" + night + "\n\n" + TEXT[: TEXT.index("class")])
    assert lint(*SELECT, "--baseline", "known.json").status == 0


def test_a_second_instance_is_new_and_the_later_one(known: Path, lint: Command) -> None:
    (known / "run.py").write_text(TEXT.replace(f"    {MEMMAP}\n", f"    {MEMMAP}\n    {MEMMAP}\n"))
    ran = lint(*SELECT, "--baseline", "known.json")
    assert (ran.status, lines_of(ran.out)) == (1, [6])


def test_the_same_line_elsewhere_is_new(known: Path, lint: Command) -> None:
    (known / "run.py").write_text(f"{TEXT}\n\ndef other(name):\n    {MEMMAP}\n")
    assert lines_of(lint(*SELECT, "--baseline", "known.json").out) == [16]
    (known / "other.py").write_text(TEXT)
    assert "other.py" in lint(*SELECT, "--baseline", "known.json").out


def test_what_is_gone_is_said_and_can_be_taken_out(known: Path, lint: Command) -> None:
    (known / "run.py").write_text(TEXT.replace("hdul = fits.open(cube, memmap=False)", "hdul = 1"))
    gone = "1 problem of the baseline is gone: `--write-baseline known.json` takes it out.\n"
    ran = lint(*SELECT, "--baseline", "known.json")
    assert (ran.status, gone in ran.out) == (0, True)
    assert "gone: run.py: CAN301 hdul" in lint(*SELECT, "-v", "--baseline", "known.json").err
    assert "gone" not in lint("--select", "CAN101", "--baseline", "known.json").out, "that rule did not run"
    (known / "other.py").write_text("x = 1\n")
    assert "gone" not in lint(*SELECT, "--baseline", "known.json", "other.py").out, "that file was not looked at"
    assert lint(*SELECT, "--write-baseline", "known.json").err == "known.json knows 1 problem.\n"
    assert gone not in lint(*SELECT, "--baseline", "known.json").out
    (known / "run.py").unlink()
    assert "gone" in lint(*SELECT, "--baseline", "known.json").out, "a file that was removed has no problems"


def test_writing_for_some_files_keeps_the_others(known: Path, lint: Command) -> None:
    (known / "other.py").write_text(TEXT)
    assert "knows 4" in lint(*SELECT, "--write-baseline", "known.json", "other.py").err
    assert "knows 4" in lint("--select", "CAN101", "--write-baseline", "known.json").err


def test_the_working_directory_does_not_matter(
    known: Path, lint: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (known / "deep").mkdir()
    monkeypatch.chdir(known / "deep")
    assert lint(*SELECT, "--baseline", "../known.json", "..").status == 0
    monkeypatch.chdir(tmp_path)
    assert lint(*SELECT, "--baseline", "work/known.json", "work").status == 0


def test_known_findings_are_left_alone_by_fixes(known: Path, lint: Command) -> None:
    text = f"{TEXT}\n\ndef other(name):\n    {MEMMAP}\n"
    (known / "run.py").write_text(text)
    ran = lint(*SELECT, "--baseline", "known.json", "--fix")
    assert ran.status == 0
    assert (known / "run.py").read_text() == TEXT + "\n\ndef other(name):\n    hdul = fits.open(cube)\n"


def test_every_kind_of_file(alone: Path, lint: Command) -> None:
    (alone / "Dockerfile").write_text(
        "FROM debian:12 AS build\nRUN apt-get update\nFROM debian:12\nRUN apt-get update\nRUN apt-get update\n"
    )
    (alone / "run.sh").write_text('fetch() {\n    read -p "Night? " night\n}\nread -p "Night? " night\nfetch\n')
    cells = [{"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
             for source in (["x = ask()"], ["def ask():\n", "    return input('?')\n"])]  # fmt: skip
    (alone / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    lint("--select", "CAN703,CAN101", "--write-baseline", "known.json")
    findings = json.loads((alone / "known.json").read_text())[:-1]
    assert [(e["file"], e.get("within", ""), e.get("count", 1)) for e in findings] == [
        ("Dockerfile", "", 2), ("Dockerfile", "build", 1), ("a.ipynb", "ask", 1), ("run.sh", "", 1),
        ("run.sh", "fetch", 1),
    ]  # fmt: skip
    assert lint("--select", "CAN703,CAN101", "--baseline", "known.json").status == 0


def test_sarif_tells_known_findings_from_new_ones(known: Path, lint: Command) -> None:
    (known / "run.py").write_text(f"{TEXT}\n\ndef other(name):\n    {MEMMAP}\n")
    out = lint("--select", "CAN301", "--output-format", "sarif", "--baseline", "known.json").out
    (run,) = json.loads(out)["runs"]
    external = [{"kind": "external"}]
    assert [(r["baselineState"], r.get("suppressions")) for r in run["results"]] == [
        ("new", None),
        ("unchanged", external),
        ("unchanged", external),
    ]
    assert len({r["partialFingerprints"]["canfar-lint/v1"] for r in run["results"]}) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{\n  <<<<<<< ours\n}", "known.json:2: this is no baseline"),
        ("[]", "known.json:1: this is no baseline of this version"),
        ('[{"file": 1}, {"canfar-lint-baseline": 1}]', "this entry is none of a baseline"),
        ('[{"file": "a", "count": 0}, {"canfar-lint-baseline": 1}]', "this entry is none of a baseline"),
        ('[{"canfar-lint-baseline": 2}]', "no baseline of this version"),
    ],
)
def test_a_baseline_that_cannot_be_read(alone: Path, lint: Command, text: str, words: str) -> None:
    (alone / "known.json").write_text(text)
    for flag in ("--baseline", "--write-baseline"):
        ran = lint(flag, "known.json")
        assert (ran.status, words in ran.err) == (2, True), ran.err
    assert lint("--baseline", "no.json").status == 2


def git(*arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_two_peoples_baselines_merge(known: Path, lint: Command) -> None:
    (known / ".gitattributes").write_text("known.json merge=union\n")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "start")
    for branch, name in (("one", "s.py"), ("two", "z.py")):
        git("switch", "-qc", branch, "main")
        (known / name).write_text(TEXT)
        more = f"    {MEMMAP}\n" * 3
        (known / "run.py").write_text(TEXT.replace(f"    {MEMMAP}\n", more))
        lint(*SELECT, "--write-baseline", "known.json")
        git("add", "-A")
        git("commit", "-qm", branch)
    git("merge", "-q", "one")
    assert len(json.loads((known / "known.json").read_text())) == 7
    assert lint(*SELECT, "--baseline", "known.json").status == 0
