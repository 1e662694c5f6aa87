"""The rows of the table: what is run against what, and what it is held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import inputs
from measure import Command, Result
from peers import FLAKE8_RULES, SAME_RULES

BARE = "python -I -c pass"
PYLINT_EVERY, FIXIT_EVERY = 100, 10
CHANGED = "photutils==3.0.0/photutils/segmentation/core.py"

Results = dict[str, Result]


class Row(NamedTuple):
    """A line of the table. `value` is held to be at most, or with `least` at least, `target`."""

    work: str
    measured: str
    against: str
    value: Callable[[Results], float]
    target: float
    unit: str = "×"
    least: bool = False

    def met(self, results: Results) -> bool:
        value = self.value(results)
        return value >= self.target if self.least else value <= self.target


class Group(NamedTuple):
    """Commands that are measured in turn, and the rows that they fill."""

    name: str
    commands: list[Command]
    rows: list[Row]


def ratio(one: str, other: str) -> Callable[[Results], float]:
    return lambda results: results[one].seconds / results[other].seconds


def ours(programs: Path, *words: str | Path) -> list[str]:
    return [str(programs / "canfar-lint"), "check", "--isolated", *map(str, words)]


def start_up(programs: Path) -> Group:
    bare = Command(BARE, [str(programs / "python"), "-I", "-c", "pass"])
    version = Command("canfar-lint --version", [str(programs / "canfar-lint"), "--version"])
    clean = Command("canfar-lint, clean file", ours(programs, "--no-cache", inputs.clean_file()))
    ruff = [str(programs / "ruff"), "check", "--isolated", "--no-cache", "--select", SAME_RULES]
    rows = [
        Row("`canfar-lint --version`", version.name, BARE, ratio(version.name, BARE), 3),
        Row("one clean file of 200 lines, ruff included", clean.name, BARE, ratio(clean.name, BARE), 5),
    ]
    return Group("start-up", [bare, version, clean, Command("ruff, clean file", [*ruff, clean.words[-1]])], rows)


def cold(programs: Path, tree: Path) -> Group:
    ruff = [str(programs / "ruff"), "check", "--isolated", "--no-cache", "--select", SAME_RULES, str(tree)]
    flake8 = [str(programs / "flake8"), "-j2", "--isolated", "--select", FLAKE8_RULES, str(tree)]
    commands = [
        Command("ruff, same rules", ruff),
        Command("canfar-lint, cold", ours(programs, "--no-cache", tree)),
        Command("flake8 -j2, same rules", flake8),
    ]
    mine = commands[1].name

    def memory(results: Results) -> float:
        return results[mine].megabytes

    rows = [
        Row("cold, all default rules", mine, commands[0].name, ratio(mine, commands[0].name), 5),
        Row("", mine, commands[2].name, ratio(commands[2].name, mine), 20, "× faster", True),
        Row("peak memory of all processes", mine, "", memory, 300, " MB"),
    ]
    return Group("cold", commands, rows)


def slow_peers(programs: Path, tree: Path) -> Group:
    """Fixit on a tenth of the tree and pylint on a hundredth; the figures are for the whole."""
    tenth = inputs.part(tree, "every-tenth", FIXIT_EVERY)
    hundredth = inputs.part(tree, "every-hundredth", PYLINT_EVERY)
    flags = ("-j2", "--errors-only", "--disable=import-error", "--recursive=y", "--rcfile=/dev/null")
    pylint = [str(programs / "pylint"), *flags, str(hundredth)]
    commands = [
        Command("canfar-lint, cold beside them", ours(programs, "--no-cache", tree)),
        Command("Fixit, default rules", [str(programs / "fixit"), "--quiet", "lint", str(tenth)], times=FIXIT_EVERY),
        Command("pylint -j2 --errors-only", pylint, times=PYLINT_EVERY),
    ]
    mine, fixit, errors = (command.name for command in commands)
    rows = [
        Row("", mine, f"{fixit} (a tenth, × 10)", ratio(fixit, mine), 200, "× faster", True),
        Row("", mine, f"{errors} (a hundredth, × 100)", ratio(errors, mine), 0, "× faster", True),
    ]
    return Group("slow peers", commands, rows)


def warm(programs: Path, tree: Path) -> Group:
    changed = tree / CHANGED
    original = changed.read_text()
    turns = iter(range(1_000_000))

    def change() -> None:
        changed.write_text(f"{original}# changed {next(turns)}\n")

    commands = [
        Command(BARE, [str(programs / "python"), "-I", "-c", "pass"]),
        Command("canfar-lint, warm", ours(programs, tree)),
        Command("canfar-lint, one file changed", ours(programs, tree), before=change),
    ]

    def above(results: Results) -> float:
        return results["canfar-lint, warm"].seconds - results[BARE].seconds

    one = ratio("canfar-lint, one file changed", "canfar-lint, warm")
    rows = [
        Row("warm", "canfar-lint, warm", BARE, above, 0.5, " s above"),
        Row("one file changed, warm", "canfar-lint, one file changed", "canfar-lint, warm", one, 1.2),
    ]
    return Group("warm", commands, rows)


def dockerfiles(programs: Path) -> Group:
    paths = list(map(str, inputs.dockerfiles()))
    hadolint = Command("hadolint", [str(programs / "hadolint"), "--no-fail", *paths])
    alone = Command("canfar-lint, Dockerfiles", ours(programs, "--no-cache", "--no-hadolint", *paths))
    beside = Command("canfar-lint with hadolint beside", ours(programs, "--no-cache", *paths))
    rows = [
        Row(f"{len(paths)} Dockerfiles, our rules", alone.name, "hadolint", ratio(alone.name, "hadolint"), 2),
        Row(f"{len(paths)} Dockerfiles, and hadolint's", beside.name, "hadolint", ratio(beside.name, "hadolint"), 2),
    ]
    return Group("Dockerfiles", [hadolint, alone, beside], rows)


def linear(programs: Path, tree: Path) -> Group:
    tenth, whole = inputs.tenfold(tree)
    long, short = inputs.long_and_short()
    cases = {"a tenth of the files": tenth, "all files": whole, "one file": long, "the same in 200 files": short}
    commands = [
        Command(f"canfar-lint --jobs 1, {name}", ours(programs, "--no-cache", "--jobs", "1", folder))
        for name, folder in cases.items()
    ]
    few, most, one, many = (command.name for command in commands)
    rows = [
        Row("10 × the files", most, few, ratio(most, few), 11),
        Row("200 000 lines in one file", one, many, ratio(one, many), 1.2),
    ]
    return Group("time against size", commands, rows)
