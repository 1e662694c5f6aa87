"""`--fix` and `--diff`: every file's fixes to a fixed point, then written, or shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.discovery import Input, Stamp, stamp

if TYPE_CHECKING:
    from canfar_lint.cli.texts import Texts
    from canfar_lint.fixing import Choice
    from canfar_lint.source import Source

Counts = dict[str, dict[tuple[str, str], int]]


class Repairs:
    """What fixes have done to the files of a run.

    `changed` are old and new source by path, `applied` what was repaired, `left` the findings that remain, in the
    changed files as their fixed text gives them. `said` are words for the user: fixes that were not made, and why;
    `failed` those about files that could not be repaired.
    """

    def __init__(self) -> None:
        self.changed: dict[str, tuple[Source, Source]] = {}
        self.applied: list[Diagnostic] = []
        self.left: list[Diagnostic] = []
        self.said: list[str] = []
        self.failed: list[str] = []

    def counts(self) -> Counts:
        """How often each rule was repaired, by path and then by code and name."""
        counts: Counts = {}
        for diagnostic in self.applied:
            table = counts.setdefault(diagnostic.path, {})
            what = diagnostic.code, diagnostic.name
            table[what] = table.get(what, 0) + 1
        return counts

    def add(self, other: Repairs) -> None:
        """Take in a later round of the same run."""
        for path, (old, new) in other.changed.items():
            self.changed[path] = self.changed[path][0] if path in self.changed else old, new
        self.applied += other.applied
        self.left = other.left
        self.said += other.said
        self.failed += other.failed

    def diff(self) -> str:
        """The changes as a unified diff."""
        from canfar_lint.fixing import unified

        return "".join(unified(path, *self.changed[path]) for path in sorted(self.changed))


class Relint(NamedTuple):
    """How one file is linted again: `lint` gives the findings of an input that carries its bytes.

    `seen` is what the files were when they were linted, `given` the paths outside of which nothing is written. `choice`
    tells for a path which of its fixes are made; all of them where there is none.
    """

    lint: Callable[[Input], Iterable[Diagnostic]]
    unsafe: bool
    seen: Mapping[str, Stamp | None]
    given: tuple[str, ...]
    choice: Callable[[str], Choice] | None = None

    def may_repair(self, path: str, done: Repairs) -> bool:
        """Whether the file, whose content has been read, may be written; why not is told to the user."""
        if path not in self.seen:
            return True
        if self.seen[path] != stamp(path):
            done.failed.append(f"error: {path} was not repaired: the file has changed since it was linted")
            return False
        real = os.path.realpath(path)
        inside = any(real == each or real.startswith(os.path.join(each, "")) for each in self.given)
        if not inside:
            done.said.append(
                f"warning: {path} was not repaired: it leads to {real}, which is outside of what was given"
            )
        return inside


def repair(inputs: list[Input], diagnostics: list[Diagnostic], texts: Texts, again: Relint) -> Repairs:
    """Apply the wanted fixes of a run's findings, file by file, in memory."""
    from canfar_lint.fixing import fix_document
    from canfar_lint.fixing.apply import to_bytes
    from canfar_lint.fixing.document import is_wanted

    done = Repairs()
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_path.setdefault(diagnostic.path, []).append(diagnostic)
    kinds = {entry.path: entry.kind for entry in inputs}
    for path, found in by_path.items():
        source = texts.source(path) if any(is_wanted(d, again.unsafe) for d in found) else None
        if source is None or not again.may_repair(path, done):
            done.left += found
            continue

        def relint(new: Source, path: str = path) -> Iterable[Diagnostic]:
            return again.lint(Input(path, kinds[path], "", to_bytes(new)))

        choice = again.choice(path) if again.choice else None
        result = fix_document(source, found, relint, unsafe=again.unsafe, choice=choice)
        done.left += result.diagnostics
        done.applied += result.applied
        if result.applied:
            done.changed[path] = source, result.source
        done.said += [
            f"warning: {path}:{d.place.row}:{d.place.column}: the fix of {d.code} was not made, the file would not "
            "parse with it; this is a defect of the rule"
            for d in result.broken
        ]
        if not result.converged:
            done.said.append(f"warning: {path}: there is still something to fix after many rounds")
    return done


def write_back(done: Repairs, inputs: list[Input]) -> list[Input]:
    """Write what has changed; the inputs, with new bytes where they came from standard input.

    A file that cannot be written keeps its content, and its repairs are forgotten.
    """
    from canfar_lint.fixing import write
    from canfar_lint.fixing.apply import to_bytes

    piped = {entry.path for entry in inputs if entry.data is not None}
    failed = set()
    for path, (old, new) in done.changed.items():
        if path in piped:
            continue
        try:
            write(path, to_bytes(new), to_bytes(old))
        except OSError as e:
            failed.add(path)
            done.failed.append(f"error: {path} was not repaired: {e.strerror or e}")
    inputs = [
        entry._replace(data=to_bytes(done.changed[entry.path][1]))
        if entry.path in piped and entry.path in done.changed
        else entry
        for entry in inputs
    ]
    done.applied = [d for d in done.applied if d.path not in failed]
    for path in failed:
        del done.changed[path]
    return inputs
