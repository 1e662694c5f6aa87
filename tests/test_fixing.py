"""Repairs: they end, they parse, they keep what is not theirs, and no file is ever left half-written."""

from __future__ import annotations

import ast
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from harness import notebook
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from canfar_lint.diagnostic import SAFE, UNSAFE, Diagnostic, Edit, Fix, Place, PlacedEdit, PlacedFix
from canfar_lint.engine.file import placed_fix
from canfar_lint.fixing import Changed, apply, fix_document, parses, unified, unused, write
from canfar_lint.fixing import python as fixing_python
from canfar_lint.fixing.apply import edited, substituted, to_bytes
from canfar_lint.fixing.imports import completed, import_edits
from canfar_lint.fixing.python import (
    line_after,
    line_before,
    replaced,
    smallest,
    with_argument,
    without_argument,
    without_statement,
)
from canfar_lint.model.notebook import read
from canfar_lint.model.python import PythonModule
from canfar_lint.source import DOCKERFILE, PYTHON, SHELL, TOML, YAML, Source

NOWHERE = Place(1, 1, 1, 1)


def diagnostic(*edits: Edit, code: str = "CAN301", applicability: str = SAFE) -> Diagnostic:
    fix = PlacedFix("Do it", tuple(PlacedEdit(NOWHERE, edit) for edit in edits), applicability)
    return Diagnostic("a", code, "n", "error", "m", NOWHERE, edits[0].start, edits[0].end, fix)


def rule(pattern: str, by: str, **fields: str) -> Callable[[Source], list[Diagnostic]]:
    """A linter that finds a pattern and repairs it."""

    def lint(source: Source) -> list[Diagnostic]:
        found = re.finditer(pattern, source.text)
        return [diagnostic(Edit(m.start(), m.end(), m.expand(by)), **fields) for m in found]

    return lint


def python_rule(pattern: str, by: str, *imports: str) -> Callable[[Source], list[Diagnostic]]:
    """A linter of Python whose repair needs imports, or leaves some that nothing uses."""

    def lint(source: Source) -> list[Diagnostic]:
        found = [
            Fix("Do it", (Edit(m.start(), m.end(), by),), SAFE, imports) for m in re.finditer(pattern, source.text)
        ]
        placed = [(fix.edits[0], placed_fix(source, fix)) for fix in found]
        return [Diagnostic("a", "CAN301", "n", "error", "m", NOWHERE, *edit[:2], fix) for edit, fix in placed if fix]

    return lint


def fixed(text: str, lint: Callable[[Source], list[Diagnostic]], kind: str = PYTHON, **options: object) -> str:
    source = Source("a", kind, text)
    result = fix_document(source, lint(source), lint, **options)  # type: ignore[arg-type]
    assert result.converged
    return result.source.text


# ---- edits


def test_overlapping_and_touching_fixes_wait() -> None:
    fixes = [
        Fix("a", (Edit(0, 2, "A"),)),
        Fix("b", (Edit(1, 3, "B"),)),
        Fix("c", (Edit(2, 4, "C"),)),
        Fix("d", (Edit(5, 6, "D"),)),
        Fix("e", (Edit(3, 3, "E"), Edit(8, 9, "E"))),
    ]
    text, taken = apply("0123456789", fixes)
    assert (text, [fix.title for fix in taken]) == ("A2E34D67E9", ["a", "e", "d"])


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    fixes = [Fix("a", (Edit(4, 5, "x"),)), Fix("b", (Edit(0, 1, "y"), Edit(4, 6, "y")))]
    assert apply("0123456789", fixes) == ("y123y6789", [fixes[1]])


def test_equal_fixes_are_made_once_and_both_count() -> None:
    fixes = [Fix("a", (Edit(0, 1, ""),)), Fix("b", (Edit(0, 1, ""),))]
    assert apply("ab", fixes) == ("b", fixes)


