"""Markers suppress what they stand at, nothing else, in every kind of file; the rest of them is said."""

from __future__ import annotations

import pickle
import re

import pytest
from harness import notebook
from hypothesis import given
from hypothesis import strategies as st

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import Diagnostic
from canfar_lint.model.notebook import read
from canfar_lint.source import (
    DOCKERFILE,
    KINDS,
    MAKEFILE,
    NOTEBOOK,
    PYTHON,
    REQUIREMENTS,
    SHELL,
    TOML,
    YAML,
    Source,
)
from canfar_lint.suppression import OWN_CODES, Applied, apply, markers

CODE = "CAN301"
RULES = {code: load().rules[code] for code in (*OWN_CODES, CODE)}


def applied(source: Source, code: str = CODE, ran: tuple[str, ...] = (CODE,)) -> Applied:
    """The markers of a text held against a diagnostic of `code` at every X in it."""
    found = [
        Diagnostic("a", code, "n", "error", "m", source.place(m.start(), m.end()), m.start(), m.end())
        for m in re.finditer("X", source.text)
    ]
    return apply("a", found, markers(source), RULES, load(), ran)


def check(kind: str, text: str, code: str = CODE) -> None:
    """Every X is suppressed but those written `X!`, and no marker is called unused."""
    source = read("a.ipynb", notebook(text.split("# %%\n"))) if kind == NOTEBOOK else Source("a", kind, text)
    result = applied(source, code)
    kept = {d.start for d in result.kept}
    loud = {m.start() for m in re.finditer("X!", source.text)}
    assert kept == loud, [source.place(at, at) for at in kept ^ loud]
    assert [d.message for d in result.about_markers if d.code == "CAN010"] == []
    assert markers(source) and pickle.loads(pickle.dumps(markers(source))) == markers(source)


M = "# canfar: ignore[CAN301] why"


@pytest.mark.parametrize(
    "text",
    [
        f"f(X)  {M}\nX!\n",
        f"X!\n{M}\nf(X,\n  X)\nX!\n",
        f"X!\n{M}\n\n# about f\nf(X)\nX!\n",
        f"{M}\n# canfar: ignore[CAN401] why\nf(X)\nX!\n",
        f"f(\n  X,  {M}\n  X!,\n)\n",
        f"f(\n  X,\n  X,\n)  {M}\nX!\n",
        f"f(\n  X!,\n  {M}\n  X,\n  X!,\n)\n",
        f'f(\n  {M}\n  """X\n  X""",\n  X!)\n',
        f'a = """X\nX"""  {M}\nX!\n',
        'a = X, """\nX""", """\nX"""  # noqa: CAN301\nX!\n',
        "a = X + \\\n  X  # noqa: CAN301\nX!\n",
        "f(X!,\n  X)  # noqa: CAN301\n",
        "X # noqa:CAN301,F401\nX  # NOQA: E501 CAN301 because\nX # noqa : CAN301\n",
        f"X  # type: ignore  {M}  # pylint: disable=all\nX!\n",
        f"with f(X) as x:  {M}\n    X!\n",
        f"{M}\n@dec(X)\ndef f(X!): pass\n",
        "# canfar: file-ignore[memmap-off] why\nX\nX\n",
        "X\nX\n\t# canfar:file-ignore [ can301 , ] why\n",
        "X  # canfar: ignore[CAN101, memmap-off] why\n",
        f"x = '{M}'\nX!\nX  {M}\n",
        f"print 'python 2', X  {M}\nexec 'X!'\n",
        f"X = (  {M}\nX!\n",
        f"s = '''unterminated\n{M}\nX!\n" + "'''\nX  # noqa: CAN301",
        f"X  {M}\r\nX!\r\n{M}\r\nX\r\n",
        f"d['#'] = f'{{X}} #'  {M}\n",
    ],
)
def test_python(text: str) -> None:
    check(PYTHON, text)


@pytest.mark.parametrize(
    "text",
    [
        f"ls X  {M}\nls X!\n",
        f"{M}\nls X \\\n  X\nls X!\n",
        f"ls X \\\n  X  {M}\nls X!\n",
        f"echo '{M}' X!\n{M}\nls X\n",
        f'echo "a\n{M}\nb" X!; ls $# ${{#X!}} a#X!\nls X {M}\n',
        f"cat <<EOF\n{M}\nX!\nEOF\nls X  {M}\n",
        f"{M}\ncat <<-'E O' > a\n X\n\tE O\nls X!\n",
        f"{M}\ncat X > $((1<<2))\nls X!\nls X;{M}\n",
        f"echo \"it's\" 'a\nb' X  {M}\nX!\n",
    ],
)
def test_shell(text: str) -> None:
    check(SHELL, text)


