"""Memory that a script grants itself, in GB, when it is literal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.diagnostic import Fact
from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Script

_KEYWORDS = ("mem_limit", "memory_limit")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B?", re.IGNORECASE)
_JAVA = re.compile(r"-Xmx(\d+[kmgtKMGT])")
_UNITS = {"K": 1e-6, "M": 1e-3, "G": 1.0, "T": 1e3}
_LEAST_BYTES = 1e6


def gigabytes(value: object) -> float | None:
    """`16e9` bytes, `"16GB"`, `"16 GiB"`; None for what has no clear unit."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value / 1e9 if value >= _LEAST_BYTES else None
    match = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(match.group(1)) * _UNITS[match.group(2).upper()] if match else None


def python(module: PythonModule) -> Iterator[Fact]:
    for call in module.all_calls:
        for keyword in call.keywords:
            if keyword.arg in _KEYWORDS:
                amount = gigabytes(module.constant(keyword.value))
                if amount is not None:
                    yield Fact("memory", *module.span(keyword.value), {"what": keyword.arg, "amount": amount})


def shell(script: Script) -> Iterator[Fact]:
    for command in script.commands if script.context == "file" else ():
        for word in command.words:
            match = _JAVA.search(word.value or "")
            amount = gigabytes(match.group(1)) if match else None
            if match is not None and amount is not None:
                yield Fact("memory", *word.span, {"what": "-Xmx", "amount": amount})
