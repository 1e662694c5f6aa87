"""The fixes of one file to a fixed point: apply, parse again, lint again, until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from canfar_lint.diagnostic import SAFE, UNSAFE, Diagnostic, Edit
from canfar_lint.fixing.apply import edited, edits_of, together
from canfar_lint.source import DOCKERFILE, NOTEBOOK, PYTHON, SHELL, TOML, YAML, Source, is_c_shell

ROUNDS = 10


class Result(NamedTuple):
    """What became of a file. `diagnostics` are those of the new source; `applied` were repaired.

    `broken` are fixes that were rolled back, since the file did not parse with them: a fault of their rule.
    `converged` is False when there was still something to do after the last round.
    """

    source: Source
    diagnostics: list[Diagnostic]
    applied: list[Diagnostic]
    broken: list[Diagnostic]
    converged: bool = True


class Choice:
    """Which of the fixes that may be made are made; this one takes them all."""

    def of(self, source: Source, candidates: list[Diagnostic]) -> list[Diagnostic]:
        """The chosen ones of a round's candidates, which are findings in `source`."""
        return candidates

    def moved(self, edits: Sequence[Edit]) -> None:
        """The sorted edits were made: what stands behind them has moved."""


def fix_document(
    source: Source,
    diagnostics: Iterable[Diagnostic],
    relint: Callable[[Source], Iterable[Diagnostic]],
    parse_ok: Callable[[Source], bool] | None = None,
    unsafe: bool = False,
    wanted: Callable[[Diagnostic], bool] | None = None,
    choice: Choice | None = None,
) -> Result:
    """Apply the safe fixes (the unsafe ones too with `unsafe`) of `diagnostics` and of what `relint` finds then.

    `wanted` decides instead of `unsafe` where a project draws the line itself, `choice` which of these are made. Python
    that does not parse to begin with is left alone.
    """
    parse_ok = parse_ok or parses
    asked = wanted or (lambda diagnostic: is_wanted(diagnostic, unsafe))
    choice = choice or Choice()
    first, current = source, list(diagnostics)
    applied: list[Diagnostic] = []
    broken: dict[tuple[object, ...], Diagnostic] = {}
    if not any(map(asked, current)):
        return Result(source, current, [], [])
    if not parse_ok(source):
        if source.kind in (PYTHON, NOTEBOOK):
            return Result(source, current, [], [])
        parse_ok = _always
    for number in range(ROUNDS + 1):
        candidates = [d for d in current if asked(d) and _identity(source, d) not in broken]
        candidates = choice.of(source, candidates)
        if number == ROUNDS:
            return Result(source, current, applied, list(broken.values()), not candidates)
        step = _round(source, candidates, parse_ok)
        broken.update((_identity(source, d), d) for d in step.broken)
        if not step.applied:
            break
        applied += step.applied
        choice.moved(_edits(step.applied))
        source, current = step.source, list(relint(step.source))
    tidy = _without_left_imports(first, source, parse_ok) if applied else source
    if tidy is not source:
        source, current = tidy, list(relint(tidy))
    return Result(source, current, applied, list(broken.values()))


def is_wanted(diagnostic: Diagnostic, unsafe: bool) -> bool:
    """Whether the diagnostic has a fix that `--fix` (`--unsafe-fixes`) applies."""
    fix = diagnostic.fix
    return fix is not None and bool(fix.edits) and fix.applicability in ((SAFE, UNSAFE) if unsafe else (SAFE,))


def parses(source: Source) -> bool:
    """Whether a file's own parser takes it."""
    if source.kind in (PYTHON, NOTEBOOK):
        return _parses_python(source)
    if source.kind == DOCKERFILE:
        from canfar_lint.model.dockerfile import read

        return not read(source).errors
    if source.kind == SHELL:
        from canfar_lint.model.shell import parse

        return parse(source.text, c_shell=is_c_shell(source)).error is None
    if source.kind == YAML:
        import yaml

        try:
            for _ in yaml.compose_all(source.text, yaml.SafeLoader):
                pass
        except (yaml.YAMLError, RecursionError):
            return False
    if source.kind == TOML:
        from canfar_lint.settings.read import parse_toml
        from canfar_lint.settings.settings import SettingsError

        try:
            parse_toml(source.path, source.text)
        except SettingsError:
            return False
    return True


def _parses_python(source: Source) -> bool:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Step(NamedTuple):
    source: Source
    applied: list[Diagnostic]
    broken: list[Diagnostic]


def _round(source: Source, candidates: list[Diagnostic], parse_ok: Callable[[Source], bool]) -> _Step:
    """One round: the candidates that go together, less those that would break the file.

    Two fixes may be right alone and wrong together, as when both take the last but one statement of a block: then one
    is made and the other waits.
    """
    chosen = [candidates[number] for number in together([d.fix for d in candidates])]
    good: list[Diagnostic] = []
    broken: list[Diagnostic] = []
    best = source
    waiting = [chosen] if chosen else []
    while waiting:
        batch = waiting.pop()
        attempt = _attempt(source, good + batch, parse_ok)
        if attempt is not None:
            good, best = good + batch, attempt
        elif len(batch) > 1:
            half = len(batch) // 2
            waiting += batch[half:], batch[:half]
        elif not good or _attempt(source, batch, parse_ok) is None:
            broken += batch
    return _Step(best, good, broken)


def _attempt(source: Source, chosen: list[Diagnostic], parse_ok: Callable[[Source], bool]) -> Source | None:
    """The source with the fixes made; None when it cannot be made or does not parse."""
    try:
        new = edited(source, _edits(chosen))
    except ValueError:
        return None
    return new if parse_ok(new) else None


def _edits(chosen: Iterable[Diagnostic]) -> list[Edit]:
    """The edits of the fixes that are made together, sorted."""
    return sorted({edit for d in chosen if d.fix is not None for edit in edits_of(d.fix)})


def _without_left_imports(first: Source, source: Source, parse_ok: Callable[[Source], bool]) -> Source:
    """The repaired source without the imports that only several fixes together have left unused."""
    if source.kind not in (PYTHON, NOTEBOOK):
        return source
    from canfar_lint.fixing.unused import newly_unused, removals

    try:
        tidy = edited(source, removals(source, newly_unused(first, source)))
    except (SyntaxError, ValueError, RecursionError):
        return source
    return tidy if tidy.text != source.text and parse_ok(tidy) else source


def _identity(source: Source, diagnostic: Diagnostic) -> tuple[object, ...]:
    """What a fix is known by in the next round, when its place may have moved."""
    edits = edits_of(diagnostic.fix) if diagnostic.fix else []
    return diagnostic.code, tuple((source.text[e.start : e.end], e.content) for e in edits), diagnostic.message


def _always(source: Source) -> bool:
    return True
