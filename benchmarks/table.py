"""The table of a benchmark's JSON, on a terminal and in docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import stages

DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- begin: python benchmarks/run.py -->", "<!-- end -->"
_REPOSITORIES, _LINES = 100_000, 10_000
_HEAD = ("work", "measured", "target", "seconds", "CPU", "memory", "against", "seconds")


def lines(data: dict[str, Any]) -> list[list[str]]:
    found = []
    for row in data["rows"]:
        own, other = data["results"][row["measured"]], data["results"].get(row["peer"])
        sign = "" if not row["target"] else "at least " if row["least"] else "at most "
        target = f"{sign}{row['target']:g}{row['unit']}" if row["target"] else ""
        value = f"{row['value']:.3g}{row['unit']}" if row["value"] < 100 else f"{row['value']:.0f}{row['unit']}"
        verdict = "" if row["met"] else " **not met**"
        known = [f"{own['seconds']:.3g}", f"{own['cpu']:.3g}", f"{own['megabytes']:.0f} MB"]
        found.append(
            [row["work"], value + verdict, target, *known, row["against"], f"{other['seconds']:.3g}" if other else ""]
        )
    return found


def terminal(data: dict[str, Any]) -> str:
    rows = [list(_HEAD), *lines(data)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*shown, "", about(data), "", profile(data)]).rstrip()


def markdown(data: dict[str, Any]) -> str:
    rows = [list(_HEAD), ["---"] * len(_HEAD), *lines(data)]
    return "\n".join([about(data), "", *(f"| {' | '.join(row)} |" for row in rows)])


def profile(data: dict[str, Any]) -> str:
    """The stages of a cold run and the limit they set; "" where they were not measured."""
    if not data.get("stages"):
        return ""
    now, perfect = (data["stages"][name] for name in (stages.AS_IT_IS, stages.PERFECT))
    seconds, times = stages.limit(data["stages"], data["results"], data["machine"]["cores"])
    ruff = data["results"]["ruff, same rules"]["cpu"]
    rows = [(name, took, perfect.get(name, 0.0)) for name, took in sorted(now.items(), key=lambda one: -one[1])]
    rows += [("ruff, beside it", ruff, ruff), ("all", sum(now.values()) + ruff, sum(perfect.values()) + ruff)]
    shown = [f"| {name} | {took:.2f} | {least:.2f} |" for name, took, least in rows]
    head = [f"| CPU seconds of the cold run | {stages.AS_IT_IS} | {stages.PERFECT} |", "| --- | --- | --- |"]
    words = (
        f"If no file were parsed in which nothing is found, the cold run would take {seconds:.1f} s on two cores, "
        f"{times:.1f} times ruff alone: that is the limit of any sharper trigger. Below it there are only Python's own "
        "parser, one walk over its tree, and the checks of files that do have findings."
    )
    return "\n".join([*head, *shown, "", words])


def about(data: dict[str, Any]) -> str:
    machine, versions = data["machine"], data["versions"]
    known = ", ".join(versions[name] for name in ("python", "canfar-lint", "ruff") if name in versions)
    more = ", ".join(f"{name} {versions[name].split()[-1]}" for name in ("fixit", "pylint") if name in versions)
    flake8 = f"flake8 {versions['flake8'].split()[0]}" if "flake8" in versions else ""
    return (
        f"{machine['processor']}, {machine['cores']} cores; {known}, {flake8}, {more}, {versions.get('hadolint', '')}. "
        f"{machine['files']} Python files, {machine['megabytes']:.0f} MB, {machine['lines'] / 1e6:.1f} million lines. "
        f"Medians of {machine['runs']} runs in turn; {data['date']}."
    )


def cost(data: dict[str, Any]) -> str:
    """What a million lines cost, and a hundred thousand repositories; "" where the tree was not measured."""
    cold = data["results"].get("canfar-lint, cold")
    if cold is None:
        return ""
    million = cold["cpu"] / data["machine"]["lines"] * 1e6
    tree = f"{data['machine']['files']} files of eleven astronomy packages"
    hours = million * _REPOSITORIES * _LINES / 1e6 / 3600
    return (
        f"A million lines of Python take {million:.0f} seconds of one core, ruff's included ({tree}, "
        f"{data['machine']['processor']}, {data['date']}). {_REPOSITORIES:,} repositories of {_LINES:,} lines are "
        f"{_REPOSITORIES * _LINES / 1e6:,.0f} million lines: {hours:.0f} hours of "
        f"one core, or {hours * 60 / 100:.1f} minutes of 50 replicas with two cores each, beside the time for cloning."
    )


def write_pages(data: dict[str, Any]) -> None:
    _put(DOCS / "performance.md", "\n\n".join(part for part in (markdown(data), profile(data)) if part))
    if cost(data):
        _put(DOCS / "scale.md", cost(data))


def _put(page: Path, generated: str) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{generated}\n\n{END}{after}", encoding="utf-8")