@pytest.mark.parametrize(
    "text",
    [
        f"FROM X!\n{M}\nRUN X && \\\n  X\nRUN X!\n",
        f"RUN X! \\\n  # about\n  {M}\n  X && \\\n\n  X\nRUN X!\n",
        f"  {M}\nCOPY X /\nCOPY X! /\n",
        f"{M}\nRUN <<EOF\nX\nEOF\nRUN X!\n",
        f"RUN <<EOF\nX!\n{M}\nX\nEOF\nRUN X!\n",
        f"COPY <<EOF a.py\n{M}\nEOF\nRUN X!\n{M}\nRUN X\n",
        f"# escape=`\n{M}\nRUN X `\n X\nRUN C:\\\nRUN X!\n",
        "# canfar: file-ignore[CAN301] why\nRUN X\nRUN X\n",
        f"{M}\n\nFROM X\nRUN X! \\\\\nRUN X!\n",
    ],
)
def test_dockerfile(text: str) -> None:
    check(DOCKERFILE, text)


@pytest.mark.parametrize("line", ["RUN X  # canfar: ignore[CAN301] why", "RUN X \\\n  a  # canfar: ignore \\\n  b"])
def test_a_marker_behind_an_instruction_is_no_comment(line: str) -> None:
    result = applied(Source("a", DOCKERFILE, f"FROM a\n{line}\n"))
    assert [d.code for d in result.about_markers] == ["CAN011"]
    assert len(result.kept) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"run: X  {M}\nrun: X!\n",
        f"a: X!\n{M}\nrun: |\n  X\n\n  X\nb: X!\n",
        f"steps:\n  {M}\n  - run: >-\n      X\n    name: X!\n",
        f"run: |\n  X!\n  {M}\n  X \\\n    X\n  X!  # see\n  X  {M}\n",
        f'a: "{M}"\nb: X!\nc: it\'s X {M}\n',
        f"{M}\n- X\n- X!\n",
    ],
)
def test_yaml(text: str) -> None:
    check(YAML, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (TOML, f"a = [\n  'X',  {M}\n  'X!',\n]\n{M}\nb = [\n 'X'\n]\nc = '#X! {M}'\n"),
        (REQUIREMENTS, f"X  {M}\nX!\n{M}\nX \\\n  --hash=X\nX! --url=a#egg\n"),
        (MAKEFILE, f"{M}\na: X\n\tX!\n\tX \\\n\t X  {M}\n"),
    ],
)
def test_other_files(kind: str, text: str) -> None:
    check(kind, text)


@pytest.mark.parametrize(
    "text",
    [
        f"f(X)  {M}\nX!\n",
        f"a = 1\n{M}\n# %%\nX!\n# %%\nf(X)  {M}\n".replace(f"a = 1\n{M}\n", "a = 1\n"),
        f"{M}\n!ls X\nX!\n",
        f"!ls X  {M}\nX!\n",
        f"!ls \\\n  X  {M}\nX!\n",
        f"%pip install X  {M}\nX!\n",
        f"%%bash\nls X!\nls X  {M}\n# %%\nX!\n",
        "# canfar: file-ignore[CAN301] why\n# %%\nX\n# %%\n%%bash\nX\n",
        f"s = '''\n# %%\nX  {M}\nX!\n",
        "X  # noqa: CAN301\nX!\n",
    ],
)
def test_notebook(text: str) -> None:
    check(NOTEBOOK, text)


def test_a_marker_at_the_end_of_a_cell_does_not_reach_into_the_next() -> None:
    result = applied(read("a.ipynb", notebook([f"a = 1\n{M}\n", "X\n"])))
    assert len(result.kept) == 1
    assert [d.code for d in result.about_markers] == ["CAN010"]
    assert result.about_markers[0].place.cell == 1


@pytest.mark.parametrize("code", ["F821", "DL3008", "SC2086", "CAN001"])
def test_codes_of_other_tools_are_suppressed_too(code: str) -> None:
    check(PYTHON, f"X  # canfar: ignore[{code}] why\nX!\n", code)


