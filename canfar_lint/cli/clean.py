"""`canfar-lint clean`: removes what can be made again."""

from __future__ import annotations

import os
import sys


def run(arguments: list[str]) -> int:
    from canfar_lint.catalogue.load import cache_folder
    from canfar_lint.cli.parser import Group, Parser

    parser = Parser("clean", "Remove the cache", "[OPTIONS]")
    Group(parser, "Options").help()
    parser.parse(arguments)
    folder = cache_folder()
    if os.path.isdir(folder):
        import shutil

        print(f"Removing cache at: {folder}", file=sys.stderr)
        shutil.rmtree(folder)
    return 0
