"""Python 2 read as Python 3, line for line: its statements rewritten in memory, its tabs expanded.

The text that comes out is for analysis only. Its rows are the file's, its columns are not, so a finding is placed on
the whole line and never has a fix.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from canfar_lint.diagnostic import Place
from canfar_lint.model.lexical import STRING, lexemes
from canfar_lint.source import Source

_FIXERS = ("print", "except", "exec", "raise", "numliterals", "repr", "ne")
_ASYNC = re.compile(r"(?<![\w.])(async|await)(?=[ \t]*(?:=(?!=)|[,)]))")
_TRAILING_PRINT = re.compile(r"^([ \t]*print[ \t]+.*?),[ \t]*(#.*)?$", re.MULTILINE)
# the parameters of a function, and those that stand for the parts of a tuple
_PARAMETERS = re.compile(r"\b(?:def[ \t]+\w+[ \t]*\((?:[^()]|\([^()]*\))*\)|lambda\b[^:\n]*)[ \t]*:")
_TUPLE = re.compile(r"(?<=[(, ])\(([ \t]*\w+(?:[ \t]*,[ \t]*\w+)*[ \t]*,?[ \t]*)\)(?=[ \t]*[,):=])")
_PREFIX = re.compile(r"(?<!\w)[rRbBuU]{1,2}\Z")
_tool: Any = None


class Python2Source(Source):
    """The rewritten text; `original` is the file's. Spans are answered as lines of the original."""

    __slots__ = ("original",)
    repairable = False

    def __init__(self, original: Source, text: str) -> None:
        super().__init__(original.path, original.kind, text, original.encoding, original.bom)
        self.original = original

    def place(self, start: int, end: int) -> Place:
        first, last = self._lines(start, end)
        return self.original.place(first, last)

    def own_span(self, start: int, end: int) -> tuple[int, int]:
        return self._lines(start, end)

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        """The offsets of the first non-blank character of a span's first row and of that row's end."""
        row = self.row_column(start)[0]
        line = self.original.line(row) if row <= len(self.original.starts) else ""
        begin = self.original.offset(row, 1)
        return begin + len(line) - len(line.lstrip()), begin + len(line.rstrip())


def read(source: Source, code: str = "") -> tuple[Python2Source, ast.Module] | None:
    """The text as Python 3 and its tree; None when it is still no Python, or lines would move.

    `code` is what of the text is to be read where that is not all, line for line.
    """
    text = _ASYNC.sub(r"\1_", (code or source.code).replace("\r\n", "\n").replace("\r", "\n").expandtabs(8))
    text = _PARAMETERS.sub(_with_plain_parameters, with_plain_escapes(text if text.endswith("\n") else f"{text}\n"))
    for attempt in (text, _TRAILING_PRINT.sub(r"\1", text)):
        try:
            rewritten = str(_refactoring().refactor_string(attempt, source.path))
            if rewritten.count("\n") != text.count("\n"):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return Python2Source(source, rewritten), ast.parse(rewritten)
        except Exception:
            # a parser of broken texts fails in ways nobody has listed; what it cannot read is counted
            continue
    return None


def _with_plain_parameters(head: re.Match[str]) -> str:
    """The head of a function with a name for each tuple among its parameters; what was in it is not known any more."""
    return _TUPLE.sub(lambda parts: "_".join(re.findall(r"\w+", parts[1])), head[0])


def with_plain_escapes(text: str) -> str:
    r"""The text with `\u`, `\U` and `\N` doubled in plain strings, where Python 2 takes them for themselves."""
    if not re.search(r"\\[uUN]", text):
        return text
    parts: list[str] = []
    for kind, start, end in lexemes(text):
        piece = text[start:end]
        if kind == STRING and "\\" in piece and not _PREFIX.search(text, max(start - 3, 0), start):
            piece = re.sub(r"(?s)\\(.)", lambda m: f"\\\\{m[1]}" if m[1] in "uUN" else m[0], piece)
        parts.append(piece)
    return "".join(parts)


def _refactoring() -> Any:
    global _tool
    if _tool is None:
        import logging

        from fissix.refactor import RefactoringTool

        logging.getLogger("fissix").setLevel(logging.CRITICAL)
        logging.getLogger("RefactoringTool").setLevel(logging.CRITICAL)
        _tool = RefactoringTool([f"fissix.fixes.fix_{name}" for name in _FIXERS])
    return _tool
