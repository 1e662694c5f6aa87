"""A run: the files spread over workers, ruff beside them, and everything put together at the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.engine.file import TOO_DEEP, FileResult, Profile, about_file, lint_bytes, role

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from canfar_lint.engine.cache import Cache, Kept
    from canfar_lint.peers.hadolint import Run as HadolintRun
    from canfar_lint.peers.ruff import Run as RuffRun
    from canfar_lint.pipeline.join import Project
    from canfar_lint.settings.resolve import Resolver
    from canfar_lint.settings.select import Selection
    from canfar_lint.settings.settings import Settings
    from canfar_lint.source import Source

# below this many files a run is over before a cache is read, and a batch before copies are told apart
_WORTH_KEEPING = 48
_WORTH_COPIES = 8
_MOST_WORKERS = 64
# a batch is small enough that workers end together, and one file more or less is nothing to its start
_BATCH_BYTES = 600_000
_SHIPPED_BYTES = 2_000_000
_BATCH_FILES = 200


class RunResult(NamedTuple):
    """All that a run found, sorted. `crashed` when a check broke (CAN003): exit status 2.

    `project` is what the joins were made of. `python2` and `newer` count files in Python 2 and in
    a syntax newer than the running Python's.
    """

    diagnostics: list[Diagnostic]
    suppressed: list[Diagnostic]
    files: int
    python2: int = 0
    newer: int = 0
    notes: tuple[str, ...] = ()
    crashed: bool = False
    project: Any = None


# a file's digest, kind and profile, and its role
_Content = tuple[str, str, int, str, bool, bool]


class _Job(NamedTuple):
    """One file to lint: its content when it is not on disk, and which of the run's profiles holds for it.

    `hashed` when its result is to be kept.
    """

    path: str
    kind: str
    profile: int
    data: bytes | None = None
    hashed: bool = False


def run(
    inputs: Iterable[tuple[str, str]],
    resolver: Resolver,
    *,
    texts: dict[str, bytes] | None = None,
    jobs: int = 0,
    found: Sequence[Diagnostic] = (),
    root: str = ".",
    whole_project: bool = True,
    cached: bool = False,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    beside: Project | None = None,
) -> RunResult:
    """Lint `inputs` (path, kind). `texts` gives the content of files that are not read from disk.

    `found` are diagnostics that discovery made already (a path that does not exist). `jobs` is the number of worker
    processes, 0 for as many as there are cores. `root` is the project's folder. With `cached`, what earlier runs found
    in files that have not changed is taken as it is. With an `executor`, whose workers are `jobs`, the work on single
    files is done there: they need canfar-lint, but not the files. `progress` is told how many files are done, of how
    many there are. `beside` is the project of an earlier run, for the files of it that are not among the inputs.
    """
    from canfar_lint.pipeline.join import Project, settle
    from canfar_lint.pipeline.tree import Tree

    planned, selections, profiles = _plan(inputs, resolver, texts or {})
    memory = _Memory(planned, selections, profiles, cached)
    peer = _start_ruff(planned, memory.left, selections, profiles)
    hadolint = _start_hadolint(planned, selections, profiles)
    results = memory.all_of(_lint(memory.left, profiles, jobs, executor, progress))
    facts = ((result.path, fact) for result in results for fact in result.facts)
    kinds = {job.path: job.kind for job in planned}
    project = Project(facts, Tree(root, texts), kinds, whole_project, resolver.base, memory.outlines, beside)
    diagnostics = settle((d for result in results for d in result.diagnostics), project)
    diagnostics = _judged_together(diagnostics, project, planned, profiles)
    from_ruff, notes = peer.collect() if peer is not None else ([], ())
    from_ruff = memory.with_kept(from_ruff, project.outlined, whole=not notes)
    diagnostics, python2, newer = _with_syntax(diagnostics, from_ruff, results, peer)
    about_images, more_notes = _of_hadolint(hadolint)
    diagnostics += [*about_images, *project.crashes, *found]
    kept, suppressed = _reported(diagnostics, results, planned, selections, profiles, whole_project)
    crashed = bool(project.crashes) or any(result.crashed for result in results)
    return RunResult(kept, suppressed, len(planned), python2, newer, (*notes, *more_notes), crashed, project)


def _judged_together(
    diagnostics: list[Diagnostic], project: Project, planned: list[_Job], profiles: list[Profile]
) -> list[Diagnostic]:
    """What the files give, with what only all of them together tell."""
    from canfar_lint.pipeline.join import WORSE_IN_BATCH, WORSE_UNDER_REPLICAS, judge

    if project.facts or project.request:
        diagnostics += judge(project, profiles[0])
    if "called scripts" in project.facts:
        from canfar_lint.pipeline.called_scripts import read_along

        diagnostics = read_along(diagnostics, project, {job.path: profiles[job.profile] for job in planned})
    worse = WORSE_UNDER_REPLICAS | WORSE_IN_BATCH
    if "request" in project.facts or project.request or any(d.code in worse for d in diagnostics):
        from canfar_lint.pipeline.levels import raised

        diagnostics = list(raised(diagnostics, project))
    return diagnostics


def _plan(
    inputs: Iterable[tuple[str, str]], resolver: Resolver, texts: dict[str, bytes]
) -> tuple[list[_Job], list[Selection], list[Profile]]:
    planned: list[_Job] = []
    index: dict[Settings, int] = {}
    selections: list[Selection] = []
    profiles: list[Profile] = []
    folders: dict[str, Settings] = {}
    for path, kind in inputs:
        folder = os.path.dirname(path)
        if folder not in folders:
            folders[folder] = resolver.of_file(path)
        settings = folders[folder]
        if settings not in index:
            index[settings] = len(profiles)
            selections.append(resolver.selection(settings))
            profiles.append(Profile(selections[-1].rules.values(), settings))
        planned.append(_Job(path, kind, index[settings], texts.get(path)))
    if not profiles:
        selections.append(resolver.selection(resolver.base))
        profiles.append(Profile(selections[-1].rules.values(), resolver.base))
    return planned, selections, profiles


# -- what is known from earlier runs --------------------------------------------------------------------------


class _Memory:
    """The cache's part in a run: `left` are the files that it does not know."""

    def __init__(self, planned: list[_Job], selections: list[Selection], profiles: list[Profile], cached: bool) -> None:
        self.planned = planned
        self.left = planned
        self._known: dict[str, Kept] = {}
        self._results: dict[str, FileResult] = {}
        self._cache: Cache | None = None
        # reading a store takes longer than looking at a few files
        if not cached or len(planned) < _WORTH_KEEPING:
            return
        from canfar_lint.engine.cache import opened

        self._cache = opened(profiles, selections)
        if self._cache is not None:
            for job in planned:
                kept = self._cache.known(job.path, job.profile) if job.data is None else None
                if kept is not None:
                    self._known[job.path] = kept
            left = [job for job in planned if job.path not in self._known]
            self.left = [job._replace(hashed=job.data is None) for job in left]

    def all_of(self, results: list[FileResult]) -> list[FileResult]:
        """The results of this run and those that were known, in the order of the files."""
        if self._cache is None:
            return results
        self._results = {result.path: result for result in results}
        known = {path: kept.result for path, kept in self._known.items() if kept.result is not None}
        both = {**known, **self._results}
        return [both[job.path] for job in self.planned if job.path in both and not both[job.path].empty]

    @property
    def outlines(self) -> dict[str, Any]:
        """What is known of the files that requests reached in earlier runs."""
        return {path: kept.outline for path, kept in self._known.items() if kept.outline is not None}

    def with_kept(self, from_ruff: list[Diagnostic], outlined: Mapping[str, Any], *, whole: bool) -> list[Diagnostic]:
        """ruff's findings of this run and those that were known.

        The new ones and the outlines of files are kept, when ruff ran as a whole.
        """
        if self._cache is None:
            return from_ruff
        if whole:
            self._keep(self._cache, from_ruff, outlined)
        return [*from_ruff, *(found for kept in self._known.values() for found in kept.ruff)]

    def _keep(self, cache: Cache, from_ruff: list[Diagnostic], outlined: Mapping[str, Any]) -> None:
        from canfar_lint.engine.cache import Kept

        by_path: dict[str, list[Diagnostic]] = {}
        for found in from_ruff:
            by_path.setdefault(found.path, []).append(found)
        for job in self.left:
            result = self._results.get(job.path)
            if result is not None and result.digest:
                kept = Kept(result, by_path.get(job.path, []), outlined.get(job.path))
                cache.note(job.path, job.profile, result.digest, kept)
        for path, outline in outlined.items():
            if path in self._known:
                cache.note_outline(path, outline)
        cache.save()


