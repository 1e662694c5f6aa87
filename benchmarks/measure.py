"""Commands run in turn, so that a slow moment of the machine hits all of them: seconds, CPU seconds, memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

# seconds between two looks at the memory, which take a part of one core themselves
_LOOKS, _LOOKS_WHERE_IT_COUNTS = 0.02, 1.0


class Command(NamedTuple):
    """A command to measure. `before` runs before each measurement; `times` says how much more the whole would be."""

    name: str
    words: list[str]
    before: Callable[[], None] | None = None
    times: float = 1


class Run(NamedTuple):
    seconds: float
    cpu: float


class Result(NamedTuple):
    """What a command took. `megabytes` is the most that all its processes held at a time (shared pages once)."""

    name: str
    runs: list[Run]
    megabytes: float

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs)


def measure(commands: list[Command], runs: int, environment: dict[str, str], folder: Path) -> dict[str, Result]:
    """Every command `runs` times in turn, after a round that warms the disk and tells the memory.

    With no runs that round is what counts: for commands that take minutes.
    """
    memory = {}
    measured: dict[str, list[Run]] = {command.name: [] for command in commands}
    for turn in range(runs + 1):
        for command in commands:
            if command.before is not None:
                command.before()
            every = None if turn else _LOOKS if runs else _LOOKS_WHERE_IT_COUNTS
            run, megabytes = once(command.words, environment, folder, every)
            if turn == 0:
                memory[command.name] = megabytes
            if turn or not runs:
                measured[command.name].append(Run(run.seconds * command.times, run.cpu * command.times))
            print(f"  {command.name}: {run.seconds:.2f} s", file=sys.stderr)
    return {name: Result(name, found, memory[name]) for name, found in measured.items()}


def once(words: list[str], environment: dict[str, str], folder: Path, every: float | None) -> tuple[Run, float]:
    """One run of a command; its memory is looked at `every` so many seconds, if at all.

    Raises `SystemExit` for one that fails, which is no measurement.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    peak = _Peak(process.pid, every) if every else None
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = peak.stop() if peak else 0
    # linters say with small numbers that they found something
    if not 0 <= process.returncode < 32 or b"Traceback" in said:
        raise SystemExit(f"{' '.join(words)[:300]} exited {process.returncode}\n{said.decode(errors='replace')}")
    return Run(seconds, usage.ru_utime + usage.ru_stime), max(megabytes, _mega(usage.ru_maxrss) if every else 0)


def _mega(maximum: int) -> float:
    return maximum / (1024 * 1024 if sys.platform == "darwin" else 1024)


class _Peak:
    """Looks every so often at the memory of all processes of a session (Linux; elsewhere at none)."""

    def __init__(self, session: int, every: float) -> None:
        self._session = session
        self._every = every
        self._most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(self._every):
            self._most = max(self._most, sum(map(_proportional, _members(self._session))))

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._most / 1024


def _members(session: int) -> Iterator[str]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            yield stat.parent.name


def _proportional(process: str) -> int:
    """Kilobytes of a process, its share of what several hold together."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
