"""mkdocs calls this when it builds the site: the rules by section, and pages that mkdocs.yml does not place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def on_config(config: Any) -> Any:
    sys.path.insert(0, str(ROOT))
    from canfar_lint.catalogue.compile import compile_folder
    from canfar_lint.catalogue.schema import SECTIONS

    pages: dict[str, list[dict[str, str]]] = {title: [] for title in SECTIONS.values()}
    for rule in compile_folder(ROOT / "rules")["head"]:
        page = {f"{rule['code']} {rule['name']}": f"rules/{rule['code']}.md"}
        pages[SECTIONS[rule["section"]]].append(page)
    sections: list[Any] = [{title: own} for title, own in pages.items() if own]
    nav = config["nav"]
    placed = str(nav)
    nav[-1]["About"] += [page.name for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in placed]
    nav.insert(2, {"Rules": ["rules/index.md", *sections]})
    return config
