"""The command line: commands, flags, what goes to which stream, and the exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commandline import ROOT, Command, process

from canfar_lint.cli import command_of
from canfar_lint.settings.keys import KEYS

RUFF_ONLY = ("--select", "F", "--output-format", "concise")
BROKEN = "import os\nprint(nothing)\n"
MEMMAP = 'from astropy.io import fits\n\nhdul = fits.open("m31.fits", memmap=False)\n'


pytestmark = pytest.mark.usefixtures("alone")


# -- commands -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "command", "rest"),
    [
        ([], "", []),
        (["."], "", ["."]),
        (["check", "."], "check", ["."]),
        (["--isolated", "check", "."], "check", ["--isolated", "."]),
        (["--config", "rule", "check"], "check", ["--config", "rule"]),
        (["./check"], "", ["./check"]),
        (["a.py", "rule"], "", ["a.py", "rule"]),
        (["--", "rule"], "", ["--", "rule"]),
        (["-"], "", ["-"]),
        (["rule", "check"], "rule", ["check"]),
    ],
)
def test_which_command(arguments: list[str], command: str, rest: list[str]) -> None:
    assert command_of(arguments) == (command, rest)


def test_version(lint: Command) -> None:
    from canfar_lint import __version__

    for arguments in (["version"], ["--version"], ["-V"]):
        assert lint(*arguments).out == f"canfar-lint {__version__}\n"
    assert json.loads(lint("version", "--output-format", "json").out) == {"version": __version__}


def test_help(lint: Command) -> None:
    for arguments in (["--help"], ["-h"], ["help"]):
        ran = lint(*arguments)
        assert ran.status == 0
        assert "Usage: canfar-lint" in ran.out
    for command in ("check", "rule", "config", "clean", "version"):
        assert lint("help", command).out == lint(command, "--help").out
        assert lint(command, "-h").status == 0
    told = lint("check", "--help").out
    titles = ["Arguments:", "Options:", "Rule selection:", "File selection:", "Miscellaneous:", "Log levels:"]
    assert [told.index(title) for title in titles] == sorted(told.index(title) for title in titles)
    assert "--no-fix" not in told


def test_rule(lint: Command) -> None:
    by_code, by_name = lint("rule", "CAN301"), lint("rule", "memmap-off")
    assert by_code.status == 0
    assert by_code.out == by_name.out
    assert by_code.out.startswith("# memmap-off (CAN301)\n")
    for heading in ("## What it does", "## Why is this bad?", "## What to do instead", "## Example", "## References"):
        assert f"\n{heading}\n" in by_code.out
    assert "«" not in by_code.out
    data = json.loads(lint("rule", "CAN301", "--output-format", "json").out)
    assert (data["code"], data["name"], data["level"]) == ("CAN301", "memmap-off", "warning")
    assert data["explanation"] == by_code.out


def test_all_rules(lint: Command) -> None:
    rules = json.loads(lint("rule", "--all", "--output-format", "json").out)
    codes = [rule["code"] for rule in rules]
    assert codes == sorted(codes)
    assert "CAN301" in codes
    text = lint("rule", "--all").out
    assert all(f"# {rule['name']} ({rule['code']})\n" in text for rule in rules)


def test_a_rule_that_is_not_there(lint: Command) -> None:
    ran = lint("rule", "memap-off")
    assert ran.status == 2
    assert "tip: a similar rule exists: 'memmap-off'" in ran.err
    assert "ruff rule F401" in lint("rule", "F401").err
    assert lint("rule").status == 2
    assert lint("rule", "CAN301", "--all").status == 2


def test_config(lint: Command) -> None:
    listed = lint("config").out
    assert [line.split()[0] for line in listed.splitlines()] == [key.name for key in KEYS]
    told = lint("config", "max-cores").out
    assert "Default value: 16\nType: int\n" in told
    assert "As ruff's: lint.select" in lint("config", "select").out
    assert json.loads(lint("config", "fail-on", "--output-format", "json").out)["fail-on"]["default"] == "warning"
    ran = lint("config", "max-core")
    assert ran.status == 2
    assert "'max-cores'" in ran.err


def test_clean_removes_only_what_is_ours(lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    (cache / "rules/1234").mkdir(parents=True)
    (cache / "someone-else").mkdir()
    monkeypatch.setenv("CANFAR_LINT_CACHE_DIR", str(cache))
    assert lint("clean").status == 0
    assert os.listdir(cache) == ["someone-else"]
    (cache / "someone-else").rmdir()
    (cache / "rules").mkdir()
    lint("clean")
    assert not cache.exists()
    assert lint("clean").status == 0


# -- exit status ----------------------------------------------------------------------------------------------


def test_nothing_found_and_something_found(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("x = 1\n")
    ran = lint()
    assert (ran.status, ran.out, ran.err) == (0, "All checks passed!\n", "")
    (alone / "a.py").write_text("print(nothing)\n")
    ran = lint("--output-format", "concise")
    assert ran.status == 1
    assert ran.out.startswith("a.py:1:7: F821 Undefined name `nothing`\n")
    assert lint("--exit-zero").status == 0


def test_a_path_that_does_not_exist(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("print(nothing)\n")
    ran = lint("no.py", "a.py")
    assert ran.status == 1
    assert "no.py:1:1: CAN002" in ran.out
    assert "F821" in ran.out


def test_arguments_from_a_file(alone: Path, lint: Command) -> None:
    (alone / "one two.py").write_text(MEMMAP)
    (alone / "other.py").write_text(MEMMAP)
    (alone / "list.txt").write_text("--select=CAN301\n\none two.py\n")
    ran = lint("--output-format", "concise", "@list.txt")
    assert ran.out.startswith("one two.py:3:30: CAN301")
    assert "other.py" not in ran.out
    missing = lint("@nothing.txt")
    assert (missing.status, "nothing.txt" in missing.err) == (2, True)


def test_nothing_to_lint(alone: Path, lint: Command) -> None:
    ran = lint()
    assert (ran.status, ran.err) == (0, "warning: No lintable files found under the given path(s)\n")
    assert lint("-q").err == ""
    assert json.loads(lint("--output-format", "json").out) == []


def test_levels_decide_the_status(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(MEMMAP)
    select = ("--select", "CAN301")
    assert lint(*select).status == 1
    assert lint(*select, "--fail-on", "error").status == 0
    assert lint(*select, "--fail-on", "never").status == 0
    assert lint(*select, "--config", "levels = {CAN301 = 'advice'}").status == 0
    assert lint(*select, "--config", "levels = {CAN301 = 'advice'}", "--fail-on", "advice").status == 1
    assert lint(*select, "--config", "levels = {CAN301 = 'error'}", "--fail-on", "error").status == 1


def test_what_min_level_hides_still_counts(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(MEMMAP)
    ran = lint("--select", "CAN301", "--min-level", "error", "--output-format", "concise")
    assert ran.status == 1
    assert "CAN301" not in ran.out
    assert "1 problem below `--min-level` not shown" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "BLAH"], "--select: unknown rule selector `BLAH` in `select`"),
        (["--extend-select", "memmap-of"], "did you mean `memmap-off`?"),
        (["--per-file-ignores", "a.py:NOPE"], "unknown rule selector `NOPE` in `per-file-ignores`"),
        (["--per-file-ignores", "a.py"], "expected PATTERN:RULE"),
        (["--outputformat", "json"], "tip: a similar argument exists: '--output-format'"),
        (["--output-format", "jsn"], "tip: a similar value exists: 'json'"),
        (["--output-format", "json", "--output-format", "full"], "more than once"),
        (["--min-level", "eror"], "tip: a similar value exists: 'error'"),
        (["--fail-on", "info"], "[possible values: error, warning, advice, never]"),
        (["--sel", "F"], "unexpected argument '--sel'"),
        (["--cores", "many"], "invalid value 'many' for '--cores'"),
        (["--cores", "0"], "invalid value '0' for '--cores'"),
        (["--diff", "--show-fixes"], "the argument '--diff' cannot be used with '--show-fixes'"),
        (["--diff", "--statistics"], "cannot be used with"),
        (["-q", "-v"], "the argument '--verbose' cannot be used with '--quiet'"),
        (["--config", "selec = ['F']"], "unknown key `selec`, did you mean `select`?"),
        (["--config", "no-such.toml"], "neither a file nor KEY = VALUE"),
        (["--config", "a.toml", "--isolated"], "cannot be used with '--isolated'"),
        (["--config", "a.toml", "--config", "a.toml"], "more than one settings file"),
        (["-", "a.py"], "cannot be used with other files"),
        (["--exclude", "a[b"], "a bracket is never closed"),
        (["--statistics", "--output-format", "sarif"], "--statistics"),
    ],
)
def test_a_command_line_that_cannot_be_used(alone: Path, lint: Command, arguments: list[str], words: str) -> None:
    (alone / "a.py").write_text("x = 1\n")
    (alone / "a.toml").write_text("")
    ran = lint(*arguments)
    assert ran.status == 2
    assert words in ran.err
    assert ran.out == ""


def test_settings_that_cannot_be_read(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("x = 1\n")
    (alone / "canfar-lint.toml").write_text("fix = true\nmax-cores = many\n")
    ran = lint()
    assert ran.status == 2
    assert ran.err.startswith("canfar-lint failed\n  Cause: canfar-lint.toml:2: ")
    (alone / "canfar-lint.toml").write_text("")
    (alone / "in").mkdir()
    (alone / "in/canfar-lint.toml").write_text("\n\nselct = ['F']\n")
    assert "in/canfar-lint.toml:3: unknown key `selct`, did you mean `select`?" in lint().err


def test_exit_zero_does_not_hide_a_failure(alone: Path, lint: Command) -> None:
    assert lint("--exit-zero", "--select", "BLAH").status == 2


# -- flags and settings ---------------------------------------------------------------------------------------


def test_a_flag_overrules_the_settings_both_ways(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    (alone / "canfar-lint.toml").write_text("select = ['F']\nfix = true\nruff = false\noutput-format = 'json'\n")
    assert json.loads(lint().out) == []
    ran = lint("--no-fix", "--ruff", "--output-format", "concise")
    assert "F401 [*]" in ran.out
    assert (alone / "a.py").read_text() == BROKEN
    assert lint("--no-fix", "--fix", "--no-ruff").status == 0
    assert lint("--isolated", "--output-format", "concise").out.startswith("a.py:2:7: F821")


def test_settings_of_three_nested_folders(alone: Path, lint: Command) -> None:
    for folder, rules in ((".", "F401"), ("in", "F821"), ("in/deep", "CAN301")):
        (alone / folder).mkdir(exist_ok=True)
        (alone / folder / "a.py").write_text(BROKEN + MEMMAP)
        (alone / folder / "canfar-lint.toml").write_text(f"select = ['{rules}']\n")
    found = {
        (d["filename"].removeprefix(f"{alone}/"), d["code"]) for d in json.loads(lint("--output-format", "json").out)
    }
    assert found == {("a.py", "F401"), ("in/a.py", "F821"), ("in/deep/a.py", "CAN301")}


def test_per_file_ignores(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    (alone / "test_a.py").write_text(BROKEN)
    ran = lint(*RUFF_ONLY, "--per-file-ignores", "test_*:F401,test_*:undefined-name")
    assert "test_a.py" not in ran.out
    assert "a.py:2:7: F821" in ran.out


def test_the_environment_stands_in_for_flags(alone: Path, lint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (alone / "a.py").write_text(BROKEN)
    (alone / "mine.toml").write_text("select = ['F821']\n")
    monkeypatch.setenv("CANFAR_LINT_CONFIG", "mine.toml")
    monkeypatch.setenv("CANFAR_LINT_OUTPUT_FORMAT", "json")
    monkeypatch.setenv("CANFAR_LINT_OUTPUT_FILE", "report.json")
    assert lint().out == ""
    assert [d["code"] for d in json.loads((alone / "report.json").read_text())] == ["F821"]
    assert lint("--output-format", "concise", "-o", "report.txt").status == 1
    assert (alone / "report.txt").read_text().startswith("a.py:2:7: F821")


def test_several_formats_at_once(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("print(nothing)\n")
    ran = lint("--output-format", "json:r.json", "--output-format", "concise", "--output-format", "github:r.txt")
    assert ran.out.startswith("a.py:1:7: F821")
    assert json.loads((alone / "r.json").read_text())[0]["code"] == "F821"
    assert (alone / "r.txt").read_text().startswith("::error title=canfar-lint (F821)")
    assert lint("--output-format", "json:r.json").out == ""
    assert sorted(os.listdir(alone)) == ["a.py", "r.json", "r.txt"]


def test_an_output_file_that_cannot_be_written(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("x = 1\n")
    ran = lint("-o", "no/such/folder.txt")
    assert ran.status == 2
    assert "no/such/folder.txt" in ran.err


def test_quiet_silent_and_verbose(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("print(nothing)\n")
    ran = lint("-q", "--output-format", "concise")
    assert (ran.out, ran.err, ran.status) == ("a.py:1:7: F821 Undefined name `nothing`\n", "", 1)
    ran = lint("-s")
    assert (ran.out, ran.err, ran.status) == ("", "", 1)
    assert "1 file" in lint("-v").err


def test_statistics(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    lines = lint(*RUFF_ONLY, "--statistics").out.splitlines()
    assert sorted(lines[:2]) == ["1\tF401\t[*] unused-import", "1\tF821\t[ ] undefined-name"]


def test_show_files(alone: Path, lint: Command) -> None:
    for name in ("b.py", "a.sh", "c.txt"):
        (alone / name).write_text("")
    assert lint("--show-files").out == f"{alone}/a.sh\n{alone}/b.py\n"


def test_show_settings_says_where_each_comes_from(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("")
    (alone / "base.toml").write_text("max-ram = 96\n")
    (alone / "canfar-lint.toml").write_text("extend = 'base.toml'\n\nmax-cores = 4\n")
    out = lint("--show-settings", "--fail-on", "error", "--select", "CAN301").out
    assert f'Settings path: "{alone}/canfar-lint.toml"' in out
    for line in (
        "max-cores = 4  # canfar-lint.toml:3",
        "max-ram = 96  # base.toml:1",
        'fail-on = "error"  # --fail-on',
        "large-cores = 16",
        "\tmemmap-off (CAN301, warning),",
        "rules.ruff = []",
    ):
        assert f"\n{line}\n" in out


def test_suppressed_findings(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(MEMMAP.replace("memmap=False)", "memmap=False)  # canfar: ignore[CAN301] small"))
    select = ("--select", "CAN301", "--output-format", "concise")
    ran = lint(*select)
    assert ran.status == 0
    assert "suppressed" in ran.out
    ran = lint(*select, "--show-suppressed")
    assert ran.status == 0
    assert "a.py:3:30: CAN301 warning:" in ran.out
    assert "(suppressed)" in ran.out
    ran = lint(*select, "--ignore-noqa")
    assert ran.status == 1
    assert "(suppressed)" not in ran.out


def test_excluded_files_given_by_name(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("print(nothing)\n")
    assert lint("a.py", "--extend-exclude", "a.py").status == 1
    assert lint("a.py", "--extend-exclude", "a.py", "--force-exclude").status == 0


# -- fixing ---------------------------------------------------------------------------------------------------


def test_fix(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    ran = lint(*RUFF_ONLY, "--fix")
    assert ran.status == 1
    assert ran.out == "a.py:1:7: F821 Undefined name `nothing`\nFound 2 problems (1 fixed, 1 remaining: 1 error).\n"
    assert (alone / "a.py").read_text() == "print(nothing)\n"
    assert lint(*RUFF_ONLY, "--fix").out.endswith("Found 1 problem (1 error).\n")


def test_fix_of_our_own_rule(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(MEMMAP)
    ran = lint("--select", "CAN301", "--fix")
    assert (ran.status, ran.out) == (0, "Found 1 problem (1 fixed, 0 remaining).\n")
    assert (alone / "a.py").read_text() == MEMMAP.replace(", memmap=False", "")


def test_fix_of_what_only_several_files_together_show(alone: Path, lint: Command) -> None:
    script = "# /// script\n# dependencies = []\n# ///\nimport numpy\nimport scipy\n"
    (alone / "fit.py").write_text(script)
    assert lint("--select", "CAN602", "--fix").status == 0
    assert (alone / "fit.py").read_text() == script.replace("[]", '["numpy", "scipy"]')
    request = 'name="fit", image="a/b:1", cores=4, ram=8, cmd="python", args="/arc/projects/x/code/run.py"'
    (alone / "submit.py").write_text(f"from canfar.sessions import Session\n\nSession().create({request})\n")
    (alone / "code").mkdir()
    (alone / "code" / "run.py").write_text("from multiprocessing import Pool\n\nprint(Pool(32).map(work, range(9)))\n")
    assert lint("--select", "CAN211", "--fix").out == "Found 1 problem (1 fixed, 0 remaining).\n"
    assert "Pool(4)" in (alone / "code" / "run.py").read_text()


def test_fix_only_and_its_status(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    ran = lint(*RUFF_ONLY, "--fix-only", "--exit-non-zero-on-fix")
    assert (ran.status, ran.out) == (1, "Fixed 1 problem.\n")
    ran = lint(*RUFF_ONLY, "--fix-only", "--exit-non-zero-on-fix")
    assert (ran.status, ran.out) == (0, "")


def test_all_fixed(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("import os\n")
    assert lint(*RUFF_ONLY, "--fix", "--exit-non-zero-on-fix").status == 1
    (alone / "a.py").write_text("import os\n")
    assert lint(*RUFF_ONLY, "--fix").status == 0


def test_diff_writes_nothing(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text(BROKEN)
    ran = lint(*RUFF_ONLY, "--diff")
    assert ran.status == 1
    assert ran.out == "--- a.py\n+++ a.py\n@@ -1,2 +1 @@\n-import os\n print(nothing)\n\nWould fix 1 problem.\n"
    assert (alone / "a.py").read_text() == BROKEN
    assert lint("--select", "F821", "--diff").status == 0


def test_show_fixes(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("import os\n")
    out = lint(*RUFF_ONLY, "--fix", "--show-fixes").out
    assert (
        out == "\nFixed 1 problem:\n- a.py:\n    1 × F401 (unused-import)\n\nFound 1 problem (1 fixed, 0 remaining).\n"
    )


def test_unsafe_fixes_and_which_rules_may_be_fixed(alone: Path, lint: Command) -> None:
    text = "def f():\n    x = 1\n"
    (alone / "a.py").write_text(text)
    lint("--select", "F841", "--fix")
    assert (alone / "a.py").read_text() == text
    lint("--select", "F841", "--fix", "--unsafe-fixes", "--unfixable", "F841")
    assert (alone / "a.py").read_text() == text
    lint("--select", "F841", "--fix", "--config", "extend-safe-fixes = ['F841']")
    assert (alone / "a.py").read_text() != text


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everything")
def test_a_file_that_cannot_be_written(alone: Path, lint: Command) -> None:
    (alone / "a.py").write_text("import os\n")
    (alone / "a.py").chmod(0o444)
    ran = lint(*RUFF_ONLY, "--fix")
    assert ran.status == 2
    assert "a.py was not repaired" in ran.err
    assert "F401" in ran.out


# -- standard input, streams, signals -------------------------------------------------------------------------


def test_standard_input(alone: Path) -> None:
    ran = process(*RUFF_ONLY, "-", stdin=BROKEN)
    assert ran.returncode == 1
    assert ran.stdout.startswith("-:1:8: F401 [*] ")
    ran = process(*RUFF_ONLY, "-", "--stdin-filename", "src/a.py", stdin=BROKEN)
    assert ran.stdout.startswith("src/a.py:1:8: F401")


def test_fixing_standard_input(alone: Path) -> None:
    ran = process(*RUFF_ONLY, "--fix", "-", stdin=BROKEN)
    assert ran.stdout == "print(nothing)\n"
    assert ran.stderr.startswith("-:1:7: F821")
    assert ran.returncode == 1
    ran = process(*RUFF_ONLY, "--diff", "-", stdin=BROKEN)
    assert ran.stdout == "@@ -1,2 +1 @@\n-import os\n print(nothing)\n\n"
    assert ran.stderr == "Would fix 1 problem.\n"


def test_what_is_not_linted_comes_back_from_standard_input_as_it_was(alone: Path) -> None:
    ran = process("--fix", "-", "--stdin-filename", "notes.txt", stdin="words\r\n")
    assert (ran.returncode, ran.stdout) == (0, "words\n")
    ran = process("--fix", "-", "--stdin-filename", "a.py", "--exclude", "a.py", "--force-exclude", stdin="import os\n")
    assert ran.stdout == "import os\n"


def test_a_closed_pipe_ends_quietly(alone: Path) -> None:
    (alone / "a.py").write_text("print(nothing)\n" * 5000)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "canfar_lint", "--output-format", "concise"]
    run = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None and run.stderr is not None
    assert run.stdout.read(10)
    run.stdout.close()
    errors = run.stderr.read()
    run.stderr.close()
    assert (run.wait(timeout=60), errors) == (141, b"")


def test_ctrl_c_ends_quietly_whenever_it_comes_and_leaves_no_process(alone: Path) -> None:
    for number in range(400):
        (alone / f"a{number}.py").write_text(MEMMAP * 200)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "canfar_lint", "--verbose", "."]
    ends = []
    for delay in (0.0, 0.04, 0.08, 0.12, 0.2, 0.3, 0.4, 0.5):
        run = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        assert run.stderr is not None
        assert run.stderr.readline().startswith(b"400 files to lint")
        time.sleep(delay)
        os.killpg(run.pid, signal.SIGINT)
        try:
            errors = run.communicate(timeout=20)[1]
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            errors = b"it did not end"
            run.wait()
        ends.append((run.returncode, errors, _ends(run.pid)))
    assert ends == [(130, b"", True)] * len(ends)


def _ends(group: int) -> bool:
    """Whether every process of a group is gone, soon."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    return False


