"""Which models a file gives to the checks: itself, and the shell that hides in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.diagnostic import Place
from canfar_lint.source import DOCKERFILE, MAKEFILE, NOTEBOOK, PYTHON, SHELL, YAML, Source, is_c_shell

if TYPE_CHECKING:
    from canfar_lint.model.notebook import NotebookSource
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.shell import Script
    from canfar_lint.settings.settings import Settings

_LINES = r" on line \d+| \(detected at line \d+\)"
_OF_SHELL = frozenset(("shell", "request"))
Views = Iterator[tuple[str, Any, Source]]
_last: list[PythonModule] = []


class Unreadable(Exception):
    """The file's own parser refuses it, at `place`, with these `words`."""

    def __init__(self, problem: str, words: str, place: Place | None) -> None:
        super().__init__(words)
        self.problem = problem
        self.words = words
        self.place = place


def views(source: Source, wanted: frozenset[str], settings: Settings | None = None) -> Views:
    """The models of a file that the checks ask for: name of the kind of model, model, and the text its offsets mean.

    Raises `Unreadable`.
    """
    if source.kind == PYTHON:
        return _python(source, wanted)
    if source.kind == NOTEBOOK:
        return _notebook(source, wanted)
    if source.kind == DOCKERFILE:
        return _dockerfile(source, wanted, settings)
    return _shell(source, wanted) if source.kind == SHELL else _other(source, wanted)


def _python(source: Source, wanted: frozenset[str]) -> Views:
    if "python" in wanted or wanted & _OF_SHELL:
        from canfar_lint.model.python import PythonModule

        _let_go()
        source, tree, refused = _read(source)
        module = PythonModule(source, tree)
        yield "python", module, source
        if "request" in wanted:
            from canfar_lint.model.request.python import requests

            for request in requests(module):
                yield "request", request, source
        if wanted & _OF_SHELL:
            from canfar_lint.model.embedded import literals

            for script in literals(module):
                yield from _script(script, source, wanted)
        _last.append(module)
        if refused is not None:
            raise refused


def _let_go() -> None:
    """Free the module that was looked at last: not before, since the last of all may go with the process."""
    while _last:
        _last.pop().release()


def _script(script: Script, source: Source, wanted: frozenset[str]) -> Views:
    """A shell text, and the session requests it makes."""
    script.inside = source
    yield "shell", script, source
    if "request" in wanted:
        from canfar_lint.model.request.command_line import command_requests

        for request in command_requests(script):
            yield "request", request, source


def _read(source: Source) -> tuple[Source, ast.Module, Unreadable | None]:
    """The text that is read, its tree, and what is wrong with the rest. Raises `Unreadable` when nothing is read."""
    try:
        return *read_python(source), None
    except Unreadable as e:
        from canfar_lint.model.notebook import NotebookSource

        if not isinstance(source, NotebookSource):
            raise
        return _read_by_cell(source, e)


def read_python(source: Source) -> tuple[Source, ast.Module]:
    """The tree of a Python text and the text it was made of, which for Python 2 is another. Raises `Unreadable`."""
    try:
        return source, parsed(source)
    except Unreadable:
        from canfar_lint.model import python2
        from canfar_lint.model.magics import without_magics
        from canfar_lint.peers.ruff import looks_like_python2

        code = without_magics(source.text) if source.kind == PYTHON else source.code
        if code != source.text and source.kind == PYTHON and (tree := _tree(source, code)) is not None:
            return source, tree
        found = python2.read(source, code) if looks_like_python2(code) else None
        if found is None:
            raise
        return found


def _tree(source: Source, code: str) -> ast.Module | None:
    """The tree of what a text comes to; None when it does not parse."""
    try:
        return parsed(Source(source.path, source.kind, code))
    except Unreadable:
        return None