def test_noqa_is_only_for_codes_of_ours() -> None:
    assert not markers(Source("a", PYTHON, "X  # noqa\nX  # noqa: F821\n"))
    assert not markers(Source("a", SHELL, "X  # noqa: CAN301\n"))
    assert len(markers(Source("a", PYTHON, "X  # noqa: ABC101\n"), ("CAN", "ABC"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "X  # canfar: ignore",
        "X  # canfar: ignore[]",
        "X  # canfar: ignore[CAN301",
        "X  # canfar: ignore CAN301",
        "X  # canfar: skip[CAN301]",
        "X  # canfar: ignored",
    ],
)
def test_what_is_malformed_suppresses_nothing_and_is_said(text: str) -> None:
    result = applied(Source("a", PYTHON, f"{text}\n"))
    assert len(result.kept) == 1
    assert [d.code for d in result.about_markers] == ["CAN011"]


@pytest.mark.parametrize(
    "text", ["# canfar: the platform mounts /arc", "# canfar-lint is run here", "# see canfar: docs", "# canfar:"]
)
def test_prose_is_no_marker(text: str) -> None:
    assert not markers(Source("a", PYTHON, f"{text}\n"))


def test_unknown_codes_are_told_and_the_others_hold() -> None:
    result = applied(Source("a", PYTHON, "X  # canfar: ignore[CAN399, CAN301, memmap-of, DL3008] why\n"))
    assert not result.kept
    assert [(d.code, d.place.column) for d in result.about_markers] == [("CAN011", 21), ("CAN011", 37)]
    assert "memmap-off" in result.about_markers[1].message


def test_a_code_that_did_not_run_is_not_called_unused() -> None:
    source = Source("a", PYTHON, "y  # canfar: ignore[CAN301] why\n")
    assert not applied(source, ran=()).about_markers
    assert [d.code for d in applied(source).about_markers] == ["CAN010"]


def test_of_two_markers_for_one_line_the_second_is_unused() -> None:
    text = "X  # canfar: ignore[CAN301, memmap-off] why  # noqa: CAN301\n"
    result = applied(Source("a", PYTHON, text))
    assert not result.kept
    assert [d.code for d in result.about_markers] == ["CAN010", "CAN010"]
    assert [text[d.start : d.end] for d in result.about_markers] == ["memmap-off", "CAN301"]
    assert result.about_markers[1].start > text.index("noqa")


def test_findings_about_markers_can_be_suppressed() -> None:
    text = "# canfar: file-ignore[CAN010, CAN012] kept for the next release\ny  # canfar: ignore[CAN301]\n"
    assert not applied(Source("a", PYTHON, text)).about_markers


@pytest.mark.parametrize(
    ("kind", "text", "fixed"),
    [
        (PYTHON, f"y  {M}\n", "y\n"),
        (PYTHON, f"    {M}\ny\n", "y\n"),
        (PYTHON, f"y\n{M}", "y\n"),
        (PYTHON, f"y  # type: ignore {M}\n", "y  # type: ignore\n"),
        (PYTHON, f"y  {M}  # type: ignore\n", "y  # type: ignore\n"),
        (PYTHON, f"{M}  # type: ignore\ny\n", "# type: ignore\ny\n"),
        (PYTHON, "y  # canfar: ignore[CAN301, F401] why\n", "y  # canfar: ignore[F401] why\n"),
        (PYTHON, "y  # canfar: ignore[F401, CAN301] why\n", "y  # canfar: ignore[F401] why\n"),
        (PYTHON, "y  # noqa: F401, CAN301, E501 x\n", "y  # noqa: F401, E501 x\n"),
        (PYTHON, "y  # noqa: CAN301 because\n", "y  # because\n"),
        (PYTHON, f"y  {M}\r\nz\r\n", "y\r\nz\r\n"),
        (DOCKERFILE, f"RUN a \\\n  {M}\n  b\n", "RUN a \\\n  b\n"),
        (SHELL, f"ls {M}\n", "ls\n"),
    ],
)
def test_the_fix_removes_the_code_or_the_marker(kind: str, text: str, fixed: str) -> None:
    source = Source("a", kind, text)
    found = [d for d in applied(source).about_markers if d.code == "CAN010"]
    assert found and found[0].fix is not None
    ((place, edit),) = found[0].fix.edits
    assert text[: edit.start] + edit.content + text[edit.end :] == fixed
    assert source.place(edit.start, edit.end) == place


pieces = ["# canfar: ignore[CAN301] why", "# noqa: CAN301", "# canfar: ignore", "X", "'", '"""', "\\", "(", ")", "\n"]
pieces += ["\r\n", "  ", "<<EOF", "EOF", "#", "run: |", "RUN ", "[", "%%bash\n", "!ls ", "\t", "é", "\r"]
parts = st.sampled_from(pieces)


@given(st.sampled_from(KINDS), st.lists(parts, max_size=12).map("".join))
def test_any_text_is_survived(kind: str, text: str) -> None:
    source = read("a.ipynb", notebook(text.split("%%\n"))) if kind == NOTEBOOK else Source("a", kind, text)
    result = applied(source)
    assert len(result.kept) + len(result.suppressed) == source.text.count("X")
    for marker in markers(source):
        assert 0 <= marker.start < marker.closed <= marker.end <= len(source.text)
        assert 0 <= marker.delete[0] <= marker.delete[1] <= len(source.text)
        assert all(source.text[code.start : code.end] == code.word for code in marker.codes)


def test_many_markers_take_linear_time() -> None:
    text = "".join(f"X  # canfar: ignore[CAN301] why {n}\n" for n in range(20_000))
    result = applied(Source("a", PYTHON, text))
    assert len(result.suppressed) == 20_000 and not result.kept
