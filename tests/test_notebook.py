"""A notebook is read as its author sees it and written so that nothing but the changed code differs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from harness import notebook
from hypothesis import given
from hypothesis import strategies as st

from canfar_lint.diagnostic import Edit
from canfar_lint.engine.file import Profile, lint_bytes
from canfar_lint.model.notebook import BrokenNotebook, read, write_back
from canfar_lint.settings import Resolver
from canfar_lint.source import Undecodable


def code_of(*cells: str) -> str:
    source = read("a.ipynb", notebook(list(cells)))
    assert [len(line) for line in source.code.split("\n")] == [len(line) for line in source.text.split("\n")]
    return source.code


def test_cells_are_joined_and_counted_with_the_others() -> None:
    document = json.loads(notebook(["import os\n", "x = 1\ny = 2"]))
    document["cells"].insert(1, {"cell_type": "markdown", "source": "# Data", "metadata": {}})
    document["cells"].insert(2, {"cell_type": "raw", "source": "raw", "metadata": {}})
    source = read("a.ipynb", json.dumps(document).encode())
    assert source.text == "import os\nx = 1\ny = 2\n"
    at = source.text.index("y")
    assert source.place(at, at + 1) == (2, 1, 2, 2, 4)
    assert source.row_column(at) == (3, 1)
    assert source.cell_offset(4, 2, 1) == at
    assert source.cell_offset(2, 1, 1) is None


def test_a_span_up_to_the_end_of_a_cell_ends_in_it() -> None:
    source = read("a.ipynb", notebook(["x = (\n", "y = 2\n"]))
    assert source.place(4, 6) == (1, 5, 2, 1, 1)


def test_places_equal_ruffs() -> None:
    cells = [
        "import os\n",
        "%matplotlib inline\nimport sys\n",
        "%%bash\nls\n",
        "%%time\nimport re\n",
        "é = 1; import ast\n",
    ]
    data = notebook(cells)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F401"]
    command += ["--output-format", "json", "--stdin-filename", "a.ipynb", "-"]
    found = json.loads(subprocess.run(command, input=data, capture_output=True, check=False).stdout)
    source = read("a.ipynb", data)
    assert len(found) == 4
    for each in found:
        start, end = each["location"], each["end_location"]
        at = source.cell_offset(each["cell"], start["row"], start["column"])
        until = source.cell_offset(each["cell"], end["row"], end["column"])
        assert at is not None and until is not None
        assert source.text[at:until] in ("os", "sys", "re", "ast")
        assert source.place(at, until) == (start["row"], start["column"], end["row"], end["column"], each["cell"])


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%matplotlib inline\nx = 1\n", "pass\nx = 1\n"),
        ("files = !ls *.fits\n", "files = _\n"),
        ("home = %env HOME\n", "home = _\n"),
        ("!pip install \\\n   astropy\nx\n", "pass\n\nx\n"),
        ("if x:\n    !ls {x}\n    %time f()\n", "if x:\n    pass\n    pass\n"),
        ("np.load?\n?os\nos.path??\n", "pass\n_\npass\n"),
        ("!x\n", "_\n"),
        ("pip install astropy\n", "pass\n"),
        ("cd ..\nls *.fits\nls -lh ../data\nls *b*.fits\n", "pass\npass\npass\npass\n"),
        ("%%time\nx = f()\n", "\nx = f()\n"),
        ("# data\n%%html\n<b>\n", "\n\n\n"),
        ("%%bash\necho $x\n", "\n\n"),
        ("\n%%writefile a.py\nprint x\n", "\n\n\n"),
        (",f a b\n;g a\n/h 1\n", "pass\npass\npass\n"),
    ],
)
def test_what_is_not_python_is_masked(cell: str, code: str) -> None:
    masked = code_of(cell)
    assert "\n".join(line.rstrip() for line in masked.split("\n")) == code
    ast.parse(masked)


@pytest.mark.parametrize(
    "cell",
    [
        'x = ("%s"\n     % y)\n',
        "text = '''\n%magic\n!ls\nwhat?\n'''\n",
        "x = a \\\n % b\n",
        'print("a=%s" % 3)\n',
        "d = {'a': 1,\n  'b': 2 # really?\n}\n",
        "ls -l\ntime * 3\nrun -a, b\nls -l if x else y\n",
        "pip = 3\npip in x\n",
        "assert a != b\nx %= 2\n",
        "print('is it?')\n",
    ],
)
def test_python_is_left_alone(cell: str) -> None:
    assert code_of(cell) == cell
    ast.parse(cell)


def test_shell_is_kept_apart_with_its_places() -> None:
    cells = ["x = 1\n!rm -rf {x}  # all\nn = !wc -l a\n", "%%bash -e\ncd /arc\nls\n", "%%script sh\npwd\n", "%sx df\n"]
    source = read("a.ipynb", notebook(cells))
    pieces = source.shell_pieces
    assert [(piece.text, piece.context) for piece in pieces] == [
        ("rm -rf {x}  # all", "escape"),
        ("wc -l a", "escape"),
        ("cd /arc\nls\n", "cell"),
        ("pwd\n", "cell"),
        ("df", "escape"),
    ]
    assert all(source.text.startswith(piece.text, piece.start) for piece in pieces)


def test_magics_are_known_by_name_and_place() -> None:
    source = read("a.ipynb", notebook(["%matplotlib qt\n  \n%pip install astropy\n", "%%capture out\nx = 1\n"]))
    assert [(magic.name, magic.arguments) for magic in source.magics] == [
        ("matplotlib", "qt"),
        ("pip", "install astropy"),
        ("capture", "out"),
    ]
    assert source.text[source.magics[1].start : source.magics[1].end] == "%pip install astropy"


def test_cells_that_are_not_for_us() -> None:
    document = json.loads(notebook(["a = 1\n", "b = 2\n", "c = 3\n"]))
    document["cells"][0]["metadata"]["tags"] = ["skip-lint"]
    document["cells"][1]["metadata"]["vscode"] = {"languageId": "julia"}
    del document["cells"][2]["metadata"]
    source = read("a.ipynb", json.dumps(document).encode())
    assert source.text == "b = 2\nc = 3\n"
    assert source.code == "     \nc = 3\n"


def test_what_a_command_gives_may_stand_apart_from_its_mark() -> None:
    source = read("a.ipynb", notebook(["found = ! ls -d /data/* | sort\n"]))
    assert [piece.text.strip() for piece in source.shell_pieces] == ["ls -d /data/* | sort"]
    ast.parse(source.code)
    assert code_of("assert a != b\n") == "assert a != b\n"


def test_a_cell_indented_as_a_whole_is_read_at_the_margin() -> None:
    cell = "\n    if ready:\n        run()\n\n    %time go()\n"
    code = code_of(cell)
    assert len(code) == len(cell)
    (branch, magic) = ast.parse(code).body
    assert isinstance(branch, ast.If)
    assert (branch.lineno, branch.col_offset, magic.col_offset) == (2, 4, 4)
    with pytest.raises(SyntaxError):
        ast.parse(code_of("x = 1\n    y = 2\n"))


@pytest.mark.parametrize(
    ("metadata", "version"),
    [
        ({"language_info": {"name": "python", "version": "2.7.11"}, "kernelspec": {"name": "python3"}}, "2.7.11"),
        ({"kernelspec": {"name": "python2", "display_name": "old"}}, "2"),
        ({"kernelspec": {"name": "casa", "display_name": "Python 3 (CASA)"}}, "3"),
        ({"kernelspec": {"name": "casa"}, "language_info": {"version": 3}}, ""),
        ({"kernelspec": "python2"}, ""),
        ({}, ""),
    ],
)
def test_the_python_of_a_notebook(metadata: dict[str, object], version: str) -> None:
    document = json.loads(notebook(["x = 1\n"]))
    document["metadata"] = metadata
    assert read("a.ipynb", json.dumps(document).encode()).python == version


@pytest.mark.parametrize("key", ["language_info", "kernelspec"])
def test_a_notebook_in_another_language(key: str) -> None:
    document = json.loads(notebook(["x <- 1\n"]))
    document["metadata"] = {key: {"name": "R", "language": "R"}}
    source = read("a.ipynb", json.dumps(document).encode())
    assert not source.code.strip()
    document["metadata"] = {key: {"name": "bash", "language": "bash"}}
    assert read("a.ipynb", json.dumps(document).encode()).shell_pieces[0].text == "x <- 1\n"


def test_nbformat_3_in_another_language(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "language": "python", "input": ["x = y' \\ z"], "outputs": []}
    document = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"language": "Julia"},
        "worksheets": [{"cells": [cell]}],
    }
    data = json.dumps(document).encode()
    assert not read("a.ipynb", data).code.strip()
    (tmp_path / "a.ipynb").write_bytes(data)
    command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", "--no-cache", "--output-format", "json", "."]
    assert json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout) == []
    document["metadata"] = {}
    assert read("a.ipynb", json.dumps(document).encode()).code.strip()


@pytest.mark.parametrize(
    ("cells", "place", "words"),
    [
        (
            ["x = 1", "y = 2\nclass A:\n    # to do\n", "z = 3"],
            (3, 12, 2),
            "expected an indented block after class definition on line 2",
        ),
        (["x = 1", "try:\n    y = 1", "z = 3"], (2, 10, 2), "expected 'except' or 'finally' block"),
        (["x = 1", "@cached", "z = 3"], (1, 1, 2), "invalid syntax"),
        (["x = 1", "\ny = f(1,", "z = 3"], (2, 6, 2), "'(' was never closed"),
        (["x = 1", 'y = """a\n', "z = 3"], (1, 5, 2), "unterminated triple-quoted string literal (detected at line 1)"),
        (["x = 1", "!ls", "y = = 2"], (1, 5, 3), "invalid syntax"),
    ],
)
def test_an_error_is_told_in_its_own_cell_with_that_cells_lines(
    cells: list[str], place: tuple[int, int, int], words: str
) -> None:
    from canfar_lint.engine.models import Unreadable, parsed

    with pytest.raises(Unreadable) as caught:
        parsed(read("a.ipynb", notebook(cells)))
    found = caught.value
    assert found.place is not None
    assert ((found.place.row, found.place.column, found.place.cell), found.words) == (place, words)