def _read_by_cell(source: NotebookSource, refused: Unreadable) -> tuple[Source, ast.Module, Unreadable | None]:
    """The cells of a notebook that are Python, 2 or 3, and what is to be said of the others.

    Raises `refused` when there is none.
    """
    from canfar_lint.model import notebook, python2
    from canfar_lint.peers.ruff import looks_like_python2

    codes: list[str] = []
    rewritten = False
    for cell in source.cells:
        code = source.cell_code(cell)
        if notebook.syntax_error_in(code) is not None:
            old = looks_like_python2(code)
            found = python2.read(Source(source.file, PYTHON, code)) if old else None
            rewritten = rewritten or old
            code = found[0].text if found is not None else notebook.blank(code)
        codes.append(code)
    text = "".join(codes)
    if not text.strip():
        raise refused
    read = python2.Python2Source(source, text) if rewritten else notebook.PartialNotebook.of(source, text)
    return read, parsed(read), None if rewritten else refused


def parsed(source: Source) -> ast.Module:
    """The tree of a Python text. Raises `Unreadable`."""
    import warnings

    from canfar_lint.engine.file import TOO_DEEP, UNPARSED

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source.tree = ast.parse(source.code)
            return source.tree
    except SyntaxError as e:
        if "too many nested" in e.msg:
            raise Unreadable(TOO_DEEP, "an expression is nested too deeply", None) from None
        place, words = _in_cell(source, e) if source.kind == NOTEBOOK else (_place(source, e), e.msg)
        raise Unreadable(UNPARSED, words, place) from None
    except ValueError as e:
        raise Unreadable(UNPARSED, str(e), None) from None
    except (RecursionError, MemoryError):
        raise Unreadable(TOO_DEEP, "an expression is nested too deeply", None) from None


def _place(source: Source, error: SyntaxError) -> Place:
    row = max(error.lineno or 1, 1)
    column = max(error.offset or 1, 1)
    if row <= len(source.starts):
        start = min(source.offset(row, column), len(source.text))
        return source.place(start, start)
    return Place(row, column, max(error.end_lineno or row, row), max(error.end_offset or column, column))


def _in_cell(source: Any, error: SyntaxError) -> tuple[Place, str]:
    """The place of an error in a notebook and its words: what is not finished is missed only in a later cell, and its
    words name lines of the joined text."""
    refused = source.refused_cell()
    if refused is not None:
        start, end, words = refused
        return source.place(start, end), words
    return _place(source, error), re.sub(_LINES, "", error.msg)


def _notebook(source: Any, wanted: frozenset[str]) -> Views:
    yield "notebook", source, source
    if wanted & _OF_SHELL:
        from canfar_lint.model.shell import parse

        for piece in source.shell_pieces:
            yield from _script(parse(piece.text, start=piece.start, context=piece.context), source, wanted)
    yield from _python(source, wanted)


def _dockerfile(source: Source, wanted: frozenset[str], settings: Settings | None) -> Views:
    from canfar_lint.model.dockerfile import read

    dockerfile = read(source, settings.target, settings.builder == "squashed") if settings is not None else read(source)
    yield "dockerfile", dockerfile, source
    if "shell" in wanted:
        for instruction in dockerfile.all("RUN"):
            for script in instruction.scripts:
                yield from _script(script, source, wanted)


def _shell(source: Source, wanted: frozenset[str]) -> Views:
    """A shell script; one of the C shell goes only to the rules that know it."""
    from canfar_lint.model.shell import parse

    if is_c_shell(source):
        script = parse(source.text, c_shell=True)
        script.path, script.inside = source.path, source
        yield "c_shell", script, source
        return
    script = parse(source.text)
    script.path = source.path
    yield from _script(script, source, wanted)


def _other(source: Source, wanted: frozenset[str]) -> Views:
    if source.kind in wanted:
        yield source.kind, source, source
    if wanted & _OF_SHELL and source.kind in (MAKEFILE, YAML):
        from canfar_lint.model import embedded

        for script in embedded.makefile(source) if source.kind == MAKEFILE else embedded.workflow(source):
            yield from _script(script, source, wanted)
