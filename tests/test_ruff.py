"""ruff beside our rules: what comes back, what is dropped, and that nothing it does can stop the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Diagnostic, Place
from canfar_lint.peers import ruff
from canfar_lint.peers.process import LISTING, Failed, Process
from canfar_lint.settings.select import Selection
from canfar_lint.settings.settings import Layer, Settings


def configured(root: Path, **values: object) -> tuple[Selection, Settings]:
    settings = Settings(
        str(root), "", (Layer("test", {key.replace("_", "-"): value for key, value in values.items()}),)
    )
    return Selection(settings, load()), settings


def linted(root: Path, files: dict[str, str | bytes], **values: object) -> list[Diagnostic]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    names = [str(root / name) for name in files if name.endswith((".py", ".ipynb"))]
    diagnostics: list[Diagnostic] = []
    for run in ruff.start(names, *configured(root, **values)):
        found, notes = run.collect()
        assert notes == ()
        diagnostics += found
    return diagnostics


def codes(diagnostics: list[Diagnostic]) -> list[str]:
    return [d.code for d in diagnostics]


def notebook(*cells: str) -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": [cell]}
                for cell in cells
            ],
            "metadata": {"language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def test_findings_come_with_place_offsets_and_fix(tmp_path: Path) -> None:
    (found,) = linted(tmp_path, {"run.py": "é = 'x'\nif é is 'x':\n    breakpoint\n"})
    assert found._replace(fix=None, url="") == Diagnostic(
        str(tmp_path / "run.py"), "F632", "is-literal", "error",
        "Use `==` to compare constant literals", Place(2, 4, 2, 12), 11, 19, tool="ruff", noqa_row=2,
    )  # fmt: skip
    assert found.url.endswith("/is-literal")
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert (edit.edit.start, edit.edit.end, edit.edit.content) == (13, 15, "==")
    assert found.fix.applicability == "safe"


def test_the_users_own_words_for_paths_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.py").write_text("print(undefined)\n")
    monkeypatch.chdir(tmp_path / "sub")
    for name in ("run.py", "./run.py", "../sub/run.py", "@odd.py", "-dash.py"):
        Path(name).write_text("print(undefined)\n")
        (run,) = ruff.start([name], *configured(tmp_path))
        assert [d.path for d in run.collect()[0]] == [name]


def test_many_files_and_odd_names(tmp_path: Path) -> None:
    names = [f"file {n}.py" for n in range(200)]
    names += ["é.py", "@at.py", "-dash.py", "new\nline.py", "return\r.py", " blank .py"]
    odd = os.fsdecode(b"\xff.py")
    names.append(odd)
    for name in names:
        (tmp_path / name).write_text("print(undefined)\n")
    runs = ruff.start([str(tmp_path / name) for name in names], *configured(tmp_path))
    assert len(runs) == 2
    found = [d.path for run in runs for d in run.collect()[0]]
    assert sorted(found) == sorted(str(tmp_path / name) for name in names)


def test_scripts_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "reduce").write_text("#!/usr/bin/env python\nprint(undefined)\n")
    (run,) = ruff.start([str(tmp_path / "reduce")], *configured(tmp_path))
    assert codes(run.collect()[0]) == ["F821"]


def test_only_the_selected_rules_and_no_settings_of_its_own(tmp_path: Path) -> None:
    text = "import os\nx = 1\nif x is 'a':\n    import pdb\n"
    settings = '[tool.ruff.lint]\nselect = ["ALL"]\nignore = ["F632"]\n'
    assert codes(linted(tmp_path, {"run.py": text, "pyproject.toml": settings})) == ["F632", "T100"]
    assert set(codes(linted(tmp_path, {"run.py": text}, ruff_select=("F401",)))) == {"F401"}


def test_noqa_is_honoured(tmp_path: Path) -> None:
    text = "x = 1\nif x is 'a':  # noqa: F632\n    print(undefined)  # noqa\nprint(other)  # noqa: CAN101\n"
    assert [d.message for d in linted(tmp_path, {"run.py": text})] == ["Undefined name `other`"]


def test_our_codes_in_noqa_are_no_unused_ones(tmp_path: Path) -> None:
    assert linted(tmp_path, {"run.py": "x = 1  # noqa: CAN301\n"}, ruff_select=("RUF100",)) == []


def test_names_the_project_tells_ruff_of(tmp_path: Path) -> None:
    files = {"run.py": "print(injected, absent)\n", "pyproject.toml": '[tool.ruff]\nbuiltins = ["injected"]\n'}
    assert [d.message for d in linted(tmp_path, files)] == ["Undefined name `absent`"]
    (tmp_path / "pyproject.toml").unlink()
    files = {"run.py": "print(injected, absent)\n", "ruff.toml": "builtins = [\n  'injected',\n  'absent',\n]\n"}
    assert linted(tmp_path, files) == []


# -- syntax ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("def f(:\n    pass\n", Place(1, 7, 1, 8), "Expected a parameter or the end of the parameter list"),
        ("x = 5 5\ny = [1, 2\n", Place(1, 7, 1, 8), "Simple statements must be separated by newlines or semicolons"),
        ("x = (1 +\n", Place(2, 1, 2, 1), "unexpected EOF while parsing"),
        ("<<<<<<< HEAD\nx = 1\n", Place(1, 1, 1, 3), "Expected a statement"),
    ],
)
def test_one_syntax_error_a_file(tmp_path: Path, text: str, place: Place, words: str) -> None:
    (found,) = linted(tmp_path, {"run.py": text})
    assert (found.code, found.name, found.level, found.tool) == ("CAN001", "invalid-syntax", "error", "canfar-lint")
    assert (found.place, found.message) == (place, words)


def test_syntax_error_in_a_notebook_names_the_cell(tmp_path: Path) -> None:
    (found,) = linted(tmp_path, {"a.ipynb": notebook("x = 1", "%matplotlib inline\n!ls", "y = = 2")})
    assert (found.code, found.place) == ("CAN001", Place(1, 5, 1, 6, 3))


def test_a_broken_notebook_is_left_to_our_own_reader(tmp_path: Path) -> None:
    assert linted(tmp_path, {"a.ipynb": '{"cells": ['}) == []
    from canfar_lint.engine import run
    from canfar_lint.settings import Resolver

    result = run([(str(tmp_path / "a.ipynb"), "notebook")], Resolver((), isolated=True), jobs=1)
    (found,) = result.diagnostics
    assert found.code == "CAN001"
    assert found.message.startswith("the notebook cannot be read: not JSON")


@pytest.mark.parametrize("level", ["warning", "advice"])
def test_the_level_of_syntax_errors_can_be_set(tmp_path: Path, level: str) -> None:
    (found,) = linted(tmp_path, {"run.py": "x = = 1\n"}, levels={"CAN001": level}, select=("CAN001", "F82"))
    assert found.level == level


def test_syntax_errors_can_be_ignored(tmp_path: Path) -> None:
    assert linted(tmp_path, {"run.py": "x = = 1\n"}, ignore=("CAN001",)) == []


PYTHON2 = [
    'print "hello"\n',
    "print x, y\n",
    "print'{} done'.format(x)\n",
    "import sys\nif x: print x\n",
    "try:\n    pass\nexcept IOError, e:\n    pass\n",
    "try:\n    pass\nexcept (IOError, OSError), e:\n    pass\n",
    "raise ValueError, 'wrong'\n",
    "exec 'x = 1'\n",
    "if a <> b:\n    pass\n",
    "os.chmod(name, 0755)\n",
    "x = 10L\n",
    "x = ur'a'\n",
    "x = `y`\n",
    "def f():\n\tx = 1\n        y = 2\n        print x\n",
    "# read\rx = 1\rprint 'x', x\r",
]


@pytest.mark.parametrize("text", PYTHON2)
def test_python2_is_no_syntax_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.py").write_text(text)
    (run,) = ruff.start([str(tmp_path / "run.py")], *configured(tmp_path))
    assert run.collect() == ([], ())
    assert run.python2 == {str(tmp_path / "run.py")}


def of_python(version: str, *cells: str) -> str:
    document = json.loads(notebook(*cells))
    document["metadata"] = {"language_info": {"name": "python", "version": version}} if version else {}
    return json.dumps(document)


@pytest.mark.parametrize(("version", "old"), [("2.7.18", True), ("", True), ("3.11.2", True)])
def test_a_notebook_is_python2_by_its_kernel_or_else_by_its_code(tmp_path: Path, version: str, old: bool) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(of_python(version, "flux = 3\nprint 'flux', flux\n"))
    (run,) = ruff.start([str(path)], *configured(tmp_path))
    assert codes(run.collect()[0]) == ([] if old else ["CAN001"])
    assert run.python2 == ({str(path)} if old else set())


@pytest.mark.parametrize(
    ("cells", "old"),
    [
        (("%matplotlib inline\nx = 1", "    # indented as a whole\n    print 'x', x\n    if x <> 2: print x\n"), True),
        (("print 'x'\n", "y = = 2\n"), False),
        (("print 'x'\n", "print(f'{x}')\n"), False),
        (("print(1)\n", "print(2)\n", "print 3\n"), False),
        (("print 'x'\n", "print('x', end='')\n"), False),
    ],
)
def test_a_notebook_saved_under_python3_is_python2_if_nothing_else_is_wrong(
    tmp_path: Path, cells: tuple[str, ...], old: bool
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(of_python("3.6.1", *cells))
    (run,) = ruff.start([str(path)], *configured(tmp_path))
    assert codes(run.collect()[0]) == ([] if old else ["CAN001"])
    assert run.python2 == ({str(path)} if old else set())


def test_escapes_that_python2_leaves_alone(tmp_path: Path) -> None:
    old = "import Numeric\nlabel('y = x\\u2')\n"
    assert linted(tmp_path, {"a.py": old}) == []
    # a folder of Windows in Python 3, and what Python 2 does not take either
    assert codes(linted(tmp_path, {"b.py": "import os\nfolder = 'C:\\Users\\jo'\n"})) == ["CAN001"]
    assert codes(linted(tmp_path, {"c.py": f"{old}x = u'\\u2'\n"})) == ["CAN001"]
    assert codes(linted(tmp_path, {"d.py": f"{old}x = = 2\n"})) == ["CAN001"]


BLANKS = [
    "sigma = # complete\n",
    "plt.scatter( # complete\nplt.show()\n",
    "for t in times:\n    # COMPLETE ME\nprint(t)\n",
    "p_new = # YOUR_CODE_HERE\n",
    "ax.plot(#------TO FILL------, alpha=1)\n",
    "x, y = ### fill in one line here ###\n",
    "model = # write your solution here!\n",
    "for score in scores:\n    # ax.hist() - COMPLETE ME\nprint(score)\n",
    "layer = Linear(50, ??)\n",
    "similarity = #... ADD CODE HERE\n",
    "folder = </path/to/the/data/>\n",
    "from <yourpackage>.tests import test_something\n",
]


@pytest.mark.parametrize("text", BLANKS)
def test_an_exercise_is_no_program_yet(tmp_path: Path, text: str) -> None:
    assert codes(linted(tmp_path, {"a.ipynb": notebook(text), "b.py": text})) == []


@pytest.mark.parametrize("text", ["obs = \n\nlen(obs)\n", "with open(, 'rb') as f:\n    pass\n", "for :\n    pass\n"])
def test_a_hole_is_left_for_the_reader_of_a_notebook_alone(tmp_path: Path, text: str) -> None:
    found = linted(tmp_path, {"a.ipynb": notebook(text), "b.py": text})
    assert [(d.code, os.path.basename(d.path)) for d in found] == [("CAN001", "b.py")]


@pytest.mark.parametrize("text", ["sigma = # incomplete frames\n", "x = = 1  # the list is complete\n"])
def test_an_error_beside_a_comment_stays_one(tmp_path: Path, text: str) -> None:
    assert codes(linted(tmp_path, {"b.py": text})) == ["CAN001"]


def test_a_cell_may_be_indented_as_a_whole(tmp_path: Path) -> None:
    cells = "\n    for name in names:\n        print(name)\n", "  !ls\n"
    assert codes(linted(tmp_path, {"a.ipynb": notebook("names = []\n", *cells)})) == []
    (found,) = linted(tmp_path, {"b.ipynb": notebook("x = 1\n    y = 2\n")})
    assert (found.code, found.place.cell, found.place.row) == ("CAN001", 1, 2)


@pytest.mark.parametrize("name", ["a.py", "a.ipynb"])
def test_a_newer_grammar_is_no_error_where_ruff_does_not_look(tmp_path: Path, name: str) -> None:
    from canfar_lint.engine import run
    from canfar_lint.settings import Resolver

    def results(text: str) -> tuple[list[str], int]:
        (tmp_path / name).write_text(notebook("x = 1\n", text) if name.endswith("b") else text)
        without = Resolver((Layer("test", {"ruff": False}),), isolated=True)
        result = run([(str(tmp_path / name), "notebook" if name.endswith("b") else "python")], without, jobs=1)
        return [d.code for d in result.diagnostics if d.code == "CAN001"], result.newer

    newer = 0 if sys.version_info >= (3, 12) else 1
    assert results('input()\nprint(\n    f"{table["flux"]}"\n)\n') == ([], newer)
    assert results("input()\ntotal = 5 5\n") == (["CAN001"], 0)


PYTHON3 = [
    "print(x)\n",
    "print\n",
    "print (x, y)\n",
    "print = 3\n",
    "x = print or y\n",
    '"""\n>>> print "hello"\n"""\n',
    "# print 'hello'\n",
    "s = 'print \"x\"'\n",
    "s = 'a <> b' + \"`x`\"\n",
    "raise ValueError('a, b')\n",
    "except_ = 1, 2\n",
    "x = 0o755 + 0 + 00 + 0.05 + 1e05 + 0x07\n",
    "def f(\n    print, file\n): pass\n",
    "try:\n    pass\nexcept (IOError, OSError) as e:\n    pass\n",
    "f(print, 07.5)\n",
]


@pytest.mark.parametrize("text", PYTHON3)
def test_python3_is_not_taken_for_python2(text: str) -> None:
    assert not ruff.looks_like_python2(text)


def test_reading_python2_is_linear() -> None:
    for text in ("'" * 200_000, '"""' * 100_001, "`" * 200_000, "x" * 400_000, ": " * 200_000, "print" * 100_000):
        ruff.looks_like_python2(text)


