"""What several rules ask of a shell script: who decides that a command runs, and what it reads."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from canfar_lint.model.shell import Assigned, Block, Command, Script, Word
from canfar_lint.model.shell_nodes import VARIABLE

BUILD, JOB = ("run", "step"), ("file", "cell", "escape")
"""Where shell text stands: what builds an image or a package, and what may run as a job."""

_BY_HAND = re.compile(
    r"(?i)^([a-z]*install|setup|set-up|bootstrap|build|compile|configure|release|postcreate|devcontainer|"
    r"docker[-_](build|push|release)|make[-_](all|dist|docker|image|install|lib|package|release|rpm|wheel))"
)
_BY_HAND_END = re.compile(r"(?i)([_-](install|setup|build|env)|(^|run[_-]?)tests?|integration[_-]test)\.(ba)?sh$")
_BY_HAND_FOLDER = re.compile(
    r"(?i)(^|/)(install(ers?|ation)?|setup|\.?ci|\.?(circleci|travis|github|gitlab|azure[\w-]*|jenkins|devcontainer)|hooks?"
    r"|packaging|debian|recipes?)/"
)
_TERMINAL = re.compile(
    r"(^|\s)-t\s+[012]\b|\bDISPLAY\b|\bPS1\b|\$\{?-|\btty\b|(?i:interactive|headless|batch_?mode|no_?gui)"
)
_DESKTOP = re.compile(
    r"(^|/)(\.?x(startup|initrc|session)|(startup|init)\.sh|start[-_](desktop|vnc)[^/]*)$|(^|/)([^/]*(desktop|vnc|supervisor)"
    r"[^/]*)/|[^/]*vnc[^/]*$"
)
_MISSING = re.compile(r"-z\b|\$\{?#|-eq\s+0|-lt\b|!=|==?\s*(\"\"|'')")
_TEST = re.compile(r"(^|/)(tests?/[^/]*|test[A-Z][^/]*)\.(ba)?sh$")
_OTHER_BRANCH = re.compile(r"(^|[\n;])[ \t]*(else|elif)\b")
_MOST, _NEAR = 200, 32
"""How many calls or tests are looked at: enough for a script that a person wrote."""


def made_by_hand(script: Script) -> bool:
    """Whether its name or folder says that a person or a build runs the file, and no job: `install.sh`, `ci/x.sh`."""
    path = script.path.replace("\\", "/")
    name = path.rpartition("/")[2]
    return bool(name and (_BY_HAND.match(name) or _BY_HAND_END.search(name) or _BY_HAND_FOLDER.search(path)))


def is_test(script: Script) -> bool:
    """Whether the file is a test of a package: in a folder of tests, or named as one, `testNames.sh`."""
    return _TEST.search(script.path.replace("\\", "/")) is not None


def serves_desktop(script: Script) -> bool:
    """Whether the file's name or folder says that it starts a desktop, or an application in one."""
    return _DESKTOP.search(script.path.replace("\\", "/")) is not None


def said(command: Command) -> tuple[int, int]:
    """The span of a command's program and its words."""
    first = command.program or command.words[0]
    return first.start, max(first.end, command.words[-1].end)


def spelled(command: Command) -> str:
    """A command as its author wrote it, without wrappers."""
    first = command.program or command.words[0]
    at = command.words.index(first)
    return " ".join(word.text for word in command.words[at:])


def is_fed(command: Command) -> bool:
    """Whether something other than a person gives it standard input: a pipe, a file, a heredoc, also around it."""
    for redirect in command.redirects:
        if redirect.feeds:
            return redirect.target.value != "/dev/tty"
    for block in reversed(command.blocks):
        if block.kind == "pipe-right" or block.kind == "background":
            return True
        if any(redirect.feeds for redirect in block.redirects):
            return True
    return False


def positions(script: Script) -> dict[int, int]:
    """The index of each command, by identity."""
    return script.memo("positions", lambda one: {id(command): i for i, command in enumerate(one.commands)})


