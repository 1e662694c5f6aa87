"""`canfar-lint version`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from canfar_lint.cli.parser import Parser


def parser() -> Parser:
    """The parser of `version`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser("version", "Display canfar-lint's version", "[OPTIONS]")
    options = Group(made, "Options")
    options.value(
        "--output-format", meaning="The form of the answer", metavar="FORMAT", choices=("text", "json"), default="text"
    )
    options.help()
    return made


def run(arguments: list[str]) -> int:
    from canfar_lint import __version__

    if arguments and parser().parse(arguments).output_format == "json":
        import json

        print(json.dumps({"version": __version__}))
    else:
        print(f"canfar-lint {__version__}")
    return 0
