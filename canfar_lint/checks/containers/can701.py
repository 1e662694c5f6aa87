"""CAN701: an image whose tag moves, or that has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    moving = rule.table("moving-tags")
    for image, start, end in _images(dockerfile):
        if not image or image == "scratch" or "@" in image or image.startswith(tuple(rule.table("not-a-registry"))):
            continue
        name, _, tag = image.rpartition(":")
        if not name or "/" in tag:
            name, tag = image, ""
        variant = None if not tag else "moving" if tag in moving else _by_name(name, tag, rule)
        if tag and variant is None:
            continue
        yield rule.finding((start, end), variant=variant, image=image, name=name, tag=tag)


def _images(dockerfile: Dockerfile) -> Iterator[tuple[str | None, int, int]]:
    """The images that stages begin with, and those with a tag that files are copied from."""
    for stage in dockerfile.stages:
        word = stage.first.words[0]
        yield stage.image, word.start, word.end
    for copy in dockerfile.all("COPY"):
        flag = copy.flag("from")
        given = flag.expanded if flag is not None else None
        if flag is not None and given and ":" in given.rsplit("/", 1)[-1]:
            yield given, flag.start, flag.end


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
