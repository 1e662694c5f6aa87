"""Files of the build context that a Dockerfile runs; what they do is read with it (`pipeline.called_scripts`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from canfar_lint.diagnostic import Fact
from canfar_lint.model.dockerfile import Dockerfile
from canfar_lint.model.dockerfile.called import copied, run_calls, start_calls


def dockerfile(dockerfile: Dockerfile) -> Iterator[Fact]:
    candidates: dict[str, None] = {}
    for call in chain(run_calls(dockerfile), start_calls(dockerfile)):
        candidates.update(dict.fromkeys(call.candidates))
    if candidates:
        yield Fact("called scripts", 0, 0, {"candidates": list(candidates)[:200], "copied": list(copied(dockerfile))})
