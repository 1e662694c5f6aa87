"""`canfar-lint --help` and `canfar-lint help COMMAND`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canfar_lint.cli import COMMANDS, FAILURE, main

if TYPE_CHECKING:
    from canfar_lint.cli.parser import Parser

_HELP = """\
canfar-lint: finds and repairs what will hang, fail, lose results or waste the request on the CANFAR Science Platform

Usage: canfar-lint [OPTIONS] [COMMAND] [FILES]...

Commands:
  check    Lint the given files or folders; the command when none is named
  graph    Show which request runs which script in which image
  rule     Explain a rule (or all rules)
  config   List or describe the settings
  clean    Remove the cache
  version  Display canfar-lint's version
  help     Print this message or the help of a command
  generate-shell-completion  Print what bash, fish or zsh needs to complete all this

Options:
  -h, --help     Print help
  -V, --version  Print version

`canfar-lint .` lints the folder you are in, `canfar-lint check --help` tells all flags.
"""


def parser() -> Parser:
    """The parser of `help`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser("help", "Print the help of canfar-lint or of a command", "[COMMAND]")
    Group(made, "Arguments").words("command", "The command", nargs="?", metavar="COMMAND", choices=tuple(COMMANDS))
    return made


def run(arguments: list[str]) -> int:
    if not arguments or arguments[0] == "help":
        print(_HELP, end="")
        return 0
    if arguments[0] in COMMANDS:
        return main([arguments[0], "--help"])
    import sys

    print(f"error: unrecognized command '{arguments[0]}'", file=sys.stderr)
    return FAILURE
