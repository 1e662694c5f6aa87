"""The second opinion: dockerfile-parse splits a masked copy of the file and must find the same instructions.

dockerfile-parse knows nothing of heredocs, blank lines in continuations, `check=` directives or a byte-order mark, and
is quadratic in the lines of one instruction. The copy has the same number of lines, with what it would misread
replaced; so a difference means that one of the two readers has the file's structure wrong, and then nothing is linted.
"""

from __future__ import annotations

import re

from canfar_lint.model.dockerfile.reading import Line, Reading, keyword_and_flags

_PLAIN_KEYWORD = re.compile(r"[A-Za-z]+")
_LONG = 200
_WIDE = 500


def differs(reading: Reading) -> str:
    """Why dockerfile-parse reads the file in another way, or an empty text."""
    import io

    from dockerfile_parse import DockerfileParser

    masked, expected = _masked(reading)
    parser = DockerfileParser(fileobj=io.BytesIO(masked.encode("utf-8")), cache_content=False, env_replace=False)
    found = [
        (item["instruction"], item["startline"] + 1, item["endline"] + 1)
        for item in parser.structure
        if item["instruction"] != "COMMENT"
    ]
    if found == expected:
        return ""
    for ours, theirs in zip(expected, found, strict=False):
        if ours != theirs:
            return f"line {ours[1]}: read as {ours[0]} and as {theirs[0]} of line {theirs[1]}"
    return f"read as {len(expected)} and as {len(found)} instructions"


def _masked(reading: Reading) -> tuple[str, list[tuple[str, int, int]]]:
    rows = ["#"] * len(reading.rows)
    expected = []
    for line in reading.lines:
        keyword = _mask_instruction(reading, line, rows)
        last = line.text_last
        while last in line.skipped:
            last -= 1
        expected.append((keyword, line.first, last))
    return "\n".join(rows) + "\n", expected


def _mask_instruction(reading: Reading, line: Line, rows: list[str]) -> str:
    """Write the rows of one instruction into `rows`; the keyword dockerfile-parse must find."""
    text = line.logical.text
    keyword, stop, _ = keyword_and_flags(text, len(text) - len(text.lstrip()))
    standing_in = not _PLAIN_KEYWORD.fullmatch(keyword) or not _whole(reading, line, text, stop)
    skipped = set(line.skipped)
    shown = [row for row in range(line.first, line.text_last + 1) if row not in skipped]
    for row in shown:
        last = row == shown[-1]
        hidden = standing_in or len(shown) > _LONG or len(reading.rows[row - 1]) > _WIDE
        body = "x" if hidden else _body(reading, row, last)
        if row == line.first:
            body = f"{'STANDIN' if standing_in else keyword} {_after_keyword(body, keyword)}"
        rows[row - 1] = body + ("" if last else "\\")
    return "STANDIN" if standing_in else keyword


def _whole(reading: Reading, line: Line, text: str, stop: int) -> bool:
    """The keyword stands in the first row, with something a Python regular expression calls a blank behind it."""
    first = reading.rows[line.first - 1].strip()
    return first[:stop].upper() == text.lstrip()[:stop].upper() and len(first) > stop and first[stop] in " \t"


def _body(reading: Reading, row: int, last: bool) -> str:
    """A row's own text without continuation character, ending so that the other reader takes it for no continuation."""
    text = reading.rows[row - 1].rstrip("\r")
    if not last:
        text = text.rstrip(" \t")[:-1]
    text = text.replace("\r", " ").encode("utf-8", "replace").decode("utf-8").rstrip()
    while text.endswith("\\"):
        text = text[:-1].rstrip() + "/"
    return text if text.strip() else "x"


def _after_keyword(body: str, keyword: str) -> str:
    stripped = body.lstrip()
    return stripped[len(keyword) :].lstrip() if stripped.upper().startswith(keyword) else body