# -- the files ------------------------------------------------------------------------------------------------


def _lint(
    planned: list[_Job],
    profiles: list[Profile],
    jobs: int,
    executor: Executor | None,
    progress: Callable[[int, int], None] | None,
) -> list[FileResult]:
    import gc

    done = 0

    def told(files: int) -> None:
        nonlocal done
        done += files
        if progress is not None:
            progress(done, len(planned))

    # collecting cycles while trees are built costs a third of the time, and models break their own cycles
    if len(planned) >= _WORTH_KEEPING:
        gc.collect()
        gc.freeze()
    gc.disable()
    try:
        return _lint_all(planned, profiles, jobs, executor, told)
    finally:
        # the models that are still there are not looked through: they go with the process, or by themselves
        gc.freeze()
        gc.enable()


def _lint_all(
    planned: list[_Job], profiles: list[Profile], jobs: int, executor: Executor | None, told: Callable[[int], None]
) -> list[FileResult]:
    """The files' results in the order of the files, from wherever the work is best done."""
    workers = min(jobs or _cores(), _MOST_WORKERS)
    work = [planned] if workers < 2 else _batches(planned, _BATCH_BYTES)
    if executor is not None:
        from canfar_lint.engine.workers import spread_on

        results = spread_on(executor, _batches(planned, _SHIPPED_BYTES), profiles, jobs, told)
    elif len(work) > 1:
        from canfar_lint.engine.workers import spread

        results = spread(work, profiles, workers, told)
    else:  # starting workers would cost more than they gain
        return lint_jobs(planned, profiles, told)
    order = {job.path: number for number, job in enumerate(planned)}
    return sorted(results, key=lambda result: order[result.path])


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(planned: list[_Job], most: int) -> list[list[_Job]]:
    """The files in batches of about so many bytes, the largest first.

    Files of one name and size, which may be copies, go into the same batch.
    """
    groups: dict[tuple[str, int], list[_Job]] = {}
    for job in planned:
        groups.setdefault((os.path.basename(job.path), _size(job)), []).append(job)
    found: list[tuple[int, list[_Job]]] = []
    batch: list[_Job] = []
    total = 0
    for (_, size), alike in groups.items():
        batch += alike
        total += size  # copies take no time
        if total > most or len(batch) >= _BATCH_FILES:
            found.append((total, batch))
            batch, total = [], 0
    if batch:
        found.append((total, batch))
    return [batch for _, batch in sorted(found, key=lambda each: -each[0])]


