"""Names of other people's packages that a file imports: by line pattern, since nearly every file has some."""

from __future__ import annotations

import re
import sys

from canfar_lint.diagnostic import Fact, Place
from canfar_lint.triggers import lines_with

# every line has a newline before it, as triggers want it
_IMPORT = re.compile(
    rb"\n[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+(\w[\w.]*(?:[ \t]*,[ \t]*\w[\w.]*)*))"
)
_STANDARD = frozenset(sys.stdlib_module_names) | {
    *("__future__", "distutils", "imp", "asyncore", "smtpd", "tomllib", "ConfigParser", "Queue", "cPickle", "urllib2"),
    *("StringIO", "commands", "httplib", "Tkinter", "tkMessageBox", "cStringIO", "__builtin__", "thread", "urlparse"),
}


def data(content: bytes, *, inline: bool = False) -> Fact | None:
    """The imported top-level names that are not the standard library's; None without any.

    `content` begins with a newline; `inline` says that the file may declare itself what it needs (PEP 723).
    """
    found: set[bytes] = set()
    # the word is found far sooner than a line's beginning
    for origin, modules in _IMPORT.findall(lines_with(content, b"import")):
        if origin:
            found.add(origin)
        else:
            found.update(part.strip().partition(b".")[0] for part in modules.split(b","))
    names = {name.decode("utf-8", "replace") for name in found}
    names -= _STANDARD
    if not names:
        return None
    return Fact("imports", 0, 0, {"names": sorted(names), "inline": inline}, Place(1, 1, 1, 1))
