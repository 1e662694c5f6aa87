"""Reports: each format against what the installed ruff prints for the same finding, and what ruff has no part in."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import DISPLAY, Diagnostic, Edit, Place, PlacedEdit, PlacedFix, PlacedRelated
from canfar_lint.peers import ruff
from canfar_lint.reporting import FORMATS, WITH_SUMMARY, Report, Sources, render, statistics, summary
from canfar_lint.reporting.colour import Palette, palette
from canfar_lint.reporting.links import rule_url
from canfar_lint.source import Source

RUFF = ruff.find() or ""
assert RUFF, "ruff is a dependency"

SAMPLES = {
    "plain.py": "import os\nimport sys, json\n\n\ndef f(x=[]):\n    y = 1\n    return zzz\n\nif f == None:\n    f()\n",
    "tabs.py": "def f():\n\tx = 1\n\treturn\tyyy\n\n\nif f != None:\n\tprint(\t\tundefined)\n",
    "wide.py": 'import os\nname = "日本語" + undefined\nprint("e\u0301 👩\u200d🚀 ∑", other) if name == None else 1\n',
    "crlf é.py": "import os\r\nx = 1 + undefined\r\nif x != None: y = 1",
    "end.py": "import os, sys\nprint(os)",
    "blank.py": "\n\n\nimport os\n\n\n\n\nprint(undefined)\n\n\n",
    "many lines.py": (
        "def f(a):\n    return [\n        q for q in a\n    ]\nx = {\n    1: 2,\n\n    3: undefined,\n}\n"
        "if (x ==\n    None): pass\n"
        'y = """\n    text\n""" == None; z = undefined(\n    1,\n    2,\n    3,\n    4,\n    5)\n'
        "assert (x,\n    'always')\nraise NotImplemented\n"
    ),
    "controls.py": 'a = "\x1b[31m" + "\x07" + undefined\nb = "\x7f\u202e" + undefined\n',
    "long.py": (
        "x = '" + "a" * 100 + "' + undefined + '" + "b" * 200 + "'\n\nif x == None:\n" + " " * 60 + "y = " + "q" * 150
        + "\n\n\n" + "z = " + "w" * 400 + "\nzz = '" + "日本" * 60 + "' + undefined\n"
    ),
    "broken.py": "x = (1 +\n",
    "broken2.py": "def f(:\n    pass\n",
    "sub/deep/commented.py": "# import os\nimport os\n# x = 1\nprint(os)\n",
    "twice.py": "import os\nx = 1\nif x == None and x != None or x is 'a':\n    pass\n" + "\n" * 20 + "x = undefined\n",
    "magic %0A ::error.py": "import os\nprint('%s %s' % (1,), os == None)\n",
}  # fmt: skip
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# title"]},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
         "source": ["import os\n", "import sys\n", "x = undefined"]},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
         "source": ["%matplotlib inline\n", "if x == None:\n", "    pass\n"]},
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["import json"]},
    ],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip
SELECT = "F,E4,E7,PLE,ERA,C416,B006,F632,SIM201,RET501"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for name, text in SAMPLES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (folder / "book.ipynb").write_text(json.dumps(NOTEBOOK, indent=1))
    return folder


def of_ruff(folder: Path, form: str, *paths: str, env: dict[str, str] | None = None, flags: str = "") -> str:
    command = [RUFF, "check", "--isolated", "--no-cache", f"--select={SELECT}", f"--output-format={form}"]
    done = subprocess.run(
        [*command, *flags.split(), "--target-version=py314", *(paths or (".",))],
        cwd=folder,
        env={"PATH": "/bin", **(env or {})},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.decode()


def converted(folder: Path, *paths: str) -> list[Diagnostic]:
    """ruff's findings as our diagnostics, read from its JSON."""
    diagnostics = []
    for item in json.loads(of_ruff(folder, "json", *paths)):
        start, end, cell = item["location"], item["end_location"], item["cell"]
        fix = item["fix"]
        if fix is not None:
            edits = [
                PlacedEdit(Place(*_pair(e["location"]), *_pair(e["end_location"]), cell), Edit(0, 0, e["content"]))
                for e in fix["edits"]
            ]
            applicability = DISPLAY if fix["applicability"] == "displayonly" else fix["applicability"]
            fix = PlacedFix(fix["message"], tuple(edits), applicability)
        place = Place(*_pair(start), *_pair(end), cell)
        path = os.path.relpath(item["filename"], folder)
        diagnostics.append(
            Diagnostic(path, item["code"], item["name"], "error", item["message"], place, 0, 0, fix,
                       url=item["url"] or "", tool="ruff", noqa_row=item["noqa_row"] or 0)
        )  # fmt: skip
    return diagnostics


