"""One file: bytes and rules in, diagnostics, facts and markers out. Depends on nothing else, so it can run anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import (
    Diagnostic,
    Edit,
    Fact,
    Finding,
    Fix,
    Place,
    PlacedEdit,
    PlacedFix,
    PlacedRelated,
)
from canfar_lint.source import DOCKERFILE, NOTEBOOK, POINTER, PYTHON, Source, is_named
from canfar_lint.triggers import Content, Triggers

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule
    from canfar_lint.settings.settings import Settings
    from canfar_lint.suppression import Marker

# what a file is when its own parser refuses it; `run` decides with ruff's help what that means
UNPARSED, TOO_DEEP = "unparsed", "too deep"

_RULE_KIND = {"python": "py", "notebook": "nb", "shell": "sh", "makefile": "sh", "dockerfile": "docker", "yaml": "yaml"}
_RULE_KIND |= {"toml": "toml", "requirements": "req"}
SITE_CODE = re.compile(r"(?!CAN)[A-Z]{2,6}\d{3}")
# the modules of the functions that start programs (`model.embedded.literals`)
_STARTERS = frozenset((b"os", b"subprocess", b"commands", b"popen2"))
_STARTS = frozenset((b"system", b"popen", b"subprocess", b"getoutput", b"getstatusoutput", b"popen2"))
_HOSTS_REQUESTS = frozenset(("python", "notebook", "shell", "makefile", "yaml"))
# more brackets in a row than Python's own parser takes, behind some, which are found sooner
_DEEP = tuple((bracket * 16, bracket * 150) for bracket in (b"(", b"[", b"{"))
_HOSTS_SHELL = frozenset(("python", "notebook", "dockerfile", "yaml"))
# compiled where a path may match: compiling takes longer than a small file
_NOT_A_PIPELINE = (
    r"(^|/)(tests?|testing|docs?|doc|build/(lib|bdist)[^/]*)/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest|setup|noxfile|fabfile)\.py$"
)
_MAY_BE_ASIDE = ("test", "doc", "build", "setup", "noxfile", "fabfile")
_TEST = r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$"
# what a test runner would collect; a script that only tries something out is called `test_imaging.py` too
_TEST_NAME = r"(^|/)(test_[^/]*|[^/]*_test)\.py$"
_HOLDS_TESTS = rb"(?m)\bdef test|\bclass \w*Test|\b(?:unittest|pytest|doctest|nose)\b|^assert "
_NOQA = rb"(?i)#[ \t]*noqa[ \t]*:[^\n]*((?:%s)\d|[a-z]-[a-z])"


class Profile:
    """What to look for under one folder's settings: the enabled rules, with their triggers by kind of file."""

    __slots__ = ("_triggers", "known", "prefixes", "rules", "settings")

    def __init__(self, rules: Iterable[Rule], settings: Settings) -> None:
        self.rules = tuple(rule.under(settings) for rule in rules)
        # the letters of the codes that a `noqa` may name for us
        self.prefixes = tuple(sorted({"CAN", *(rule.code.rstrip("0123456789") for rule in self.rules)}))
        self.settings = settings
        self._triggers: dict[tuple[str, bool, str], Triggers] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Profile, (self.rules, self.settings)

    @property
    def has_site_rules(self) -> bool:
        """Whether some rule is not the catalogue's, and may look where ours do not."""
        return len(self.prefixes) > 1

    @property
    def wants_imports(self) -> bool:
        """Whether some rule asks for the packages that files import."""
        return any(rule.code in ("CAN602", "CAN604") for rule in self.rules)

    def fired(self, kind: str, pipeline: bool, content: Content) -> list[Rule]:
        """The rules that may find something in a file. In tests, docs and set-up files (`pipeline` false) 1xx-6xx
        are out; the shell side of the rules counts only in Python that starts programs."""
        if kind != PYTHON:
            return self._compiled(kind, pipeline, "").fired(content)
        found = self._compiled(kind, pipeline, "py").fired(content)
        if not _STARTS.isdisjoint(content.words) and not _STARTERS.isdisjoint(content.words):
            known = {rule.code for rule in found}
            found += [r for r in self._compiled(kind, pipeline, "sh").fired(content) if r.code not in known]
        return found

    def compiled_for_python(self) -> None:
        """Compile what Python files are searched for, which else waits for the first of them."""
        for language in ("py", "sh"):
            self._compiled(PYTHON, True, language).compile()

    def _compiled(self, kind: str, pipeline: bool, language: str) -> Triggers:
        key = (kind, pipeline, language)
        if key not in self._triggers:
            wanted = {language or _RULE_KIND[kind]} | ({"sh"} if kind in _HOSTS_SHELL and not language else set())
            if kind in _HOSTS_REQUESTS:
                wanted.add("launch")
            rules = [
                rule
                for rule in self.rules
                if wanted & set(rule.kinds)
                and rule.section != "files"
                and "project" not in rule.kinds
                and (pipeline or not (rule.code.startswith("CAN") and rule.code[3] in "123456"))
            ]
            self._triggers[key] = Triggers(rules, kind, language)
        return self._triggers[key]