OPENS = "from astropy.io import fits\nimage = fits.getdata('/home/ann/m31.fits')"


def found_in(cells: list[str], tmp_path: Path, *words: str) -> list[tuple[str, int, bool]]:
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook(cells))
    command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", "--no-cache", "--output-format", "json"]
    ran = subprocess.run([*command, "--select", "CAN", *words, str(path)], capture_output=True, check=False)
    return [(each["code"], each["cell"], bool(each["fix"])) for each in json.loads(ran.stdout)]


@pytest.mark.parametrize("words", [[], ["--no-ruff"]])
def test_the_cells_around_a_broken_one_are_linted(words: list[str], tmp_path: Path) -> None:
    found = found_in([OPENS, "def f(:\n    pass", "input('go?')"], tmp_path, *words)
    assert ("CAN104", 1, False) in found
    assert ("CAN001", 2, False) in found
    assert ("CAN101", 3, False) in found


def test_a_notebook_in_python_2_is_read_but_for_its_broken_cells(tmp_path: Path) -> None:
    found = found_in(["%pylab inline\nprint 'a'", OPENS, "print 'a' 'b\n", "raw_input('go?')"], tmp_path)
    assert [code for code, _, _ in found if code == "CAN001"] == []
    assert ("CAN104", 2, False) in found
    assert ("CAN101", 4, False) in found


