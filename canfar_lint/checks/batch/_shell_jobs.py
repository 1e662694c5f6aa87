"""What makes a shell script a job, which works on data, and what is set-up, sent away, or a person's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._scripts import is_test, made_by_hand, serves_desktop

if TYPE_CHECKING:
    from canfar_lint.model.shell import Block, Command, Script

_QUEUED = re.compile(r"(?m)^#(?:SBATCH|PBS|BSUB|OAR|MSUB|COBALT|\$ -)")
_USED = re.compile(r"\$\{?(\w+|[@*])")
_LISTED = re.compile(r"\$[@*]|\$\{([@*]|MAPFILE\b)")
_GLOB = re.compile(r"(?<![$\[{#%])\*(?!\})")
_LISTS = frozenset(("ls", "cat", "find", "head", "tail", "awk", "sed", "cut", "sort"))


def is_queued(script: Script) -> bool:
    """Whether a scheduler's header stands in a script: it is run as a job, whatever it does and is called."""
    return script.memo("queued", lambda one: _QUEUED.search(one.text) is not None)


def is_job(script: Script, rule: Rule) -> bool:
    """Whether a script does a pipeline's work itself: others are sourced, submit jobs, or serve development."""
    if is_queued(script):
        return True
    path = script.path.replace("\\", "/")
    if made_by_hand(script) or re.search(rule.table("shell_elsewhere"), path):
        return False
    if any(command.name == "return" and not command.blocks for command in script.commands):
        return False  # it is sourced
    submits = tuple(rule.table("shell_submits"))
    if any(f"{command.name} {_words(command)}".startswith(submits) for command in script.commands):
        return any(_prepares(rule, command) for command in script.commands)
    if any(is_worker(script, rule, command) for command in script.commands):
        return True
    if serves_desktop(script) or is_test(script) or _is_of_developer(script, rule):
        return False
    if re.search(rule.table("shell_servers"), path):
        return False
    return any(works_on_data(script, rule, command) for command in script.commands)


def _prepares(rule: Rule, command: Command) -> bool:
    """Whether a command of a script that sends jobs away makes, turn by turn, the file that a job is run with."""
    from canfar_lint.checks._scripts import loop_of

    if loop_of(command) is None or any(redirect.op == ">>" for redirect in command.redirects):
        return False
    return command.name in ("echo", "printf", "cat", "sed") and writes(rule, command)


def _words(command: Command) -> str:
    return " ".join(word.value or word.head for word in command.arguments[:3])


def is_worker(script: Script, rule: Rule, command: Command) -> bool:
    """Whether a command runs a program that is known to do a pipeline's work, or a program written out behind `-c`."""
    if command.name in ("xargs", "parallel"):
        return any(_runs_workers(rule, word.value) for word in command.arguments)
    if not re.search(rule.table("shell_workers"), _program(script, command)):
        return False
    first = command.arguments[0].value if command.arguments else ""
    if first == "-c" and "\n" in command.arguments[1].text.strip("\"' \n"):
        return True
    return not re.search(rule.table("shell_other_work"), _words(command))


def _runs_workers(rule: Rule, word: str | None) -> bool:
    """Whether a word of `xargs` is the program that it runs many times: one of the pipeline, or a shell's function."""
    return word == "bash" or (word is not None and re.search(rule.table("shell_workers"), word) is not None)


def _program(script: Script, command: Command) -> str:
    """The name of the program, also one that a variable of the script names."""
    if command.name or command.program is None:
        return command.name or ""
    return (script.resolve(command.program, command) or "").rpartition("/")[2]


def _is_of_developer(script: Script, rule: Rule) -> bool:
    """Whether a script installs or publishes something, or asks whoever runs it."""
    others = re.compile(rule.table("shell_developing"))
    return any(others.search(f"{command.name} {_words(command)} ") for command in script.commands)


def works_on_data(script: Script, rule: Rule, command: Command) -> bool:
    """Whether a command reads or writes data: files by their suffix, what the script was given, what it lists."""
    if not command.words or command.program is None or command.name in rule.table("shell_idle"):
        return False
    data = re.compile(rule.table("data_files"))
    if any(data.search(word.tail) and not word.head.startswith("-") for word in command.arguments):
        return True
    if any(word.head.startswith(tuple(rule.table("shell_parameters"))) for word in command.arguments):
        return True
    if writes(rule, command) or any(redirect.feeds and redirect.body is None for redirect in command.redirects):
        return True
    if any(block.kind == "function" for block in command.blocks):
        return False
    given = script.memo("given names", lambda one: _given(one, data))
    return any(name in given for word in command.arguments for name in word.variables)


def writes(rule: Rule, command: Command) -> bool:
    """Whether the output of a command is redirected to a file that is no log."""
    asides = re.compile(rule.table("asides"))
    targets = (redirect.target for redirect in command.redirects if redirect.writes and redirect.fd in ("", "1"))
    return any(not asides.search(target.value or target.text) for target in targets)


def _given(script: Script, data: re.Pattern[str]) -> frozenset[str]:
    """The arguments of a script, the variables of loops over files and lists, and what is made of either."""
    names = {*"123456789", "@", "*"}
    names |= {block.name for block in script.loops if block.name and _is_over_files(script, data, block)}
    for entry in script.assignments:
        if entry.word is not None and names.intersection(_USED.findall(entry.word.text)):
            names.add(entry.name)
    return frozenset(names)


def _is_over_files(script: Script, data: re.Pattern[str], loop: Block) -> bool:
    words = loop.words or ()
    if any(data.search(word.tail) or _LISTED.search(word.text) or _GLOB.search(word.text) for word in words):
        return True
    spans = [(word.start, word.end) for word in words if word.dynamic]
    inside = (c for c in script.commands if c.name in _LISTS and any(s <= c.start < e for s, e in spans))
    return any(True for _ in inside)


def turns(script: Script, command: Command) -> Iterator[Block]:
    """The loops around a command that come to it again, so that only the last turn's end is seen."""
    for block in command.blocks:
        if block.kind != "loop":
            continue
        if block.words is None and block.keyword == "for":
            yield block
        elif block.words is None:
            reads = (c for c in script.commands if c.name in ("read", "mapfile") and block in c.blocks)
            if any("condition" in one.context for one in reads):
                yield block
        elif len(block.words) != 1 or block.words[0].dynamic or re.search(r"[*?{]", block.words[0].text):
            yield block
