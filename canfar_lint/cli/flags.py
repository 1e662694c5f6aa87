"""The flags of `check`, and the settings they stand for."""

from __future__ import annotations

import argparse
import os
from typing import Any

from canfar_lint.cli.parser import Group, Parser, UsageError
from canfar_lint.settings.keys import BY_NAME, FORMATS, LEVELS, PYTHON_VERSIONS
from canfar_lint.settings.settings import Layer, SettingsError

_DESCRIPTION = "Lint the given files or folders"
_EXIT = """\
Exit status:
  0  nothing at or above --fail-on, or --exit-zero
  1  findings, a file that does not parse, a path that does not exist; with --diff: there is something to change
  2  an unknown rule or flag, settings that cannot be read, an internal error"""

# settings that a flag of the same name overrides as it is
_PLAIN = (
    "fix", "fix-only", "unsafe-fixes", "show-fixes", "preview", "ruff", "hadolint", "target-version", "fail-on",
    "min-level", "select", "ignore", "extend-select", "fixable", "unfixable", "extend-fixable", "exclude",
    "extend-exclude", "respect-gitignore", "force-exclude", "cache-dir",
)  # fmt: skip
# flags that ask for something else than a report, of which a run can do one
_INSTEAD = ("interactive", "diff", "watch", "add-noqa", "write-baseline", "show-files", "show-settings", "statistics")
_CONFLICTS = (
    *((one, other) for number, one in enumerate(_INSTEAD) for other in _INSTEAD[number + 1 :]),
    ("jobs", "executor"),
    ("diff", "show-fixes"),
    ("add-noqa", "fix"),
    ("add-noqa", "fix-only"),
    ("add-noqa", "ignore-noqa"),
    ("add-noqa", "stdin-filename"),
    ("write-baseline", "fix"),
    ("write-baseline", "fix-only"),
    ("write-baseline", "stdin-filename"),
    ("exit-zero", "exit-non-zero-on-fix"),
    ("interactive", "silent"),
    ("verbose", "quiet"),
    ("verbose", "silent"),
    ("quiet", "silent"),
)


def parser() -> Parser:
    """The parser of `check`."""
    made = Parser("check", _DESCRIPTION, "[OPTIONS] [FILES]...")
    made.epilog = _EXIT
    made.optional("--add-noqa")
    files = "Files or folders to lint, or `-` for standard input [default: .]"
    Group(made, "Arguments").words("files", files, nargs="*", metavar="FILES")
    _options(Group(made, "Options"))
    _selection(Group(made, "Rule selection"))
    _files(Group(made, "File selection"))
    _request(Group(made, "The request scripts run under"))
    _rest(made)
    return made


def _options(group: Group) -> None:
    group.switch("fix", "Repair what has a safe fix")
    group.switch("unsafe-fixes", "Repair also what may change behaviour")
    group.switch("show-fixes", "List what was repaired")
    group.flag("--diff", meaning="Print what --fix would change and write nothing; exit 0 if that is nothing")
    group.flag("-w", "--watch", meaning="Lint again whenever a file changes")
    group.flag("--interactive", meaning="Ask for every fix whether to make it, and show what it changes; implies --fix")
    group.switch("fix-only", "Repair, but neither report nor fail on what is left; implies --fix")
    group.flag("--ignore-noqa", meaning="Report what markers suppress")
    group.value(
        "--output-format",
        action="append",
        metavar="FORMAT[:FILE]",
        meaning=f"The form of the report: {', '.join(FORMATS)} [default: full on a terminal, else concise; env: "
        "CANFAR_LINT_OUTPUT_FORMAT]. May stand several times, each with a file to write to",
    )
    group.value(
        "-o", "--output-file", metavar="FILE", meaning="Write the report to FILE [env: CANFAR_LINT_OUTPUT_FILE]"
    )
    group.value(
        "--target-version",
        metavar="VERSION",
        choices=PYTHON_VERSIONS,
        meaning=f"The oldest Python the code must run on: {PYTHON_VERSIONS[0]} to {PYTHON_VERSIONS[-1]}",
    )
    group.switch("preview", "Let ruff use rules and fixes that are not stable")
    group.flag("--statistics", meaning="Count the findings of every rule")
    group.value(
        "--add-noqa",
        metavar="[=REASON]",
        meaning="Write a marker `# canfar: ignore[...]` at all that is found, with a reason",
    )
    group.value("--baseline", metavar="FILE", meaning="Report only what FILE does not know")
    group.value("--write-baseline", metavar="FILE", meaning="Write all that is found to FILE, which knows it then")
    group.flag("--show-files", meaning="List the files that would be linted")
    group.flag("--show-settings", meaning="Print the settings of a file, and where each comes from")
    group.value(
        "--min-level",
        metavar="LEVEL",
        choices=LEVELS,
        meaning="Show only findings at or above error, warning or advice",
    )
    group.value(
        "--fail-on",
        metavar="LEVEL",
        choices=(*LEVELS, "never"),
        meaning="Exit 1 for findings at or above error, warning or advice, or never [default: warning]",
    )
    group.flag("--show-suppressed", meaning="List also what markers suppress; it does not count for the exit status")
    group.off("ruff", "Do not run ruff beside our own rules")
    group.off("hadolint", "Do not run hadolint over Dockerfiles")