def named(script: Script) -> dict[str, list[Assigned]]:
    """The assignments by the variable's name."""

    def make(script: Script) -> dict[str, list[Assigned]]:
        found: dict[str, list[Assigned]] = {}
        for entry in script.assignments:
            found.setdefault(entry.name, []).append(entry)
        return found

    return script.memo("named", make)


def left_to_person(script: Script, command: Command) -> bool:
    """Whether it runs only when the person who starts the script wants it, or sits at a terminal; or never."""
    if _chosen(script, command) or _is_settled(script, command):
        return True
    function = next((block for block in command.blocks if block.kind == "function"), None)
    return function is not None and _called_by_choice(script, function)


def takes_names(script: Script) -> bool:
    """Whether any variable can be given as an argument: `for arg in "$@"; do export "$arg"; done`."""
    return bool(script.memo("takes names", _takes_names))


def _takes_names(script: Script) -> bool:
    for command in script.commands:
        if command.name not in ("export", "eval", "declare", "typeset"):
            continue
        given = {name for word in command.arguments if not word.head for name in word.variables}
        loops = [block for block in command.blocks if block.kind == "loop" and block.name in given]
        given |= {name for block in loops for word in block.words or () for name in word.variables}
        if given & {"@", "*"}:
            return True
    return False


def _called_by_choice(script: Script, function: Block) -> bool:
    """Whether every call of a function is left to the person; a function that nobody calls runs nowhere."""
    verdicts: dict[int, bool] = script.memo("called by choice", lambda _: {})
    if id(function) not in verdicts:
        verdicts[id(function)] = True  # while its calls are looked at, a call from within says nothing
        calls = script.memo("calls", _calls).get(function.name, [])
        outside = [call for call in calls if function not in call.blocks]
        verdicts[id(function)] = all(left_to_person(script, call) for call in outside[:_MOST])
    return verdicts[id(function)]


def _calls(script: Script) -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = {}
    for command in script.commands:
        if command.name in script.functions:
            found.setdefault(command.name or "", []).append(command)
    return found


def _is_settled(script: Script, command: Command) -> bool:
    """Whether it stands under `if [ "a" = "b" ]`, which the script itself has settled the other way."""
    conditions = script.memo("conditions", _conditions)
    for block in command.blocks:
        test = next(iter(conditions.get(id(block), ())), None) if block.kind == "if" else None
        if test is None or test.start > command.start or test.connector == "||" or "not" in test.context:
            continue
        between = script.text[test.end - script.start : command.start - script.start]
        if _never_holds(script, test) and _OTHER_BRANCH.search(between) is None:
            return True
    return False


def _never_holds(script: Script, test: Command) -> bool:
    """Whether two texts are compared that are both known."""
    words = [word for word in test.arguments if word.text not in ("]", "]]")]
    if test.name not in ("[", "[[", "test") or len(words) != 3 or words[1].text not in ("=", "==", "!="):
        return False
    one, other = (_known(script, word, test.start) for word in (words[0], words[2]))
    if one is None or other is None or re.search(r"[*?\[]", other):
        return False
    return (one == other) == (words[1].text == "!=")


def _known(script: Script, word: Word, place: int) -> str | None:
    """What a word is: itself, or the one value that its variable gets before."""
    if word.value is not None or len(word.parts) != 1 or word.parts[0].kind != VARIABLE or word.parts[0].op:
        return word.value
    entries = named(script).get(word.parts[0].name, [])
    if len(entries) != 1 or entries[0].start >= place or is_replaced(script, entries[0]):
        return None
    return entries[0].value if not from_outside(script, entries[0].name) else None


def _chosen(script: Script, command: Command) -> bool:
    for test in tests_of(script, command):
        text = " ".join(word.text for word in test.words)
        if _TERMINAL.search(text):
            return True
        if not _MISSING.search(text) and test.name in ("[", "[[", "test") and _asks_person(script, test.words):
            return True
    return any(block.kind == "case" and _asks_person(script, block.words or []) for block in command.blocks)