class FileResult(NamedTuple):
    """What one file gave. `problem` is UNPARSED or TOO_DEEP with `words` and `place` of the parser, else empty.

    `digest` is that of its content. A file of the same content in the same role gives the same where all that was
    `asked` of the path has the same answer there; None when no copy does.
    """

    path: str
    kind: str
    diagnostics: list[Diagnostic]
    facts: list[Fact]
    markers: list[Marker]
    problem: str = ""
    words: str = ""
    place: Place | None = None
    crashed: bool = False
    digest: str = ""
    asked: tuple[tuple[str, bool], ...] | None = ()

    @property
    def empty(self) -> bool:
        return not (self.diagnostics or self.facts or self.markers or self.problem)

    def holds_for(self, path: str) -> bool:
        """Whether it is what a file of the same content gives under another path."""
        return self.asked is not None and all(is_named(path, asked) is answer for asked, answer in self.asked)

    def copied(self, path: str) -> FileResult:
        """The same for a file that is a copy."""
        return self._replace(path=path, diagnostics=[d._replace(path=path) for d in self.diagnostics])


def is_test(path: str) -> bool:
    """Whether a file tests others: the requests it makes are made up, and some of them wrong on purpose."""
    return "test" in path and re.search(_TEST, path.replace("\\", "/").removeprefix("./")) is not None


def in_pipeline(path: str, data: bytes | None = None) -> bool:
    """Whether a file is part of what runs in a job: tests, docs, set-up files and what a build has left are not.

    With its content, a file that is only called like a test counts as what it is.
    """
    if not any(word in path for word in _MAY_BE_ASIDE):
        return True
    name = path.replace("\\", "/").removeprefix("./")
    if data is not None and re.search(_TEST_NAME, name) and not re.search(_HOLDS_TESTS, data):
        name = re.sub(_TEST_NAME, r"\1script.py", name)
    return not re.search(_NOT_A_PIPELINE, name)


def role(path: str, data: bytes) -> tuple[str, bool, bool]:
    """What a file's path alone says of how it is linted."""
    return path.replace("\\", "/").rpartition("/")[2], in_pipeline(path, data), is_test(path)


def _may_hold_markers(kind: str, data: bytes, prefixes: tuple[str, ...]) -> bool:
    if b"canfar" in data and (b"canfar:" in data or b"canfar :" in data):
        return True
    if kind == DOCKERFILE and b"hadolint" in data:
        return True
    if b"noqa" not in data.lower():
        return False
    return re.search(_NOQA % "|".join(prefixes).encode(), data) is not None


def _surely_text(kind: str, data: bytes) -> bool:
    """Whether it is plain to see that the bytes decode; else they are decoded, to know."""
    return data.isascii() and (kind != PYTHON or b"coding" not in data[:400])


def lint_bytes(path: str, kind: str, data: bytes, rules: Iterable[Rule] | Profile, settings: Settings) -> FileResult:
    """Lint one file's content. Never raises for what is in it: a crash of a check, or of the search for triggers, is a
    CAN003 of its own."""
    profile = rules if isinstance(rules, Profile) else Profile(rules, settings)
    from canfar_lint.facts import wanted as facts_wanted

    work = _Work(path, kind, data, profile)
    if kind == NOTEBOOK:
        # its code is written as JSON, where a quote is no quote
        try:
            work.source = work.decode()
        except ValueError as e:
            return work.refused(e)
        data = work.source.text.encode("utf-8", "surrogatepass")
    marked = _may_hold_markers(kind, data, profile.prefixes)
    pipeline = in_pipeline(path, data)
    if kind == PYTHON and not pipeline and is_test(path) and not (profile.has_site_rules or marked):
        # no rule of ours speaks in a test; only what it is written in is looked at
        return FileResult(path, kind, [], [], []) if _surely_text(kind, data) else work.result([], [], marked)
    content = Content(data, kind)
    fired: list[Rule] = []
    work.guarded("the search for triggers", lambda: fired.extend(profile.fired(kind, pipeline, content)))
    if is_test(path):
        fired = [rule for rule in fired if rule.section != "sessions"]
    collectors = facts_wanted(kind, content.may_hold if kind == PYTHON else content.code.__contains__)
    if kind in (PYTHON, NOTEBOOK) and profile.wants_imports:
        work.note_imports(content)
    if kind == PYTHON and any(some in data and deep in data for some, deep in _DEEP):
        return work.result(fired, collectors, marked, parse=True)
    idle = not (fired or collectors or marked or work.crashed)
    if idle and kind != DOCKERFILE and (kind == NOTEBOOK or _surely_text(kind, data)):
        return FileResult(path, kind, [], work.facts, [])
    return work.result(fired, collectors, marked)


