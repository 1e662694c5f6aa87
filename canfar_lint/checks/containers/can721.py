"""CAN721: what is put into a home folder of the image, where no session looks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import at_home, covers, removed
from canfar_lint.checks.containers._homes import entered, people, removed_later, spent
from canfar_lint.checks.containers._layers import earlier
from canfar_lint.checks.containers._made import ARCHIVE, TAR, URL, gone, made_by
from canfar_lint.checks.containers._packages import INSTALL, operation_of
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Stage
from canfar_lint.model.dockerfile.steps import Step, absolute

_HOME = re.compile(r"(?:~|/root)(?:/|\Z)|/home/[^/]+(?:/|\Z)")
_INSIDE = re.compile(r"(?:~|/root|/home/[^/]+)/.")
_PREPARES = ("mkdir", "chmod", "chown", "chgrp", "useradd", "adduser", "groupadd", "addgroup", "usermod", "cd", "echo")
_STARTUP = re.compile(r"/\.[\w.-]*(?:rc|profile|login|aliases)\Z")
_OTHER = re.compile(r"/home/([^/]+)")
_SOMEBODY = re.compile(r"/home/\$(?:\w+|\{\w+\})/[^$*?]")
_LETTERS = re.compile(r"-[bfhistup]+")
_KIND = re.compile(r"miniconda3?|anaconda3?|miniforge3?|mambaforge3?", re.I)
_PREFIX = re.compile(r"(?:--)?(?:prefix|install-dir|root|target|bin-dir|install_dir)=(.+)", re.I)


class _Put(NamedTuple):
    """Something that comes into a home folder, named at `start:end`."""

    start: int
    end: int
    path: str
    empty: bool = False
    """A folder that is only made."""
    source: bool = True
    """It may be the source of something that is installed elsewhere."""


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    users: set[str] | None = None
    for stage in dockerfile.stages:
        if not dockerfile.shipped(stage):
            continue
        for instruction in stage.instructions:
            for found in _found(dockerfile, rule, stage, instruction):
                if isinstance(found, Finding):
                    yield found
                    continue
                users = people(dockerfile) if users is None else users
                if _lost(dockerfile, rule, instruction, found, users):
                    variant = "others" if _OTHER.match(found.path) else "files"
                    yield rule.finding((found.start, found.end), variant=variant, path=found.path)


def _lost(dockerfile: Dockerfile, rule: Rule, maker: Instruction, put: _Put, users: set[str]) -> bool:
    """It is a home folder, and what is put there is not only for the build."""
    other = _OTHER.match(put.path)
    if other is not None and "$" not in other[1] and other[1] not in users and other[1] not in rule.table("users"):
        return False  # a folder by the name of nobody, which everybody may read
    if put.empty and not entered(dockerfile, maker, put.path, put.end):
        return False
    if removed_later(dockerfile, maker, put.path, put.end):
        return False
    return not (put.source and spent(dockerfile, maker, put.path, put.end, rule.table("builders")))


def _found(dockerfile: Dockerfile, rule: Rule, stage: Stage, instruction: Instruction) -> Iterator[Finding | _Put]:
    if instruction.keyword in ("COPY", "ADD"):
        if not _run_by_the_build(instruction, stage):
            yield from _copied(rule, instruction)
    elif instruction.keyword == "ENV":
        yield from _variables(dockerfile, rule, stage, instruction)
    elif instruction.keyword == "RUN" and instruction.readable:
        yield from _run(rule, instruction)


def _run_by_the_build(copy: Instruction, stage: Stage) -> bool:
    """A script that a RUN behind it runs, or an archive that it unpacks, and nothing that the image starts."""
    names = {posixpath.basename(source.text) for source in copy.sources}
    packed = all(ARCHIVE.search(name) for name in names) and (
        copy.keyword == "COPY" or not any(TAR.search(s.text) and not URL.match(s.text) for s in copy.sources)
    )
    if not packed and not all(name.endswith((".sh", ".bash", ".py", ".pl", ".R")) for name in names):
        return False
    behind = [i for i in stage.instructions if i.index > copy.index and i.keyword == "RUN" and i.readable]
    said = {word for run in behind for step in run.steps for word in _words(step, 9 if packed else 2)}
    starts = " ".join(i.value for i in stage.instructions if i.keyword in ("CMD", "ENTRYPOINT"))
    return names <= said and not any(name in starts for name in names)


def _words(step: Step, most: int) -> Iterator[str]:
    yield posixpath.basename(step.name)
    for argument in step.arguments[:most]:
        yield posixpath.basename(argument.text)
        yield posixpath.basename(argument.word.text)


def _copied(rule: Rule, copy: Instruction) -> Iterator[Finding | _Put]:
    destination = copy.destination
    value = _said(destination.value, destination.text) if destination is not None else None
    if destination is None or value is None:
        return
    path = absolute(value, copy.workdir or ".")
    names = [posixpath.basename(source.text).lower() for source in copy.sources]
    if names and all("dockerfile" in name or name.startswith(("readme", "license")) for name in names):
        return
    if _OTHER.match(path) and _STARTUP.search(path) and not _kept(path, rule):
        yield rule.finding((destination.start, destination.end), variant="shell", path=path)
        return
    if _HOME.match(path) and not _kept(path, rule):
        yield _Put(destination.start, destination.end, path)


def _kept(path: str, rule: Rule) -> bool:
    """What the build alone reads, whosever home folder it is in."""
    kept = tuple(rule.table("kept"))
    return path.startswith(kept) or _HOME.sub("/root/", path, count=1).startswith(kept)


def _said(value: str | None, text: str) -> str | None:
    """A path, also one below the home folder of somebody whom a variable names."""
    return text if value is None and _SOMEBODY.match(text) else value


def _variables(dockerfile: Dockerfile, rule: Rule, stage: Stage, env: Instruction) -> Iterator[Finding]:
    """HOME, unless nothing is kept there anyway."""
    volumes = [w.value or "" for i in stage.instructions if i.keyword == "VOLUME" for w in i.words]
    for pair in env.pairs:
        if pair.name != "HOME" or not (pair.value or "").startswith("/") or pair.value is None:
            continue
        if not pair.value.startswith(("/arc", "/tmp", "/var/tmp", "/nonexistent")) and pair.value not in volumes:
            used = pair.value.startswith("/scratch") or _in_use(dockerfile, env, pair.value)
            yield rule.finding((pair.start, pair.end), variant="home" if used else "idle", path=pair.value)


def _in_use(dockerfile: Dockerfile, env: Instruction, home: str) -> bool:
    """An instruction of the image puts something there or looks there."""
    inside = re.compile(
        rf"{re.escape(home.rstrip('/'))}/[^\s/]|\$\{{?HOME\b|(?<![^\s\"'=:])~/" if home != "/" else r"\$\{?HOME\b"
    )
    return any(
        inside.search(other.value)
        or (other.keyword in ("COPY", "ADD") and other.value.rstrip().endswith((f" {home}", f" {home}/")))
        for stage in dockerfile.stages
        if dockerfile.shipped(stage)
        for other in stage.instructions[:1000]
        if other is not env
        and other.keyword in ("RUN", "COPY", "ADD", "CMD", "ENTRYPOINT", "VOLUME")
        and not (other.keyword == "RUN" and other.readable and all(step.name in _PREPARES for step in other.steps))
    )


def _run(rule: Rule, run: Instruction) -> Iterator[Finding | _Put]:
    for step in run.steps:
        if step.after_failure:
            continue
        found = next(_step(rule, run, step), None)
        if found is not None:
            yield found


def _step(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding | _Put]:
    operation = operation_of(step)
    if operation is not None and operation.kind == INSTALL:
        if operation.family == "pip" and operation.has("--user") and run.env.text("PYTHONUSERBASE") is None:
            yield rule.finding(operation.span, variant="user", tool=operation.tool)
        tool = {"uv tool install": ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR"), "pipx install": ("PIPX_HOME", "PIPX_BIN_DIR")}
        words = f"{operation.tool} tool install" if "uv tool install" in operation.options else f"{step.name} install"
        needed = tool.get(words)
        if needed and "--global" not in step.values() and not _set(run, step, needed[0]):
            yield rule.finding(
                operation.span, variant="tool", tool=words, variables=" and ".join(f"`{n}`" for n in needed)
            )
    if (
        step.name in ("conda", "mamba", "micromamba")
        and "init" in step.values()[:2]
        and "--system" not in step.values()
    ):
        word = step.arguments[0].word
        start = step.program.start if step.program is not None else step.command.start
        yield rule.finding((start, word.end), variant="shell", path="~/.bashrc")
    yield from _targets(rule, run, step)


def _set(run: Instruction, step: Step, name: str) -> bool:
    """A variable that says where the tools go is set, to something outside a home folder or unknown."""
    own = step.assigned(name)
    if own is not None:
        return own.value is None or not _HOME.match(own.value)
    if any(entry.name == name for script in run.scripts for entry in script.assignments):
        return True
    value = run.env.text(name)
    return value is not None and not _HOME.match(value)


def _targets(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding | _Put]:
    """Folders that are made, files that are written, trees that are cloned below a home folder."""
    for redirect in step.command.redirects:
        if redirect.writes and step.name not in rule.table("writes-nothing-of-use"):
            from canfar_lint.model.dockerfile.steps import resolve

            value = resolve(run, step.script, step.command, redirect.target)
            path = absolute(value, step.folder) if value else ""
            if path and _HOME.match(path) and not _kept(path, rule) and not gone(run.steps, step, path):
                target = redirect.target
                if _STARTUP.search(path):
                    yield rule.finding((target.start, target.end), variant="shell", path=path)
                else:
                    yield _Put(target.start, target.end, path, source=False)
    for made in made_by(run):
        if made.step is step and made.how == "clone" and _HOME.match(made.path):
            yield _Put(made.start, made.end, made.path)
    yield from _installed(rule, run, step)
    yield from _unpacked(rule, run, step)
    yield from _by_default(run, step, rule)


def _installed(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding | _Put]:
    """Environments and installers that are told to go below a home folder."""
    values = step.arguments
    for i, argument in enumerate(values):
        value = _said(argument.value, argument.word.text)
        if not value or (value.startswith("-") and "=" not in value):
            continue
        prefix = _PREFIX.fullmatch(value)
        before = values[i - 1].value if i else ""
        told = bool(prefix) or (before in ("-p", "--prefix", "--install-dir") and _installer(step))
        told = told or step.name in ("venv", "virtualenv")
        told = told or (step.name in ("cp", "mv", "install") and i == len(values) - 1 and i > 0)
        told = told or (step.name == "mkdir" and _INSIDE.match(absolute(value, step.folder)) is not None)
        if not told:
            continue
        path = absolute(prefix[1] if prefix else value, step.folder)
        if step.name == "mkdir" and "/.cache" in path:
            continue
        if _HOME.match(path) and not gone(run.steps, step, path) and not _kept(path, rule):
            made = step.name == "mkdir"
            yield _Put(argument.word.start, argument.word.end, path, empty=made, source=made)


def _installer(step: Step) -> bool:
    return step.name in ("conda", "mamba", "micromamba", "bash", "sh", "uv") or step.name.endswith(".sh")


def _unpacked(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding | _Put]:
    """An archive unpacked into a home folder, where nothing moves or removes any of it again."""
    if not _unpacks(step):
        return
    option, long = ("-d", "-d") if step.name == "unzip" else ("-C", "--directory")
    word = step.program
    path = step.folder
    for i, argument in enumerate(step.arguments):
        before = step.arguments[i - 1].text if i else ""
        given = argument.text.partition("=")[2] if argument.text.startswith(f"{long}=") else ""
        if (
            given
            or before in (option, long)
            or (before.startswith("-") and before.endswith(option[1:]) and before[1:2] != "-")
        ):
            word, path = argument.word, absolute(given or argument.value or "?", step.folder)
    if word is None or not _HOME.match(path) or _kept(path, rule):
        return
    behind = [other for other in run.steps if other.command.start > step.command.start]
    if any(_takes(other, path) for other in behind) or (
        path == step.folder and any(_builds(other) for other in behind)
    ):
        return
    yield _Put(word.start, word.end, path)


def _unpacks(step: Step) -> bool:
    first = step.arguments[0].text if step.arguments else ""
    if step.name == "unzip":
        return not {"-l", "-p", "-t"} & set(step.values())
    if step.name not in ("tar", "bsdtar"):
        return False
    return "x" in first.lstrip("-") if not first.startswith("--") else first in ("--extract", "--get")


def _takes(step: Step, path: str) -> bool:
    """It removes or moves something at or below the path, or something that is not known."""
    taken: list[str | None] = list(removed(step))
    if step.name == "mv":
        taken += [step.path(argument) for argument in step.arguments[:-1]]
    return any(one is None or f"{one}/".startswith(f"{path}/") or covers(one, path) for one in taken)


def _builds(step: Step) -> bool:
    """What lies there is but the source of what is installed elsewhere."""
    return step.name in (
        "make",
        "cmake",
        "ninja",
        "configure",
        "pip",
        "pip3",
        "python",
        "python3",
        "install",
        "cp",
        "ln",
    )


def _by_default(run: Instruction, step: Step, rule: Rule) -> Iterator[Finding | _Put]:
    """The installers of conda go to `$HOME/miniconda3` and the like when they are not told where."""
    program = step.program
    if step.name in ("bash", "sh", "zsh"):
        words = [argument for argument in step.arguments if not argument.text.startswith("-")][:1]
        word, named = (words[0].word, words[0].text) if words else (None, "")
    else:
        word, named = program, (program.value or "" if program is not None else "")
    options = [argument.text for argument in step.arguments if _LETTERS.fullmatch(argument.text)]
    if word is None or not named.endswith(".sh") or not any("b" in option for option in options):
        return
    if any("p" in option for option in options) or step.assigned("PREFIX") or run.env.text("PREFIX"):
        return
    address = _address(run, absolute(named, step.folder))
    kind = _KIND.search(address.rsplit("/", 1)[-1]) or _KIND.search(named) or _KIND.search(address)
    home = run.env.text("HOME")
    if kind is None or (home is not None and not _HOME.match(home)):
        return
    folder = f"{kind[0].lower().removesuffix('3')}3"
    if not any(gone(run.steps, step, path) for path in at_home(run, folder)):
        yield _Put(word.start, word.end, f"~/{folder}", source=False)


def _address(run: Instruction, path: str) -> str:
    """Where a file was downloaded from, in this RUN or one before."""
    for before in (run, *earlier(run)):
        for made in made_by(before, removed_too=True) if before.keyword == "RUN" and before.readable else ():
            if made.path == path and made.how == "download":
                return made.source
    return ""
