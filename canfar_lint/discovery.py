"""Which files to lint, and of which kind: named files as they are, folders walked under excludes and ignore files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from canfar_lint.settings.globs import Patterns
from canfar_lint.settings.keys import DEFAULT_INCLUDE
from canfar_lint.settings.resolve import Resolver
from canfar_lint.settings.settings import Settings
from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, REQUIREMENTS, SHELL, TOML, YAML

TYPE_CHECKING = False
if TYPE_CHECKING:
    from canfar_lint.ignorefiles import IgnoreFiles


class Input(NamedTuple):
    """A file to lint. `path` is relative where it is below the working directory, as ruff shows it.

    `error` says why there is nothing to read (the words of CAN002); `data` are the bytes when they come from stdin.
    """

    path: str
    kind: str
    error: str = ""
    data: bytes | None = None


Stamp = tuple[int, int, int, int]
_SUFFIXES = {
    "py": PYTHON,
    "pyi": PYTHON,
    "ipynb": NOTEBOOK,
    "sh": SHELL,
    "bash": SHELL,
    "csh": SHELL,
    "tcsh": SHELL,
    "Dockerfile": DOCKERFILE,
    "dockerfile": DOCKERFILE,
    "mk": MAKEFILE,
}
_NAMES = {
    "Dockerfile": DOCKERFILE,
    "dockerfile": DOCKERFILE,
    "Containerfile": DOCKERFILE,
    "Makefile": MAKEFILE,
    "makefile": MAKEFILE,
    "GNUmakefile": MAKEFILE,
    "pyproject.toml": TOML,
    "pixi.toml": TOML,
}
_NO_DOCKERFILES = ("dockerignore", "md", "rst", "txt", "j2", "jinja", "tmpl", "tpl", "template", "erb", "bak", "orig")
# what job scripts of queues end in; as for files without an ending, their first line tells what they are
_JOBS = ("slurm", "sbatch", "pbs", "qsub", "sge", "lsf")
# compiled when they are first asked: most runs need none of them
_YAML = r"(?s)\.gitlab-ci|(?:docker-)?compose.*|(?:environment|env).*|.*[-_.](?:environment|env)"
_REQUIREMENTS = r"(?s)requirements.*|.*[-_.]requirements"
_SHEBANG = (
    rb"#![ \t]*(?:\S*/env(?:[ \t]+(?:-\S+|\w+=\S*))*[ \t]+)?"
    rb"(?:[^\s/]*/)*(?:(python[\d.]*w?)|((?:ba|da|a|c|tc)?sh)|(uv))(?=\s|$)"
)
# how other queues than Slurm's know their lines; a login shell runs the file where no first line says else
_OF_QUEUE = rb"(?m)^#(?:PBS|BSUB|\$)[ \t]+-"
_SHEBANG_SIZE = 256
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
DOCKERFILE_LIMIT = 1024 * 1024
NOTEBOOK_LIMIT = 200_000_000


def stamp(path: str) -> Stamp | None:
    """What tells whether a file is still the same: size, both times, inode; None where nothing is there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def kind_of(path: str) -> str:
    """The kind of a file by its name and folder, "" for one that is not ours."""
    folder, _, name = path.replace(os.sep, "/").rpartition("/")
    stem, _, suffix = name.rpartition(".")
    kind = _NAMES.get(name) or (_SUFFIXES.get(suffix, "") if stem else "")
    if kind:
        return kind
    if name.startswith(("Dockerfile.", "Containerfile")) and suffix != "dockerignore":
        return DOCKERFILE
    if name.startswith(("Dockerfile-", "Dockerfile_")) or name.endswith(("-Dockerfile", "_Dockerfile")):
        return DOCKERFILE if suffix not in _NO_DOCKERFILES else ""
    if suffix in ("yml", "yaml"):
        workflow = folder.endswith("/.github/workflows") or folder == ".github/workflows"
        return YAML if workflow or re.fullmatch(_YAML, stem) else ""
    if suffix in ("txt", "in"):
        listed = folder.endswith("/requirements") or folder == "requirements"
        return REQUIREMENTS if listed or re.fullmatch(_REQUIREMENTS, stem) else ""
    return ""


def kind_of_shebang(data: bytes) -> str:
    """The kind a script tells by its first line, or a queue's lines: Python (also `uv run`), a shell, or ""."""
    if not data.startswith(b"#!"):
        return SHELL if re.search(_OF_QUEUE, data[:_SHEBANG_SIZE]) else ""
    match = re.match(_SHEBANG, data.split(b"\n", 1)[0])
    if match is None:
        return ""
    return SHELL if match[2] else PYTHON


