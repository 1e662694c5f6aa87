"""CAN701: an image whose tag moves, or that has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    moving = rule.table("moving-tags")
    for stage in dockerfile.stages:
        image = stage.image
        if not image or image == "scratch" or "@" in image or image.startswith(tuple(rule.table("not-a-registry"))):
            continue
        name, _, tag = image.rpartition(":")
        if not name or "/" in tag:
            name, tag = image, ""
        variant = None if not tag else "moving" if tag in moving else _by_name(name, tag, rule)
        if tag and variant is None:
            continue
        word = stage.first.words[0]
        yield rule.finding((word.start, word.end), variant=variant, image=image, name=name, tag=tag)


def _by_name(name: str, tag: str, rule: Rule) -> str | None:
    """A tag that moves by what it says: the newest of something, or of a program no more than its first number."""
    if set(re.split(r"[-_.]", tag)) & set(rule.table("moving-parts")):
        return "moving"
    official = name.removeprefix("docker.io/").removeprefix("library/")
    if official in rule.table("programs"):
        if set(re.split(r"[-_.]", tag)) <= set(rule.table("systems")):
            return "moving"
        if re.fullmatch(r"\d+(?:-[^.\d]+(?:[\d.]*))?", tag):
            return "broad"
    return None