def _pair(location: dict[str, int]) -> tuple[int, int]:
    return location["row"], location["column"]


def sources(folder: Path) -> Sources:
    def text(path: str, cell: int | None) -> str | None:
        data = (folder / path).read_bytes()
        if cell is None:
            return Source.decode(path, "python", data).text
        own = json.loads(data)["cells"][cell - 1]
        return "".join(own["source"]) if own["cell_type"] == "code" else None

    return text


def ours(folder: Path, form: str, *paths: str, **more: object) -> str:
    return render(form, Report(converted(folder, *paths), sources(folder), cwd=str(folder), **more))  # type: ignore[arg-type]


def findings_of(text: str) -> str:
    """A report without its summary."""
    return re.split(r"^(?:Found \d|All checks)", text, maxsplit=1, flags=re.M)[0]


EVERY = [*SAMPLES, "book.ipynb"]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("form", ["concise", "full"])
def test_as_ruff_for_each_file(samples: Path, form: str, name: str) -> None:
    wanted = findings_of(of_ruff(samples, form, name))
    assert wanted.strip()
    assert findings_of(ours(samples, form, name)) == wanted


TEXTS = ("junit", "grouped", "github", "gitlab", "pylint", "azure")


@pytest.mark.parametrize("form", TEXTS)
def test_as_ruff_for_many_files(samples: Path, form: str) -> None:
    names = [name for name in EVERY if "::" not in name]
    wanted = findings_of(of_ruff(samples, form, *names))
    for ruffs, own in (("org.ruff", "org.canfar-lint"), ('name="ruff"', 'name="canfar-lint"')):
        wanted = wanted.replace(ruffs, own)
    wanted = wanted.replace("title=ruff (", "title=canfar-lint (")
    assert findings_of(ours(samples, form, *names)) == wanted


def test_json_has_ruffs_keys_first(samples: Path) -> None:
    wanted = json.loads(of_ruff(samples, "json"))
    found = json.loads(ours(samples, "json"))
    for item in found:
        assert list(item)[-2:] == ["related", "level"]
        assert (item.pop("related"), item.pop("level")) == ([], "error")
        if item["name"] == "invalid-syntax":
            item["noqa_row"] = None  # a marker cannot silence ruff there
    assert found == wanted
    assert [list(item) for item in found] == [list(item) for item in wanted]


def test_json_is_laid_out_as_ruffs(samples: Path) -> None:
    extra = re.compile(r',\n    "related": \[\],\n    "level": "error"')
    found = extra.sub("", ours(samples, "json", "wide.py"))
    assert found == of_ruff(samples, "json", "wide.py")
    lines = re.sub(',"related":\\[\\],"level":"error"', "", ours(samples, "json-lines", "wide.py"))
    assert lines == of_ruff(samples, "json-lines", "wide.py")


def test_rdjson_as_ruffs(samples: Path) -> None:
    wanted = json.loads(of_ruff(samples, "rdjson"))
    found = json.loads(ours(samples, "rdjson"))
    assert found.pop("source")["name"] == "canfar-lint"
    wanted.pop("source")
    assert found == wanted