def test_nothing_but_broken_cells(tmp_path: Path) -> None:
    assert found_in(["def f(:"], tmp_path) == [("CAN001", 1, False)]


def test_nbformat_3() -> None:
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "language": "python", "outputs": []}
    document = {"worksheets": [{"cells": [{"cell_type": "heading", "source": "h"}, cell]}], "nbformat": 3}
    data = json.dumps(document, indent=1).encode()
    source = read("a.ipynb", data)
    assert source.text == "x = 1\ny = 2\n"
    assert source.cells[0].number == 2
    new = source.edited([Edit(4, 5, "7")]).to_bytes()
    assert new == data.replace(b"x = 1", b"x = 7")


@pytest.mark.parametrize(
    ("data", "words", "place"),
    [
        (b"", "Expecting value", (1, 1)),
        (b"import os\n", "Expecting value", (1, 1)),
        (b'{"cells": [\n  {"cell_type": "code",}\n]}', "property name", (2, 24)),
        (b'{"cells": []', "Expecting ',' delimiter", (1, 13)),
        (b'{"cells": []} x', "Extra data", (1, 15)),
        (b"[1, 2]", "not an object", (1, 1)),
        (b'{"cells": {}}', "`cells` is not a list", (1, 1)),
        (b'{"metadata": {}}', "it has no `cells`", (1, 1)),
        (b'{"cells": [{"cell_type": "code", "source": 3}]}', "cell 1 is no text", (1, 1)),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply", (1, 1)),
    ],
)
def test_what_is_no_notebook_is_told_with_its_place(data: bytes, words: str, place: tuple[int, int]) -> None:
    with pytest.raises(BrokenNotebook, match=words) as caught:
        read("a.ipynb", data)
    assert (caught.value.row, caught.value.column) == place


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(Undecodable, match="0xe9 in line 2"):
        read("a.ipynb", b'{\n"caf\xe9": 1}')


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("listed", [True, False])
def test_only_the_changed_cell_is_written(indent: int | str | None, listed: bool) -> None:
    document = json.loads(notebook(["import os\nx = 1\n", "y = 'é'\nz = 3\n"]))
    document = {"nbformat": 4, "zzz": {"b": 1.50, "a": [1e3]}, **document}
    for cell in document["cells"]:
        cell["source"] = cell["source"] if listed else "".join(cell["source"])
        cell["outputs"] = [{"data": {"image/png": "AAAA" * 100, "text/plain": ["<a>\u2028"]}}]
    data = ("\ufeff" + json.dumps(document, indent=indent)).encode()
    source = read("a.ipynb", data)
    assert source.to_bytes() == data
    at = source.text.index("3")
    new = source.edited([Edit(at, at + 1, '"7"')]).to_bytes()
    assert new == data.replace(b"z = 3", b'z = \\"7\\"')
    assert write_back(data, source.text.replace("z = 3", 'z = "7"')) == new
    assert write_back(data, source.text) == data


