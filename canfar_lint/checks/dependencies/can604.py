"""A project that imports other people's packages and declares none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.dependencies.can602 import (
    distributed,
    first_import,
    importing,
    is_bootstrap,
    is_built,
    is_declared,
    own_names,
)
from canfar_lint.diagnostic import Diagnostic
from canfar_lint.engine.file import in_pipeline, placed
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.manifests import Declared, Manifests

_OF_CASA = re.compile(
    r"(?m)^[ \t]*(?:(?:tclean|clean|split|mstransform|gaincal|bandpass|applycal|flagdata|setjy|plotms|listobs|concat|"
    r"exportfits|importfits|uvcontsub|fluxscale|imhead|imstat|imsmooth|feather|immath|imregrid|exportuvfits|importuvfits|"
    r"statwt|gencal|plotcal|imsubimage|flagmanager)\([^)]{0,400}?(?:vis|imagename|fitsimage|fitsfile)[ \t]*=|"
    r"(?:\w+[ \t]*=[ \t]*)?(?:tclean|mstransform|applycal|flagdata|plotms|listobs|uvcontsub|exportfits|importfits|"
    r"imhead|imstat|imval|imsmooth|immath|immoments|impbcor|imregrid|imrebin|imsubimage|exportuvfits|simobserve)\(|"
    r"(?:ia|tb|ms|im|cb)\.open\()"
)


def check_project(project: Project, rule: Rule) -> Iterator[Diagnostic]:
    if not project.whole:
        return
    manifests = Manifests(project)
    if manifests.any:
        return
    imports = load().rules["CAN602"]
    own = own_names(project) | set(imports.table("shared"))
    named, brought = distributed(imports), {*rule.table("casa_brings")}
    for_casa = None
    for path, fact in importing(project, lambda _: 0):
        if not in_pipeline(path) or is_bootstrap(path) or is_built(project, path):
            continue
        names = fact.data["names"]
        assert isinstance(names, list)
        text = project.tree.read(path, 20_000_000) or ""
        if "# ///" in text:
            return
        foreign = {name for name in names if name in named and name not in own and name not in rule.table("of_casa")}
        if foreign & brought and for_casa is None:
            for_casa = _is_for_casa(project, rule)
        if foreign & brought and (for_casa or _runs_in_casa(rule, names, text)):
            foreign -= brought
        found = first_import(path, text, foreign) if foreign else None
        if found is not None:
            if manifests.recipes or manifests.look_further():
                return
            if _installed(project, imports, own, manifests.installed_by_ci, manifests.installed_by_set_up):
                return
            source, span, name = found
            told = _installed(project, imports, own, manifests.told_by_readme)
            variant = "told" if told else "empty" if manifests.empty else None
            manifest = next(iter(manifests.empty), "")
            yield placed(source, rule.finding(span, variant=variant, name=told or name, manifest=manifest))
            return


def _runs_in_casa(rule: Rule, names: list[str], text: str) -> bool:
    """Whether a script runs inside CASA: by what it imports of it, or by tasks and tools that it does not import."""
    return bool({*rule.table("of_casa"), "taskinit", "tasks", "casac"} & {*names}) or _OF_CASA.search(text) is not None


def _is_for_casa(project: Project, rule: Rule) -> bool:
    """Whether most scripts of a tree run inside CASA, so that the modules beside them are imported there."""
    imported = {path: fact.data["names"] for path, fact in project.facts.get("imports", ())}
    inside = outside = 0
    for path in project.paths:
        if not path.endswith(".py") or not in_pipeline(path) or is_bootstrap(path):
            continue
        names = imported.get(path, [])
        assert isinstance(names, list)
        runs = _runs_in_casa(rule, names, project.tree.read(path, 20_000_000) or "")
        inside, outside = inside + runs, outside + (not runs)
    return inside > outside


def _installed(project: Project, imports: Rule, own: Set[str], *installed: Declared) -> str | None:
    """A package that the project imports and that files other than manifests install; None when there is none."""
    named = distributed(imports)
    for path, fact in project.facts.get("imports", ()):
        names = fact.data["names"]
        assert isinstance(names, list)
        foreign = [name for name in names if name in named and name not in own]
        found = next((n for n in foreign if any(is_declared(imports, n, by) for by in installed)), None)
        if found is not None and in_pipeline(path):
            return str(found)
    return None
