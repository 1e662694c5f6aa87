"""The commands a Python file starts: `os.system` strings, `subprocess` lists and strings, read as shell reads them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Word

_SHELL = frozenset(
    (
        *("os.system", "os.popen", "os.popen2", "os.popen3", "subprocess.getoutput", "subprocess.getstatusoutput"),
        *("commands.getoutput", "commands.getstatusoutput", "popen2.popen3", "asyncio.create_subprocess_shell"),
        *("builtins.get_ipython().system", "builtins.get_ipython().getoutput", "pexpect.spawn", "pexpect.run"),
    )
)
_ARGV = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_SPREAD = frozenset(("asyncio.create_subprocess_exec", "asyncio.subprocess.create_subprocess_exec", "os.execlp"))
_EXEC = frozenset(("os.execv", "os.execvp", "os.execve", "os.spawnv", "os.spawnvp"))
# what a program calls its own ways to run a command
_RUNNER = re.compile(r"(?i)_?(run|exec|execute|call|system|shell|sh|cmd|command)(_?(cmd|command|shell|process|tool))?")
_HOLE, _HOLE_IN_QUOTES = "${_}", '"${_}"'


class Started(NamedTuple):
    """A command that a call starts. Offsets of `command` are those of a text made up from the values: ask `place`."""

    call: ast.Call
    command: Command
    spots: tuple[tuple[int, ast.AST], ...]
    shell: bool
    """Whether a shell reads it, so that redirects and globs are what they look like."""

    def place(self, word: Word) -> ast.AST:
        """The literal (or whole f-string) that a word comes from; the call when that is not known."""
        found: ast.AST = self.call
        for start, node in self.spots:
            if start > word.start:
                break
            found = node
        return found


def started(module: PythonModule) -> list[Started]:
    """Every command whose program or words are known in part, in source order. A default counts as unknown."""
    memo = module.memo("started commands")
    if "all" not in memo:
        memo["all"] = sorted(_all(module), key=lambda s: (s.call.lineno, s.call.col_offset))
    found = memo["all"]
    assert isinstance(found, list)
    return found


def handed_on(module: PythonModule) -> Iterator[Started]:
    """The commands that functions of the project are given to run: `runner.run("dmcopy a.fits outfile=b.fits")`."""
    for call in module.all_calls:
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if call.args and _RUNNER.fullmatch(last) and (_SHELL | _ARGV).isdisjoint(module.qualified_all(call.func)):
            yield from _text(module, call, call.args[0], True)


def _all(module: PythonModule) -> Iterator[Started]:
    for call in module.calls(_SHELL):
        argument = call.args[0] if call.args else None
        if argument is not None:
            yield from _text(module, call, argument, True)
    for call in module.calls(_ARGV):
        argument = module.argument(call, "args", 0)
        if argument is not None:
            shell = module.argument(call, "shell")
            yield from _argument(module, call, argument, shell is not None and module.constant(shell) is True)
    for call in module.calls(_SPREAD):
        yield from _list(module, call, call.args)
    for call in module.calls(_EXEC):
        if len(call.args) > 1:
            yield from _argument(module, call, call.args[1], False)


def _argument(module: PythonModule, call: ast.Call, argument: ast.expr, shell: bool) -> Iterator[Started]:
    resolved = module.resolve(argument)
    if isinstance(resolved, ast.BinOp) and isinstance(resolved.op, ast.Add):
        resolved = module.resolve(resolved.left) if not isinstance(resolved.left, ast.BinOp) else resolved.left
        resolved = resolved if isinstance(resolved, (ast.List, ast.Tuple)) else argument
    if isinstance(resolved, (ast.List, ast.Tuple)):
        yield from _list(module, call, resolved.elts)
        return
    if isinstance(resolved, ast.Call) and resolved.args and module.qualified(resolved.func) == "shlex.split":
        yield from _text(module, call, resolved.args[0], False)
        return
    if isinstance(resolved, ast.Call) and isinstance(resolved.func, ast.Attribute) and resolved.func.attr == "split":
        yield from _text(module, call, resolved.func.value, False)
        return
    yield from _text(module, call, argument, shell)


def _list(module: PythonModule, call: ast.Call, elements: list[ast.expr]) -> Iterator[Started]:
    """An `argv` list, written out as the shell would have it."""
    text = ""
    spots: list[tuple[int, ast.AST]] = []
    for element in elements:
        value = module.value(element)
        spots.append((len(text), _node(module, value.literals[0]) if value.literals else element))
        word = "".join(_HOLE_IN_QUOTES if p.text is None or p.default else _quoted(p.text) for p in value.pieces)
        text += (word or _HOLE_IN_QUOTES) + " "
    yield from _parsed(call, text, spots, False)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'" if not text.replace("/", "").replace(".", "").isalnum() else text


def _text(module: PythonModule, call: ast.Call, argument: ast.expr, shell: bool) -> Iterator[Started]:
    for value in _leaves(module.value(argument)):
        text = ""
        spots: list[tuple[int, ast.AST]] = []
        for piece in value.pieces:
            if piece.node is not None:
                spots.append((len(text), _node(module, piece.node)))
            text += _HOLE if piece.text is None or piece.default else piece.text
        if text.strip() and text != _HOLE and len(text) < 20_000:
            yield from _parsed(call, text, spots, shell)


def _leaves(value: Value) -> list[Value]:
    return list(value.leaves())[:8]


def _node(module: PythonModule, node: ast.AST) -> ast.AST:
    parent = module.parents.get(node)
    return parent if isinstance(parent, ast.JoinedStr) else node


def _parsed(call: ast.Call, text: str, spots: list[tuple[int, ast.AST]], shell: bool) -> Iterator[Started]:
    from canfar_lint.model.shell import parse

    for command in parse(text, context="literal").commands:
        yield Started(call, command, tuple(spots), shell)
