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
        name, _, tag = stage.image.partition("@")[0].rpartition(":")
        if not name or "/" in tag:
            continue
        found = _named(name.rsplit("/", 1)[-1], tag, rule) or _inside(tag, rule)
        if found is not None:
            what, version, date = found
            values = {
                "what": f"{rule.table('names')[what]} {version}",
                "date": date,
                "instead": rule.table("instead")[what],
            }
            yield rule.finding((word.start, word.end), image=stage.image, **values)


def _named(name: str, tag: str, rule: Rule) -> tuple[str, str, str] | None:
    """A tag that begins with an ended version of the image that the name says."""
    for version, date in rule.table("images").get(name, {}).items():
        if re.match(rf"{re.escape(version)}(?![\da-z])", tag):
            return name, version, date
    return None


def _inside(tag: str, rule: Rule) -> tuple[str, str, str] | None:
    """A tag that says among others what the image stands on: `slim-buster`, `devel-ubuntu20.04`."""
    for name, versions in rule.table("words").items():
        for version, date in versions.items():
            own = f"{name}-?{re.escape(version)}" if version[0].isdigit() else f"(?<![a-z0-9]){version}"
            if re.search(rf"{own}(?![\da-z])", tag):
                return name, version, date
    return None
