"""The guides: every command in them prints what they say, what they give editors works, and the site builds."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from clean_clone import ROOT, run

DOCS = ROOT / "docs"
PAGES = [page.name for page in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))]
EDITORS = (DOCS / "editors.md").read_text("utf-8")


@pytest.fixture(scope="module")
def commands() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commands", DOCS / "commands.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["commands"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PAGES)
def test_commands_print_what_the_guide_says(name: str, commands: ModuleType) -> None:
    page = next(page for page in commands.guides() if page.name == name)
    assert page.read_text("utf-8") == commands.renewed(page), "run: python docs/commands.py"


def test_a_guide_that_says_something_else_is_stale(commands: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    block = "```console\n$ echo one\n> echo two\n{}\n```\n"
    page.write_text(block.format("one\ntwo"))
    assert commands.renewed(page) == page.read_text()
    page.write_text(block.format("one\nthree"))
    assert commands.renewed(page) == block.format("one\ntwo")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with every warning an error."""
    target = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", target)
    done = run(*command, cwd=ROOT, NO_MKDOCS_2_WARNING="1", DISABLE_MKDOCS_2_WARNING="true")
    assert "WARNING" not in done.stderr
    return target


def test_the_site_has_every_page(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("")
        built = site / (name.parent if name.name == "index" else name) / "index.html"
        assert built.is_file(), page
    assert not list(site.rglob("*.py*"))


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in (site / "index.html", site / "rules" / "CAN402" / "index.html"):
        loaded = re.findall(
            r"<(?:script|link|img)\b[^>]*?\b(?:src|href)=\"?(https?://[^\" >]+)", page.read_text("utf-8")
        )
        assert not loaded


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / "README.md").read_text("utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_placeholder_is_explained_where_the_guides_say() -> None:
    using = [page for page in DOCS.glob("*.md") if "URL-OF-THIS-REPOSITORY" in page.read_text("utf-8")]
    assert "## The address\n\n`URL-OF-THIS-REPOSITORY`" in (DOCS / "pre-commit.md").read_text("utf-8")
    assert len(using) > 1


OTHERS_FLAGS = {
    *(
        "--page",
        "--group",
        "--all-files",
        "--download-only",
        "--mount",
        "--upgrade",
        "--auto-remove",
        "--network",
        "--yes",
    ),
}
"""Flags of the benchmark, pip, pre-commit, conda and Docker that guides name."""


def test_every_flag_that_is_named_is_there(commands: ModuleType) -> None:
    from canfar_lint.cli import COMMANDS

    words = [[], *([name] for name in COMMANDS if name != "help")]
    listed = [run(sys.executable, "-m", "canfar_lint", *word, "--help", cwd=ROOT).stdout for word in words]
    known = {flag.replace("--no-", "--") for text in listed for flag in re.findall(r"--[a-z][a-z-]+", text)}
    for page in commands.guides():
        text = re.sub(r"```console\n.*?```|<!-- begin.*?<!-- end", "", page.read_text("utf-8"), flags=re.S)
        named = {flag.replace("--no-", "--") for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
        assert named <= known | OTHERS_FLAGS, (page.name, sorted(named - known - OTHERS_FLAGS))


def test_the_guide_to_custom_rules_shows_the_example() -> None:
    shown = re.findall(
        r'```\w+ title="(lab_rules/[^"]+)"\n(.*?)```', (DOCS / "custom-rules.md").read_text("utf-8"), re.S
    )
    assert shown
    for name, text in shown:
        assert text == (ROOT / "examples" / "site-rules" / name).read_text("utf-8")


# -- what the guide to editors gives ---------------------------------------------------------------------------


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "examples" / "messy", tmp_path / "m31")
    return tmp_path / "m31"


def _concise(folder: Path, *more: str) -> str:
    command = (sys.executable, "-m", "canfar_lint", "--output-format", "concise", *more)
    return run(*command, cwd=folder, exits=1, PYTHONPATH=str(ROOT)).stdout


def test_the_matchers_for_vs_code_read_every_finding(pipeline: Path) -> None:
    text = EDITORS.split('```json title=".vscode/tasks.json"\n')[1].split("```")[0]
    matchers = json.loads(text)["tasks"][0]["problemMatcher"]
    output = _concise(pipeline, "--select", "ALL", "--output-format", "json:../findings.json")
    found = []
    for line in output.splitlines():
        for matcher in matchers:
            pattern = matcher["pattern"]
            if match := re.match(pattern["regexp"], line):
                level = match[pattern["severity"]] if "severity" in pattern else None
                place = int(match[pattern["line"]]), int(match[pattern["column"]])
                found.append((match[pattern["file"]], *place, match[pattern["code"]], level or matcher["severity"]))
    expected = json.loads((pipeline.parent / "findings.json").read_text())
    assert sorted(found) == sorted(
        (Path(d["filename"]).name, d["location"]["row"], d["location"]["column"], d["code"], d["severity"])
        for d in expected
    )
    assert {each[-1] for each in found} == {"error", "warning", "info"}


@pytest.mark.skipif(not shutil.which("vim"), reason="no vim")
def test_vim_fills_its_quickfix_list(pipeline: Path, tmp_path: Path) -> None:
    settings = EDITORS.split("```vim\n")[1].split("```")[0]
    script = tmp_path / "try.vim"
    script.write_text(f"{settings}silent make\ncall writefile([json_encode(getqflist())], '../list.json')\nqa!\n")
    program = tmp_path / "bin" / "canfar-lint"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m canfar_lint "$@"\n')
    program.chmod(0o755)
    search = os.pathsep.join((str(program.parent), os.environ["PATH"]))
    command = ["vim", "-u", "NONE", "-N", "-es", "-S", str(script)]
    subprocess.run(command, cwd=pipeline, env=os.environ | {"PATH": search}, stdin=subprocess.DEVNULL, timeout=60)
    filled = json.loads((tmp_path / "list.json").read_text())
    expected = re.findall(r":(\d+):(\d+): (\w+)", _concise(pipeline))
    assert [(str(each["lnum"]), str(each["col"]), each["text"].split()[0]) for each in filled] == expected
