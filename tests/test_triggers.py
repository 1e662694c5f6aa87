"""Expressions that are tried only where they can begin find what `re` finds; words are remembered rightly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canfar_lint.catalogue import load
from canfar_lint.catalogue.examples import examples
from canfar_lint.triggers import Content
from canfar_lint.triggers.expression import Expression, heads
from canfar_lint.triggers.vocabulary import _Memory, ask, is_asked, vocabulary

WORDS = st.text(st.sampled_from("abcdeft_1"), min_size=1, max_size=9).map(str.encode)


def expressions() -> Iterator[str]:
    """Those of all rules."""
    for rule in load().rules.values():
        for trigger in rule.triggers_of(""):
            for part in trigger.split(" & "):
                name, of, pattern = part.partition("re:")
                if of and name in ("", "@turns ", "@looped ", "@left "):
                    yield pattern


@pytest.mark.parametrize(
    ("pattern", "begins"),
    [
        (r"\bopen\(", [(b"open(", 0)]),
        (r"open\(", []),
        (r"\b(?:read|load)_\w", [(b"read_", 0), (b"load_", 0)]),
        (r"(?<!def )(?:ab|cd?)\(", []),
        (r"(?<!def )(?:ab|cde?)\(", [(b"ab", 0), (b"cd", 0)]),
        (r"""["'](?:raw|old)/""", [(b'"raw/', 0), (b'"old/', 0), (b"'raw/", 0), (b"'old/", 0)]),
        (r"[\s=](?:vos|arc):", [(b"vos:", 1), (b"arc:", 1)]),
        (r"(?m)(?:^|[;(|\s])for\s", [(b"for", 0), (b"for", 1)]),
        (r"\bimport x|from y", [(b"import x", 0), (b"from y", 0)]),
        (r"(?i)\bopen\(", []),
        (r"\b(?:a?b|cd)", []),
        (r"\b(?i:ab)", []),
        (r"\w+open", []),
    ],
)
def test_what_an_expression_begins_with(pattern: str, begins: list[tuple[bytes, int]]) -> None:
    assert sorted((head.text, head.distance) for head in heads(pattern)) == sorted(begins)


def test_every_expression_finds_in_every_example_what_re_finds() -> None:
    codes = [Content(example.text.encode(), "python") for example in examples()]
    for pattern in set(expressions()):
        expression, plain = Expression(pattern), re.compile(pattern.encode())
        for content in codes if expression.heads else ():
            expected = {match.start() for match in plain.finditer(content.code)}
            found = {match.start() for match in expression.finditer(content.code, content.vocabulary)}
            assert expected <= found, pattern
            assert all(plain.match(content.code, at) for at in found - expected), pattern


@given(
    st.lists(st.sampled_from(["ab", "abc", "b(", "ab(", "c_d", r"\.x", "[\"']", "x?", r"\s", "(?<!q)"]), max_size=4),
    st.lists(st.sampled_from(["ab", "abc", "b(", " ", "c_d", ".x", '"', "\n", "q", "x"]), max_size=12),
)
def test_an_expression_finds_where_re_finds(parts: list[str], text: list[str]) -> None:
    pattern = r"\b(?:" + "|".join(re.sub(r"(?<!\\)\($", r"\\(", part) for part in parts) + r")\w"
    code = "".join(text).encode()
    expected = re.search(pattern.encode(), code)
    assert (Expression(pattern).search(code) is not None) is (expected is not None)


@given(st.lists(st.frozensets(WORDS), max_size=6), st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_a_vocabulary_holds_the_parts_of_its_words(
    files: list[frozenset[bytes]], early: list[bytes], late: list[bytes]
) -> None:
    ask(early)
    for number, words in enumerate(files):
        if number == 3:
            ask(late)
        known = vocabulary(words)
        for part in (*early, *late):
            holds = any(part in word for word in words)
            assert known.may_hold(part) or not holds
            if is_asked(part) and part in known.asked:
                assert known.may_hold(part) is holds


def test_what_is_asked_for_meanwhile_takes_nothing_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As another thread may, between a file's words being learnt and their being told."""
    ask([b"memmap"])
    learn = _Memory.learn

    def interrupted(self: _Memory, words: frozenset[bytes]) -> None:
        learn(self, words)
        ask([b"asked_meanwhile"])

    monkeypatch.setattr(_Memory, "learn", interrupted)
    assert vocabulary(frozenset((b"use_memmap_here",))).may_hold(b"memmap")
    assert vocabulary(frozenset((b"asked_meanwhile",))).may_hold(b"asked_meanwhile")


def test_what_fires_does_not_depend_on_the_order_of_words() -> None:
    code = (
        "from canfar_lint.catalogue.examples import examples\n"
        "from canfar_lint.catalogue import load\n"
        "from canfar_lint.engine.file import Content, Profile\n"
        "from canfar_lint.settings.settings import Settings\n"
        "profile = Profile(load().rules.values(), Settings('/', '', ()))\n"
        "for example in examples():\n"
        "    if example.kind == 'py':\n"
        "        content = Content(example.text.encode(), 'python')\n"
        "        print(example.name, *sorted(rule.code for rule in profile.fired('python', True, content)))\n"
    )
    fired = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert fired[0] == fired[1] != ""
