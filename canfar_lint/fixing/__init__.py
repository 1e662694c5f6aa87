"""Repairs: fixes applied to a fixed point, every result parsed again, files written whole or not at all."""

from canfar_lint.fixing.apply import apply
from canfar_lint.fixing.diff import unified
from canfar_lint.fixing.document import Choice, Result, fix_document, parses
from canfar_lint.fixing.write import Changed, write

__all__ = ["Changed", "Choice", "Result", "apply", "fix_document", "parses", "unified", "write"]
