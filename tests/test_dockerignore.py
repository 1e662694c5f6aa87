"""`.dockerignore` is read as Docker reads it, which is not as git reads `.gitignore`."""

from __future__ import annotations

import random

import pytest

from canfar_lint.pipeline.dockerignore import BadPattern, IgnoreFile


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("*.fits", "a.fits", True),
        ("*.fits", "data/a.fits", False),
        ("**/*.fits", "data/a.fits", True),
        ("**/*.fits", "a.fits", True),
        ("data", "data/deep/a.fits", True),
        ("data/", "data/a.fits", True),
        ("/data", "data/a", True),
        ("*\n!src", "src/run.py", False),
        ("*\n!src", "data/a", True),
        ("*\n!src/*.py\nsrc/x.py", "src/x.py", True),
        ("src/*\n!src/run.py", "src/run.py", False),
        ("# data", "data", False),
        ("d?ta", "data/a", True),
        ("[a-d]ata", "data/a", True),
        ("[^d]ata", "data/a", False),
        ("./data", "data/a", True),
        ("**", "any/thing", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/z", True),
        (".git", ".github/x", False),
        ("\ufeff.git", ".git/x", True),
    ],
)
def test_pattern(patterns: str, path: str, ignored: bool) -> None:
    assert IgnoreFile(patterns).ignores(path) is ignored


@pytest.mark.parametrize("pattern", ["[", "a[b", "!", "a\\", "[a-]"])
def test_a_pattern_docker_refuses(pattern: str) -> None:
    with pytest.raises(BadPattern):
        IgnoreFile(pattern)


def test_agrees_with_a_port_of_mobys_matcher() -> None:
    matcher = pytest.importorskip("e2b_dockerfile_utils").PatternMatcher
    names = ["a", "b", "ab", "data", ".git", "a.fits", "b.py", "x y"]
    parts = [
        *names,
        "*",
        "**",
        "*.fits",
        "?",
        "a*",
        "*b",
        "**a",
        "[ab]",
        "[^a]",
        "[a-b].py",
        "\\*",
        "d?ta",
        ".",
        "..",
        "a**",
    ]
    compared = 0
    for seed in range(3000):
        rng = random.Random(seed)
        lines = [
            rng.choice(["", "", "!", "/", "!/"]) + "/".join(rng.choice(parts) for _ in range(rng.randint(1, 3)))
            for _ in range(rng.randint(1, 5))
        ]
        path = "/".join(rng.choice(names) for _ in range(rng.randint(1, 4)))
        try:
            theirs: bool | None = matcher(lines).matches(path)
        except ValueError:
            theirs = None
        try:
            ours: bool | None = IgnoreFile("\n".join(lines)).ignores(path)
        except BadPattern:
            ours = None
        assert ours == theirs, (lines, path)
        compared += ours is not None
    assert compared > 2000