def test_output_in_a_locale_without_utf8(alone: Path) -> None:
    (alone / "a.py").write_text("print(größe)\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "canfar_lint", "--output-format", "concise"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "Undefined name `gr\\xf6\\xdfe`" in ran.stdout


def test_python_m_and_color(alone: Path) -> None:
    (alone / "a.py").write_text("print(nothing)\n")
    assert "\x1b" not in process().stdout
    assert "\x1b[" in process("--color", "always").stdout


def test_a_start_imports_nothing_it_does_not_need(alone: Path) -> None:
    (alone / "a.py").write_text("x = 1\n")
    script = "import sys; from canfar_lint.cli import main; main(['a.py']); print(sorted(sys.modules))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.replace("'", "").strip("[]\n").split(", "))
    heavy = """dataclasses pathlib inspect libcst rich yaml pathspec concurrent.futures tempfile tomllib difflib shutil
    logging traceback asyncio multiprocessing"""
    assert loaded & set(heavy.split()) == set()


def test_files_nested_too_deeply_are_named_and_cost_the_others_nothing(alone: Path) -> None:
    (alone / "brackets.py").write_text("x = " + "(" * 5000 + "1" + ")" * 5000 + "\n")
    (alone / "signs.py").write_text("x = " + "-" * 50_000 + "1\n")
    (alone / "fine.py").write_text("print(never_defined)\n")
    done = process("--output-format", "concise")
    assert done.returncode == 1
    assert "brackets.py:1:1: CAN002 the file cannot be read: an expression is nested too deeply" in done.stdout
    assert "fine.py:1:7: F821" in done.stdout
    assert "ruff died of signs.py" in done.stdout + done.stderr
