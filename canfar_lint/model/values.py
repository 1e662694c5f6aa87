"""What an expression is worth: a literal, a default that a user can override, or something only a run can know."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LITERAL, OVERRIDABLE, DYNAMIC = "literal", "overridable", "dynamic"

# what a hole in a text is filled from
PARAMETER, ARGUMENT, ENVIRONMENT, CONFIG, LOOP, UNIQUE, RESULT = (
    "parameter",
    "argument",
    "environment",
    "config",
    "loop",
    "unique",
    "result",
)


class Piece:
    """A stretch of text: static with the constant it stands in, or a hole with what fills it.

    `default` says that this stretch is only a default that the user can override.
    """

    __slots__ = ("default", "node", "source", "text")

    def __init__(self, text: str | None, node: ast.AST | None, source: str = "", default: bool = False) -> None:
        self.default = default
        self.text = text
        self.node = node
        self.source = source


class Value:
    """The worth of an expression.

    `kind` is LITERAL, OVERRIDABLE (a literal that is only a default) or DYNAMIC; `pieces` are its text in order;
    `constant` is the number, bool or None of a literal that is no text; `choices` are the values it takes on
    different paths (branches, the elements a loop runs over), when these are few and known.
    """

    __slots__ = ("choices", "constant", "is_path", "kind", "node", "pieces")

    def __init__(
        self,
        kind: str,
        pieces: tuple[Piece, ...] = (),
        *,
        constant: object = None,
        choices: tuple[Value, ...] = (),
        node: ast.AST | None = None,
        is_path: bool = False,
    ) -> None:
        self.kind = kind
        self.pieces = pieces
        self.constant = constant
        self.choices = choices
        self.node = node
        self.is_path = is_path

    @property
    def text(self) -> str | None:
        """The whole text, when every piece of it is static."""
        if not self.pieces or any(piece.text is None for piece in self.pieces):
            return None
        return "".join(piece.text or "" for piece in self.pieces)

    @property
    def prefix(self) -> str:
        """The static text before the first hole."""
        text = ""
        for piece in self.pieces:
            if piece.text is None:
                break
            text += piece.text
        return text

    @property
    def suffix(self) -> str:
        """The static text behind the last hole."""
        text = ""
        for piece in reversed(self.pieces):
            if piece.text is None:
                break
            text = piece.text + text
        return text

    @property
    def skeleton(self) -> str:
        """The text with every hole written as `{}`."""
        return "".join("{}" if piece.text is None else piece.text for piece in self.pieces)

    @property
    def literals(self) -> list[ast.AST]:
        """The constants the text is made of, in order."""
        return [piece.node for piece in self.pieces if piece.text is not None and piece.node is not None]

    @property
    def sources(self) -> frozenset[str]:
        """What the holes are filled from, here and in the choices."""
        own = {piece.source for piece in self.pieces if piece.text is None}
        return frozenset(own.union(*(choice.sources for choice in self.choices)))

    def leaves(self) -> Iterator[Value]:
        """The value itself, or the values of all its choices."""
        if not self.choices:
            yield self
        for choice in self.choices:
            yield from choice.leaves()

    def __repr__(self) -> str:
        return f"<{self.kind} {self.skeleton!r} {self.constant!r} {sorted(self.sources)}>"


def hole(source: str, node: ast.AST | None = None, choices: tuple[Value, ...] = ()) -> Value:
    return Value(DYNAMIC, (Piece(None, node, source),), choices=choices, node=node)


def text_value(text: str, node: ast.AST) -> Value:
    return Value(LITERAL, (Piece(text, node),), node=node)


def join(values: list[Value], between: str = "", node: ast.AST | None = None) -> Value:
    """The values' texts one behind the other, as `+`, an f-string or a path join make them.

    With `between` set to "/", an absolute later part drops what stands before it, as `os.path.join` does.
    """
    pieces: list[Piece] = []
    kind = LITERAL
    for value in values:
        if between and value.prefix.startswith(between):
            pieces, kind = [], LITERAL
        if between and pieces and not (pieces[-1].text or "").endswith(between):
            pieces.append(Piece(between, None))
        pieces.extend(as_pieces(value))
        kind = weaker(kind, value.kind)
    return Value(kind, tuple(pieces), node=node)


def as_pieces(value: Value) -> tuple[Piece, ...]:
    if value.pieces:
        return value.pieces
    if value.kind != DYNAMIC and isinstance(value.constant, (int, float)):
        return (Piece(str(value.constant), value.node),)
    return (Piece(None, value.node, RESULT),)


def weaker(first: str, second: str) -> str:
    for kind in (DYNAMIC, OVERRIDABLE):
        if kind in (first, second):
            return kind
    return LITERAL


def overridable(value: Value) -> Value:
    """The same value, as a default."""
    kind = DYNAMIC if value.kind == DYNAMIC else OVERRIDABLE
    pieces = tuple(Piece(p.text, p.node, p.source, True) for p in value.pieces)
    return Value(kind, pieces, constant=value.constant, choices=value.choices, node=value.node)
