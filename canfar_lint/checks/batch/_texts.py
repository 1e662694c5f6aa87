"""Paths inside texts that a program hands on: job scripts it writes, here-documents, what it feeds to another one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.shell import Command, Script

_PATH = re.compile(r"(?m)(?:^|(?<=[\s=\"'(,\[{<>]))@?(?P<path>/[A-Za-z][\w.+-]*/[\w$][\w./+${}*-]*)")
_JOB = re.compile(r"(?m)^\s*#!\s*/|#SBATCH|#PBS\s+-|#BSUB\s|^#\$\s+-")
_COMMENT = re.compile(r"\s*(#(?!SBATCH|PBS|BSUB|\$)|//|\"\"\")")
_WRITES = ("write", "writelines", "write_text", "communicate")
_TOLD = re.compile(r"(?i)std(out|err)|log|report|print|\bsock|resp")
_SEVERAL = 2
_PERSONS = re.compile(r"(?m)(?:^|(?<=[\s=\"'@]))/(?:arc/home|home|Users)/\w")
# `data 1:1 m31.pha`, `@/home/jo/m31.xcm`, `setpl en`, but no sentence
_COMMAND = re.compile(r"[a-z!@$%./~-][\w./@+-]*(\s|$|[;=(])")
_PROSE = re.compile(r"[a-z]{2,}[.:,]$|[a-z]{2,}[.,:] [A-Za-z]|\b(the|this|that|you|your|are|is|please|will|should)\b")
_SAYS = re.compile(r"(?i)print|log|warn|error|info|debug|usage|echo|exit|fail")
_SAID = re.compile(r"(?i)doc|help|usage|message|msg|readme|descr|example|epilog|note|html|text$")


class Told(NamedTuple):
    """A path in a text: where it begins there, and whether the text is a job's script."""

    path: str
    at: int
    job: bool


def paths_in(text: str) -> Iterator[Told]:
    """The absolute paths among the words of a text, each once in a line, comments left out."""
    job = _JOB.search(text) is not None
    seen: set[tuple[int, str]] = set()
    for match in _PATH.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        line = text[start : match.start()]
        path = match.group("path").rstrip(".")
        if (start, path) not in seen and not _COMMENT.match(line) and not line.endswith("#!"):
            seen.add((start, path))
            yield Told(path, match.start("path"), job)


def written(module: PythonModule) -> Iterator[tuple[ast.Constant, Told]]:
    """The paths in texts that are written to files or fed to programs, and in those that are a job's script."""
    handed = {id(node) for node in _handed(module)}
    for node in module.strings:
        text = str(node.value)
        if "/" not in text or isinstance(module.parent(node), ast.Expr):
            continue
        job = "\n" in text and _JOB.search(text) is not None
        if job or id(node) in handed or _is_of_commands(module, node):
            yield from ((node, told) for told in paths_in(text))


def _is_of_commands(module: PythonModule, node: ast.Constant) -> bool:
    """Whether a text of several lines is plainly what another program is told, wherever it goes from here."""
    text = str(node.value)
    if text.count("\n") < _SEVERAL or _PERSONS.search(text) is None or _is_said(module, node):
        return False
    lines = [line for line in map(str.strip, text.split("\n")) if line and not line.startswith("#")]
    told = [line for line in lines if _COMMAND.match(line) and not _PROSE.search(line)]
    return len(told) * 4 >= len(lines) * 3


def _is_said(module: PythonModule, node: ast.Constant) -> bool:
    """Whether a text is shown to the user: printed, logged, raised, the help of an option or of the program."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (ast.Raise, ast.Assert, ast.Compare)):
            return True
        if isinstance(ancestor, ast.keyword) and ancestor.arg in ("help", "description", "epilog", "usage", "doc"):
            return True
        if isinstance(ancestor, ast.Call) and _SAYS.search(module.code(ancestor.func)):
            return True
        if isinstance(ancestor, ast.Assign):
            return _SAID.search(module.code(ancestor.targets[0])) is not None
        if isinstance(ancestor, ast.stmt):
            return False
    return False


def _handed(module: PythonModule) -> Iterator[ast.AST]:
    for call in module.methods(_WRITES):
        if call.args and isinstance(call.func, ast.Attribute) and not _TOLD.search(module.code(call.func.value)):
            yield from _texts(module, call.args[0])
    for call in module.all_calls:
        for keyword in call.keywords[:8]:
            if keyword.arg == "input" or (keyword.arg == "file" and not _TOLD.search(module.code(keyword.value))):
                yield from (
                    _texts(module, keyword.value if keyword.arg == "input" else call.args[0]) if call.args else ()
                )


def _texts(module: PythonModule, given: ast.expr) -> Iterator[ast.AST]:
    """The constants that a text, or a list of lines, is made of."""
    made = module.resolve(given)
    elements = made.elts[:200] if isinstance(made, (ast.List, ast.Tuple)) else [given]
    for element in elements:
        for leaf in list(module.value(element).leaves())[:8]:
            yield from leaf.literals


def documents(script: Script) -> Iterator[tuple[str, int]]:
    """The here-documents, and texts of several lines, that are kept or fed to a program: each with its place."""
    for command in script.commands:
        bodies = [one.body for one in command.redirects if one.body is not None and one.op.startswith("<<")]
        words = [word for word in command.arguments if "\n" in word.text.strip()]
        for body in (*bodies, *words):
            if body.end - body.start == len(body.text) and _is_kept(command, body in words):
                yield body.text, body.start


def _is_kept(command: Command, word: bool) -> bool:
    """Whether a text goes anywhere but to the terminal, or to another computer."""
    name = command.name or ""
    if name in ("cat", "tee", "echo", "printf"):
        piped = any(block.kind == "pipe-left" for block in command.blocks)
        return piped or any(one.writes and one.target.value != "/dev/stderr" for one in command.redirects)
    if word:
        return re.match(r"(python|perl|R$|Rscript|julia|casa)", name) is not None
    return name not in ("", "ssh", "mail", "sendmail", "more", "less")
