"""`canfar-lint graph`: which request runs which script in which image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canfar_lint.cli import FAILURE, SUCCESS

if TYPE_CHECKING:
    from canfar_lint.cli.parser import Parser


def parser() -> Parser:
    """The parser of `graph`."""
    from canfar_lint.cli.parser import Group, Parser
    from canfar_lint.reporting.graph import FORMATS

    made = Parser("graph", "Show which request runs which script in which image", "[OPTIONS] [FILES]...")
    Group(made, "Arguments").words("files", "Files or folders to read [default: .]", nargs="*", metavar="FILES")
    options = Group(made, "Options")
    options.value(
        "--output-format", meaning=f"The form: {', '.join(FORMATS)}", metavar="FORMAT", choices=FORMATS, default="text"
    )
    options.value("-o", "--output-file", metavar="FILE", meaning="Write the graph to FILE")
    options.value("--config", action="append", metavar='FILE|"KEY = VALUE"', meaning="A settings file, or one setting")
    options.flag("--isolated", meaning="Use no settings files")
    options.help()
    return made


def run(arguments: list[str]) -> int:
    """Print the graph of the project under the paths; the exit status."""
    from canfar_lint.cli.check import Check
    from canfar_lint.cli.flags import layers
    from canfar_lint.cli.flags import parser as check_parser
    from canfar_lint.cli.output import Target, write
    from canfar_lint.cli.parser import UsageError
    from canfar_lint.pipeline.graph import graph
    from canfar_lint.reporting.graph import render
    from canfar_lint.settings.resolve import Resolver

    made = parser()
    given = made.parse(arguments)
    # the files are linted as `check` lints them, for the findings on each node
    chosen = check_parser().parse([])
    chosen.files, chosen.config, chosen.isolated = given.files, given.config, given.isolated
    try:
        file, command_line = layers(chosen)
        check = Check(chosen, Resolver(command_line, file=file, isolated=given.isolated))
        result = check.lint(check.inputs())
    except UsageError as e:
        made.refuse(e)
    write(Target("", given.output_file or ""), render(graph(result.project, result.diagnostics), given.output_format))
    return FAILURE if result.crashed else SUCCESS
