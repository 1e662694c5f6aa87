"""A Dask cluster as the place where files are linted: its workers need canfar-lint, and nothing of what is linted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any

from canfar_lint.engine.shipping import OtherVersion

_SCHEME = "dask://"
_SECONDS_TO_ANSWER = 10
_SECONDS_TO_GROW = 120


class ClusterError(RuntimeError):
    """A cluster that cannot do the work; the message says why."""


@contextmanager
def connected(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster at `dask://HOST:PORT`, and how many files it works on at once.

    Raises `ClusterError`, also for what goes wrong with the cluster while it is used.
    """
    try:
        import distributed
    except ImportError:
        raise ClusterError(f"{address} needs Dask beside canfar-lint: pip install 'canfar-lint[dask]'") from None
    try:
        connect: Any = distributed.Client
        client = connect(f"tcp://{address.removeprefix(_SCHEME)}", timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as e:
        raise ClusterError(f"no Dask scheduler answers at {address}: {e}") from None
    try:
        client.wait_for_workers(1, timeout=_SECONDS_TO_GROW)
        yield client.get_executor(pure=False), sum(client.nthreads().values())
    except TimeoutError:
        raise ClusterError(f"the cluster at {address} has no workers") from None
    except CancelledError:
        raise ClusterError(f"the cluster at {address} gave the work up") from None
    except OtherVersion as e:
        raise ClusterError(f"{e}: install the same version everywhere") from None
    except ModuleNotFoundError as e:
        raise ClusterError(f"the workers of {address} have no {e.name}: install canfar-lint there") from None
    finally:
        client.close()


def is_address(text: str) -> bool:
    """Whether a text names a cluster: `dask://HOST:PORT`."""
    host, _, port = text.removeprefix(_SCHEME).rpartition(":")
    return text.startswith(_SCHEME) and bool(host) and port.isdigit()