def test_sarif_holds_all_of_ruffs(samples: Path) -> None:
    wanted = json.loads(of_ruff(samples, "sarif"))["runs"][0]
    found = json.loads(ours(samples, "sarif"))["runs"][0]
    assert found["columnKind"] == "unicodeCodePoints"
    marks = [result.pop("partialFingerprints")["canfar-lint/v1"] for result in found["results"]]
    assert len(set(marks)) == len(marks)
    for result in found["results"]:
        for location in result["locations"]:
            location.pop("logicalLocations", None)
    assert found["results"] == wanted["results"]
    rules = {rule["id"]: rule for rule in found["tool"]["driver"]["rules"]}
    for rule in wanted["tool"]["driver"]["rules"]:
        own = rules[rule["id"]]
        assert own["helpUri"] == rule["helpUri"]
        assert own["properties"]["name"] == rule["properties"]["name"]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_as_ruff(tmp_path: Path, form: str) -> None:
    (tmp_path / "clean.py").write_text("x = 1\n")
    wanted = of_ruff(tmp_path, form, "clean.py").replace("org.ruff", "org.canfar-lint")
    wanted = wanted.replace('"ruff"', '"canfar-lint"')
    found = render(form, Report([], sources(tmp_path), cwd=str(tmp_path)))
    if form in ("rdjson", "sarif"):
        assert _without_tool(json.loads(found)) == _without_tool(json.loads(wanted))
    else:
        assert found == wanted


def _without_tool(data: dict[str, object]) -> dict[str, object]:
    data.pop("source", None)
    for run in data.get("runs", ()):  # type: ignore[attr-defined]
        run.pop("tool")
        run.pop("columnKind", None)
    return data


@pytest.mark.parametrize("form", ["concise", "full", "grouped"])
def test_colours_as_ruff(samples: Path, form: str) -> None:
    wanted = of_ruff(samples, form, "plain.py", "book.ipynb", "many lines.py", env={"FORCE_COLOR": "1"})
    found = ours(samples, form, "plain.py", "book.ipynb", "many lines.py", palette=Palette(color=True))
    assert [_painted(line) for line in findings_of(found).splitlines()] == [
        _painted(line) for line in findings_of(wanted).splitlines()
    ]


def _painted(line: str) -> list[tuple[str, str]]:
    """Each visible character with the colours it has."""
    style, out = "", []
    for code, text in re.findall(r"(\x1b\[[\d;]*m)|([^\x1b]+)", line):
        style = "" if code == "\x1b[0m" else style + code if code else style
        out += [(character, style if character.strip() else "") for character in text]
    changed = "".join(character for character, _ in out).lstrip("0123456789 ")[:2] in ("- ", "+ ")
    # ruff makes the changed words of a line bold
    return [(c, style.removeprefix("\x1b[1m") if changed else style) for c, style in out]


@pytest.mark.parametrize("flags", ["", "--unsafe-fixes"])
@pytest.mark.parametrize("names", [("plain.py",), ("blank.py",), ("controls.py",), ("book.ipynb", "tabs.py")])
def test_summary_as_ruff(samples: Path, names: tuple[str, ...], flags: str) -> None:
    wanted = of_ruff(samples, "concise", *names, flags=flags)
    found = ours(samples, "concise", *names, unsafe=bool(flags))
    count = len(converted(samples, *names))
    errors = f"{count} error{'s' * (count != 1)}"
    problems = f"{count} problem{'s' * (count != 1)}"
    assert found.replace(f"Found {problems} ({errors}).", f"Found {errors}.") == wanted


@pytest.mark.parametrize("form", ["concise", "json"])
def test_statistics_as_ruff(samples: Path, form: str) -> None:
    wanted = of_ruff(samples, form, "plain.py", "book.ipynb", "tabs.py", flags="--statistics")
    report = Report(converted(samples, "plain.py", "book.ipynb", "tabs.py"), sources(samples), cwd=str(samples))
    found = statistics.render(report, form)
    if form == "json":
        rows = [{key: value for key, value in row.items() if key != "level"} for row in json.loads(found)]
        assert rows == json.loads(wanted)
    else:
        assert findings_of(found) == findings_of(wanted)


OUTSIDE = ("plain.py", "crlf é.py", "wide.py", "tabs.py", "book.ipynb")


@pytest.mark.parametrize("form", ["concise", "full", *TEXTS, "json", "json-lines", "rdjson", "sarif"])
def test_files_outside_the_working_directory_as_ruff(samples: Path, form: str) -> None:
    here = samples / "sub" / "deep"
    wanted = findings_of(of_ruff(here, form, *(f"../../{name}" for name in OUTSIDE)))
    diagnostics = [d._replace(path=f"../../{d.path}") for d in converted(samples, *OUTSIDE)]
    found = findings_of(render(form, Report(diagnostics, sources(here), cwd=str(here))))
    if form in ("json", "json-lines", "rdjson", "sarif"):
        assert _paths(found) == _paths(wanted)
        return
    for ruffs, own in (("org.ruff", "org.canfar-lint"), ('name="ruff"', 'name="canfar-lint"')):
        wanted = wanted.replace(ruffs, own)
    assert found == wanted.replace("title=ruff (", "title=canfar-lint (")