@pytest.mark.parametrize(
    "text",
    [
        "import {{ cookiecutter.package }}\n",
        "{% if x %}\nimport os\n{% endif %}\nx = {{ value | tojson }}\n",
        "%matplotlib inline\nimport os\n",
        "!pip install astropy\n",
        "import os\n%%time\nos.getcwd()\n",
        "x = 1\nx?\n",
    ],
)
def test_templates_and_magics_are_no_syntax_errors(tmp_path: Path, text: str) -> None:
    assert linted(tmp_path, {"run.py": text}) == []


def test_an_error_beside_a_magic_is_one(tmp_path: Path) -> None:
    (found,) = linted(tmp_path, {"run.py": "%matplotlib inline\nx = = 1\n"})
    assert (found.code, found.place) == ("CAN001", Place(2, 5, 2, 6))


def test_other_encodings_are_left_to_us(tmp_path: Path) -> None:
    assert linted(tmp_path, {"run.py": b"# -*- coding: latin-1 -*-\nx = '\xe9'\nprint(undefined)\n"}) == []
    (found,) = linted(tmp_path, {"run.py": b"\xef\xbb\xbfprint(undefined)\n"})
    assert (found.place, found.start, found.end) == (Place(1, 7, 1, 16), 6, 15)


NEW = "type Vector = list[float]\n"


