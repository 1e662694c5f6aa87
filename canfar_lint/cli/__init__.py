"""The command line. A command is a module of this package, imported when it is asked for."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

PROGRAM = "canfar-lint"
# the module of each command, with its `run` and `parser`
COMMANDS = {
    "check": "check", "graph": "graph", "rule": "rule", "config": "config", "clean": "clean", "version": "version",
    "generate-shell-completion": "completion", "help": "help",
}  # fmt: skip
SUCCESS, FINDINGS, FAILURE, INTERRUPTED = 0, 1, 2, 128 + 2
# errors of the user's files, told without a traceback; by name, as their modules may not be loaded
_TOLD = ("RuleError", "RuffError", "BaselineError", "ClusterError")
_TAKES_VALUE = ("--config", "--color")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit status as `canfar-lint check --help` tells it."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        _make_printable()
        try:
            status = _run(_expanded(arguments))
        except SystemExit as e:
            status = e.code if isinstance(e.code, int) else FAILURE
        sys.stdout.flush()
        return _ended(status) if argv is None else status
    except KeyboardInterrupt:
        return _interrupted() if argv is None else INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except Exception as e:
        return _failed(e)


def _expanded(arguments: list[str]) -> list[str]:
    """The arguments with what stands in an `@FILE`, one a line, in its place."""
    found: list[str] = []
    for word in arguments:
        if len(word) > 1 and word.startswith("@"):
            with open(word[1:], encoding="utf-8", errors="surrogateescape") as file:
                found += [line for line in file.read().splitlines() if line]
        else:
            found.append(word)
    return found


def command_of(arguments: list[str]) -> tuple[str, list[str]]:
    """The command and what is left for it: the first word that is no flag names it, "" when it names none."""
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word in COMMANDS:
            return word, arguments[:position] + arguments[position + 1 :]
        if not word.startswith("-") or word in ("-", "--"):
            break
        position += 2 if word in _TAKES_VALUE else 1
    return "", arguments


def _run(arguments: list[str]) -> int:
    command, rest = command_of(arguments)
    if not command and rest and rest[0] in ("-V", "--version"):
        command, rest = "version", rest[1:]
    elif not command and rest and rest[0] in ("-h", "--help"):
        command, rest = "help", []
    from importlib import import_module

    status: int = import_module(f"canfar_lint.cli.{COMMANDS[command or 'check']}").run(rest)
    return status


def _ended(status: int) -> int:
    """End the process without taking everything apart first, where nothing but memory is left to give back."""
    if any(name in sys.modules for name in ("multiprocessing.process", "concurrent.futures.thread", "coverage")):
        return status  # these have something to do at the end
    sys.stderr.flush()
    os._exit(status)


def _interrupted() -> NoReturn:
    """End the process with its workers and ruff, now: the threads that Python would wait for may never end.

    What was being written has been tidied up on the way here.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    multiprocessing = sys.modules.get("multiprocessing")
    peers = sys.modules.get("canfar_lint.peers.process")
    for worker in multiprocessing.active_children() if multiprocessing else ():
        worker.kill()
    for peer in peers.RUNNING if peers else ():
        os.kill(peer, signal.SIGKILL)
    os._exit(INTERRUPTED)


def _make_printable() -> None:
    """What a terminal's encoding cannot show is shown by its number."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def harmless(text: str) -> str:
    """Lines for a terminal, which must not obey what a file or its name says."""
    from canfar_lint.reporting.escape import one_line

    return "\n".join(one_line(line.rstrip("\r")) for line in text.split("\n"))


def told(error: Exception) -> str:
    """What to say of an error of the user's files, "" for one that is a defect of ours."""
    from canfar_lint.settings.settings import SettingsError

    known = isinstance(error, (SettingsError, OSError)) or type(error).__name__ in _TOLD
    return str(error) if known else ""


def _failed(error: Exception) -> int:
    words = told(error)
    if words:
        print(f"{PROGRAM} failed\n  Cause: {harmless(words)}", file=sys.stderr)
        return FAILURE
    import traceback

    traceback.print_exception(error)
    from canfar_lint import __version__

    print(
        f"\n{PROGRAM} {__version__} crashed. This is a defect of {PROGRAM}: please report it with the lines above at\n"
        "https://github.com/opencadc/canfar/issues",
        file=sys.stderr,
    )
    return FAILURE
