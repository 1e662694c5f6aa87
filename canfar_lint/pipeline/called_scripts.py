"""Scripts of the build context read as part of the Dockerfile that runs them.

What a RUN leaves in its layer depends on the scripts it calls: one installs, one cleans. Where such a script is in the
tree, the Dockerfile is judged a second time with the script's text in the place of the call. A finding in that text
stands on the script's line, with the Dockerfile as the related place; a finding of the Dockerfile that the script's
text refutes is taken back. The script that ENTRYPOINT or CMD starts is read for what needs root
(CAN723) and for a server that only the container itself can reach (CAN728).
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.checks import module_of
from canfar_lint.diagnostic import Diagnostic, Edit, Finding, PlacedRelated
from canfar_lint.engine.file import placed
from canfar_lint.model.dockerfile import Dockerfile, Instruction, read
from canfar_lint.model.dockerfile.called import Call, run_calls, start_calls
from canfar_lint.model.shell import parse
from canfar_lint.pipeline.context import context_folder
from canfar_lint.source import DOCKERFILE, SHELL, Source

if TYPE_CHECKING:
    from canfar_lint.engine.file import Profile
    from canfar_lint.pipeline.join import Project

_IN_SCRIPTS = frozenset(("CAN704", "CAN705", "CAN706", "CAN713", "CAN715", "CAN716", "CAN721", "CAN726"))
_REFUTED = frozenset(("CAN703", "CAN704", "CAN706", "CAN713"))
_STARTED = ("CAN723", "CAN728")
_SHELL_LINES = ("sh", "bash", "dash", "ash", "ksh", "zsh")
_TRANSPARENT = frozenset(("if", "condition", "case", "loop", "function", "group", "subshell"))
_TOKEN = "CANFAR_LINT_RUN"


class _Piece(NamedTuple):
    """Characters of the expanded text from `start` on, and where the first of them stands in a file."""

    start: int
    script: Source | None
    offset: int


class _Expanded(NamedTuple):
    """A Dockerfile with the text of scripts in it; `calls` by the scripts' paths."""

    text: str
    pieces: list[_Piece]
    calls: dict[str, Call]

    def where(self, start: int, end: int) -> tuple[Source | None, int, int] | None:
        """The file of a span, None for the Dockerfile, and the span there; nothing when it is in no one file."""
        at = bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1
        last = bisect_right(self.pieces, max(end - 1, start), key=lambda piece: piece.start) - 1
        first, other = self.pieces[at], self.pieces[last]
        if first.script is not other.script or first.offset < 0 or other.offset < 0:
            return None
        return first.script, first.offset + start - first.start, other.offset + end - other.start


def read_along(diagnostics: list[Diagnostic], project: Project, profiles: dict[str, Profile]) -> list[Diagnostic]:
    """The diagnostics once the scripts that Dockerfiles run are read with them."""
    for path, fact in project.facts.get("called scripts", ()):
        named = fact.data["copied"]
        assert isinstance(named, list)
        folder = context_folder(path, tuple(named), project.tree)
        reader = _Reader(project, profiles[path], path, folder)
        candidates = fact.data["candidates"]
        assert isinstance(candidates, list)
        if not any(reader.script((candidate,)) is not None for candidate in candidates):
            continue
        with project.guarded(path, "pipeline.called_scripts"):
            diagnostics = reader.judged(diagnostics)
    return diagnostics


