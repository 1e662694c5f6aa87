"""Names of other people's packages that a file imports: by line pattern, since nearly every file has some."""

from __future__ import annotations

import re
import sys

from canfar_lint.diagnostic import Fact, Place

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+(\w[\w.]*(?:[ \t]*,[ \t]*\w[\w.]*)*))", re.M
)
_STANDARD = frozenset(sys.stdlib_module_names) | {
    *("__future__", "distutils", "imp", "asyncore", "smtpd", "tomllib", "ConfigParser", "Queue", "cPickle", "urllib2"),
    *("StringIO", "commands", "httplib", "Tkinter", "tkMessageBox", "cStringIO", "__builtin__", "thread", "urlparse"),
}


def data(content: bytes) -> Fact | None:
    """The imported top-level names that are not the standard library's; None without any."""
    names: set[str] = set()
    for match in _IMPORT.finditer(content):
        if match.group(1):
            names.add(match.group(1).decode("utf-8", "replace"))
        else:
            for part in match.group(2).split(b","):
                names.add(part.strip().partition(b".")[0].decode("utf-8", "replace"))
    names -= _STANDARD
    return Fact("imports", 0, 0, {"names": sorted(names)}, Place(1, 1, 1, 1)) if names else None