class _Work:
    """One file on its way through decode, model, checks and facts."""

    def __init__(self, path: str, kind: str, data: bytes, profile: Profile) -> None:
        self.path = path
        self.kind = kind
        self.data = data
        self.settings = profile.settings
        self.prefixes = profile.prefixes
        self.diagnostics: list[Diagnostic] = []
        self.facts: list[Fact] = []
        self.source: Source | None = None
        self.crashed = False
        self.module: PythonModule | None = None
        self.seen: set[tuple[str, int, int]] = set()

    def result(self, fired: list[Rule], collectors: list[Any], marked: bool, parse: bool = False) -> FileResult:
        from canfar_lint.engine.models import Unreadable, views

        try:
            source = self.source or self.decode()
        except ValueError as e:  # not text, or no notebook
            return self.refused(e)
        refusal: tuple[str, str, Place | None] = ("", "", None)
        try:
            models = ("python", "dockerfile", "shell", "yaml")
            wanted = self.functions(fired) | {name for c in collectors for name in models if hasattr(c, name)}
            if parse:
                wanted.add("python")
            if self.kind in (DOCKERFILE, NOTEBOOK):
                wanted.add(self.kind)
            for name, model, read in views(source, frozenset(wanted), self.settings):
                self.check(read, name, model, fired)
                for collector in collectors:
                    self.collect(read, collector, name, model)
        except Unreadable as e:  # all of it, or a part of which it is to be said
            refusal = e.problem, e.words, e.place
        markers = self.markers(source) if marked else []
        apart = source.path_asked or self.crashed or any(d.related or d.question for d in self.diagnostics)
        asked = None if apart else tuple(source.asked.items())
        found = self.diagnostics, self.facts, markers
        return FileResult(self.path, self.kind, *found, *refusal, crashed=self.crashed, asked=asked)

    def functions(self, fired: list[Rule]) -> set[str]:
        """The models that the checks of the rules ask for; a rule whose check cannot be had is said, and left out."""
        names: set[str] = set()
        for rule in tuple(fired):
            found: list[str] = ["python"] if "python" in rule.body else []
            self.guarded(rule.code, partial(_asks_for, rule, found))
            if not found:
                fired.remove(rule)
            names.update(found)
        return names

    def note_imports(self, content: Content) -> None:
        from canfar_lint.facts.imports import data

        fact = data(content.code, inline=b"# ///" in content.data)
        if fact is not None:
            self.facts.append(fact)

    def decode(self) -> Source:
        if self.kind == NOTEBOOK:
            from canfar_lint.model import notebook

            return notebook.read(self.path, self.data)
        return Source.decode(self.path, self.kind, self.data)

    def check(self, source: Source, name: str, model: Any, fired: list[Rule]) -> None:
        from canfar_lint.checks import matcher, module_of

        if name == "dockerfile":
            self.refusals(source, model)
        elif name == "python":
            self.module = model
        for rule in fired:
            module = matcher if name == "python" and "python" in rule.body else module_of(rule)
            function = getattr(module, f"check_{name}", None)
            if function is None or not _serves(rule, name, self.kind):
                continue
            self.guarded(rule.code, partial(self.take, source, function, model, rule))

    def take(self, source: Source, function: Callable[..., Iterator[Finding]], model: Any, rule: Rule) -> None:
        for finding in function(model, rule):
            key = (finding.code, finding.start, finding.end)
            if key not in self.seen and not self.never_runs(finding):
                self.seen.add(key)
                self.diagnostics.append(placed(source, finding))

    def never_runs(self, finding: Finding) -> bool:
        """Whether a finding of what a program does is in code that never runs."""
        if self.module is None or finding.code[:3] != "CAN" or finding.code[3] not in "12345":
            return False
        from canfar_lint.model.unreached import never_runs

        return never_runs(self.module, finding.start)

    def collect(self, source: Source, collector: Any, name: str, model: Any) -> None:
        function = getattr(collector, name, None)
        if function is not None:
            self.guarded(collector.__name__, lambda: self.keep(source, function(model)))

    def keep(self, source: Source, facts: Iterator[Fact]) -> None:
        self.facts += [fact._replace(place=source.place(fact.start, fact.end)) for fact in facts]

    def guarded(self, what: str, work: Callable[[], None]) -> None:
        """Run a check; when it crashes say so as CAN003, and go on."""
        try:
            work()
        except RecursionError:
            return
        except Exception as e:
            self.crashed = True
            self.diagnostics.append(crash(self.path, what, e))

    def refusals(self, source: Source, dockerfile: Any) -> None:
        """What the builder itself refuses, and bytes that are no text."""
        for refusal in dockerfile.errors[:1] if not dockerfile.template else ():
            rule = _file_rule("CAN001")
            finding = rule.finding((refusal.start, refusal.end), variant="docker", problem=refusal.message)
            self.diagnostics.append(placed(source, finding))
        stray = None if source.text.isascii() else re.search("[\udc80-\udcff]", source.text)
        if stray is not None:
            at = stray.start()
            row = source.row_column(at)[0]
            byte = f"0x{ord(source.text[at]) - 0xDC00:02x}"
            finding = _file_rule("CAN002").finding((at, at + 1), variant="bytes", line=row, byte=byte)
            self.diagnostics.append(placed(source, finding))

    def refused(self, error: Exception) -> FileResult:
        from canfar_lint.model.notebook import BrokenNotebook

        if self.data.startswith(POINTER.encode()):
            return FileResult(self.path, self.kind, [], [], [])
        if isinstance(error, BrokenNotebook):
            place = Place(error.row, error.column, error.row, error.column)
            found = self.general("CAN001", variant="notebook", problem=str(error))._replace(place=place)
            return FileResult(self.path, self.kind, [found], [], [])
        return FileResult(self.path, self.kind, [self.general("CAN002", problem=str(error))], [], [])

    def general(self, code: str, variant: str | None = None, **values: object) -> Diagnostic:
        return about_file(self.path, code, variant, **values)

    def markers(self, source: Source) -> list[Marker]:
        from canfar_lint.suppression import markers

        return list(markers(source, self.prefixes))