def test_grammar_newer_than_the_project_allows(tmp_path: Path) -> None:
    assert linted(tmp_path, {"run.py": NEW}) == []
    (found,) = linted(tmp_path, {"run.py": NEW}, target_version="py310")
    assert (found.code, found.message[:41]) == ("CAN001", "Cannot use `type` alias statement on Pyth")
    manifest = '[project]\nrequires-python = ">= 3.10, <4"\n'
    assert codes(linted(tmp_path, {"run.py": NEW, "pyproject.toml": manifest})) == ["CAN001"]
    manifest = '[project]\nrequires-python = ">=3.13"\n'
    assert linted(tmp_path, {"run.py": NEW, "pyproject.toml": manifest}) == []


# -- names that a program defines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("tclean(vis='a.ms', imagename='b')\nsplit(vis='a.ms')\n", []),
        ("tb.open('a.ms')\nqa.quantity('1deg')\n", []),
        ("split('a b')\n", ["split"]),
        # the scripts of one reduction share a namespace: who runs them has defined it
        ("tclean(vis='a.ms')\nprint(of_another_script)\n", []),
        ("print(mistake)\n", ["mistake"]),
        ("iraf.imcopy('a', 'b')\niraf.imarith('a', verify=yes)\n", []),
        ("print(yes)\n", ["yes"]),
        ("get_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(1)\n", []),
        # one program for both Pythons asks each for what it has
        ("import sys\nask = input if sys.version_info[0] > 2 else raw_input\nprint(ask)\n", []),
        ("print(raw_input('?'))\n", ["raw_input"]),
        # a notebook under the name of a program
        ('{\n "cells": [],\n "metadata": {"collapsed": true, "a": null}\n}\n', []),
        ("print(true)\n", ["true"]),
    ],
)
def test_names_of_programs_that_run_scripts(tmp_path: Path, text: str, left: list[str]) -> None:
    assert [d.message for d in linted(tmp_path, {"run.py": text})] == [f"Undefined name `{name}`" for name in left]


