"""Patterns for files as ruff reads them: `*` crosses folders, a pattern without a slash counts in every folder."""

from __future__ import annotations

import os
import re


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


def expression(pattern: str) -> str:
    """The regular expression of a glob: `* ** ? [ab] [!ab] {a,b} \\x`. Raises `PatternError`."""
    out: list[str] = []
    at, braces, size = 0, 0, len(pattern)
    while at < size:
        char = pattern[at]
        if char == "*":
            stars = at
            while at < size and pattern[at] == "*":
                at += 1
            out.append(_stars(pattern, stars, at))
            if out[-1].endswith("/)?"):
                at += 1
            continue
        if char == "[":
            end, text = _bracket(pattern, at)
            out.append(text)
            at = end
            continue
        if char == "\\" and at + 1 < size and os.sep == "/":
            at += 1
            out.append(re.escape(pattern[at]))
        elif char == "?":
            out.append(".")
        elif char == "{":
            braces += 1
            out.append("(?:")
        elif char == "}" and braces:
            braces -= 1
            out.append(")")
        elif char == "," and braces:
            out.append("|")
        else:
            out.append(re.escape(char))
        at += 1
    if braces:
        raise PatternError("a brace is never closed")
    return "".join(out)


def _stars(pattern: str, start: int, end: int) -> str:
    whole = (start == 0 or pattern[start - 1] == "/") and pattern[end : end + 1] in ("", "/")
    if end - start == 2 and whole and pattern[end : end + 1] == "/":
        return "(?:.*/)?"
    return ".*"


def _bracket(pattern: str, at: int) -> tuple[int, str]:
    end = at + 1
    if pattern[end : end + 1] in ("!", "^"):
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    end = pattern.find("]", end)
    if end < 0:
        raise PatternError("a bracket is never closed")
    body = pattern[at + 1 : end]
    negated = body[:1] in ("!", "^")
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", body[1:] if negated else body)
    text = f"[{'^' if negated else ''}{body}]"
    try:
        re.compile(text)
    except re.error as e:
        raise PatternError(str(e)) from None
    return end + 1, text


def escape(path: str) -> str:
    """`path` as a pattern that matches only itself."""
    return re.sub(r"([*?\[\]{}])", r"[\1]", path) if re.search(r"[*?\[\]{}]", path) else path


def anchored(pattern: str, root: str) -> str:
    """A pattern with a slash made absolute below `root`; one without stays a name that counts anywhere."""
    negated = pattern.startswith("!")
    body = pattern[1:] if negated else pattern
    body = body[2:] if body.startswith("./") else body
    body = os.path.expanduser(body) if body.startswith("~") else body
    stripped = body.rstrip("/")
    if "/" in stripped and not os.path.isabs(stripped) and not stripped.startswith("**/"):
        stripped = f"{escape(root.rstrip('/'))}/{stripped}"
    return f"!{stripped}" if negated else stripped


class Patterns:
    """A list of anchored patterns, asked of a file's name and absolute path."""

    __slots__ = ("_names", "_regex_name", "_regex_path")

    def __init__(self, patterns: tuple[str, ...]) -> None:
        plain, names, paths = set(), [], []
        for pattern in patterns:
            if "/" in pattern:
                paths.append(expression(pattern))
            elif re.search(r"[*?\[{\\]", pattern):
                names.append(expression(pattern))
            else:
                plain.add(pattern)
        self._names = frozenset(plain)
        self._regex_name = re.compile("|".join(names), re.S) if names else None
        self._regex_path = re.compile("|".join(paths), re.S) if paths else None

    def match(self, name: str, path: str) -> bool:
        """Whether a pattern matches the base name `name` or the absolute `path`."""
        if name in self._names:
            return True
        if self._regex_name is not None and self._regex_name.fullmatch(name):
            return True
        return self._regex_path is not None and self._regex_path.fullmatch(path) is not None
