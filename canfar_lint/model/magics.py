"""Lines of a Python file that only IPython understands: `%magic`, `!command`. No Python statement begins that way."""

from __future__ import annotations

import re

_MAYBE = re.compile(r"^[ \t]*[%!]{1,2}[A-Za-z./~]", re.MULTILINE)


def magic_lines(text: str) -> list[tuple[int, int]]:
    """The spans of the logical lines that begin with a magic or shell escape, without their indentation."""
    if not _MAYBE.search(text):
        return []
    from canfar_lint.model.lexical import python_layout

    found = []
    for start, end in python_layout(text).lines:
        body = text[start:end]
        if _MAYBE.match(body):
            start += len(body) - len(body.lstrip(" \t"))
            # what stands behind the line's end belongs to it only by a quote that is the shell's, not Python's
            newline = text.find("\n", start, end)
            found.append((start, len(text[:newline].rstrip("\r")) if newline >= 0 else end))
    return found


def without_magics(text: str) -> str:
    """The text with such lines masked, of the same length and the same lines."""
    parts: list[str] = []
    at = 0
    for start, end in magic_lines(text):
        parts += text[at:start], "pass" + " " * (end - start - 4) if end - start >= 4 else "_" + " " * (end - start - 1)
        at = end
    return "".join([*parts, text[at:]])
