"""`canfar-lint check`: settings, discovery, engine, fixing and report, one after the other."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from canfar_lint.cli import FAILURE, FINDINGS, SUCCESS, harmless
from canfar_lint.cli.flags import check_conflicts, layers, parser, read_environment
from canfar_lint.cli.output import Target, targets, write
from canfar_lint.cli.parser import UsageError
from canfar_lint.cli.repair import Relint, Repairs, repair, write_back
from canfar_lint.cli.texts import Texts
from canfar_lint.diagnostic import LEVELS, Place
from canfar_lint.discovery import Input, Stamp, discover, from_stdin, stamp
from canfar_lint.settings.resolve import Resolver, project_root

if TYPE_CHECKING:
    from canfar_lint.baseline import Baseline
    from canfar_lint.diagnostic import Diagnostic
    from canfar_lint.engine import RunResult

# a fix in one file can call for one in another
_ROUNDS = 4
_NOTHING = "warning: No lintable files found under the given path(s)"


def run(arguments: list[str]) -> int:
    """Lint what the command line names; the exit status."""
    made = parser()
    options = made.parse(arguments)
    try:
        check_conflicts(options)
        read_environment(options)
        if options.watch:
            from canfar_lint.cli.watch import run as watch

            return watch(options.files or ["."], lambda: start(options))
        return start(options).run()
    except UsageError as e:
        made.refuse(e)


def start(options: argparse.Namespace) -> Check:
    """A run as the flags want it, under the settings as they are now. Raises `UsageError`, `SettingsError`."""
    file, command_line = layers(options)
    return Check(options, Resolver(command_line, file=file, isolated=options.isolated))


class Check:
    """One run of `check`."""

    def __init__(self, options: argparse.Namespace, resolver: Resolver) -> None:
        settings = resolver.base
        self.options = options
        self.resolver = resolver
        self.settings = settings
        self.unsafe: bool = settings.unsafe_fixes is True
        self.fix_only: bool = settings.fix_only or options.diff
        self.fix: bool = settings.fix or self.fix_only or options.interactive
        self.targets = targets(options.output_format, options.output_file, settings.output_format)
        self.piped = options.files == ["-"]
        self.project = project(options.files or ["."])
        self.stdin = b""
        self.failed = False
        self.said: set[str] = set()
        self.baseline = self.known_findings()
        self.known: list[Diagnostic] = []
        self.linted: Any = None
        self.seen: dict[str, Stamp | None] = {}
        self.choice = None
        if options.interactive:
            from canfar_lint.cli.interactive import Dialogue

            self.choice = Dialogue(options.color, self.unsafe).about
        if settings.cache_dir:
            os.environ["CANFAR_LINT_CACHE_DIR"] = settings.cache_dir

    def run(self) -> int:
        options = self.options
        inputs = self.inputs()
        if options.show_files:
            return self.show_files(inputs)
        if options.show_settings:
            return self.show_settings(inputs)
        if not inputs and not self.piped:
            self.say(_NOTHING)
        result = self.lint(inputs)
        if options.add_noqa is not None:
            return self.add_noqa(inputs, result)
        if options.write_baseline:
            return self.write_baseline(inputs, result)
        if options.diff:
            return self.diff(inputs, result)
        return self.reported(inputs, result)

    def reported(self, inputs: list[Input], result: RunResult) -> int:
        """Fix if that is wanted, and report; the exit status."""
        repairs = Repairs()
        if self.fix:
            inputs, result = self.repaired(inputs, result, repairs)
        self.finish(inputs, result, repairs)
        return self.status(result, repairs)

    def watched(self) -> list[Input]:
        """One round of `--watch`; what it looked at. Raises `UsageError`."""
        from canfar_lint.reporting import WITH_SUMMARY

        if any(not target.file and target.format not in WITH_SUMMARY for target in self.targets):
            raise UsageError(f"'--watch' shows {', '.join(WITH_SUMMARY)}; give other formats a file: FORMAT:FILE")
        inputs = self.inputs()
        if not inputs:
            self.say(_NOTHING)
        self.reported(inputs, self.lint(inputs))
        return inputs

    def went_by(self, inputs: list[Input]) -> list[str]:
        """The files that a run went by and did not lint: settings and what they extend, a baseline."""
        settings = {self.settings, *(self.resolver.of_file(entry.path) for entry in inputs)}
        named = {layer.origin for each in settings for layer in each.layers} | {self.options.baseline or ""}
        return sorted(os.path.abspath(path) for path in named if path and os.path.isfile(path))

    def known_findings(self) -> Baseline | None:
        if not self.options.baseline:
            return None
        from canfar_lint.baseline import read

        return read(self.options.baseline)

    def say(self, words: str) -> None:
        """Words for the user that are no finding."""
        if not self.options.quiet and not self.options.silent and words not in self.said:
            self.said.add(words)
            print(harmless(words), file=sys.stderr)

    def tell(self, words: str) -> None:
        """Words for a user who asked for many."""
        if self.options.verbose:
            print(harmless(words), file=sys.stderr)

    def inputs(self) -> list[Input]:
        if self.piped:
            name = self.options.stdin_filename or "-"
            self.stdin = sys.stdin.buffer.read()
            entry = from_stdin(name, self.stdin, self.resolver)
            return [entry] if entry else []
        found = list(discover(self.options.files or ["."], self.resolver))
        self.tell(f"{len(found)} files to lint, settings from {self.settings.file or 'the defaults'}")
        return found

    @contextmanager
    def workers(self, whole: bool) -> Iterator[dict[str, Any]]:
        """Who does the work, and what shows how far it is: arguments of `engine.run`."""
        more: dict[str, Any] = {"jobs": self.options.jobs or 0}
        with ExitStack() as stack:
            if whole and sys.stderr.isatty() and not (self.options.quiet or self.options.silent):
                from canfar_lint.cli.progress import Progress

                more["progress"] = stack.enter_context(Progress())
            if whole and self.options.executor:
                from canfar_lint.engine.cluster import connected

                more["executor"], more["jobs"] = stack.enter_context(connected(self.options.executor))
            yield more

    def lint(self, inputs: list[Input], *, whole: bool = True) -> RunResult:
        """Lint the inputs; not as a whole when a single file is looked at again after a fix."""
        from canfar_lint import engine
        from canfar_lint.engine.file import about_file

        if self.fix and whole:
            self.seen = {entry.path: stamp(entry.path) for entry in inputs if entry.data is None}
        root, given = self.project
        unread = [about_file(entry.path, "CAN002", problem=entry.error) for entry in inputs if entry.error]
        no_rules = self.no_rules(inputs) if whole else []
        with self.workers(whole) as more:
            result = engine.run(
                [(entry.path, entry.kind) for entry in inputs if not entry.error],
                self.resolver,
                texts={entry.path: entry.data for entry in inputs if entry.data is not None},
                found=[*unread, *no_rules],
                root=root,
                whole_project=given and whole,
                beside=None if whole else self.linted,
                cached=not self.options.no_cache,
                **more,
            )
        if whole:
            self.linted = result.project
        diagnostics = result.diagnostics
        if self.options.ignore_noqa:
            from canfar_lint.engine.run import order

            diagnostics = sorted(diagnostics + result.suppressed, key=order)
        if self.baseline is not None:
            diagnostics, known = self.baseline.split(diagnostics, Texts(inputs).source)
            if whole:
                self.known = known
        return result._replace(
            diagnostics=[self.adjusted(diagnostic) for diagnostic in diagnostics],
            suppressed=[] if self.options.ignore_noqa else [self.adjusted(d) for d in result.suppressed],
            crashed=result.crashed or bool(no_rules),
        )

    def no_rules(self, inputs: list[Input]) -> list[Diagnostic]:
        """The files of `extend-rules` that are no rules: named, and left out."""
        extended = {s.extend_rules: s for s in map(self.resolver.of_file, (e.path for e in inputs)) if s.extend_rules}
        if not extended:
            return []
        for settings in extended.values():
            self.resolver.selection(settings)  # which says where a folder is named that is none
        from canfar_lint.catalogue import load
        from canfar_lint.engine.file import about_file
        from canfar_lint.settings.read import shown

        broken = {entry["path"]: entry for extend in sorted(extended) for entry in load(extend).broken}
        found = []
        for path, entry in sorted(broken.items()):
            # put in afterwards: a message shortens what it is given
            general = about_file(shown(path), "CAN003", "no-rule", problem="{problem}")
            message = general.message.replace("{problem}", entry["problem"])
            found.append(general._replace(message=message, place=Place(entry["line"], 1, entry["line"], 1)))
        return found

    def adjusted(self, diagnostic: Diagnostic) -> Diagnostic:
        return self.resolver.selection(self.resolver.of_file(diagnostic.path)).adjusted(diagnostic)

    # -- fixing -----------------------------------------------------------------------------------------------

    def repair(self, inputs: list[Input], result: RunResult) -> Repairs:
        given = tuple(os.path.realpath(path) for path in self.options.files or ["."])
        again = Relint(
            lambda entry: self.lint([entry], whole=False).diagnostics, self.unsafe, self.seen, given, self.choice
        )
        return repair(inputs, result.diagnostics, Texts(inputs), again)

    def repaired(self, inputs: list[Input], result: RunResult, repairs: Repairs) -> tuple[list[Input], RunResult]:
        """Fix, write, and lint again what a fix in one file may have changed in another; `repairs` is filled."""
        for _ in range(_ROUNDS):
            done = self.repair(inputs, result)
            inputs = write_back(done, inputs)
            repairs.add(done)
            self.tell_of(done)
            if not done.changed:
                break
            result = self.lint(inputs)
        repairs.left = result.diagnostics
        return inputs, result

    def tell_of(self, done: Repairs) -> None:
        self.failed = self.failed or bool(done.failed)
        for words in done.said:
            self.say(words)
        for words in done.failed:
            if words not in self.said and not self.options.silent:
                self.said.add(words)
                print(words, file=sys.stderr)

    def diff(self, inputs: list[Input], result: RunResult) -> int:
        done = self.repair(inputs, result)
        self.tell_of(done)
        target = Target("", self.options.output_file or "")
        if not self.options.silent:
            text = done.diff()
            if not self.options.output_file and sys.stdout.isatty():
                # a terminal obeys what a patch must keep
                text = harmless(text)
            summary = "" if self.options.quiet else self.fixes_summary(done, applied=False)
            write(target, text + ("" if self.piped else summary))
            if self.piped:
                sys.stderr.write(summary)
        if result.crashed or self.failed:
            return FAILURE
        return FINDINGS if done.changed and not self.options.exit_zero else SUCCESS

    def fixes_summary(self, done: Repairs, *, applied: bool) -> str:
        from canfar_lint.reporting import Report
        from canfar_lint.reporting.summary import fixes_only

        texts = Texts([])
        return fixes_only(Report(done.left, texts, unsafe=self.unsafe, applied=applied, fixed=done.counts()))

    # -- the report -------------------------------------------------------------------------------------------

    def finish(self, inputs: list[Input], result: RunResult, repairs: Repairs) -> None:
        if self.fix and self.piped:
            sys.stdout.flush()
            sys.stdout.buffer.write(inputs[0].data or b"" if inputs else self.stdin)
            sys.stdout.buffer.flush()
        if self.options.silent:
            return
        result = result._replace(notes=(*self.gone(inputs), *notes(result)))
        for target in self.targets:
            self.report(target, inputs, result, repairs)

    def report(self, target: Target, inputs: list[Input], result: RunResult, repairs: Repairs) -> None:
        from canfar_lint.cli import output
        from canfar_lint.reporting import WITH_SUMMARY, Report

        stream = sys.stderr if self.fix and self.piped and not target.file else None
        least = LEVELS.index(self.settings.min_level) if self.settings.min_level else 0
        shown = [d for d in result.diagnostics if LEVELS.index(d.level) >= least]
        texts = Texts(inputs)
        palette = output.palette(target, self.options.color, stream or sys.stdout)
        report = Report(
            shown,
            texts,
            palette=palette,
            unsafe=self.unsafe,
            applied=self.fix,
            fixed=repairs.counts(),
            notes=result.notes,
            suppressed=result.suppressed,
            hidden=len(result.diagnostics) - len(shown),
            known=self.known,
            catalogue=self.catalogue(target),
            width=output.width(target, stream or sys.stdout),
        )
        if self.fix_only:
            text = "" if self.options.quiet else self.fixes_summary(repairs, applied=True)
        else:
            quiet = self.options.quiet
            watched = self.options.watch and not target.file
            text = output.rendered(target, report, statistics=self.options.statistics, quiet=quiet, watched=watched)
        if self.settings.show_fixes and target.format in WITH_SUMMARY:
            text = output.with_fixes(text, report)
        if self.options.show_suppressed and target.format in WITH_SUMMARY:
            text = output.suppressed(target, Report(result.suppressed, texts, palette=palette)) + text
        output.write(target, text, stream)

    def gone(self, inputs: list[Input]) -> list[str]:
        """What the baseline knows and is not there any more, as a note; with --verbose each of it."""
        if self.baseline is None:
            return []
        from canfar_lint.cli.known import Looked, gone, notes

        looked = Looked(self.baseline, inputs, self.resolver, self.project[1])
        missing = gone(self.baseline, self.known, Texts(inputs), looked)
        for what in sorted(missing):
            self.tell(f"gone: {what.file}: {what.rule} {what.line}")
        return notes(self.baseline, missing)

    def catalogue(self, target: Target) -> Any:
        if target.format != "sarif":
            return None
        from canfar_lint.catalogue import load

        return load(self.settings.extend_rules)

    def status(self, result: RunResult, repairs: Repairs) -> int:
        if result.crashed or self.failed:
            return FAILURE
        if self.options.exit_zero:
            return SUCCESS
        if repairs.applied and self.options.exit_non_zero_on_fix:
            return FINDINGS
        if self.fix_only or self.settings.fail_on == "never":
            return SUCCESS
        least = LEVELS.index(self.settings.fail_on)
        return FINDINGS if any(LEVELS.index(d.level) >= least for d in result.diagnostics) else SUCCESS

    def add_noqa(self, inputs: list[Input], result: RunResult) -> int:
        from canfar_lint.cli.noqa import add

        added = add(inputs, result.diagnostics, self.options.add_noqa)
        for words in added.said:
            self.say(words)
        self.say(f"Added {added.count} marker{'' if added.count == 1 else 's'}.")
        return FAILURE if result.crashed or added.failed else SUCCESS

    def write_baseline(self, inputs: list[Input], result: RunResult) -> int:
        from canfar_lint.cli.known import written

        path: str = self.options.write_baseline
        count = written(path, [*result.diagnostics, *self.known], Texts(inputs), inputs, self.resolver)
        self.say(f"{path} knows {count} problem{'' if count == 1 else 's'}.")
        return FAILURE if result.crashed else SUCCESS

    # -- what is asked instead of linting ---------------------------------------------------------------------

    def show_files(self, inputs: list[Input]) -> int:
        for path in sorted(os.path.abspath(entry.path) for entry in inputs if not entry.error):
            # a program that reads the names gets them as they are
            print(harmless(path) if sys.stdout.isatty() else path)
        return SUCCESS

    def show_settings(self, inputs: list[Input]) -> int:
        from canfar_lint.cli.config import resolved

        if not inputs:
            self.say(_NOTHING)
            return SUCCESS
        first = min(inputs, key=lambda entry: entry.path)
        settings = self.resolver.of_file(first.path)
        text = resolved(first.path, settings, self.resolver.selection(settings))
        print(harmless(text) if sys.stdout.isatty() else text, end="")
        return SUCCESS


def notes(result: RunResult) -> list[str]:
    """What was not looked at, a line each."""
    lines = list(result.notes)
    if result.python2:
        lines.append(f"{_files(result.python2)} in Python 2 that could not be read: not linted.")
    if result.newer:
        lines.append(
            f"{_files(result.newer)} in a newer Python than {sys.version_info[0]}.{sys.version_info[1]}, which runs "
            "canfar-lint: seen by ruff at most."
        )
    return lines


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def project(paths: list[str]) -> tuple[str, bool]:
    """The project's folder as seen from the working directory, and whether all of it was given."""
    first = os.path.abspath(paths[0])
    folder = first if os.path.isdir(first) else os.path.dirname(first)
    root = project_root(folder) or (folder if os.path.isdir(first) else os.getcwd())
    inside = os.path.join(root, "")
    whole = any(os.path.isdir(path) and inside.startswith(os.path.join(os.path.abspath(path), "")) for path in paths)
    return os.path.relpath(root), whole
