"""CAN605: what an image installs without a version, so that the next build installs something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import later_runs
from canfar_lint.checks.containers._made import URL, cloned
from canfar_lint.checks.containers._packages import INSTALL, Operation, operations
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step
from canfar_lint.source import Source

_BARE = re.compile(r"(?:[\w-]+::)?[A-Za-z0-9][\w.-]*(?:\[[\w,.-]*\])?\Z")
_LINE = re.compile(r"^[ \t]*([A-Za-z0-9][\w.-]*(?:[ \t]*\[[^\]\n]*\])?)[ \t]*(?:;[^#\n]*)?(?:[ \t]#[^\n]*)?\r?$", re.M)
_ADDRESS = re.compile(r"^[ \t]*(?:-e[ \t]+|[\w.\[\],-]+[ \t]*@[ \t]*)?(git\+\S+)", re.M)
# lists of what developers, tests and documentation need: no batch image has them
_OF_DEVELOPERS = re.compile(r"(?i)(?:^|[-_./\\])(?:dev|develop|tests?|docs?|lint|ci|rtd)(?:[-_.][^/\\]*)?\Z")
_VERSION = re.compile(r"\d")
_FIXED = re.compile(r"\A[0-9a-f]{7,40}\Z|(?:\A|[-_/vVrR])\d|\d[._-]\d|\A\$|\A\{\w+\}\Z|\d{4}")
_JULIA = re.compile(r"Pkg\.add\(\s*\[?\s*\"[\w.]+\"")
_ARCHIVE = re.compile(r"/archive/(?:refs/heads/)?([^/]+?)\.(?:tar\.gz|zip)\Z|/(?:tarball|zipball)/([^/]+)\Z")
_LATEST = re.compile(r"[/_.-]latest(?:[/_.-]|\Z)", re.I)
_FETCHERS = ("curl", "wget", "aria2c", "dnf", "yum", "microdnf", "rpm", "zypper", "apt", "apt-get", "conda", "mamba")
_CHECKED_OUT = ("checkout", "reset", "switch")
_R_INSTALL = re.compile(
    r"\b(install\.packages|install_cran|install_github|BiocManager::install|biocLite|pak::pkg_install)\s*\("
)
_SNAPSHOT = re.compile(r"(?:packagemanager|rspm|mran|cran)\S*/\d{4}-\d{2}-\d{2}|\brenv::restore\b", re.I)


def check_requirements(source: Source, rule: Rule) -> Iterator[Finding]:
    if _OF_DEVELOPERS.search(source.path):
        return
    small = frozenset(rule.table("installers"))
    for match in _LINE.finditer(source.text):
        if match[1].lower() not in small:
            yield _listed(rule, match[1], match.span(1))
    for match in _ADDRESS.finditer(source.text):
        if _moves(match[1]):
            yield _listed(rule, _shown(match[1]), match.span(1))


def check_yaml(source: Source, rule: Rule) -> Iterator[Finding]:
    """A conda environment."""
    if _OF_DEVELOPERS.search(source.path):
        return
    from canfar_lint.model.yamlfile import dependencies

    small = frozenset(rule.table("installers"))
    for each in dependencies(source):
        text = each.text.strip()
        if (_BARE.match(text) and text.lower() not in small) or (each.manager == "pip" and _moves(text)):
            yield _listed(rule, _shown(text), (each.start, each.end))


def check_toml(source: Source, rule: Rule) -> Iterator[Finding]:
    """What an application asks for; a library leaves its users the choice of versions."""
    from canfar_lint.checks.dependencies._applications import requirements

    small = frozenset(rule.table("installers"))
    for text, start, end in requirements(source):
        name, at, address = text.partition(" @ ")
        bare = text.partition(";")[0].strip()
        if (_BARE.match(bare) and bare.lower() not in small) or (at and _moves(address.strip())):
            yield _listed(rule, _shown(name.strip() if at else bare), (start, end))


def _listed(rule: Rule, name: str, span: tuple[int, int]) -> Finding:
    """A finding in a list of requirements, unless the tree holds a lock file."""
    return rule.finding(span, question=Question("lock-file", name), names=f"`{name}`", verb="installs")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in dockerfile.all("RUN"):
        if not run.readable or _tests(dockerfile, run):
            continue
        for operation in operations(run):
            if operation.kind == INSTALL:
                yield from _packages(rule, operation)
        for step in run.steps:
            if step.name == "git" and "clone" in step.values():
                yield from _clone(dockerfile, rule, run, step)
        for step in run.steps:
            yield from _fetched(rule, step)
        if not _dated(dockerfile, run, rule):
            for step in run.steps:
                yield from _r_packages(rule, step)


def _fetched(rule: Rule, step: Step) -> Iterator[Finding]:
    """An address that says latest, and Julia's own way to name packages."""
    for argument in step.arguments:
        span = (argument.word.start, argument.word.end)
        if step.name in _FETCHERS and URL.match(argument.text) and _LATEST.search(argument.text):
            yield rule.finding(span, variant="latest")
        elif (
            step.name == "julia"
            and argument.value
            and _JULIA.search(argument.value)
            and "version" not in argument.value
        ):
            yield rule.finding(span, names="a Julia package", verb="installs")


