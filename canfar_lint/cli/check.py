"""`canfar-lint check`: settings, discovery, engine, fixing and report, one after the other."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from canfar_lint.cli import FAILURE, FINDINGS, SUCCESS
from canfar_lint.cli.flags import check_conflicts, layers, parser, read_environment
from canfar_lint.cli.output import Target, targets
from canfar_lint.cli.parser import UsageError
from canfar_lint.diagnostic import LEVELS
from canfar_lint.discovery import Input, discover, from_stdin
from canfar_lint.settings.resolve import Resolver, project_root

if TYPE_CHECKING:
    from canfar_lint.diagnostic import Diagnostic
    from canfar_lint.engine import RunResult


def run(arguments: list[str]) -> int:
    """Lint what the command line names; the exit status."""
    made = parser()
    options = made.parse(arguments)
    try:
        check_conflicts(options)
        read_environment(options)
        file, command_line = layers(options)
        resolver = Resolver(command_line, file=file, isolated=options.isolated)
        return Check(options, resolver).run()
    except UsageError as e:
        made.refuse(e)


class Check:
    """One run of `check`."""

    def __init__(self, options: argparse.Namespace, resolver: Resolver) -> None:
        settings = resolver.base
        self.options = options
        self.resolver = resolver
        self.settings = settings
        self.unsafe: bool = settings.unsafe_fixes is True
        self.fix_only: bool = settings.fix_only or options.diff
        self.fix: bool = settings.fix or self.fix_only
        self.targets = targets(options.output_format, options.output_file, settings.output_format)
        if settings.cache_dir:
            os.environ["CANFAR_LINT_CACHE_DIR"] = settings.cache_dir

    def run(self) -> int:
        options = self.options
        inputs = self.inputs()
        if options.show_files:
            return self.show_files(inputs)
        if options.show_settings:
            return self.show_settings(inputs)
        if not inputs:
            self.say("warning: No lintable files found under the given path(s)")
        result = self.lint(inputs)
        return self.finish(inputs, result)

    def say(self, words: str) -> None:
        """Words for the user that are no finding."""
        if not self.options.quiet and not self.options.silent:
            print(words, file=sys.stderr)

    def tell(self, words: str) -> None:
        """Words for a user who asked for many."""
        if self.options.verbose:
            print(words, file=sys.stderr)

    def inputs(self) -> list[Input]:
        if self.options.files == ["-"]:
            name = self.options.stdin_filename or "-"
            entry = from_stdin(name, sys.stdin.buffer.read(), self.resolver)
            return [entry] if entry else []
        found = list(discover(self.options.files or ["."], self.resolver))
        self.tell(f"{len(found)} files to lint, settings from {self.settings.file or 'the defaults'}")
        return found

    def lint(self, inputs: list[Input]) -> RunResult:
        from canfar_lint import engine
        from canfar_lint.engine.file import about_file

        root, whole = project(self.options.files or ["."])
        result = engine.run(
            [(entry.path, entry.kind) for entry in inputs if not entry.error],
            self.resolver,
            texts={entry.path: entry.data for entry in inputs if entry.data is not None},
            jobs=self.options.jobs or 0,
            found=[about_file(entry.path, "CAN002", problem=entry.error) for entry in inputs if entry.error],
            root=root,
            whole_project=whole,
        )
        return result._replace(
            diagnostics=[self.adjusted(diagnostic) for diagnostic in result.diagnostics],
            suppressed=[self.adjusted(diagnostic) for diagnostic in result.suppressed],
        )

    def adjusted(self, diagnostic: Diagnostic) -> Diagnostic:
        return self.resolver.selection(self.resolver.of_file(diagnostic.path)).adjusted(diagnostic)

    # -- the report -------------------------------------------------------------------------------------------

    def finish(self, inputs: list[Input], result: RunResult) -> int:
        diagnostics = result.diagnostics
        if self.options.ignore_noqa:
            from canfar_lint.engine.run import order

            diagnostics = sorted(diagnostics + result.suppressed, key=order)
        if not self.options.silent:
            self.report(inputs, diagnostics, result)
        return self.status(result, diagnostics)

    def report(self, inputs: list[Input], diagnostics: list[Diagnostic], result: RunResult) -> None:
        from canfar_lint.cli import output
        from canfar_lint.cli.texts import Texts
        from canfar_lint.reporting import WITH_SUMMARY, Report

        least = LEVELS.index(self.settings.min_level) if self.settings.min_level else 0
        shown = [d for d in diagnostics if LEVELS.index(d.level) >= least]
        suppressed = [] if self.options.ignore_noqa else result.suppressed
        texts = Texts(inputs)
        for target in self.targets:
            palette = output.palette(target, self.options.color)
            report = Report(
                shown,
                texts,
                palette=palette,
                unsafe=self.unsafe,
                notes=notes(result),
                suppressed=suppressed,
                hidden=len(diagnostics) - len(shown),
                catalogue=self.catalogue(target),
            )
            text = output.rendered(target, report, statistics=self.options.statistics, quiet=self.options.quiet)
            if self.options.show_suppressed and target.format in WITH_SUMMARY:
                text = output.suppressed(target, Report(suppressed, texts, palette=palette)) + text
            output.write(target, text)

    def catalogue(self, target: Target) -> Any:
        if target.format != "sarif":
            return None
        from canfar_lint.catalogue import load

        return load(self.settings.extend_rules)

    def status(self, result: RunResult, diagnostics: list[Diagnostic]) -> int:
        if result.crashed:
            return FAILURE
        if self.options.exit_zero or self.settings.fail_on == "never":
            return SUCCESS
        least = LEVELS.index(self.settings.fail_on)
        return FINDINGS if any(LEVELS.index(d.level) >= least for d in diagnostics) else SUCCESS

    # -- what is asked instead of linting ---------------------------------------------------------------------

    def show_files(self, inputs: list[Input]) -> int:
        for path in sorted(os.path.abspath(entry.path) for entry in inputs if not entry.error):
            print(path)
        return SUCCESS

    def show_settings(self, inputs: list[Input]) -> int:
        from canfar_lint.cli.config import resolved

        if not inputs:
            self.say("warning: No lintable files found under the given path(s)")
            return SUCCESS
        first = min(inputs, key=lambda entry: entry.path)
        settings = self.resolver.of_file(first.path)
        print(resolved(first.path, settings, self.resolver.selection(settings)), end="")
        return SUCCESS


def notes(result: RunResult) -> list[str]:
    """What was not looked at, a line each."""
    lines = list(result.notes)
    if result.python2:
        lines.append(f"{_files(result.python2)} in Python 2 not linted.")
    if result.newer:
        lines.append(
            f"{_files(result.newer)} in a newer Python than {sys.version_info[0]}.{sys.version_info[1]}, which runs "
            "canfar-lint: seen by ruff only."
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
