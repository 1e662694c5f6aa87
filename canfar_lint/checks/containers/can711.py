"""CAN711: ADD where it does no more than COPY, or fetches what nobody checks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._made import ARCHIVE, TAR, URL
from canfar_lint.diagnostic import SAFE, Edit, Finding, Fix
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Word

_GIT = re.compile(r"git@|ssh://|git://|.*\.git(?:#|\Z)")

_CHANGES = re.compile(
    r"https?://(?:api\.github\.com|(?:www\.)?random\.org|worldtimeapi\.org|worldclockapi\.com|gitlab\.com/api)/"
    r"|.*/cgi-bin/|.*/project/trace/|.*/(?:now|InRelease|Release)\Z"
)
"""What is fetched for being different each day: to build anew when a branch has moved. It can have no checksum."""
_SIGNATURE = re.compile(r".*/([^/]+)\.(?:asc|sig|sign|gpg|minisig|sha\d+(?:sums?)?|md5)\Z", re.I)
"""What another file is checked by."""
_PINNED = re.compile(r"/[0-9a-f]{40}/")
"""A file of one commit is always the same."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for add in dockerfile.all("ADD"):
        if add.stage is None or not add.stage.ships or add.flag("keep-git-dir") or add.flag("unpack"):
            continue
        sources = add.sources
        if any(source.value is None for source in sources):
            continue
        remote = [s for s in sources if URL.match(s.value or "") and not _GIT.match(s.value or "")]
        for source in remote:
            value = source.value or ""
            if add.flag("checksum") is None and not _CHANGES.match(value) and not _signs(dockerfile, value):
                archive = TAR.search((source.value or "").partition("?")[0])
                if not archive and _PINNED.search(source.value or ""):
                    continue
                yield rule.finding((source.start, source.end), variant="archive" if archive else "url")
        if not remote and sources and not any(_special(s.value or "") for s in sources):
            yield _local(rule, add, sources)


def _signs(dockerfile: Dockerfile, address: str) -> bool:
    """It is the signature or checksum of a file that is fetched too; a key alone is what all trust rests on."""
    match = _SIGNATURE.match(address)
    if match is None:
        return False
    signed = re.compile(rf"[/\s]{re.escape(match[1])}(?=[\s\"';]|\Z)")
    fetched = (word.value or "" for add in dockerfile.all("ADD") for word in add.sources)
    return any(signed.search(text) for text in fetched) or any(signed.search(r.value) for r in dockerfile.all("RUN"))


def _special(value: str) -> bool:
    """ADD unpacks it, or fetches it by git; a bare name without suffix may be an archive too."""
    name = value.rstrip("/").rsplit("/", 1)[-1]
    if TAR.search(name) or _GIT.match(value) or name.endswith((".gz", ".bz2", ".xz", ".zst")):
        return True
    return name.lower() in ("rootfs", "layer") or (name.endswith("*") and name not in ("*", "**"))


def _local(rule: Rule, add: Instruction, sources: tuple[Word, ...]) -> Finding:
    source = sources[0]
    start, end = add.keyword_span
    copy = "copy" if add.text[start:end].islower() else "COPY"
    fix = Fix("use `COPY`", (Edit(start, end, copy),), SAFE)
    packed = ARCHIVE.search(source.value or "") is not None and not (source.value or "").endswith(".run")
    name = (source.value or "").rsplit(".", 1)[-1]
    return rule.finding((source.start, source.end), variant="packed" if packed else "plain", fix=fix, suffix=name)
