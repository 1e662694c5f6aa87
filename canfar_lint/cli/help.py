"""`canfar-lint --help` and `canfar-lint help COMMAND`."""

from __future__ import annotations

from canfar_lint.cli import COMMANDS, FAILURE, main

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

Options:
  -h, --help     Print help
  -V, --version  Print version

`canfar-lint .` lints the folder you are in, `canfar-lint check --help` tells all flags.
"""


def run(arguments: list[str]) -> int:
    if not arguments or arguments[0] == "help":
        print(_HELP, end="")
        return 0
    if arguments[0] in COMMANDS:
        return main([arguments[0], "--help"])
    import sys

    print(f"error: unrecognized command '{arguments[0]}'", file=sys.stderr)
    return FAILURE