def test_lines_come_and_go_in_the_layout_of_the_list() -> None:
    data = notebook(["a = 1\nb = 2\nc = 3\n"])
    assert write_back(data, "a = 1\nc = 3\n") == notebook(["a = 1\nc = 3\n"])
    assert write_back(data, "a = 1\nx\ny\nb = 2\nc = 3\n") == notebook(["a = 1\nx\ny\nb = 2\nc = 3\n"])
    compact = b'{"cells":[{"cell_type":"code","source":["a\\n","b"],"metadata":{}}]}'
    assert write_back(compact, "a\nb\nc\n") == compact.replace(b'"b"', b'"b\\n","c"')
    assert write_back(compact, "a\n") == compact.replace(b'"a\\n","b"', b'"a"')


def test_an_edit_may_not_leave_its_cell() -> None:
    source = read("a.ipynb", notebook(["a = 1\n", "b = 2\n"]))
    with pytest.raises(ValueError, match="cell 1 into the next"):
        source.edited([Edit(0, 8, "")])


def test_half_a_surrogate_pair_survives() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": "a = \'\\ud83d\'\\nb = 1"}]}'
    source = read("a.ipynb", data)
    ast.parse(source.code)
    at = source.text.index("1")
    assert source.edited([Edit(at, at + 1, "2")]).to_bytes() == data.replace(b"b = 1", b"b = 2")


def test_outputs_are_never_looked_at() -> None:
    big = "A" * 30_000_000
    document = json.loads(notebook(["x = 1\n"]))
    document["cells"][0]["outputs"] = [{"output_type": "stream", "text": ["%matplotlib qt\n", big]}]
    source = read("a.ipynb", json.dumps(document).encode())
    assert source.text == "x = 1\n" and not source.magics


lines = st.sampled_from(
    [
        "",
        "x = 1",
        "%time f()",
        "!ls",
        "x = !ls",
        "s = '''",
        "'''",
        "f(",
        ")",
        "  % 3",
        "%%bash",
        "a?",
        "# c",
        "\\",
        "é\r",
        "\u2028",
    ]
)
cells_of_lines = st.lists(st.lists(lines, max_size=6).map("\n".join), max_size=4)


@given(cells_of_lines)
def test_masking_keeps_length_and_lines(cells: list[str]) -> None:
    source = read("a.ipynb", notebook(cells))
    assert [len(line) for line in source.code.split("\n")] == [len(line) for line in source.text.split("\n")]
    assert all(source.text.startswith(piece.text, piece.start) for piece in source.shell_pieces)
    assert len(source.text) == sum(cell.end - cell.start for cell in source.cells)


@given(cells_of_lines, st.data())
def test_any_edit_inside_a_cell_is_written(cells: list[str], data: st.DataObject) -> None:
    source = read("a.ipynb", notebook(cells))
    if not source.cells:
        return
    cell = data.draw(st.sampled_from(source.cells))
    start = data.draw(st.integers(cell.start, cell.end - 1))
    end = data.draw(st.integers(start, cell.end - 1))
    content = data.draw(st.sampled_from(["", "new", "a\nb\n", '"\\é\t']))
    new = source.edited([Edit(start, end, content)])
    assert [each.number for each in new.cells] == [each.number for each in source.cells]
    for before, after in zip(source.cells, new.cells, strict=True):
        expected = source.cell_text(before)
        if before.number == cell.number:
            expected = source.text[cell.start : start] + content + source.text[end : cell.end]
            expected = expected.removesuffix("\n") if cell.padded else expected
        assert new.cell_text(after) == expected


def test_a_notebook_that_git_has_not_fetched_is_not_broken() -> None:
    resolver = Resolver(isolated=True)
    profile = Profile(resolver.selection(resolver.base).rules.values(), resolver.base)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0f1e2d\nsize 88123\n"
    assert lint_bytes("figures.ipynb", "notebook", pointer, profile, resolver.base).empty
