"""What the user has set: one table of keys, frozen settings per folder, and the rules that follow from them."""

from canfar_lint.settings.resolve import Resolver, project_root
from canfar_lint.settings.settings import Layer, Settings, SettingsError

__all__ = ["Layer", "Resolver", "Settings", "SettingsError", "project_root"]
