"""What an image is made of, for the join: bases, copies, start commands; a fact of the Dockerfile alone.

It is made of those that may build what a request names.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any, NamedTuple

from canfar_lint.catalogue import load
from canfar_lint.source import DOCKERFILE, Source


class ImageOutline(NamedTuple):
    """`base` is the image it stands on in the end, "" when not known.

    `copies` are the destinations of COPY and ADD with their sources, `starts` the words of ENTRYPOINT and CMD, `made`
    the text of everything else that adds files. `unknown` says that a copy's place cannot be told, `cuda` that a GPU
    is spoken of (CAN810). `targets` are the stages that settings say are built.
    """

    base: str = ""
    copies: tuple[tuple[str, tuple[str, ...]], ...] = ()
    starts: tuple[str, ...] = ()
    made: str = ""
    unknown: bool = True
    cuda: bool = False
    targets: tuple[str, ...] = ()


def kept(written: Any, targets: tuple[str, ...] = ()) -> ImageOutline | None:
    """The outline that was written as JSON; None for what is none, or was made of other stages."""
    try:
        base, copies, starts, made, unknown, cuda, of = written
        placed = tuple((str(place), tuple(map(str, sources))) for place, sources in copies)
        begins = tuple(map(str, starts))
        found = ImageOutline(str(base), placed, begins, str(made), bool(unknown), bool(cuda), tuple(map(str, of)))
        return found if found.targets == targets else None
    except (TypeError, ValueError):
        return None


def image_outline(path: str, data: bytes, targets: tuple[str, ...] = ()) -> ImageOutline:
    """The outline of a Dockerfile's final stage; of one that cannot be read nothing is known."""
    from canfar_lint.model.dockerfile import read

    try:
        dockerfile = read(Source.decode(path, DOCKERFILE, data), targets)
    except Exception:
        return ImageOutline(targets=targets)
    final = dockerfile.final
    if final is None:
        return ImageOutline(targets=targets)
    copies: list[tuple[str, tuple[str, ...]]] = []
    made: list[str] = []
    unknown = dockerfile.template
    entry: list[str] = []
    command: list[str] = []
    for instruction in (i for stage in final.ancestry for i in stage.instructions):
        if instruction.keyword in ("COPY", "ADD") and instruction.destination is not None:
            where = instruction.destination.value
            if where is None or (not where.startswith("/") and instruction.workdir is None):
                unknown = True
                continue
            sources = tuple(word.value or "{}" for word in instruction.sources)
            copies.append((posixpath.join(instruction.workdir or "/", where), sources))
            made += [str(source) for source in sources if instruction.flag("from") is not None]
        elif instruction.keyword in ("RUN", "ONBUILD"):
            made.append(dockerfile.text[instruction.start : instruction.end])
        elif instruction.keyword in ("ENTRYPOINT", "CMD"):
            words = [word.value or "{}" for word in instruction.json] if instruction.json is not None else []
            if instruction.json is None:
                words = dockerfile.text[instruction.start : instruction.end].split()[1:]
            if instruction.keyword == "ENTRYPOINT":
                entry, command = words, []
            else:
                command = words
    root = final.root.image or ""
    cuda = re.search(load().rules["CAN810"].table("cuda"), dockerfile.text, re.IGNORECASE)
    return ImageOutline(root, tuple(copies), (*entry, *command), "\n".join(made), unknown, cuda is not None, targets)
