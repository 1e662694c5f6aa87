"""CAN712: a change of owner, mode or name that stores the files of an earlier layer a second time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.containers._cleanup import covers, mounted
from canfar_lint.checks.containers._layers import earlier, shipped_runs
from canfar_lint.checks.containers._made import ARCHIVE, made_by, small
from canfar_lint.checks.containers._packages import INSTALL, operation_of
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Related
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step

_IN_PLACE = ("npm", "yarn")
"""They install into the folder where they run."""
_RECURSIVE = re.compile(r"-[A-Za-z]*R[A-Za-z]*\Z|--recursive\Z")
_OWNER = re.compile(r"[\w.-]+(?::[\w.-]*)?\Z|:[\w.-]+\Z")
_ROOT = re.compile(r"(?:root|0)(?:[:.](?:root|0)?)?\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    for run in shipped_runs(dockerfile):
        if run.stage is None or run.stage.ships != "layers":
            continue
        for step in run.steps:
            if step.name in ("chown", "chmod"):
                yield from _changed(rule, run, step)
            elif step.name == "mv":
                yield from _moved(rule, run, step)


def _changed(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    if not any(_RECURSIVE.match(argument.text) for argument in step.arguments):
        return
    words = [argument for argument in step.arguments if not argument.text.startswith("-")]
    if len(words) < 2:
        return
    to_root = step.name == "chown" and _ROOT.match(words[0].text) is not None
    if step.name == "chmod" and words[0].text in ("a+rX", "+rX", "a+r", "go+rX", "og+rX", "u+rwX"):
        return
    for argument in words[1:]:
        path = step.path(argument)
        maker = _unpacker(run, argument)
        if maker is None and not to_root and path not in (None, "/", "."):
            assert path is not None
            if mounted(run, (path,)):
                continue
            maker = _maker(run, path, step)
            if maker is None and _touched_here(run, step, path):
                continue
        tree = maker is None and not to_root and path is not None and _large(path, rule.table("trees"))
        tree = tree and not _bare(run, path or "", rule.table("bare"))
        if maker is None and not tree:
            continue
        program = step.program.start if step.program is not None else step.command.start
        fix = _fix(run, step, words, maker) if maker is not None else None
        related = (Related("stored here first", maker.start, maker.keyword_span[1]),) if maker is not None else ()
        option = "--chown" if step.name == "chown" else "--chmod"
        what = argument.text
        unpacked = maker is not None and any(made.how == "unpack" for made in made_by(maker))
        variant = "unpacked" if unpacked else None if maker is not None and maker.keyword in ("COPY", "ADD") else "tree"
        yield rule.finding(
            (program, argument.word.end),
            variant=variant,
            fix=fix,
            related=related,
            tool=step.name,
            what=what,
            option=option,
        )
        return


def _large(path: str, trees: list[str]) -> bool:
    """A tree of the base image, or a part of one that is large by itself."""
    bare = path.rstrip("/*")
    return bare in trees or bare.startswith(("/opt/conda/", "/opt/miniconda", "/opt/anaconda"))


def _bare(run: Instruction, path: str, systems: list[str]) -> bool:
    """`/opt` and `/usr/local` of a plain distribution hold nothing, and no instruction before speaks of them."""
    image = run.stage.root.image if run.stage is not None else None
    bare = path.rstrip("/*")
    if bare not in ("/opt", "/usr/local") or image is None or image.rsplit("/", 1)[-1].split(":")[0] not in systems:
        return False
    said = [
        before.value
        for before in earlier(run)
        if before.keyword in ("RUN", "WORKDIR")
        or (before.keyword in ("COPY", "ADD") and not all(small(made) for made in made_by(before)))
    ]
    said += [run.text[run.start : run.end].partition(bare)[0]]
    return not any(bare in one or "make" in one or "pip" in one for one in said)


def _unpacker(run: Instruction, argument: Argument) -> Instruction | None:
    """The ADD that has unpacked an archive there, with the archive's own owners."""
    head = (argument.value or argument.word.head) + ("" if argument.value is None else "/")
    if head.count("/") < 2:
        return None
    for before in earlier(run):
        if before.keyword != "ADD" or before.flag("chown") is not None:
            continue
        if any(m.how == "unpack" and head.startswith(m.path.rstrip("/") + "/") for m in made_by(before)):
            return before
    return None


