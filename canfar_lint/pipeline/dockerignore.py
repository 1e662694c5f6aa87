"""Which files of a build context Docker sends: `.dockerignore` by moby's own matching rules, which are not git's.

The last pattern that matches wins; a pattern that matches a folder holds for all below it; patterns are anchored at
the context's root; `**` stands for any number of folders.
"""

from __future__ import annotations

import posixpath
import re

_LONGEST = 500


class BadPattern(ValueError):
    """Docker refuses the ignore file."""


class IgnoreFile:
    """The patterns of one `.dockerignore`."""

    def __init__(self, text: str) -> None:
        self._patterns: list[tuple[re.Pattern[str], bool]] = []
        self._folders: dict[str, tuple[bool, ...]] = {"": ()}
        for line in text.lstrip("\ufeff").splitlines():
            pattern = "" if line.startswith("#") else line.strip()
            again = pattern.startswith("!")
            pattern = pattern[1:].strip() if again else pattern
            if again and not pattern:
                raise BadPattern(line)
            if not pattern or len(pattern) > _LONGEST:
                continue
            cleaned = posixpath.normpath(re.sub("/+", "/", pattern))
            cleaned = cleaned[1:] if len(cleaned) > 1 and cleaned.startswith("/") else cleaned
            self._patterns.append((_compiled(cleaned), again))

    def ignores(self, path: str) -> bool:
        """Whether a file, given relative to the context with `/`, is left out."""
        folder, _, _ = path.rpartition("/")
        matched = self._matched(path, self._of_folder(folder))
        return self._verdict(matched)

    def _of_folder(self, folder: str) -> tuple[bool, ...]:
        known = self._folders.get(folder)
        if known is None:
            above: tuple[bool, ...] = ()
            at = ""
            for part in folder.split("/"):
                at = f"{at}/{part}" if at else part
                known = self._folders.get(at)
                if known is None:
                    known = self._folders[at] = self._matched(at, above)
                above = known
            return above
        return known

    def _matched(self, path: str, above: tuple[bool, ...]) -> tuple[bool, ...]:
        """Which patterns match `path` or a folder above it, as far as it matters for the verdict."""
        found = []
        ignored = False
        for i, (pattern, again) in enumerate(self._patterns):
            matches = bool(above) and above[i]
            if not matches and again == ignored:
                matches = pattern.match(path) is not None
            found.append(matches)
            if matches:
                ignored = not again
        return tuple(found)

    def _verdict(self, matched: tuple[bool, ...]) -> bool:
        ignored = False
        for matches, (_, again) in zip(matched, self._patterns, strict=True):
            if matches:
                ignored = not again
        return ignored


def _compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern. Raises `BadPattern` where Go's `filepath.Match` would refuse it."""
    out: list[str] = []
    at, end = 0, len(pattern)
    plain_tail = pattern.startswith("**") and not set(pattern[2:]) & set("*?[]\\")
    if plain_tail and pattern[2:3] not in ("", "/"):
        return re.compile(rf".*{re.escape(pattern[2:])}\Z", re.S)
    while at < end:
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 1
            if pattern.startswith("/", at):
                at += 1
            out.append(".*" if at >= end else "(?:.*/)?")
        elif char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            stop = _class_end(pattern, at)
            out.append("[" + pattern[at : stop - 1].replace("[", r"\[").replace("&&", r"&\&") + "]")
            at = stop
        elif char == "\\":
            if at >= end:
                raise BadPattern(pattern)
            out.append(re.escape(pattern[at]))
            at += 1
        else:
            out.append(re.escape(char))
    try:
        return re.compile("".join(out) + r"\Z", re.S)
    except re.error:
        raise BadPattern(pattern) from None


def _class_end(pattern: str, start: int) -> int:
    """Behind the `]` of a bracket expression that begins at `start`."""
    at = start + pattern.startswith("^", start)
    members = 0
    while at < len(pattern):
        if pattern[at] == "]" and members:
            return at + 1
        if pattern[at] in "-]":
            break
        at += 2 if pattern[at] == "\\" else 1
        if pattern.startswith("-", at):
            at += 1
            if at >= len(pattern) or pattern[at] in "-]":
                break
            at += 2 if pattern[at] == "\\" else 1
        members += 1
    raise BadPattern(pattern)
