"""The examples of the built-in rules, as the tests want them: with the rules that must not speak instead."""

from __future__ import annotations

from canfar_lint.catalogue.examples import (
    Bench,
    Example,
    check_bad,
    examples,
    marked_file,
    notebook,
    remarked,
    toml,
    unmarked,
)
from canfar_lint.catalogue.examples import check_good as check_silent

# Rules whose logic is in the engine: they are about files and markers, not about what a file says.
OF_THE_ENGINE = frozenset(("CAN001", "CAN002", "CAN003", "CAN010", "CAN011", "CAN012"))
# "Which rule speaks": where one of these has a good example, the others must not speak instead.
PARTNERS = [
    {"CAN401", "CAN104"}, {"CAN606", "CAN104"}, {"CAN104", "CAN105"}, {"CAN407", "CAN104"}, {"CAN805", "CAN104"},
    {"CAN708", "CAN704"}, {"CAN708", "CAN713"}, {"CAN815", "CAN808"}, {"CAN729", "CAN211"}, {"CAN806", "CAN101"},
    {"CAN402", "CAN105"}, {"CAN601", "CAN602"}, {"CAN601", "CAN604"}, {"CAN201", "CAN801"},
]  # fmt: skip


def check_good(bench: Bench) -> list[str]:
    """A good example is silent under its own rule and its partners; what others say comes back, a line each."""
    code = bench.example.code
    return check_silent(bench, {partner for pair in PARTNERS if code in pair for partner in pair})


__all__ = ["OF_THE_ENGINE", "Bench", "Example", "check_bad", "check_good", "examples", "marked_file", "notebook",
           "remarked", "toml", "unmarked"]  # fmt: skip
