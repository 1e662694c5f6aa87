"""CAN702: an image that is not built on one of the platform's own."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    final = dockerfile.final
    image = final.root.image if final is not None else None
    if final is None or not image or image == "scratch" or not rule.setting("platform_registries"):
        return
    if not image.startswith(tuple(f"{registry}/" for registry in rule.setting("platform_registries"))):
        word = final.root.first.words[0]
        yield rule.finding((word.start, word.end), image=image, registry=rule.setting("platform_registries")[0])
