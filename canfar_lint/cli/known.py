"""`--baseline` and `--write-baseline`: what a run knows already, what is new, and what is gone."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from canfar_lint.baseline import Baseline, Known, read, text
from canfar_lint.cli.output import Target, write
from canfar_lint.settings.select import HADOLINT, covers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from canfar_lint.cli.texts import Texts
    from canfar_lint.diagnostic import Diagnostic
    from canfar_lint.discovery import Input
    from canfar_lint.settings.resolve import Resolver


class Looked:
    """Which files and rules a run looked at: of the others it can tell nothing."""

    def __init__(self, baseline: Baseline, inputs: Iterable[Input], resolver: Resolver, whole: bool) -> None:
        self._baseline = baseline
        self._paths = {baseline.name(entry.path): entry.path for entry in inputs}
        self._resolver = resolver
        self._whole = whole

    def __call__(self, file: str, rule: str) -> bool:
        """Whether a finding of a rule in a file of the baseline would have been found."""
        path = self._paths.get(file)
        return not self.exists(file) if path is None else self._ran(path, rule)

    def exists(self, file: str) -> bool:
        return os.path.exists(os.path.join(os.path.dirname(os.path.abspath(self._baseline.path)), file))

    def _ran(self, path: str, code: str) -> bool:
        selection = self._resolver.selection(self._resolver.of_file(path))
        if code.startswith(HADOLINT):
            from canfar_lint.peers.hadolint import find

            return any(covers(prefix, code) for prefix in selection.hadolint) and find() is not None
        rule = selection.rules.get(code)
        if rule is None:
            return any(covers(prefix, code) for prefix in selection.ruff)
        return self._whole or not {"launch", "project"} & set(rule.kinds)


def written(path: str, found: Iterable[Diagnostic], texts: Texts, looked: Iterable[Input], resolver: Resolver) -> int:
    """Write the baseline at `path`; how many findings it knows. Of files that were not looked at it keeps what it knew.

    Raises `BaselineError`, `OSError`.
    """
    old = read(path) if os.path.isfile(path) else Baseline(path)
    was = Looked(old, looked, resolver, whole=True)
    counts = Counter({what: count for what, count in old.counts.items() if not was(what.file, what.rule)})
    counts.update(what for _, what in old.told(found, texts.source) if what.rule)
    write(Target("", path), text(counts))
    return sum(counts.values())


def gone(baseline: Baseline, known: Iterable[Diagnostic], texts: Texts, looked: Looked) -> dict[Known, int]:
    """What the baseline knows and the run did not find."""
    return baseline.gone((what for _, what in baseline.told(known, texts.source)), looked)


def notes(baseline: Baseline, missing: dict[Known, int]) -> list[str]:
    """The line that says what can leave the baseline, none where nothing can."""
    count = sum(missing.values())
    if not count:
        return []
    what = "1 problem of the baseline is" if count == 1 else f"{count} problems of the baseline are"
    return [f"{what} gone: `--write-baseline {baseline.path}` takes {'it' if count == 1 else 'them'} out."]
