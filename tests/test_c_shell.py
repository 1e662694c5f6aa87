"""The reader of the C shell: what its control flow, assignments and redirections come to."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canfar_lint.model.shell import Script, parse
from canfar_lint.source import SHELL, Source, is_c_shell


def read(text: str) -> Script:
    script = parse(textwrap.dedent(text), c_shell=True)
    assert script.error is None, script.error
    return script


def test_assignments() -> None:
    text = "set a = x b=$1 c = ( d e )\nsetenv F /g:$F\n@ n = $n + 1\nset list[2] = h\n"
    found = {entry.name: entry.value for entry in read(text).assignments}
    assert found == {"a": "x", "b": None, "c": None, "F": None, "list": "h"}
    items = next(entry.word.items for entry in read(text).assignments if entry.name == "c" and entry.word)
    assert [item.value for item in items or ()] == ["d", "e"]


def test_control_flow() -> None:
    script = read(
        """
        foreach night ( 1 2 )
            if ( $#argv < 1 ) then
                first
            else if ( ! -e $night ) then
                second
            else
                third
            endif
            if ( $?DATA ) fourth $DATA
            switch ( $night )
                case 1:
                    fifth
                    breaksw
                default:
                    sixth
            endsw
        end
        while ( 1 )
            seventh
        end
        """
    )
    names = [command.name for command in script.commands if command.name != "test"]
    assert names == ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
    tests = [command for command in script.commands if command.name == "test"]
    assert [name for test in tests for word in test.words for name in word.variables] == ["argv", "night", "DATA"]
    inside = {command.name: command.context for command in script.commands}
    assert inside["third"] == ("loop", "if")
    assert inside["sixth"] == ("loop", "case")
    assert inside["seventh"] == ("loop",)


def test_redirections() -> None:
    script = read("a >& b\nc >>! d\ne >>&! f < g |& h\n")
    found = [(one.op, one.target.value, one.writes) for command in script.commands for one in command.redirects]
    assert found == [("&>", "b", True), (">>", "d", True), ("&>>", "f", True), ("<", "g", False)]


@pytest.mark.parametrize("text", ["foreach a ( b )\n", "if ( x ) then\n", "end\n", "foreach a b\n", "set x = <a>\n"])
def test_what_is_not_finished_says_nothing(text: str) -> None:
    script = parse(text, c_shell=True)
    assert script.error is not None
    assert script.commands == []


@given(st.text(alphabet="if() thenels\n;set=$?x`'\"<>&|@{}\\#!:"))
@settings(max_examples=300, deadline=None)
def test_never_raises(text: str) -> None:
    parse(text, c_shell=True)


def test_which_files() -> None:
    def told(path: str, text: str) -> bool:
        return is_c_shell(Source(path, SHELL, text))

    assert told("a.csh", "echo\n")
    assert told("a.sh", "#!/usr/bin/env tcsh\n")
    assert not told("a.csh", "#!/bin/bash\n")
    assert not told("a.sh", "echo csh\n")
