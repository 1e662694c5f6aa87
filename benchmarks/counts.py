"""What runs do, counted: the same on every machine, so that CI may fail on it. Never seconds.

Start-up: the modules that are imported. A tree: the files parsed, the nodes visited and the bytes read, cold and warm.
`counts.json` beside this file holds what is agreed, for each Python, whose own modules and nodes differ; `--counts`
fails when a count grows, and writes the file anew under `CANFAR_LINT_COUNTS=write`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import inputs

AGREED = Path(__file__).with_name("counts.json")
_GROWTH = 1.02
"""What a count may grow by before somebody must say that it is meant."""

_MODULES = """
import sys
before = len(sys.modules)
from canfar_lint.cli import main
main(sys.argv[1:])
print(len(sys.modules) - before, file=sys.stderr)
"""
_WORK = """
import builtins, json, os, sys
from canfar_lint.engine import models
from canfar_lint.model import python
counts = {"files parsed": 0, "nodes visited": 0, "bytes read": 0}
parsed, walk, real = models.parsed, python._walk, builtins.open

def counted_parse(source):
    counts["files parsed"] += 1
    return parsed(source)

def counted_walk(module):
    walk(module)
    counts["nodes visited"] += len(module.parents)

def counted_open(path, mode="r", *rest, **named):
    file = real(path, mode, *rest, **named)
    if mode == "rb" and os.path.abspath(path).startswith(TREE):
        counts["bytes read"] += os.fstat(file.fileno()).st_size
    return file

models.parsed, python._walk, builtins.open = counted_parse, counted_walk, counted_open
TREE = sys.argv[-1]
from canfar_lint.cli import main
main(sys.argv[1:])
print(json.dumps(counts), file=sys.stderr)
"""


def counted() -> dict[str, int]:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(inputs.ROOT), "CANFAR_LINT_CACHE_DIR": folder}

        def said(*words: str) -> str:
            ran = subprocess.run([sys.executable, "-c", *words], env=environment, capture_output=True, text=True)
            return ran.stderr.strip().splitlines()[-1]

        said(_MODULES, "rule", "CAN101")  # the rules compiled
        clean = str(inputs.clean_file())
        found["modules: --version"] = int(said(_MODULES, "--version"))
        found["modules: one clean file"] = int(said(_MODULES, "check", "--isolated", "--no-cache", clean))
        tree = str(inputs.part(inputs.tree(), "every-tenth", 10))
        _settle(Path(tree))
        # nothing but ours, in one process, where it can be counted
        flags = ("check", "--isolated", "--no-ruff", "--jobs", "1", "--quiet")
        for name, more in (("cold", ("--no-cache",)), ("keeping", ()), ("warm", ())):
            work = json.loads(said(_WORK, *flags, *more, tree))
            if name != "keeping":
                found |= {f"{what}: a tenth of the tree, {name}": count for what, count in work.items()}
    return found


def _settle(tree: Path) -> None:
    """Wait until the files are so old that the cache goes by their times (`engine/cache.py`): else it reads them."""
    newest = max(path.stat().st_ctime for path in tree.rglob("*.py"))
    time.sleep(max(0.0, newest + 3 - time.time()))


def compare() -> int:
    now = counted()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    every = json.loads(AGREED.read_text())
    if os.environ.get("CANFAR_LINT_COUNTS") == "write":
        every[version] = now
        AGREED.write_text(json.dumps(every, indent=1) + "\n")
    agreed = every.get(version)
    if agreed is None:
        print(f"no counts are agreed for Python {version}: nothing is compared")
        agreed = now
    status = 0
    for name in sorted(now.keys() | agreed.keys()):
        limit = agreed.get(name, 0) * (1 if "modules" in name else _GROWTH)
        grown = now.get(name, 0) > limit or name not in now
        print(f"{name:55}{now.get(name, 0):>12}  agreed {agreed.get(name, 0):>12}{'  GROWN' if grown else ''}")
        status = status or int(grown)
    return status
