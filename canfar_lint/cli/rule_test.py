"""`canfar-lint rule --test PATH`: whether the examples of rules hold, with the difference where one does not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from canfar_lint.catalogue import Catalogue, Rule, load
from canfar_lint.catalogue.examples import Bench, Example, Failed, check_bad, check_good, examples
from canfar_lint.catalogue.schema import RuleError
from canfar_lint.cli import FAILURE, FINDINGS, SUCCESS
from canfar_lint.reporting import escape
from canfar_lint.settings.settings import SettingsError


def run(path: str) -> int:
    """Test the rules of a folder in the catalogue's form, or one rule's file; the exit status.

    Raises `RuleError`, `OSError`.
    """
    folder, only = _where(path)
    catalogue = load((folder,))
    own = {code for code in catalogue.rules if not code.startswith("CAN") and (not only or code == only)}
    broken = [b for b in catalogue.broken if not only or Path(b["path"]).stem.startswith(f"{only}-")]
    for entry in broken:
        print(f"{_shown(entry['path'])}:{entry['line']}: this is no rule: {escape.one_line(entry['problem'])}")
    chosen = examples((folder,), own) if own else []
    lines = _Lines(folder, catalogue)
    failed = sum(not _holds(example, folder, lines) for example in chosen)
    checked = {code for code in own if "python" in catalogue.rules[code].body or _check_of(catalogue.rules[code])}
    for code in sorted(own - checked):
        print(f"{lines.of(code, 0)}: {code} has neither a `python` table nor a check in an installed package")
    for code in sorted(own - {example.code for example in chosen}):
        print(f"{lines.of(code, 0)}: {code} has no examples")
    count = f"{len(chosen)} example{'' if len(chosen) == 1 else 's'}"
    rules = f"{len(own)} rule{'' if len(own) == 1 else 's'}"
    print(f"{count} of {rules}: {len(chosen) - failed} passed, {failed} failed.")
    if broken or not own or own != checked:
        return FAILURE
    return FINDINGS if failed else SUCCESS


def _where(path: str) -> tuple[str, str]:
    """The folder of rules, and the code of the one rule that is meant, "" for all."""
    if path.startswith("package:") or os.path.isdir(path):
        return path if path.startswith("package:") else os.path.abspath(path), ""
    if not os.path.isfile(path):
        raise RuleError(f"{path}: there is no such file or folder")
    file = Path(os.path.abspath(path))
    return str(file.parent.parent), file.stem.partition("-")[0]


def _check_of(rule: Rule) -> bool:
    from canfar_lint.checks import module_of

    try:
        return module_of(rule) is not None
    except Exception as e:
        print(f"the check of {rule.code} cannot be loaded: {type(e).__name__}: {escape.one_line(str(e))}")
        return False


def _holds(example: Example, folder: str, lines: _Lines) -> bool:
    """Run one example in a folder of its own; what is wrong with it is printed."""
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        try:
            bench = Bench(example, Path(work), (folder,))
            check_bad(bench) if example.bad else check_good(bench)
            return True
        except (Failed, SettingsError) as e:
            problem = e
        finally:
            os.chdir(here)
    kind = "bad" if example.bad else "good"
    words = problem.words if isinstance(problem, Failed) else str(problem)
    print(f"{lines.of(example.code, example.number)}: {example.code} {kind} example: {escape.one_line(words)}")
    if isinstance(problem, Failed):
        print("".join(f"    {escape.source(line)}\n" for line in problem.diff().splitlines()), end="")
    return False


class _Lines:
    """Where examples stand in their rule's file."""

    def __init__(self, folder: str, catalogue: Catalogue) -> None:
        from canfar_lint.catalogue.load import site_folder

        self._folder = site_folder(folder)
        self._rules = catalogue.rules
        self._read: dict[str, dict[str, Any]] = {}

    def of(self, code: str, number: int) -> str:
        """`file:line` of an example (1-based), of the rule itself for 0."""
        from canfar_lint.catalogue.schema import read

        rule = self._rules[code]
        path = Path(self._folder, rule.section, f"{code}-{rule.name}.yaml")
        if not number:
            return f"{_shown(str(path))}:1"
        if code not in self._read:
            self._read[code] = read(path, rule.section)
        return f"{_shown(str(path))}:{self._read[code]['examples'][number - 1].line}"


def _shown(path: str) -> str:
    from canfar_lint.settings.read import shown

    return escape.path(shown(path))
