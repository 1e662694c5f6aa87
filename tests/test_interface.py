"""Every flag, command and variable does what the interface says, on a small project with a bit of everything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from commandline import ROOT, Command, process

from canfar_lint.catalogue.load import forget, load
from canfar_lint.cli import COMMANDS
from canfar_lint.cli.completion import flags

ASKS = "x = input()\n"
CONCISE = ("--output-format", "concise")


@pytest.fixture
def project(alone: Path) -> Path:
    (alone / "a.py").write_text("import os\n" + ASKS)
    (alone / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update && apt-get install -y gcc\n")
    return alone


def test_every_flag_of_every_command_is_used_in_a_test() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    unused = {
        f"{command} {flag.long}"
        for command in COMMANDS
        for flag in flags(command)
        if not re.search(rf"[\"' ]{re.escape(flag.long)}\b", tests)
    }
    assert unused == set()


def test_every_command_has_its_help(lint: Command) -> None:
    listed = re.findall(r"^  ([a-z-]+)  ", lint("--help").out.partition("Commands:")[2], re.M)
    assert sorted(listed) == sorted(COMMANDS)
    for command in COMMANDS:
        ran = lint("help", command)
        assert (ran.status, "Usage: canfar-lint" in ran.out) == (0, True)
    told = "".join(lint("help", command).out for command in COMMANDS)
    assert "audit" not in told and "server" not in told


# -- variables ------------------------------------------------------------------------------------------------


def test_no_cache(project: Path, lint: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(tmp_path / "kept"))
    for number in range(60):
        (project / f"b{number}.py").write_text(ASKS)
    results = tmp_path / "kept" / "results"
    for value in ("1", "true"):
        monkeypatch.setenv("CANFAR_LINT_NO_CACHE", value)
        lint()
        assert not results.exists()
    monkeypatch.delenv("CANFAR_LINT_NO_CACHE")
    lint("--no-cache")
    assert not results.exists()
    lint()
    assert os.listdir(results)


def test_cache_dir(project: Path, lint: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in range(60):
        (project / f"b{number}.py").write_text(ASKS)
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", "")
    lint("--cache-dir", str(tmp_path / "flag"))
    assert (tmp_path / "flag/results").is_dir()
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", "")
    (project / "canfar-lint.toml").write_text(f"cache-dir = '{tmp_path}/set'\n")
    lint()
    assert (tmp_path / "set/results").is_dir()
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", "")
    assert lint("clean").status == 0
    assert not (tmp_path / "set").exists()


def test_cleaning_while_others_run(tmp_path: Path, lint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(tmp_path / "cache"))
    going = True

    def write() -> None:
        number = 0
        while going:
            number += 1
            with suppress(OSError):  # cleaned away in the middle of it
                (tmp_path / f"cache/rules/{number % 50}").mkdir(parents=True, exist_ok=True)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert {lint("clean").status for _ in range(20)} == {0}
    finally:
        going = False
        writer.join()
        forget()


def test_rules_cleaned_away_while_a_run_needs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    try:
        catalogue = load()
        shutil.rmtree(tmp_path / "cache")
        assert catalogue.rules["CAN101"].body["message"]
        shutil.rmtree(tmp_path / "cache")
        assert catalogue.docs("CAN101")["why"]
    finally:
        forget()


# -- flags that stand for settings ----------------------------------------------------------------------------


def test_which_fixes_are_made(project: Path, lint: Command) -> None:
    rules = ("--select", "F401,CAN704", "--diff", "--unsafe-fixes")
    both = lint(*rules).out
    assert "--- a.py" in both and "--- Dockerfile" in both
    assert "--- a.py" not in lint(*rules, "--fixable", "CAN7").out
    assert lint(*rules, "--fixable", "CAN7", "--extend-fixable", "F401").out == both
    assert "--- a.py" not in lint(*rules, "--unfixable", "F401").out


def test_preview_lets_ruff_use_its_rules(project: Path, lint: Command) -> None:
    (project / "a.py").write_text("x = {1:2 }\n")
    assert "E202" not in lint(*CONCISE, "--select", "E").out
    assert "E202" in lint(*CONCISE, "--select", "E", "--preview").out
    assert "E202" not in lint(*CONCISE, "--select", "E", "--preview", "--no-preview").out


def test_extended_per_file_ignores(project: Path, lint: Command) -> None:
    (project / "canfar-lint.toml").write_text("select = ['F401', 'CAN101']\n[per-file-ignores]\n'a.py' = ['F401']\n")
    assert "CAN101" in lint(*CONCISE).out
    assert lint(*CONCISE, "--extend-per-file-ignores", "*.py:CAN101").status == 0
    assert "F401" in lint(*CONCISE, "--per-file-ignores", "*.py:CAN101").out


def test_ignored_files(project: Path, lint: Command) -> None:
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("a.py\n")
    (project / "canfar-lint.toml").write_text("respect-gitignore = false\n")
    assert "a.py" in lint("--show-files").out
    assert "a.py" not in lint("--show-files", "--respect-gitignore").out
    assert "a.py" in lint("--show-files", "--respect-gitignore", "--no-respect-gitignore").out


def test_output_files(project: Path, lint: Command) -> None:
    lint("--output-file", "report.txt", "--select", "CAN101")
    assert (project / "report.txt").read_text().startswith("a.py:2:5: CAN101")
    assert lint("graph", "--output-file", "graph.txt").status == 0
    assert (project / "graph.txt").is_file()


def test_the_request_a_script_is_judged_under(project: Path, lint: Command) -> None:
    told = lint("--show-settings", "--cores", "4", "--ram", "900", "--replicas", "2").out
    assert '\nrequest = {"cores" = 4, "ram" = 900.0, "replicas" = 2}  # --request\n' in told
    assert lint("--ram", "-1").status == lint("--replicas", "1.5").status == 2


# -- selectors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "codes"),
    [
        ("CAN101", {"CAN101"}),
        ("CAN1", {"CAN101"}),
        ("interactive-input", {"CAN101"}),
        ("batch", {"CAN101"}),
        ("containers", {"CAN702", "CAN704", "CAN705"}),
        ("F401", {"F401"}),
        ("unused-import", {"F401"}),
        ("DL3008", {"DL3008"}),
        ("CAN704,F401", {"CAN704", "F401"}),
    ],
)
def test_selectors(project: Path, lint: Command, selector: str, codes: set[str]) -> None:
    found = json.loads(lint("--select", selector, "--output-format", "json").out)
    assert {d["code"] for d in found} == codes
    found = json.loads(lint("--select", selector, "--ignore", selector, "--output-format", "json").out)
    assert found == []


def test_levels_everywhere(project: Path, lint: Command) -> None:
    levels = ("--config", "levels = {CAN101 = 'advice', package-lists-kept = 'error'}")
    ran = lint(*CONCISE, "--select", "CAN101,CAN704", *levels)
    assert "Found 2 problems (1 error, 1 advice).\n" in ran.out
    assert ran.status == 1
    assert lint("--select", "CAN101", *levels).status == 0
    assert lint("--select", "CAN101", *levels, "--fail-on", "advice").status == 1
    ran = lint(*CONCISE, "--select", "CAN101,CAN704", *levels, "--min-level", "warning")
    assert "CAN101" not in ran.out and "1 problem below `--min-level` not shown." in ran.out


def test_a_reason_is_asked_for(project: Path, lint: Command) -> None:
    (project / "a.py").write_text("x = input()  # canfar: ignore[CAN101]\n")
    assert "CAN012" not in lint(*CONCISE).out
    assert "CAN012 advice: say why" in lint(*CONCISE, "--extend-select", "CAN012").out


def test_the_footer_counts_what_is_not_shown(project: Path, lint: Command) -> None:
    (project / "known.py").write_text(ASKS)
    (project / "marked.py").write_text("x = input()  # canfar: ignore[CAN101] tried by hand\n")
    lint("--select", "CAN101", "--write-baseline", "known.json", "known.py")
    rules = ("--select", "CAN101,CAN704", "--min-level", "error", "--baseline", "known.json")
    for form in ("concise", "full", "grouped"):
        out = lint(*rules, "--output-format", form).out
        for words in ("1 problem suppressed by markers.", "1 problem known from the baseline.", "not shown."):
            assert words in out, form


# -- settings -------------------------------------------------------------------------------------------------


def test_settings_in_three_nested_folders_and_hooks_that_name_files(project: Path, lint: Command) -> None:
    (project / "pyproject.toml").write_text('[tool.canfar-lint]\nextend-exclude = ["old"]\nselect = ["CAN1"]\n')
    for folder, text in (("in", 'extend = "../pyproject.toml"\nselect = ["F401"]\n'), ("in/deep", "")):
        (project / folder).mkdir()
        (project / folder / "a.py").write_text("import os\n" + ASKS)
        (project / folder / ".canfar-lint.toml").write_text(text)
    (project / "in/old").mkdir()
    (project / "in/old/a.py").write_text("import os\n")
    found = json.loads(lint("--output-format", "json").out)
    assert {(os.path.relpath(d["filename"], project), d["code"]) for d in found} == {
        ("a.py", "CAN101"), ("in/a.py", "F401"), ("in/deep/a.py", "CAN101"),
    }  # fmt: skip
    assert lint("--force-exclude", "in/old/a.py").status == 0
    assert lint("in/old/a.py").status == 1
    origins = lint("--show-settings", "in/a.py", "--min-level", "error").out
    assert 'select = ["F401"]  # in/.canfar-lint.toml:2' in origins
    assert 'extend-exclude = ["old"]  # pyproject.toml:2' in origins
    assert 'min-level = "error"  # --min-level' in origins


def test_required_version(project: Path) -> None:
    (project / "canfar-lint.toml").write_text('required-version = ">=9"\nnew-key = 1\n')
    ran = process()
    assert ran.returncode == 2
    assert "canfar-lint.toml:1: `required-version` asks for >=9, this is" in ran.stderr


def test_an_editor_on_standard_input(project: Path) -> None:
    (project / "canfar-lint.toml").write_text('select = ["CAN101"]\nextend-exclude = ["gen"]\n')
    (project / "deep").mkdir()
    (project / "deep/canfar-lint.toml").write_text('select = ["F401"]\n')
    for name, code in (("b.py", "CAN101"), ("deep/b.py", "F401")):
        ran = process("--output-format", "json", "--stdin-filename", name, "-", stdin="import os\n" + ASKS)
        assert [d["code"] for d in json.loads(ran.stdout)] == [code]
    ran = process("--output-format", "json", "--stdin-filename", "gen/b.py", "--force-exclude", "-", stdin=ASKS)
    assert json.loads(ran.stdout) == []


def test_annotations_in_github_actions(project: Path) -> None:
    """One flag, or one variable for the whole workflow."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CANFAR_LINT_OUTPUT_FORMAT": "github", "GITHUB_ACTIONS": "true"}
    by_variable = subprocess.run(["python", "-m", "canfar_lint"], env=env, capture_output=True, text=True, check=False)
    assert by_variable.stdout == process("--output-format", "github").stdout
    assert by_variable.stdout.startswith("::")