# -- notebooks ------------------------------------------------------------------------------------------------


def test_notebook_findings_and_fixes(tmp_path: Path) -> None:
    from canfar_lint.model.notebook import read

    text = notebook("x = 1\n", "%matplotlib inline\nif x is 'a':\n    pass", "print(undefined)")
    first, second = linted(tmp_path, {"a.ipynb": text})
    source = read("a.ipynb", text.encode())
    assert (first.code, first.place) == ("F632", Place(2, 4, 2, 12, 2))
    assert source.text[first.start : first.end] == "x is 'a'"
    assert first.fix is not None
    (edit,) = first.fix.edits
    assert source.text[edit.edit.start : edit.edit.end] == "is"
    assert edit.place.cell == 2
    assert (second.code, second.place) == ("F821", Place(1, 7, 1, 16, 3))
    assert source.text[second.start : second.end] == "undefined"


def test_a_fix_in_another_cell_is_left_out(tmp_path: Path) -> None:
    # ruff gives rows within cells without saying which cell: the import would be put who knows where
    text = notebook("x = 1\n", "\n\nexit(1)")
    (found,) = linted(tmp_path, {"a.ipynb": text}, ruff_select=("PLR1722",))
    assert (found.code, found.fix) == ("PLR1722", None)


# -- text that is not on disk ---------------------------------------------------------------------------------


