"""A real pseudo-terminal, and what a person would see in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pexpect
import pyte


class Terminal:
    """Runs a command in a terminal of some size and keeps its screen; `raw` is all that was written to it."""

    def __init__(self, command: list[str], *, rows: int = 40, columns: int = 120, env: dict[str, str] | None = None):
        merged = {"TERM": "xterm-256color", **os.environ, **(env or {})}
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.child = pexpect.spawn(command[0], command[1:], dimensions=(rows, columns), env=merged, timeout=30)
        self.child.delaybeforesend = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def send(self, keys: str) -> None:
        self.child.send(keys)

    def text(self) -> str:
        """The screen as it is, lines without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait(self, holds: Callable[[str], bool], seconds: float = 20) -> bool:
        """Whether the screen comes to be as `holds` wants it within a time."""
        end = time.monotonic() + seconds
        while not holds(self.text()):
            if time.monotonic() > end or not self._read():
                return holds(self.text())
        return True

    def finish(self, seconds: float = 120) -> int:
        """Read to the end of the command; its exit status, or minus the signal that ended it (or that ended it here,
        when it takes too long)."""
        end = time.monotonic() + seconds
        while self._read():
            if time.monotonic() > end:
                self.child.kill(9)
        self.child.wait()
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus

    def _read(self) -> bool:
        """Take in what has been written; False at the end."""
        try:
            data = self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True
