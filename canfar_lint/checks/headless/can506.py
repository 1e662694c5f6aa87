"""CAN506: graphical programs in an image that shows no sign of a graphical session."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._made import made_by
from canfar_lint.checks.containers._packages import INSTALL, operations, wrapped
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    if any(re.search(sign, dockerfile.text) for sign in rule.table("signs")):
        return
    names = re.compile("|".join(rule.table("packages")))
    programs = re.compile(rule.table("downloads"), re.I)
    for run in dockerfile.all("RUN"):
        if not dockerfile.shipped(run.stage) or not run.readable:
            continue
        for made in made_by(run, removed_too=True):
            name = (made.source or made.path).partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
            if made.how == "download" and programs.match(name):
                yield rule.finding((made.start, made.end), package=name)
        for operation in (*operations(run), *wrapped(run)):
            if operation.kind != INSTALL or operation.family not in ("apt", "dnf", "conda", "apk", "zypper"):
                continue
            for package in operation.packages:
                name = re.split(r"[=<>]", package.text)[0]
                if names.fullmatch(name):
                    variant = "virtual" if "vfb" in name.lower() else None
                    yield rule.finding((package.word.start, package.word.end), variant=variant, package=name)
