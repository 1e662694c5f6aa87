"""The Dockerfile model reads what BuildKit reads: its own cases, properties of any text, a second reader as oracle."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canfar_lint.model.dockerfile import Dockerfile, Instruction, read
from canfar_lint.source import Source

CASES = Path(__file__).parent / "docker-cases"
BEYOND_THE_PARSER = ("unknown instruction", "no build stage", "requires ")
"""What BuildKit refuses only behind its parser; the cases hold the parser's own verdict."""


def model(text: str | bytes, **options: tuple[str, ...]) -> Dockerfile:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return read(Source.decode("Dockerfile", "dockerfile", data), **options)


def shape(instruction: Instruction) -> dict[str, object]:
    inner = instruction.inner
    found: dict[str, object] = {
        "instruction": instruction.keyword,
        "start_line": instruction.start_line,
        "end_line": instruction.end_line,
        "flags": _flags(instruction),
        "json_form": instruction.json is not None,
    }
    if inner is not None:
        found["onbuild"] = {
            "instruction": inner.keyword,
            "flags": _flags(inner),
            "json_form": inner.json is not None,
        }
    return found


def _flags(instruction: Instruction) -> list[str]:
    return [f"--{f.name}" if f.value is None else f"--{f.name}={f.value}" for f in instruction.flags]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.Dockerfile")), ids=lambda case: case.stem)
def test_buildkit_case(case: Path) -> None:
    expected = json.loads(case.with_name(case.stem + ".expected.json").read_text("utf-8"))
    dockerfile = model(case.read_bytes())
    parser_errors = [e for e in dockerfile.errors if not any(words in e.message for words in BEYOND_THE_PARSER)]
    if isinstance(expected, dict):
        assert any(expected["error"] in error.message for error in parser_errors), dockerfile.errors
    else:
        assert parser_errors == []
        found = [shape(instruction) for instruction in dockerfile.instructions]
        assert len(found) == len(expected)
        assert [{key: ours[key] for key in wanted} for ours, wanted in zip(found, expected, strict=True)] == expected


FRAGMENTS = [
    "FROM debian:12\n",
    "FROM a AS b\n",
    "from ${X:-y}\n",
    "RUN echo a",
    "RUN",
    "run ",
    "COPY a b\n",
    "COPY --from=b /x /y\n",
    'ENV A=1 B="two\n',
    "ENV A b\n",
    "ENV A\n",
    "LABEL a='b c'\n",
    "ARG X=1\n",
    "ARG\n",
    "\\\n",
    "\\ \t\n",
    "\\\\\n",
    "`\n",
    "\\",
    "\n",
    "\r\n",
    "# c\n",
    "  # c \\\n",
    "# escape=`\n",
    "# syntax=x\n",
    "# check=skip=all\n",
    "#escape=\\\n",
    " && ",
    "<<EOF",
    " <<EOF",
    " <<-'E F'",
    ' 3<<"EOF"',
    " << EOF",
    "EOF\n",
    "\tEOF\n",
    "body\n",
    '"',
    "'",
    "${",
    "$x",
    "}",
    '["a", "b"]',
    "[1]",
    "[",
    "CMD ",
    "ENTRYPOINT ",
    "HEALTHCHECK --interval=5m CMD x\n",
    "--mount=type=cache,target=/c ",
    "--a='b c' ",
    "-- ",
    " --x\\ y ",
    "ONBUILD RUN x\n",
    'SHELL ["/bin/bash", "-c"]\n',
    "USER u\n",
    "WORKDIR w\n",
    "\x0b",
    "\x0c",
    " ",
    "\t",
    "$(cat",
    ")",
    "{{ x }}",
    "RUNN x\n",
]


def random_text(seed: int) -> str:
    rng = random.Random(seed)
    start = rng.choice(["", "FROM a\n", "# escape=`\nFROM a\n"])
    return start + "".join(rng.choice(FRAGMENTS) for _ in range(rng.randint(1, 25)))


