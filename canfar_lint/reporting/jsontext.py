"""JSON as text that is harmless where it is printed: what could act on a terminal or a CI runner is a \\u escape."""

from __future__ import annotations

import json
import re

from canfar_lint.reporting.escape import valid

_ACTIVE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]|##(?=(?:vso)?\\[)")


def pretty(value: object) -> str:
    return _harmless(json.dumps(value, ensure_ascii=False, indent=2))


def compact(value: object) -> str:
    return _harmless(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def spaced(value: object) -> str:
    """On one line, for people."""
    return _harmless(json.dumps(value, ensure_ascii=False))


def _harmless(text: str) -> str:
    return _ACTIVE.sub(lambda m: "".join(f"\\u{ord(c):04x}" for c in m[0]), valid(text))