def _paths(text: str) -> list[str]:
    return re.findall(r'"(?:filename|path|uri)": ?"([^"]*)"', text)


# -- what ruff has no part in ---------------------------------------------------------------------------------


def problem(level: str = "error", **more: object) -> Diagnostic:
    fields: dict[str, object] = {
        "path": "run.py", "code": "CAN101", "name": "interactive-input", "level": level, "message": "waits",
        "place": Place(1, 5, 1, 10), "start": 4, "end": 9,
    }  # fmt: skip
    return Diagnostic(**{**fields, **more})  # type: ignore[arg-type]


def shown(form: str, *diagnostics: Diagnostic, text: str | None = "x = input('?')\n", **more: object) -> str:
    return render(form, Report(diagnostics, lambda path, cell: text, cwd="/work", **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("json", ('"severity": "error"', '"severity": "warning"', '"severity": "info"')),
        ("json", ('"level": "error"\n', '"level": "warning"\n', '"level": "advice"\n')),
        ("github", ("::error ", "::warning ", "::notice ")),
        ("gitlab", ('"major"', '"minor"', '"info"')),
        ("sarif", ('"level": "error"', '"level": "warning"', '"level": "note"')),
        ("azure", ("type=error;", "type=warning;", "type=warning;")),
        ("junit", ('value="error"', 'value="warning"', 'value="info"')),
        ("concise", ("CAN101 waits", "CAN101 warning: waits", "CAN101 advice: waits")),
        ("full", ("CAN101 waits", "CAN101 warning: waits", "CAN101 advice: waits")),
    ],
)
def test_levels(form: str, said: tuple[str, str, str]) -> None:
    for level, words in zip(("error", "warning", "advice"), said, strict=True):
        assert words in shown(form, problem(level))


def test_summary_counts_levels() -> None:
    found = [problem(), problem("warning"), problem("warning"), problem("advice")]
    assert shown("concise", *found).endswith("Found 4 problems (1 error, 2 warnings, 1 advice).\n")
    assert shown("concise", found[0]).endswith("Found 1 problem (1 error).\n")
    fixed = {"run.py": {("CAN101", "interactive-input"): 2}, "a.py": {("CAN704", "package-lists-kept"): 10}}
    text = shown("concise", *found, fixed=fixed, applied=True, notes=["2 files are Python 2."])
    assert text.endswith(
        "Found 16 problems (12 fixed, 4 remaining: 1 error, 2 warnings, 1 advice).\n2 files are Python 2.\n"
    )


def test_fixes_made() -> None:
    fixed = {"run.py": {("CAN101", "interactive-input"): 2}, "a.py": {("CAN704", "package-lists-kept"): 10}}
    report = Report([], lambda path, cell: None, cwd="/work", fixed=fixed, applied=True)
    assert summary.fixes_made(report) == (
        "\nFixed 12 problems:\n- a.py:\n    10 × CAN704 (package-lists-kept)\n- run.py:\n"
        "     2 × CAN101 (interactive-input)\n\n"
    )
    assert summary.fixes_only(report) == "Fixed 12 problems.\n"
    unsafe = problem(fix=PlacedFix("t", (), "unsafe"))
    report = Report([unsafe], lambda path, cell: None, cwd="/work", fixed=fixed)
    assert summary.fixes_only(report) == ("Would fix 12 problems (1 additional fix available with `--unsafe-fixes`).\n")
    report = Report([unsafe], lambda path, cell: None, cwd="/work")
    assert summary.fixes_only(report) == "No problems would be fixed (1 fix available with `--unsafe-fixes`).\n"


