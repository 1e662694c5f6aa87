"""The per-file work on several processes, of this machine or of a cluster.

Batches of about equal size are handed out one by one, so that no worker is left with a long tail, and only files that
gave something come back. A worker that dies takes the batches in work along: their files are tried again one by one,
and only the file that kills its worker once more is lost, which is said of it.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from canfar_lint.engine.file import FileResult, Profile
    from canfar_lint.engine.run import _Job

_Batch = list["_Job"]
_Submit = Callable[[Executor, _Batch], "Future[list[FileResult]]"]
_profiles: list[Profile] = []


def spread(work: list[_Batch], profiles: list[Profile], workers: int, done: Callable[[int], None]) -> list[FileResult]:
    """Lint batches on `workers` processes of this machine; `done` is told of every so many files."""
    global _profiles
    _profiles = profiles
    found: list[FileResult] = []
    left, unsure = deque(work), deque[_Batch]()
    while left:
        results, dropped = _through(_pool(profiles, workers), left, _submitted, workers + 1, done)
        found += results
        unsure.extend([job] for batch in dropped for job in batch)
    while unsure:
        results, dropped = _through(_pool(profiles, 1), unsure, _submitted, 1, done)
        found += results + [_lost(job, done) for batch in dropped for job in batch]
    return found


def spread_on(
    executor: Executor, work: list[_Batch], profiles: list[Profile], workers: int, done: Callable[[int], None]
) -> list[FileResult]:
    """Lint batches on an executor of `workers` processes that have canfar-lint but none of the files.

    The executor goes on when one of its workers dies, as a cluster does.
    """
    from canfar_lint.engine.shipping import Shipment

    shipment = Shipment(profiles)
    found, dropped = _through(executor, deque(work), shipment.submitted, 3 * workers, done)
    # one at a time: a cluster blames all that its dead worker had before it
    single = deque([job] for batch in dropped for job in batch)
    results, dropped = _through(executor, single, shipment.submitted, 1, done)
    found += results + [_lost(job, done) for batch in dropped for job in batch]
    return found


def _through(
    pool: Executor, left: deque[_Batch], submit: _Submit, most: int, done: Callable[[int], None]
) -> tuple[list[FileResult], list[_Batch]]:
    """Take batches from `left`, at most `most` at a time, until none is left or the pool broke.

    Gives the results and the batches whose worker died. On Ctrl-C the pool is left as it is: waiting for it takes as
    long as its work, and ending it may never end.
    """
    found: list[FileResult] = []
    dropped: list[_Batch] = []
    running: dict[Future[list[FileResult]], _Batch] = {}
    broken = False
    while running or (left and not broken):
        while left and len(running) < most and not broken:
            batch = left.popleft()
            try:
                with _uninterrupted():
                    running[submit(pool, batch)] = batch
            except BrokenExecutor:
                left.appendleft(batch)
                broken = True
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            batch = running.pop(future)
            try:
                found += future.result()
                done(len(batch))
            except Exception as e:
                if not _means_death(e):
                    raise
                broken = broken or isinstance(e, BrokenExecutor)
                dropped.append(batch)
    if isinstance(pool, ProcessPoolExecutor):
        pool.shutdown()
    return found, dropped


def _means_death(error: Exception) -> bool:
    """Whether an exception says that a worker died, or was out of memory; dask's own is known by its name."""
    if isinstance(error, (BrokenExecutor, MemoryError)) or type(error).__name__ == "KilledWorker":
        return True
    raised = error.__traceback__
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    # dask's executor takes a result that is lost after it has come for an exception, and fails to unpack it
    return raised is not None and raised.tb_frame.f_globals.get("__name__") == "distributed.cfexecutor"


def _lost(job: _Job, done: Callable[[int], None]) -> FileResult:
    from canfar_lint.engine.file import FileResult, about_file

    done(1)
    return FileResult(job.path, job.kind, [about_file(job.path, "CAN003", "died")], [], [], crashed=True)


# -- processes of this machine --------------------------------------------------------------------------------


def _pool(profiles: list[Profile], workers: int) -> ProcessPoolExecutor:
    import multiprocessing

    # forked workers have rules and settings already; elsewhere they are sent once to each
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    if method:
        _load(profiles)
    context: Any = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, context, _begin, (None if method else profiles,))


def _load(profiles: list[Profile]) -> None:
    """What every worker would load and compile by itself: the checks of Python files, and their triggers."""
    from canfar_lint.checks import module_of
    from canfar_lint.engine import models  # noqa: F401
    from canfar_lint.model import python  # noqa: F401

    for profile in profiles[:1]:
        profile.compiled_for_python()
        for rule in profile.rules:
            if "py" in rule.kinds and rule.code.startswith("CAN"):
                module_of(rule)


def _submitted(pool: Executor, batch: _Batch) -> Future[list[FileResult]]:
    return pool.submit(_lint_batch, batch)


def _lint_batch(batch: _Batch) -> list[FileResult]:
    from canfar_lint.engine.run import lint_jobs

    return lint_jobs(batch, _profiles)


def _begin(profiles: list[Profile] | None) -> None:
    import threading

    global _profiles
    if profiles is not None:
        _profiles = profiles
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent is killed would wait for work for ever."""
    import multiprocessing
    from multiprocessing.connection import wait as first_of

    parent = multiprocessing.parent_process()
    if parent is not None:
        first_of([parent.sentinel])
        os._exit(1)


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