def about_file(path: str, code: str, variant: str | None = None, **values: Any) -> Diagnostic:
    """A diagnostic of a file as a whole, at its first character."""
    finding = _file_rule(code).finding((0, 0), variant=variant, **values)
    return Diagnostic(path, code, finding.name, finding.level, finding.message, Place(1, 1, 1, 1), 0, 0)


def crash(path: str, what: str, error: Exception) -> Diagnostic:
    """What to say when a check breaks on a file."""
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    problem = f"{type(error).__name__}: {error} in {frame.name}, line {frame.lineno}"
    variant = "site" if SITE_CODE.fullmatch(what) else None
    return about_file(path, "CAN003", variant, check=what, problem=problem)


def _file_rule(code: str) -> Rule:
    from canfar_lint.catalogue import load

    return load().rules[code]


def _asks_for(rule: Rule, found: list[str]) -> None:
    """Put the models that a rule's functions work on into `found`."""
    from canfar_lint.checks import module_of

    found += [name[6:] for name in dir(module_of(rule)) if name.startswith("check_")]
    if not found and not rule.code.startswith("CAN"):
        raise LookupError("no installed package has its check")


def _serves(rule: Rule, model: str, kind: str) -> bool:
    """Whether a rule of these kinds looks at this model in this kind of file."""
    if model == "python":
        return ("nb" if kind == NOTEBOOK else "py") in rule.kinds
    if model == "shell":
        return "sh" in rule.kinds
    if model == "request":
        return "launch" in rule.kinds
    return _RULE_KIND[kind] in rule.kinds


def placed(source: Source, finding: Finding) -> Diagnostic:
    """A finding with its file, rows and columns."""
    related = tuple(
        PlacedRelated(r.message, r.path or source.file, source.place(r.start, r.end)) for r in finding.related
    )
    return Diagnostic(
        source.file,
        finding.code,
        finding.name,
        finding.level,
        finding.message,
        source.place(finding.start, finding.end),
        *source.own_span(finding.start, finding.end),
        placed_fix(source, finding.fix) if finding.fix and source.repairable else None,
        related,
        finding.question,
    )


def placed_fix(source: Source, fix: Fix) -> PlacedFix | None:
    """The fix with all of its edits, those for imports among them; None when it cannot be made."""
    edits: Iterable[Edit] | None = sorted(fix.edits)
    if source.kind in (PYTHON, NOTEBOOK):
        from canfar_lint.fixing.imports import completed

        edits = completed(source, fix)
    if edits is None:
        return None
    return PlacedFix(fix.title, tuple(PlacedEdit(source.place(e.start, e.end), e) for e in edits), fix.applicability)


__all__ = ["PYTHON", "FileResult", "Profile", "about_file", "in_pipeline", "lint_bytes", "placed"]
