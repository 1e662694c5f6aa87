"""What only the whole tree can say: candidates answered, and checks over the facts of all files."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from canfar_lint.diagnostic import Diagnostic, Fact
from canfar_lint.pipeline.tree import Tree

if TYPE_CHECKING:
    from canfar_lint.engine.file import Profile
    from canfar_lint.pipeline.runs import Run


class Project:
    """The facts of all files of a run, by kind: each with the path of the file it comes from and its place.

    `whole` says that a folder with the project's root was given, so that what is not in `paths` is not there.
    """

    def __init__(self, facts: Iterable[tuple[str, Fact]], tree: Tree, paths: Iterable[str], whole: bool = True) -> None:
        self.tree = tree
        self.whole = whole
        self.paths = sorted(paths)
        self.facts: dict[str, list[tuple[str, Fact]]] = {}
        self.runs: list[Run] | None = None
        self.by_name: dict[str, list[str]] = {}
        for path in self.paths:
            self.by_name.setdefault(path.rpartition("/")[2], []).append(path)
        for path, fact in facts:
            self.facts.setdefault(fact.kind, []).append((path, fact))


def settle(diagnostics: Iterable[Diagnostic], project: Project) -> list[Diagnostic]:
    """Candidates become findings or nothing, as the project answers their questions.

    A question `ask="small-file"` is answered by `canfar_lint.pipeline.small_file.answer(diagnostic, project)`.
    """
    settled = []
    for diagnostic in diagnostics:
        if diagnostic.question is not None:
            module = importlib.import_module(f"canfar_lint.pipeline.{diagnostic.question.ask.replace('-', '_')}")
            answered: Diagnostic | None = module.answer(diagnostic, project)
            if answered is None:
                continue
            diagnostic = answered._replace(question=None)
        settled.append(diagnostic)
    return settled


def judge(project: Project, profile: Profile) -> list[Diagnostic]:
    """The findings of the checks that read the facts of the whole project (`check_project`)."""
    from canfar_lint.checks import module_of

    found: list[Diagnostic] = []
    for rule in profile.rules:
        if not {"launch", "project"} & set(rule.kinds):
            continue
        function = getattr(module_of(rule), "check_project", None)
        if function is not None:
            found += function(project, rule)
    return found
