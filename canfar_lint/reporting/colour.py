"""Colours and links of a terminal, and when to use them."""

from __future__ import annotations

import os
from typing import IO, NamedTuple

BOLD, RED, GREEN, YELLOW, CYAN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"
BOLD_RED, BOLD_GREEN, UNDERLINE = BOLD + RED, BOLD + GREEN, "\x1b[4m"
LINE_NUMBER, HELP = "\x1b[1m\x1b[94m", "\x1b[1m\x1b[96m"
_RESET = "\x1b[0m"
_CODE = {"error": BOLD_RED, "warning": BOLD + YELLOW, "advice": LINE_NUMBER}
_MARK = {"error": "\x1b[1m\x1b[91m", "warning": BOLD + YELLOW, "advice": LINE_NUMBER}


class Palette(NamedTuple):
    """What a terminal shows; without `color` every method returns its text."""

    color: bool = False
    links: bool = False

    def paint(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.color and style else text

    def code(self, code: str, level: str, url: str) -> str:
        """A rule's code, linked to its page."""
        return self.paint(self.link(code, url), _CODE[level])

    def mark(self, text: str, level: str) -> str:
        """What points at a finding: the code above a frame, the carets in it."""
        return self.paint(text, _MARK[level])

    def link(self, text: str, url: str) -> str:
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.links and url else text


PLAIN = Palette()


def palette(stream: IO[str], option: str = "auto") -> Palette:
    """The palette for a stream: `--color`, then FORCE_COLOR, NO_COLOR, and whether it is a terminal."""
    terminal = stream.isatty()
    color = terminal and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
    if os.environ.get("FORCE_COLOR"):
        color = os.environ["FORCE_COLOR"] != "0"
    if option != "auto":
        color = option == "always"
    return Palette(color, color and _shows_links(terminal))


def _shows_links(terminal: bool) -> bool:
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if not terminal or "CI" in os.environ:
        return False
    vte = os.environ.get("VTE_VERSION", "")
    known = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper")
    return (
        (vte.isdigit() and int(vte) >= 5000)
        or any(name in os.environ for name in ("WT_SESSION", "DOMTERM", "KONSOLE_VERSION", "KITTY_WINDOW_ID"))
        or os.environ.get("TERM_PROGRAM") in known
        or os.environ.get("TERM") in ("xterm-kitty", "alacritty", "xterm-ghostty", "foot")
    )
