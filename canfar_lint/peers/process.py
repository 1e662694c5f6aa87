"""A program run beside us: its output goes into files without a name, so it never waits for us and leaves nothing.

`posix_spawn` starts it where it exists: importing `subprocess` takes longer than ruff needs for a small project.
"""

from __future__ import annotations

import os

RUNNING: set[int] = set()
"""The programs that have not been waited for, by process id: whoever ends this process at once ends them too."""


class Failed(OSError):
    """The program could not be started; the message says why."""


class Process:
    """A running program, its standard output and error."""

    __slots__ = ("_environment", "_errors", "_output", "_pid")

    def __init__(
        self,
        command: list[str | bytes],
        data: bytes | None = None,
        listing: bytes | None = None,
        without: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        """Start `command` with `data` as standard input.

        `listing` is the content of a file that the command names as `LISTING`; variables of the environment that
        begin with `without` are not handed over, `variables` are added. Raises `Failed`.
        """
        self._environment = {k: v for k, v in os.environ.items() if not (without and k.startswith(without))}
        self._environment.update(variables or {})
        self._output = _nameless()
        self._errors = _nameless()
        standard_in = os.open(os.devnull, os.O_RDONLY) if data is None else _nameless(data)
        names = None if listing is None else _nameless(listing)
        self._pid = 0
        try:
            self._start(command, standard_in, names)
        except OSError as e:
            os.close(self._output)
            os.close(self._errors)
            raise Failed(e.strerror or str(e)) from e
        finally:
            os.close(standard_in)
            if names is not None:
                os.close(names)

    def _start(self, command: list[str | bytes], standard_in: int, names: int | None) -> None:
        if not hasattr(os, "posix_spawn"):
            raise Failed("this system cannot start programs this way")
        actions: list[tuple[int, ...]] = [
            (os.POSIX_SPAWN_DUP2, standard_in, 0),
            (os.POSIX_SPAWN_DUP2, self._output, 1),
            (os.POSIX_SPAWN_DUP2, self._errors, 2),
        ]
        if names is not None:
            os.lseek(names, 0, os.SEEK_SET)
            actions.append((os.POSIX_SPAWN_DUP2, names, LISTING_DESCRIPTOR))
        self._pid = os.posix_spawn(command[0], command, self._environment, file_actions=actions)
        RUNNING.add(self._pid)

    def finish(self) -> tuple[int, bytes, bytes]:
        """Wait for the end: exit status (negative for a signal), standard output and error."""
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            return status, _content(self._output), _content(self._errors)
        finally:
            RUNNING.discard(self._pid)
            self._pid = 0
            os.close(self._output)
            os.close(self._errors)


LISTING_DESCRIPTOR = 9
LISTING = f"/dev/fd/{LISTING_DESCRIPTOR}"


def _nameless(data: bytes = b"") -> int:
    """The descriptor of a new file that has no name (any more), holding `data`, read from its beginning."""
    folder = os.environ.get("TMPDIR") or "/tmp"
    while True:
        name = os.path.join(folder, f".canfar-lint-{os.urandom(8).hex()}")
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileExistsError:
            continue
        except OSError as e:
            raise Failed(f"no temporary file in {folder}: {e.strerror}") from e
    os.unlink(name)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)
