"""What earlier runs found in files that have not changed since: our findings, facts and markers, and ruff's findings.

One store (a JSON file) for each working directory and version of the rules. An entry is that of a path under the
same settings; it holds when size, both times and inode are as they were, else when the content is. Nothing in a store
is trusted: what cannot be read as results is as if it was not there, and no store is read that others may write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.diagnostic import (
    Diagnostic,
    Edit,
    Fact,
    Place,
    PlacedEdit,
    PlacedFix,
    PlacedRelated,
    Question,
)
from canfar_lint.discovery import Stamp, stamp
from canfar_lint.engine.file import FileResult, Profile

if TYPE_CHECKING:
    from canfar_lint.settings.select import Selection
    from canfar_lint.suppression import Marker

_FORM = 3
# a file that changed so shortly before it was looked at may change again without its times telling
_SETTLED_NS = 2_000_000_000
_MOST_ENTRIES = 50_000
_MOST_STORES = 32
_MOST_BYTES = 256 << 20


class Kept(NamedTuple):
    """What is known of a file: `result` is None where there is nothing to say.

    `outline` is what it runs and uses, as it is written (`facts.outline`); None where no request reached it.
    """

    result: FileResult | None
    ruff: list[Diagnostic]
    outline: Any = None


class Cache:
    """The store of one working directory. `under` tells, for each profile of the run, all that its results hang on."""

    def __init__(self, file: str, identity: str, under: Sequence[str]) -> None:
        self._file = file
        self._identity = identity
        self._under = under
        self._entries: dict[str, list[Any]] = _read(file, identity)
        self._seen: dict[str, Stamp] = {}
        self._unsettled: set[str] = set()
        self._changed = False

    def known(self, path: str, profile: int) -> Kept | None:
        """What is known of the file as it is now; None when it has to be looked at."""
        try:
            entry = self._entries.get(path)
            now = stamp(path)
            if now is None:
                return None
            self._seen[path] = now
            if not _told_apart(now):
                self._unsettled.add(path)
            if entry is None or entry[0] != self._under[profile]:
                return None
            if path in self._unsettled or entry[1] != list(now):
                if entry[2] != _digest_of(path):
                    return None
                written = self._trusted(path)
                self._changed = self._changed or entry[1] != written
                entry[1] = written
            return Kept(_result(path, entry[3]), [_diagnostic(path, one) for one in entry[4]], entry[5])
        except (OSError, TypeError, ValueError, KeyError, IndexError, AttributeError):
            return None

    def note(self, path: str, profile: int, digest: str, kept: Kept) -> None:
        """Keep what was found in a file whose content has this digest, unless it has changed since it was looked at."""
        if not self._is_as_seen(path):
            return  # ruff may have read something else than we
        result = None if kept.result is None or kept.result.empty else kept.result
        # named tuples are written as lists, which JSON does by itself; the path stands once, as the entry's key
        written = None
        if result is not None:
            written = [result.kind, [one[1:] for one in result.diagnostics], *result[3:8]]
        ruff = [one[1:] for one in kept.ruff]
        self._entries[path] = [self._under[profile], self._trusted(path), digest, written, ruff, kept.outline]
        self._changed = True

    def _is_as_seen(self, path: str) -> bool:
        now = stamp(path)
        return now is not None and now == self._seen.get(path)

    def _trusted(self, path: str) -> list[int] | None:
        """The stamp by which the content can be told in the next run."""
        return None if path in self._unsettled else list(self._seen[path])

    def note_outline(self, path: str, outline: Any) -> None:
        """Keep what a file that was known runs and uses."""
        self._entries[path][5] = outline
        self._changed = True

    def save(self) -> None:
        """Write the store whole, or not at all: where it cannot be written the next run looks again."""
        if not self._changed:
            return
        entries = self._entries
        if len(entries) > _MOST_ENTRIES:
            entries = {path: entry for path, entry in entries.items() if path in self._seen}
        with suppress(OSError, TypeError, ValueError):
            _write(self._file, self._identity, entries)
            _prune(os.path.dirname(self._file), self._file)


def opened(profiles: list[Profile], selections: Sequence[Selection]) -> Cache | None:
    """The store for this working directory; None where results hang on more than it can tell."""
    import sys

    from canfar_lint.catalogue.load import cache_folder

    if any(not rule.code.startswith("CAN") and "python" not in rule.body for p in profiles for rule in p.rules):
        return None  # the code of another package's rule may change at any time
    identity = json.dumps([_FORM, sys.version, os.getcwd(), list(_code()), list(_catalogues(profiles)), _ruff()])
    under = [_hash(repr(one).encode()) for one in map(_hangs_on, profiles, selections)]
    return Cache(os.path.join(cache_folder(), "results", f"{_hash(identity.encode())}.json"), identity, under)


def digest(data: bytes) -> str:
    """What tells one content from another."""
    return _hash(data)


# -- what results hang on -------------------------------------------------------------------------------------


def _hangs_on(profile: Profile, selection: Selection) -> tuple[object, ...]:
    from canfar_lint.peers.ruff import flags

    levels = [(rule.code, rule.level, rule.level_override, len(rule.triggers)) for rule in profile.rules]
    asked = flags(selection, profile.settings) if selection.ruff or "CAN001" in selection.rules else []
    return profile.settings.key, profile.settings.root, levels, asked, profile.settings.ruff


def _code() -> Iterator[object]:
    """The program itself: its version; in a checkout, where it changes between versions, its files too."""
    from canfar_lint import __version__

    yield __version__
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if os.path.isdir(os.path.join(package, "_rules")):
        return
    for folder, _, names in os.walk(package):
        for name in names:
            if name.endswith(".py"):
                stat = os.stat(os.path.join(folder, name))
                yield stat.st_mtime_ns, stat.st_size, stat.st_ino


def _catalogues(profiles: Iterable[Profile]) -> Iterator[str]:
    """The folders of compiled rules, whose names change with the rules (those of an installed package with it)."""
    from canfar_lint.catalogue import load

    for extend in sorted({profile.settings.extend_rules for profile in profiles}):
        yield from load(extend).folders


def _ruff() -> object:
    from canfar_lint.peers.ruff import find

    binary = find()
    if binary is None:
        return None
    stat = os.stat(binary)
    return binary, stat.st_mtime_ns, stat.st_size, stat.st_ino


def _told_apart(stamp: Stamp) -> bool:
    """Whether a later content would have another stamp: not while the moment of its last change may still go on.

    The clock of a file server may be another than ours: where it counts whole seconds, nobody knows when one is over.
    """
    import time

    _, modified, changed, _ = stamp
    return time.time_ns() - max(modified, changed) >= _SETTLED_NS and changed % 1_000_000_000 != 0


def _digest_of(path: str) -> str:
    with open(path, "rb") as file:
        return _hash(file.read())


def _hash(data: bytes) -> str:
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()


# -- the file -------------------------------------------------------------------------------------------------


def _read(file: str, identity: str) -> dict[str, list[Any]]:
    """The entries of a store; none of one that is not whole, not ours, or of other rules."""
    try:
        with open(file, "rb") as opened_file:
            stat = os.fstat(opened_file.fileno())
            if hasattr(os, "geteuid") and (stat.st_uid != os.geteuid() or stat.st_mode & 0o022):
                return {}
            head, _, body = opened_file.read().partition(b"\n")
        if json.loads(head) != [identity, _hash(body)]:
            return {}
        entries = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _write(file: str, identity: str, entries: dict[str, list[Any]]) -> None:
    folder = os.path.dirname(file)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    body = json.dumps(entries, separators=(",", ":")).encode()
    if len(body) > _MOST_BYTES:
        return
    partial = f"{file}.{os.getpid()}.{os.urandom(4).hex()}"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened_file:
            opened_file.write(json.dumps([identity, _hash(body)]).encode() + b"\n" + body)
        os.replace(partial, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _prune(folder: str, own: str) -> None:
    """Remove the stores that were written longest ago, where there are too many or they are too large."""
    stores = sorted(((s := entry.stat()).st_mtime_ns, s.st_size, entry.path) for entry in os.scandir(folder))
    size = sum(each[1] for each in stores)
    for number, (_, bytes_, path) in enumerate(stores):
        if path != own and (len(stores) - number > _MOST_STORES or size > _MOST_BYTES):
            with suppress(OSError):
                os.unlink(path)
            size -= bytes_


# -- results as JSON ------------------------------------------------------------------------------------------


def _result(path: str, written: Any) -> FileResult | None:
    if written is None:
        return None
    kind, diagnostics, facts, markers, problem, words, place = written
    return FileResult(
        path,
        str(kind),
        [_diagnostic(path, one) for one in diagnostics],
        [Fact._make([*one[:4], _place(one[4])]) for one in facts],
        [_marker(one) for one in markers],
        str(problem),
        str(words),
        _place(place),
    )


def _diagnostic(path: str, written: list[Any]) -> Diagnostic:
    place, fix, related, question = written[4], written[7], written[8], written[9]
    return Diagnostic._make(
        [
            *(path, *written[:4], Place(*place), *written[5:7]),
            None if fix is None else _fix(fix),
            tuple(PlacedRelated(message, of, Place(*at)) for message, of, at in related),
            None if question is None else Question._make([*question[:3], tuple(question[3])]),
            *written[10:],
        ]
    )


def _fix(written: list[Any]) -> PlacedFix:
    title, edits, applicability = written
    placed = tuple(PlacedEdit(Place(*at), Edit(*edit)) for at, edit in edits)
    return PlacedFix(title, placed, applicability)


def _marker(written: list[Any]) -> Marker:
    from canfar_lint.suppression import Code, Marker

    form, start, end, closed, codes, reason, problem, covers, delete, *places = written
    found = tuple(Code(word, begin, behind, Place(*place)) for word, begin, behind, place in codes)
    return Marker(
        form, start, end, closed, found, reason, problem, tuple(covers), tuple(delete), *(Place(*p) for p in places)
    )


def _place(written: list[Any] | None) -> Place | None:
    return None if written is None else Place(*written)
