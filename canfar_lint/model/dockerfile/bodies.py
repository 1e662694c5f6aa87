"""The shell text an instruction runs, as scripts whose offsets are the file's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from canfar_lint.model.shell import parse

if TYPE_CHECKING:
    from canfar_lint.model.dockerfile.model import Instruction, Word
    from canfar_lint.model.dockerfile.reading import Heredoc
    from canfar_lint.model.shell import Script

_ESCAPED = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[^\\]", re.S)
_SHELL_LINE = re.compile(r"#![ \t]*(?:/usr/bin/env[ \t]+(?:-S[ \t]*)?)?(?:\S*/)?(bash|sh|dash|ash|ksh|zsh)\b([^\n]*)")
_BASH_AS_SH = re.compile(
    r"(?:^|/)(?:centos|rockylinux|almalinux|fedora|redhat|ubi\d*|oraclelinux|amazonlinux|archlinux|opensuse|leap)\b"
)
_DASH_AS_SH = re.compile(r"(?:^|/)(?:debian|ubuntu|python|buildpack-deps|node|golang|rust|gcc)(?:[:@]|$)")


def scripts(instruction: Instruction) -> list[Script]:
    """What RUN, CMD, ENTRYPOINT and HEALTHCHECK give to a shell, or run themselves in exec form."""
    if instruction.keyword not in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
        return []
    if instruction.json is not None:
        return [_exec_form(instruction.json)] if instruction.json else []
    if not instruction.posix_shell or not instruction.value:
        return []
    if len(instruction.heredocs) == 1 and _only_heredoc(instruction):
        return _body(instruction, instruction.heredocs[0])
    text, places = _text(instruction)
    script = _parse(instruction, text, places)
    return [script, *_fed_to_shells(instruction, script)]


def sh_is_bash(instruction: Instruction) -> bool | None:
    """Whether the shell of the instruction expands braces; None when the base image decides and is not known."""
    if instruction.shell is not None:
        return any(word.rsplit("/", 1)[-1] in ("bash", "zsh", "ksh") for word in instruction.shell)
    image = instruction.stage.root.image if instruction.stage is not None else None
    if image and _BASH_AS_SH.search(image):
        return True
    return False if image and _DASH_AS_SH.search(image) else None


def _parse(instruction: Instruction, text: str, places: list[int]) -> Script:
    words = " ".join(instruction.shell or ())
    errexit = bool(re.search(r" -\w*e", words) or "errexit" in words)
    pipefail = "pipefail" in words
    bash = sh_is_bash(instruction)
    script = parse(text, map=places, bash=bool(bash), context="run", errexit=errexit, pipefail=pipefail)
    if script.error and not bash:
        other = parse(text, map=places, bash=True, context="run", errexit=errexit, pipefail=pipefail)
        if not other.error:
            script = other
    script.start = places[0]
    return script


def _text(instruction: Instruction) -> tuple[str, list[int]]:
    """The joined command and, behind it, the heredoc bodies, with the file offset of each character."""
    at = instruction.arguments
    if instruction.keyword == "HEALTHCHECK":
        at += len(instruction.value) - len(instruction.value[3:].lstrip())
    text = instruction.logical.text[at : instruction.span[1]]
    places = instruction.logical.places(at, instruction.span[1])
    source = instruction.text
    for heredoc in instruction.heredocs:
        line_end = source.find("\n", heredoc.terminator)
        stop = len(source) if line_end < 0 else line_end
        text += "\n" + source[heredoc.start : stop]
        places[-1:] = [heredoc.start - 1, *range(heredoc.start, stop + 1)]
    return text, places


def _only_heredoc(instruction: Instruction) -> bool:
    marker = instruction.heredocs[0].marker
    return marker.start == instruction.arguments and marker.end == instruction.span[1]


def _body(instruction: Instruction, heredoc: Heredoc) -> list[Script]:
    """A lone `<<EOF`: the body is the script, or with a `#!` line a file to be run."""
    source = instruction.text
    text = source[heredoc.start : heredoc.end]
    places = list(range(heredoc.start, heredoc.end + 1))
    if heredoc.marker.chomp:
        kept = [i for line in re.finditer(r"[^\n]*\n?", text) for i in range(_after_tabs(text, line), line.end())]
        text, places = "".join(text[i] for i in kept), [*(heredoc.start + i for i in kept), heredoc.end]
    if not text.startswith("#!"):
        return [_parse(instruction, text, places)]
    shell = _SHELL_LINE.match(text)
    if not shell:
        return []
    errexit = bool(re.search(r" -\w*e", shell[2]))
    script = parse(text, map=places, bash=shell[1] in ("bash", "zsh", "ksh"), context="run", errexit=errexit)
    script.start = places[0]
    return [script]


def _after_tabs(text: str, line: re.Match[str]) -> int:
    at = line.start()
    while at < line.end() and text[at] == "\t":
        at += 1
    return at


def _fed_to_shells(instruction: Instruction, script: Script) -> list[Script]:
    """`RUN bash <<EOF`: the bodies given to a shell's standard input are scripts too."""
    found = []
    for command in script.commands:
        if command.name not in ("bash", "sh", "dash", "ash", "ksh", "zsh"):
            continue
        if any((word.value or "x")[:1] != "-" or "c" in (word.value or "") for word in command.arguments):
            continue
        for redirect in command.redirects:
            for heredoc in instruction.heredocs:
                if redirect.op in ("<<", "<<-") and redirect.target.value == heredoc.marker.name:
                    options = " ".join(word.value or "" for word in command.arguments)
                    body = instruction.text[heredoc.start : heredoc.end]
                    inner = parse(
                        body, start=heredoc.start, bash=command.name != "sh", context="run", errexit="e" in options
                    )
                    found.append(inner)
    return found


def _exec_form(words: tuple[Word, ...]) -> Script:
    """The strings of an exec form as one command of quoted words, each character at its place in the JSON text."""
    text: list[str] = []
    places: list[int] = []

    def put(char: str, at: int) -> None:
        text.append(char)
        places.extend([at] * len(char))

    for word in words:
        put("'", word.start)
        for char, at in _characters(word):
            put("'\\''" if char == "'" else char, at)
        put("'", word.end - 1)
        put(" ", word.end)
    text.pop()
    script = parse("".join(text), map=places, bash=True, context="run")
    script.start = words[0].start
    return script


def _characters(word: Word) -> list[tuple[str, int]]:
    """The characters of a JSON string, each with its offset; escapes that make several stay at their first."""
    if word.end - word.start == len(word.text) + 2:
        return [(char, word.start + 1 + i) for i, char in enumerate(word.text)]
    return [(char, min(word.start + 1 + i, word.end - 1)) for i, char in enumerate(word.text)]