def test_related_places_have_frames_of_their_own() -> None:
    related = PlacedRelated("the request is here", "submit.py", Place(2, 1, 2, 4))
    texts = {"run.py": "x = input('?')\n", "submit.py": "import s\nfoo()\n"}
    report = Report([problem(related=(related,))], lambda path, cell: texts[path], cwd="/work")
    assert findings_of(render("full", report)) == (
        "CAN101 waits\n --> run.py:1:5\n  |\n1 | x = input('?')\n  |     ^^^^^\n"
        "info: the request is here\n --> submit.py:2:1\n  |\n1 | import s\n2 | foo()\n  | ^^^\n\n"
    )
    assert "%0A  submit.py:2:1: info: the request is here" in render("github", report)
    (place,) = json.loads(render("sarif", report))["runs"][0]["results"][0]["relatedLocations"]
    assert place["message"]["text"] == "the request is here"
    assert place["physicalLocation"]["region"]["startLine"] == 2


def test_frames_where_there_is_no_text() -> None:
    assert findings_of(shown("full", problem(place=Place(1, 1, 1, 1)), text=None)) == "CAN101 waits\n--> run.py:1:1\n\n"
    for text in ("", "\n", "x", "\r\n", "\n\n\n", "x\r\ry"):
        for row in range(1, 6):
            for column in (1, 2, 50):
                for end in (Place(row, column, row, column), Place(1, 1, row, column), Place(row, column, row + 2, 1)):
                    assert " --> run.py:" in shown("full", problem(place=end), text=text)


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n::error::x\n##vso[task.setvariable]##[add-mask]\udc9b"


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_hostile_comes_through(form: str) -> None:
    fix = PlacedFix(HOSTILE, (PlacedEdit(Place(1, 1, 1, 3), Edit(0, 2, HOSTILE)),))
    related = PlacedRelated(HOSTILE, f"::error::{HOSTILE}", Place(1, 1, 1, 2))
    bad = problem(path=f"::error::{HOSTILE}.py", message=HOSTILE, fix=fix, related=(related,))
    text = shown(form, bad, bad._replace(path=HOSTILE), text=HOSTILE, notes=[HOSTILE])
    text.encode()
    for character in text:
        assert character == "\n" or not re.match("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", character)
    assert "\r" not in text.replace("\r\n", "") or form == "full"
    own = [line for line in text.splitlines() if line.startswith(("##vso[task.logissue ", "::error title="))]
    assert len(own) == (2 if form in ("azure", "github") else 0)
    for line in text.split("\n"):
        rest = re.sub(r"^(::error title=|##vso\[task\.logissue )", "", line)
        assert not rest.lstrip().startswith("::error")
        assert "##vso[" not in rest
        assert "##[" not in rest
    if form == "github":
        assert text.count("\n") == 2


def test_hostile_text_survives_in_machine_formats() -> None:
    text = shown("json", problem(message=HOSTILE[:-1]))
    assert json.loads(text)[0]["message"] == HOSTILE[:-1]


def test_github_values_are_read_back_as_written() -> None:
    text = shown("github", problem(path="a,b:c %25.py", message="100 % and %0A and %2c"))
    assert text == (
        "::error title=canfar-lint (CAN101),file=/work/a%2Cb%3Ac %2525.py,line=1,col=5,endLine=1,endColumn=10"
        "::a,b:c %2525.py:1:5: CAN101 100 % and %250A and %252c\n"
    )


def test_junit_is_xml() -> None:
    text = shown("junit", problem(path='a<b>&"c".py', message="a < b & 'c' \x01 \uffff"))
    case = ElementTree.fromstring(text.encode()).find("testsuite/testcase")
    assert case is not None
    assert case.get("classname") == '/work/a<b>&"c"'


def test_problem_matchers_and_editors_can_read_concise() -> None:
    matcher = re.compile(r"^(.*?):(\d+):(\d+): ([A-Z]+\d+) (?:\[\*\] )?(.*)$")
    fix = PlacedFix("t", (), "safe")
    for diagnostic in (problem(), problem("warning"), problem(fix=fix)):
        found = matcher.match(shown("concise", diagnostic).splitlines()[0])
        assert found and found.groups()[:4] == ("run.py", "1", "5", "CAN101")


