"""Whatever stands together in one file, and however it is written, repairs keep to their rules.

Files are made of the catalogue's examples, several in one, with comments and blank lines between their lines, tabs,
Windows newlines and a byte-order mark. Of each: no fix breaks it, the repair ends, a second one finds nothing to do, no
comment is lost, newlines and mark stay, and a reader of the JSON report makes the same bytes.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import tokenize
from functools import cache
from pathlib import Path

from harness import examples, unmarked
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from independent import applied

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.engine.file import Profile, lint_bytes
from canfar_lint.fixing import fix_document, parses
from canfar_lint.fixing.apply import to_bytes
from canfar_lint.fixing.document import is_wanted
from canfar_lint.reporting import Report, render
from canfar_lint.settings import Resolver
from canfar_lint.settings.read import inline_layer
from canfar_lint.source import DOCKERFILE, PYTHON, SHELL, Source

_NAMES = {PYTHON: "run.py", DOCKERFILE: "Dockerfile", SHELL: "run.sh"}
_SHORT = {PYTHON: "py", DOCKERFILE: "docker", SHELL: "sh"}
_OWN_FILE = ("tree", "settings", "path")
_slow = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def texts(kind: str) -> list[str]:
    return [
        unmarked(each.text)[0]
        for each in examples()
        if each.bad and each.kind == _SHORT[kind] and not any(key in each.fields for key in _OWN_FILE)
    ]


@cache
def profile() -> Profile:
    layer = inline_layer('select = ["ALL"]', ".")
    assert layer is not None
    resolver = Resolver((layer,), isolated=True)
    return Profile(resolver.selection(resolver.base).rules.values(), resolver.base)


def lint(source: Source) -> list[Diagnostic]:
    found = lint_bytes(source.path, source.kind, to_bytes(source), profile(), profile().settings).diagnostics
    return [diagnostic for diagnostic in found if diagnostic.question is None]


def logical_ends(text: str) -> list[int]:
    """The rows of Python after which a comment may stand as a line of its own."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.end[0] for token in tokens if token.type == tokenize.NEWLINE]


def free_rows(kind: str, text: str) -> list[int]:
    if kind == PYTHON:
        return logical_ends(text)
    lines = text.split("\n")
    plain = not re.search(r"<<|'[^'\n]*\n|\"[^\"\n]*\n", text)
    return [row for row, line in enumerate(lines, 1) if plain and not line.rstrip().endswith("\\")]


@st.composite
def files(draw: st.DrawFn, kind: str) -> Source:
    pieces = draw(st.lists(st.sampled_from(texts(kind)), min_size=1, max_size=4, unique=True))
    text = "\n".join(piece if piece.endswith("\n") else f"{piece}\n" for piece in pieces)
    if kind == PYTHON and draw(st.booleans()):
        text = re.sub(r"^(?: {4})+", lambda match: "\t" * (len(match[0]) // 4), text, flags=re.MULTILINE)
    assume(parses(Source(_NAMES[kind], kind, text)))
    rows = free_rows(kind, text)
    lines = text.split("\n")
    for number, row in enumerate(
        sorted(draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else [], reverse=True)
    ):
        indent = re.match(r"[ \t]*", lines[row] if row < len(lines) else "")
        between = draw(st.sampled_from(["# note {}", "# ångström {} 🔭", "", " ", "#{}", "\n# two {}"]))
        lines[row:row] = [
            f"{indent[0] if indent else ''}{line}" if line else "" for line in between.format(number).split("\n")
        ]
    text = "\n".join(lines)
    if draw(st.booleans()) and not (kind != PYTHON and "<<" in text):
        text = text.replace("\n", "\r\n")
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    source = Source(_NAMES[kind], kind, text, bom=kind == PYTHON and draw(st.booleans()))
    assume(parses(source))
    return source


def comments(source: Source) -> list[str]:
    """The comments that were put in: each has a number of its own."""
    return sorted(re.findall(r"^[ \t]*(#(?: note | ångström | two )\d+)", source.text, flags=re.MULTILINE))


def check(source: Source, unsafe: bool) -> None:
    found = lint(source)
    assume(any(is_wanted(diagnostic, unsafe) for diagnostic in found))
    result = fix_document(source, found, lint, unsafe=unsafe)
    assert not result.broken, [(d.code, d.fix) for d in result.broken]
    assert result.converged and result.applied and parses(result.source)
    assert not [d.code for d in result.diagnostics if is_wanted(d, unsafe)]
    again = fix_document(result.source, lint(result.source), lint, unsafe=unsafe)
    assert not again.applied and again.source.text == result.source.text
    assert comments(result.source) == comments(source)
    new = to_bytes(result.source)
    assert new.startswith(b"\xef\xbb\xbf") == source.bom
    if "\r\n" in source.text:
        assert "\n" not in result.source.text.replace("\r\n", "")
    assert by_report(source, unsafe) == new or imports_left(source, result.source)


def imports_left(old: Source, new: Source) -> bool:
    """Whether imports went that only several fixes together leave unused, which no report can show."""
    wanted = re.compile(r"^[ \t]*(?:from .*)?import .*?$", re.MULTILINE)
    return old.kind == PYTHON and bool({*wanted.findall(old.text)} - {*wanted.findall(new.text)})


def by_report(source: Source, unsafe: bool) -> bytes:
    levels = ("safe", "unsafe") if unsafe else ("safe",)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source.path
        path.write_bytes(to_bytes(source))
        for _ in range(12):
            found = lint(Source.decode(source.path, source.kind, path.read_bytes()))
            report = json.loads(render("json", Report(found, lambda path, cell: None)))
            done = applied(path, report, levels)
            if not done.findings:
                break
            path.write_bytes(done.data)
        return path.read_bytes()


# a row of blanks below an opening: the block below its `with` would not parse
BLANKS = "import sys\n\nfor name in sys.argv:\n    f = open(name)\n    \n    x = f.read()\n    print(x, f.name)\n"


@_slow
@example(Source("run.py", PYTHON, BLANKS), True)
@given(files(PYTHON), st.booleans())
def test_python(source: Source, unsafe: bool) -> None:
    check(source, unsafe)


@_slow
@given(files(DOCKERFILE), st.booleans())
def test_dockerfiles(source: Source, unsafe: bool) -> None:
    check(source, unsafe)


@_slow
@given(files(SHELL), st.booleans())
def test_shell(source: Source, unsafe: bool) -> None:
    check(source, unsafe)
