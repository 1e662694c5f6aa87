"""A wheel, an sdist and an editable install made from a clean clone are complete and work on their own."""

from __future__ import annotations

import json
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from clean_clone import ROOT, clone, run

MESSY = """\
import sys

from astropy.io import fits

with fits.open(sys.argv[1], memmap=False) as hdul:
    print(hdul[0].data[0, 0])
"""


class Built(NamedTuple):
    clone: Path
    sdist: Path
    wheel: Path
    """The wheel built from the clone itself."""
    wheel_of_sdist: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("build")
    checkout = clone(folder / "clone")
    build = (sys.executable, "-m", "build", "--no-isolation")
    run(*build, "--outdir", folder / "both", cwd=checkout)
    run(*build, "--wheel", "--outdir", folder / "wheel", cwd=checkout)
    (sdist,) = (folder / "both").glob("*.tar.gz")
    (wheel_of_sdist,) = (folder / "both").glob("*.whl")
    (wheel,) = (folder / "wheel").glob("*.whl")
    return Built(checkout, sdist, wheel, wheel_of_sdist)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an empty environment into which only the wheel was installed."""
    return _environment(tmp_path_factory.mktemp("wheel"), built.wheel)


@pytest.fixture(scope="session")
def editable(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("editable"), "--editable", built.clone)


def _environment(folder: Path, *what: str | Path) -> Path:
    venv.create(folder / "venv", with_pip=True)
    bin = folder / "venv" / "bin"
    run(bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what, cwd=folder)
    return bin


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_wheel_holds_every_rule_twice_as_yaml_and_compiled(built: Built) -> None:
    contents = _contents(built.wheel)
    rules = {path.relative_to(built.clone).as_posix() for path in (built.clone / "rules").glob("*/*.yaml")}
    assert rules
    assert {name for name in contents if name.startswith("canfar_lint/rules/")} == {f"canfar_lint/{r}" for r in rules}
    head = json.loads(contents["canfar_lint/_rules/head.json"])
    assert {rule["code"] for rule in head} == {Path(rule).name.partition("-")[0] for rule in rules}
    assert {"canfar_lint/_rules/body.json", "canfar_lint/_rules/docs.json", "canfar_lint/py.typed"} <= contents.keys()


def test_wheel_holds_the_package_and_nothing_beside_it(built: Built) -> None:
    contents = _contents(built.wheel)
    assert {name.split("/")[0].rpartition(".")[2] for name in contents} == {"canfar_lint", "dist-info"}
    modules = {path.relative_to(built.clone).as_posix() for path in (built.clone / "canfar_lint").rglob("*.py")}
    assert {name for name in contents if name.endswith(".py")} == modules
    assert not [name for name in contents if "__pycache__" in name]


def test_wheel_of_the_sdist_equals_the_wheel_of_the_clone(built: Built) -> None:
    assert _contents(built.wheel_of_sdist) == _contents(built.wheel)


def test_sdist_holds_what_building_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "LICENSE",
        "README.md",
        "build_catalogue.py",
        "pyproject.toml",
        "rules/memory/CAN301-memmap-off.yaml",
    } <= names


def test_building_leaves_nothing_behind_but_bytecode(built: Built) -> None:
    left = run("git", "status", "--porcelain", "--ignored", cwd=built.clone).stdout.splitlines()
    assert [line for line in left if not line.endswith("__pycache__/")] == []


@pytest.mark.parametrize("how", ["installed", "editable"])
def test_installed_alone_it_lints_and_repairs(how: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bin = request.getfixturevalue(how)
    (tmp_path / "run.py").write_text(MESSY)
    cache = tmp_path / "cache"
    found = run(bin / "canfar-lint", ".", cwd=tmp_path, exits=1, CANFAR_LINT_CACHE_DIR=str(cache))
    assert "run.py:5:29: CAN301" in found.stdout
    # what is compiled at build time needs no second compilation on the user's machine
    assert (cache / "rules").exists() == (how == "editable")
    run(bin / "canfar-lint", "--fix", "--select", "CAN301", ".", cwd=tmp_path)
    assert (tmp_path / "run.py").read_text() == MESSY.replace(", memmap=False", "")


def test_installed_alone_it_runs_ruff_from_its_own_environment(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print(undefined)\n")
    found = run(installed / "canfar-lint", "run.py", cwd=tmp_path, exits=1, PATH="/nowhere")
    assert "run.py:1:7: F821" in found.stdout


def test_installed_alone_it_explains_every_rule(built: Built, installed: Path, tmp_path: Path) -> None:
    shown = run(
        installed / "python", "-I", "-m", "canfar_lint", "rule", "--all", "--output-format", "json", cwd=tmp_path
    )
    codes = {rule["code"] for rule in json.loads(shown.stdout)}
    assert codes == {path.name.partition("-")[0] for path in (built.clone / "rules").glob("*/*.yaml")}


def test_an_editable_install_sees_a_rule_that_changes(built: Built, editable: Path, tmp_path: Path) -> None:
    rule = built.clone / "rules" / "memory" / "CAN301-memmap-off.yaml"
    before = rule.read_text()
    try:
        rule.write_text(before.replace("level: warning", "level: advice", 1))
        shown = run(editable / "canfar-lint", "rule", "CAN301", "--output-format", "json", cwd=tmp_path)
    finally:
        rule.write_text(before)
    assert '"advice"' in shown.stdout


def test_version_is_the_same_everywhere(built: Built, installed: Path, tmp_path: Path) -> None:
    version = built.wheel.name.split("-")[1]
    assert version in run(installed / "canfar-lint", "version", cwd=tmp_path).stdout
    assert version in (ROOT / "CHANGELOG.md").read_text()