STARTS = [
    "RUN echo a",
    "RUN",
    "run x",
    "COPY a",
    "ADD a b",
    "ENV A=1",
    "ENV A b",
    "LABEL a=b",
    'CMD ["a"]',
    "FROM x",
    "CMD a",
    "USER u",
]
INSIDE = [
    " ",
    "  ",
    "\t",
    " \\\n",
    "\\\n  ",
    " \\ \t\n",
    " \\\n# c\n",
    " \\\n\n",
    " \\\r\n",
    " \\\n   # c \\\n b",
    "\\\\",
    " \\x",
    " --m=n",
    " -- ",
    " --q='a b'",
    " <<E",
    " <<-E",
    " <<'E'",
    " << E",
    ' 2<<"E"',
    "<<E",
    " <<<E",
    " '<<E'",
    ' "q"',
    " 'q'",
    " $x",
    " ${x:-y}",
    " ${x}",
    " C=d",
    ' "${x:-<<E}"',
    " ${#x}",
    ' ["a"]',
    " # <<E",
    " 1 <<4",
    " \x0b",
    " \x0c",
]


def random_instructions(seed: int) -> str:
    """Text that BuildKit mostly accepts: instructions with odd insides, heredocs closed."""
    rng = random.Random(seed)
    tops = ["", "# escape=\\\n", "# syntax=s\n", "# check=skip=all\n# escape=\\\n", "\ufeff"]
    lines = [rng.choice(tops) + "FROM a\n"]
    for _ in range(rng.randint(1, 6)):
        line = rng.choice(STARTS) + "".join(rng.choice(INSIDE) for _ in range(rng.randint(0, 4)))
        lines.append(line + rng.choice(["\n", "\n", "\r\n", "\n\n", "\n# c\n"]))
        if "<<" in line:
            lines += ["body \\\n", "# body\n", "\n", rng.choice(["E\n", "E\n", "\tE\nE\n", "E \nE\n", "E\r\n"])]
    return "".join(lines)


def check_invariants(dockerfile: Dockerfile) -> None:
    text = dockerfile.text
    last = 0
    for instruction in dockerfile.instructions:
        assert last < instruction.start_line <= instruction.end_line, "line ranges overlap"
        last = instruction.end_line
        assert 0 <= instruction.start <= instruction.end <= len(text)
        first_row = text.count("\n", 0, instruction.start) + 1
        assert instruction.start_line <= first_row <= instruction.end_line
        for index, char in enumerate(instruction.logical.text):
            assert text[instruction.logical.offset(index)] == char
        for word in (*instruction.words, *instruction.flags):
            assert instruction.start <= word.start <= word.end <= instruction.end
        for heredoc in instruction.heredocs:
            assert text.startswith(heredoc.marker.name, heredoc.terminator) or heredoc.marker.chomp
        for node in (instruction, instruction.inner):
            if node is not None:
                assert (node.pairs, node.mounts, node.sources, node.scripts) is not None
    rows = {row for i in dockerfile.instructions for row in range(i.start_line, i.end_line + 1)}
    for row, line in enumerate(text.split("\n"), 1):
        blank = not line.strip() or line.lstrip().startswith("#")
        assert row in rows or blank or dockerfile.errors or dockerfile.template or line.strip() in "\\`", line
    for error in dockerfile.errors:
        assert 0 <= error.start <= error.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0))
def test_invariants_of_shuffled_fragments(seed: int) -> None:
    check_invariants(model(random_text(seed)))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("FROMRUNa \t\n\r\\`#<EOF\"'$[],{}\x85\u2028é\udcff"), max_size=60))
def test_no_text_crashes_the_reader(text: str) -> None:
    check_invariants(model(text))


