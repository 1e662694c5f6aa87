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
INSTALLER = re.compile(r"(?:(?:mini|ana)conda|mini(?:forge|mamba)|mambaforge)[^/]*\.sh\Z|\.run\Z", re.I)
_INSTALLERS = re.compile(r"(?:mini|ana)conda|mini(?:forge|mamba)|mambaforge", re.I)
URL = re.compile(r"(?:https?|ftp)://", re.I)


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


def _downloaded(step: Step) -> Iterator[Made]:
    values = list(step.arguments)
    named: Argument | None = None
    prefix = step.folder
    remote = step.name in ("wget", "aria2c")
    urls: list[Argument] = []
    at = 0
    while at < len(values):
        argument = values[at]
        text = argument.text
        following = values[at + 1] if at + 1 < len(values) else None
        at += 1
        if URL.match(text):
            urls.append(argument)
        elif text.startswith("--"):
            name, equals, value = text.partition("=")
            if name in ("--output", "--output-document") and (equals or following):
                named = argument._replace(value=value) if equals else following
                at += 0 if equals else 1
            elif name in ("--remote-name", "--remote-name-all"):
                remote = True
            elif name in ("--directory-prefix", "--output-dir") and (equals or following):
                prefix = absolute(value if equals else (following.value or "") if following else "", step.folder)
                at += 0 if equals else 1
        elif text.startswith("-") and len(text) > 1:
            named, remote, prefix, used = _short(step, text, following, named, remote, prefix)
            at += used
    if named is not None:
        if named.value and named.value not in ("-", "/dev/null", "/dev/stdout"):
            word = named.word
            yield Made(absolute(named.value, prefix), "download", step, word.start, word.end, _first(urls))
        return
    if not remote or any(redirect.writes for redirect in step.command.redirects if redirect.fd in ("", "1")):
        for redirect in step.command.redirects:
            if redirect.writes and redirect.fd in ("", "1") and redirect.target.value and urls:
                target = redirect.target
                path = absolute(target.value or "", step.folder)
                if not path.startswith("/dev/"):
                    yield Made(path, "download", step, target.start, target.end, _first(urls))
        return
    for url in urls:
        name = posixpath.basename((url.value or url.word.tail).partition("?")[0])
        if name and (url.value or "/" in url.word.tail):
            yield Made(absolute(name, prefix), "download", step, url.word.start, url.word.end, url.text)


def _short(
    step: Step, text: str, following: Argument | None, named: Argument | None, remote: bool, prefix: str
) -> tuple[Argument | None, bool, str, int]:
    """One-letter options: curl's `-o FILE`, `-O`, wget's `-O FILE`, `-P FOLDER`."""
    output = "o" if step.name != "wget" else "O"
    if step.name == "wget" and (text == "-qO-" or text.endswith("O-")):
        return Argument(following.word if following else step.arguments[0].word, "-"), remote, prefix, 0
    if output in text[1:]:
        rest = text[text.index(output) + 1 :]
        if rest and step.name == "wget":
            return step.arguments[0]._replace(value=rest), remote, prefix, 0
        return (following, remote, prefix, 1) if following is not None else (named, remote, prefix, 0)
    if step.name == "curl" and "O" in text[1:]:
        return named, True, prefix, 0
    if step.name == "wget" and text[-1] == "P" and following is not None:
        return named, remote, absolute(following.value or "?", step.folder), 1
    takes = ("-H", "-u", "-d", "-X", "-A", "-e", "-b", "-c", "-m") if step.name == "curl" else ("-t", "-T", "-U", "-a")
    return named, remote, prefix, 1 if text in takes else 0


def _first(urls: list[Argument]) -> str:
    return urls[0].text if urls else ""


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
