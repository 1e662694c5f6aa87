"""Which request runs which script in which image: the join over the facts of all files.

A script is the file of the tree that shares the longest tail with the command's path; an image is built by the
Dockerfile that settings, a `docker build -t`, a label or its folder's name tell. What is ambiguous is not joined.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.diagnostic import Fact, Place
from canfar_lint.facts.images import without_tag
from canfar_lint.model.running import MODULE, PROGRAM, SCRIPT, Target, target
from canfar_lint.pipeline.join import Project
from canfar_lint.source import DOCKERFILE

# names that many projects use: a folder must agree too before two of them are one
_COMMON = frozenset(
    ("run", "main", "script", "test", "start", "pipeline", "setup", "job", "process", "submit", "example")
)
# projects of the platform itself: a folder that is called as one of their images builds another
_PLATFORM = frozenset(("skaha", "astroai", "library", "cadc"))
_MOST_FILES = 500


class Run(NamedTuple):
    """A request at `path`, `place` (offset `start`), and what it runs.

    `script` and `dockerfile` are paths of the tree, "" when not joined; `files` the script and all it runs and
    imports in the tree. `candidates` are the files between which a join would have been a guess. `command` is the
    command as far as it is known, with `{}` for the rest; `variables` the names in `env`; `last` the offset behind all
    of the request.
    """

    path: str
    place: Place
    start: int
    kind: str
    name: str
    image: str
    cores: int | None
    ram: int | None
    gpu: int | None
    replicas: int | None
    variables: tuple[str, ...]
    command: str
    script: str
    dockerfile: str
    files: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    last: int = 0

    @property
    def batch(self) -> bool:
        return self.kind == "headless"


def runs(project: Project) -> list[Run]:
    """The requests of a project, joined. Computed once a project."""
    if project.runs is None:
        from canfar_lint.engine.file import is_test

        project.look_around()
        project.runs = []
        for path, fact in project.facts.get("request", ()):
            if not is_test(path):
                with project.guarded(path, "pipeline.runs"):
                    project.runs.append(_run(project, path, fact))
    return project.runs


def run_at(project: Project, path: str, start: int) -> Run | None:
    """The run of the request whose name stands at `start` of `path`."""
    return next((run for run in runs(project) if run.start == start and run.path == path), None)


def runs_of(project: Project, path: str) -> list[Run]:
    """The batch runs that a file takes part in."""
    if project.by_file is None:
        project.by_file = {}
        for run in runs(project):
            for file in run.files if run.batch else ():
                project.by_file.setdefault(file, []).append(run)
    return project.by_file.get(path, [])


def _run(project: Project, path: str, fact: Fact) -> Run:
    data = fact.data
    image = str(data.get("image as far as known") or "")
    dockerfile = _dockerfile(project, image) if image and "{}" not in image.rpartition("/")[2] else ""
    words = [word for word in _texts(data, "cmd", "args") if word]
    if not data.get("cmd as far as known") and dockerfile:
        outline = project.image(dockerfile)
        words = [*outline.starts, *words]
    kind = data.get("kind")
    runs_something = kind in ("headless", None)
    wanted = target(words)
    script, candidates = find(project, wanted, path) if runs_something else ("", ())
    if image and not dockerfile and script:
        dockerfile = _that_copies(project, wanted.name)
    assert fact.place is not None
    variables = data.get("env")
    return Run(
        path,
        fact.place,
        fact.start,
        kind if isinstance(kind, str) else "",
        str(data.get("name as far as known") or ""),
        image,
        _whole(data.get("cores")),
        _whole(data.get("ram")),
        _whole(data.get("gpu")),
        _whole(data.get("replicas")),
        tuple(str(v) for v in variables) if isinstance(variables, list) else (),
        " ".join(words),
        script,
        dockerfile,
        closure(project, script) if script else (),
        candidates,
        _whole(data.get("last")) or fact.end,
    )


def _texts(data: dict[str, object], *fields: str) -> list[str]:
    return " ".join(str(data.get(f"{field} as far as known") or "") for field in fields).split(" ")


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# -- scripts --------------------------------------------------------------------------------------------------


def find(project: Project, wanted: Target, near: str) -> tuple[str, tuple[str, ...]]:
    """The file of the tree that a command runs, and the candidates where there are several."""
    if wanted.kind == SCRIPT:
        return _script(project, wanted.name, near)
    if wanted.kind == MODULE:
        return _module(project, wanted.name)
    if wanted.kind == PROGRAM:
        name = wanted.name.rpartition("/")[2]
        module = project.console_scripts.get(name)
        if module is not None:
            return _module(project, module)
        if "/" in wanted.name:
            return _script(project, wanted.name, near)
    return "", ()


def script_of(project: Project, word: str) -> str:
    """The one file of the tree that a word of a command means."""
    return _script(project, word, "")[0] if word.endswith((".py", ".sh", ".bash", ".ipynb")) else ""


def _script(project: Project, word: str, near: str) -> tuple[str, tuple[str, ...]]:
    """By the longest tail that a file's path shares with the word; of equals, the one in the folder of what runs it."""
    wanted = [part for part in os.path.normpath(word).split("/") if part]
    best: list[str] = []
    longest = 0
    for path in project.named(wanted[-1]) if wanted else ():
        parts = os.path.normpath(path).split("/")
        shared = 0
        while shared < min(len(parts), len(wanted)) and parts[-1 - shared] == wanted[-1 - shared]:
            shared += 1
        if shared > longest:
            best, longest = [path], shared
        elif shared == longest:
            best.append(path)
    if len(best) > 1 and near:
        own = os.path.dirname(near) or "."
        beside = [path for path in best if not os.path.relpath(path, own).startswith("..")]
        best = beside if len(beside) == 1 else best
    if len(best) != 1:
        return "", tuple(best)
    if longest == 1 and len(wanted) > 1 and not _may_be(project, best[0], near):
        return "", tuple(best)
    return best[0], ()


