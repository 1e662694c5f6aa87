"""CAN723: a start command, or the script it runs, that needs root, which no session has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile
from canfar_lint.model.dockerfile.steps import Step
from canfar_lint.model.shell import Command, Script, Word

_ASKS = re.compile(r"\bid -u|\bid -un|\bwhoami\b|\$\{?E?UID\b|\b(?:is_?root|root_?less)\b", re.I)
"""The script looks at who runs it, and may do without root."""
_OF_IMAGE = re.compile(r"/(?:opt|usr|etc|bin|sbin|lib|lib64|root|srv)/.")
_KINDS = (("daemon", "daemons"), ("service", "services"), ("switch", "switches"))
_WRITERS = {"cp": -1, "mv": -1, "ln": -1, "install": -1, "mkdir": 0, "touch": 0, "tee": 0, "rm": 0, "rmdir": 0}
_OPEN_MODE = re.compile(r"[0-7]*[2367]|[ugo,=+rxsXt]*[ao+=,][^,]*w.*|\+.*w.*")
_PORT = re.compile(r"(?:--?(?:port|p|http-port|ServerApp\.port)=?|:)(\d{1,4})\Z")


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    final = dockerfile.final
    if final is None:
        return
    last = {i.keyword: i for i in final.instructions if i.keyword in ("CMD", "ENTRYPOINT")}
    needs_root = frozenset(rule.table("programs")) - _brought(dockerfile)
    for instruction in last.values():
        for step in instruction.steps:
            word = next((w for w in _programs(step) if (w.value or "").rsplit("/", 1)[-1] in needs_root), None)
            if word is not None:
                yield _needs_root(rule, word, instruction.keyword)
                continue
            yield from _port(rule, step, instruction.keyword)


def _brought(dockerfile: Dockerfile) -> set[str]:
    """Names of files that the image is given under their own name: an own program may be called `service`."""
    copies = [i for i in dockerfile.final.instructions if i.keyword in ("COPY", "ADD")] if dockerfile.final else []
    words = [word for copy in copies for word in (*copy.sources, copy.destination) if word is not None]
    return {(word.value or "").rstrip("/").rsplit("/", 1)[-1] for word in words}


def _needs_root(rule: Rule, word: Word, keyword: str) -> Finding:
    what = (word.value or "").rsplit("/", 1)[-1]
    variant = next((kind for kind, table in _KINDS if what in rule.table(table)), None)
    return rule.finding((word.start, word.end), variant=variant, keyword=keyword, what=f"`{what}`")


def _programs(step: Step) -> list[Word]:
    """The program and the wrappers in front of it."""
    words = step.command.words
    if step.program is None:
        return words[:1]
    return [word for word in words if word.start <= step.program.start]


def _port(rule: Rule, step: Step, keyword: str) -> Iterator[Finding]:
    for i, argument in enumerate(step.arguments):
        value = argument.value or ""
        match = _PORT.search(value)
        port = match[1] if match else ""
        if not port and i and step.arguments[i - 1].text in ("--port", "--http-port") and value.isdigit():
            port = value
        if port and value.startswith("-") | value.isdigit() and 0 < int(port) < 1024:
            word = argument.word
            yield rule.finding((word.start, word.end), variant="port", keyword=keyword, what=port)


def check_script(script: Script, dockerfile: Dockerfile, keyword: str, rule: Rule) -> Iterator[Finding]:
    """What the script that an image starts does in any case and only root may do; `keyword` starts it."""
    if script.error or _ASKS.search(script.text):
        return
    needs_root = frozenset(rule.table("programs")) - _brought(dockerfile)
    for command in script.commands:
        if any(block.kind != "group" for block in command.blocks) or "||" in (command.before, command.connector):
            continue
        if command.before == "&&":
            continue
        named = f"the script that {keyword} starts"
        word = next((w for w in _first_words(command) if (w.value or "").rsplit("/", 1)[-1] in needs_root), None)
        if word is not None:
            yield _needs_root(rule, word, named)
            continue
        for word, path in _written(script, command):
            if not _opened(dockerfile, path):
                yield rule.finding((word.start, word.end), variant="write", keyword=named, what=path)
                break


def _first_words(command: Command) -> list[Word]:
    if command.program is None:
        return command.words[:1]
    return [word for word in command.words if word.start <= command.program.start]


def _written(script: Script, command: Command) -> Iterator[tuple[Word, str]]:
    """The paths of the image's own folders that a command writes."""
    for redirect in command.redirects:
        if redirect.writes:
            yield from _of_image(script, command, redirect.target)
    names = [word for word in command.arguments if not (word.value or "x").startswith("-")]
    in_place = any((word.value or "").startswith(("-i", "--in-place")) for word in command.arguments)
    if command.name == "chmod" or (command.name == "sed" and in_place):
        names = names[1:]
    elif command.name in _WRITERS:
        names = names[_WRITERS[command.name] :]
    else:
        return
    for word in names:
        yield from _of_image(script, command, word)


def _of_image(script: Script, command: Command, word: Word) -> Iterator[tuple[Word, str]]:
    value = word.value if word.value is not None else script.resolve(word, command)
    if value and _OF_IMAGE.match(value):
        yield word, value


def _opened(dockerfile: Dockerfile, path: str) -> bool:
    """The image lets everybody write there, or makes it in a way that cannot be seen."""
    for stage in dockerfile.final.ancestry if dockerfile.final is not None else ():
        for instruction in stage.instructions:
            mode = instruction.flag("chmod")
            if mode is not None and instruction.destination is not None and _OPEN_MODE.fullmatch(mode.value or ""):
                return True
            for step in instruction.steps if instruction.keyword == "RUN" else ():
                if step.name != "chmod":
                    continue
                words = [a for a in step.arguments if not a.text.startswith("-") or a.text[1:2] in "rwx"]
                if not words or not _OPEN_MODE.fullmatch(words[0].text):
                    continue
                paths = [step.path(argument) for argument in words[1:]]
                if any(one is None or f"{path}/".startswith(one.rstrip("*")) for one in paths):
                    return True
    return False