def size_limit(kind: str, settings: Settings) -> int:
    """The most bytes a file of a kind may have before it is read; a notebook's code is measured once it is parsed."""
    if kind == NOTEBOOK:
        return NOTEBOOK_LIMIT
    limit: int = settings.max_file_size
    return min(DOCKERFILE_LIMIT, limit) if kind == DOCKERFILE else limit


def discover(paths: Iterable[str], resolver: Resolver) -> Iterator[Input]:
    """The files of `paths`, each once; folders are walked in the order of their names.

    A path that cannot be looked at comes as an input with an `error`. A named file is linted whatever excludes say,
    unless `force-exclude` is set; a named file that is not of our kinds, what macOS keeps about another file
    (AppleDouble), and what is neither file nor folder, is left out. Links to files are followed, links to folders are
    not.
    """
    return _Discovery(resolver).run(paths)


def from_stdin(name: str, data: bytes, resolver: Resolver) -> Input | None:
    """What came on standard input under a name (`-` for none, which means Python unless its first line says else).

    None when its name is excluded and `force-exclude` is set, or is not of our kinds.
    """
    if name == "-":
        kind = kind_of_shebang(data) or PYTHON
        return Input(name, kind, _Rules(resolver.base).too_large(kind, len(data)), data)
    absolute = os.path.abspath(name)
    rules = _Rules(resolver.of_file(absolute))
    if rules.force and rules.excluded_from_above(absolute):
        return None
    kind = kind_of(absolute) or rules.asked_for(absolute) or kind_of_shebang(data)
    return Input(name, kind, rules.too_large(kind, len(data)), data) if kind else None


class _Discovery:
    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.here = os.path.join(os.getcwd(), "")
        self.seen: set[str] = set()
        self.rules: dict[int, _Rules] = {}

    def run(self, paths: Iterable[str]) -> Iterator[Input]:
        for path in paths:
            absolute = os.path.abspath(path)
            try:
                found = os.stat(absolute)
            except (OSError, ValueError) as e:
                yield self.failed(absolute, e)
                continue
            if stat.S_ISDIR(found.st_mode):
                yield from self.folder(absolute)
            elif stat.S_ISREG(found.st_mode):
                yield from self.named(absolute, found.st_size)

    def shown(self, absolute: str) -> str:
        return absolute[len(self.here) :] if absolute.startswith(self.here) else absolute

    def failed(self, absolute: str, error: OSError | ValueError) -> Input:
        words = (getattr(error, "strerror", None) or str(error)).lower()
        if isinstance(error, FileNotFoundError) and os.path.islink(absolute):
            words = "the link leads nowhere"
        return Input(self.shown(absolute), kind_of(absolute), words)

    def settled(self, settings: Settings) -> _Rules:
        rules = self.rules.get(id(settings))
        if rules is None:
            rules = self.rules[id(settings)] = _Rules(settings)
        return rules

    def named(self, absolute: str, size: int) -> Iterator[Input]:
        rules = self.settled(self.resolver.of_file(absolute))
        if rules.force and rules.excluded_from_above(absolute):
            return
        kind = kind_of(absolute) or rules.asked_for(absolute) or _sniffed(absolute)
        if kind and absolute not in self.seen and not _is_apple_double(absolute):
            self.seen.add(absolute)
            yield Input(self.shown(absolute), kind, rules.too_large(kind, size))

    def folder(self, absolute: str) -> Iterator[Input]:
        settings = self.resolver.of_folder(absolute)
        rules = self.settled(settings)
        if rules.force and rules.excluded_from_above(absolute):
            return
        ignore: IgnoreFiles | None = None
        if rules.gitignore:
            ignore = _ignore_files(absolute)
        pending = [(absolute, settings, ignore, True)]
        while pending:
            deeper: list[tuple[str, Settings, IgnoreFiles | None, bool]] = []
            yield from self.listed(*pending.pop(), deeper)
            pending.extend(reversed(deeper))

    def listed(
        self,
        folder: str,
        settings: Settings,
        ignore: IgnoreFiles | None,
        first: bool,
        deeper: list[tuple[str, Settings, IgnoreFiles | None, bool]],
    ) -> Iterator[Input]:
        """The inputs of one folder; the folders below it are put into `deeper`."""
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as e:
            yield self.failed(folder, e)
            return
        names = {entry.name for entry in entries}
        if not first and ("pyvenv.cfg" in names or "conda-meta" in names):
            return
        settings = self.resolver.below(settings, folder, names)
        rules = self.settled(settings)
        if rules.gitignore:
            ignore = _entered(ignore, folder, names)
        prefix = os.path.join(folder, "")
        for entry in entries:
            name = entry.name
            path = prefix + name
            if entry.is_dir(follow_symlinks=False):
                if not rules.excluded(name, path) and not (ignore and ignore.ignores(path, True)):
                    deeper.append((path, settings, ignore, False))
                continue
            kind = rules.kind(name, path)
            if kind is None or rules.excluded(name, path) or (ignore and ignore.ignores(path, False)):
                continue
            yield from self.entry(entry, path, kind, rules)

    def entry(self, entry: os.DirEntry[str], path: str, kind: str, rules: _Rules) -> Iterator[Input]:
        if path in self.seen:
            return
        try:
            if not entry.is_file():
                if entry.is_symlink() and kind and not os.path.exists(path):
                    self.seen.add(path)
                    yield self.failed(path, FileNotFoundError())
                return
        except OSError as e:
            if kind:
                yield self.failed(path, e)
            return
        kind = kind or _sniffed(path)
        if kind and not _is_apple_double(path):
            self.seen.add(path)
            yield Input(self.shown(path), kind, rules.too_large(kind, entry.stat().st_size))


