"""The files an instruction brings into its layer, as far as it says so: copies, downloads, clones."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.checks.containers._cleanup import covers, mounted, removed, succeeds
from canfar_lint.model.dockerfile.model import Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step, absolute

ARCHIVE = re.compile(
    r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|lz4|Z))?|tgz|tbz2?|txz|zip|7z|rpm|deb|whl|gz|bz2|xz|jar|run)\Z", re.I
)
TAR = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|Z))?|tgz|tbz2?|txz)\Z", re.I)
INSTALLER = re.compile(r"\A(?:(?:mini|ana)conda|mini(?:forge|mamba)|mambaforge)[^/]*\.sh\Z|\.run\Z", re.I)
_INSTALLERS = re.compile(r"(?:mini|ana)conda|mini(?:forge|mamba)|mambaforge", re.I)
URL = re.compile(r"(?:https?|ftp)://", re.I)
_SMALL = (
    *(".sh", ".py", ".txt", ".yml", ".yaml", ".toml", ".cfg", ".conf", ".cnf", ".ini", ".json", ".lock", ".md", ".r"),
    *(".pl", ".patch", ".repo", ".list", ".key", ".gpg", ".asc", ".crt", ".pub", ".pem", ".env", ".service"),
    *("bashrc", "bash_profile", "zshrc", "vimrc", ".profile"),
)
_FILE = re.compile(
    r"\.[a-z][\w-]{0,19}\Z|\w+(?:file|[_-]conf(?:ig)?)(?:\.lock)?\Z|\A(?:license|readme|copying|crontab)\Z", re.I
)
"""A file by its name, where a folder has none of these endings."""
_LARGE = re.compile(
    r"\.(?:war|ear|aar|apk|exe|dll|so|a|bin|dat|data|db|sqlite3?|sql|dump|iso|img|qcow2?|vmdk|fits?|fit|fts|h5|hdf5?|nc|npy|npz"
    r"|csv|tsv|parquet|pkl|pickle|pt|pth|onnx|pb|model|weights|ckpt|whl|egg|vsix|ms|root|wav|mp[34]|pdf|ttf|otf|sif|phar|wasm"
    r"|git|app|d)\Z",
    re.I,
)
_SMALL_NAMES = (
    *("requirements", "scripts", "config", "conf", "authorized_keys", "known_hosts", "makefile", "crontab"),
    *("cron", "patch", "patches"),
)


class Made(NamedTuple):
    """A file or folder a layer holds; `how` is copy, download, clone or unpack (then below the path)."""

    path: str
    how: str
    step: Step | None
    start: int
    end: int
    source: str = ""


def made_by(instruction: Instruction, *, removed_too: bool = False) -> list[Made]:
    """What the instruction leaves; with `removed_too` also what it makes and removes itself."""
    key = f"made {removed_too}"
    if key not in instruction.notes:
        instruction.notes[key] = list(_made_by(instruction, removed_too))
    found: list[Made] = instruction.notes[key]
    return found


def _made_by(instruction: Instruction, removed_too: bool) -> Iterator[Made]:
    if instruction.keyword in ("COPY", "ADD"):
        yield from _copied(instruction)
    elif instruction.keyword == "RUN":
        steps = instruction.steps
        for step in steps:
            for made in made_by_step(step):
                if removed_too or not (mounted(instruction, (made.path,)) or gone(steps, step, made.path)):
                    yield made


def installer(made: Made) -> bool:
    """A program that carries what it installs, by its own name or by that of the address it came from."""
    if INSTALLER.search(posixpath.basename(made.path)):
        return True
    return made.path.endswith(".sh") and URL.match(made.source) is not None and bool(_INSTALLERS.search(made.source))


def small(made: Made) -> bool:
    """A script or a piece of configuration: nobody minds its bytes."""
    names = [
        posixpath.basename(name.rstrip("/")).lower().rstrip("*") for name in (made.path, made.source.partition("?")[0])
    ]
    if made.how == "copy" and not URL.match(made.source) and not made.source.endswith("/"):
        name = names[1]
        if _FILE.search(name) and not ARCHIVE.search(name) and not _LARGE.search(name):
            return True
    found = any(name.endswith(_SMALL) or name in _SMALL_NAMES for name in names)
    return made.how in ("copy", "download") and found and not any(INSTALLER.search(name) for name in names)


def gone(steps: list[Step], after: Step, path: str) -> bool:
    """A later step of the RUN removes or moves `path`; in a folder that is not known `./x` may be `/x`."""
    paths = (path, path[1:]) if path.startswith("./") else (path,)
    for step in steps:
        if step.command is after.command or not succeeds(step, after):
            continue
        for one in removed(step):
            if one is None or any(covers(one, each) for each in paths):
                return True
        if step.name == "mv" and any(_same(step, argument, path) for argument in step.arguments[:-1]):
            return True
        if step.name in ("gunzip", "bunzip2", "unxz", "xz") and any(_same(step, a, path) for a in step.arguments):
            return True
    return False


def _same(step: Step, argument: Argument, path: str) -> bool:
    found = step.path(argument)
    return found is not None and covers(found, path)


def _copied(instruction: Instruction) -> Iterator[Made]:
    destination = instruction.destination
    if destination is None or destination.value is None:
        return
    target = absolute(destination.value, instruction.workdir or ".")
    sources = instruction.sources
    folder = destination.value.endswith(("/", "/.")) or destination.value == "." or len(sources) > 1
    if instruction.keyword == "ADD" and any(TAR.search(s.text) and not URL.match(s.text) for s in sources):
        yield Made(target, "unpack", None, sources[0].start, sources[0].end, sources[0].text)
        return
    for source in sources:
        if source.value is None:
            continue
        name = posixpath.basename(source.value.partition("?")[0].rstrip("/"))
        plain = name and not set(name) & set("*?[") and name not in (".", "..")
        is_file = "." in name.strip(".") or bool(URL.match(source.value))
        path = f"{target.rstrip('/')}/{name}" if folder and plain and is_file else target
        if path not in ("/", "."):
            yield Made(path, "copy", None, source.start, source.end, source.value)


def made_by_step(step: Step) -> Iterator[Made]:
    """What one command writes under a name that it says."""
    if step.name in ("curl", "wget", "aria2c"):
        yield from _downloaded(step)
    elif step.name == "git":
        yield from cloned(step)


class _Asked(NamedTuple):
    """What a download's options say: the file's name, whether it is else that of the address, and its folder."""

    named: Argument | None
    remote: bool
    prefix: str


def _downloaded(step: Step) -> Iterator[Made]:
    asked, urls = _asked(step)
    source = urls[0].text if urls else ""
    redirects = [redirect for redirect in step.command.redirects if redirect.writes and redirect.fd in ("", "1")]
    if asked.named is not None:
        if asked.named.value and asked.named.value not in ("-", "/dev/null", "/dev/stdout"):
            word = asked.named.word
            yield Made(absolute(asked.named.value, asked.prefix), "download", step, word.start, word.end, source)
    elif redirects or not asked.remote:
        for target in (redirect.target for redirect in redirects if redirect.target.value and urls):
            path = absolute(target.value or "", step.folder)
            if not path.startswith("/dev/"):
                yield Made(path, "download", step, target.start, target.end, source)
    else:
        for url in urls:
            name = posixpath.basename((url.value or url.word.tail).partition("?")[0])
            if name and (url.value or "/" in url.word.tail):
                yield Made(absolute(name, asked.prefix), "download", step, url.word.start, url.word.end, url.text)


def _asked(step: Step) -> tuple[_Asked, list[Argument]]:
    """What the options say, and the addresses."""
    asked = _Asked(None, step.name in ("wget", "aria2c"), step.folder)
    urls: list[Argument] = []
    at = 0
    while at < len(step.arguments):
        argument = step.arguments[at]
        following = step.arguments[at + 1] if at + 1 < len(step.arguments) else None
        used = 0
        if URL.match(argument.text):
            urls.append(argument)
        elif argument.text.startswith("--"):
            asked, used = _long(step, argument, following, asked)
        elif argument.text.startswith("-") and len(argument.text) > 1:
            asked, used = _short(step, argument.text, following, asked)
        at += 1 + used
    return asked, urls


def _long(step: Step, argument: Argument, following: Argument | None, asked: _Asked) -> tuple[_Asked, int]:
    """Options that are words, and how many arguments behind them they take."""
    name, equals, text = argument.text.partition("=")
    value = argument._replace(value=text) if equals else following
    used = 0 if equals else 1
    if name in ("--output", "--output-document") and value is not None:
        return asked._replace(named=value), used
    if name in ("--remote-name", "--remote-name-all"):
        return asked._replace(remote=True), 0
    if name in ("--directory-prefix", "--output-dir") and value is not None:
        return asked._replace(prefix=absolute(value.value or "", step.folder)), used
    return asked, 0


def _short(step: Step, text: str, following: Argument | None, asked: _Asked) -> tuple[_Asked, int]:
    """One-letter options: curl's `-o FILE`, `-O`, wget's `-O FILE`, `-P FOLDER`."""
    output = "o" if step.name != "wget" else "O"
    if step.name == "wget" and (text == "-qO-" or text.endswith("O-")):
        return asked._replace(named=Argument(following.word if following else step.arguments[0].word, "-")), 0
    if output in text[1:]:
        rest = text[text.index(output) + 1 :]
        if rest and step.name == "wget":
            return asked._replace(named=step.arguments[0]._replace(value=rest)), 0
        return (asked._replace(named=following), 1) if following is not None else (asked, 0)
    if step.name == "curl" and "O" in text[1:]:
        return asked._replace(remote=True), 0
    if step.name == "wget" and text[-1] == "P" and following is not None:
        return asked._replace(prefix=absolute(following.value or "?", step.folder)), 1
    takes = ("-H", "-u", "-d", "-X", "-A", "-e", "-b", "-c", "-m") if step.name == "curl" else ("-t", "-T", "-U", "-a")
    return asked, 1 if text in takes else 0


def cloned(step: Step) -> Iterator[Made]:
    """The work tree of a `git clone`."""
    values = step.values()
    if "clone" not in values:
        return
    at = values.index("clone") + 1
    words: list[Argument] = []
    folder = step.folder
    if "-C" in values[: at - 1] and values.index("-C") + 1 < len(values):
        folder = absolute(values[values.index("-C") + 1] or "?", folder)
    while at < len(values):
        text = step.arguments[at].text
        if text in ("-b", "--branch", "--depth", "-c", "--config", "-o", "--origin", "-j", "--jobs", "--reference"):
            at += 2
            continue
        if not text.startswith("-"):
            words.append(step.arguments[at])
        at += 1
    if not words:
        return
    target = words[1] if len(words) > 1 else None
    if target is not None:
        name = target.value
    else:
        source = words[0].value or words[0].word.tail
        name = posixpath.basename(source.rstrip("/")).removesuffix(".git") if "/" in source else None
    if name:
        word = (target or words[0]).word
        yield Made(absolute(name, folder), "clone", step, word.start, word.end, words[0].text)