def test_blanks_that_two_fixes_put_in_are_not_one() -> None:
    fixes = [Fix("a", (Edit(0, 1, "a"), Edit(4, 4, " "))), Fix("b", (Edit(2, 3, "b"), Edit(4, 4, " ")))]
    assert apply("012345", fixes) == ("a123 45", fixes[:1])
    shared = [fix._replace(edits=(fix.edits[0], Edit(4, 4, "x"))) for fix in fixes]
    assert apply("012345", shared) == ("a1b3x45", shared)


def test_an_unsound_fix_is_not_made() -> None:
    assert apply("abcdef", [Fix("a", (Edit(0, 3, ""), Edit(2, 4, "")))]) == ("abcdef", [])


spans = st.tuples(st.integers(0, 20), st.integers(0, 6), st.sampled_from(["", "x", "yy"]))
some_fixes = st.lists(st.lists(spans, min_size=1, max_size=3), max_size=6).map(
    lambda made: [Fix(str(n), tuple(Edit(a, min(a + b, 20), c) for a, b, c in edits)) for n, edits in enumerate(made)]
)


@given(some_fixes)
def test_the_fixes_of_a_round_do_not_meet(fixes: list[Fix]) -> None:
    text = "0123456789abcdefghij"
    new, taken = apply(text, fixes)
    edits = sorted({edit for fix in taken for edit in fix.edits})
    for before, after in pairwise(edits):
        same = any(before in fix.edits and after in fix.edits for fix in taken)
        assert before.end < after.start or (same and before.end <= after.start)
    kept = "".join(
        text[a:b] for a, b in zip([0, *(e.end for e in edits)], [*(e.start for e in edits), 20], strict=True)
    )
    assert len(new) == len(kept) + sum(len(edit.content) for edit in edits)


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_the_smallest_edit_makes_the_new_text(old: str, new: str) -> None:
    edit = smallest(3, old, new)
    assert substituted(f"<<<{old}>>>", [edit]) == f"<<<{new}>>>"
    if old and new and old != new:
        assert old[edit.start - 3 : edit.end - 3][:1] != edit.content[:1] or not edit.content


# ---- a file's fixes


def test_a_fix_can_make_room_for_the_next() -> None:
    assert fixed("aaaa = 1\n", rule("aa", "a")) == "a = 1\n"


def test_the_rounds_are_counted() -> None:
    source, lint = Source("a", PYTHON, "x = 1\n"), rule(r"x\b", "xx x")
    swap = rule(r"(x|y) = ", r"z\1 = ")
    result = fix_document(source, swap(source), swap)
    assert not result.converged and len(result.applied) == 10
    result = fix_document(source, lint(source), lint)
    assert result.source.text == "x = 1\n" and len(result.broken) == 1


def test_a_fix_that_breaks_is_named_and_the_others_are_made() -> None:
    lint = rule(r"(b\d)", r"\1 \1")

    def both(source: Source) -> list[Diagnostic]:
        return rule("a", "good")(source) + lint(source) + rule("c", "fine", code="CAN302")(source)

    source = Source("a", PYTHON, "a = 1\nb1 = 2\nc = 3\nb2 = 4\n")
    result = fix_document(source, both(source), both)
    assert result.source.text == "good = 1\nb1 = 2\nfine = 3\nb2 = 4\n"
    assert [d.fix.edits[0].edit.content for d in result.broken if d.fix] == ["b1 b1", "b2 b2"]
    assert len(result.applied) == 2


def test_fixes_that_break_only_together_are_made_in_turn() -> None:
    def lint(source: Source) -> list[Diagnostic]:
        module = PythonModule(source)
        calls = [n for n in ast.walk(module.tree) if isinstance(n, ast.Expr)]
        return [diagnostic(*without_statement(module, call)) for call in calls]

    assert fixed("if x:\n    show()\n    show()\n    show()\n", lint) == "if x:\n    pass\n"


def test_unsafe_fixes_are_asked_for() -> None:
    lint = rule("a", "b", applicability=UNSAFE)
    assert fixed("a = 1\n", lint) == "a = 1\n"
    assert fixed("a = 1\n", lint, unsafe=True) == "b = 1\n"
    display = rule("a", "b", applicability="display")
    assert fixed("a = 1\n", display, unsafe=True) == "a = 1\n"
    assert fixed("a = 1\n", lint, wanted=lambda d: d.code == "CAN301") == "b = 1\n"


