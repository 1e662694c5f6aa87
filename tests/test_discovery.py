"""Discovery: which files are linted, as what, and what is said of the ones that cannot be."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from canfar_lint.discovery import Input, discover, from_stdin, kind_of, kind_of_shebang
from canfar_lint.settings import Layer, Resolver
from canfar_lint.settings.globs import Patterns
from canfar_lint.settings.keys import DEFAULT_INCLUDE


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; no settings and no ignore file of the user's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def tree(root: Path, *paths: str, text: str = "") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def found(*paths: str, **values: object) -> list[str]:
    """The paths that are discovered under settings given as flags."""
    layer = Layer("", {name.replace("_", "-"): value for name, value in values.items()})
    return sorted(entry.path for entry in discover(paths or (".",), Resolver((layer,))))


def inputs(*paths: str) -> list[Input]:
    return list(discover(paths or (".",), Resolver()))


# -- kinds ----------------------------------------------------------------------------------------------------

KINDS = {
    "a.py": "python",
    "a.pyi": "python",
    "a.ipynb": "notebook",
    "a.sh": "shell",
    "a.bash": "shell",
    "Dockerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "Dockerfile.gpu": "dockerfile",
    "base.Dockerfile": "dockerfile",
    "base.dockerfile": "dockerfile",
    "Containerfile": "dockerfile",
    "Containerfile.gpu": "dockerfile",
    "Makefile": "makefile",
    "GNUmakefile": "makefile",
    "rules.mk": "makefile",
    ".github/workflows/ci.yml": "yaml",
    "x/.github/workflows/ci.yaml": "yaml",
    ".gitlab-ci.yml": "yaml",
    "docker-compose.yml": "yaml",
    "compose.override.yaml": "yaml",
    "environment.yml": "yaml",
    "environment-dev.yaml": "yaml",
    "conda_env.yml": "yaml",
    "pyproject.toml": "toml",
    "pixi.toml": "toml",
    "requirements.txt": "requirements",
    "requirements-dev.txt": "requirements",
    "dev-requirements.txt": "requirements",
    "requirements.in": "requirements",
    "requirements/base.txt": "requirements",
    "Dockerfile.py": "python",
    "Dockerfile.dockerignore": "",
    ".dockerignore": "",
    "Dockerfiles": "",
    ".py": "",
    "notes.txt": "",
    "config.yml": "",
    "workflows/ci.yml": "",
    "settings.toml": "",
    "m31.fits": "",
    "README": "",
    "a.zsh": "",
}


@pytest.mark.parametrize("path", KINDS)
def test_kind_by_name(path: str) -> None:
    assert kind_of(path) == KINDS[path]
    assert kind_of(f"/root/{path}") == KINDS[path]


@pytest.mark.parametrize("path", [path for path in KINDS if path not in (".py", "Dockerfile.dockerignore")])
def test_the_patterns_shown_as_default_are_those_that_count(path: str) -> None:
    name = path.rpartition("/")[2]
    assert Patterns(DEFAULT_INCLUDE).match(name, f"/root/{path}") is bool(KINDS[path])


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"#!/bin/sh\n", "shell"),
        (b"#!/bin/bash -e\r\nset -u\n", "shell"),
        (b"#!/usr/bin/env bash", "shell"),
        (b"#!/bin/dash\n", "shell"),
        (b"#!/usr/bin/env python3\n", "python"),
        (b"#!/usr/bin/python2.7 -u\n", "python"),
        (b"#! /usr/bin/env -S uv run --script\n", "python"),
        (b"#!/usr/bin/env A=1 python\n", "python"),
        (b"#!/opt/my-python/bin/perl\n", ""),
        (b"#!/bin/tcsh\n", "shell"),
        (b"#! /bin/csh -f\n", "shell"),
        (b"#!/usr/bin/env zsh\n", ""),
        (b"#!/usr/bin/env fish\n", ""),
        (b"# !/bin/sh\n", ""),
        (b"### one field\n#PBS -N split\n#PBS -J 0-17\ncd data\n", "shell"),
        (b"#BSUB -n 4\n", "shell"),
        (b"#$ -cwd\n", "shell"),
        (b"# the line #PBS -N split\n", ""),
        (b"\x7fELF", ""),
        (b"", ""),
    ],
)
def test_kind_by_shebang(line: bytes, kind: str) -> None:
    assert kind_of_shebang(line) == kind


def test_scripts_without_a_suffix(alone: Path) -> None:
    tree(alone, "bin/submit", text="#!/bin/bash\necho\n")
    tree(alone, "bin/reduce", text="#!/usr/bin/env python\n")
    tree(alone, "bin/tool.old", text="#!/bin/bash\n")
    tree(alone, "LICENSE", text="words\n")
    assert [(entry.path, entry.kind) for entry in inputs()] == [("bin/reduce", "python"), ("bin/submit", "shell")]


# -- walking --------------------------------------------------------------------------------------------------


def test_hidden_folders_are_walked_but_not_repositories_environments_and_caches(alone: Path) -> None:
    tree(alone, ".devcontainer/Dockerfile", ".github/workflows/ci.yml", "a.py", "src/.hidden.py")
    tree(alone, ".git/hooks/x.py", ".venv/x.py", "venv/x.py", "__pycache__/x.py", ".ipynb_checkpoints/x.ipynb")
    tree(alone, "node_modules/x.sh", "site-packages/x.py", ".tox/x.py", ".pixi/x.py", "dist/x.py")
    tree(alone, "myenv/pyvenv.cfg", "myenv/x.py", "conda/conda-meta/history", "conda/bin/x.py")
    assert found() == [".devcontainer/Dockerfile", ".github/workflows/ci.yml", "a.py", "src/.hidden.py"]


def test_an_environment_or_excluded_folder_is_walked_when_it_is_named(alone: Path) -> None:
    tree(alone, "venv/pyvenv.cfg", "venv/x.py", "dist/x.py")
    assert found("venv", "dist") == ["dist/x.py", "venv/x.py"]
    assert found("venv", "dist", force_exclude=True) == []


def test_paths_are_shown_from_the_working_directory_and_each_once(alone: Path, tmp_path: Path) -> None:
    tree(alone, "a/x.py")
    tree(tmp_path, "outside/y.py")
    assert found("a", ".", "./a/x.py", str(alone / "a/x.py")) == ["a/x.py"]
    assert found("../outside") == [str(tmp_path / "outside/y.py")]


def test_the_order_is_that_of_the_names(alone: Path) -> None:
    tree(alone, "b/2.py", "b/10.py", "a.py", "c.py", "B.py")
    assert [entry.path for entry in inputs()] == ["B.py", "a.py", "c.py", "b/10.py", "b/2.py"]


def test_excludes(alone: Path) -> None:
    tree(alone, "a.py", "gen/a.py", "src/gen/a.py", "src/x_pb2.py", "src/a.py", "dist/a.py")
    assert found(extend_exclude=("gen", "*_pb2.py")) == ["a.py", "src/a.py"]
    assert found(extend_exclude=(f"{alone}/gen",)) == ["a.py", "src/a.py", "src/gen/a.py", "src/x_pb2.py"]
    assert "dist/a.py" in found(exclude=("gen",))
    assert found("gen/a.py", extend_exclude=("gen",)) == ["gen/a.py"]
    assert found("gen/a.py", extend_exclude=("gen",), force_exclude=True) == []


def test_excludes_of_the_settings_of_a_folder_below(alone: Path) -> None:
    tree(alone, "in/old/a.py", "in/new/a.py", "old/a.py")
    tree(alone, "in/canfar-lint.toml", text='extend-exclude = ["old"]\n')
    assert found() == ["in/new/a.py", "old/a.py"]


def test_include(alone: Path) -> None:
    tree(alone, "a.py", "b.sh", "c.casa", "d.yml", "e.data")
    assert found(extend_include=("*.casa", "d.yml")) == ["a.py", "b.sh", "c.casa", "d.yml"]
    assert found(include=("*.sh", "*.casa")) == ["b.sh", "c.casa"]
    layer = Layer("", {"extend-include": ("*.casa", "d.yml")})
    kinds = {entry.path: entry.kind for entry in discover(["."], Resolver((layer,)))}
    assert (kinds["c.casa"], kinds["d.yml"]) == ("python", "yaml")


def test_named_files_of_other_kinds_are_left_out_in_silence(alone: Path) -> None:
    tree(alone, "config.yml", "notes.txt", "m31.fits", "a.py")
    assert found("config.yml", "notes.txt", "m31.fits", "a.py") == ["a.py"]


def test_job_scripts_of_queues_are_told_by_their_first_lines(alone: Path) -> None:
    tree(alone, "a.slurm", "b.pbs", text="#!/bin/bash\n#SBATCH -n 4\nsrun x\n")
    tree(alone, "c.sbatch", text="#!/usr/bin/perl\n")
    tree(alone, "d.pbs", "e.job", text="x\n")
    tree(alone, "f.pbs", text="### one field\n#PBS -N split\ncd data\n")
    assert found() == ["a.slurm", "b.pbs", "f.pbs"]
    assert found("a.slurm") == ["a.slurm"]


# -- ignore files ---------------------------------------------------------------------------------------------


def test_gitignore_nested_and_taken_back(alone: Path) -> None:
    tree(
        alone,
        "a.py",
        "out/a.py",
        "in/out/a.py",
        "in/tmp_a.py",
        "in/tmp_keep.py",
        "in/deep/tmp_b.py",
        "top.py",
        "in/top.py",
    )
    tree(alone, ".gitignore", text="out/\ntmp_*.py\n/top.py\n# a.py\n")
    tree(alone, "in/.gitignore", text="!tmp_keep.py\n")
    assert found() == ["a.py", "in/tmp_keep.py", "in/top.py"]
    assert "out/a.py" in found(respect_gitignore=False)


def test_what_an_ignored_folder_holds_cannot_be_taken_back(alone: Path) -> None:
    tree(alone, "out/a.py", "b.py")
    tree(alone, ".gitignore", text="out/\n!out/a.py\n")
    assert found() == ["b.py"]


def test_ignore_files_above_a_given_folder_count_inside_a_repository(alone: Path) -> None:
    (alone / ".git").mkdir()
    tree(alone, "src/a.py", "src/gen/b.py", "out/a.py")
    tree(alone, ".gitignore", text="gen/\nout/\n")
    assert found("src") == ["src/a.py"]
    assert found("out", "src/gen/b.py") == ["out/a.py", "src/gen/b.py"]


def test_git_agrees(alone: Path) -> None:
    patterns = (
        "*.sh\n!keep.sh\n/only_top.py\nbuild/\n**/deep/x.py\na/**/z.py\n\\#odd.py\nsp\\ ace.py\nq?.py\n[ab]1.py\n"
    )
    tree(alone, ".gitignore", text=patterns)
    tree(
        alone,
        "x.sh",
        "keep.sh",
        "only_top.py",
        "in/only_top.py",
        "build/a.py",
        "in/build/a.py",
        "deep/x.py",
        "i/deep/x.py",
    )
    tree(alone, "a/z.py", "a/b/c/z.py", "#odd.py", "sp ace.py", "q1.py", "q12.py", "a1.py", "c1.py", "in/build.py")
    subprocess.run(["git", "init", "-q"], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    assert found() == sorted(path for path in listed if path.endswith((".py", ".sh")))


PIECES = ["*", "*.py", "a", "a/", "/a", "a/**", "**/b", "a/b", "a/*/b", "a/b/", "b*", "x.py", "/x.py", "a/x.py", "[ab]"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.tuples(st.sampled_from(["", "!"]), st.sampled_from(PIECES)), min_size=1, max_size=5))
@example(lines=[("", "*"), ("!", "*.py"), ("!", "a/")])
@example(lines=[("", "a/**"), ("!", "a/x.py")])
def test_git_agrees_on_what_is_taken_back(alone: Path, lines: list[tuple[str, str]]) -> None:
    if not (alone / ".git").exists():
        subprocess.run(["git", "init", "-q"], check=True)
        tree(alone, "x.py", "a/x.py", "a/b/x.py", "a/c/b/x.py", "b/x.py", "b/a/x.py", "c/x.py", "c/a/b/x.py")
    (alone / ".gitignore").write_text("".join(f"{sign}{pattern}\n" for sign, pattern in lines))
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    assert found() == sorted(path for path in listed if path.endswith(".py"))


def test_dot_ignore_and_the_exclude_file_of_git(alone: Path) -> None:
    tree(alone, "a.py", "b.py", "c.py", "d.py")
    tree(alone, ".git/info/exclude", text="b.py\n")
    tree(alone, ".gitignore", text="c.py\nd.py\n")
    tree(alone, ".ignore", text="!c.py\na.py\n")
    assert found() == ["c.py"]


def test_the_users_own_ignore_file(alone: Path, tmp_path: Path) -> None:
    tree(alone, "a.py", "b.py")
    tree(tmp_path, "config/git/ignore", text="b.py\n")
    assert found() == ["a.py", "b.py"]
    (alone / ".git").mkdir()
    assert found() == ["a.py"]
    tree(tmp_path, "home/.gitconfig", text="[core]\n\texcludesFile = ~/mine\n")
    tree(tmp_path, "home/mine", text="a.py\n")
    assert found() == ["b.py"]


def test_a_repository_inside_another_starts_anew(alone: Path) -> None:
    (alone / ".git").mkdir()
    (alone / "sub/.git").mkdir(parents=True)
    tree(alone, "sub/a.py", "a.py")
    tree(alone, ".gitignore", text="a.py\n")
    assert found() == ["sub/a.py"]


# -- bad input ------------------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist(alone: Path) -> None:
    assert inputs("no.py", "no/such") == [
        Input("no.py", "python", "no such file or directory"),
        Input("no/such", "", "no such file or directory"),
    ]
    assert inputs("a\0b.py")[0].error


def test_links(alone: Path) -> None:
    tree(alone, "real/a.py")
    os.symlink("real", alone / "linked")
    os.symlink("real/a.py", alone / "b.py")
    os.symlink("nowhere", alone / "gone.py")
    os.symlink("nowhere", alone / "gone.fits")
    os.symlink(".", alone / "real/cycle")
    os.symlink("self.py", alone / "self.py")
    entries = {entry.path: entry.error for entry in inputs()}
    assert entries == {
        "b.py": "",
        "gone.py": "the link leads nowhere",
        "self.py": "too many levels of symbolic links",
        "real/a.py": "",
    }
    assert found("linked") == ["linked/a.py"]


def test_what_is_neither_file_nor_folder_is_never_opened(alone: Path) -> None:
    os.mkfifo(alone / "pipe.py")
    os.mkfifo(alone / "pipe")
    (alone / "Dockerfile").mkdir()
    tree(alone, "Dockerfile/a.py")
    assert found() == ["Dockerfile/a.py"]
    assert found("pipe.py", "/dev/null") == []


def test_what_macos_keeps_about_a_file_is_no_source(alone: Path) -> None:
    tree(alone, "fit.py", "._real.py")
    for name in ("._fit.py", "._Dockerfile", "._fit.ipynb", "._run"):
        (alone / name).write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    (alone / "bytes.py").write_bytes(b"\x00\x05\x16\x07")
    assert found() == ["._real.py", "bytes.py", "fit.py"]
    assert found("._fit.py", "._real.py") == ["._real.py"]


def test_only_files_with_such_names_are_opened(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(alone, "a.py", "b/c.py", "._d.py")
    opened: list[str] = []

    def noted(path: str, mode: str) -> object:
        opened.append(os.path.basename(path))
        return Path(path).open(mode)

    monkeypatch.setattr("builtins.open", noted)
    assert found() == ["._d.py", "a.py", "b/c.py"]
    assert opened == ["._d.py"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read(alone: Path) -> None:
    tree(alone, "shut/a.py", "b.py")
    (alone / "shut").chmod(0)
    try:
        assert inputs() == [Input("b.py", "python"), Input("shut", "", "permission denied")]
    finally:
        (alone / "shut").chmod(stat.S_IRWXU)


def test_files_that_are_too_large(alone: Path) -> None:
    for name, size in (("a.py", 1001), ("b.py", 1000), ("Dockerfile", 1001), ("n.ipynb", 1001)):
        (alone / name).write_bytes(b"#" * size)
    layer = Layer("", {"max-file-size": 1000})
    errors = {entry.path: bool(entry.error) for entry in discover(["."], Resolver((layer,)))}
    assert errors == {"a.py": True, "b.py": False, "Dockerfile": True, "n.ipynb": False}
    (alone / "Dockerfile").write_bytes(b"#" * (1024 * 1024 + 1))
    assert inputs("Dockerfile")[0].error == "it has 1.0 MB, more than `max-file-size` allows (1.0 MB)"


def test_a_folder_deeper_than_python_recurses(alone: Path) -> None:
    folders = [str(alone)]
    for _ in range(1100):
        folders.append(f"{folders[-1]}/d")
        os.mkdir(folders[-1])
    Path(folders[-1], "a.py").touch()
    try:
        assert len(found()) == 1
    finally:
        Path(folders[-1], "a.py").unlink()
        for folder in reversed(folders[1:]):
            os.rmdir(folder)


# -- standard input -------------------------------------------------------------------------------------------


def test_standard_input(alone: Path) -> None:
    resolver = Resolver((Layer("", {"extend-exclude": ("gen",), "force-exclude": True}),))
    assert from_stdin("-", b"x = 1\n", resolver) == Input("-", "python", "", b"x = 1\n")
    assert from_stdin("-", b"#!/bin/sh\n", resolver) == Input("-", "shell", "", b"#!/bin/sh\n")
    assert from_stdin("src/Dockerfile", b"", resolver) == Input("src/Dockerfile", "dockerfile", "", b"")
    assert from_stdin("gen/a.py", b"", resolver) is None
    assert from_stdin("config.yml", b"", resolver) is None
