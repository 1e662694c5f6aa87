"""The command of a session request, word by word, as the server splits it: on single blanks, without a shell."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.model.request import COMMAND_LINE, Request

SCRIPTS = (".py", ".sh", ".bash", ".r", ".jl", ".pl", ".ipynb")


def is_line(request: Request) -> bool:
    """Whether a request of the command line is written as a shell reads it, and not as a list of literals."""
    return request.command is not None and request.command.words[0].text[:1] not in ("'", '"')


def runs_command(request: Request) -> bool:
    """Whether the command of a request can run: a session that is surely not headless is refused with one."""
    return request.of_model is None and request.kind in (None, "headless") and request.stopped != "help"


def pieces(request: Request) -> Iterator[tuple[str, tuple[int, int]]]:
    """The words of cmd and args with the place each stands in; `{}` for what is not sure."""
    cmd, args = request.fields.get("cmd"), request.fields.get("args")
    if cmd is not None:
        yield cmd.sure, cmd.span
    if args is None:
        return
    if request.surface != COMMAND_LINE:
        for piece in args.sure.split(" "):
            yield piece, args.span
        return
    words = args.sure.split(" ")
    if len(words) == len(request.words) - 1:
        yield from zip(words, (word.span for word in request.words[1:]), strict=True)
    else:
        yield from ((piece, args.span) for piece in words)


def script_of(request: Request) -> tuple[str, tuple[int, int]] | None:
    """The script that an interpreter is given, or the command itself when it is a path; with its place."""
    words = list(pieces(request))
    if not words:
        return None
    program, span = words[0]
    if " " in program.strip():
        return None  # no executable has such a name, which is the first thing to mend
    if "/" in program and program.lower().endswith(SCRIPTS):
        return program, span
    name = program.rpartition("/")[2]
    if not name.startswith(("python", "bash", "sh", "Rscript", "julia", "perl", "ipython", "casa", "uv")):
        return None
    for word, place in words[1:]:
        if word in ("-m", "--module") or (word in ("-c", "-lc", "-e") and name != "casa"):
            return None
        if word.startswith("-") or (word == "run" and name == "uv"):
            continue
        return (word, place) if word.lower().endswith(SCRIPTS) else None
    return None
