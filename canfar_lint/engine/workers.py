"""The per-file work on several processes: batches of about equal size, results in the order of the files."""

from __future__ import annotations

import os
from concurrent.futures import Executor, ProcessPoolExecutor
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
    with ProcessPoolExecutor(workers, context, initializer=_receive, initargs=sent) as pool:
        return gather(pool, planned)


def gather(pool: Executor, planned: list[_Job]) -> list[FileResult]:
    """Hand the batches to an executor and put the results into the files' order."""
    futures = [pool.submit(lint_batch, batch) for batch in batches(planned)]
    return [result for future in futures for result in future.result()]


def batches(planned: list[_Job]) -> list[list[_Job]]:
    """The files in batches of about half a megabyte, so that no worker is left with one long tail."""
    found: list[list[_Job]] = [[]]
    size = 0
    for job in planned:
        if size > _BATCH_BYTES or len(found[-1]) >= 200:
            found.append([])
            size = 0
        found[-1].append(job)
        try:
            size += len(job.data) if job.data is not None else os.stat(job.path).st_size
        except OSError:
            continue
    return found


def lint_batch(batch: list[_Job]) -> list[FileResult]:
    from canfar_lint.engine.run import lint_job

    return [result for job in batch if not (result := lint_job(job, _profiles)).empty]


def _receive(profiles: list[Profile] | None) -> None:
    global _profiles
    if profiles is not None:
        _profiles = profiles