def test_python_that_does_not_parse_is_left_alone() -> None:
    assert fixed("print 'a'\n", rule("a", "b")) == "print 'a'\n"


def test_a_character_that_the_encoding_lacks_is_not_written() -> None:
    source, lint = Source("a", PYTHON, "a = 1\n", "ascii"), rule("a", "é")
    result = fix_document(source, lint(source), lint)
    assert result.source is source and len(result.broken) == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (PYTHON, "x = 1\n", "x = = 1\n"),
        (DOCKERFILE, "FROM a\nRUN b\n", "FROM a\nNONSENSE b\n"),
        (SHELL, "if a; then b; fi\n", "if a; then b\n"),
        (YAML, "a: [1]\nb: !reference [x]\n", "a: [1\n"),
        (TOML, "a = 1\n", "a = \n"),
    ],
)
def test_every_kind_is_parsed_by_its_own_parser(kind: str, good: str, bad: str) -> None:
    assert parses(Source("a", kind, good))
    assert not parses(Source("a", kind, bad))


def test_encoding_mark_and_newlines_stay() -> None:
    data = b"\xef\xbb\xbf# caf\xc3\xa9\r\na = 1\r\n"
    source = Source.decode("a.py", PYTHON, data)
    at = source.text.index("1")
    assert to_bytes(edited(source, [Edit(at, at + 1, "2")])) == data.replace(b"1", b"2")
    latin = b"# coding: latin-1\ne = '\xe9'\n"
    source = Source.decode("a.py", PYTHON, latin)
    assert to_bytes(edited(source, [Edit(0, 0, "# \xe8\n")])) == b"# \xe8\n" + latin


def test_a_notebook_is_fixed_cell_by_cell() -> None:
    lint = rule("memmap=False", "memmap=True")
    data = notebook(["%matplotlib inline\nx = open(memmap=False)\n", "y = 1\n", "!ls\nz(memmap=False)\n"])
    source = read("a.ipynb", data)
    result = fix_document(source, lint(source), lint)
    assert to_bytes(result.source) == data.replace(b"memmap=False", b"memmap=True")


python_lines = ["import os", "if a:", "    show()", "    x = f(a, b=1)", "show()", "f(\n    a,\n    b=1,  # B\n)"]
python_lines += [
    "for i in b:",
    "else:",
    "    pass",
    "s = '''\nshow()\n'''",
    "def g():",
    "    return 1",
    "x = 1; show()",
]
python_lines += ["", "# show()", "with f(b=1) as y: show()"]


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(st.sampled_from(python_lines), min_size=1, max_size=12).map("\n".join), st.sampled_from(["\n", "\r\n"]))
def test_repairs_of_generated_python_end_and_parse(text: str, newline: str) -> None:
    source = Source("a", PYTHON, text.replace("\n", newline))
    assume(parses(source))

    def lint(source: Source) -> list[Diagnostic]:
        module = PythonModule(source)
        found = []
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and any(k.arg == "b" for k in node.keywords):
                found.append(diagnostic(*without_argument(module, node, "b")))
            if isinstance(node, ast.Expr) and module.code(node) == "show()":
                found.append(diagnostic(*without_statement(module, node)))
            if isinstance(node, ast.Constant) and node.value == 1:
                edits = completed(source, Fix("", replaced(module, node, "os.sep"), SAFE, ("os",)))
                found.append(diagnostic(*edits or ()))
        return found

    result = fix_document(source, lint(source), lint)
    assert result.converged and not result.broken
    assert parses(result.source) and not result.diagnostics
    assert "\n" not in result.source.text.replace(newline, "") if newline == "\r\n" in source.text else True
    strings = re.findall(r"'''.*?'''|#[^\n\r]*", source.text, re.DOTALL)
    assert all(text in result.source.text for text in strings if text not in ("# B", "# show()"))


# ---- what the edits of Python code leave


