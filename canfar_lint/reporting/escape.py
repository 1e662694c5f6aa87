"""Makes text from linted files and file names harmless: nothing of it can act on a terminal or a CI runner.

Control characters become their pictures (␛), characters that reorder or hide text become �. The openings of Azure's
and GitHub's commands lose their bracket, wherever they stand, and no line begins with `::`.
"""

from __future__ import annotations

import re

_PICTURES = {n: chr(0x2400 + n) for n in range(32)}
_HIDDEN = (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x2028, 0x2029)
_LINE = {**_PICTURES, 0x7F: "␡", **dict.fromkeys((*range(0x80, 0xA0), *_HIDDEN), "�")}
_WORD = {**_LINE, 0x09: "    "}
_SHOWN = {**_WORD, 0x200D: ""}
_KEEP_NEWLINE = {key: value for key, value in _SHOWN.items() if key not in (0x09, 0x0A, 0x0D)}
_COMMAND = r"##(?:vso)?\["
_SUSPECT = "[\x00-\x1f\x7f-\x9f\u200d\u2028-\u202e\u2066-\u2069\ud800-\udfff]|##(?:vso)?\\["


def _is_suspect(text: str) -> bool:
    # nearly all text is plainly harmless, and the expression takes longer to compile than a short report
    if text.isascii() and text.isprintable() and "##" not in text:
        return False
    return re.search(_SUSPECT, text) is not None


def one_line(text: str) -> str:
    """A message: tabs become four blanks, everything else that is not text its picture."""
    return _clean(text, _WORD) if _is_suspect(text) else text


def path(text: str) -> str:
    """A file name: it never begins a command, whatever it is called."""
    if _is_suspect(text):
        text = _clean(text, _LINE)
    return f"./{text}" if text.lstrip().startswith("::") else text


def source(text: str) -> str:
    """A line of code or a part of it; a line's own newline and its tabs stay."""
    return _clean(text, _KEEP_NEWLINE) if _is_suspect(text) else text


def displayed(line: str) -> str:
    """A line of code without its newline, with tabs as four blanks; joined characters stand side by side."""
    return _clean(line, _SHOWN) if _is_suspect(line) else line


def valid(text: str) -> str:
    """Text that can be encoded: bytes that were no UTF-8 become �."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "�", text)


def _clean(text: str, table: dict[int, str]) -> str:
    return re.sub(_COMMAND, lambda m: m[0][:-1] + "(", valid(text.translate(table)))
