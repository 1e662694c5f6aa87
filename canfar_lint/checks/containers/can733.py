"""CAN733: files that everybody may change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import shipped_runs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile

_RECURSIVE = re.compile(r"-[A-Za-z]*R[A-Za-z]*\Z|--recursive\Z")
_FILE = re.compile(r"/?[^/]+\.\w{1,5}\Z|.*/s?bin/\w+\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    modes = frozenset(rule.table("modes"))
    for run in shipped_runs(dockerfile):
        for step in run.steps:
            words = [argument for argument in step.arguments if not argument.text.startswith("-")]
            if step.name != "chmod" or len(words) < 2 or words[0].value not in modes:
                continue
            recursive = any(_RECURSIVE.match(argument.text) for argument in step.arguments)
            targets = [word for word in words[1:] if recursive or _FILE.search(word.text)]
            if targets and not all(target.text.startswith(("/tmp", "/var/tmp", "/dev")) for target in targets):
                start = step.program.start if step.program is not None else step.command.start
                span = (start, targets[-1].word.end)
                yield rule.finding(span, mode=words[0].value, what=targets[0].text)
