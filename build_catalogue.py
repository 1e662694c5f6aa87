"""Build hook: compiles `rules/` into the wheel, beside the YAML it came from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable install reads `rules/` in place, so only a real wheel gets the compiled form."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from canfar_lint.catalogue.compile import write

        target = root / "build" / "_rules"
        write(root / "rules", target)
        build_data["force_include"][str(target)] = "canfar_lint/_rules"
        build_data["force_include"][str(root / "rules")] = "canfar_lint/rules"
