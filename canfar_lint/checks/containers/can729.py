"""CAN729: a number of threads that every session inherits from the image."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    names = frozenset(rule.table("variables"))
    for env in dockerfile.all("ENV"):
        if not dockerfile.shipped(env.stage):
            continue
        for pair in env.pairs:
            if pair.name in names and pair.value and pair.value.isdigit() and pair.value not in ("0", "1"):
                question = Question("unrequested-image", pair.name)
                span = (pair.start, pair.end)
                yield rule.finding(span, question=question, name=pair.name, number=pair.value)
