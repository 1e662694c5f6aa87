"""The graph of a pipeline as a tree of text, as Mermaid, as Graphviz' dot, as JSON."""

from __future__ import annotations

import json

from canfar_lint.pipeline.graph import REQUEST, Edge, Graph, Node
from canfar_lint.reporting.escape import one_line

FORMATS = ("text", "mermaid", "dot", "json")
_SHAPES = {
    "request": ("([", "])"),
    "image": ("[[", "]]"),
    "base": ("[[", "]]"),
    "file": ("[/", "/]"),
    "unknown": ("{{", "}}"),
}
_DOT_SHAPES = {"request": "oval", "image": "box3d", "base": "box3d", "file": "note", "unknown": "hexagon"}


def render(graph: Graph, form: str) -> str:
    """The graph in one of `FORMATS`."""
    return {"text": _text, "mermaid": _mermaid, "dot": _dot, "json": _json}[form](graph)


def _said(node: Node) -> str:
    """How many findings of each level."""
    return ", ".join(
        f"{count} {level}{'s' if count != 1 and level != 'advice' else ''}" for level, count in node.findings.items()
    )


def _where(node: Node) -> str:
    if node.kind == REQUEST:
        return f"{node.path}:cell {node.cell}:{node.row}" if node.cell else f"{node.path}:{node.row}"
    return node.path if node.path and node.path != node.label else ""


def _line(node: Node) -> str:
    if node.kind == REQUEST:
        parts = [_where(node), node.label, f"({node.detail})"]
    else:
        parts = [node.label, f"({node.detail or _where(node)})" if node.detail or _where(node) else ""]
    line = " ".join(part for part in parts if part)
    return one_line(f"{line}  {_said(node)}" if node.findings else line)


def _text(graph: Graph) -> str:
    lines: list[str] = []
    shown: set[str] = set()
    below: dict[str, list[Edge]] = {}
    for edge in graph.edges.values():
        below.setdefault(edge.source, []).append(edge)
    for node in graph.nodes.values():
        if node.kind == REQUEST:
            lines.append(_line(node))
            _branch(graph, node.id, "", below, shown, lines)
    return "".join(f"{line}\n" for line in lines) or "No session requests found.\n"


def _branch(
    graph: Graph, key: str, indent: str, below: dict[str, list[Edge]], shown: set[str], lines: list[str]
) -> None:
    edges = below.get(key, [])
    for number, edge in enumerate(edges):
        last = number == len(edges) - 1
        again = edge.target in shown and edge.target in below
        lines.append(
            f"{indent}{'└─' if last else '├─'} {edge.how} {_line(graph.nodes[edge.target])}{' …' if again else ''}"
        )
        if not again:
            shown.add(edge.target)
            _branch(graph, edge.target, indent + ("   " if last else "│  "), below, shown, lines)


def _names(graph: Graph) -> dict[str, str]:
    return {key: f"n{number}" for number, key in enumerate(graph.nodes)}


def _mermaid(graph: Graph) -> str:
    names = _names(graph)
    lines = ["flowchart LR"]
    for key, node in graph.nodes.items():
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        label = "<br>".join(_entities(part) for part in _parts(node))
        lines.append(f'    {names[key]}{opening}"{label}"{closing}')
    for edge in graph.edges.values():
        lines.append(f"    {names[edge.source]} -->|{edge.how}| {names[edge.target]}")
    for level, colour in (("error", "#c0392b"), ("warning", "#b8860b")):
        members = [names[k] for k, node in graph.nodes.items() if next(iter(node.findings), "") == level]
        if members:
            lines += [
                f"    classDef {level} stroke:{colour},stroke-width:2px",
                f"    class {','.join(members)} {level}",
            ]
    return "".join(f"{line}\n" for line in lines)


def _parts(node: Node) -> list[str]:
    return [one_line(part) for part in (node.label, _where(node), node.detail, _said(node)) if part]


def _entities(text: str) -> str:
    """Mermaid takes numeric entities for what would end a label."""
    return "".join(f"#{ord(char)};" if char in '"<>&#;`{}[]|' else char for char in text)


def _dot(graph: Graph) -> str:
    names = _names(graph)
    lines = ["digraph pipeline {", "    rankdir=LR;", '    node [shape=box, fontname="sans-serif"];']
    for key, node in graph.nodes.items():
        label = "\\n".join(part.replace("\\", "\\\\").replace('"', '\\"') for part in _parts(node))
        shape = f", shape={_DOT_SHAPES[node.kind]}" if node.kind in _DOT_SHAPES else ""
        level = next(iter(node.findings), "")
        colour = {"error": ", color=firebrick", "warning": ", color=darkgoldenrod"}.get(level, "")
        lines.append(f'    {names[key]} [label="{label}"{shape}{colour}];')
    for edge in graph.edges.values():
        lines.append(f'    {names[edge.source]} -> {names[edge.target]} [label="{edge.how}"];')
    return "".join(f"{line}\n" for line in [*lines, "}"])


def _json(graph: Graph) -> str:
    nodes = [
        {**node._asdict(), "path": node.path or None, "row": node.row or None, "cell": node.cell or None}
        for node in graph.nodes.values()
    ]
    edges = [{"from": edge.source, "to": edge.target, "how": edge.how} for edge in graph.edges.values()]
    return json.dumps({"nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False) + "\n"
