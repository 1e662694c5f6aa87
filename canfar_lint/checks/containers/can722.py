"""CAN722: files and folders of the image where the platform mounts its own."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._made import gone, made_by
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction, Word
from canfar_lint.model.dockerfile.steps import Argument, Step, absolute, resolve

CVMFS = "/cvmfs/"
"""A folder or a volume there is the mount point of a repository, never a place for files of the image."""
_WRITES = ("mkdir", "cp", "mv", "touch", "tar", "install", "rsync")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    mounts = tuple(dict.fromkeys((*rule.table("mounts"), *rule.setting("persistent_paths"))))
    for stage in dockerfile.stages:
        if not dockerfile.shipped(stage):
            continue
        for instruction in stage.instructions:
            for start, end, path in _written(instruction, mounts):
                mount = next(m for m in mounts if path == m or path.startswith(f"{m}/"))
                yield rule.finding((start, end), path=path, mount=mount)


def _written(instruction: Instruction, mounts: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    if instruction.keyword in ("COPY", "ADD", "WORKDIR", "VOLUME"):
        for word in _destinations(instruction):
            if word.value is None:
                continue
            path = absolute(word.value, instruction.workdir or ".")
            if instruction.keyword == "VOLUME" and path.startswith(CVMFS):
                continue
            if _below(path, mounts) or path in mounts:
                yield word.start, word.end, path
    elif instruction.keyword == "RUN" and instruction.readable:
        for step in instruction.steps:
            if not step.after_failure:
                yield from _by_step(instruction, step, mounts)


def _destinations(instruction: Instruction) -> tuple[Word, ...]:
    if instruction.keyword == "WORKDIR":
        return (instruction.whole,)
    if instruction.keyword == "VOLUME":
        return instruction.words
    return (instruction.destination,) if instruction.destination is not None else ()


def _below(path: str, mounts: tuple[str, ...]) -> bool:
    return path.startswith(tuple(f"{mount}/" for mount in mounts))


def _by_step(run: Instruction, step: Step, mounts: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    for redirect in step.command.redirects:
        if redirect.writes:
            value = resolve(run, step.script, step.command, redirect.target)
            if value and _below(absolute(value, step.folder), mounts):
                yield redirect.target.start, redirect.target.end, absolute(value, step.folder)
    for made in made_by(run):
        if made.step is step and _below(made.path, mounts):
            yield made.start, made.end, made.path
    if step.name not in _WRITES:
        return
    words = step.arguments if step.name in ("mkdir", "touch") else _target(step)
    for argument in words:
        path = step.path(argument)
        if path and step.name == "mkdir" and (_linked(run, path) or path.startswith(CVMFS)):
            continue
        if path and not argument.text.startswith("-") and _below(path, mounts) and not gone(run.steps, step, path):
            yield argument.word.start, argument.word.end, path
            return


def _linked(run: Instruction, path: str) -> bool:
    """A link to the place is made in the same RUN: the folder is only there so that the build can see it."""
    return any(step.name == "ln" and any(step.path(word) == path for word in step.arguments) for step in run.steps)


def _target(step: Step) -> tuple[Argument, ...]:
    values = step.values()
    if step.name == "tar":
        for option in ("-C", "--directory"):
            if option in values[:-1]:
                return (step.arguments[values.index(option) + 1],)
        return ()
    return step.arguments[-1:] if len(step.arguments) > 1 else ()
