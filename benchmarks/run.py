"""Speed and memory of canfar-lint against its peers: one command, one table.

    python benchmarks/run.py [--runs N] [--only GROUP] [--json FILE] [--page]
    python benchmarks/run.py --counts

Everything it needs is fetched by pinned versions into `benchmarks/.cache`: the tree is eleven astronomy packages,
downloaded as wheels and only unpacked; the peers, and this project as it is, are installed into an environment of
their own. Commands of one group run in turn, so that a slow moment of the machine hits all of them; the table shows
medians. The first round warms disk and caches and is not counted; in it memory is looked at.

`--counts` measures no time: it counts what runs do (`counts.py`), for CI.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import counts
import inputs
import peers
import rows
import stages
import table
from measure import measure

GROUPS = ("start-up", "cold", "slow peers", "warm", "Dockerfiles", "time against size")
_OFTEN = {"start-up": 10, "warm": 3}
"""How many times as often the short commands run."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each command; ten times as many at start-up")
    parser.add_argument("--only", action="append", choices=GROUPS, help="measure only this group")
    parser.add_argument("--json", type=Path, default=inputs.CACHE / "results.json", help="where the figures go")
    parser.add_argument("--page", action="store_true", help="put the figures into docs/performance.md and scale.md")
    parser.add_argument("--counts", action="store_true", help="count instead of measuring, and compare")
    options = parser.parse_args()
    if options.counts:
        return counts.compare()
    data = measured(options.runs, options.only or GROUPS)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(data, indent=1) + "\n")
    print(table.terminal(data))
    if options.page:
        table.write_pages(data)
    return 0


def measured(runs: int, wanted: list[str] | tuple[str, ...]) -> dict[str, Any]:
    programs = peers.installed()
    tree = inputs.tree()
    made = {
        "start-up": lambda: rows.start_up(programs),
        "cold": lambda: rows.cold(programs, tree),
        "slow peers": lambda: rows.slow_peers(programs, tree),
        "warm": lambda: rows.warm(programs, _copy(tree)),
        "Dockerfiles": lambda: rows.dockerfiles(programs),
        "time against size": lambda: rows.linear(programs, tree),
    }
    found: list[dict[str, Any]] = []
    results: dict[str, Any] = {}
    for name in wanted:
        group = made[name]()
        often = 0 if name == "slow peers" else runs * _OFTEN.get(name, 1)
        got = measure(group.commands, often, peers.environment(programs), inputs.CACHE)
        found += [_row(row, got) for row in group.rows]
        results |= {
            key: {**one._asdict(), "runs": [run._asdict() for run in one.runs], "seconds": one.seconds, "cpu": one.cpu}
            for key, one in got.items()
        }
    at_work = stages.measured(programs, tree, peers.environment(programs), runs) if "cold" in wanted else {}
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {**machine(tree), "runs": runs},
        "versions": peers.versions(programs),
        "rows": found,
        "results": results,
        "stages": at_work,
    }


def _row(row: rows.Row, results: rows.Results) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("work", "measured", "against", "target", "unit", "least")}
    peer = next((name for name in results if row.against.startswith(name)), "")
    return {**told, "peer": peer, "value": row.value(results), "met": row.met(results)}


def _copy(tree: Path) -> Path:
    """A copy of the tree, of which a file may change."""
    target = inputs.CACHE / "changing"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(tree, target)
    return target


def machine(tree: Path) -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    known = Path("/proc/cpuinfo")
    if known.exists():
        names = [row.partition(":")[2].strip() for row in known.read_text().splitlines() if "model name" in row]
        model = names[0] if names else model
    texts = [path.read_bytes() for path in tree.rglob("*.py")]
    size = {"files": len(texts), "megabytes": sum(map(len, texts)) / 1e6, "lines": sum(t.count(b"\n") for t in texts)}
    return {"processor": model, "cores": os.cpu_count(), **size}


if __name__ == "__main__":
    raise SystemExit(main())