class _Reader:
    """One Dockerfile and the scripts it runs."""

    def __init__(self, project: Project, profile: Profile, path: str, folder: str) -> None:
        self.project = project
        self.settings = profile.settings
        self.rules = {rule.code: rule for rule in profile.rules}
        self.path = path
        self.folder = folder
        self.scripts: dict[str, Source | None] = {}

    def judged(self, diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        source = Source.decode(self.path, DOCKERFILE, self.project.tree.content(self.path) or b"")
        dockerfile = self._read(source)
        found = list(self._started(source, dockerfile))
        expanded = self._expanded(source, dockerfile)
        if expanded is None:
            return [*diagnostics, *found]
        copy = Source(self.path, DOCKERFILE, expanded.text)
        model = self._read(copy)
        if len(model.instructions) != len(dockerfile.instructions) or any(
            before.readable and not after.readable
            for before, after in zip(dockerfile.all("RUN"), model.all("RUN"), strict=True)
        ):
            return [*diagnostics, *found]
        confirmed: set[tuple[str, int]] = set()
        for finding in self._findings(model):
            where = expanded.where(finding.start, finding.end)
            if where is None:
                continue
            if where[0] is None:
                confirmed.add((finding.code, where[1]))
                if finding.code in _REFUTED:  # a script that was thought to clean does not
                    found.append(placed(source, finding._replace(start=where[1], end=where[2], fix=None)))
            elif finding.code in _IN_SCRIPTS:
                found += self._in_script(source, where[0], expanded, finding)
        kept = [
            d for d in diagnostics if d.path != self.path or d.code not in _REFUTED or (d.code, d.start) in confirmed
        ]
        known = {(d.path, d.code, d.start) for d in kept}
        for diagnostic in found:  # of many findings of a rule in a script that was not given, its call shows one
            place = diagnostic.path, diagnostic.code, diagnostic.start
            if place not in known:
                known.add(place)
                kept.append(diagnostic)
        return kept

    def _findings(self, model: Dockerfile) -> Iterator[Finding]:
        for code in sorted(_IN_SCRIPTS | _REFUTED):
            rule = self.rules.get(code)
            function = getattr(module_of(rule), "check_dockerfile", None) if rule is not None else None
            if function is not None:
                yield from function(model, rule)

    def _read(self, source: Source) -> Dockerfile:
        return read(source, self.settings.target, self.settings.builder == "squashed")

    def script(self, candidates: tuple[str, ...]) -> Source | None:
        """The first of these files that is a shell script of the context."""
        for candidate in candidates:
            if candidate not in self.scripts:
                self.scripts[candidate] = self._load(candidate)
            script = self.scripts[candidate]
            if script is not None:
                return script
        return None

    def _load(self, candidate: str) -> Source | None:
        path = os.path.normpath(os.path.join(self.folder, candidate))
        if candidate.startswith(".."):
            return None
        given = self.project.file(path)
        data = self.project.tree.content(given or path, 1 << 18)
        if data is None or not _is_shell(path, data) or not data.strip():
            return None
        source = Source.decode(given or path, SHELL, data)
        return None if parse(source.text).error or _TOKEN in source.text else source

    # -- RUN ------------------------------------------------------------------------------------------------------

    def _expanded(self, source: Source, dockerfile: Dockerfile) -> _Expanded | None:
        calls: dict[int, list[tuple[Call, Source]]] = {}
        for call in run_calls(dockerfile):
            script = self.script(call.candidates) if _replaceable(call) else None
            if script is not None:
                calls.setdefault(id(call.instruction), []).append((call, script))
        if not calls:
            return None
        text: list[str] = []
        pieces: list[_Piece] = []
        length = at = 0
        by_path: dict[str, Call] = {}

        def put(said: str, script: Source | None, offset: int) -> None:
            nonlocal length
            if said:
                pieces.append(_Piece(length, script, offset))
                text.append(said)
                length += len(said)

        for run in dockerfile.instructions:
            if id(run) not in calls:
                continue
            put(source.text[at : run.value_span[0]], None, at)
            put(f'<<"{_TOKEN}"\n', None, -1)
            for said, script, offset in _body(run, calls[id(run)]):
                put(said, script, offset)
            put(f"\n{_TOKEN}", None, -1)
            at = run.end
            for call, script in calls[id(run)]:
                by_path.setdefault(script.path, call)
        put(source.text[at:], None, at)
        return _Expanded("".join(text), pieces, by_path)

    def _in_script(
        self, dockerfile: Source, script: Source, expanded: _Expanded, finding: Finding
    ) -> Iterator[Diagnostic]:
        """A finding in the text of a script."""
        where = expanded.where(finding.start, finding.end)
        assert where is not None
        call = expanded.calls[script.path]
        span = where[1], where[2]
        edits: list[Edit] = []
        for edit in finding.fix.edits if finding.fix is not None else ():
            there = expanded.where(edit.start - 1, edit.end)
            if there is None or there[0] is not script:
                edits = []
                break
            edits.append(edit._replace(start=there[1] + 1, end=there[2]))
        fix = finding.fix._replace(edits=tuple(edits)) if finding.fix is not None and edits else None
        yield from self._at(script, finding._replace(start=span[0], end=span[1], fix=fix), dockerfile, call)

    def _at(self, script: Source, finding: Finding, dockerfile: Source, call: Call) -> Iterator[Diagnostic]:
        """It stands in the script's file; in the Dockerfile when the script was not given."""
        word = call.word.word
        if script.path in self.project.kinds:
            related = PlacedRelated(
                f"this {call.instruction.keyword} runs it", self.path, dockerfile.place(word.start, word.end)
            )
            yield placed(script, finding)._replace(related=(related,))
        else:
            there = PlacedRelated("it is this command", script.path, script.place(finding.start, finding.end))
            found = finding._replace(start=word.start, end=word.end, fix=None)
            yield placed(dockerfile, found)._replace(related=(there,))

    # -- ENTRYPOINT and CMD -----------------------------------------------------------------------------------------

    def _started(self, source: Source, dockerfile: Dockerfile) -> Iterator[Diagnostic]:
        rules = [self.rules[code] for code in _STARTED if code in self.rules]
        for call in start_calls(dockerfile) if rules else ():
            script = self.script(call.candidates)
            if script is None:
                continue
            model = parse(script.text)
            model.path = script.path
            for rule in rules:
                function = getattr(module_of(rule), "check_script", None)
                for finding in function(model, dockerfile, call.instruction.keyword, rule) if function else ():
                    yield from self._at(script, finding, source, call)


def _is_shell(path: str, data: bytes) -> bool:
    if data.startswith(b"#!"):
        first = data[2:200].split(b"\n", 1)[0].decode("ascii", "replace")
        return any(word.rsplit("/", 1)[-1] in _SHELL_LINES for word in first.split())
    return path.endswith((".sh", ".bash"))


def _replaceable(call: Call) -> bool:
    """Whether the call can stand as a group of commands: in plain shell text, not in a string or a substitution."""
    run = call.instruction
    if run.json is not None or run.heredocs or run.escape != "\\" or len(run.scripts) != 1:
        return False
    return all(block.kind in _TRANSPARENT or block.kind.startswith("pipe") for block in call.step.command.blocks)


def _body(run: Instruction, calls: list[tuple[Call, Source]]) -> Iterator[tuple[str, Source | None, int]]:
    """The text of a RUN with scripts in the place of their calls, as (text, its file, offset there)."""
    logical = run.logical
    text = logical.text[: run.span[1]]
    places = logical.places(run.arguments, run.span[1])
    at = 0

    def plain(start: int, stop: int) -> Iterator[tuple[str, Source | None, int]]:
        while start < stop:
            end = start + 1
            while end < stop and places[end] == places[end - 1] + 1:
                end += 1
            yield text[run.arguments + start : run.arguments + end], None, places[start]
            start = end

    for call, script in sorted(calls, key=lambda pair: pair[0].step.command.start):
        command = call.step.command
        start = bisect_right(places, command.start - 1)
        stop = bisect_right(places, command.end - 1)
        if start < at:
            continue
        yield from plain(at, start)
        yield "(\n", None, -1
        yield script.text, script, 0
        yield "\n)", None, -1
        at = stop
    yield from plain(at, len(places) - 1)
