"""Which settings hold for a file: those of the closest settings file, under what the command line says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from canfar_lint.settings.settings import Layer, Settings, SettingsError

if TYPE_CHECKING:
    from canfar_lint.settings.select import Selection

FILE_NAMES = (".canfar-lint.toml", "canfar-lint.toml", "pyproject.toml")


class Resolver:
    """Settings and selections by folder, each resolved once.

    With `file` these settings hold everywhere, with `isolated` none do. `command_line` are layers over all of them.
    Raises `SettingsError`, here and whenever a folder is asked for the first time.
    """

    def __init__(self, command_line: tuple[Layer, ...] = (), *, file: str = "", isolated: bool = False) -> None:
        self._command_line = command_line
        self._folders: dict[str, Settings | None] = {}
        self._selections: dict[Settings, Selection] = {}
        self._here = os.getcwd()
        self._fixed = bool(file) or isolated
        if file:
            from canfar_lint.settings.read import read_layers

            self.base = self._made(self._here, os.path.abspath(file), read_layers(file, self._here))
        elif isolated:
            self.base = self._made(self._here)
        else:
            self.base = self._nearest(self._here) or self._of_user() or self._made(self._here)

    def of_folder(self, folder: str) -> Settings:
        """The settings of an absolute folder."""
        return self.base if self._fixed else self._nearest(folder) or self.base

    def of_file(self, path: str) -> Settings:
        """The settings of a file, whose path may be relative to the working directory."""
        return self.of_folder(os.path.dirname(os.path.join(self._here, path)))

    def below(self, settings: Settings, folder: str, names: set[str]) -> Settings:
        """The settings of a folder whose parent has `settings` and whose entries are `names`; asks the disk nothing."""
        if self._fixed or names.isdisjoint(FILE_NAMES):
            return settings
        return self._own(folder) or settings

    def selection(self, settings: Settings) -> Selection:
        """The rules that run under `settings`."""
        if settings not in self._selections:
            from canfar_lint.catalogue import load
            from canfar_lint.settings.select import Selection

            try:
                catalogue = load(settings.extend_rules)
            except ValueError as e:
                if type(e).__name__ != "RuleError":  # whose module reads YAML
                    raise
                raise SettingsError(f"{settings.where('extend-rules')}: {e}") from None
            self._selections[settings] = Selection(settings, catalogue)
        return self._selections[settings]

    def _nearest(self, folder: str) -> Settings | None:
        missing = []
        while folder not in self._folders:
            own = self._own(folder)
            if own is not None:
                break
            missing.append(folder)
            parent = os.path.dirname(folder)
            if parent == folder:
                self._folders[folder] = None
            folder = parent
        found = self._folders[folder]
        for below in missing:
            self._folders[below] = found
        return found

    def _own(self, folder: str) -> Settings | None:
        """The settings of the settings file in a folder, None without one."""
        path = settings_file(folder)
        if not path:
            return None
        if self._folders.get(folder) is None:
            from canfar_lint.settings.read import read_layers

            self._folders[folder] = self._made(folder, path, read_layers(path))
        return self._folders[folder]

    def _of_user(self) -> Settings | None:
        path = settings_file(user_folder())
        if not path:
            return None
        from canfar_lint.settings.read import read_layers

        return self._made(self._here, path, read_layers(path, self._here))

    def _made(self, root: str, file: str = "", layers: tuple[Layer, ...] = ()) -> Settings:
        return Settings(root, file, (*layers, *self._command_line))


def settings_file(folder: str) -> str:
    """The file in `folder` whose settings count, or "". A pyproject.toml counts when it has a table for us."""
    for name in FILE_NAMES:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        if name != "pyproject.toml" or _has_table(path):
            return path
    return ""


def _has_table(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            if b"canfar-lint" not in file.read():
                return False
    except OSError:
        return False
    from canfar_lint.settings.read import holds_settings

    return holds_settings(path)


def user_folder() -> str:
    """Where a user's own settings file is looked for, as ruff does: below $XDG_CONFIG_HOME, %APPDATA% on Windows."""
    base = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    return os.path.join(base or os.path.join(os.path.expanduser("~"), ".config"), "canfar-lint")


def project_root(folder: str) -> str:
    """The nearest folder upwards that holds a settings file or `.git`; "" where there is none."""
    while True:
        if os.path.exists(os.path.join(folder, ".git")) or settings_file(folder):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


__all__ = ["Resolver", "SettingsError", "project_root", "settings_file", "user_folder"]
