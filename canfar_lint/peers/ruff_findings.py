"""Which of ruff's findings hold for the files of pipelines, and which only misunderstand them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from canfar_lint.source import NOTEBOOK, Source

_TEMPLATE = re.compile(r"\{%[-+]?[ \t]*\w[^\n]*%\}|\{\{[-+]?[ \t]*[\w.|\"' ]+[-+]?\}\}")
_MAGIC = re.compile(r"[ \t]*(?:%%?[A-Za-z_]|!{1,2}[\w./~$]|\?{1,2}\w|[\w.]+\?{1,2}[ \t]*$)")
_UNDEFINED = re.compile(r"Undefined (?:local )?name `([^`]+)`")
_RUNS_FILES = re.compile(r"\bexec\((?:compile\()?open\(|^[ \t]*%run -i ", re.MULTILINE)
# what tells the Pythons apart does not ask for names that only one of them has
_BOTH_PYTHONS = re.compile(r"\bversion_info\b|\bpython_version|\bPY[23]\b|\bimport six\b|\bhexversion\b")
# a notebook or another list of things, saved under the name of a program
_JSON = re.compile(r"\s*[{\[]\s*[\"{\]}]")
_OF_JSON = frozenset(("true", "false", "null"))
_IN_PROGRAM = re.compile(r"\biraf\b|\bpyraf\b", re.IGNORECASE)


def syntax_error(items: Sequence[dict[str, Any]], source: Source) -> dict[str, Any] | None:
    """The first of ruff's syntax errors that is one; None for a template, or where only magics stand in a script."""
    if _TEMPLATE.search(source.text):
        return None
    ordered = sorted(items, key=lambda i: (i["cell"] or 0, i["location"]["row"], i["location"]["column"]))
    if source.kind == NOTEBOOK:
        return ordered[0]
    rows = {item["location"]["row"] for item in ordered}
    magics = {row for row in rows if _MAGIC.match(source.line(row))} if max(rows) <= len(source.starts) else set()
    return next((item for item in ordered if item["location"]["row"] not in magics), None)


def catches_like_python2(items: Sequence[dict[str, Any]], source: Source) -> bool:
    """Whether `except Error, e:` binds a name, as in Python 2: in the newest Python it is a list of errors."""
    for item in items:
        found = _UNDEFINED.match(item["message"]) if item["code"] == "F821" else None
        if found and re.match(rf"[ \t]*except\b[^:]*,[ \t]*{found[1]}[ \t]*:", source.line(item["location"]["row"])):
            return True
    return False


def misunderstood(items: Sequence[dict[str, Any]], source: Source) -> set[int]:
    """The identities of items that name what a program defines for the scripts that run inside it."""
    names: dict[str, list[int]] = {}
    for item in items:
        if item["code"].startswith("F82") and (found := _UNDEFINED.match(item["message"])):
            names.setdefault(found[1], []).append(id(item))
    if not names:
        return set()
    return {each for name in _known(set(names), source.text) for each in names[name]}


def _known(undefined: set[str], text: str) -> set[str]:
    from canfar_lint.catalogue import load

    tables = load().rules["CAN001"].table("inside")
    known = undefined & set(tables["ipython"])
    if _JSON.match(text):
        known |= undefined & _OF_JSON
    if _BOTH_PYTHONS.search(text):
        known |= undefined & set(tables["python2"])
    casa, tools = undefined & set(tables["casa"]), undefined & set(tables["casa-short"])
    if casa or len(tools) > 1:
        # such scripts share one namespace: the rest comes from the script that runs them
        return undefined
    if "execfile" in undefined or _RUNS_FILES.search(text):
        known |= undefined - {"execfile"}
    if _IN_PROGRAM.search(text):
        known |= undefined & set(tables["iraf"])
    return known
