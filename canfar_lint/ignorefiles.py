"""`.gitignore`, `.ignore` and git's exclude files along the way to a folder; the nearest that speaks decides."""

from __future__ import annotations

import os
import re


class IgnoreFiles:
    """The ignore files that hold in one folder, the farthest first. `.ignore` overrules every `.gitignore`."""

    __slots__ = ("_git", "_own")

    def __init__(self, git: tuple[_IgnoreFile, ...] = (), own: tuple[_IgnoreFile, ...] = ()) -> None:
        self._git = git
        self._own = own

    def __bool__(self) -> bool:
        return bool(self._git or self._own)

    def entered(self, folder: str, names: set[str]) -> IgnoreFiles:
        """What holds inside `folder`, whose entries are `names`. A repository inside another one starts anew."""
        git, own = self._git, self._own
        if ".git" in names:
            git = (*_of_user(folder), *_read(os.path.join(folder, ".git", "info", "exclude"), folder))
        if ".gitignore" in names:
            git += _read(os.path.join(folder, ".gitignore"), folder)
        if ".ignore" in names:
            own += _read(os.path.join(folder, ".ignore"), folder)
        return IgnoreFiles(git, own)

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether an absolute path below the folder is ignored. Its parents must have been asked before."""
        for file in (*reversed(self._own), *reversed(self._git)):
            answer = file.says(path, is_folder)
            if answer is not None:
                return answer
        return False


class _IgnoreFile:
    """One file of patterns, relative to `base`."""

    __slots__ = ("_any", "_base", "_patterns")

    def __init__(self, base: str, lines: list[str]) -> None:
        from pathspec import GitIgnoreSpec

        self._base = os.path.join(base, "")
        found = GitIgnoreSpec.from_lines(lines).patterns
        self._patterns = [(p.regex, p.include) for p in found if p.include is not None and p.regex is not None]
        sources = [regex.pattern for regex, _ in self._patterns]
        # One expression for all patterns: most paths match none, and a pattern at a time costs too much for each.
        self._any = re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", source) for source in sources) or r"(?!)")

    def says(self, path: str, is_folder: bool) -> bool | None:
        """True: ignored. False: a pattern with `!` takes it back. None: nothing is said."""
        relative = path[len(self._base) :].replace(os.sep, "/")
        named = relative + ("/" if is_folder else "")
        if not relative or not self._any.match(named):
            return None
        return next((ignored for regex, ignored in reversed(self._patterns) if _names(regex, relative, named)), None)


def _names(regex: re.Pattern[str], relative: str, named: str) -> bool:
    """Whether a pattern names a path itself, and not only a folder above it, which has been asked before."""
    match = regex.match(named)
    if match is None or "ps_d" not in regex.groupindex:  # `*` and `folder/**`
        return match is not None and regex.match(relative) is not None
    return match.start("ps_d") < 0 or match.end("ps_d") == len(named)


def above(folder: str) -> IgnoreFiles | None:
    """The ignore files from the root of the repository down to the parent of `folder`; None outside of one.

    When they ignore `folder` itself they do not count: the user asked for it.
    """
    chain = []
    at = folder
    while not os.path.exists(os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return None
        chain.append(parent)
        at = parent
    files = IgnoreFiles()
    for step in reversed(chain):
        names = {name for name in (".git", ".gitignore", ".ignore") if os.path.lexists(os.path.join(step, name))}
        files = files.entered(step, names)
    path = ""
    for step in (*reversed(chain[:-1]), folder) if chain else ():
        path = step
        if files.ignores(path, True):
            return None
    return files or None


def _of_user(base: str) -> tuple[_IgnoreFile, ...]:
    """The patterns git takes from the user's own file, relative to the repository."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    path = os.path.join(config, "git", "ignore")
    for settings in (os.path.join(os.path.expanduser("~"), ".gitconfig"), os.path.join(config, "git", "config")):
        try:
            with open(settings, encoding="utf-8", errors="replace") as file:
                match = re.search(r"(?im)^\s*excludesfile\s*=\s*\"?([^\"\n#;]+)", file.read(1_000_000))
        except OSError:
            continue
        if match:
            path = os.path.expanduser(match[1].strip())
            break
    return _read(path, base)


def _read(path: str, base: str) -> tuple[_IgnoreFile, ...]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(1_000_000).splitlines()
    except OSError:
        return ()
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return ()
    return (_IgnoreFile(base, lines),)
