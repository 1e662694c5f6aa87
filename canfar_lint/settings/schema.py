"""The JSON schema of the settings, made from their one table, for editors and for those who check settings files."""

from __future__ import annotations

from typing import Any

from canfar_lint.settings.keys import KEYS, Key

_STRING: dict[str, Any] = {"type": "string"}
_STRINGS: dict[str, Any] = {"type": "array", "items": _STRING}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_AMOUNT: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}
_SIZE = {"type": "string", "pattern": r"^\s*\d+(\.\d+)? ?[kKmMgG]?[iI]?[bB]?\s*$"}
_TYPES: dict[str, dict[str, Any]] = {
    "string": _STRING,
    "path": _STRING,
    "boolean": {"type": "boolean"},
    "integer": _COUNT,
    "number": _AMOUNT,
    "size": {"anyOf": [_COUNT, _SIZE]},
    "strings": _STRINGS,
    "numbers": {"type": "array", "items": _AMOUNT},
    "rule-paths": _STRINGS,
    "patterns": _STRINGS,
    "selectors": _STRINGS,
    "selector-table": {"type": "object", "additionalProperties": _STRINGS},
    "path-table": {"type": "object", "additionalProperties": _STRING},
}


def schema() -> dict[str, Any]:
    """The schema of `[tool.canfar-lint]` and of canfar-lint.toml (draft 7, which TOML editors read)."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of canfar-lint",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _property(key) for key in KEYS},
    }


def _property(key: Key) -> dict[str, Any]:
    told: dict[str, Any] = {"description": key.meaning, **_type(key)}
    if key.default is not None:
        told["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    return told


def _type(key: Key) -> dict[str, Any]:
    if key.type == "choice":
        return {"type": "string", "enum": list(key.choices)}
    if key.type == "level-table":
        return {"type": "object", "additionalProperties": {"type": "string", "enum": list(key.choices)}}
    if key.type == "request":
        amounts = {name: _AMOUNT if name == "ram" else _COUNT for name in key.choices}
        return {"type": "object", "properties": amounts, "additionalProperties": False}
    return _TYPES[key.type]