def _size(job: _Job) -> int:
    if job.data is not None:
        return len(job.data)
    try:
        return os.stat(job.path).st_size
    except OSError:
        return 0


def lint_jobs(
    jobs: Sequence[_Job], profiles: list[Profile], told: Callable[[int], None] | None = None
) -> list[FileResult]:
    """What the files give, without those that nothing is to be said or kept of; `told` is told of each file."""
    # telling copies apart takes longer than it saves among a few files
    known: dict[_Content, FileResult] | None = {} if len(jobs) >= _WORTH_COPIES else None
    names = Counter(os.path.basename(job.path) for job in jobs)
    found = []
    for job in jobs:
        result = lint_job(job, profiles, known if names[os.path.basename(job.path)] > 1 else None)
        if told is not None:
            told(1)
        if not result.empty or result.digest:
            found.append(result)
    return found


def lint_job(job: _Job, profiles: list[Profile], known: dict[_Content, FileResult] | None = None) -> FileResult:
    """Read one file and lint it, once for all its copies; a file that cannot be read is a CAN002."""
    profile = profiles[job.profile]
    data = job.data
    if data is None:
        try:
            with open(job.path, "rb", buffering=0) as file:
                data = file.read()
        except OSError as e:
            problem = (e.strerror or str(e)).lower()
            return FileResult(job.path, job.kind, [about_file(job.path, "CAN002", problem=problem)], [], [])
    if known is None and not job.hashed:
        return lint_bytes(job.path, job.kind, data, profile, profile.settings)
    from canfar_lint.engine.cache import digest

    content = (digest(data), job.kind, job.profile, *role(job.path, data))
    if known and content in known and known[content].holds_for(job.path):
        return known[content].copied(job.path)
    result = lint_bytes(job.path, job.kind, data, profile, profile.settings)
    if job.hashed and not result.crashed:
        result = result._replace(digest=content[0])
    if result.asked is not None and known is not None:
        known[content] = result
    return result