def test_one_text(tmp_path: Path) -> None:
    run = ruff.start_text("sub/new.py", "python", b"print(undefined)\nif 1 is 'x': pass\n", *configured(tmp_path))
    found, notes = run.collect()
    assert notes == ()
    assert [(d.path, d.code, d.start) for d in found] == [("sub/new.py", "F821", 6), ("sub/new.py", "F632", 20)]


def test_one_notebook_text(tmp_path: Path) -> None:
    run = ruff.start_text("-", "notebook", notebook("x = 1", "print(undefined)").encode(), *configured(tmp_path))
    ((found,), _) = run.collect()
    assert (found.path, found.place) == ("-", Place(1, 7, 1, 16, 2))


# -- what goes wrong ------------------------------------------------------------------------------------------


def test_without_ruff_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruff, "find", lambda: None)
    (run,) = ruff.start(["run.py"], *configured(tmp_path))
    assert run.collect() == ([], (ruff.MISSING,))


def test_a_ruff_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "ruff"
    broken.write_text("#!/bin/sh\necho 'out of luck' >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(ruff, "find", lambda: str(broken))
    (run,) = ruff.start(["run.py"], *configured(tmp_path))
    assert run.collect() == ([], ("ruff failed: out of luck",))
    broken.chmod(0o644)
    (run,) = ruff.start(["run.py"], *configured(tmp_path))
    assert run.collect() == ([], ("ruff did not start: Permission denied",))


def test_files_that_vanish(tmp_path: Path) -> None:
    (run,) = ruff.start([str(tmp_path / "gone.py")], *configured(tmp_path))
    assert run.collect() == ([], ())


def test_path_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "ruff"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ruff.find() != str(other)
    assert os.access(ruff.find() or "", os.X_OK)


def test_environment_does_not_change_ruff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "grouped")
    monkeypatch.setenv("RUFF_OUTPUT_FILE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert codes(linted(tmp_path, {"run.py": "print(undefined)\n"})) == ["F821"]


# -- the process ----------------------------------------------------------------------------------------------


def test_output_larger_than_any_pipe_on_both_streams() -> None:
    code = "import sys; d = sys.stdin.read(); sys.stderr.write('e' * 3_000_000); sys.stdout.write(d * 3)"
    process = Process([sys.executable, "-c", code], data=b"x" * 1_000_000)
    status, output, errors = process.finish()
    assert (status, len(output), len(errors)) == (0, 3_000_000, 3_000_000)


def test_listing_can_be_read_by_name() -> None:
    process = Process(["/bin/cat", LISTING], listing=b"one\ntwo\n")
    assert process.finish() == (0, b"one\ntwo\n", b"")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    descriptors = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    process = Process(["/bin/sleep", "0.2"], data=b"x", listing=b"y")
    assert list(tmp_path.iterdir()) == []
    process.finish()
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == descriptors
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    with pytest.raises(Failed, match="no temporary file"):
        Process(["/bin/true"])


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(Failed):
        Process(["/nonexistent/program"])


def test_starting_ruff_imports_nothing_slow() -> None:
    code = (
        "import sys, canfar_lint.peers.ruff as r; r.find()\n"
        "slow = 'subprocess', 'tempfile', 'sysconfig', 'pathlib', 'dataclasses'\n"
        "print([name for name in slow if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(Path(__file__).parents[1])})  # fmt: skip
    assert done.stdout.strip() == "[]" or sys.prefix == sys.base_prefix
