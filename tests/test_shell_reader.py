"""The shell reader: what it finds equals what shfmt's parser finds, its offsets are exact, it never raises."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canfar_lint.model.shell import Command, Script, continued_view, parse
from canfar_lint.model.shell_expand import expand

SHFMT = shutil.which("shfmt") or str(Path(sys.executable).with_name("shfmt"))

# the oracle: shfmt's syntax tree as (words, assignments, redirections), each a list of character spans

Shape = tuple[tuple[tuple[int, int], ...], tuple[tuple[str, int, int], ...], tuple[tuple[str, int, int], ...]]


def oracle(text: str) -> list[Shape] | None:
    """What shfmt reads, or None if it refuses."""
    data = text.encode()
    done = subprocess.run([SHFMT, "--to-json", "-ln", "bash"], input=data, capture_output=True)
    if done.returncode:
        return None
    at = [0] * (len(data) + 1)
    i = 0
    for n, c in enumerate(text):
        for _ in c.encode():
            at[i] = n
            i += 1
    at[i] = len(text)
    return sorted(_shapes(json.loads(done.stdout), at))


def _span(node: dict[str, Any], at: list[int]) -> tuple[int, int]:
    return at[node["Pos"]["Offset"]], at[node["End"]["Offset"]]


def _shapes(node: Any, at: list[int]) -> Iterator[Shape]:
    if isinstance(node, list):
        for item in node:
            yield from _shapes(item, at)
        return
    if not isinstance(node, dict):
        return
    if "Cmd" in node or "Redirs" in node:
        cmd = node.get("Cmd") or {}
        kind = cmd.get("Type", "")
        redirects = tuple((_op(r, at), *_span(r["Word"], at)) for r in node.get("Redirs") or ())
        if kind == "CallExpr" or not cmd:
            words = tuple(_span(word, at) for word in cmd.get("Args") or ())
            assigns = tuple(_assign(one, at) for one in cmd.get("Assigns") or ())
            yield words, assigns, redirects
        elif kind == "DeclClause":
            words = (_span(cmd["Variant"], at), *(_span(arg, at) for arg in cmd.get("Args") or ()))
            yield words, (), redirects
    for value in node.values():
        yield from _shapes(value, at)


def _op(redirect: dict[str, Any], at: list[int]) -> str:
    return "heredoc" if redirect.get("Hdoc") else ""


def _assign(node: dict[str, Any], at: list[int]) -> tuple[str, int, int]:
    value = node.get("Value") or node.get("Array")
    end = _span(node, at)[1]
    return node["Name"]["Value"], *(_span(value, at) if value else (end, end))


def ours(script: Script) -> list[Shape]:
    found = []
    for command in script.commands:
        if {"shell", "trap"} & set(command.context) or (command.words and command.words[0].text in ("[[", "let")):
            continue
        words = tuple(word.span for word in command.words)
        inside = [word.start for word in command.words]
        assigns = tuple(
            (name.partition("[")[0], *word.span)
            for name, word in command.assignments
            if not inside or word.start < inside[0]
        )
        redirects = tuple(("heredoc" if r.body and r.body.text else "", *r.target.span) for r in command.redirects)
        found.append((words, assigns, redirects))
    return sorted(found)


SNIPPETS = (Path(__file__).parent / "shell_snippets.txt").read_text("utf-8").split("#%%\n")


@pytest.mark.skipif(not Path(SHFMT).exists(), reason="shfmt-py is not installed")
@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_reads_what_shfmt_reads(text: str) -> None:
    script = parse(text)
    assert script.error is None
    assert ours(script) == oracle(text)


def test_snippets_are_many() -> None:
    assert sum(text.count("\n") for text in SNIPPETS) > 250
    assert sum(len(parse(text).commands) for text in SNIPPETS) > 300


# offsets


def words_of(command: Command) -> list[str]:
    return [word.text for word in command.words]


def check_spans(script: Script, text: str) -> None:
    assert all(command.end <= script.error_at for command in script.commands if script.error)
    for command in script.commands:
        assert 0 <= command.start <= command.end <= len(text)
        for word in command.words:
            assert 0 <= word.start <= word.end <= len(text)
            assert word.quoted or word.value is None or "\\" in word.text or word.value == word.text
            for part in word.parts:
                assert word.start <= part.start <= part.end <= word.end


PHRASES = """if |then |fi|for x in |do |done|case x in |esac|$(|${x:-|$((|((|))|[[ | ]]|<<E
|E
|f() {|bash -c '|\\
"""
ALPHABET = [*"ab1 \t\n\r\\'\"`$(){}[]<>|&;#!=:-+*?@%/~,.^é", *PHRASES.split("|")]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join))
def test_never_raises_and_spans_hold(text: str) -> None:
    script = parse(text)
    check_spans(script, text)
    for command in script.commands:
        if not {"shell", "trap", "substitution"} & set(command.context):
            for word in command.words:
                assert text[word.start : word.end] == word.text
        for word in command.words:
            word.values()
            script.resolve(word, command)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_never_raises_on_any_text(text: str) -> None:
    check_spans(parse(text), text)


@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_start_moves_every_offset(text: str) -> None:
    here, there = parse(text), parse(text, start=1000)
    mapped = parse(text, map=lambda i: i + 1000)
    for a, b, c in zip(here.commands, there.commands, mapped.commands, strict=True):
        assert (
            [(w.start + 1000, w.end + 1000) for w in a.words] == [w.span for w in b.words] == [w.span for w in c.words]
        )


@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_crlf_reads_the_same(text: str) -> None:
    """Outside quotations and heredocs a carriage return before a newline is a blank."""
    if "<<" in text or "multi" in text or "`" in text:
        return
    unix, dos = parse(text), parse(text.replace("\n", "\r\n"))
    assert dos.error is None
    for a, b in zip(unix.commands, dos.commands, strict=True):
        assert [w.value for w in a.words] == [w.value and w.value.replace("\r", "") for w in b.words]


# what words mean


def only(text: str, **options: Any) -> Command:
    script = parse(text, **options)
    assert script.error is None
    return script.commands[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x 'a b'", "a b"),
        ('x "a\\"b\\c"', 'a"b\\c'),
        ("x a\\ b", "a b"),
        ("x $'a\\tb\\x41'", "a\tbA"),
        ("x a\\\nb", "ab"),
        ("x '$a'", "$a"),
        ("x $a", None),
        ('x "$(b)"', None),
        ("x ''", ""),
        ("x *.fits", "*.fits"),
        ("x {a,b}", None),
        ("x {a}", "{a}"),
        ("x '{a,b}'", "{a,b}"),
        ("x ~/a", "~/a"),
        ("x a$", "a$"),
    ],
)
def test_static_value(text: str, value: str | None) -> None:
    assert only(text).words[1].value == value


def test_single_quote_in_a_quoted_default_is_text() -> None:
    assert len(only("""echo "${x:-it's}" b""").words) == 3


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("/var/{lib/apt,cache}/*", ("/var/lib/apt/*", "/var/cache/*")),
        ("a{1..3}", ("a1", "a2", "a3")),
        ("a{08..10}", ("a08", "a09", "a10")),
        ("{a,{b,c}d}", ("a", "bd", "cd")),
        ("{a,'b,c'}", ("a", "b,c")),
        ("x{a,}y", ("xay", "xy")),
        ("{a..c}", ("a", "b", "c")),
        ("a{b", ("a{b",)),
        ("{a..1}", ("{a..1}",)),
        ("{1..100000}", None),
        ("$x{a,b}", None),
    ],
)
def test_brace_expansion(word: str, values: tuple[str, ...] | None) -> None:
    assert only(f"x {word}").words[1].values() == values


def test_sh_has_no_brace_expansion() -> None:
    assert only("x {a,b}", bash=False).words[1].value == "{a,b}"


ENV = {"f": "/arc/x/m31.fits.gz", "e": "", "n": "a-b-c"}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$f", "/arc/x/m31.fits.gz"),
        ('"${f}"_1', "/arc/x/m31.fits.gz_1"),
        ("${f##*/}", "m31.fits.gz"),
        ("${f#*/}", "arc/x/m31.fits.gz"),
        ("${f%.gz}", "/arc/x/m31.fits"),
        ("${f%%.*}", "/arc/x/m31"),
        ("${f%.*}", "/arc/x/m31.fits"),
        ("${e:-d}", "d"),
        ("${e-d}", ""),
        ("${e:+d}", ""),
        ("${f:+d}", "d"),
        ("${e+d}", "d"),
        ("${n/-/_}", "a_b-c"),
        ("${n//-/_}", "a_b_c"),
        ("${n//-}", "abc"),
        ("${n/#a/z}", "z-b-c"),
        ("${n/%c/z}", "a-b-z"),
        ("${n^^}", "A-B-C"),
        ("${n:2}", "b-c"),
        ("${n:2:1}", "b"),
        ("${#n}", "5"),
        ("${u}", None),
        ("${u:-d}", None),
        ("${e:-$u}", None),
        ("$(x)", None),
        ("${!n}", None),
        ("${n[0]}", None),
        ("${n#[a]}", None),
    ],
)
def test_expand(word: str, value: str | None) -> None:
    assert expand(only(f"x {word}").words[1], ENV) == value


def test_expansion_agrees_with_bash() -> None:
    """The same words, expanded by bash itself."""
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("no bash")
    words = ["${f##*/}", "${f#*/}", "${f%%.*}", "${f%.*}", "${n//-/_}", "${n/-*/x}", "${n//?/y}", "${n: -1}", "${n,,}"]
    words += ["{a,b}{1..3}", "x{01..3}", "{a,{b,c}d}e", "${n/a*b/}", "${f%/*}", "${f#*[.]}"]
    setting = "".join(f"{name}='{value}'; " for name, value in ENV.items())
    script = setting + "printf '%s\\n' " + " ".join(words)
    said = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    mine: list[str] = []
    skipped = 0
    for word in only("x " + " ".join(words)).words[1:]:
        values = word.values() if not word.dynamic else (expand(word, ENV),)
        assert values
        if values == (None,):
            skipped += 1
            said.pop(len(mine))
            continue
        mine += [value for value in values if value is not None]
    assert mine == said
    assert skipped == 1


def test_parts_tell_literal_from_overridable() -> None:
    literal, default, mixed = only('x "/arc/a" "${X:-/arc/b}" /arc/$s.txt').words[1:]
    assert [part.kind for part in literal.parts] == ["literal"]
    assert default.parts[0].overridable
    assert default.parts[0].name == "X"
    assert default.parts[0].arguments[0].value == "/arc/b"
    assert (mixed.head, mixed.tail, mixed.variables) == ("/arc/", ".txt", ("s",))


# which program runs


@pytest.mark.parametrize(
    ("text", "name", "wrappers"),
    [
        ("/usr/bin/apt-get install x", "apt-get", ()),
        ("sudo -u x -E apt-get install x", "apt-get", ("sudo",)),
        ("env -u A B=1 python x.py", "python", ("env",)),
        ("nice -n 19 nohup ionice -c2 -n 7 casa -c x", "casa", ("nice", "nohup", "ionice")),
        ("timeout -k 5 10m make -j", "make", ("timeout",)),
        ("conda run -n env --no-capture-output pip install x", "pip", ("conda",)),
        ("micromamba run -n env python x", "python", ("micromamba",)),
        ("conda install x", "conda", ()),
        ("command -v ds9", "command", ()),
        ("command ls", "ls", ("command",)),
        ("exec -a x python y", "python", ("exec",)),
        ("/opt/$V/bin/pip install x", "pip", ()),
        ("$PIP install x", None, ()),
        ("sudo $X", None, ("sudo",)),
        ("env", "env", ()),
        ("stdbuf -oL -e L cmd", "cmd", ("stdbuf",)),
        ("time -p ls", "ls", ()),
        ("/usr/bin/time -v ls", "ls", ("time",)),
        ("taskset -c 0-3 ls", "ls", ("taskset",)),
    ],
)
def test_program(text: str, name: str | None, wrappers: tuple[str, ...]) -> None:
    command = only(text)
    assert (command.name, command.wrappers) == (name, wrappers)


def test_assignments_given_to_env_count() -> None:
    command = only("A=1 env B='x y' sudo C=$D cmd")
    assert [(name, word.value) for name, word in command.assignments] == [("A", "1"), ("B", "x y"), ("C", None)]
    text = "env B='x y' cmd"
    assert [text[word.start : word.end] for _, word in only(text).assignments] == ["'x y'"]


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("bash -c 'a b; c'", ["a b", "c"]),
        ('sudo bash -lc "a \\"b c\\" d"', ['a "b c" d']),
        ("sh -e -c 'a'", ["a"]),
        ("bash -eo pipefail -c 'a'", ["a"]),
        ("bash -c \"x 'y'\"' z'", ["x 'y' z"]),
        ("su - x -c 'a'", ["a"]),
        ('bash -c "$x"', []),
        ("bash script -c 'a'", []),
        ("bash -c 'a ('", []),
        ("sh -c 'bash -c \"deep er\"'", ['bash -c "deep er"', "deep er"]),
    ],
)
def test_text_given_to_a_shell(text: str, inner: list[str]) -> None:
    script = parse(text)
    found = [command for command in script.commands if "shell" in command.context]
    assert [" ".join(words_of(command)) for command in found] == inner
    for command in found:
        assert text[command.words[0].start : command.words[0].end] == command.words[0].text


def test_errors_end_a_shell_with_e() -> None:
    script = parse("bash -ec 'a'; bash -c 'b'")
    assert [command.blocks[-1].errexit for command in script.commands if command.blocks] == [True, False]


# structure


def test_connectors_and_contexts() -> None:
    script = parse("a && b || c | d; if e; then f; fi & ! g\nfor i in x; do h; done < in")
    by_name = {command.name: command for command in script.commands}
    assert [(c.name, c.before, c.connector) for c in script.commands[:4]] == [
        ("a", "", "&&"),
        ("b", "&&", "||"),
        ("c", "||", "|"),
        ("d", "|", ";"),
    ]
    assert by_name["c"].context == ("pipe-left",)
    assert by_name["d"].context == ("pipe-right",)
    assert by_name["e"].context == ("background", "if", "condition")
    assert by_name["f"].context == ("background", "if")
    assert by_name["g"].context == ("not",)
    assert by_name["h"].context == ("loop",)
    assert by_name["h"].loop_variables == ("i",)
    loop = script.loops[0]
    assert [word.value for word in loop.words or ()] == ["x"]
    assert loop.redirects[0].feeds
    assert set(parse("f() { a; }; function g { b; }").functions) == {"f", "g"}


def test_heredocs() -> None:
    script = parse("cat <<-A >out; x\n\tin $y\n\tA\nb <<'C'\n$z\nC\n")
    first, x, b = script.commands
    assert first.redirects[0].body is not None
    assert first.redirects[0].body.value is None
    assert first.redirects[0].body.variables == ("y",)
    assert first.redirects[1].writes
    assert x.name == "x"
    assert b.redirects[0].body is not None
    assert b.redirects[0].body.value == "$z\n"


def test_certain_variables() -> None:
    text = (
        "out=/arc/a; name=$out/b; if t; then flip=1; fi; flip=2; again=1; again=2\n"
        "use $out $name $flip $again $later $sum\nlater=1; for sum in a; do :; done\nf() { use $out $again; }\n"
    )
    script = parse(text)
    use, inside = (command for command in script.commands if command.name == "use")
    assert [script.resolve(word, use) for word in use.arguments] == ["/arc/a", "/arc/a/b", None, "2", None, None]
    assert [script.resolve(word, inside) for word in inside.arguments] == ["/arc/a", None]
    assert script.resolve(use.arguments[4], use, {"later": "x", "flip": "no"}) == "x"
    assert script.resolve(use.arguments[2], use, {"flip": "no"}) is None


def test_assignments_in_order() -> None:
    script = parse("a=1; export B=$a C='d e'; read f; x=1 cmd; for g in h; do :; done; l+=1; : ${m:=n}")
    assert [(one.name, one.value, one.exported) for one in script.assignments] == [
        ("a", "1", False),
        ("B", None, True),
        ("C", "d e", True),
        ("f", None, False),
        ("g", None, False),
        ("l", None, False),
        ("m", None, False),
    ]


@pytest.mark.parametrize(
    ("text", "errexit"),
    [
        ("set -e; a", True),
        ("set -euo pipefail; a", True),
        ("set -o errexit", True),
        ("#!/bin/bash -e\na", True),
        ("#!/usr/bin/env -S bash -eu\na", True),
        ("set -x; a", False),
        ("f() { set -e; }; a", False),
        ("set -- -e", False),
        ("#!/bin/sh\nset +e", False),
    ],
)
def test_errexit(text: str, errexit: bool) -> None:
    assert parse(text).errexit is errexit


# Docker's continuations


@pytest.mark.parametrize(
    "text",
    [
        "a \\\n b",
        "a \\\n# comment\n b",
        "a \\\n\n\n  # x 'y\n b && \\  \n c",
        "a\\\n#x\nb",
        "a \\\r\n # it's\r\n\r\n b\r\n",
        "a 'x \\\n\n y'",
        "a \\",
        "a b",
        "a \\\n\n",
    ],
)
def test_continued_view_keeps_offsets(text: str) -> None:
    view = continued_view(text)
    assert len(view) == len(text)
    script = parse(view)
    assert script.error is None
    names = [word for command in script.commands for word in command.words]
    assert next(word.text[0] for word in names) == "a"
    assert not any("#" in word.text for word in names)
    assert all(text[word.start] == word.text[0] for word in names)


def test_continued_view_with_another_escape() -> None:
    text = "a `\n# c\n b"
    assert [word.value for word in parse(continued_view(text, "`")).commands[0].words] == ["a", "b"]


# size


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "$(" * 5000,
        '"$(' * 5000,
        "{ " * 5000,
        "if " * 5000,
        "$((" * 5000,
        "((" * 5000 + "))" * 5000,
        "${x:-" * 5000,
        "x " + "{" * 5000,
        "a[" * 5000,
        "a[1 " * 5000,
        "`" * 5001,
        "f() " * 5000,
        "case x in " * 5000,
        "[[ " + "( " * 5000,
        "bash -c '" * 5000,
        "<<E " * 5000,
        "! " * 5000,
        "x @(" + "(" * 5000,
    ],
)
def test_deep_nesting_is_refused_or_read(text: str) -> None:
    script = parse(text)
    assert script.error is None or not script.commands


@pytest.mark.parametrize(
    "unit",
    ["a b c\n", "a && ", "a | ", "(a) ", "x=$(b)\n", "a `b` ", "declare a[ ", "cat <<E\n", "{a,b}", "a & ", "[ ( "],
)
def test_work_grows_with_the_text(unit: str) -> None:
    """Four times the text takes about four times the calls, not sixteen times."""

    def calls(count: int) -> int:
        made = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal made
            made += 1

        sys.setprofile(note)
        try:
            parse(unit * count)
        finally:
            sys.setprofile(None)
        return made

    assert calls(400) < 6 * calls(100) + 500


def test_import_brings_nothing_heavy() -> None:
    code = (
        "import sys, re, typing; import canfar_lint.model.shell;"
        "heavy = {'dataclasses', 'inspect', 'pathlib', 'yaml', 'libcst', 'ast', 'subprocess', 'tempfile'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {ROOT!r}); {code}"], capture_output=True
    )
    assert done.stdout.decode().strip() == "[]", done.stderr


ROOT = str(Path(__file__).parent.parent)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("cd /arc\npython a.py\ndone\n", ["cd", "python"]),
        ("cd /arc; rm x; )\n", []),
        ("cd /arc\nif true; then\n  ls\n", ["cd"]),
        ("cd /arc;\nrm 'x\n", ["cd"]),
        ("cat <<E\nbody\nE\nfi\n", ["cat"]),
    ],
)
def test_what_stands_before_a_line_that_cannot_be_read_is_read_as_bash_runs_it(text: str, read: list[str]) -> None:
    script = parse(text)
    assert script.error is not None
    assert [command.name for command in script.commands] == read
    assert not parse(text, context="run").commands
