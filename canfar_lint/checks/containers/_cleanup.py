"""What a RUN removes again, what a mount keeps out of the layer, and whether that covers a given path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from canfar_lint.model.dockerfile.bodies import sh_is_bash
from canfar_lint.model.dockerfile.model import Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step, absolute

_CLEANER = re.compile(r"clean|purge|prune|slim|shrink|tidy|(?<!un)minimi[sz]e|cleanup|strip[-_.]", re.I)
_SCRIPT = re.compile(r"\.(?:sh|bash|py|pl|run)\Z|^\.{0,2}/|^~/|^\$")
_SYSTEM = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/")
_REST = re.compile(r"[*?.\[\]!{}\w-]*\*")


def covers(pattern: str, path: str) -> bool:
    """Removing `pattern` removes `path` or all there is in it."""
    wanted = [part for part in path.split("/") if part and part != "."]
    given = [part for part in pattern.rstrip("/").split("/") if part and part != "."]
    if not given or path[:1] not in (pattern[:1], ""):
        return False
    if len(given) > len(wanted) + 1:
        return False
    if len(given) == len(wanted) + 1 and not _REST.fullmatch(given.pop()):
        return False
    return all(there == "*" or fnmatchcase(there, glob) for glob, there in zip(given, wanted, strict=False))


def removed(step: Step, *, surely: bool = False) -> Iterator[str | None]:
    """The paths a command removes; None for one that cannot be known.

    Of `/opt/$X/data` it is `/opt`, what may be removed, or with `surely` None.
    """
    if step.name in ("rm", "unlink", "rmdir", "shred", "trash"):
        for argument in step.arguments:
            if argument.text.startswith("-") and len(argument.text) > 1:
                continue
            yield from _paths(step, argument, surely)
    elif step.name == "find" and any(value in ("-delete", "-exec", "-execdir") for value in step.values()):
        values = step.values()
        if surely and {"-name", "-iname", "-path", "-regex", "-wholename"} & set(values):
            yield None  # some of what is there
        elif "-delete" in values or "rm" in values or "/bin/rm" in values:
            for argument in step.arguments:
                if argument.text.startswith(("-", "(", "!")):
                    break
                yield from _paths(step, argument, surely)
    elif step.name == "xargs" and "rm" in step.values():
        yield None


def _paths(step: Step, argument: Argument, surely: bool) -> Iterator[str | None]:
    path = step.path(argument)
    if path is None:
        head = argument.word.head
        known = head.startswith("/") and head.count("/") > 1 and not surely
        yield absolute(head, step.folder) if known else None
    elif "{" in path and sh_is_bash(step.run) is None and re.search(r"\{[^{}]*,[^{}]*\}", path):
        yield None
    else:
        yield path


def succeeds(step: Step, after: Step) -> bool:
    """`step` runs, when all goes well, once `after` has run."""
    if any(block.kind == "trap" for block in step.command.blocks):
        return True
    if step.after_failure and not after.after_failure:
        return False
    return step.command.start > after.command.start or any(b.kind == "function" for b in after.command.blocks)


def cleaned(steps: Iterable[Step], after: Step, paths: Iterable[str]) -> bool:
    """One of `paths` is removed by a step behind `after`, or by something that cannot be known."""
    wanted = tuple(paths)
    for step in steps:
        if step.command is after.command or not succeeds(step, after):
            continue
        if is_cleaner(step):
            return True
        for path in removed(step):
            if path is None or any(covers(path, one) for one in wanted):
                return True
    return False


def is_cleaner(step: Step) -> bool:
    """A script or program that says in its name that it cleans."""
    names = [step.program.head if step.program is not None else step.name]
    if step.name in ("sh", "bash", "dash", "source", ".", "python", "python3", "chmod"):
        names += [argument.text for argument in step.arguments if not argument.text.startswith("-")][:2]
    return step.name not in ("apt-get", "apt", "make") and any(
        _CLEANER.search(name.rsplit("/", 1)[-1]) for name in names
    )


def runs_script(step: Step) -> bool:
    """A script of the context, whose doings cannot be seen here."""
    if step.name in ("sh", "bash", "dash", "source", ".", "python", "python3"):
        return any(_SCRIPT.search(argument.text) for argument in step.arguments[:2])
    text = step.program.text if step.program is not None else ""
    return bool(_SCRIPT.search(text)) and not text.startswith(_SYSTEM)


def mounted(run: Instruction, paths: Iterable[str]) -> bool:
    """A cache or tmpfs mount holds one of `paths`, so that it never reaches the layer; true where none can say."""
    wanted = tuple(paths)
    for mount in run.mounts:
        if mount.type not in ("cache", "tmpfs"):
            continue
        if mount.target is None:
            return True
        target = mount.target.rstrip("/") or "/"
        if any(one == target or one.startswith(target + "/") for one in wanted):
            return True
    return False


def homes(run: Instruction) -> tuple[str, ...]:
    """The home folder as a path may name it: `~`, and where it is when the user is known."""
    home = run.env.text("HOME")
    if home:
        return ("~", home)
    if run.user in ("root", "0"):
        return ("~", "/root")
    if run.user == "":
        return ("~", "/root", *(f"/home/{name}" for name in ("jovyan", "mambauser", "ubuntu", "user")))
    return ("~", f"/home/{run.user}") if run.user else ("~", "/root", "/home/*")


def at_home(run: Instruction, *tails: str) -> tuple[str, ...]:
    """Paths below the home folder, in every spelling."""
    return tuple(f"{home}/{tail}" for home in homes(run) for tail in tails)
