"""What only the whole tree can say: candidates answered, and checks over the facts of all files.

A crash here is a CAN003 of the file that it happened for, as in the work on single files.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from canfar_lint.diagnostic import Diagnostic, Fact
from canfar_lint.pipeline.tree import Tree

if TYPE_CHECKING:
    from canfar_lint.engine.file import Profile
    from canfar_lint.facts.image_outline import ImageOutline
    from canfar_lint.facts.outline import Outline
    from canfar_lint.pipeline.runs import Run
    from canfar_lint.settings.settings import Settings


# what is an error once a file runs under replicas, and once it runs in batch at all
WORSE_UNDER_REPLICAS = frozenset(("CAN402", "CAN408"))
WORSE_IN_BATCH = frozenset(("CAN501",))


class _Guarded:
    def __init__(self, crashes: list[Diagnostic], path: str, what: str) -> None:
        self.crashes, self.path, self.what = crashes, path, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, Exception):
            return False
        from canfar_lint.engine.file import crash

        found = crash(self.path, self.what, error)
        if found not in self.crashes:
            self.crashes.append(found)
        return True


class Project:
    """The facts of all files of a run, by kind: each with the path of the file it comes from and its place.

    `whole` says that a folder with the project's root was given, so that what is not in `paths` is not there.
    `outlines` are those of files that have not changed since an earlier run, as they were written; `outlined` are
    those made in this one. `crashes` is what to say of what broke. `beside` is the project as it was linted before,
    when some of its files are looked at again.
    """

    def __init__(
        self,
        facts: Iterable[tuple[str, Fact]],
        tree: Tree,
        kinds: dict[str, str],
        whole: bool = True,
        settings: Settings | None = None,
        outlines: dict[str, Any] | None = None,
        beside: Project | None = None,
    ) -> None:
        self.tree = tree
        self.whole = whole
        self.kinds = kinds
        self.settings = settings
        self.paths = sorted(kinds)
        self.facts: dict[str, list[tuple[str, Fact]]] = {}
        self.runs: list[Run] | None = None
        self.by_file: dict[str, list[Run]] | None = None
        self.uses: dict[str, list[tuple[str, str]]] = {}
        self.outlined: dict[str, Outline | ImageOutline] = {}
        self.crashes: list[Diagnostic] = []
        self._outlines: dict[str, Outline] = {}
        self._images: dict[str, ImageOutline] = {}
        self._written = outlines or {}
        self._beside = beside
        self._looked_around = whole
        for path, fact in facts:
            self.facts.setdefault(fact.kind, []).append((path, fact))

    # -- the files of the tree, given or not --------------------------------------------------------------------

    def named(self, name: str) -> list[str]:
        """The files whose last name is this, those around the given ones included."""
        return self._by_name.get(name, [])

    def file(self, path: str) -> str:
        """The file of the tree at a path, as it is named elsewhere; "" where there is none."""
        path = os.path.normpath(path)
        return self._given.get(path) or (path if path in self._around else "")

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted((*self.paths, *self._around)):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def _given(self) -> dict[str, str]:
        return {os.path.normpath(path): path for path in self.paths}

    @cached_property
    def _around(self) -> dict[str, str]:
        """The files of the project that were not given, when only some were, with their kinds."""
        if self.whole:
            return {}
        if self._beside is not None:
            known = {**self._beside._around, **self._beside.kinds}
            return {path: kind for path, kind in known.items() if path not in self.kinds}
        from canfar_lint.pipeline.around import files

        return {path: kind for path, kind in files(self.tree).items() if path not in self._given}

    def look_around(self) -> None:
        """Add what the files that were not given say of requests and images: once, when a given file asks for it.

        Requests are those of the settings where there are some: whoever names one for a file means that one.
        """
        if self._looked_around or self.settings is None:
            return
        self._looked_around = True
        from canfar_lint.pipeline.around import JOINED, facts

        if self._beside is None:
            found: Iterable[tuple[str, Fact]] = facts(self.tree, self._around.items(), self.settings)
        else:
            self._beside.look_around()
            known = self._beside.facts
            found = ((path, fact) for kind in JOINED for path, fact in known.get(kind, ()) if path not in self.kinds)
        for path, fact in found:
            if fact.kind != "request" or not self.request:
                self.facts.setdefault(fact.kind, []).append((path, fact))

    def outline(self, path: str) -> Outline:
        """What a script says of what it runs and uses."""
        if self._beside is not None and path not in self.kinds:
            return self._beside.outline(path)
        if path not in self._outlines:
            from canfar_lint.facts.outline import kept, outline

            known = kept(self._written.get(path))
            if known is None:
                kind = self.kinds.get(path) or self._around.get(path, "")
                self.outlined[path] = known = outline(path, kind, self.tree.content(path) or b"")
            self._outlines[path] = known
        return self._outlines[path]

    def image(self, path: str) -> ImageOutline:
        """What an image is made of."""
        if self._beside is not None and path not in self.kinds:
            return self._beside.image(path)
        if path not in self._images:
            from canfar_lint.facts.image_outline import image_outline, kept

            targets = tuple(self.settings.target) if self.settings is not None else ()
            known = kept(self._written.get(path), targets)
            if known is None:
                self.outlined[path] = known = image_outline(path, self.tree.content(path) or b"", targets)
            self._images[path] = known
        return self._images[path]

    def guarded(self, path: str, what: str) -> _Guarded:
        """What is done within for a file: a crash ends it and is noted in `crashes`, once a file and place."""
        return _Guarded(self.crashes, path, what)

    def facts_in(self, kind: str, path: str) -> list[Fact]:
        """The facts of a kind that one file gives."""
        return [fact for other, fact in self.facts.get(kind, ()) if other == path]

    # -- what settings and the project's own files say ------------------------------------------------------------

    @property
    def images(self) -> dict[str, str]:
        """The Dockerfiles of images, by the images' names, as settings tell."""
        return dict(self.settings.images) if self.settings is not None else {}

    @property
    def request(self) -> dict[str, Any]:
        """The request that scripts run under where the tree shows none."""
        return dict(self.settings.request) if self.settings is not None else {}

    @cached_property
    def _declared(self) -> list[dict[str, Any]]:
        """The tables in which pyproject.toml says what the project is."""
        path = os.path.join(self.tree.root, "pyproject.toml")
        text = self.tree.read(path)
        if text is None:
            return []
        from canfar_lint.settings.read import parse_toml
        from canfar_lint.settings.settings import SettingsError

        try:
            data = parse_toml(path, text)
        except SettingsError:
            return []
        tool = data.get("tool")
        tables = data.get("project"), tool.get("poetry") if isinstance(tool, dict) else None
        return [table for table in tables if isinstance(table, dict)]

    @property
    def own_name(self) -> str:
        """What the project calls itself; "" where it does not say."""
        return next((table["name"] for table in self._declared if isinstance(table.get("name"), str)), "")

    @cached_property
    def console_scripts(self) -> dict[str, str]:
        """The commands that the project itself installs, with their modules."""
        found: dict[str, str] = {}
        for table in self._declared:
            scripts = table.get("scripts")
            for name, place in scripts.items() if isinstance(scripts, dict) else ():
                if isinstance(place, str):
                    found[name] = place.partition(":")[0].strip()
        return found


