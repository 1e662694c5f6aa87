"""`canfar-lint clean`: removes what can be made again."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canfar_lint.cli.parser import Parser

# what canfar-lint makes inside its cache folder, which the user may share with others
_OURS = ("rules", "results")
_TRIES = 20


def parser() -> Parser:
    """The parser of `clean`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser("clean", "Remove the cache", "[OPTIONS]")
    options = Group(made, "Options")
    options.value("--cache-dir", metavar="FOLDER", meaning="Where it is [env: CANFAR_LINT_CACHE_DIR]")
    options.help()
    return made


def run(arguments: list[str]) -> int:
    from canfar_lint.catalogue.load import cache_folder
    from canfar_lint.settings.resolve import Resolver

    options = parser().parse(arguments)
    if options.cache_dir:
        os.environ["CANFAR_LINT_CACHE_DIR"] = options.cache_dir
    if not os.environ.get("CANFAR_LINT_CACHE_DIR") and (chosen := Resolver().base.cache_dir):
        os.environ["CANFAR_LINT_CACHE_DIR"] = chosen
    folder = cache_folder()
    for name in _OURS:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            print(f"Removing cache at: {path}", file=sys.stderr)
            _remove(path)
    with suppress(OSError):  # not there, or not empty
        os.rmdir(folder)
    return 0


def _remove(path: str) -> None:
    """Remove a folder in which others may be writing, or which they remove as well."""
    import shutil

    # aside first: a run that writes meanwhile begins a folder of its own
    aside = f"{path}.{os.getpid()}"
    with suppress(FileNotFoundError):
        os.rename(path, aside)
    for left in reversed(range(_TRIES)):
        try:
            shutil.rmtree(aside)
        except FileNotFoundError:
            return
        except OSError as e:
            # what was being made in it at that moment
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not left:
                raise
