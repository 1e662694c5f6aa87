"""argparse with clap's manners: no abbreviations, `--no-…` twins, errors that name what was nearly meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from canfar_lint.cli import FAILURE, PROGRAM


class UsageError(Exception):
    """A flag or a combination of flags that cannot be used; `tip` says what was probably meant."""

    def __init__(self, message: str, tip: str = "") -> None:
        super().__init__(message)
        self.tip = tip


class _Help(argparse.RawDescriptionHelpFormatter):
    # argparse makes a formatter for every flag; with a width it does not ask for the terminal's each time
    columns = 100

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=self.columns)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap

        lines = text.splitlines()
        return "\n".join(
            part for line in lines for part in textwrap.wrap(line, width, subsequent_indent=" " * 5) or [""]
        )

    def _format_action_invocation(self, action: argparse.Action) -> str:
        # a value that need not be there stands behind a `=`
        return super()._format_action_invocation(action).replace(" [=", "[=")

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "Usage: ")


class Parser(argparse.ArgumentParser):
    """The parser of one command."""

    def __init__(self, command: str, description: str, usage: str) -> None:
        super().__init__(
            prog=f"{PROGRAM} {command}",
            usage=f"{PROGRAM} {command} {usage}",
            description=description,
            allow_abbrev=False,
            add_help=False,
            formatter_class=_Help,
        )
        self._optional: set[str] = set()

    def format_help(self) -> str:
        import shutil

        if sys.stdout.isatty():
            _Help.columns = min(100, shutil.get_terminal_size().columns)
        return super().format_help()

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """The arguments, or the end of the program with status 2 and words on stderr."""
        try:
            known, unknown = self.parse_known_args(self._with_values(arguments))
            if unknown:
                raise UsageError(f"unexpected argument '{unknown[0]}' found", self._similar(unknown[0]))
            return known
        except UsageError as e:
            self.refuse(e)

    def optional(self, flag: str) -> None:
        """Let a flag stand without its value, which must follow a `=` then."""
        self._optional.add(flag)

    def _with_values(self, arguments: list[str]) -> list[str]:
        end = arguments.index("--") if "--" in arguments else len(arguments)
        return [f"{word}=" if word in self._optional and at < end else word for at, word in enumerate(arguments)]

    def refuse(self, error: UsageError) -> NoReturn:
        """Say what is wrong with the command line, and end."""
        tip = f"\n  tip: {error.tip}\n" if error.tip else ""
        sys.stderr.write(f"error: {error}\n{tip}\nUsage: {self.usage}\n\nFor more information, try '--help'.\n")
        raise SystemExit(FAILURE)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            name = "/".join(action.option_strings) or action.metavar
            raise UsageError(
                f"invalid value '{value}' for '{name} <{action.metavar}>'\n"
                f"  [possible values: {', '.join(map(str, action.choices))}]",
                nearest(str(value), map(str, action.choices), "a similar value exists"),
            )

    def _similar(self, word: str) -> str:
        flags = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        return nearest(word.partition("=")[0], flags, "a similar argument exists")


def nearest(word: str, known: Iterable[str], words: str) -> str:
    """A tip that names the known word nearest to `word`, "" when none is near."""
    import difflib

    close = difflib.get_close_matches(word, list(known), 1)
    return f"{words}: '{close[0]}'" if close else ""


class Group:
    """A titled part of `--help`, and the flags in it."""

    def __init__(self, parser: Parser, title: str) -> None:
        self._group = parser.add_argument_group(title)

    def switch(self, name: str, meaning: str, short: str = "", default: bool | None = None) -> None:
        """`--name` and its silent twin `--no-name`; None when neither is given. The last one counts."""
        flags = (short, f"--{name}") if short else (f"--{name}",)
        dest = name.replace("-", "_")
        self._group.add_argument(*flags, dest=dest, action="store_true", default=default, help=meaning)
        self._group.add_argument(
            f"--no-{name}", dest=dest, action="store_false", default=default, help=argparse.SUPPRESS
        )

    def off(self, name: str, meaning: str) -> None:
        """`--no-name`, shown, and its silent twin `--name`."""
        dest = name.replace("-", "_")
        self._group.add_argument(f"--no-{name}", dest=dest, action="store_false", default=None, help=meaning)
        self._group.add_argument(f"--{name}", dest=dest, action="store_true", default=None, help=argparse.SUPPRESS)

    def words(self, name: str, meaning: str, **more: Any) -> None:
        """An argument that is no flag."""
        self._group.add_argument(name, help=meaning, **more)

    def flag(self, *flags: str, meaning: str) -> None:
        """A flag without a twin."""
        self._group.add_argument(*flags, action="store_true", help=meaning)

    def value(self, *flags: str, meaning: str, metavar: str, choices: Iterable[str] | None = None, **more: Any) -> None:
        """A flag with a value."""
        self._group.add_argument(
            *flags, metavar=metavar, help=meaning, choices=tuple(choices) if choices else None, **more
        )

    def list(self, name: str, meaning: str, metavar: str) -> None:
        """A flag with values, separated by commas; it may stand several times."""
        self._group.add_argument(f"--{name}", action="extend", type=_split, metavar=metavar, help=meaning)

    def help(self) -> None:
        self._group.add_argument("-h", "--help", action="help", help="Print help")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
