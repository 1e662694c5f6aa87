"""What runs what: requests, scripts, modules, images and files as a graph, with the findings on each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.model.running import UNKNOWN as NOT_KNOWN
from canfar_lint.model.running import target
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import Run, runs, uses

REQUEST, SCRIPT, MODULE, IMAGE, BASE, FILE, UNKNOWN = "request", "script", "module", "image", "base", "file", "unknown"
_MOST_FILES = 12


class Node(NamedTuple):
    """`path` and `row` are where it stands in the tree, "" and 0 when it does not; `findings` counts them by level.

    `cell` is that of a notebook, 0 elsewhere.
    """

    id: str
    kind: str
    label: str
    path: str
    row: int
    detail: str
    findings: dict[str, int]
    cell: int = 0


class Edge(NamedTuple):
    """`how` is one of `runs imports in on reads writes`."""

    source: str
    target: str
    how: str


class Graph(NamedTuple):
    """Nodes and edges in the order of the requests."""

    nodes: dict[str, Node]
    edges: dict[tuple[str, str, str], Edge]


def graph(project: Project, diagnostics: Iterable[Diagnostic]) -> Graph:
    """The graph of all requests of a project."""
    builder = _Builder(project, list(diagnostics))
    for run in runs(project):
        if not project.kinds.keys().isdisjoint((run.path, run.dockerfile, *run.files)):
            builder.request(run)
    return Graph(builder.nodes, {(e.source, e.target, e.how): e for e in builder.edges})


class _Builder:
    def __init__(self, project: Project, diagnostics: list[Diagnostic]) -> None:
        self.project = project
        self.by_path: dict[str, list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            self.by_path.setdefault(diagnostic.path, []).append(diagnostic)
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def request(self, run: Run) -> None:
        own = [d for d in self.by_path.get(run.path, ()) if run.start <= d.start < run.last]
        # two requests with the same place are one in a loop
        key = f"request {run.path}:{run.start}"
        name = run.name.replace("{}", "…")
        self.nodes[key] = Node(
            key, REQUEST, name, run.path, run.place.row, _asked(run), _counts(own), run.place.cell or 0
        )
        if run.script:
            self.link(key, self.script(run.script, SCRIPT), "runs")
        elif run.batch and run.command.replace("{}", "").strip():
            known = target(run.command.split(" ")).kind != NOT_KNOWN
            what = "not in the tree" if known else "not known"
            what = f"one of {', '.join(run.candidates[:4])}" if run.candidates else what
            label = run.command.replace("{}", "…")
            node = Node(f"unknown {label} {key}", UNKNOWN, label[:80], "", 0, what, {})
            self.nodes[node.id] = node
            self.link(key, node.id, "runs")
        if run.image:
            self.link(key, self.image(run), "in")

    def link(self, source: str, target: str, how: str) -> None:
        self.edges.append(Edge(source, target, how))

    def script(self, path: str, kind: str) -> str:
        key = f"file {path}"
        if key in self.nodes:
            return key
        self.nodes[key] = Node(key, kind, path, path, 1, "", _counts(self.by_path.get(path, ())))
        for how, other in uses(self.project, path):
            self.link(key, self.script(other, SCRIPT if how == "runs" else MODULE), how)
        outline = self.project.outline(path)
        for how, names in (("reads", outline.reads), ("writes", outline.writes)):
            for name in names[:_MOST_FILES]:
                node = Node(f"data {name}", FILE, name, "", 0, "", {})
                self.nodes.setdefault(node.id, node)
                self.link(key, node.id, how)
        return key

    def image(self, run: Run) -> str:
        name = run.image.replace("{}", "…")
        key = f"image {name}"
        if key not in self.nodes:
            path = run.dockerfile
            self.nodes[key] = Node(key, IMAGE, name, path, 1 if path else 0, "", _counts(self.by_path.get(path, ())))
            base = self.project.image(path).base if path else ""
            if base:
                node = Node(f"base {base}", BASE, base, "", 0, "", {})
                self.nodes.setdefault(node.id, node)
                self.link(key, node.id, "on")
        return key


def _counts(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    found: dict[str, int] = {}
    for diagnostic in diagnostics:
        found[diagnostic.level] = found.get(diagnostic.level, 0) + 1
    return {level: found[level] for level in ("error", "warning", "advice") if level in found}


def _asked(run: Run) -> str:
    said = [run.kind or "session"]
    said += [f"{run.cores} core{'s' if run.cores != 1 else ''}"] if run.cores else []
    said += [f"{run.ram} GB"] if run.ram else []
    said += [f"{run.gpu} GPU{'s' if run.gpu != 1 else ''}"] if run.gpu else []
    said += [f"{run.replicas} replicas"] if run.replicas and run.replicas > 1 else []
    return ", ".join(said)
