"""CAN725: an image for another processor, or without the shell that the platform needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._made import TAR
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Stage

_FOREIGN = re.compile(r"(?:^|/)(?:arm32v[567]|arm64v8|ppc64le|s390x|riscv64|mips64le)/|^mcr\.microsoft\.com/windows/")

_NAMED = re.compile(
    r"(?:\A|[./_-])(?:arm(?:32|64)?(?:v\d)?|arm32v[567]|arm64v8|armhf|armv\d\w?|aarch64|ppc64(?:le)?|s390x?|riscv(?:64)?|rpi\d?"
    r"|raspi|raspberry-?pi|jetson|windows(?:servercore)?|nanoserver)(?:\Z|[./_-])",
    re.I,
)
"""The file or its folder says for what machine it is; the project has another one for the usual kind."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for stage in dockerfile.stages if not _NAMED.search("/".join(dockerfile.path.split("/")[-2:])) else ():
        yield from _platform(rule, stage)
    final = dockerfile.final
    if final is None or final.root.image is None:
        return
    image = final.root.image
    bare = image == "scratch" or any(part in image for part in rule.table("without-shell"))
    if bare and image == "scratch" and (_is_export(final) or _is_box(dockerfile)):
        return
    if bare and not image.endswith((":debug", ":debug-nonroot")) and not _filled(final):
        word = final.root.first.words[0]
        yield rule.finding((word.start, word.end), variant="shell", image=image)


def _platform(rule: Rule, stage: Stage) -> Iterator[Finding]:
    flag = stage.first.flag("platform")
    platform = stage.platform
    if flag is not None and platform and platform not in rule.table("platforms"):
        fix = None
        if flag.value == platform and stage.first.text[flag.start : flag.end].endswith(platform):
            fix = Fix("build for linux/amd64", (Edit(flag.end - len(platform), flag.end, "linux/amd64"),), SAFE)
        yield rule.finding((flag.start, flag.end), fix=fix, platform=platform)
    elif stage.image and _FOREIGN.search(stage.image):
        word = stage.first.words[0]
        yield rule.finding((word.start, word.end), platform=stage.image.split("/")[-2])


def _is_export(final: Stage) -> bool:
    """Only a place to take files from (`docker build --output`): a stage with a name that starts nothing."""
    return bool(final.name) and not any(i.keyword not in ("COPY", "ADD", "ARG", "LABEL") for i in final.instructions)


def _is_box(dockerfile: Dockerfile) -> bool:
    """Files of the context on the empty image, with nothing that builds or starts: other images copy from it."""
    return len(dockerfile.stages) == 1 and not any(dockerfile.all("RUN", "CMD", "ENTRYPOINT"))


def _filled(final: Stage) -> bool:
    """A whole file system is copied or unpacked onto the empty image."""
    for stage in final.ancestry:
        for instruction in stage.instructions:
            if instruction.keyword not in ("COPY", "ADD"):
                continue
            target = instruction.destination
            sources = [word.value for word in instruction.sources]
            if target is not None and target.value in ("/", "/.", "./", "."):
                if instruction.keyword == "ADD" and any(s is None or TAR.search(s) for s in sources):
                    return True
                if any(s is None or s.rstrip("/").count("/") < 2 for s in sources):
                    return True
            elif target is not None and target.value in ("/bin", "/bin/", "/bin/sh", "/usr", "/usr/"):
                return True
    return False