def _may_be(project: Project, path: str, near: str) -> bool:
    """Whether a file may be meant by its bare name: none that every project has in some corner."""
    folder = os.path.normpath(os.path.dirname(path) or ".")
    if folder in (os.path.normpath(os.path.dirname(near) or "."), os.path.normpath(project.tree.root)):
        return True
    from canfar_lint.engine.file import in_pipeline

    stem = os.path.basename(path).partition(".")[0].lower()
    return stem not in _COMMON and in_pipeline(path)


def _module(project: Project, name: str) -> tuple[str, tuple[str, ...]]:
    """The file of a module run by `-m` or a console script."""
    parts = name.split(".")
    found = []
    for tail in ([*parts[:-1], f"{parts[-1]}.py"], [*parts, "__main__.py"], [*parts, "__init__.py"]):
        for path in project.named(tail[-1]):
            if os.path.normpath(path).split("/")[-len(tail) :] == tail:
                found.append(path)
        if found:
            break
    return (found[0], ()) if len(found) == 1 else ("", tuple(found))


def closure(project: Project, script: str) -> tuple[str, ...]:
    """A file and all that it runs and imports in the tree, itself first."""
    seen = {script: None}
    queue = [script]
    while queue and len(seen) < _MOST_FILES:
        for _, path in uses(project, queue.pop()):
            if path not in seen:
                seen[path] = None
                queue.append(path)
    return tuple(seen)


def uses(project: Project, path: str) -> list[tuple[str, str]]:
    """The files of the tree that a file `runs` or `imports`, once each."""
    known = project.uses.get(path)
    if known is None:
        project.uses[path] = known = []  # a file that runs itself
        outline = project.outline(path)
        for wanted in outline.runs:
            found, _ = find(project, wanted, path)
            if found and found != path:
                known.append(("runs", found))
        taken = {found for _, found in known}
        for found in dict.fromkeys(_imported(project, path, outline.imports)):
            if found not in taken and found != path:
                known.append(("imports", found))
    return known


def _imported(project: Project, path: str, imports: tuple[str, ...]) -> Iterator[str]:
    own = os.path.dirname(path)
    root = project.tree.root
    for name in imports:
        dots = len(name) - len(name.lstrip("."))
        parts = [part for part in name.split(".") if part]
        if not parts:
            continue
        if dots:
            bases = [os.path.join(own, *[".."] * (dots - 1))]
        else:
            bases = [own, root, os.path.join(root, "src"), *_package_roots(project, path)]
        for base in bases:
            stem = os.path.join(base, *parts)
            found = project.file(f"{stem}.py") or project.file(os.path.join(stem, "__init__.py"))
            if found:
                yield found
                break


def _package_roots(project: Project, path: str) -> Iterator[str]:
    """The folder that holds the package of a file."""
    folder = os.path.dirname(path)
    while folder and project.file(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    yield folder


# -- images ---------------------------------------------------------------------------------------------------


def _dockerfile(project: Project, image: str) -> str:
    """The one Dockerfile of the tree that builds an image of that name."""
    bare = without_tag(image)
    for name, path in project.images.items():
        if without_tag(name) in (bare, bare.rpartition("/")[2]):
            return project.file(os.path.relpath(path)) or project.file(path) or ""
    found = set(_built(project, bare)) or set(_labelled(project, bare))
    if not found and _PLATFORM.isdisjoint(bare.split("/")[:-1]):
        found = set(_of_folder(project, bare))
    return found.pop() if len(found) == 1 else ""


def _built(project: Project, bare: str) -> Iterator[str]:
    for path, fact in project.facts.get("image build", ()):
        if _same(without_tag(str(fact.data["name"])), bare):
            here = os.path.dirname(path)
            folder, named = str(fact.data["folder"]), str(fact.data["file"])
            places = (
                [os.path.join(base, named) for base in ("", here, folder, os.path.join(here, folder))] if named else []
            )
            places = places or [os.path.join(base, folder, "Dockerfile") for base in (here, project.tree.root, "")]
            found = next((file for place in places if (file := project.file(place))), "")
            if found:
                yield found


def _labelled(project: Project, bare: str) -> Iterator[str]:
    for path, fact in project.facts.get("image label", ()):
        if _same(without_tag(str(fact.data["name"])), bare):
            yield path


def _of_folder(project: Project, bare: str) -> Iterator[str]:
    name = bare.rpartition("/")[2]
    root = os.path.abspath(project.tree.root)
    for path in project.named("Dockerfile"):
        folder = os.path.dirname(os.path.abspath(path))
        if os.path.basename(folder) == name or (folder == root and project.own_name == name):
            yield path
    for other in (f"Dockerfile.{name}", f"{name}.Dockerfile", f"{name}.dockerfile"):
        yield from project.named(other)


def _that_copies(project: Project, script: str) -> str:
    """The one Dockerfile of the tree that puts a script where the command looks for it."""
    from canfar_lint.pipeline.in_image import copies_to

    if not script.startswith("/") or script.count("/") < 3:
        return ""
    found = [
        path
        for path, kind in project.kinds.items()
        if kind == DOCKERFILE and copies_to(project.image(path), os.path.dirname(script))
    ]
    return found[0] if len(found) == 1 else ""


def _same(built: str, bare: str) -> bool:
    """Whether two image names mean one: equal but for a registry, or a bare name built and pushed later."""
    return built == bare or built.endswith(f"/{bare}") or bare.endswith(f"/{built}")