@given(
    st.lists(st.sampled_from(["a", "(c)", "*d", "x=1", "**k", "g(1, 2)", '"s, )"', 'é="ü"']), max_size=3),
    st.integers(0, 3),
    st.sampled_from([", ", ",", " , ", ",  "]),
    st.sampled_from(["", ",", ", ", " ,"]),
    st.sampled_from(["", " "]),
)
def test_an_argument_of_one_row_goes_as_libcst_would_have_it(
    others: list[str], at: int, comma: str, last: str, lead: str
) -> None:
    given = comma.join([*others[:at], "b=1", *others[at:]])
    source = Source("a", PYTHON, f"y = m.f({lead}{given}{last}).z + 1\n")
    assume(parses(source))
    module = PythonModule(source)
    call = next(call for call in module.all_calls if any(k.arg == "b" for k in call.keywords))
    plain = without_argument(module, call, "b")
    with mock.patch.object(fixing_python, "_without_in_row", return_value=None):
        assert plain == without_argument(module, call, "b")


@pytest.mark.parametrize("head", ["import ", "from a.b import ", "from . import ", "from  .c  import  "])
@pytest.mark.parametrize("gone", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
def test_names_of_an_import_on_one_row_go_as_libcst_would_have_it(head: str, gone: tuple[int, ...]) -> None:
    text = f"{head}x as y, z, w"
    statement = ast.parse(text).body[0]
    assert isinstance(statement, (ast.Import, ast.ImportFrom))
    those = [unused._Imported(statement, statement.names[number], False) for number in gone]
    plain = unused._without(Source("a", PYTHON, text), 0, len(text), those)
    with mock.patch.object(unused, "_IN_ROW", re.compile("(?!)")):
        assert plain == unused._without(Source("a", PYTHON, text), 0, len(text), those)


def removed(text: str) -> str:
    module = PythonModule(Source("a", PYTHON, text))
    calls = [n for n in ast.walk(module.tree) if isinstance(n, ast.Call) and any(k.arg == "b" for k in n.keywords)]
    new = substituted(text, without_argument(module, calls[0], "b"))
    ast.parse(new)
    return new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("f(a, b=1, c=2)", "f(a, c=2)"),
        ("f(a, b=1)", "f(a)"),
        ("f(b=1)", "f()"),
        ("f(b=1, c=2)", "f(c=2)"),
        ("f(a, b=1,)", "f(a,)"),
        ("f(a , b = 1 , c=2)", "f(a , c=2)"),
        ("f(\n    a,\n    b=1,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    b=1\n)", "f(\n    a\n)"),
        ("f(\n    b=1,\n)", "f()"),
        ("f(\n    a,  # A\n    # own\n    b=1,  # B\n    c=2,  # C\n)", "f(\n    a,  # A\n    # own\n    c=2,  # C\n)"),
        ("f(\n    a,  # A\n    b=1  # B\n)", "f(\n    a  # A\n)"),
        ("f(a, b=1,  # both\n  c=2)", "f(a,  # both\n  c=2)"),
        ("f(a,\n  b=1, c=2)", "f(a,\n  c=2)"),
        ("f(a,  # A\n  b=1)", "f(a  # A\n  )"),
        ("x = (g\n  .f(a, b=1)\n  .h())", "x = (g\n  .f(a)\n  .h())"),
        ("f(a, *z, b='é', **k)", "f(a, *z, **k)"),
        ("f('é', g(b=1), c=3)", "f('é', g(), c=3)"),
        ("f(\r\n    a,\r\n    b=1,\r\n)", "f(\r\n    a,\r\n)"),
        ("with f(a, b=[\n 1]) as x: pass", "with f(a) as x: pass"),
        ("f(a, b=1) + g(c, b=2)", "f(a) + g(c, b=2)"),
    ],
)
def test_without_an_argument(text: str, new: str) -> None:
    assert removed(text) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("bad()\n", "bad(x=1)\n"),
        ("bad(a, b=2)\n", "bad(a, b=2, x=1)\n"),
        ("bad(a, b=2,)\n", "bad(a, b=2, x=1,)\n"),
        ("bad(\n    a, b\n)\n", "bad(\n    a, b, x=1\n)\n"),
        ("bad(\n    a,\n    b,  # last\n)\n", "bad(\n    a,\n    b,  # last\n    x=1,\n)\n"),
        ("bad(\r\n\ta,\r\n\tb\r\n)\r\n", "bad(\r\n\ta,\r\n\tb,\r\n\tx=1\r\n)\r\n"),
        ("bad(\r\n  a,  # only\r\n)\r\n", "bad(\r\n  a,  # only\r\n  x=1,\r\n)\r\n"),
        ("bad(\n    a  # only\n)\n", "bad(\n    a,  # only\n    x=1\n)\n"),
        ("bad(a,\n    b)\n", "bad(a,\n    b, x=1)\n"),
        ("bad(y for y in z)\n", "bad(y for y in z)\n"),
        ("f'{bad()}'\n", "f'{bad()}'\n"),
    ],
)
def test_with_an_argument(text: str, new: str) -> None:
    module = PythonModule(Source("a", PYTHON, text))
    call = next(c for c in module.all_calls if module.code(c.func) == "bad")
    assert substituted(text, with_argument(module, call, "x=1")) == new
    ast.parse(new)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("HERE()\n", "a\nHERE()\n", "HERE()\na\n"),
        ("HERE()", "a\nHERE()", "HERE()\na"),
        ("if x:\r\n\tHERE()  # c\r\n", "if x:\r\n\ta\r\n\tHERE()  # c\r\n", "if x:\r\n\tHERE()  # c\r\n\ta\r\n"),
        ("if x: HERE()\n", "if x: HERE()\n", "if x: HERE()\n"),
        ("HERE(); b\n", "a\nHERE(); b\n", "HERE(); b\n"),
        ("HERE(\n  1,\n)\n", "a\nHERE(\n  1,\n)\n", "HERE(\n  1,\n)\na\n"),
    ],
)
def test_a_line_before_and_after_a_statement(text: str, before: str, after: str) -> None:
    module = PythonModule(Source("a", PYTHON, text))
    here = next(n for n in ast.walk(module.tree) if isinstance(n, ast.Expr) and module.code(n).startswith("HERE"))
    assert substituted(text, line_before(module, here, "a")) == before
    assert substituted(text, line_after(module, here, "a")) == after