# -- ruff and hadolint ----------------------------------------------------------------------------------------


class _Peers:
    """The ruff processes of a run, one for each set of selectors and target version."""

    def __init__(self, handles: list[RuffRun]) -> None:
        self.handles = handles
        self.python2: set[str] = set()

    def collect(self) -> tuple[list[Diagnostic], tuple[str, ...]]:
        diagnostics: list[Diagnostic] = []
        notes: dict[str, None] = {}
        for handle in self.handles:
            found, said = handle.collect()
            diagnostics += found
            notes.update(dict.fromkeys(said))
            self.python2 |= handle.python2
        return diagnostics, tuple(notes)


def _start_ruff(
    planned: list[_Job], left: list[_Job], selections: list[Selection], profiles: list[Profile]
) -> _Peers | None:
    """ruff over the files of `left`; None when none of the planned ones is for it."""
    from canfar_lint.source import NOTEBOOK, PYTHON

    handles: list[RuffRun] = []
    wanted = False
    for number, (selection, profile) in enumerate(zip(selections, profiles, strict=True)):
        if not selection.ruff and not ("CAN001" in selection.rules and profile.settings.ruff):
            continue
        wanted = wanted or any(job.profile == number and job.kind in (PYTHON, NOTEBOOK) for job in planned)
        of_disk = [j.path for j in left if j.profile == number and j.kind in (PYTHON, NOTEBOOK) and j.data is None]
        from canfar_lint.peers import ruff

        if of_disk:
            handles += ruff.start(of_disk, selection, profile.settings)
        for job in left:
            if job.profile == number and job.kind in (PYTHON, NOTEBOOK) and job.data is not None:
                handles.append(ruff.start_text(job.path, job.kind, job.data, selection, profile.settings))
    return _Peers(handles) if wanted else None


def _start_hadolint(planned: list[_Job], selections: list[Selection], profiles: list[Profile]) -> list[HadolintRun]:
    from canfar_lint.source import DOCKERFILE

    jobs = [job for job in planned if job.kind == DOCKERFILE and selections[job.profile].hadolint]
    if not jobs:
        return []
    from canfar_lint.peers import hadolint

    def under(job: _Job) -> tuple[Selection, Settings]:
        return selections[job.profile], profiles[job.profile].settings

    handles = hadolint.start([(job.path, *under(job)) for job in jobs if job.data is None])
    for job in jobs:
        if job.data is not None:
            handles += hadolint.start_text(job.path, job.data, *under(job))
    return handles


def _of_hadolint(handles: list[HadolintRun]) -> tuple[list[Diagnostic], list[str]]:
    """The findings of hadolint's processes, and notes about what did not work."""
    diagnostics: list[Diagnostic] = []
    notes: list[str] = []
    for handle in handles:
        found, said = handle.collect()
        diagnostics += found
        notes += said
    return diagnostics, notes