def _selection(group: Group) -> None:
    rules = "Comma-separated codes, prefixes, names, sections or ALL"
    group.list("select", f"{rules} to enable, in place of the default set", "RULES")
    group.list("ignore", f"{rules} to disable", "RULES")
    group.list("extend-select", f"{rules} to enable beside the others", "RULES")
    group.list("per-file-ignores", "PATTERN:RULE pairs to disable in the files of a pattern", "PAIRS")
    group.list("extend-per-file-ignores", "The same, on top of those of the settings", "PAIRS")
    group.list("fixable", "Rules whose fixes may be applied", "RULES")
    group.list("unfixable", "Rules whose fixes may not be applied", "RULES")
    group.list("extend-fixable", "Rules whose fixes may be applied beside those of fixable", "RULES")


def _files(group: Group) -> None:
    group.list("exclude", "Files and folders to leave out, in place of the default ones", "PATTERNS")
    group.list("extend-exclude", "Files and folders to leave out beside the others", "PATTERNS")
    group.switch("respect-gitignore", "Leave out what .gitignore and other ignore files name [default]")
    group.switch("force-exclude", "Leave excluded files out even when they are named here")


def _request(group: Group) -> None:
    group.value(
        "--cores", metavar="N", type=_number("cores", int), meaning="Judge scripts as if this many cores were requested"
    )
    group.value(
        "--ram", metavar="GB", type=_number("ram", float), meaning="Judge scripts as if this much RAM was requested"
    )
    group.value(
        "--replicas", metavar="N", type=_number("replicas", int), meaning="Judge scripts as if this many replicas ran"
    )


def _rest(made: Parser) -> None:
    group = Group(made, "Miscellaneous")
    group.value(
        "--stdin-filename", metavar="FILE", meaning="The name of what comes on standard input; it tells its kind"
    )
    group.flag("-n", "--no-cache", meaning="Keep no results [env: CANFAR_LINT_NO_CACHE]")
    group.value("--cache-dir", metavar="FOLDER", meaning="Where results are kept [env: CANFAR_LINT_CACHE_DIR]")
    group.value(
        "--jobs", metavar="N", type=_number("jobs", int), meaning="Worker processes [default: one for each core]"
    )
    group.value(
        "--executor",
        metavar="dask://HOST:PORT",
        meaning="Lint the files on this Dask cluster, whose workers have canfar-lint [default: on this machine]",
    )
    group.flag("-e", "--exit-zero", meaning="Exit 0 even when there are findings")
    group.flag("--exit-non-zero-on-fix", meaning="Exit 1 when something was repaired, even if nothing is left")
    logs = Group(made, "Log levels")
    logs.flag("-v", "--verbose", meaning="Say also what was done")
    logs.flag("-q", "--quiet", meaning="Print findings, but nothing else")
    logs.flag("-s", "--silent", meaning="Print nothing; the exit status tells")
    shared = Group(made, "Global options")
    shared.value(
        "--config",
        action="append",
        metavar='FILE|"KEY = VALUE"',
        meaning="A settings file in place of those found, or one setting [env: CANFAR_LINT_CONFIG]",
    )
    shared.flag("--isolated", meaning="Use no settings files")
    shared.value(
        "--color",
        metavar="WHEN",
        choices=("auto", "always", "never"),
        default="auto",
        meaning="Whether to use colour: auto, always, never [default: auto]",
    )
    shared.help()


