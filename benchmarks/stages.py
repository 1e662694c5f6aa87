"""Where the time of a cold run goes, and what would be left of it if no file were parsed in vain.

One process, no ruff, CPU seconds by stage, twice: as it is, and as if the triggers let through only the files in which
something is found. The second is what no sharper trigger can get below, as long as Python's own parser and Python do
the work: the physical limit of the row `cold`.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

AS_IT_IS, PERFECT = "as it is", "nothing parsed in vain"

_STAGES = """
import json, sys, time

tree, wanted = sys.argv[1], set(json.loads(sys.stdin.read() or "[]"))
from canfar_lint import facts
from canfar_lint.cli import main
from canfar_lint.engine import file, models
from canfar_lint.model import python
run = sys.modules["canfar_lint.engine.run"]  # the package has a function of that name

clock, spent, nested, found, at = time.process_time, {}, [0.0], [], [""]

def timed(stage, function):
    def call(*words, **named):
        begin = clock()
        nested.append(0.0)
        try:
            return function(*words, **named)
        finally:
            took = clock() - begin
            spent[stage] = spent.get(stage, 0) + took - nested.pop()
            nested[-1] += took
    return call

def lint_bytes(path, *words):
    at[0] = path
    result = lint(path, *words)
    if result.diagnostics or result.problem or any(fact.kind != "imports" for fact in result.facts):
        found.append(path)
    return result

def only(function):
    def call(*words):
        fired = function(*words)
        return fired if not wanted or at[0] in wanted else []
    return call

lint, run.lint_bytes = run.lint_bytes, lint_bytes
file.Content = timed("words", file.Content)
file.Profile.fired = only(timed("triggers", file.Profile.fired))
facts.wanted = only(timed("triggers", facts.wanted))
models.parsed = timed("parse", models.parsed)
models._let_go = timed("models freed", models._let_go)
python._walk = timed("walk", python._walk)
file._Work.take = timed("checks", file._Work.take)
begin = clock()
main(["check", "--isolated", "--no-cache", "--no-ruff", "--jobs", "1", "--quiet", tree])
spent["files found and read, all else"] = clock() - begin - sum(spent.values())
print(json.dumps([spent, found]), file=sys.stderr)
"""


def limit(stages: dict[str, dict[str, float]], results: dict[str, Any], cores: int) -> tuple[float, float]:
    """Seconds of wall time of a cold run without a file parsed in vain, and how many times those of ruff alone."""
    ruff = results["ruff, same rules"]
    seconds = (sum(stages[PERFECT].values()) + ruff["cpu"]) / min(cores, 2)
    return seconds, seconds / ruff["seconds"]


def measured(programs: Path, tree: Path, environment: dict[str, str], runs: int) -> dict[str, dict[str, float]]:
    """CPU seconds by stage, the least of `runs`, as it is and as it would be."""
    found: dict[str, dict[str, float]] = {}
    paths: list[str] = []
    for name in (AS_IT_IS, PERFECT):
        for _ in range(max(runs, 1)):
            spent, these = _once(programs, tree, environment, paths if name == PERFECT else [])
            known = found.get(name)
            if known is None or sum(spent.values()) < sum(known.values()):
                found[name] = spent
        paths = these
    return found


def _once(
    programs: Path, tree: Path, environment: dict[str, str], paths: list[str]
) -> tuple[dict[str, float], list[str]]:
    words = [str(programs / "python"), "-c", _STAGES, str(tree)]
    ran = subprocess.run(words, input=json.dumps(paths), env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"stages of a cold run exited {ran.returncode}\n{ran.stderr}")
    spent, found = json.loads(ran.stderr.strip().splitlines()[-1])
    return spent, found
