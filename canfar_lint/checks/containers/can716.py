"""CAN716: packages that are known to be large and seldom needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import shipped_runs
from canfar_lint.checks.containers._packages import INSTALL, operations, wrapped
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    heavy = [(re.compile(entry["package"]), entry) for entry in rule.table("packages")]
    for run in shipped_runs(dockerfile):
        for operation in (*operations(run), *wrapped(run)):
            if operation.kind == INSTALL and not operation.packages and operation.verb.value in rule.table("upgrades"):
                yield rule.finding(
                    operation.span, variant="upgrade", package=f"{operation.tool} {operation.verb.value}"
                )
            if operation.kind != INSTALL or operation.family not in ("apt", "dnf", "conda", "zypper", "apk"):
                continue
            for package in operation.packages:
                name = re.split(r"[=<>]", package.text)[0]
                for pattern, entry in heavy:
                    if pattern.fullmatch(name):
                        span = (package.word.start, package.word.end)
                        yield rule.finding(span, package=name, what=entry["what"], instead=entry["instead"])
                        break
    final = dockerfile.final
    if final is not None and final.root.image and re.search(rule.table("development-base"), final.root.image):
        compiles = re.search(rule.table("uses-development"), dockerfile.text)
        word = final.root.first.words[0]
        if not compiles:
            yield rule.finding((word.start, word.end), variant="base", package=final.root.image)
