"""The Dockerfile model: read as BuildKit reads it, split a second time by dockerfile-parse as a check."""

from canfar_lint.model.dockerfile.model import Dockerfile, Flag, Instruction, Mount, Pair, Stage, Word, read
from canfar_lint.model.dockerfile.reading import Directive, Heredoc, Refusal

__all__ = [
    "Directive",
    "Dockerfile",
    "Flag",
    "Heredoc",
    "Instruction",
    "Mount",
    "Pair",
    "Refusal",
    "Stage",
    "Word",
    "read",
]
