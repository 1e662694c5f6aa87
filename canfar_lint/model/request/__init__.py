"""A session request, wherever it is written: what is asked for, what runs, and where each part of it stands.

The parameters, their order and their meaning are those of canfar 1.5.2 and of the server behind it. `python` reads
requests from Python, `command_line` from `canfar create`, `rest` from what is sent to the server's own interface.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.shell import Command, Word

# surfaces
CREATE, MODEL, COMMAND_LINE, REST = "create", "CreateRequest", "canfar create", "REST"
_NUMBER = re.compile(r"\s*[+-]?\d[\d_]*(?:\.0*)?\s*")
UNKNOWN = ...
"""The value of what is given but not known."""


class Given:
    """One argument: its `value` (`...` when it is not known) and where it stands.

    `text` is a text as far as it is known, with `{}` for what is not; in `sure` what is only a default is a hole too.
    `node` is the Python expression.
    """

    __slots__ = ("end", "node", "start", "sure", "text", "value")

    def __init__(
        self,
        value: object,
        text: str,
        start: int,
        end: int,
        node: ast.expr | None = None,
        sure: str | None = None,
    ) -> None:
        self.value = value
        self.text = text
        self.start = start
        self.end = end
        self.node = node
        self.sure = text if sure is None else sure

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    @property
    def whole(self) -> int | None:
        """The whole number it is, as the client reads one: 4, 4.0, "4", "4.0"."""
        value = self.value
        if isinstance(value, str):
            if not _NUMBER.fullmatch(value):
                return None
            value = float(value)
        if isinstance(value, (int, float)) and value == value and abs(value) < 1e15 and value == value // 1:
            return int(value)
        return None

    @property
    def nothing(self) -> bool:
        """Whether it is the same as not given."""
        return self.value is None


class Request:
    """One request.

    `surface` is how it is written; `span` the name of what is called; `fields` what was given, `unknown` what the
    surface does not know; `env` the variables with literal names; `complete` says that nothing else can have been
    given. `whole_env` is False when variables may be missing from `env`. `call` of `module`, or `command`, is what it
    was read from. `client` is the dotted name of what is called, "" when only its arguments tell. `asynchronous` says
    that it must be awaited. `of_model` is the `CreateRequest` that a `create` only passes on.

    Of the command line: `words` are those of the command that runs, `separated` whether a `--` stands before them,
    `behind` the options that stand behind its first word although no `--` does; `stopped` what ends it before it
    sends anything: `help`, `dry run`, or "".
    """

    __slots__ = (
        "asynchronous",
        "behind",
        "call",
        "client",
        "command",
        "complete",
        "env",
        "fields",
        "module",
        "of_model",
        "separated",
        "span",
        "stopped",
        "surface",
        "unknown",
        "whole_env",
        "words",
    )

    def __init__(self, surface: str, span: tuple[int, int]) -> None:
        self.surface = surface
        self.span = span
        self.fields: dict[str, Given] = {}
        self.unknown: dict[str, Given] = {}
        self.env: list[tuple[str, Given]] = []
        self.whole_env = True
        self.complete = True
        self.client = ""
        self.asynchronous = False
        self.of_model: ast.expr | None = None
        self.call: ast.Call | None = None
        self.module: PythonModule | None = None
        self.command: Command | None = None
        self.words: tuple[Word, ...] = ()
        self.behind: tuple[Word, ...] = ()
        self.separated = False
        self.stopped = ""

    def text(self, field: str) -> str | None:
        """A field's text when all of it is known."""
        given = self.fields.get(field)
        return given.value if given is not None and isinstance(given.value, str) else None

    def number(self, field: str) -> int | None:
        """A field's whole number when it is known."""
        given = self.fields.get(field)
        return given.whole if given is not None else None

    def has(self, field: str) -> bool | None:
        """Whether a field is given a value; None when that is not known."""
        given = self.fields.get(field)
        if given is None:
            return False if self.complete else None
        return None if given.value is UNKNOWN and given.node is not None else not given.nothing

    @property
    def kind(self) -> str | None:
        """The kind of session; None when it is not known. Headless is the default, but not of the command line."""
        given = self.fields.get("kind")
        if given is None:
            return "headless" if self.complete and self.surface not in (COMMAND_LINE, MODEL) else None
        return given.value if isinstance(given.value, str) else None

    @property
    def cores(self) -> int | None:
        return self.number("cores")

    @property
    def old_client(self) -> bool:
        """Whether it goes through the `skaha` package, where 2 cores and 4 GB are the default."""
        return self.client.startswith("skaha")
