"""CAN709: a copy of the whole build context; the tree says what is in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import DISPLAY, Edit, Finding, Fix, Question
from canfar_lint.model.dockerfile import Dockerfile

_AT_WORK = re.compile(r"(?:^|[/._-])(?:tests?|dev(?:el(?:op(?:ment)?)?|container)?|debug)(?:[/._-]|\Z)", re.I)
"""Names of Dockerfiles and their folders for tests and for work on the code, which are to hold everything."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    if _AT_WORK.search("/".join(dockerfile.path.split("/")[-2:])):
        return
    named = tuple(
        word.value
        for copy in dockerfile.all("COPY", "ADD")
        if copy.flag("from") is None
        for word in copy.sources
        if word.value and not set(word.value) & set("*?[:") and posixpath.normpath(word.value) not in (".", "/", "..")
    )
    for copy in dockerfile.all("COPY", "ADD"):
        if copy.stage is None or not copy.stage.ships or copy.flag("from") is not None or copy.onbuild:
            continue
        for source in copy.sources:
            if source.value is None or posixpath.normpath(source.value).lstrip("/") not in ("", ".", "*"):
                continue
            if copy.flag("exclude") is not None:
                continue
            at = copy.value_span[0]
            edit = Edit(at, at, "".join(f"--exclude={name} " for name in rule.table("ignore")))
            fix = Fix("leave out what does not run, here or in a `.dockerignore`", (edit,), DISPLAY)
            question = Question("context", ".", rule.table("tolerated-bytes"), named[:20])
            yield rule.finding((source.start, source.end), fix=fix, question=question, source=source.text)