def test_nothing_is_changed_inside_an_f_string() -> None:
    assert removed("x = f'{f(a, b=1)}'") == "x = f'{f(a, b=1)}'"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("a\nbad()  # c\nb\n", "a\nb\n"),
        ("bad()\n", ""),
        ("if x:\n    bad()\n", "if x:\n    pass\n"),
        ("if x:\n    bad()\n    y\n", "if x:\n    y\n"),
        ("if x: bad()\n", "if x: pass\n"),
        ("if x: a; bad()\n", "if x: a\n"),
        ("a; bad(); c\n", "a; c\n"),
        ("bad(); a  # c\n", "a  # c\n"),
        ("a; bad();\n", "a\n"),
        ("bad(\n 1,\n)\nx", "x"),
        ("try:\n    a\nfinally:\n    bad()\n", "try:\n    a\nfinally:\n    pass\n"),
        ("x = 1\r\nbad()\r\ny\r\n", "x = 1\r\ny\r\n"),
    ],
)
def test_without_a_statement(text: str, new: str) -> None:
    module = PythonModule(Source("a", PYTHON, text))
    bad = [n for n in ast.walk(module.tree) if isinstance(n, ast.Expr) and module.code(n).startswith("bad")]
    assert substituted(text, without_statement(module, bad[0])) == new
    ast.parse(new)


@pytest.mark.parametrize(
    ("text", "code", "new"),
    [
        ("x = HERE\n", "a or b", "x = a or b\n"),
        ("x = HERE.b\n", "a or b", "x = (a or b).b\n"),
        ("x = HERE + 1\n", "a if b else c", "x = (a if b else c) + 1\n"),
        ("f(HERE)\n", "a or b", "f(a or b)\n"),
        ("HERE(1)\n", "lambda: 0", "(lambda: 0)(1)\n"),
        ("x[HERE]\n", "a or b", "x[a or b]\n"),
        ("x = HERE % 2\n", "os.environ['A']", "x = os.environ['A'] % 2\n"),
        ("x = f'{HERE}'\n", "a", "x = f'{HERE}'\n"),
    ],
)
def test_an_expression_replaced(text: str, code: str, new: str) -> None:
    module = PythonModule(Source("a", PYTHON, text))
    here = next(n for n in ast.walk(module.tree) if isinstance(n, ast.Name) and n.id == "HERE")
    assert substituted(text, replaced(module, here, code)) == new


