"""Which request runs which script in which image: the join over the facts of all files.

A script is the file of the tree that shares the longest tail with the command's path; an image is built by the
Dockerfile that a `docker build -t` names, or whose folder is called like it. What is ambiguous is not joined.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from canfar_lint.diagnostic import Fact, Place
from canfar_lint.pipeline.join import Project


class Run(NamedTuple):
    """A request at `path`, `place`. `script` and `dockerfile` are paths of the tree, "" when not joined."""

    path: str
    place: Place
    cores: int | None
    replicas: int | None
    variables: tuple[str, ...]
    script: str
    dockerfile: str


def runs(project: Project) -> list[Run]:
    """The headless requests of a project, joined. Computed once a project."""
    if project.runs is None:
        project.runs = [_run(project, path, fact) for path, fact in project.facts.get("request", ())]
    return project.runs


def _run(project: Project, path: str, fact: Fact) -> Run:
    data = fact.data
    words = " ".join(str(data.get(f"{field} as far as known") or "") for field in ("cmd", "args")).split()
    script = next((found for word in words if (found := script_of(project, word))), "")
    image = data.get("image")
    dockerfile = _dockerfile(project, image) if isinstance(image, str) else ""
    assert fact.place is not None
    variables = data.get("env")
    return Run(
        path,
        fact.place,
        _whole(data.get("cores")),
        _whole(data.get("replicas")),
        tuple(str(v) for v in variables) if isinstance(variables, list) else (),
        script,
        dockerfile,
    )


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def script_of(project: Project, word: str) -> str:
    """The one file of the tree that a word of a command means."""
    if not word.endswith((".py", ".sh", ".bash", ".ipynb")):
        return ""
    wanted = os.path.normpath(word).split("/")
    best: list[str] = []
    longest = 0
    for path in project.by_name.get(wanted[-1], ()):
        parts = os.path.normpath(path).split("/")
        shared = 0
        while shared < min(len(parts), len(wanted)) and parts[-1 - shared] == wanted[-1 - shared]:
            shared += 1
        if shared > longest:
            best, longest = [path], shared
        elif shared == longest:
            best.append(path)
    return best[0] if len(best) == 1 else ""


def _dockerfile(project: Project, image: str) -> str:
    """The one Dockerfile of the tree that builds an image of that name."""
    bare = _without_tag(image)
    found = set()
    for path, fact in project.facts.get("image build", ()):
        if _without_tag(str(fact.data["name"])) in (bare, bare.split("/", 1)[-1]):
            folder = os.path.join(os.path.dirname(path), str(fact.data["folder"]))
            named = str(fact.data["file"])
            candidates = (named, os.path.join(os.path.dirname(path), named), os.path.join(folder, "Dockerfile"))
            found |= {p for p in project.paths if os.path.normpath(p) in {os.path.normpath(c) for c in candidates if c}}
    if not found:
        name = bare.rpartition("/")[2]
        found = {p for p in project.by_name.get("Dockerfile", ()) if os.path.basename(os.path.dirname(p)) == name}
    return found.pop() if len(found) == 1 else ""


def _without_tag(image: str) -> str:
    head, _, last = image.partition("@")[0].rpartition("/")
    last = last.partition(":")[0]
    return f"{head}/{last}" if head else last
