"""Where strings, comments and brackets stand in Python-like text: a scan that also survives text that does not parse.

`tokenize` gives up at the first slip and, on newer Pythons, at anything that is not the running Python's grammar. The
readers of markers and magics need only this much, for Python 2 and broken files too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

STRING, COMMENT, OPEN, CLOSE, NEWLINE, OTHER = "string", "comment", "open", "close", "newline", "other"

# No alternative can fail behind its first character, so nothing is tried twice: the scan is linear.
_LEXEME = re.compile(
    r"""
    (?P<string>
        \"\"\"[^"\\]*(?:(?:\\(?:.|\Z)|"(?!""))[^"\\]*)*(?:\"\"\"|\Z)
      | '''[^'\\]*(?:(?:\\(?:.|\Z)|'(?!''))[^'\\]*)*(?:'''|\Z)
      | "[^"\\\r\n]*(?:\\(?:\r\n|.|\Z)[^"\\\r\n]*)*"?
      | '[^'\\\r\n]*(?:\\(?:\r\n|.|\Z)[^'\\\r\n]*)*'?
    )
  | (?P<comment>\#[^\r\n]*)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<continuation>\\(?:\r\n|\r|\n))
  | (?P<newline>\r\n|\r|\n)
  | (?P<other>[^"'\#()\[\]{}\\\r\n]+|\\)
    """,
    re.VERBOSE | re.DOTALL,
)


class Lexeme(NamedTuple):
    kind: str
    start: int
    end: int


def lexemes(text: str, start: int = 0) -> Iterator[Lexeme]:
    """The pieces of `text` from `start` on; `other` is everything between, blanks included."""
    for match in _LEXEME.finditer(text, start):
        yield Lexeme(match.lastgroup or OTHER, match.start(), match.end())
