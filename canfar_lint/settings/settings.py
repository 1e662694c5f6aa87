"""The settings of one folder, resolved: plain, frozen, picklable."""

from __future__ import annotations

from typing import Any

from canfar_lint.settings.keys import BY_NAME, KEYS


class SettingsError(ValueError):
    """Settings that cannot be used; the message names the key and, where there is one, file and line."""


class Layer:
    """What one settings file, or the command line, says: checked values by key, and where each one stands.

    `origin` is a file or a flag; `lines` holds 1-based lines of a file's keys.
    """

    __slots__ = ("lines", "origin", "values")

    def __init__(self, origin: str, values: dict[str, Any], lines: dict[str, int] | None = None) -> None:
        self.origin = origin
        self.values = values
        self.lines = lines or {}

    def where(self, key: str) -> str:
        """The place of a key as `file:line`, or the flag that set it."""
        if key in self.lines:
            return f"{self.origin}:{self.lines[key]}"
        return self.origin or f"--{key}"


class Settings:
    """One value for every key of `KEYS`, as an attribute (`max-cores` is `max_cores`).

    `root` is the folder of the settings file (the working directory where there is none); `file` its path or "".
    `layers` are the settings files and flags it was made of, the farthest first. Two settings that say the same have
    the same `key`, for caches; they are equal when their `root` is the same too, on which ruff's target depends.
    """

    __slots__ = ("_key", "_values", "file", "layers", "root")

    root: str
    file: str
    layers: tuple[Layer, ...]

    def __init__(self, root: str, file: str = "", layers: tuple[Layer, ...] = ()) -> None:
        put = object.__setattr__
        put(self, "root", root)
        put(self, "file", file)
        put(self, "layers", layers)
        put(self, "_values", _merged(layers))
        put(self, "_key", "")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        values: dict[str, Any] = self._values
        if name in values:
            return values[name]
        key = BY_NAME.get(name.replace("_", "-"))
        if key is None:
            raise AttributeError(name)
        return key.default

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings are frozen: {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Settings, (self.root, self.file, self.layers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and (self.key, self.root) == (other.key, other.root)

    def __hash__(self) -> int:
        return hash((self.key, self.root))

    @property
    def key(self) -> str:
        """What differs from the defaults, as a text that is the same in every process."""
        if not self._key:
            chosen = [
                f"{layer.values.get(name)!r}" for layer in self.layers for name in ("select", "ignore", "extend-select")
            ]
            other = [f"{name}={self._values[name]!r}" for name in sorted(self._values)]
            object.__setattr__(self, "_key", f"{';'.join(other)}|{';'.join(chosen)}")
        key: str = self._key
        return key

    def where(self, name: str) -> str:
        """Where the value of a key comes from: `file:line`, a flag, or `default`."""
        for layer in reversed(self.layers):
            if name in layer.values:
                return layer.where(name)
        return "default"


def _merged(layers: tuple[Layer, ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.values.items():
            key = BY_NAME[name]
            if key.attribute in merged and key.merge == "append":
                value = merged[key.attribute] + value
            elif key.attribute in merged and key.merge == "update":
                value = {**merged[key.attribute], **value}
            merged[key.attribute] = value
    return merged


def defaults() -> dict[str, Any]:
    """The default of every key."""
    return {key.name: key.default for key in KEYS}
