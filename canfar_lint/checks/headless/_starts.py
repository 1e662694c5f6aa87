"""What an image starts by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue import load
from canfar_lint.model.dockerfile import Dockerfile
from canfar_lint.model.dockerfile.steps import Step


def starts(dockerfile: Dockerfile) -> Iterator[tuple[str, Step]]:
    """The commands of the last ENTRYPOINT and CMD with their keyword; none of an image for graphical sessions."""
    final = dockerfile.final
    if final is None or is_graphical(dockerfile):
        return
    last = {i.keyword: i for i in final.instructions if i.keyword in ("CMD", "ENTRYPOINT")}
    for keyword, instruction in last.items():
        if keyword == "CMD" and instruction.json is not None and "ENTRYPOINT" in last:
            continue  # arguments of the entry point
        for step in instruction.steps:
            yield keyword, step


def is_graphical(dockerfile: Dockerfile) -> bool:
    """Whether an image shows a sign of graphical sessions (table `signs` of CAN506)."""
    signs: list[str] = load().rules["CAN506"].table("signs")
    return any(re.search(sign, dockerfile.text) for sign in signs)