class _Rules:
    """What one folder's settings say about files, made ready for asking."""

    __slots__ = ("_default", "_exclude", "_extend", "_include", "_small", "force", "gitignore", "settings")

    def __init__(self, settings: Settings) -> None:
        self._exclude = Patterns(settings.exclude + settings.extend_exclude)
        self._extend = Patterns(settings.extend_include) if settings.extend_include else None
        self._default = settings.include == DEFAULT_INCLUDE
        self._include = None if self._default else Patterns(settings.include)
        self.settings = settings
        self._small = size_limit(DOCKERFILE, settings)
        self.force: bool = settings.force_exclude
        self.gitignore: bool = settings.respect_gitignore

    def excluded(self, name: str, path: str) -> bool:
        return self._exclude.match(name, path)

    def excluded_from_above(self, path: str) -> bool:
        """Whether a path, or a folder above it inside the settings' root, is excluded."""
        while path != self.settings.root and path != os.path.dirname(path):
            if self.excluded(os.path.basename(path), path):
                return True
            path = os.path.dirname(path)
        return False

    def too_large(self, kind: str, size: int) -> str:
        """Why a file of `size` bytes is not read, "" when it is."""
        if size <= self._small:
            return ""
        limit = size_limit(kind, self.settings)
        if size <= limit:
            return ""
        return f"it has {size / 1e6:.1f} MB, more than `max-file-size` allows ({limit / 1e6:.1f} MB)"

    def asked_for(self, path: str) -> str:
        """The kind of a file that only the user's own `extend-include` or `include` makes one of ours."""
        name = os.path.basename(path)
        wanted = any(p is not None and p.match(name, path) for p in (self._extend, self._include))
        if not wanted:
            return ""
        suffix = name.rpartition(".")[2]
        return {"yml": YAML, "yaml": YAML, "toml": TOML, "txt": REQUIREMENTS, "in": REQUIREMENTS}.get(suffix, PYTHON)

    def kind(self, name: str, path: str) -> str | None:
        """The kind of a walked file; "" when only its first line can tell, None when it is not linted."""
        if self._default:
            kind = kind_of(path) or (self._extend is not None and self.asked_for(path)) or ""
            return kind or ("" if _first_line_tells(name) else None)
        kind = self.asked_for(path)
        return (kind_of(path) or kind) if kind else None


def _first_line_tells(name: str) -> bool:
    return "." not in name or name.rpartition(".")[2] in _JOBS


def _sniffed(path: str) -> str:
    if not _first_line_tells(os.path.basename(path)[1:]):
        return ""
    try:
        with open(path, "rb") as file:
            return kind_of_shebang(file.read(_SHEBANG_SIZE))
    except OSError:
        return ""


def _is_apple_double(path: str) -> bool:
    """Whether a file holds what macOS keeps about the one it is named after: `._fit.py` beside `fit.py`.

    Only a file of such a name is opened.
    """
    if not os.path.basename(path).startswith("._"):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
    except OSError:
        return False


def _ignore_files(folder: str) -> IgnoreFiles | None:
    from canfar_lint.ignorefiles import above

    return above(folder)


def _entered(ignore: IgnoreFiles | None, folder: str, names: set[str]) -> IgnoreFiles | None:
    if ".gitignore" not in names and ".ignore" not in names and ".git" not in names:
        return ignore
    from canfar_lint.ignorefiles import IgnoreFiles

    return (ignore or IgnoreFiles()).entered(folder, names)
