"""`--watch`: lint, and lint again whenever a file changes, on a clean screen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.cli import PROGRAM, harmless, told
from canfar_lint.cli.parser import UsageError
from canfar_lint.discovery import Input, kind_of
from canfar_lint.settings.resolve import FILE_NAMES

if TYPE_CHECKING:
    from canfar_lint.cli.check import Check

# milliseconds: what happens together is one change, and how soon Ctrl-C is heard
_TOGETHER, _STEP, _WAKE = 400, 50, 200
_UNREAD = -1.0
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
# what is not linted itself and yet decides what is found
_DECIDES = (*FILE_NAMES, ".gitignore", ".ignore", ".dockerignore")
_RULES = (".yaml", ".yml", ".toml")


def run(files: list[str], start: Callable[[], Check]) -> int:
    """Lint what `start` stands for at every change below the files and folders, until Ctrl-C.

    Raises `UsageError` where nothing can be watched.
    """
    seen = _Seen(files)
    changes = _changes(files, seen)
    next(changes)  # from here on no change is missed
    say("Starting linter in watch mode...", clear=True)
    _round(start, seen)
    for changed in changes:
        if changed or seen.elsewhere():
            say("File change detected...", clear=True)
            _round(start, seen)
    return 0


def say(words: str, *, clear: bool = False) -> None:
    """A line with the time."""
    if clear and sys.stdout.isatty():
        sys.stdout.write(_CLEAR)
    sys.stdout.write(f"[{time.strftime('%H:%M:%S')}] {words}\n\n")
    sys.stdout.flush()


class _Seen:
    """Which changes matter: those of what was linted, of what may be, and of what decides what is found."""

    def __init__(self, files: list[str]) -> None:
        self.inputs: list[Input] = []
        self._stamps: dict[str, float] = {}
        self._named = {os.path.abspath(path) for path in files if not os.path.isdir(path)}
        self._folders = tuple(os.path.join(os.path.abspath(path), "") for path in files if os.path.isdir(path))

    def __call__(self, change: object, path: str) -> bool:
        if path in self._named:
            return True
        folder, name = os.path.split(path)
        if not os.path.join(folder, "").startswith(self._folders or "\0") or _is_temporary(name):
            return False
        suffix = os.path.splitext(name)[1]
        if name in _DECIDES or suffix in _RULES or not suffix or kind_of(path):
            return ".git" not in path.split(os.sep)
        return suffix in {os.path.splitext(entry.path)[1] for entry in self.inputs}

    def take(self, inputs: list[Input], others: list[str], began: float) -> None:
        """Remember what a run looked at, and the files elsewhere that it went by: settings, a baseline.

        What has changed since it `began`, in seconds, it may have read as it was: that counts as a change to come.
        """
        self.inputs = inputs
        now = time.time()
        self._stamps = {p: _UNREAD if began <= (at := _stamp(p)) <= now else at for p in others}

    def elsewhere(self) -> bool:
        """Whether a file that a run went by has changed outside of what is watched."""
        return any(_stamp(path) != stamp for path, stamp in self._stamps.items())


def _stamp(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _is_temporary(name: str) -> bool:
    """Whether a file is what an editor, or we ourselves, write before it takes another's place."""
    return name.endswith(("~", ".swp", ".swx", ".part", ".canfar-lint-tmp")) or name.startswith((".#", "4913"))


def _changes(files: list[str], wanted: Callable[[Any, str], bool]) -> Iterator[bool]:
    """True for each bundle of changes, False while there are none.

    Folders are watched, never files: an editor that writes a new file and renames it leaves nobody watching the old.
    """
    try:
        from watchfiles import watch
    except ImportError:
        raise UsageError("--watch needs a library: pip install 'canfar-lint[watch]'") from None
    folders = {os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path) or ".") for path in files}
    missing = sorted(folder for folder in folders if not os.path.isdir(folder))
    if missing:
        raise UsageError(f"{missing[0]} cannot be watched: there is no such folder")
    bundles = watch(
        *sorted(folders),
        watch_filter=wanted,
        debounce=_TOGETHER,
        step=_STEP,
        rust_timeout=_WAKE,
        yield_on_timeout=True,
        recursive=any(os.path.isdir(path) for path in files),
        ignore_permission_denied=True,
    )
    yield from map(bool, bundles)


def _round(start: Callable[[], Check], seen: _Seen) -> None:
    """One run. What is wrong with settings or rules is told, and may be mended."""
    import gc

    from canfar_lint.catalogue.load import forget

    # a run leaves what it made out of the collector's sight, since most processes end then; this one goes on
    gc.unfreeze()
    forget()
    began = time.time() - _STEP / 1000  # file systems keep a coarser clock
    try:
        check = start()
        inputs = check.watched()
        seen.take(inputs, check.went_by(inputs), began)
    except Exception as e:
        words = told(e)
        if not words:
            raise
        print(f"{PROGRAM} failed\n  Cause: {harmless(words)}\n\nWatching for file changes.", file=sys.stderr)
    finally:
        sys.stdout.flush()
