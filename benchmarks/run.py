"""Speed and memory of canfar-lint beside bare Python and ruff: one command, one table.

    python benchmarks/run.py [--runs 15] [--tree-runs 3] [--json FILE] [--tree FOLDER]

The tree is eleven astronomy packages (over 4 500 Python files), downloaded once from PyPI as wheels into
`benchmarks/.cache` and only unpacked, never installed. Commands of one group run in turn, so that a slow moment of
the machine hits all of them; the table shows medians. The first round warms the disk and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(__file__).resolve().parent / ".cache"
PACKAGES = (
    *("astropy==8.0.2", "ccdproc==2.5.1", "drizzlepac==3.11.0", "ehtim==1.3.2", "jwst==3.0.0", "lightkurve==2.6.0"),
    *("photutils==3.0.0", "pypeit==2.0.1", "specutils==2.4.0", "sunpy==7.0.5", "yt==4.4.3"),
)
WHEELS = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--no-deps")
SAME_RULES = "F63,F7,F82,PLE,T100"
"""What canfar-lint asks of ruff by default."""

CATALOGUE = """
import json, time
import canfar_lint.diagnostic
start = time.perf_counter()
from canfar_lint.catalogue import load
load()
print((time.perf_counter() - start) * 1000)
"""
"""What every start pays for the rules, beyond the modules that it needs without them."""


class Run(NamedTuple):
    seconds: float
    megabytes: float


class Result(NamedTuple):
    name: str
    runs: list[Run]

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def megabytes(self) -> float:
        return max(run.megabytes for run in self.runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of each start-up command")
    parser.add_argument("--tree-runs", type=int, default=3, help="runs over the whole tree")
    parser.add_argument("--tree", type=Path, help="another tree of files than the eleven packages")
    parser.add_argument("--json", type=Path, help="write all measurements to this file")
    options = parser.parse_args()

    tree = options.tree or prepare()
    files = sum(1 for _ in tree.rglob("*.py"))
    line = CACHE / "one_line" / "clean.py"
    line.parent.mkdir(parents=True, exist_ok=True)
    line.write_text("answer = 42\n")

    start = measure(start_commands(line), options.runs)
    whole = measure(tree_commands(tree), options.tree_runs)
    catalogue = statistics.median(catalogue_milliseconds() for _ in range(options.runs))
    facts = machine() | {"files": files}
    report(facts, start, whole, catalogue)
    if options.json:
        results = {result.name: [run._asdict() for run in result.runs] for result in start + whole}
        data = {"machine": facts, "results": results, "catalogue_milliseconds": catalogue}
        options.json.write_text(json.dumps(data, indent=1) + "\n")


def prepare() -> Path:
    """The unpacked packages, downloaded when they are not there. Raises `CalledProcessError` without a network."""
    tree = CACHE / "tree"
    for package in PACKAGES:
        target = tree / package
        if target.is_dir():
            continue
        wheels = CACHE / "wheels" / package
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, *WHEELS, "--dest", str(wheels), package], check=True)
        (wheel,) = wheels.glob("*.whl")
        partial = tree / f".{package}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(partial, [name for name in archive.namelist() if name.endswith((".py", ".ipynb"))])
        partial.rename(target)
    return tree


def program(name: str, module: str) -> list[str]:
    """The command installed beside the running Python, else the module by the running Python."""
    command = Path(sys.executable).parent / name
    return [str(command)] if command.exists() else [sys.executable, "-m", module]


def start_commands(line: Path) -> dict[str, list[str]]:
    canfar_lint = program("canfar-lint", "canfar_lint")
    return {
        "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
        "canfar-lint --version": [*canfar_lint, "--version"],
        "canfar-lint, one clean line": [*canfar_lint, "check", "--isolated", "--no-cache", str(line)],
        "canfar-lint, one clean line, no ruff": [*canfar_lint, "check", "--isolated", "--no-ruff", str(line)],
    }


def tree_commands(tree: Path) -> dict[str, list[str]]:
    ruff = [*program("ruff", "ruff"), "check", "--isolated", "--no-cache", "--select", SAME_RULES]
    return {
        "ruff, same rules": [*ruff, "--output-format", "json", str(tree)],
        "canfar-lint": [*program("canfar-lint", "canfar_lint"), "check", "--isolated", "--no-cache", str(tree)],
    }


def measure(commands: dict[str, list[str]], runs: int) -> list[Result]:
    """Every command `runs` times in turn, after one round that does not count."""
    measured: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            run = once(command)
            if turn:
                measured[name].append(run)
    return [Result(name, found) for name, found in measured.items()]


def once(command: list[str]) -> Run:
    """One run; the memory is that of the largest process of it, and never less than this script's own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=CACHE, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} exited {process.returncode}\n{said.decode(errors='replace')}")
    return Run(seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))


def catalogue_milliseconds() -> float:
    command = [sys.executable, "-c", CATALOGUE]
    shown = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
    return float(shown.stdout)


def machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [row.partition(":")[2].strip() for row in cpuinfo.read_text().splitlines() if "model name" in row]
        model = names[0] if names else model
    ruff = subprocess.run([*program("ruff", "ruff"), "--version"], capture_output=True, text=True, check=True)
    python = f"Python {platform.python_version()}"
    return {"processor": model, "cores": os.cpu_count(), "python": python, "ruff": ruff.stdout.strip()}


def report(facts: dict[str, Any], start: list[Result], whole: list[Result], catalogue: float) -> None:
    print(", ".join(str(facts[key]) for key in ("processor", "python", "ruff")), f", {facts['cores']} cores", sep="")
    table("start-up", start, 1000, "ms")
    line = start[2].seconds * 1000
    print(f"  the catalogue of rules: {catalogue:.1f} ms to import and load, {catalogue / line:.0%} of one clean line")
    table(f"{facts['files']} Python files, no cache", whole, 1, "s")


def table(title: str, results: list[Result], scale: float, unit: str) -> None:
    print(f"\n{title}")
    print(f"  {'':38}{'median':>12}{'ratio':>10}{'peak memory':>14}")
    for result in results:
        ratio = result.seconds / results[0].seconds
        print(f"  {result.name:38}{result.seconds * scale:>9.1f} {unit:2}{ratio:>10.1f}{result.megabytes:>11.0f} MB")


if __name__ == "__main__":
    main()
