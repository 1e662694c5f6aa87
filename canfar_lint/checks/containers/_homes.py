"""What becomes of what a build puts into a home folder: whose home it is, and whether anything needs it later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.checks.containers._cleanup import covers, removed
from canfar_lint.checks.containers._layers import later_runs
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Stage
from canfar_lint.model.dockerfile.steps import Step, absolute

_CARRIERS = ("mv", "cp", "install", "rsync")
_INSTALLS = re.compile(r"install(?:-\w+)?\Z")
_PEOPLE = ("useradd", "adduser", "usermod", "chown", "su", "gosu", "chpasswd", "passwd")
_IDLE = (
    "mkdir",
    "chown",
    "chmod",
    "useradd",
    "adduser",
    "usermod",
    "ls",
    "touch",
    "cd",
    "rm",
    "rmdir",
    "ln",
    "chgrp",
    "cp",
    "mv",
    "install",
    "git",
)
_RUN_TIME = ("CMD", "ENTRYPOINT", "ENV", "VOLUME", "HEALTHCHECK")
_FARTHEST = 300
_PROFILE = ("echo", "printf", "ln", "tee")


def people(dockerfile: Dockerfile) -> set[str]:
    """The names of users that the file speaks of, and the home folders it gives them."""
    found: set[str] = set()
    for instruction in dockerfile.instructions:
        owner = instruction.flag("chown")
        if owner is not None:
            found.add((owner.value or "").split(":")[0])
        if instruction.keyword == "USER":
            found.add((instruction.whole.value or "").split(":")[0])
        elif instruction.keyword == "RUN" and instruction.readable:
            for step in instruction.steps:
                if step.name in _PEOPLE:
                    found.update(value.split(":")[0].removeprefix("/home/") for value in step.values())
                found.update(a.word.text[1:].split("/")[0] for a in step.arguments if a.word.text.startswith("~"))
    return found - {""}


def real(path: str, instruction: Instruction) -> str:
    """The path with the home folder's own name, so far as it is known."""
    if not path.startswith("~"):
        return path
    user = instruction.user
    home = instruction.env.text("HOME") or ("/root" if user in ("", "root", "0", None) else f"/home/{user}")
    return home.rstrip("/") + path[1:]


def removed_later(dockerfile: Dockerfile, maker: Instruction, path: str, after: int) -> bool:
    """A later command, of this RUN or another, removes it again."""
    tree = real(path, maker)
    return any(
        one is not None and covers(real(one, step.run), tree)
        for step in _behind(dockerfile, maker, after)
        for one in removed(step, surely=True)
    )


def spent(dockerfile: Dockerfile, maker: Instruction, path: str, after: int, builders: list[str]) -> bool:
    """What `maker` puts there is only what something else is built and installed from."""
    tree = real(path, maker)
    steps = list(_behind(dockerfile, maker, after))
    if _wanted(maker.stage, tree) or any(_names(step, tree) for step in steps if step.name in _PROFILE):
        return False
    built: Instruction | None = None
    for step in steps:
        inside, values = _below(real(step.folder, step.run), tree), step.values()
        there = inside or any(_below(path, tree) for path in _paths(step))
        if step.name in _CARRIERS and any(_below(one, tree) for one in _paths(step)[:-1]):
            return True
        if there and {"-e", "--editable", "develop"} & set(values):
            return False
        if there and step.name in builders:
            built = step.run
        if not there and built is not step.run:
            continue
        if step.name in builders and any(_INSTALLS.match(value) for value in values):
            return True
    return False


def entered(dockerfile: Dockerfile, maker: Instruction, path: str, after: int) -> bool:
    """A later command works in the folder, or the environment names it."""
    tree = real(path, maker)
    for step in _behind(dockerfile, maker, after):
        if _below(real(step.folder, step.run), tree):
            return True
        if step.name not in _IDLE and any(_below(one, tree) and one != tree for one in _paths(step)):
            return True
    stage = maker.stage
    named = stage.instructions if stage is not None and not tree.startswith("/home/") else ()
    return any(i.keyword == "ENV" and any(p.name != "HOME" and p.value == tree for p in i.pairs) for i in named)


def _behind(dockerfile: Dockerfile, maker: Instruction, after: int) -> Iterator[Step]:
    if maker.keyword == "RUN":
        yield from (step for step in maker.steps if step.command.start > after)
    for run in later_runs(dockerfile, maker):
        if run.readable:
            yield from run.steps


def _wanted(stage: Stage | None, tree: str) -> bool:
    """The start command, a variable or a volume speaks of it."""
    for each in stage.ancestry if stage is not None else ():
        for instruction in each.instructions[-_FARTHEST:]:
            if instruction.keyword not in _RUN_TIME:
                continue
            if tree in instruction.value or any(tree in (word.value or "") for word in instruction.words):
                return True
            starts = instruction.keyword in ("CMD", "ENTRYPOINT") and instruction.words
            program = instruction.words[0].text if starts else "/"
            if _below(instruction.workdir or "/", tree) and not program.startswith("/"):
                return True
    return False


def _names(step: Step, tree: str) -> bool:
    return any(tree in argument.text for argument in step.arguments)


def _paths(step: Step) -> list[str]:
    found = []
    for argument in step.arguments:
        text = argument.text.partition("=")[2] if argument.text.startswith("-") else argument.text
        if text:
            found.append(real(absolute(text, step.folder), step.run))
    return found


def _below(path: str, tree: str) -> bool:
    return f"{path}/".startswith(f"{tree.rstrip('/')}/")
