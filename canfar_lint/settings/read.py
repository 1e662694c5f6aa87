"""One settings file to a layer: TOML, keys and types checked, an error naming file, line, key and the nearest key."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from canfar_lint.settings.keys import BY_NAME
from canfar_lint.settings.settings import Layer, SettingsError
from canfar_lint.settings.values import WrongValue, checked

TABLE = "tool.canfar-lint"


def read_layers(path: str, root: str = "", seen: tuple[str, ...] = ()) -> tuple[Layer, ...]:
    """The layers of a settings file: what it extends first, itself last.

    Relative paths and patterns are below the folder of the file, or below `root` where that is given.
    Raises `SettingsError`.
    """
    folder = root or os.path.dirname(os.path.abspath(path))
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as e:
        raise SettingsError(f"{shown(path)}: {e.strerror}") from None
    table, text = _table(path, data)
    layer = _layer(path, text, table, folder)
    base = layer.values.pop("extend", None)
    if base is None:
        return (layer,)
    if base in seen or base == os.path.abspath(path):
        raise SettingsError(f"{layer.where('extend')}: `extend` goes round in a circle: {shown(base)}")
    if not os.path.isfile(base):
        raise SettingsError(f"{layer.where('extend')}: `extend` names {shown(base)}, which is no file")
    return (*read_layers(base, "", (*seen, os.path.abspath(path))), layer)


def holds_settings(path: str) -> bool:
    """Whether a file named pyproject.toml has a table for canfar-lint; other names always have."""
    if os.path.basename(path) != "pyproject.toml":
        return True
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    if b"canfar-lint" not in data:
        return False
    return isinstance(_tool_table(parse_toml(path, data.decode("utf-8", "replace"))), dict)


def parse_toml(path: str, text: str) -> dict[str, Any]:
    """A TOML document. Raises `SettingsError` with its line."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(text)
        return document
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        at = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(e))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        words = str(e)[: at.start()].strip() if at else str(e)
        raise SettingsError(f"{shown(path)}:{line}: {words}") from None


def inline_layer(pair: str, root: str) -> Layer | None:
    """The layer of `--config "key = value"`; None when `pair` is not TOML of that form. Raises `SettingsError`."""
    if "=" not in pair:
        return None
    table = parse_toml("--config", pair)
    return _layer("--config", "", table, root)


def shown(path: str) -> str:
    """`path` relative to the working directory where it is below it."""
    absolute = os.path.abspath(path)
    here = os.path.join(os.getcwd(), "")
    return absolute[len(here) :] if absolute.startswith(here) else absolute


def _table(path: str, data: bytes) -> tuple[dict[str, Any], str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise SettingsError(f"{shown(path)}:{line}: the file is not UTF-8") from None
    document = parse_toml(path, text)
    if os.path.basename(path) != "pyproject.toml":
        return document, text
    table = _tool_table(document)
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{shown(path)}:{_line(text, 'canfar-lint')}: `{TABLE}` must be a table")
    return table or {}, text


def _tool_table(document: dict[str, Any]) -> Any:
    tool = document.get("tool")
    return tool.get("canfar-lint") if isinstance(tool, dict) else None


def _layer(path: str, text: str, table: dict[str, Any], root: str) -> Layer:
    origin = path if path == "--config" else shown(path)
    lines = {name: _line(text, name, os.path.basename(path) == "pyproject.toml") for name in table} if text else {}
    layer = Layer(origin, {}, lines)
    _check_version(layer, table.get("required-version"))
    for name, value in table.items():
        key = BY_NAME.get(name)
        if key is None:
            raise SettingsError(f"{layer.where(name)}: unknown key `{name}`{_nearest(name)}")
        try:
            layer.values[name] = checked(key, value, root)
        except WrongValue as e:
            raise SettingsError(f"{layer.where(name)}: `{name}` {e}") from None
    return layer


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name.replace("_", "-"), BY_NAME, 1, 0.5)
    return f", did you mean `{close[0]}`?" if close else "; `canfar-lint config` lists the keys"


def _line(text: str, key: str, in_pyproject: bool = False) -> int:
    """The 1-based line on which a key of our table stands, or its own sub-table begins."""
    name = rf"""(?:{re.escape(key)}|"{re.escape(key)}"|'{re.escape(key)}')"""
    tool = r"""\s*tool\s*\.\s*["']?canfar-lint["']?\s*"""
    ours = not in_pyproject
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[", line):
            header = line.strip()
            prefix = rf"{tool}\.\s*" if in_pyproject else r"\s*"
            if re.match(rf"\[\[?{prefix}{name}\s*[\].]", header):
                return number
            ours = bool(re.match(rf"\[{tool}\]", header)) if in_pyproject else False
        elif ours and re.match(rf"\s*{name}\s*[=.]", line):
            return number
    found = re.search(rf"(?<![\w-]){name}", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _check_version(layer: Layer, wanted: Any) -> None:
    """Before all other keys, which a newer version may know better."""
    if not isinstance(wanted, str):
        return
    from canfar_lint import __version__

    for part in wanted.split(","):
        match = re.fullmatch(r"\s*(==|>=|<=|!=|<|>|~=)?\s*(\d+(?:\.\d+)*)(\.\*)?\s*", part)
        if match is None:
            raise SettingsError(f'{layer.where("required-version")}: `required-version` "{wanted}" is no version range')
        if not _fits(__version__, match[1] or "==", match[2], bool(match[3])):
            raise SettingsError(
                f"{layer.where('required-version')}: `required-version` asks for {wanted}, this is {__version__}"
            )


def _fits(version: str, sign: str, wanted: str, star: bool) -> bool:
    have = [int(n) for n in re.findall(r"\d+", version)[:3]]
    want = [int(n) for n in wanted.split(".")]
    if star or sign == "~=":
        head = want if star else want[:-1]
        same = have[: len(head)] == head
        return same != (sign == "!=") if star else same and have >= want
    size = max(len(have), len(want))
    have, want = have + [0] * (size - len(have)), want + [0] * (size - len(want))
    return {
        "==": have == want, "!=": have != want, ">=": have >= want, "<=": have <= want, "<": have < want,
        ">": have > want,
    }[sign]  # fmt: skip