def settle(diagnostics: Iterable[Diagnostic], project: Project) -> list[Diagnostic]:
    """Candidates become findings or nothing, as the project answers their questions.

    A question `ask="small-file"` is answered by `canfar_lint.pipeline.small_file.answer(diagnostic, project)`.
    """
    settled: list[Diagnostic] = []
    for diagnostic in diagnostics:
        if diagnostic.question is None:
            settled.append(diagnostic)
            continue
        with project.guarded(diagnostic.path, diagnostic.code):
            module = importlib.import_module(f"canfar_lint.pipeline.{diagnostic.question.ask.replace('-', '_')}")
            answered: Diagnostic | None = module.answer(diagnostic, project)
            if answered is not None:
                settled.append(answered._replace(question=None))
    return settled


def judge(project: Project, profile: Profile) -> list[Diagnostic]:
    """The findings of the checks that read the facts of the whole project (`check_project`)."""
    from canfar_lint.checks import module_of

    found: list[Diagnostic] = []
    asked = {"project"}
    # these checks look at no file in particular
    about = next((path for path, _ in project.facts.get("request", ())), project.paths[0] if project.paths else ".")
    # imports alone, which most files have, launch nothing
    if project.facts.keys() - {"imports"} or project.request:
        asked.add("launch")
    for rule in profile.rules:
        if asked.isdisjoint(rule.kinds):
            continue
        function = getattr(module_of(rule), "check_project", None)
        if function is not None:
            with project.guarded(about, rule.code):
                found += function(project, rule)
    return found
