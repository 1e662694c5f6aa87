"""Fixes in JSON are exact: a reader of the report that knows nothing of our code makes the bytes that `--fix` makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Bench, Example, examples
from independent import applied, by_file

from canfar_lint.fixing import fix_document
from canfar_lint.fixing.apply import to_bytes
from canfar_lint.reporting import Report, render

ROOT = Path(__file__).resolve().parents[1]
LEVELS = ("safe", "unsafe")
FIXED = [e for e in examples() if e.bad and ("fixed" in e.fields or "fixed-unsafe" in e.fields)]
# what several fixes together leave unused is seen only when all are made, so no report can show it
TOGETHER = ("CAN103-3-bad",)


def by_report(bench: Bench) -> bytes:
    """The example's own file after the fixes of one report after the other."""
    path = bench.folder / bench.example.path
    for _ in range(12):
        found = [d for d in bench.lint() if d.path == bench.example.path]
        report = json.loads(render("json", Report(found, lambda path, cell: None)))
        result = applied(path, report, LEVELS)
        if not result.findings:
            return path.read_bytes()
        path.write_bytes(result.data)
    raise AssertionError("the report is never empty of fixes")


def by_us(bench: Bench) -> bytes:
    source = bench.source()
    found = [d for d in bench.lint() if d.path == bench.example.path]
    return to_bytes(fix_document(source, found, bench.relint, unsafe=True).source)


def _windows(data: bytes) -> bytes:
    return data.replace(b"\\n", b"\\r\\n") if data.startswith(b"{") else data.replace(b"\n", b"\r\n")


def _marked(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def _foreign(data: bytes) -> bytes:
    """With characters before every line's code that have other lengths in bytes and in UTF-16."""
    if data.startswith(b"{"):
        return data.replace(b'"source": [\n    "', '"source": [\n    "# ångström 🔭\\n",\n    "'.encode())
    lines = data.decode("utf-8").split("\n")
    at = 1 if lines[0].startswith("#!") else 0
    return "\n".join([*lines[:at], "# ångström 🔭", *lines[at:]]).encode()


@pytest.mark.parametrize("change", [None, _windows, _marked, _foreign], ids=["plain", "windows", "mark", "foreign"])
@pytest.mark.parametrize("example", [pytest.param(each, id=each.name) for each in FIXED if each.name not in TOGETHER])
def test_the_report_gives_the_bytes_of_a_repair(
    example: Example, change: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bench = Bench(example, tmp_path)
    path = tmp_path / example.path
    if callable(change):
        path.write_bytes(change(path.read_bytes()))
    before = path.read_bytes()
    told = by_report(bench)
    path.write_bytes(before)
    assert told == by_us(bench)


def test_the_report_of_a_command_gives_the_bytes_of_the_command(tmp_path: Path) -> None:
    """One run over a tree of files of all kinds, as a user starts it."""
    trees = [tmp_path / "ours", tmp_path / "theirs"]
    for tree in trees:
        for example in FIXED:
            if example.name not in TOGETHER and "tree" not in example.fields and "settings" not in example.fields:
                folder = tree / example.name
                folder.mkdir(parents=True)
                Bench(example, folder)
    command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", "--no-ruff", "--no-hadolint", "--no-cache"]
    command += ["--select", "ALL", "--unsafe-fixes", "--quiet", "--exit-zero", "--output-format", "json"]

    def run(tree: Path, *more: str) -> bytes:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([*command, *more, "."], cwd=tree, env=env, check=True, capture_output=True).stdout

    run(trees[0], "--fix")
    for _ in range(12):
        found = by_file(json.loads(run(trees[1])))
        results = {Path(name): applied(Path(name), findings, LEVELS) for name, findings in found.items()}
        for path, result in results.items():
            path.write_bytes(result.data)
        if not any(result.findings for result in results.values()):
            break
    assert len(found) > 50
    ours, theirs = ({p.relative_to(t): p.read_bytes() for p in t.rglob("*") if p.is_file()} for t in trees)
    assert [str(path) for path in ours if ours[path] != theirs[path]] == []