def tests_of(script: Script, command: Command) -> Iterator[Command]:
    """The commands whose success lets `command` run: those of `if`, and those joined to it by `&&` or `||`."""
    conditions = script.memo("conditions", _conditions)
    for block in command.blocks:
        if block.kind == "if":
            tests = conditions.get(id(block), [])
            before = bisect_left([test.start for test in tests[:_MOST]], command.start)
            yield from tests[max(before - _NEAR, 0) : before]
    joined = command.before
    at = positions(script).get(id(command), 0)  # a compound command has none: what stands before it is not asked
    for other in reversed(script.commands[max(at - _NEAR, 0) : at]):
        if joined not in ("&&", "||") or len(other.blocks) < len(command.blocks):
            return
        if other.blocks == command.blocks:
            yield other
            joined = other.before


def _conditions(script: Script) -> dict[int, list[Command]]:
    """The commands in the tests of each `if`."""
    found: dict[int, list[Command]] = {}
    for command in script.commands:
        for outer, inner in zip(command.blocks, command.blocks[1:], strict=False):
            if inner.kind == "condition":
                found.setdefault(id(outer), []).append(command)
    return found


def _asks_person(script: Script, words: list[Word]) -> bool:
    """Whether a word is what the script was started with: an argument, an option, the environment."""
    return any(from_outside(script, name) for word in words for name in word.variables)


def from_outside(script: Script, name: str) -> bool:
    """Whether a variable's value is the caller's choice: `$1`, what an option set, what the script never sets."""
    if name.isdigit() or name in ("@", "*", "OPTARG"):
        return name != "0"
    if name in ("?", "#", "$", "!", "-", "_"):
        return False
    known: dict[str, bool] = script.memo("from outside", lambda _: {})
    if name not in known:
        entries = named(script).get(name)
        known[name] = any(_by_option(entry) for entry in entries) if entries else name.isupper()
        known[name] = known[name] or (bool(entries) and takes_names(script))
    return known[name]


def _by_option(entry: Assigned) -> bool:
    if entry.command is not None and entry.command.name == "read":
        return False
    if entry.word is not None and any(part.overridable for part in entry.word.parts):
        return True
    if entry.word is not None and any(name.isdigit() or name == "OPTARG" for name in entry.word.variables):
        return True
    return any(block.kind == "case" for block in entry.blocks)


def is_replaced(script: Script, entry: Assigned) -> bool:
    """Whether an assignment is only a default: set where nothing was given, or set again by an option."""
    changing = script.memo("changing", _changing).get(entry.name, [])
    if from_outside(script, entry.name) and any(one is not entry for one in changing[:2]):
        return True
    if takes_names(script) and not entry.blocks:
        return True
    if entry.command is None:
        return False
    for test in tests_of(script, entry.command):
        names = [name for word in test.words for name in word.variables]
        if entry.name in names or "#" in names or any(name.isdigit() for name in names):
            return True
    return False


def _changing(script: Script) -> dict[str, list[Assigned]]:
    """The assignments of values that are not written there, by the variable's name."""
    found: dict[str, list[Assigned]] = {}
    for entry in script.assignments:
        if entry.word is not None and entry.value is None:
            found.setdefault(entry.name, []).append(entry)
    return found


def takes_input(script: Script) -> bool:
    """Whether the script works on what it is told: an argument, or the number of its replica or task."""
    return bool(_INPUT.search(script.text))


_INPUT = re.compile(r"\$\{?[1-9@*](?![0-9]*\})|\$\{[1-9@*]|REPLICA_ID|_ARRAY_TASK_ID|\bgetopts\b")


def loop_of(command: Command) -> Block | None:
    """The innermost loop whose body the command is in."""
    for i in range(len(command.blocks) - 1, -1, -1):
        block = command.blocks[i]
        if block.kind == "function":
            return None
        if block.kind == "loop":
            inner = command.blocks[i + 1 :]
            return None if any(one.kind == "condition" for one in inner) else block
    return None