def test_sarif_rules_carry_the_catalogue() -> None:
    catalogue = load()
    memmap = problem(code="CAN301", name="memmap-off")
    text = shown("sarif", memmap, suppressed=[problem("warning")], catalogue=catalogue)
    run = json.loads(text)["runs"][0]
    warning, error = run["tool"]["driver"]["rules"]
    assert (error["id"], error["properties"]["kind"]) == ("CAN301", "memory")
    assert error["fullDescription"]["text"].startswith("Memory mapping")
    assert warning["id"] == "CAN101"
    assert [result.get("suppressions") for result in run["results"]] == [None, [{"kind": "inSource"}]]


def test_sarif_marks_stay_when_lines_move() -> None:
    first = json.loads(shown("sarif", problem()))["runs"][0]["results"][0]
    moved = json.loads(shown("sarif", problem(place=Place(40, 1, 40, 5))))["runs"][0]["results"][0]
    assert first["partialFingerprints"] == moved["partialFingerprints"]


def test_applied_runs_show_no_sign() -> None:
    fixable = problem(fix=PlacedFix("t", (), "safe"))
    assert "[*] waits" in shown("concise", fixable)
    assert "[*] waits" not in shown("concise", fixable, applied=True)


# -- terminals ------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "env", "option", "color"),
    [
        (Terminal(), {}, "auto", True),
        (Terminal(), {"TERM": "dumb"}, "auto", False),
        (Terminal(), {"NO_COLOR": ""}, "auto", False),
        (Terminal(), {"NO_COLOR": "1"}, "always", True),
        (Terminal(), {}, "never", False),
        (io.StringIO(), {}, "auto", False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, "auto", True),
        (io.StringIO(), {"FORCE_COLOR": "1"}, "never", False),
        (io.StringIO(), {}, "always", True),
    ],
)
def test_when_there_is_colour(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, env: dict[str, str], option: str, color: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert palette(stream, option).color is color


def test_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm-kitty")
    assert palette(Terminal()).links
    assert not palette(io.StringIO()).links
    url = rule_url("CAN101")
    linked = shown("concise", problem(url=url), palette=Palette(color=True, links=True))
    assert f"\x1b]8;;{url}\x1b\\CAN101\x1b]8;;\x1b\\" in linked
    plain = shown("concise", problem(url=url), palette=Palette(color=True))
    assert "\x1b]8" not in plain


def test_rule_urls() -> None:
    base = "https://opencadc.github.io/canfar/latest/platform/best-practices/"
    assert rule_url("CAN301") == f"{base}#memory-and-io-efficiency"
    assert rule_url("CAN001") == base
    assert rule_url("F401") == rule_url("SITE001") == ""


def test_our_rules_carry_their_address() -> None:
    url = rule_url("CAN101")
    assert json.loads(shown("json", problem()))[0]["url"] == url
    assert json.loads(shown("json", problem(code="SITE001")))[0]["url"] is None
    assert json.loads(shown("rdjson", problem()))["diagnostics"][0]["code"]["url"] == url
    assert json.loads(shown("sarif", problem()))["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == url


def test_every_format_has_its_module() -> None:
    folder = Path(sys.modules["canfar_lint.reporting"].__file__ or "").parent
    assert {name.replace("-", "_") for name in FORMATS} <= {path.stem for path in folder.glob("*.py")}
    assert set(WITH_SUMMARY) < set(FORMATS)


def test_importing_is_cheap() -> None:
    code = (
        "import sys, canfar_lint.reporting, canfar_lint.reporting.concise, canfar_lint.reporting.full\n"
        "slow = 'dataclasses', 'rich', 'yaml', 'difflib', 'json', 'inspect', 'pathlib'\n"
        "print([name for name in slow if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(Path(__file__).parents[1])})  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_line_differences_rebuild_the_text() -> None:
    import itertools

    from canfar_lint.reporting.linediff import DELETE, EQUAL, INSERT, steps

    for length in range(5):
        for old in itertools.product("ab", repeat=length):
            for new in itertools.product("abc", repeat=4):
                built: list[str] = []
                kept: list[str] = []
                for step in steps(old, new):
                    if step.kind == EQUAL:
                        assert old[step.old : step.old + step.count] == new[step.new : step.new + step.count]
                    if step.kind != DELETE:
                        assert step.new == len(built)
                        built += new[step.new : step.new + step.count]
                    if step.kind != INSERT:
                        assert step.old == len(kept)
                        kept += old[step.old : step.old + step.count]
                assert (tuple(kept), tuple(built)) == (old, new)