def test_agrees_with_a_second_port_of_buildkit() -> None:
    oracle = pytest.importorskip("e2b_dockerfile_utils")
    compared = 0
    for seed in range(1500):
        text = random_instructions(seed)
        dockerfile = model(text)
        parser_errors = [e for e in dockerfile.errors if "requires" not in e.message]
        try:
            theirs = oracle.parse_dockerfile_ast(text)
        except ValueError:
            theirs = None
        assert (theirs is None) == bool(parser_errors), text
        if theirs is None:
            continue
        compared += 1
        ours = [
            (i.keyword, i.start_line, i.end_line, i.logical.text, _flags(i), i.json is not None)
            for i in dockerfile.instructions
        ]
        assert ours == [(i.name, i.start_line, i.end_line, i.original, i.flags, i.json) for i in theirs.instructions], (
            text
        )
        text = dockerfile.text
        bodies = [text[h.start : h.end] for i in dockerfile.instructions for h in i.heredocs]
        assert bodies == [h.content for i in theirs.instructions for h in i.heredocs], text
    assert compared > 300


def values(text: str, **options: tuple[str, ...]) -> list[str | None]:
    """The resolved words of every COPY in `text`."""
    return [word.value for i in model(text, **options).all("COPY") for word in i.words[:1]]


@pytest.mark.parametrize(
    ("before", "word", "value"),
    [
        ("ENV A=1", "$A", "1"),
        ("ENV A=1", "${A}x", "1x"),
        ("ENV A=1", "'$A'", "$A"),
        ("ENV A=1", '"$A"', "1"),
        ("ENV A=1", "\\$A", "$A"),
        ("ENV A=", "${A:-d}", "d"),
        ("ENV A=", "${A-d}", ""),
        ("ENV A=1", "${A:+s}", "s"),
        ("ENV A=", "${A:+s}", ""),
        ("ENV A=a.tar.gz", "${A%.*}", "a.tar"),
        ("ENV A=a.tar.gz", "${A%%.*}", "a"),
        ("ENV A=a/b/c", "${A#*/}", "b/c"),
        ("ENV A=a/b/c", "${A##*/}", "c"),
        ("ENV A=a/b/c", "${A/\\//-}", "a-b/c"),
        ("ENV A=a/b/c", "${A//\\//-}", "a-b-c"),
        ("ENV A=1 B=$A", "$B", None),
        ("ENV A=1\nENV B=$A", "$B", "1"),
        ("ARG A", "$A", None),
        ("ARG A=1\nENV A=2", "$A", "2"),
        ("ENV A=2\nARG A=1", "$A", "2"),
        ("RUN x", "$UNDECLARED", None),
        ("RUN x", "${UNDECLARED:-d}", None),
        ("ENV A old form", "$A", "old form"),
    ],
)
def test_substitution(before: str, word: str, value: str | None) -> None:
    assert values(f"FROM debian\n{before}\nCOPY {word} /\n") == [value]


def test_global_arguments_reach_from_and_those_that_ask() -> None:
    dockerfile = model("ARG TAG=22.04\nFROM ubuntu:${TAG}\nCOPY a$TAG /\nARG TAG\nCOPY a$TAG /\n")
    assert dockerfile.stages[0].image == "ubuntu:22.04"
    assert [i.words[0].value for i in dockerfile.all("COPY")] == [None, "a22.04"]


def test_an_undeclared_global_is_empty_and_a_platform_argument_unknown() -> None:
    dockerfile = model("FROM --platform=$BUILDPLATFORM ubuntu${X:-:22.04}\nFROM x:$TARGETARCH\n")
    assert [stage.image for stage in dockerfile.stages] == ["ubuntu:22.04", None]
    assert dockerfile.stages[0].platform is None


def test_env_is_inherited_through_a_stage_and_arg_is_not() -> None:
    text = "FROM d AS a\nENV E=1\nARG G=2\nUSER jo\nWORKDIR /w\nFROM A\nWORKDIR v\nCOPY $E /\nCOPY $G /\n"
    dockerfile = model(text)
    assert values(text) == ["1", None]
    last = dockerfile.instructions[-1]
    assert (last.user, last.workdir) == ("jo", "/w/v")


