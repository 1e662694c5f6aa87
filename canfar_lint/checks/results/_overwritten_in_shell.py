"""What a shell script writes under one name in every turn of a loop, or in every run whatever it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._scripts import JOB, from_outside, left_to_person, loop_of, made_by_hand, named, positions
from canfar_lint.checks._shell_outputs import MOVES, Output, outputs
from canfar_lint.checks.results._unique import in_shell
from canfar_lint.diagnostic import Finding
from canfar_lint.model.shell import Command, Script

_NEXT = 4
_MOST_INSIDE = 200

# variables that tell a shell script nothing of its work, and folders in which all its jobs are started
_NO_INPUT = re.compile(
    r"(HOME|USER|PWD|TMPDIR|PATH|HOSTNAME|SCRATCH|\w*THREADS\w*)$|"
    r"(?!(IN|INPUT|WORK|RUN|JOB|TASK|TARGET|OBS|DATA)_?)\w*(DIR|PATH|HOME|ROOT|FOLDER|BIN|PREFIX)$|"
    r"\w*(VERSION|USER|HOST|TOKEN|KEY|PASSWORD|URL|PORT|SIF|SIMG|IMAGE|CONTAINER|CPUS(_PER_TASK)?|NTASKS|NPROC|CORES)$"
)
# standard error that is kept to see what went wrong, and commands that only look into it
_COMPLAINTS = re.compile(r"(?i)err|warn|log|time|debug|fail|out")
_TESTS = frozenset(("rm", "test", "[", "[[", "echo", "tail", "more", "less", "grep", "mv", "cp", "gzip"))
_USED = re.compile(r"\$\{?(\w+)")
_SAME_FOLDER = re.compile(
    r'"?(\$\{?(HOME|PWD|OLDPWD|SLURM_SUBMIT_DIR|PBS_O_WORKDIR|SGE_O_WORKDIR|LS_SUBCWD)\b|[$`]\(?\s*(pwd\b|dirname\s+.?\$\{?'
    r"(0|BASH_SOURCE)))"
)


def overwritten(script: Script, rule: Rule) -> Iterator[Finding]:
    """The files that every turn of a loop, or every run of a script that takes an input, writes anew."""
    if script.context not in JOB or made_by_hand(script):
        return
    told = _Told(script, rule)
    for output in sorted((*outputs(script), *_said(script)), key=lambda output: output.command.start):
        text = script.resolve(output.word, output.command)
        if output.append or not text or text[0] in "&-" or any(c in text for c in "*?\n") or "://" in text:
            continue
        last = text.rstrip("/").rpartition("/")[2].lower()
        if text.startswith("/dev/") or re.search(rule.table("shared"), last) or re.search(rule.table("again"), last):
            continue
        product = last.endswith(tuple(rule.table("writers")["suffixes"]))
        if (output.option and not product) or re.search(rule.table("programs"), text):
            continue
        variable = _varies_with(script, rule, output, text)
        if variable is not None:
            fix = in_shell(script, output, variable)
            yield rule.finding(output.word.span, variant="loop", name=text, variable=f"${variable}", fix=fix)
        elif not (output.command.name == "tee" and not product) and told.clash(output, text):
            yield rule.finding(output.word.span, name=text, one="any" if text[0] in "/~" else "one")


def _said(script: Script) -> Iterator[Output]:
    """What programs say on standard error, where that is what another command works on: no log."""
    for command in script.commands:
        for redirect in command.redirects:
            text = redirect.target.value
            if redirect.fd != "2" or redirect.op != ">" or text is None or _COMPLAINTS.search(text):
                continue
            after = (one for one in script.commands if one.start > command.end and one.name not in _TESTS)
            worked_on = (one for one in after if one.name != "cat" or one.connector == "|")
            if any(word.value == text for one in worked_on for word in one.arguments):
                yield Output(redirect.target, command, False, False)


def _varies_with(script: Script, rule: Rule, output: Output, text: str) -> str | None:
    """The loop's variable that the output depends on and its name does not; None if no turn overwrites the last."""
    loop = loop_of(output.command)
    if loop is None or "condition" in output.command.context:
        return None
    inside = script.memo("by loop", _by_loop)[id(loop)]
    if len(inside) > _MOST_INSIDE:
        return None
    varying = {loop.name, *script.memo("set by loop", _set_by_loop).get(id(loop), ())}
    used = [name for command in _pipeline(script, output.command) for name in _variables(command) if name in varying]
    if not used or re.search(rule.table("repeating"), used[0]):
        return None
    others = [command for command in inside if command is not output.command]
    if any(command.name in ("cd", "pushd", "break") or _mentions(command, text) for command in others):
        return None
    if output.command.name in rule.table("shell_notes") and others and others[-1].start > output.command.start:
        return None
    return used[0]


def _by_loop(script: Script) -> dict[int, list[Command]]:
    """The commands inside each loop."""
    found: dict[int, list[Command]] = {}
    for command in script.commands:
        for block in command.blocks:
            if block.kind == "loop":
                found.setdefault(id(block), []).append(command)
    return found


def _set_by_loop(script: Script) -> dict[int, set[str]]:
    """The variables that are set inside each loop."""
    found: dict[int, set[str]] = {}
    for entry in script.assignments:
        for block in entry.blocks:
            if block.kind == "loop":
                found.setdefault(id(block), set()).add(entry.name)
    return found