def test_a_statement_replaced_keeps_its_indentation() -> None:
    text = "if x:\r\n    a = 1\r\n"
    module = PythonModule(Source("a", PYTHON, text))
    statement = next(n for n in ast.walk(module.tree) if isinstance(n, ast.Assign))
    assert substituted(text, replaced(module, statement, "if y:\n    a = 2")) == (
        "if x:\r\n    if y:\r\n        a = 2\r\n"
    )


# ---- imports


def imported(text: str, *needs: str, at: int | None = None, kind: str = PYTHON) -> str:
    source = Source("a", kind, text)
    used_at = len(text) if at is None else at
    new = substituted(text, sorted(import_edits(source, [(name, used_at) for name in needs])))
    ast.parse(new)
    return new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = 1\n", "import os\n\nx = 1\n"),
        ("", "import os\n"),
        ("import os\nx = 1\n", "import os\nx = 1\n"),
        ("import os.path\nx = 1\n", "import os.path\nx = 1\n"),
        ("import os as o\nx = 1\n", "import os as o\nimport os\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport os\n\nx = 1\n'),
        ('#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\n"""Doc."""\n', None),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\nimport os\n\nx = 1\n"),
        ("from __future__ import annotations\n\nx = 1\n", "from __future__ import annotations\n\nimport os\n\nx = 1\n"),
        ("from __future__ import a\nimport sys\n".replace(" a\n", " annotations\n"), None),
        ("import glob\nimport sys\n\nimport numpy\n", "import glob\nimport os\nimport sys\n\nimport numpy\n"),
        ("import numpy\n\nx = 1\n", "import os\n\nimport numpy\n\nx = 1\n"),
        ("from pathlib import Path\n\nx = 1\n", "import os\nfrom pathlib import Path\n\nx = 1\n"),
        ("import sys\r\nx = 1\r\n", "import os\r\nimport sys\r\nx = 1\r\n"),
        ("@dec\ndef f(): pass\n", "import os\n\n@dec\ndef f(): pass\n"),
        ("__version__ = 1\nimport sys\nx = 1\n", "__version__ = 1\nimport os\nimport sys\nx = 1\n"),
        ("import glob", "import glob\nimport os"),
        ("def f():\n    import os\n", "import os\n\ndef f():\n    import os\n"),
        ("import (".replace("(", "sys, re\n") + "x = 1\n", "import os\nimport sys, re\nx = 1\n"),
    ],
)
def test_an_import_goes_where_a_reader_looks_for_it(text: str, new: str | None) -> None:
    result = imported(text, "os")
    assert result.replace("\r", "").count("import os\n") + result.endswith("import os") + ("os.path" in text) >= 1
    if new is not None:
        assert result == new
    assert imported(result, "os") == result


def test_several_imports_and_members() -> None:
    text = "import sys\nfrom pathlib import Path\n\nimport numpy\n"
    assert imported(text, "os", "os.path:join", "argparse", "numpy:array") == (
        "import argparse\nimport os\nimport sys\nfrom os.path import join\nfrom pathlib import Path\n\nimport numpy\n"
        "from numpy import array\n"
    )