def test_stage_graph() -> None:
    dockerfile = model(
        "FROM a AS base\nFROM base AS mid\nFROM x AS other\nFROM mid\nCOPY --from=other /x /x\nCOPY --from=0 / /y\n"
    )
    assert [stage.ships for stage in dockerfile.stages] == ["layers", "layers", "", "layers"]
    assert dockerfile.stage("OTHER") is dockerfile.stages[2]
    assert dockerfile.stage("1") is dockerfile.stages[1]
    assert [stage.ships for stage in model("FROM a AS b\nFROM scratch\nCOPY --from=b / /\n").stages] == [
        "visible",
        "layers",
    ]
    targets = ("other",)
    assert [s.ships for s in read(dockerfile.source, targets).stages] == ["", "", "layers", ""]


def commands(text: str) -> list[tuple[str | None, str]]:
    """Every command of every RUN with the text its span covers in the file."""
    dockerfile = model(text)
    return [
        (command.name, dockerfile.text[command.start : command.end])
        for run in dockerfile.all("RUN")
        for script in run.scripts
        for command in script.commands
    ]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN a && \\\n  # note\n\n  b c\n", [("a", "a"), ("b", "b c")]),
        ("RUN --mount=type=cache,target=/c \\\n a\n", [("a", "a")]),
        ("RUN <<EOF\na b\nc\nEOF\n", [("a", "a b"), ("c", "c")]),
        ("RUN <<-EOF\n\ta b\n\tEOF\n", [("a", "a b")]),
        ("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n", []),
        ("RUN <<EOF\n#!/bin/bash -e\na\nEOF\n", [("a", "a")]),
        ("RUN bash <<'EOF'\na b\nEOF\n", [("bash", "bash <<'EOF'"), ("a", "a b")]),
        ("RUN python3 <<EOF\nimport os\nEOF\n", [("python3", "python3 <<EOF")]),
        ('RUN ["apt-get", "update"]\n', [("apt-get", '"apt-get", "update"')]),
        ("ONBUILD RUN a b\n", [("a", "a b")]),
        ('SHELL ["powershell", "-Command"]\nRUN Get-Item x\n', []),
        ("RUN 'unclosed\n", []),
    ],
)
def test_commands_stand_where_they_are_written(run: str, expected: list[tuple[str | None, str]]) -> None:
    assert commands("FROM debian\n" + run) == expected


def test_shell_options_count() -> None:
    run = next(model('FROM a\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a | b\n').all("RUN"))
    assert run.scripts[0].errexit and run.scripts[0].pipefail


@pytest.mark.parametrize("path", ["Dockerfile.j2", "Dockerfile"])
def test_a_template_is_left_alone(path: str) -> None:
    source = Source.decode(path, "dockerfile", b"{% if x %}\nFROM {{ base }}\n{% endif %}\nRUN x\n")
    dockerfile = read(source)
    assert dockerfile.template and not dockerfile.errors and not dockerfile.instructions


def test_a_misspelt_instruction_is_an_error_where_it_stands() -> None:
    (error,) = model("FROM a\nRUNN x\nRUN y\n").errors
    assert error.message == "unknown instruction: RUNN (did you mean RUN?)"
    assert (error.start, error.end) == (7, 13)


def test_a_long_instruction_is_read_and_an_endless_one_refused() -> None:

    dockerfile = model("FROM a\nRUN x && \\\n" + "  echo a && \\\n" * 9_000 + "  true\n")
    assert dockerfile.instructions[-1].end_line == 9_003 and not dockerfile.errors
    assert model("FROM a\nRUN x && \\\n" + "  a && \\\n" * 10_000 + "  true\n").errors[0].fatal
