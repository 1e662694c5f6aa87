"""Build hook: compiles `rules/` into the wheel, beside the YAML it came from."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable install reads `rules/` in place, so only a real wheel gets the compiled form."""

    _compiled: TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from canfar_lint.catalogue.compile import write

        self._compiled = TemporaryDirectory()
        write(root / "rules", Path(self._compiled.name))
        build_data["force_include"][self._compiled.name] = "canfar_lint/_rules"
        build_data["force_include"][str(root / "rules")] = "canfar_lint/rules"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self._compiled is not None:
            self._compiled.cleanup()