def _touched_here(run: Instruction, step: Step, path: str, *, whole: bool = False) -> bool:
    """An earlier command of the same RUN speaks of the path: the files may be its own.

    Of a `whole` folder that was copied, what it says of files below is no matter: most are as they were.
    """
    for before in run.steps:
        if before.command.start >= step.command.start:
            return False
        if before.name in ("chown", "chmod", "echo", "ls", "cd", "pushd", "useradd", "groupadd", "usermod", "export"):
            continue
        for argument in before.arguments:
            value = (argument.value or argument.word.head).partition("=")[2] or argument.value or argument.word.head
            other = value if value.startswith(("/", "~")) else before.path(argument)
            below = not whole and covers(path, (other or "").rstrip("/"))
            if other and (below or covers(other.rstrip("/"), path)):
                return True
    return False


def _maker(run: Instruction, path: str, step: Step) -> Instruction | None:
    """The nearest earlier instruction that stored something at or below the path, which `run` has not made anew."""
    words = [argument.text for argument in step.arguments if not argument.text.startswith("-")]
    owner = re.split("[:.]", words[0])[0] if step.name == "chown" and words else ""
    filler: Instruction | None = None
    for before in earlier(run):
        if before.keyword in ("COPY", "ADD") and (before.flag("chown") or before.flag("chmod")):
            continue
        if before.keyword not in ("COPY", "ADD", "RUN"):
            continue
        copied = before.keyword != "RUN"
        if not copied and owner and before.user == owner:
            continue  # it has made them for this owner
        below = [made for made in made_by(before) if covers(path, made.path)]
        if below and all(small(made) for made in below):
            if filler is not None:
                return filler
            continue
        filler = filler or (before if not copied and _fills(before, path) else None)
        if any(not _touched_here(run, step, made.path, whole=copied) for made in below):
            return before
    return None


def _fills(run: Instruction, path: str) -> bool:
    """It installs or unpacks something below the path, beside the small files that were copied there."""
    if not run.readable:
        return False
    for step in run.steps:
        operation = operation_of(step)
        installs = operation is not None and operation.kind == INSTALL and operation.family in _IN_PLACE
        installs = installs or (step.name in ("composer", "bundle") and "install" in step.values())
        unpacks = step.name in ("tar", "unzip", "bsdtar")
        if (installs or unpacks) and covers(path, step.folder):
            return True
        if unpacks and any((one := step.path(a)) is not None and covers(path, one) for a in step.arguments):
            return True
    return False


def _moved(rule: Rule, run: Instruction, step: Step) -> Iterator[Finding]:
    """A copied archive or tree that gets another place."""
    words = [argument for argument in step.arguments if not argument.text.startswith("-")]
    for argument in words[:-1]:
        path = step.path(argument)
        if path is None or mounted(run, (path,)) or _touched_here(run, step, path):
            continue
        for before in earlier(run):
            if before.keyword not in ("COPY", "ADD"):
                continue
            made = [m for m in made_by(before) if covers(path, m.path) and (ARCHIVE.search(m.path) or _tree(m.source))]
            if made:
                start = step.program.start if step.program is not None else step.command.start
                related = (Related("stored here first", before.start, before.keyword_span[1]),)
                yield rule.finding(
                    (start, argument.word.end),
                    variant="moved",
                    related=related,
                    tool="mv",
                    what=argument.text,
                    option="",
                )
                return


def _tree(source: str) -> bool:
    name = source.rstrip("/").rsplit("/", 1)[-1]
    return bool(name) and "." not in name.strip(".")


def _fix(run: Instruction, step: Step, words: list[Argument], maker: Instruction) -> Fix | None:
    """The owner or mode given to the COPY right before, the RUN dropped, when it does nothing else."""
    if maker.keyword not in ("COPY", "ADD") or maker.index != run.index - 1 or len(run.steps) != 1 or len(words) != 2:
        return None
    target = maker.destination
    given = words[0].value
    if target is None or given is None or words[1].value is None or run.onbuild or run.flags:
        return None
    if (target.value or "").rstrip("/") != words[1].value.rstrip("/") or not _OWNER.match(given):
        return None
    if step.name == "chmod" and not given.isdigit():
        return None
    option = f"--{step.name}={given} "
    at = maker.keyword_span[1] + 1
    text = run.text
    start = text.rfind("\n", 0, run.start)
    return Fix(f"give it to the {maker.keyword}", (Edit(at, at, option), Edit(start, run.end, "")), UNSAFE)
