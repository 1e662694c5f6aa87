"""Rules of a site: folders of YAML, packages with checks, their own tests, and what a broken one stops."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import ROOT, Command

from canfar_lint.catalogue.load import forget

EXAMPLE = ROOT / "examples" / "site-rules"
RULE = """\
code: LAB001
name: scratch-by-hand
level: warning
kinds: [py, nb]
fix: none
message: "`{call}` makes a scratch folder by hand"
why: |
  Nobody removes it.
source: handbook
instead: |
  `lab.scratch()`
triggers: [mkdtemp]
python:
  - call: [tempfile.mkdtemp]
examples:
  - bad: |
      import tempfile

      folder = «tempfile.mkdtemp»()
  - why: ours
    good: |
      import lab

      folder = lab.scratch()
"""
USES = "import tempfile\nd = tempfile.mkdtemp()\n"
CONCISE = ("--output-format", "concise")


@pytest.fixture
def site(alone: Path) -> Path:
    """A project with one good rule of its own."""
    (alone / "site/batch").mkdir(parents=True)
    (alone / "site/batch/LAB001-scratch-by-hand.yaml").write_text(RULE)
    (alone / "canfar-lint.toml").write_text('extend-rules = ["site"]\n')
    (alone / "a.py").write_text(USES)
    return alone


def add(site: Path, text: str, name: str = "batch/LAB002-other.yaml") -> None:
    path = site / "site" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("LAB001", "LAB002").replace("scratch-by-hand", "other"))


def test_a_folder_of_rules(site: Path, lint: Command) -> None:
    ran = lint(*CONCISE)
    assert (ran.status, ran.out.splitlines()[0]) == (
        1, "a.py:2:5: LAB001 warning: `tempfile.mkdtemp` makes a scratch folder by hand"
    )  # fmt: skip
    assert lint("rule", "scratch-by-hand").out.startswith("# scratch-by-hand (LAB001)\n")
    assert lint("--ignore", "LAB001").status == lint("--ignore", "LAB").status == 0
    assert lint("--config", "levels = {scratch-by-hand = 'advice'}").status == 0


@pytest.mark.parametrize(
    "marker", ["# noqa: LAB001", "# canfar: ignore[LAB001] why", "# canfar: ignore[scratch-by-hand] why"]
)
def test_markers_know_its_codes_and_names(site: Path, lint: Command, marker: str) -> None:
    (site / "a.py").write_text(USES.replace("()", f"()  {marker}"))
    ran = lint("--extend-select", "CAN01")
    assert (ran.status, "1 problem suppressed" in ran.out) == (0, True), ran.out


def test_an_unused_marker_for_it_is_a_finding(site: Path, lint: Command) -> None:
    (site / "a.py").write_text("x = 1  # noqa: LAB001\n")
    assert "CAN010" in lint(*CONCISE).out


BROKEN = {
    "level: warning": ("level: warnin", 3, "`level`: one of error, warning, advice"),
    "why: |\n  Nobody": ("wy: |\n  Nobody", 7, "unknown key `wy` in rule, did you mean `why`?"),
    "source: handbook\n": ("", 1, "`source` is missing in rule"),
    "kinds: [py, nb]": ("kinds: [py, rb]", 4, "`kinds`: `rb` is none of"),
    "triggers: [mkdtemp]": ("triggers: ['re:(']", 12, "`re:(` is no regular expression"),
    '"`{call}` makes': ('"`{path}` makes', 6, "there is no {path} for a rule with a `python` table"),
    "`{call}` makes a scratch": ("`{call` makes a scratch", 6, "a brace that is meant is written twice"),
    "code: LAB001": ("code: CAN901", 1, "`code`: "),
    "code: LAB001\n": ("code: SIM901\n", 1, "`code`: "),
    "fix: none": ("fix: [", 7, "expected ',' or ']'"),
    "name: scratch-by-hand": ("name: scratch-by-hand\nname: again", 3, "the key `name` stands twice"),
    "  - call: [tempfile.mkdtemp]": ("  - call: tempfile.mkdtemp", 14, "`call` in python must be a list"),
    "instead: |": ("? [a, b]\n: c\ninstead: |", 1, "unhashable"),
    "    good: |": ("    god: |", 20, "an example is either `bad` or `good`"),
}


@pytest.mark.parametrize("before", BROKEN)
def test_a_broken_rule_names_its_line_and_stops_nothing_else(site: Path, lint: Command, before: str) -> None:
    after, line, words = BROKEN[before]
    assert before in RULE
    add(site, RULE.replace(before, after, 1))
    ran = lint(*CONCISE, "--extend-select", "LAB002")
    assert ran.status == 2
    told = next(text for text in ran.out.splitlines() if "CAN003" in text)
    assert told.startswith(f"site/batch/LAB002-other.yaml:{line}:1: CAN003 this is no rule and is left out: ")
    assert words in told
    assert "a.py:2:5: LAB001" in ran.out
    ran = lint("rule", "LAB001")
    assert (ran.status, f"site/batch/LAB002-other.yaml:{line}: this is no rule: " in ran.err) == (0, True)
    (found,) = (d for d in json.loads(lint("--output-format", "json").out) if d["code"] == "CAN003")
    assert found["location"]["row"] == line


def test_rules_in_the_wrong_place(site: Path, lint: Command) -> None:
    add(site, RULE, "LAB002-other.yaml")
    add(site, RULE, "nowhere/LAB003-third.yaml")
    out = lint(*CONCISE).out
    assert out.count("the folder must be one of files, batch") >= 1
    assert "LAB003-third.yaml" in out
    assert "the file must be named" in out or "the folder must be" in out


def test_codes_and_names_of_others_are_refused(site: Path, lint: Command) -> None:
    for code, words in (("CAN901", "canfar-lint's own"), ("SIM901", "another tool's own"), ("DL901", "another tool's")):
        (site / f"site/batch/{code}-mine.yaml").write_text(
            RULE.replace("LAB001", code).replace("scratch-by-hand", "mine")
        )
        forget()
        assert words in lint(*CONCISE).out
    (site / "site/batch/LAB004-memmap-off.yaml").write_text(
        RULE.replace("LAB001", "LAB004").replace("scratch-by-hand", "memmap-off")
    )
    forget()
    assert "`name`: it is taken by canfar-lint" in lint(*CONCISE).out


def test_folders_that_are_not_there(site: Path, lint: Command) -> None:
    for name, words in (("no", "which is no folder"), ("package:no_such", "there is no such package installed"),
                        ("package:os.path", "there is no such package")):  # fmt: skip
        ran = lint("--config", f"extend-rules = ['{name}']")
        assert (ran.status, words in ran.err) == (2, True), ran.err
        (site / "canfar-lint.toml").write_text(f"fix = false\nextend-rules = ['{name}']\n")
        assert "canfar-lint.toml:2: `extend-rules` names" in lint().err
        (site / "canfar-lint.toml").unlink()


def test_rules_are_read_anew_when_they_change(site: Path, lint: Command) -> None:
    assert lint().status == 1
    (site / "site/batch/LAB001-scratch-by-hand.yaml").write_text(RULE.replace("mkdtemp", "mktemp"))
    forget()
    assert lint().status == 0


# -- rule --test ----------------------------------------------------------------------------------------------


def test_examples_that_hold(site: Path, lint: Command) -> None:
    for path in ("site", "site/batch/LAB001-scratch-by-hand.yaml"):
        ran = lint("rule", "--test", path)
        assert (ran.status, ran.out) == (0, "2 examples of 1 rule: 2 passed, 0 failed.\n")


def test_an_example_that_does_not_hold_shows_the_difference(site: Path, lint: Command) -> None:
    text = RULE.replace("«tempfile.mkdtemp»()", "«tempfile.mkdtemp()»").replace(
        "lab.scratch()\n", "tempfile.mkdtemp()\n"
    )
    text = text.replace("      import lab\n", "      import tempfile\n")
    (site / "site/batch/LAB001-scratch-by-hand.yaml").write_text(text)
    ran = lint("rule", "--test", "site")
    assert ran.status == 1
    assert ran.out == (
        "site/batch/LAB001-scratch-by-hand.yaml:16: LAB001 bad example: not found where it is marked\n"
        "    --- as the example says\n    +++ as it is\n    @@ -1,3 +1,3 @@\n"
        "     import tempfile\n     \n    -folder = «tempfile.mkdtemp()»\n    +folder = «tempfile.mkdtemp»()\n"
        "site/batch/LAB001-scratch-by-hand.yaml:20: LAB001 good example: not silent in a good example\n"
        "    --- as the example says\n    +++ as it is\n    @@ -0,0 +1 @@\n"
        "    +run.py:3:10: LAB001 `tempfile.mkdtemp` makes a scratch folder by hand\n"
        "2 examples of 1 rule: 0 passed, 2 failed.\n"
    )


def test_what_cannot_be_tested(site: Path, lint: Command) -> None:
    add(site, RULE.replace("level: warning", "level: loud"))
    ran = lint("rule", "--test", "site")
    assert ran.status == 2
    assert ran.out.startswith("site/batch/LAB002-other.yaml:3: this is no rule: `level`")
    assert "2 passed" in ran.out
    assert lint("rule", "--test", "nowhere").status == 2
    assert lint("rule", "--test", "site", "LAB001").status == 2
    (site / "site/batch/LAB002-other.yaml").unlink()
    forget()
    (site / "site/batch/LAB003-third.yaml").write_text(
        RULE.replace("LAB001", "LAB003")
        .replace("scratch-by-hand", "third")
        .replace("python:\n  - call: [tempfile.mkdtemp]\n", "")
    )
    assert "LAB003 has neither a `python` table nor a check" in lint("rule", "--test", "site").out


def test_the_built_in_rules_pass_too(lint: Command) -> None:
    ran = lint("rule", "--test", str(ROOT / "rules/memory/CAN306-list-appended-array.yaml"))
    assert ran.status == 2, "they are not a site's own"


# -- packages with checks -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example package was installed by pip."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(EXAMPLE, folder / "lab-rules")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
               "--disable-pip-version-check", "--target", str(folder / "site"), str(folder / "lab-rules")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder / "site"


def with_package(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{package}"}
    command = [sys.executable, "-m", "canfar_lint", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_example_package(alone: Path, package: Path) -> None:
    ran = with_package(package, "rule", "--test", "package:lab_rules")
    assert (ran.returncode, ran.stdout) == (0, "7 examples of 2 rules: 7 passed, 0 failed.\n")
    (alone / "canfar-lint.toml").write_text('extend-rules = ["package:lab_rules"]\n')
    for number in range(60):  # enough for several processes
        (alone / f"a{number}.py").write_text('import shutil\nshutil.rmtree("/arc/projects/lab/raw/x")\n')
    ran = with_package(package, "--select", "LAB", *CONCISE)
    assert ran.returncode == 1
    assert ran.stdout.count("LAB002 `/arc/projects/lab/raw/x` is raw data") == 60


def test_a_check_that_cannot_be_loaded_stops_nothing_else(alone: Path, package: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(package, broken)
    (alone / "canfar-lint.toml").write_text('extend-rules = ["package:lab_rules"]\n')
    (alone / "a.py").write_text("import shutil, tempfile\nshutil.rmtree(tempfile.mkdtemp())\nx = input()\n")
    for text, words in (
        ("import nothing_of_this_name\n", "ModuleNotFoundError"),
        ("def check_python(module, rule):\n    yield 1 / 0\n", "ZeroDivisionError"),
        ("def check_python(:\n", "SyntaxError"),
        ("x = 1\n", "LookupError"),
    ):
        (broken / "lab_rules/raw_data.py").write_text(text)
        ran = with_package(broken, *CONCISE)
        assert ran.returncode == 2, ran.stderr
        assert (
            f"a.py:1:1: CAN003 LAB002, a rule that is not canfar-lint's own, failed on this file ({words}" in ran.stdout
        )
        assert "a.py:2:15: LAB001" in ran.stdout
        assert "CAN101" in ran.stdout


def test_nothing_in_the_working_directory_is_imported(alone: Path) -> None:
    """`python -m` would put it first on the path; a linter reads strangers' code."""
    hostile = "print('executed'); raise SystemExit(9)\n"
    for name in ("json", "yaml", "libcst", "shlex", "lab_rules", "rich", "difflib", "queue", "zlib"):
        (alone / f"{name}.py").write_text(hostile)
    (alone / "evil.dist-info").mkdir()
    (alone / "evil.dist-info/entry_points.txt").write_text("[canfar_lint.checks]\nLAB001 = lab_rules\n")
    (alone / "evil.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (alone / "site/batch").mkdir(parents=True)
    rule = RULE.replace("python:\n  - call: [tempfile.mkdtemp]\n", "")
    (alone / "site/batch/LAB001-scratch-by-hand.yaml").write_text(rule)
    (alone / "canfar-lint.toml").write_text('extend-rules = ["site"]\n')
    (alone / "a.py").write_text(USES)
    ran = with_package(alone / "nothing", *CONCISE, "--fix", "--unsafe-fixes")
    assert "executed" not in ran.stdout + ran.stderr
    assert "LAB001, a rule that is not canfar-lint's own, failed" in ran.stdout
