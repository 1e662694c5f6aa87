"""The fixes of one file to a fixed point: apply, parse again, lint again, until nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from canfar_lint.diagnostic import SAFE, UNSAFE, Diagnostic, Edit, PlacedFix
from canfar_lint.fixing.apply import edited, edits_of, together
from canfar_lint.source import DOCKERFILE, NOTEBOOK, PYTHON, SHELL, TOML, YAML, Source

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


def fix_document(
    source: Source,
    diagnostics: Iterable[Diagnostic],
    relint: Callable[[Source], Iterable[Diagnostic]],
    parse_ok: Callable[[Source], bool] | None = None,
    unsafe: bool = False,
    wanted: Callable[[Diagnostic], bool] | None = None,
) -> Result:
    """Apply the safe fixes (the unsafe ones too with `unsafe`) of `diagnostics` and of what `relint` finds then.

    `wanted` decides instead of `unsafe` where a project draws the line itself. Python that does not parse to begin
    with is left alone.
    """
    parse_ok = parse_ok or parses
    asked = wanted or (lambda diagnostic: is_wanted(diagnostic, unsafe))
    current = list(diagnostics)
    applied: list[Diagnostic] = []
    broken: dict[tuple[object, ...], Diagnostic] = {}
    if not any(map(asked, current)):
        return Result(source, current, [], [])
    if not parse_ok(source):
        if source.kind in (PYTHON, NOTEBOOK):
            return Result(source, current, [], [])
        parse_ok = _always
    for _ in range(ROUNDS):
        candidates = [d for d in current if asked(d) and _identity(source, d) not in broken]
        step = _round(source, candidates, parse_ok)
        broken.update((_identity(source, d), d) for d in step.broken)
        if not step.applied:
            return Result(source, current, applied, list(broken.values()))
        applied += step.applied
        source, current = step.source, list(relint(step.source))
    left = any(asked(d) and _identity(source, d) not in broken for d in current)
    return Result(source, current, applied, list(broken.values()), not left)


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

        return parse(source.text).error is None
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
    fixes = [d.fix for d in chosen if d.fix is not None]
    edits = {edit for fix in fixes for edit in edits_of(fix)}
    try:
        new = _with_imports(source, fixes, edits)
    except ValueError:
        return None
    return new if parse_ok(new) else None


def _with_imports(source: Source, fixes: list[PlacedFix], edits: set[Edit]) -> Source:
    """The source with the edits made and what the new code needs imported. Raises `ValueError`."""
    needs = [(name, edits_of(fix)[0].start) for fix in fixes for name in fix.imports]
    if not needs:
        return edited(source, sorted(edits))
    from canfar_lint.fixing.imports import import_edits

    added = import_edits(source, needs)
    if any(edit.start < new.start < edit.end for edit in edits for new in added):
        raise ValueError("an import would go where the text changes")
    new = edited(source, sorted({*edits, *added}))
    # another fix of this round may have taken an import away because nothing used it so far
    if parses(new) and import_edits(new, [(name, len(new.text)) for name, _ in needs]):
        raise ValueError("an import is needed and removed at the same time")
    return new


def _identity(source: Source, diagnostic: Diagnostic) -> tuple[object, ...]:
    """What a fix is known by in the next round, when its place may have moved."""
    edits = edits_of(diagnostic.fix) if diagnostic.fix else []
    return diagnostic.code, tuple((source.text[e.start : e.end], e.content) for e in edits), diagnostic.message


def _always(source: Source) -> bool:
    return True
