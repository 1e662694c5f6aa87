"""Shell text read by a real grammar: what commands run, with which words, where in the file.

`parse` never raises. What it cannot read gives a script with an `error`: of a file it holds what stands on the lines
before, which a shell runs all the same; of any other text nothing, and rules then say nothing. What stands behind an
`exit` that every run comes to is left out.
Offsets are those of the file: of the text plus `start`, or what `map` answers for an offset of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from canfar_lint.model.shell_nodes import Assigned, Block, Command, Part, Redirect, Script, Word
from canfar_lint.model.shell_reader import Found, Reader, Unreadable

__all__ = [
    "Assigned",
    "Block",
    "Command",
    "Part",
    "Redirect",
    "Script",
    "Word",
    "continued_view",
    "parse",
]


def parse(
    text: str,
    *,
    start: int = 0,
    bash: bool = True,
    c_shell: bool = False,
    map: Callable[[int], int] | Sequence[int] | None = None,
    context: str = "file",
    errexit: bool = False,
    pipefail: bool = False,
) -> Script:
    """Read `text`, which stands at `start` of the file, or whose offset `i` stands at `map(i)` or `map[i]`.

    A sequence has one entry more than the text has characters. `errexit` and `pipefail` say how the shell is started.
    """
    script = Script(text, start, bash, context)
    script.c_shell = c_shell
    found = Found()
    starts, ends = _places(text, map)
    try:
        _reader(c_shell)(text, start, bash, found, starts, ends).read()
    except Unreadable as e:
        script.error, script.error_at = str(e), e.at
        if context != "file":
            return script
        _cut(found)
    except RecursionError:
        script.error = "nested too deeply"
        return script
    _stop(found)
    script.commands, script.blocks, script.functions = found.commands, found.blocks, found.functions
    _options(script, errexit, pipefail)
    return script


def _cut(found: Found) -> None:
    """Leave only what was complete on the lines before the one that cannot be read."""
    commands, blocks = found.whole
    del found.commands[commands:], found.blocks[blocks:]
    _keep_functions(found)


def _stop(found: Found) -> None:
    """Leave out what stands behind an `exit` that every run comes to."""
    ends = (one.end for one in found.commands if one.name == "exit" and not (one.blocks or one.before in ("&&", "||")))
    end = next(ends, None)
    if end is not None:
        found.commands = [command for command in found.commands if command.start < end]
        found.blocks = [block for block in found.blocks if block.start < end]
        _keep_functions(found)


def _keep_functions(found: Found) -> None:
    """Only the functions whose blocks are left."""
    kept = {id(block) for block in found.blocks}
    found.functions = {name: block for name, block in found.functions.items() if id(block) in kept}


def _reader(c_shell: bool) -> type[Reader]:
    if not c_shell:
        return Reader
    from canfar_lint.model.c_shell import CReader

    return CReader


def _places(text: str, map: Callable[[int], int] | Sequence[int] | None) -> tuple[list[int] | None, list[int] | None]:
    if map is None:
        return None, None
    starts = [map(i) for i in range(len(text) + 1)] if callable(map) else list(map)
    return starts, [at + 1 for at in starts]


def _options(script: Script, errexit: bool, pipefail: bool) -> None:
    """Note `-e` and pipefail: from the start, from the first line, or from a `set` that surely runs."""
    script.errexit, script.pipefail = errexit, pipefail
    if errexit:
        script.errexit_at = script.start
    if script.text.startswith("#!"):
        script.shebang = script.text.split("\n", 1)[0].rstrip()
        if re.search(r"sh(?: -[a-z]+)*? -[a-z]*e", script.shebang):
            script.errexit, script.errexit_at = True, script.start
    for command in script.commands:
        if command.name != "set" or any(block.kind != "group" for block in command.blocks):
            continue
        words = [word.value or "" for word in command.arguments]
        for i, word in enumerate(words):
            if word == "--":
                break
            named = words[i + 1] if word[1:].endswith("o") and i + 1 < len(words) else ""
            if word[:1] == "-" and ("e" in word or named == "errexit") and not script.errexit:
                script.errexit, script.errexit_at = True, command.end
            if word[:1] == "-" and named == "pipefail":
                script.pipefail = True


def _continuations(text: str, escape: str) -> list[tuple[int, int]]:
    """Where Docker joins lines: from an escape at a line's end to the next line that is neither comment nor blank."""
    found: list[tuple[int, int]] = []
    at = 0
    comment = re.compile(r"[ \t]*(?:#[^\n]*|\r)?(?:\n|$)")
    mark = re.escape(escape)
    ending = re.compile(rf"(?<!{mark}){mark}[ \t\r]*(?:\n|$)")
    while True:
        m = ending.search(text, at)
        if not m:
            return found
        end = m.end()
        while end < len(text):
            more = comment.match(text, end)
            if not more or more.end() == end:
                break
            end = more.end()
        found.append((m.start(), end))
        at = end


def continued_view(text: str, escape: str = "\\") -> str:
    """`text` with each continuation replaced by shell continuations of the same length: every offset stays.

    It differs from what Docker runs only inside single quotes and comments, where a shell keeps what Docker removes.
    """
    pieces: list[str] = []
    at = 0
    for start, end in _continuations(text, escape):
        length = end - start
        pieces.append(text[at:start])
        if length < 2:
            pieces.append(" " * length)
        else:
            pieces.append("\\\n" * ((length - 3 * (length % 2)) // 2) + "\\\r\n" * (length % 2))
        at = end
    pieces.append(text[at:])
    return "".join(pieces)