def _packages(rule: Rule, operation: Operation) -> Iterator[Finding]:
    """The packages of one command that have no version, as one finding on the first."""
    if operation.family not in ("pip", "uv", "conda", "pipx") or operation.has("--frozen", "--locked"):
        return
    if operation.family != "conda" and (operation.has("-c", "--constraint", "--no-index") or _from_a_folder(operation)):
        return
    if operation.verb.value not in ("install", "create", "add", "wheel"):
        return
    small = frozenset(rule.table("installers"))
    loose = [package for package in _named(operation) if _loose(package, operation.family, small)]
    if loose:
        shown = ", ".join(f"`{_shown(package.text)}`" for package in loose[:3])
        more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
        word = loose[0].word
        yield rule.finding((word.start, word.end), names=shown + more, verb="installs")


def _from_a_folder(operation: Operation) -> bool:
    """`--find-links .`: what was built before is what is installed."""
    options = operation.options
    places = [b for a, b in pairwise(options) if a in ("-f", "--find-links")]
    places += [option.partition("=")[2] for option in options if option.startswith("--find-links=")]
    return any("://" not in place for place in places)


def _named(operation: Operation) -> list[Argument]:
    """The packages, and what `-e` takes."""
    arguments = operation.step.arguments
    editable = [b for a, b in pairwise(arguments) if a.text in ("-e", "--editable")]
    return [*operation.packages, *editable]


def _shown(text: str) -> str:
    return text.partition("://")[2].rstrip("/").rsplit("/", 1)[-1] if "://" in text else text


def _loose(package: Argument, family: str, small: frozenset[str]) -> bool:
    value = package.value
    if value is None:
        return False
    if value.startswith(("git+", "git://")) or (URL.match(value) and value.endswith(".git")):
        return _moves(value)
    if URL.match(value):
        archive = _ARCHIVE.search(value.partition("#")[0])
        return archive is not None and not _VERSION.search(archive[1] or archive[2] or "")
    return (
        bool(_BARE.match(value))
        and value.lower() not in small
        and not value.endswith((".whl", ".txt", ".yml", ".gz", ".zip", ".bz2", ".conda"))
    )


def _moves(address: str) -> bool:
    """A git address that names a branch, or nothing."""
    if not address.startswith(("git+", "git://")) and not address.endswith(".git"):
        return False
    path = address.partition(";")[0].partition("#")[0].partition("://")[2].partition("/")[2]
    return _moving(path.rpartition("@")[2] if "@" in path else "")


def _moving(reference: str) -> bool:
    """A branch, as far as its name says: neither a commit nor a version."""
    return not _FIXED.search(reference)


def _clone(dockerfile: Dockerfile, rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    """A clone that stays on a branch."""
    values = step.values()
    for option in ("-b", "--branch"):
        if option in values[:-1] and not _moving(values[values.index(option) + 1] or "1"):
            return
    if any(value.startswith("--branch=") and not _moving(value.partition("=")[2]) for value in values):
        return
    after = [other for other in run.steps if other.command.start > step.command.start]
    for later in later_runs(dockerfile, run)[:2] if run.stage is not None else ():
        after += later.steps if later.readable else []
    for other in after:
        words = [argument.text for argument in other.arguments]
        if other.name == "git" and set(words) & set(_CHECKED_OUT):
            reference = words[-1]
            if not _moving(reference) or other.arguments[-1].value is None:
                return
            break
    made = next(cloned(step), None)
    if made is not None:
        words_after = step.arguments[values.index("clone") + 1 :]
        source = next((a for a in words_after if a.text == made.source), None)
        word = source.word if source is not None else step.arguments[values.index("clone")].word
        yield rule.finding((word.start, word.end), variant="branch")


def _tests(dockerfile: Dockerfile, run: Instruction) -> bool:
    """It stands in a stage behind the one that is built, to test it."""
    final = dockerfile.final
    return run.stage is not None and final is not None and run.stage.index > final.index


def _dated(dockerfile: Dockerfile, run: Instruction, rule: Rule) -> bool:
    """R's packages come from a snapshot of one day, by the base image or by an address that holds a date."""
    image = run.stage.root.image if run.stage is not None else None
    return bool(image and re.match(rule.table("r-snapshots"), image)) or bool(_SNAPSHOT.search(dockerfile.text))


def _r_packages(rule: Rule, step: Step) -> Iterator[Finding]:
    """What R installs from an archive that keeps the newest only, by code or by one of littler's scripts."""
    if step.name in ("install.r", "install2.r", "installBioc.r", "installGithub.r"):
        named = [a for a in step.arguments if a.value and re.fullmatch(r"[A-Za-z][\w.]*(?:/[\w.-]+)?", a.value)]
        if named and not any(a.text.endswith(".txt") for a in step.arguments):
            yield rule.finding((named[-1].word.start, named[-1].word.end), variant="r", names=f"`{named[-1].text}`")
        return
    if step.name not in ("R", "Rscript", "r"):
        return
    for before, argument in pairwise(step.arguments):
        found = _R_INSTALL.search(argument.value or "") if before.text in ("-e", "--eval") else None
        if found and not re.search(r"install_version|renv|version *=|@", argument.value or ""):
            yield rule.finding((argument.word.start, argument.word.end), variant="r", names=f"`{found[1]}`")
