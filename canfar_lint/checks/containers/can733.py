"""CAN733: files that everybody may change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import earlier, shipped_runs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step

_RECURSIVE = re.compile(r"-[A-Za-z]*R[A-Za-z]*\Z|--recursive\Z")
_SHARED = ("/var/", "/run/", "/home/", "/scratch", "/data", "/cache", "/tmp", "/etc/passwd", "/etc/group", "~")
_FILE = re.compile(r"/?[^/]+\.\w{1,5}\Z|.*/s?bin/\w+\Z")


def _meant(run: Instruction, step: Step, target: Argument) -> bool:
    """One directory, made for all to write into: here or in an earlier RUN."""
    path = step.path(target)
    if path is None:
        return target.word.head == ""
    made = [s for before in (run, *earlier(run)) if before.keyword == "RUN" for s in before.steps if s.name == "mkdir"]
    return path.startswith(_SHARED) or any(other.path(word) == path for other in made for word in other.arguments)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    modes = frozenset(rule.table("modes"))
    for run in shipped_runs(dockerfile):
        for step in run.steps:
            words = [argument for argument in step.arguments if not argument.text.startswith("-")]
            if step.name != "chmod" or len(words) < 2 or words[0].value not in modes:
                continue
            recursive = any(_RECURSIVE.match(argument.text) for argument in step.arguments)
            targets = [
                word for word in words[1:] if recursive or _FILE.search(word.text) or not _meant(run, step, word)
            ]
            if targets and not all(target.text.startswith(("/tmp", "/var/tmp", "/dev")) for target in targets):
                start = step.program.start if step.program is not None else step.command.start
                span = (start, targets[-1].word.end)
                yield rule.finding(span, mode=words[0].value, what=targets[0].text)