known_imports = ["import os", "import sys", "import numpy as np", "import re", "import glob", "from os import path"]
known_imports += ["import os.path", "from astropy.io import fits", "import astropy.units as u", "from . import local"]
known_imports += ["from ..a import b", "import Image", "from typing import Any, List", "import h5py"]
known_imports += ["from pathlib import PurePath, WindowsPath", "from collections.abc import Iterable"]


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["", '"""Doc."""\n\n', "from __future__ import annotations\n\n", "#!/usr/bin/env python\n"]),
    st.lists(st.sampled_from(known_imports), min_size=1, unique=True),
    st.sampled_from(["os", "subprocess", "pathlib:Path", "emcee", "typing:Optional", "os:sep"]),
)
def test_imports_that_ruff_has_sorted_stay_sorted(head: str, lines: list[str], need: str) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", "I001", "-"]
    text = "\n".join([head.removesuffix("\n"), *lines, "", "x = 1\n"]).lstrip("\n")
    text = subprocess.run([*command, "--fix"], input=text, capture_output=True, text=True).stdout
    new = imported(text, need)
    assert subprocess.run(command, input=new, capture_output=True, text=True).returncode == 0, new


def test_an_import_behind_the_use_does_not_count() -> None:
    text = "x = HERE\nimport os\n"
    assert imported(text, "os", at=4) == "import os\n\nx = HERE\nimport os\n"


def test_a_name_that_means_something_else_is_not_imported() -> None:
    with pytest.raises(ValueError, match="os means something else"):
        imported("def f(os):\n    return os\n", "os")


def test_a_fix_that_needs_an_import_that_another_one_removes() -> None:
    def lint(source: Source) -> list[Diagnostic]:
        needing = python_rule("HERE", "os.sep", "os")(source)
        unused = rule(r"import os\n", "", code="F401")(source) if "os." not in source.text else []
        return needing + unused

    assert fixed("import os\nx = HERE\n", lint) in ("import os\nx = os.sep\n", "import os\n\nx = os.sep\n")


def test_an_import_in_a_notebook_goes_to_the_first_imports_or_the_cell() -> None:
    lint = python_rule("HERE", "os.sep", "os")
    for cells, new in (
        (
            ["%matplotlib inline\nimport sys\n", "x = HERE\n"],
            ["%matplotlib inline\nimport os\nimport sys\n", "x = os.sep\n"],
        ),
        (["a = 1\n", "%%time\nx = HERE\n"], ["a = 1\n", "%%time\nimport os\n\nx = os.sep\n"]),
        (["x = HERE\n", "import sys\n"], ["import os\n\nx = os.sep\n", "import sys\n"]),
    ):
        source = read("a.ipynb", notebook(cells))
        assert to_bytes(fix_document(source, lint(source), lint).source) == notebook(new)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("import multiprocessing\nimport sys\n\nx = multiprocessing.HERE\nsys\n", "import sys\n\nx = 1\nsys\n"),
        ("import a\n\nx = a.HERE\n", "x = 1\n"),
        ("import a, b\nx = a.HERE, b\n", "import b\nx = 1, b\n"),
        ("from a import (\n    b,  # B\n    c,\n)\nx = b.HERE, c\n", "from a import (\n    c,\n)\nx = 1, c\n"),
        ("def f():\n    import a\n    return a.HERE\n", "def f():\n    return 1\n"),
        ("import a.b as c\r\nx = c.HERE\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        # several fixes together
        ("import a\nx = a.HERE\ny = a.HERE\n", "x = 1\ny = 1\n"),
        # not used before either, used elsewhere, or there for others
        ("import b\nx = a.HERE\n", "import b\nx = 1\n"),
        ("import a\nx = a.HERE, a\n", "import a\nx = 1, a\n"),
        ("import a\n__all__ = ['a']\nx = a.HERE\n", "import a\n__all__ = ['a']\nx = 1\n"),
        ("import a  # noqa: F401\nx = a.HERE\n", "import a  # noqa: F401\nx = 1\n"),
        ("import a as a\nx = a.HERE\n", "import a as a\nx = 1\n"),
        ("try:\n    import a\nexcept E:\n    a = 0\nx = a.HERE\n", "try:\n    import a\nexcept E:\n    a = 0\nx = 1\n"),
    ],
)
def test_imports_that_a_fix_leaves_unused_go_with_it(text: str, new: str) -> None:
    assert fixed(text, python_rule(r"\w+\.HERE", "1")) == new


