"""CAN701: an image whose tag moves, or that has none."""

from __future__ import annotations

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
        if tag and tag not in moving:
            continue
        word = stage.first.words[0]
        variant = "moving" if tag else None
        yield rule.finding((word.start, word.end), variant=variant, image=image, name=name, tag=tag)
