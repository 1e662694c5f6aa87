"""CAN717: `apt`, which is made for people at a terminal, in a RUN."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._packages import operations
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    same = frozenset(rule.table("same-in-apt-get"))
    for run in dockerfile.all("RUN"):
        for operation in operations(run) if run.readable else ():
            program = operation.step.program
            if operation.tool != "apt" or program is None or operation.verb.value not in rule.table("verbs"):
                continue
            fix = None
            if operation.verb.value in same and program.text.endswith("apt") and not program.quoted:
                fix = Fix("use `apt-get`", (Edit(program.end, program.end, "-get"),), SAFE)
            elif run.json is not None and operation.verb.value in same:
                fix = Fix("use `apt-get`", (Edit(program.end - 1, program.end - 1, "-get"),), SAFE)
            yield rule.finding((program.start, program.end), fix=fix, verb=operation.verb.value)
