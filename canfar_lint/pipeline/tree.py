"""What the disk says about the files around a finding: existence, size, mode. Asked only when a candidate needs it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

# folders whose files are not the program's own, or stand in for larger ones
_NOT_OURS = frozenset(("node_modules", "site-packages", "venv", "__pycache__", "build", "dist", "tests", "test"))
_SOURCES = (".py", ".pyx", ".so")
_MANY = 20_000
_MOST_LISTED = 500
# what Git LFS leaves in place of a file that is not fetched
_POINTER = re.compile(rb"version https://git-lfs\S*\n(?:\w+ .*\n)*?size (\d+)\n")
_MOST_POINTER = 1024


class Tree:
    """The project's folder, read on demand and remembered. Never opens what is not a regular file."""

    def __init__(self, root: str = ".", texts: dict[str, bytes] | None = None) -> None:
        """`texts` is the content of files that is not, or not yet, on disk."""
        self.root = root
        self.texts = texts or {}
        self._sizes: dict[str, int | None] = {}
        self._folders: dict[str, dict[str, int]] = {}

    def size(self, path: str) -> int | None:
        """Bytes of a regular file, None where there is none; see `content_size` for files kept in Git LFS."""
        if path not in self._sizes:
            try:
                found = os.stat(path)
            except (OSError, ValueError):
                self._sizes[path] = None
            else:
                self._sizes[path] = found.st_size if _is_file(found.st_mode) else None
        return self._sizes[path]

    def content_size(self, path: str) -> int | None:
        """Bytes of a file as it is when fetched: of a pointer of Git LFS those that it names."""
        size = self.size(path)
        if size is None or not 0 < size <= _MOST_POINTER:
            return size
        try:
            with open(path, "rb") as file:
                pointer = _POINTER.match(file.read(_MOST_POINTER))
        except OSError:
            return size
        return int(pointer[1]) if pointer else size

    def beside(self, path: str, subject: str) -> str | None:
        """The file that `subject` names for the file at `path`: relative to its folder, or to the root."""
        if os.path.isabs(subject):
            return subject if self.size(subject) is not None else None
        for folder in (os.path.dirname(path), self.root):
            candidate = os.path.normpath(os.path.join(folder, subject))
            if self.size(candidate) is not None:
                return candidate
        return None

    def filled(self, path: str, subject: str) -> list[int]:
        """The bytes of the files that `subject` may name for the file at `path`, with any words in place of `{}`.

        They are looked for in its folder, then from the root; `*/results/name_{}.csv` in any folder of that name.
        None where a folder, or the tree, has more than is worth a look.
        """
        below, _, name = subject.rpartition("/")
        pattern = re.compile(r"[^/]+".join(map(re.escape, name.split("{}"))))
        if below.startswith("*/"):
            places = (path for each in self._index if pattern.fullmatch(each) for path, _ in self._index[each])
            return self._content_sizes(self.root, [p for p in places if f"/{p}".rpartition("/")[0].endswith(below[1:])])
        for folder in (os.path.dirname(path), self.root):
            place = os.path.normpath(os.path.join(folder, below))
            if os.path.relpath(place, self.root).split(os.sep)[0] == os.pardir:
                continue  # what a linted file says is no reason to list other folders
            names = [each for each in self._listed(place) if pattern.fullmatch(each)]
            if names:
                return self._content_sizes(place, names)
        return []

    def _listed(self, folder: str) -> dict[str, int]:
        """The files of a folder with their bytes; none where they are many."""
        if folder not in self._folders:
            try:
                with os.scandir(folder) as entries:
                    first = list(islice(entries, _MOST_LISTED + 1))
                files = {each.name: each.stat().st_size for each in first if each.is_file()}
            except OSError:
                first, files = [], {}
            self._folders[folder] = files if len(first) <= _MOST_LISTED else {}
        return self._folders[folder]

    def ending(self, tail: str) -> list[int]:
        """The bytes of the files whose paths end with `tail` (`/data/name.csv`), those of tests left out.

        Empty where the tree has more files than is worth looking through.
        """
        found = [path for path, _ in self._index.get(tail.rpartition("/")[2], ()) if f"/{path}".endswith(tail)]
        return self._content_sizes(self.root, found)

    def _content_sizes(self, folder: str, paths: list[str]) -> list[int]:
        sizes = (self.content_size(os.path.join(folder, path)) for path in paths)
        return [size for size in sizes if size is not None]

    def called(self, pattern: re.Pattern[str]) -> list[str]:
        """The files below the root whose names match; none where the tree has more than is worth looking through."""
        names = [name for name in self._index if pattern.fullmatch(name)]
        return [os.path.join(self.root, path) for name in names for path, _ in self._index[name]]

    @cached_property
    def _index(self) -> dict[str, list[tuple[str, int]]]:
        """The files below the root by their names."""
        found: dict[str, list[tuple[str, int]]] = {}
        for count, (path, size) in enumerate(self.walk(self.root, _NOT_OURS)):
            if count >= _MANY:
                return {}
            found.setdefault(path.rpartition("/")[2], []).append((path, size))
        return found

    def has_module(self, folder: str, name: str) -> bool:
        """Whether a folder has the module or the package that a dotted name begins with."""
        first, _, rest = name.partition(".")
        stem = os.path.join(folder, first)
        within = [os.path.join(stem, each) for each in ("__init__", rest.partition(".")[0]) if each]
        return any(self.size(f"{each}{suffix}") is not None for each in (stem, *within) for suffix in _SOURCES)

    def read(self, path: str, most: int = 1 << 20) -> str | None:
        """The text of a regular file of at most `most` bytes, None where there is none."""
        if path in self.texts:
            return self.texts[path].decode("utf-8", "surrogateescape")
        size = self.size(path)
        if size is None or size > most:
            return None
        try:
            with open(path, "rb") as file:
                return file.read(most).decode("utf-8", "surrogateescape")
        except OSError:
            return None

    def content(self, path: str, most: int = 1 << 22) -> bytes | None:
        """The content of a regular file of at most `most` bytes, None where there is none."""
        if path in self.texts:
            return self.texts[path]
        size = self.size(path)
        if size is None or size > most:
            return None
        try:
            with open(path, "rb") as file:
                return file.read(most)
        except OSError:
            return None

    def walk(self, folder: str, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
        """Every regular file below a folder as (path relative to it, bytes); links are not followed.

        With names of folders to leave `without`, hidden folders are left out too.
        """
        stack = [""]
        while stack:
            below = stack.pop()
            try:
                entries = sorted(os.scandir(os.path.join(folder, below)), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                name = f"{below}/{entry.name}" if below else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if not without or not (entry.name in without or entry.name.startswith(".")):
                        stack.append(name)
                elif entry.is_file(follow_symlinks=False):
                    yield name, entry.stat(follow_symlinks=False).st_size


def _is_file(mode: int) -> bool:
    import stat

    return stat.S_ISREG(mode)
