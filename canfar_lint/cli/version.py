"""`canfar-lint version`."""

from __future__ import annotations


def run(arguments: list[str]) -> int:
    from canfar_lint import __version__

    if arguments:
        from canfar_lint.cli.parser import Group, Parser

        parser = Parser("version", "Display canfar-lint's version", "[OPTIONS]")
        options = Group(parser, "Options")
        options.value(
            "--output-format",
            meaning="The form of the answer",
            metavar="FORMAT",
            choices=("text", "json"),
            default="text",
        )
        options.help()
        if parser.parse(arguments).output_format == "json":
            import json

            print(json.dumps({"version": __version__}))
            return 0
    print(f"canfar-lint {__version__}")
    return 0
