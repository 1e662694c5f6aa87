"""`canfar-lint clean`: removes what can be made again."""

from __future__ import annotations

import os
import sys

# what canfar-lint makes inside its cache folder, which the user may share with others
_OURS = ("rules", "results")


def run(arguments: list[str]) -> int:
    from canfar_lint.catalogue.load import cache_folder
    from canfar_lint.cli.parser import Group, Parser

    parser = Parser("clean", "Remove the cache", "[OPTIONS]")
    Group(parser, "Options").help()
    parser.parse(arguments)
    folder = cache_folder()
    for name in _OURS:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            import shutil

            print(f"Removing cache at: {path}", file=sys.stderr)
            shutil.rmtree(path)
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
    return 0
