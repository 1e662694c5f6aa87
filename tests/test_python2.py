"""Python 2 sources are linted: by line, without fixes, and without a word where they cannot be read."""

from __future__ import annotations

import pytest

from canfar_lint.catalogue import load
from canfar_lint.engine import lint_bytes
from canfar_lint.settings import Resolver


def findings(code: str) -> list[tuple[int, int, str]]:
    resolver = Resolver(isolated=True)
    rules = [load().rules[code] for code in ("CAN101", "CAN301")]
    result = lint_bytes("run.py", "python", code.encode(), rules, resolver.base)
    assert all(d.fix is None for d in result.diagnostics)
    return [(d.place.row, d.place.column, d.code) for d in result.diagnostics]


@pytest.mark.parametrize(
    "statement",
    [
        "print 'a', b",
        "print >>log, 'a'",
        "print 'a',",
        "if bad: raise ValueError, 'bad'",
        "exec 'x = 1' in space",
        "mode = 0644",
        "if a <> b: pass",
        "text = `value`",
        "try:\n    pass\nexcept IOError, error:\n    pass",
        "count = 10L",
        "tclean(async=False)\nprint 'x'",
        "def f((a, b), c=(1, 2)): print a",
        "key = lambda (a, b), c: a\nprint key",
    ],
)
def test_every_kind_of_old_statement_is_read(statement: str) -> None:
    rows = statement.count("\n") + 2
    assert [(row, code) for row, _, code in findings(f"{statement}\nx = raw_input('go? ')\n")] == [(rows, "CAN101")]


def test_mixed_tabs_and_blanks_keep_their_lines() -> None:
    assert findings("def f():\n\tx = 1\n        print x\n\ty = raw_input()\n") == [(4, 2, "CAN101")]


def test_tabs_that_only_python2_takes_for_eight_columns() -> None:
    assert findings("def f(a):\n\tif a:\n            x = 1\n        y = raw_input()\n") == [(4, 9, "CAN101")]


@pytest.mark.parametrize("statement", ["print 'y = x\\u2'", "import urllib2\nf('\\N')", "print r'\\u', '\\\\\\u2'"])
def test_escapes_that_only_python3_refuses(statement: str) -> None:
    rows = statement.count("\n") + 2
    assert findings(f"{statement}\nx = raw_input('go? ')\n") == [(rows, 1, "CAN101")]


def test_windows_newlines_keep_their_lines() -> None:
    assert findings("print 'a'\r\nx = raw_input()\r\n") == [(2, 1, "CAN101")]


def test_what_cannot_be_read_is_counted_and_not_judged() -> None:
    resolver = Resolver(isolated=True)
    code = b"print 'a'\nif broken\nraw_input()\n"
    result = lint_bytes("run.py", "python", code, [load().rules["CAN101"]], resolver.base)
    assert not result.diagnostics
    assert result.problem