def _number(name: str, kind: type[int] | type[float]) -> Any:
    def convert(text: str) -> int | float:
        try:
            value = kind(text)
            if 0 < value < float("inf"):
                return value
        except ValueError:
            pass
        raise UsageError(f"invalid value '{text}' for '--{name}': it must be a number above 0")

    return convert


def check_conflicts(options: argparse.Namespace) -> None:
    """Raises `UsageError` for flags that exclude each other."""
    for one, other in _CONFLICTS:
        if _is_given(options, one) and _is_given(options, other):
            raise UsageError(f"the argument '--{one}' cannot be used with '--{other}'")
    for name in ("interactive", "watch", "add-noqa", "write-baseline"):
        if "-" in options.files and _is_given(options, name):
            raise UsageError(f"the argument '--{name}' cannot be used with standard input")
    if options.interactive and options.fix is False:
        raise UsageError("the argument '--interactive' cannot be used with '--no-fix'")
    if "-" in options.files and len(options.files) > 1:
        raise UsageError("`-` (standard input) cannot be used with other files")
    if options.executor:
        from canfar_lint.engine.cluster import is_address

        if not is_address(options.executor):
            raise UsageError(f"invalid value '{options.executor}' for '--executor': expected dask://HOST:PORT")


def _is_given(options: argparse.Namespace, flag: str) -> bool:
    return getattr(options, flag.replace("-", "_")) not in (None, False)


def read_environment(options: argparse.Namespace) -> None:
    """Fill in from the environment what no flag says."""
    environ = os.environ
    options.output_format = options.output_format or _filled(environ.get("CANFAR_LINT_OUTPUT_FORMAT"))
    options.output_file = options.output_file or environ.get("CANFAR_LINT_OUTPUT_FILE") or None
    options.cache_dir = options.cache_dir or environ.get("CANFAR_LINT_CACHE_DIR") or None
    options.config = options.config or _filled(environ.get("CANFAR_LINT_CONFIG"))
    options.no_cache = options.no_cache or environ.get("CANFAR_LINT_NO_CACHE", "").lower() in ("1", "true", "yes", "on")


def _filled(text: str | None) -> list[str] | None:
    return [text] if text else None


def layers(options: argparse.Namespace) -> tuple[str, tuple[Layer, ...]]:
    """The settings file of `--config` ("" for none), and what the flags set, the strongest last.

    Raises `UsageError`, `SettingsError`.
    """
    here = os.getcwd()
    file = ""
    made: list[Layer] = []
    for given in options.config or ():
        if os.path.isfile(given):
            if file:
                raise UsageError("more than one settings file is given with '--config'")
            file = given
            continue
        made.append(_inline(given, here))
    if file and options.isolated:
        raise UsageError(f"the argument '--config={file}' cannot be used with '--isolated'")
    values = _flag_values(options, here)
    return file, (*made, Layer("", values)) if values else tuple(made)


def _inline(given: str, here: str) -> Layer:
    from canfar_lint.settings.read import inline_layer

    try:
        layer = inline_layer(given, here)
    except SettingsError as e:
        raise UsageError(f"invalid value '{given}' for '--config': {str(e).removeprefix('--config: ')}") from None
    if layer is None:
        raise UsageError(f"invalid value '{given}' for '--config': it is neither a file nor KEY = VALUE")
    return layer


def _flag_values(options: argparse.Namespace, here: str) -> dict[str, Any]:
    given = {name: getattr(options, name.replace("-", "_")) for name in _PLAIN}
    given["per-file-ignores"] = _pairs("per-file-ignores", options.per_file_ignores)
    given["extend-per-file-ignores"] = _pairs("extend-per-file-ignores", options.extend_per_file_ignores)
    request = {name: getattr(options, name) for name in BY_NAME["request"].choices}
    given["request"] = {name: value for name, value in request.items() if value is not None} or None
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        return given
    from canfar_lint.settings.values import WrongValue, checked

    try:
        return {name: checked(BY_NAME[name], value, here) for name, value in given.items()}
    except WrongValue as e:
        raise UsageError(f"a flag {e}") from None


def _pairs(flag: str, pairs: list[str] | None) -> dict[str, list[str]] | None:
    if pairs is None:
        return None
    table: dict[str, list[str]] = {}
    for pair in pairs:
        pattern, colon, rule = pair.rpartition(":")
        if not colon or not pattern or not rule:
            raise UsageError(f"invalid value '{pair}' for '--{flag}': expected PATTERN:RULE")
        table.setdefault(pattern.strip(), []).append(rule.strip())
    return table
