"""The modes of files in git's index: what a fresh clone, and so a build on another machine, will have.

Read by the format's own description (versions 2 to 4, `gitformat-index`), without running git.
"""

from __future__ import annotations

import os

_MOST_BYTES = 64 << 20
_FLAG_EXTENDED = 0x4000


class Index:
    """The modes by path relative to `root`, the repository's work tree."""

    def __init__(self, root: str, modes: dict[str, int]) -> None:
        self.root = root
        self.modes = modes

    def executable(self, path: str) -> bool | None:
        """Whether the index has a file as executable; None when it does not have the file."""
        relative = os.path.relpath(os.path.realpath(path), self.root).replace(os.sep, "/")
        mode = self.modes.get(relative)
        return None if mode is None else bool(mode & 0o111)


def index_of(folder: str) -> Index | None:
    """The index of the repository a folder is in; None without one, or with one that cannot be read."""
    root = os.path.realpath(folder or ".")
    while not os.path.lexists(os.path.join(root, ".git")):
        above = os.path.dirname(root)
        if above == root:
            return None
        root = above
    data = _content(_git_folder(root))
    if data is None:
        return None
    try:
        return Index(root, modes(data))
    except (ValueError, IndexError):
        return None


def _git_folder(root: str) -> str:
    """The folder of the index: `.git`, or what a `.git` file names in a work tree or submodule."""
    path = os.path.join(root, ".git")
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            said = file.read(4096)
        if said.startswith("gitdir:"):
            return os.path.join(root, said[7:].strip())
    return path


def _content(folder: str) -> bytes | None:
    path = os.path.join(folder, "index")
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _MOST_BYTES:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def modes(data: bytes) -> dict[str, int]:
    """The mode of every entry. Raises `ValueError` or `IndexError` for what is no index of a known version."""
    version = int.from_bytes(data[4:8], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index of version 2, 3 or 4")
    # SHA-256 repositories have longer names of objects, which the first entry's padding or path tells
    for name_bytes in (20, 32):
        try:
            return _entries(data, version, int.from_bytes(data[8:12], "big"), name_bytes)
        except (ValueError, IndexError):
            if name_bytes == 32:
                raise
    raise ValueError


def _entries(data: bytes, version: int, count: int, name_bytes: int) -> dict[str, int]:
    found: dict[str, int] = {}
    at, path = 12, b""
    for _ in range(count):
        mode = int.from_bytes(data[at + 24 : at + 28], "big")
        flags = int.from_bytes(data[at + 40 + name_bytes : at + 42 + name_bytes], "big")
        name = at + 42 + name_bytes + (2 if flags & _FLAG_EXTENDED else 0)
        if mode >> 12 not in (0o10, 0o12, 0o16, 0o04) or name >= len(data):
            raise ValueError("an entry without a mode")
        if version == 4:
            cut, name = _varint(data, name)
            end = data.index(b"\0", name)
            path = path[: len(path) - cut] + data[name:end]
            at = end + 1
        else:
            end = data.index(b"\0", name)
            path = data[name:end]
            at += (end - at + 8) // 8 * 8
        if not path:
            raise ValueError("an entry without a path")
        found[path.decode("utf-8", "surrogateescape")] = mode
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in git's offset encoding, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1
