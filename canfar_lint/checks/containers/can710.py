"""CAN710: data in the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._layers import shipped_runs
from canfar_lint.checks.containers._made import URL, made_by
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.dockerfile import Dockerfile

_SMALL = re.compile(
    r"index-4[12]1[1-9]\.fits\Z|(?:.*[-_.])?(?:conf(?:ig)?|example|demo|mini|toy|dummy|mask)[-_.]", re.I
)
"""Index files of astrometry.net for wide fields, below 10 MB, and what configures, shows or selects by its name."""

_WEIGHTS = re.compile(
    r"(?:^|[-_./])(?:(?:weights|checkpoints?|param(?:eter)?s)(?=[-_./])|models?\d*(?=[./])|(?:vgg|resnet|alexnet|inception|mobilenet)(?=[-_.\d]))",
    re.I,
)
"""A file, or a folder of files, of what was learnt: part of the program, which one wants in the image."""

_MEASURED = re.compile(r"data|catalog|cube|spectr|visibilit|image|map|stack|cells|event|observ|survey|snapshot", re.I)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    suffixes = tuple(rule.table("data"))
    sized = tuple(rule.table("by-size"))
    copies = [c for c in dockerfile.all("COPY", "ADD") if c.flag("from") is None]
    named = tuple(w.value for c in copies for w in c.sources if w.value and not set(w.value) & set("*?[:"))[:20]
    for copy in copies:
        if copy.stage is None or not copy.stage.ships:
            continue
        for source in copy.sources:
            value = source.value or ""
            name = posixpath.basename(value.rstrip("/")).lower()
            if not name or posixpath.normpath(value) in (".", "/"):
                continue
            by_suffix = name.endswith(suffixes) and not _SMALL.match(name) and not _learnt(value)
            if URL.match(value):
                if by_suffix:
                    yield rule.finding((source.start, source.end), name=posixpath.basename(value), how="downloads")
                continue
            if by_suffix or name.endswith(sized) or ("." not in name.strip(".") and name in rule.table("folders")):
                arguments = ("by suffix" if by_suffix else "", *named)
                question = Question("copied-size", value, rule.table("bytes"), arguments)
                shown = posixpath.basename(value.rstrip("/"))
                yield rule.finding((source.start, source.end), question=question, name=shown, how="copies")
    for run in shipped_runs(dockerfile):
        for made in made_by(run):
            wanted = _SMALL.match(posixpath.basename(made.path)) or _learnt(made.path)
            if made.how == "download" and made.path.lower().endswith(suffixes) and not wanted:
                yield rule.finding((made.start, made.end), name=posixpath.basename(made.path), how="downloads")


def _learnt(path: str) -> bool:
    """Weights in a format that Keras writes as well as a telescope does; HDF5 is data where it says of what."""
    if path.lower().endswith((".npy", ".npz")):
        return _WEIGHTS.search(path) is not None
    if path.lower().endswith((".h5", ".hdf5")):
        return _WEIGHTS.search(path) is not None or _MEASURED.search(path) is None
    return False