def _pipeline(script: Script, command: Command) -> list[Command]:
    """The command, and those that feed it through a pipe."""
    found = [command]
    at = positions(script)[id(command)]
    while found[-1].before == "|" and at:
        at -= 1
        if script.commands[at].connector == "|" and len(script.commands[at].blocks) == len(command.blocks):
            found.append(script.commands[at])
    return found


def _variables(command: Command) -> Iterator[str]:
    for word in command.words:
        yield from word.variables
    for redirect in command.redirects:
        yield from redirect.target.variables
        if redirect.body is not None:
            yield from redirect.body.variables


def _mentions(command: Command, text: str) -> bool:
    name = text.rpartition("/")[2]
    words = [*command.words, *(redirect.target for redirect in command.redirects)]
    return any(name in word.text or name.partition(".")[0] == word.value for word in words)


class _Told:
    """What a script makes of what it is told: files of one name that every run writes anew."""

    def __init__(self, script: Script, rule: Rule) -> None:
        self.script = script
        self.rule = rule
        self.made: set[str] = set()
        self.seen: set[str] = set()

    def clash(self, output: Output, text: str) -> bool:
        """Whether every run of a script that takes an input writes this one file; asked in the order of the script."""
        command = output.command
        if self.script.context != "file" or text in self.seen or re.match(self.rule.table("shell_own"), text):
            return False
        if any(block.kind not in ("group", "if", "pipe-right", "not") for block in command.blocks):
            return False
        if not self._works_on_input(command) or left_to_person(self.script, command):
            return False
        if _is_note(self.script, self.rule, output, text) or _is_put_aside(self.script, command, text):
            return False
        if re.match(self.rule.table("own"), text) or _is_for_next(self.script, self.rule, output, text):
            return False
        self.made.add(text)
        self.seen.add(text)
        return text.startswith("/") or not self.script.memo("moved", _moves)

    def _works_on_input(self, command: Command) -> bool:
        """Whether a command is given what the script is told, or a file that was made of that."""
        told = self.script.memo("told", _told)
        for one in _pipeline(self.script, command):
            for name in _variables(one):
                if name in told or (not _NO_INPUT.match(name) and from_outside(self.script, name)):
                    return True
                if self.made and self._is_made(name):
                    return True
            feeds = [redirect.target for redirect in one.redirects if redirect.feeds]
            if any(word.value in self.made for word in (*one.arguments, *feeds)):
                return True
        return False

    def _is_made(self, name: str) -> bool:
        """Whether a variable is read from a file that was made of the input: "ra=`head -1 found.tmp`"."""
        seen, queue = {name}, [name]
        while queue and len(seen) < _MOST_INSIDE:
            for entry in named(self.script).get(queue.pop(), ()):
                text = entry.word.text if entry.word is not None else ""
                if re.search(r"`|\$\(", text) and not self.made.isdisjoint(re.split(r"[\s`()|<>\"']+", text)):
                    return True
                used = set(_USED.findall(text)) - seen
                seen |= used
                queue += used
        return False


def _is_note(script: Script, rule: Rule, output: Output, text: str) -> bool:
    """Whether the next command takes up what is written, and that is a list or a note: `ls *.fits > files.lis`."""
    if _pipeline(script, output.command)[-1].name not in rule.table("shell_lists"):
        return False
    at = positions(script)[id(output.command)]
    after = script.commands[at + 1 : at + 1 + _NEXT]
    work = (one for one in after if one.words and (one.name not in ("echo", "printf") or one.redirects))
    following = next(work, None)
    return following is not None and _mentions(following, text)


def _is_for_next(script: Script, rule: Rule, output: Output, text: str) -> bool:
    """Whether what is put together are settings of a program that is started further down."""
    command = output.command
    if not (re.search(rule.table("shell_settings"), text) and command.name in rule.table("shell_composes")):
        return False
    at = positions(script)[id(command)]
    after = (each for each in script.commands[at + 1 : at + 1 + _MOST_INSIDE] if each.name not in MOVES)
    return any(text in word.text for each in after for word in each.arguments)


def _is_put_aside(script: Script, command: Command, text: str) -> bool:
    """Whether a file of the name is kept under another one just before: `[ -e fit.xcm ] && mv fit.xcm fit.xcm_bak`."""
    at = positions(script)[id(command)]
    for before in script.commands[max(0, at - _NEXT) : at]:
        names = [script.resolve(word, before) for word in before.arguments if not word.text.startswith("-")]
        if before.name == "mv" and names[:1] == [text]:
            return True
    return False


def _told(script: Script) -> set[str]:
    """The arguments, the number of a replica or task, and the variables that are made of these."""
    found = {"@", "*", "OPTARG", "REPLICA_ID", *map(str, range(1, 10))}
    found |= set(re.findall(r"\w+_ARRAY_TASK_ID", script.text))
    for entry in script.assignments:
        if entry.word is not None and not any(block.kind == "function" for block in entry.blocks):
            used = re.findall(r"\$\{?(\w+|[@*])", entry.word.text)
            if not found.isdisjoint(used) and entry.name not in ("PATH", "PYTHONPATH"):
                found.add(entry.name)
    return found


def _moves(script: Script) -> bool:
    """Whether the script goes into a folder that is not the same in every run."""
    for command in script.commands:
        for word in command.arguments[:1] if command.name in ("cd", "pushd") else ():
            if word.dynamic and script.resolve(word, command) is None and not _SAME_FOLDER.match(word.text):
                return True
    return False
