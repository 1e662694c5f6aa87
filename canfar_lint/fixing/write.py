"""A file's new content on disk, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat

_SUFFIX = ".canfar-lint-tmp"


class Changed(OSError):
    """The file is not what was linted any more, so it was not written."""


def write(path: str, new: bytes, old: bytes) -> None:
    """Replace the content `old` of the file at `path` by `new`; its mode, and a link to it, stay.

    The content goes to a new file in the same folder, which takes the old one's place once it is on the disk: whoever
    looks sees one or the other, also after a crash. Raises `Changed` when the file is not `old` any more, `OSError`
    when it cannot be written; the file is untouched then.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    status = os.stat(target)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        # a rename asks only for the folder's permission, and root for none; a file that is read-only is so on purpose
        raise PermissionError(13, "the file is read-only", path)
    if _content(target) == new:
        return  # a link to a file that is given too: it was written under its other name
    temporary = os.path.join(folder, f".{name[:100]}.{os.getpid()}{_SUFFIX}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    try:  # from the first moment on: Ctrl-C may strike right behind the opening
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(new)
            file.flush()
            _keep_rights(temporary, status)
            os.fsync(file.fileno())
        if _content(target) != old:
            raise Changed("the file has changed since it was read")
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _keep_rights(temporary: str, status: os.stat_result) -> None:
    if hasattr(os, "chown") and (status.st_uid != os.geteuid() or status.st_gid != os.getegid()):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _sync_folder(folder: str) -> None:
    # Some file systems cannot; the file itself is on the disk already.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
