"""The per-file work on several processes: batches of about equal size, results in the order of the files."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canfar_lint.engine.file import FileResult, Profile
    from canfar_lint.engine.run import _Job

_BATCH_BYTES = 600_000
_profiles: list[Profile] = []


def spread(planned: list[_Job], profiles: list[Profile], workers: int) -> list[FileResult]:
    """Lint the files on `workers` processes; only files that gave something come back."""
    import multiprocessing

    global _profiles
    _profiles = profiles
    # forked workers have rules and settings already; elsewhere they are sent once to each
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    context = multiprocessing.get_context(method)
    sent = (None if method == "fork" else profiles,)
    pool = ProcessPoolExecutor(workers, context, initializer=_receive, initargs=sent)
    with _uninterrupted():
        futures = submitted(pool, planned)
    # on Ctrl-C the pool is left as it is: waiting for it takes as long as its work, and ending it may never end
    results = collected(futures)
    pool.shutdown()
    return in_order(results, planned)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back while workers are forked: they inherit that for good, and it strikes the parent afterwards.

    A worker that took it would die with a traceback, or inside fork's own locks and never.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def gather(pool: Executor, planned: list[_Job]) -> list[FileResult]:
    """Hand the batches to an executor and put the results into the files' order."""
    return in_order(collected(submitted(pool, planned)), planned)


def in_order(results: list[FileResult], planned: list[_Job]) -> list[FileResult]:
    """The results in the order of the files."""
    places = {job.path: place for place, job in enumerate(planned)}
    return sorted(results, key=lambda result: places[result.path])


def submitted(pool: Executor, planned: list[_Job]) -> list[Future[list[FileResult]]]:
    return [pool.submit(lint_batch, batch) for batch in batches(planned)]


def collected(futures: list[Future[list[FileResult]]]) -> list[FileResult]:
    return [result for future in futures for result in future.result()]


def batches(planned: list[_Job]) -> list[list[_Job]]:
    """The files in batches of about half a megabyte, so that no worker is left with one long tail.

    Files of one name and size, which may be copies, go into the same batch.
    """
    found: list[list[_Job]] = [[]]
    filled = 0
    for size, alike in _alike(planned):
        if filled > _BATCH_BYTES or len(found[-1]) >= 200:
            found.append([])
            filled = 0
        found[-1] += alike
        filled += size
    return found


def _alike(planned: list[_Job]) -> Iterable[tuple[int, list[_Job]]]:
    """The files by name and size, in their order; the size once, since copies take no time."""
    groups: dict[tuple[str, int], list[_Job]] = {}
    for job in planned:
        try:
            size = len(job.data) if job.data is not None else os.stat(job.path).st_size
        except OSError:
            size = 0
        groups.setdefault((os.path.basename(job.path), size), []).append(job)
    return ((size, alike) for (_, size), alike in groups.items())


def lint_batch(batch: list[_Job]) -> list[FileResult]:
    from canfar_lint.engine.run import lint_jobs

    return lint_jobs(batch, _profiles)


def _receive(profiles: list[Profile] | None) -> None:
    global _profiles
    if profiles is not None:
        _profiles = profiles