def test_an_import_that_another_cell_or_a_magic_uses_stays() -> None:
    lint = python_rule(r"\w+\.HERE", "1")
    for cells, new in (
        (["import a\n", "x = a.HERE\n", "print(a)\n"], ["import a\n", "x = 1\n", "print(a)\n"]),
        (["import a\n", "x = a.HERE\n", "%timeit a.f()\n"], ["import a\n", "x = 1\n", "%timeit a.f()\n"]),
        (["%matplotlib inline\nimport a\n", "x = a.HERE\n"], ["%matplotlib inline\n", "x = 1\n"]),
    ):
        source = read("a.ipynb", notebook(cells))
        assert to_bytes(fix_document(source, lint(source), lint).source) == notebook(new)


# ---- differences


def ruffs_diff(path: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F401", "--diff"]
    said = subprocess.run([*command, *arguments], cwd=path, capture_output=True, check=False).stdout.decode()
    return re.sub(r"Would fix \d+ errors?\.\n$", "", said)


@pytest.mark.parametrize(
    "text",
    [
        "import os\nimport sys\n\n\nx = 1\n",
        "import os",
        "x = 1\n" * 9 + "import os\n" + "y = 2\n" * 9,
        "import os\r\nx\r\n",
    ],
)
def test_the_difference_is_shown_as_ruff_shows_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(text.encode())
    old = Source("a.py", PYTHON, text)
    new = Source("a.py", PYTHON, re.sub(r"import \w+\r?\n?", "", text))
    assert unified("a.py", old, new) == ruffs_diff(tmp_path, "a.py")
    assert unified("a.py", old, old) == ""


def test_the_difference_of_a_notebook_is_shown_by_cell(tmp_path: Path) -> None:
    data = notebook(
        ["import os\nx = 1\n", "y = 1\n", "%%bash\nls\n", "import re\nimport sys\n", "z = 1\nimport ast\n", ""]
    )
    (tmp_path / "a.ipynb").write_bytes(data)
    old = read("a.ipynb", data)
    lint = rule(r"import \w+\n", "")
    assert unified("a.ipynb", old, old) == ""
    new = fix_document(old, lint(old), lint).source
    assert unified("a.ipynb", old, new) == ruffs_diff(tmp_path, "a.ipynb")


# ---- writing


def test_mode_link_and_neighbours_stay(tmp_path: Path) -> None:
    target = tmp_path / "real" / "job.sh"
    target.parent.mkdir()
    target.write_bytes(b"old")
    target.chmod(0o751)
    link = tmp_path / "job.sh"
    link.symlink_to(target)
    write(str(link), b"new", b"old")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751
    assert os.listdir(target.parent) == ["job.sh"]


def test_a_file_that_has_changed_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"theirs")
    with pytest.raises(Changed, match="changed since it was read"):
        write(str(path), b"ours", b"old")
    assert path.read_bytes() == b"theirs" and os.listdir(tmp_path) == ["a.py"]


def test_one_file_under_two_names_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old")
    (tmp_path / "b.py").symlink_to("a.py")
    write(str(tmp_path / "b.py"), b"new", b"old")
    write(str(tmp_path / "a.py"), b"new", b"old")
    assert (tmp_path / "b.py").is_symlink() and (tmp_path / "a.py").read_bytes() == b"new"


def test_what_cannot_be_written_is_left(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(str(tmp_path / "gone.py"), b"new", b"old")
    with pytest.raises(OSError, match="not a regular file"):
        write(str(tmp_path), b"new", b"old")
    assert not os.listdir(tmp_path)


_WRITER = """
import sys
from canfar_lint.fixing import write
path, states = sys.argv[1], [bytes([c]) * 3_000_000 for c in b"ab"]
number = 0
print("ready", flush=True)
while True:
    write(path, states[1 - number], states[number])
    number = 1 - number
"""


def test_a_killed_writer_leaves_one_content_or_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    contents = [bytes([c]) * 3_000_000 for c in b"ab"]
    seen = set()
    for turn in range(12):
        path.write_bytes(contents[0])
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
        time.sleep(0.003 * turn)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = path.read_bytes()
        assert content in contents
        seen.add(content)
    left = [name for name in os.listdir(tmp_path) if name != "a.py"]
    assert all(name.startswith(".a.py.") and name.endswith(".canfar-lint-tmp") for name in left)
