"""Files and what to look for in them, made ready for a machine that has canfar-lint but none of the files."""

from __future__ import annotations

import pickle
import threading
import zlib
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

from canfar_lint import __version__

if TYPE_CHECKING:
    from canfar_lint.engine.file import FileResult, Profile
    from canfar_lint.engine.run import _Job

_MOST_KNOWN = 4
_known: dict[bytes, list[Profile]] = {}
# workers of a cluster may be threads, and a process has one interpreter all the same
_one_at_a_time = threading.Lock()


class OtherVersion(RuntimeError):
    """A worker's canfar-lint is not the one that asks it."""


class Shipment:
    """The rules and settings of a run, packed once; sources go along with each batch."""

    def __init__(self, profiles: list[Profile]) -> None:
        self._profiles = profiles
        self._packed = zlib.compress(pickle.dumps(profiles))

    def submitted(self, executor: Executor, batch: list[_Job]) -> Future[list[FileResult]]:
        """Send a batch with the content of its files; what cannot be read here is not looked for there."""
        from canfar_lint.engine.run import lint_jobs

        loaded = [job._replace(data=_content(job)) for job in batch]
        unread = lint_jobs([job for job in loaded if job.data is None], self._profiles)
        sent = [job for job in loaded if job.data is not None]
        return executor.submit(lint_shipped, __version__, self._packed, sent, unread)


def lint_shipped(version: str, packed: bytes, batch: list[_Job], unread: list[FileResult]) -> list[FileResult]:
    """What a worker does with a batch. Raises `OtherVersion`."""
    from canfar_lint.engine.run import lint_jobs

    if version != __version__:
        import socket

        raise OtherVersion(f"the worker on {socket.gethostname()} has canfar-lint {__version__}, not {version}")
    with _one_at_a_time:
        if packed not in _known:
            while len(_known) >= _MOST_KNOWN:
                del _known[next(iter(_known))]
            _known[packed] = pickle.loads(zlib.decompress(packed))
        return unread + lint_jobs(batch, _known[packed])


def _content(job: _Job) -> bytes | None:
    if job.data is not None:
        return job.data
    try:
        with open(job.path, "rb") as file:
            return file.read()
    except OSError:
        return None
