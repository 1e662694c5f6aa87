"""Both hooks, installed by the real pre-commit from a clone of this repository, in a real git repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from clean_clone import clone, run

MESSY = """\
import sys

from astropy.io import fits

with fits.open(sys.argv[1], memmap=False) as hdul:
    print(hdul[0].data[0, 0])
"""
REPAIRED = MESSY.replace(", memmap=False", "")
DOCKERFILE = "FROM ubuntu:22.04\nRUN apt-get update\n"


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A clone to take the hooks from, its revision, and pre-commit's own folder, filled once."""
    folder = tmp_path_factory.mktemp("hooks")
    checkout = clone(folder / "canfar-lint")
    revision = run("git", "rev-parse", "HEAD", cwd=checkout).stdout.strip()
    return checkout, revision, folder / "home"


class Pipeline:
    """A git repository whose commits go through one of the hooks."""

    def __init__(self, folder: Path, hooks: tuple[Path, str, Path]) -> None:
        self.folder = folder
        self.hooks, self.revision, self.home = hooks
        self.git("init", "--quiet")

    def git(self, *words: str, exits: int | None = 0) -> str:
        author = {f"GIT_{who}_{what}": "a@b.ca" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "PRE_COMMIT_HOME": str(self.home)}
        done = run("git", *words, cwd=self.folder, exits=exits, **author, **settings)
        return done.stdout + done.stderr

    def install(self, hook: str, *more: str) -> None:
        lines = [
            "repos:",
            f"  - repo: {self.hooks}",
            f"    rev: {self.revision}",
            "    hooks:",
            f"      - id: {hook}",
            *more,
        ]
        self.write(".pre-commit-config.yaml", "\n".join(lines) + "\n")
        self.pre_commit("install")

    def pre_commit(self, *words: str) -> str:
        command = (sys.executable, "-m", "pre_commit", *words)
        return run(*command, cwd=self.folder, PRE_COMMIT_HOME=str(self.home)).stdout

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", "--force", name)


@pytest.fixture
def pipeline(tmp_path: Path, hooks: tuple[Path, str, Path]) -> Pipeline:
    return Pipeline(tmp_path, hooks)


def test_check_refuses_a_commit_with_findings_and_changes_nothing(pipeline: Pipeline) -> None:
    pipeline.install("canfar-lint")
    pipeline.write("reduce.py", MESSY)
    pipeline.write("Dockerfile", DOCKERFILE)
    said = pipeline.git("commit", "-m", "first", exits=1)
    assert "reduce.py:5:29: CAN301" in said
    assert "Dockerfile:2:5: CAN703" in said
    assert (pipeline.folder / "reduce.py").read_text() == MESSY
    pipeline.git("rev-parse", "HEAD", exits=128)


def test_check_lets_a_clean_commit_pass(pipeline: Pipeline) -> None:
    pipeline.install("canfar-lint")
    pipeline.write("reduce.py", REPAIRED)
    assert "canfar-lint" in pipeline.git("commit", "-m", "first")
    pipeline.git("rev-parse", "HEAD")


def test_fix_repairs_and_the_second_commit_passes(pipeline: Pipeline) -> None:
    pipeline.install("canfar-lint-fix")
    pipeline.write("reduce.py", MESSY)
    assert "files were modified by this hook" in pipeline.git("commit", "-m", "first", exits=1)
    assert (pipeline.folder / "reduce.py").read_text() == REPAIRED
    pipeline.git("add", "reduce.py")
    pipeline.git("commit", "-m", "first")


def test_only_staged_files_are_judged_and_exclusions_hold(pipeline: Pipeline) -> None:
    pipeline.install("canfar-lint")
    pipeline.write("pyproject.toml", '[tool.canfar-lint]\nextend-exclude = ["old"]\n')
    pipeline.write("old/reduce.py", MESSY)
    (pipeline.folder / "draft.py").write_text(MESSY)
    pipeline.git("commit", "-m", "first")


def test_every_kind_of_file_reaches_the_hook(pipeline: Pipeline) -> None:
    pipeline.install("canfar-lint", "        args: [--show-files]", "        verbose: true")
    names = [
        *("run.py", "types.pyi", "look.ipynb", "Dockerfile", "gpu.Dockerfile", "Containerfile", "submit.sh"),
        *("Makefile", "environment.yml", ".github/workflows/ci.yaml", "pixi.toml", "requirements.txt"),
    ]
    for name in names:
        pipeline.write(name, '{"cells": [], "metadata": {}, "nbformat": 4}\n' if name.endswith("ipynb") else "")
    pipeline.write("README.md", "")
    said = pipeline.pre_commit("run")
    assert [name for name in names if name not in said] == []
    assert "README.md" not in said
