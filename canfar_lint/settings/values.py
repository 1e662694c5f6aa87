"""Turns the values of a settings file or a flag into what `Settings` holds, or says what is wrong with them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from canfar_lint.settings.globs import PatternError, anchored, expression
from canfar_lint.settings.keys import Key

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kMG]?)(i?)B?", re.I)


class WrongValue(ValueError):
    """A value of the wrong type or out of range; the message says what is wanted."""


def checked(key: Key, value: Any, root: str) -> Any:
    """`value` as `Settings` holds it; paths and patterns are made absolute below `root`. Raises `WrongValue`."""
    return _CHECKS[key.type](key, value, root)


def _of(kind: type, words: str) -> Callable[[Key, Any, str], Any]:
    def check(key: Key, value: Any, root: str) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise WrongValue(f"must be {words}, not {_said(value)}")
        return value

    return check


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a table" if isinstance(value, dict) else f"{value}"


_string = _of(str, "a string")
_boolean = _of(bool, "true or false")


def _integer(key: Key, value: Any, root: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise WrongValue(f"must be a whole number above 0, not {_said(value)}")
    return value


def _number(key: Key, value: Any, root: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise WrongValue(f"must be a number above 0, not {_said(value)}")
    return value


def _size(key: Key, value: Any, root: str) -> int:
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        step = 1024 if match[3] else 1000
        return int(float(match[1]) * step ** " KMG".index(match[2].upper() or " "))
    if isinstance(value, str):
        raise WrongValue(f'must be bytes or a size such as "20 MB", not {_said(value)}')
    return _integer(key, value, root)


def _choice(key: Key, value: Any, root: str) -> str:
    if not isinstance(value, str) or value not in key.choices:
        raise WrongValue(f"must be one of {', '.join(key.choices)}, not {_said(value)}")
    return value


def _path(key: Key, value: Any, root: str) -> str:
    text: str = _string(key, value, root)
    return os.path.normpath(os.path.join(root, os.path.expanduser(os.path.expandvars(text))))


def _rules_path(key: Key, value: Any, root: str) -> str:
    text: str = _string(key, value, root)
    return text if text.startswith("package:") else _path(key, value, root)


def _list_of(item: Callable[[Key, Any, str], Any], words: str) -> Callable[[Key, Any, str], Any]:
    def check(key: Key, value: Any, root: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise WrongValue(f"must be a list of {words}, not {_said(value)}")
        return tuple(item(key, entry, root) for entry in value)

    return check


def _table_of(item: Callable[[Key, Any, str], Any], words: str) -> Callable[[Key, Any, str], Any]:
    def check(key: Key, value: Any, root: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongValue(f"must be a table of {words}, not {_said(value)}")
        return {name: item(key, entry, root) for name, entry in value.items()}

    return check


def _pattern(key: Key, value: Any, root: str) -> str:
    text = anchored(_string(key, value, root), root)
    try:
        expression(text.removeprefix("!"))
    except PatternError as e:
        raise WrongValue(f'has the pattern "{value}", in which {e}') from None
    return text


_selectors = _list_of(_string, "selectors")


def _selector_table(key: Key, value: Any, root: str) -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = _table_of(_selectors, "patterns and lists of selectors")(key, value, root)
    return {_pattern(key, pattern, root): selectors for pattern, selectors in table.items()}


def _request(key: Key, value: Any, root: str) -> dict[str, Any]:
    table: dict[str, Any] = _table_of(_number, "cores, ram and replicas")(key, value, root)
    for name, entry in table.items():
        if name not in key.choices:
            raise WrongValue(f"has the keys {', '.join(key.choices)}, not {name}")
        if name != "ram":
            _integer(key, entry, root)
    return table


_CHECKS: dict[str, Callable[[Key, Any, str], Any]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "size": _size,
    "choice": _choice,
    "path": _path,
    "strings": _list_of(_string, "strings"),
    "numbers": _list_of(_number, "numbers"),
    "rule-paths": _list_of(_rules_path, "folders"),
    "patterns": _list_of(_pattern, "patterns"),
    "selectors": _selectors,
    "selector-table": _selector_table,
    "level-table": _table_of(_choice, "rules and levels"),
    "path-table": _table_of(_path, "image names and paths"),
    "request": _request,
}