def _with_syntax(
    diagnostics: list[Diagnostic], from_ruff: list[Diagnostic], results: list[FileResult], peers: _Peers | None
) -> tuple[list[Diagnostic], int, int]:
    """Decide what a file that our parser refuses is: an error, Python 2, unfinished, or of a newer Python than runs."""
    diagnostics = diagnostics + from_ruff
    refused = {d.path for d in from_ruff if d.code == "CAN001"}
    python2: set[str] = set()
    newer = 0
    for result in results:
        if not result.problem or result.path in refused:
            continue
        if result.problem == TOO_DEEP:
            diagnostics.append(about_file(result.path, "CAN002", problem=result.words))
            continue
        why = _why_refused(result)
        if why == "python2":
            python2.add(result.path)
        elif why == "unfinished":
            continue
        elif why == "newer" or peers is not None:
            newer += 1
        elif result.place is not None:
            found = about_file(result.path, "CAN001", problem=result.words)
            diagnostics.append(found._replace(place=result.place))
    return diagnostics, len(python2), newer


def _why_refused(result: FileResult) -> str:
    """What else than an error in it may be the reason that a file was not parsed; empty when it is not on disk."""
    from canfar_lint.peers.ruff_findings import has_hole, is_newer, is_note, is_python2, is_to_be_filled_in

    source = _refused(result.path)
    if source is None:
        return ""
    if is_python2(source):
        return "python2"
    if is_to_be_filled_in(source.text) or has_hole(source, result.place) or is_note(source, result.place):
        return "unfinished"
    return "newer" if is_newer(source, result.place) else ""


def _refused(path: str) -> Source | None:
    """A file that was not parsed, read again; None for a text that is not on disk."""
    from canfar_lint.source import PYTHON, Source, Undecodable

    try:
        with open(path, "rb") as file:
            data = file.read()
        if not path.endswith(".ipynb"):
            return Source(path, PYTHON, data.decode("utf-8", "replace"))
        from canfar_lint.model import notebook

        return notebook.read(path, data)
    except (OSError, Undecodable):
        return None


# -- what is reported -----------------------------------------------------------------------------------------


def _reported(
    diagnostics: list[Diagnostic],
    results: list[FileResult],
    planned: list[_Job],
    selections: list[Selection],
    profiles: list[Profile],
    whole_project: bool,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What each file's settings select, sorted, and what of it the file's markers suppress."""
    chosen = {job.path: selections[job.profile] for job in planned}
    wanted = [d for d in diagnostics if d.path not in chosen or _wanted(d, chosen[d.path])]
    extended = {job.path: profiles[job.profile].settings.extend_rules for job in planned}
    kept, suppressed = _suppress(wanted, results, chosen, extended, whole_project)
    return sorted(kept, key=order), suppressed


def _wanted(diagnostic: Diagnostic, selection: Selection) -> bool:
    return diagnostic.code not in selection.ignored(diagnostic.path) and selection.shows(diagnostic)


def order(diagnostic: Diagnostic) -> tuple[object, ...]:
    """Reports stand by file, then place, then code."""
    place = diagnostic.place
    return diagnostic.path, place.cell or 0, place.row, place.column, diagnostic.code, diagnostic.message


def _suppress(
    diagnostics: list[Diagnostic],
    results: list[FileResult],
    chosen: dict[str, Selection],
    extended: dict[str, tuple[str, ...]],
    whole_project: bool,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    marked = {result.path: result for result in results if result.markers}
    if not marked:
        return diagnostics, []
    from canfar_lint.catalogue import load
    from canfar_lint.suppression import apply

    kept = [d for d in diagnostics if d.path not in marked]
    suppressed: list[Diagnostic] = []
    by_path: dict[str, list[Diagnostic]] = {path: [] for path in marked}
    for diagnostic in diagnostics:
        if diagnostic.path in marked:
            by_path[diagnostic.path].append(diagnostic)
    for path, result in marked.items():
        rules = chosen[path].rules
        ran = {rule.code for rule in rules.values() if whole_project or not {"launch", "project"} & set(rule.kinds)}
        outcome = apply(path, by_path[path], result.markers, rules, load(extended[path]), ran)
        kept += outcome.kept + outcome.about_markers
        suppressed += outcome.suppressed
    return kept, suppressed
