"""GitLab's code quality report."""

from __future__ import annotations

import os
from typing import Any

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.reporting import Report
from canfar_lint.reporting.jsontext import pretty

_SEVERITY = {"error": "major", "warning": "minor", "advice": "info"}
_MASK = (1 << 64) - 1


def render(report: Report) -> str:
    seen: set[int] = set()
    return pretty([_issue(report, diagnostic, seen) for diagnostic in report.diagnostics])


def _issue(report: Report, diagnostic: Diagnostic, seen: set[int]) -> dict[str, Any]:
    path = _path(report, diagnostic.path)
    mark = fingerprint(0, diagnostic.name, path)
    while mark in seen:
        mark = fingerprint(mark, diagnostic.name, path)
    seen.add(mark)
    row, column, end_row, end_column = diagnostic.place[:4] if diagnostic.place.cell is None else (1, 1, 1, 1)
    return {
        "check_name": diagnostic.code,
        "description": f"{diagnostic.code}: {diagnostic.message}",
        "severity": _SEVERITY[diagnostic.level],
        "fingerprint": f"{mark:x}",
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": row, "column": column},
                "end": {"line": end_row, "column": end_column},
            },
        },
    }


def _path(report: Report, path: str) -> str:
    project = os.environ.get("CI_PROJECT_DIR")
    if project and path != "-":
        return os.path.relpath(report.absolute(path), project)
    return report.raw_path(path)


def fingerprint(salt: int, name: str, path: str) -> int:
    """What identifies a finding from run to run, without its line: ruff's hash of the rule's name and the file.

    `salt` is the fingerprint of the finding of this rule before it in the file, 0 for the first.
    """
    parts = [salt.to_bytes(8, "little"), *(text.encode("utf-8", "replace") + b"\xff" for text in (name, path))]
    return _siphash(b"".join(parts))


def _siphash(data: bytes) -> int:
    """SipHash-1-3 with an empty key."""
    state = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        a, b, c, d = _round(*state[:3], state[3] ^ word)
        state = (a ^ word, b, c, d)
    state = (state[0], state[1], state[2] ^ 0xFF, state[3])
    for _ in range(3):
        state = _round(*state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = (a + b) & _MASK
    b = _rotated(b, 13) ^ a
    a = _rotated(a, 32)
    c = (c + d) & _MASK
    d = _rotated(d, 16) ^ c
    a = (a + d) & _MASK
    d = _rotated(d, 21) ^ a
    c = (c + b) & _MASK
    b = _rotated(b, 17) ^ c
    return a, b, _rotated(c, 32), d


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK
