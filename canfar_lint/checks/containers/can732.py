"""CAN732: a base whose distribution or Python no longer gets updates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for stage in dockerfile.stages:
        word = stage.first.words[0] if stage.first.words else None
        if not stage.ships or stage.image is None or word is None or "$" in word.text:
            continue
        found = _ended(stage.image, rule.table("ended"))
        if found is not None:
            what, date, instead = found
            yield rule.finding((word.start, word.end), image=stage.image, what=what, date=date, instead=instead)


def _ended(image: str, table: list[dict[str, str]]) -> tuple[str, str, str] | None:
    """What of the image has ended, when, and what to take instead: by name and tag, or by a word of the tag."""
    name, _, tag = image.partition("@")[0].rpartition(":")
    if not name or "/" in tag:
        return None
    last = name.rsplit("/", 1)[-1]
    for entry in table:
        match = re.search(entry["tag"], tag) if "name" not in entry else None
        if "name" in entry and re.fullmatch(entry["name"], last):
            match = re.match(entry["tag"], tag)
        if match:
            return entry["what"].format(match[0]), entry["date"], entry["instead"]
    return None
