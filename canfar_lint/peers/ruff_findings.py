"""Which of ruff's findings hold for the files of pipelines, and which only misunderstand them."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from canfar_lint.diagnostic import Place
from canfar_lint.source import NOTEBOOK, POINTER, PYTHON, Source

if TYPE_CHECKING:
    from canfar_lint.model.notebook import NotebookSource

_TEMPLATE = re.compile(r"\{%[-+]?[ \t]*\w[^\n]*%\}|\{\{[-+]?[ \t]*[\w.|\"' ]+[-+]?\}\}")
_WORD = rf"(?!(?:{'|'.join((*keyword.kwlist, 'print', 'exec'))})\b)[^\W\d]\w*"
# a blank that the reader of an exercise is to fill in: `x = # complete`, `f(??)`
_BLANK = re.compile(
    r"""(?imx) (?<![-#]) \# [-#\ \t]* (?:
        complete(?:[ ]+(?:me|this))?[-#.:!\ \t]*$ | [^\n#]*[ ]complete[ ]me\b
      | to[ _]fill\b | fill[ _](?:(?:this|me)[ _])?in\b
      | (?:(?:insert|write|put|add|enter)[ _])?your[ _](?:code|solution|answer)(?![a-z])
      | [. ]*(?:insert|write|put|add|enter)[ _](?:code|solution|answer)[ _]here\b
      )
    | (?:=|\(|\bfrom|\bimport)[ \t]*<[/\w][\w ./~-]*>
    | [(,=][ \t]*\?\?(?=[ \t]*[),])"""
)
# a place in a notebook's line where something is to be put: `obs = `, `open(, "rb")`, `for :`
_HOLE = re.compile(r"=[ \t]*(?:,|\)|(?:\#.*)?$)|[(,][ \t]*,|[\"']:[ \t]*[,}]|\b(?:for|in|if|while)[ \t]*:")
# what stands for code that is still to be written, in capitals; a table in columns; LaTeX
_NOTE = re.compile(
    r"""(?x) \b[A-Z]{2,}[ ]+[A-Z]{2,}[ ]+[A-Z]\w+
    | ^[ \t]*[^\s=,#]+(?:(?:[ ][^\s=,]+)*[ \t]{2,}[^\s=,]+){3}[^=,]*$
    | ^[ \t]*\\(?:begin|end|hline|section|frac)\b"""
)
# a line of prose: four words in a row, and as many such lines as no forgotten `#` makes
_PROSE = re.compile(rf"(?m)^(?=[^\"'\n]*$)[^\n]*?(?<![\w.])(?:{_WORD}[ ]+){{3}}{_WORD}")
_MUCH_PROSE = 3
# what a Python since that version reads and the ones before do not, and the rows in which it is looked for
_SINCE = (
    ((3, 12), re.compile(r"\b(?:[fF][rR]?|[rR][fF])[\"']|^[ \t]*(?:type \w+ ?[=\[]|(?:def|class) \w+\[)", re.M)),
    ((3, 14), re.compile(r"\b(?:[tT][rR]?|[rR][tT])[\"']|^[ \t]*except [^(\n]*,", re.M)),
)
_MOST_ROWS = 5
# what no Python 2 has, strings emptied
_PYTHON3 = re.compile(
    r"""(?mx) (?<!\w)[fF]["'] | ^[ \t]*(?:nonlocal|async|await)[ \t]+\w | \byield[ \t]+from\b
      | \bprint[ \t]*\([^\n]*\b(?:end|file|flush|sep)[ \t]*=(?!=)
      | ^[ \t]*def[ \t][^\n]*\)[ \t]*-> | ^[ \t]*raise\b[^\n]*[ \t]from[ \t] | :="""
)
_PRINTS = re.compile(r"(?m)(?:^|[:;])[ \t]*print(?:[ \t]+[\w\"'`%]|[\"']|[ \t]*>>)")
_PRINT_CALLS = re.compile(r"\bprint[ \t]*\(")
_MAGIC = re.compile(r"[ \t]*(?:%%?[A-Za-z_]|!{1,2}[\w./~$]|\?{1,2}\w|[\w.]+\?{1,2}[ \t]*$)")
_UNDEFINED = re.compile(r"Undefined (?:local )?name `([^`]+)`")
_RUNS_FILES = re.compile(r"\bexec\((?:compile\()?open\(|^[ \t]*%run -i ", re.MULTILINE)
# what tells the Pythons apart does not ask for names that only one of them has
_BOTH_PYTHONS = re.compile(r"\bversion_info\b|\bpython_version|\bPY[23]\b|\bimport six\b|\bhexversion\b")
# a notebook or another list of things, saved under the name of a program
_JSON = re.compile(r"\s*[{\[]\s*[\"{\]}]")
_OF_JSON = frozenset(("true", "false", "null"))
_IN_PROGRAM = re.compile(r"\biraf\b|\bpyraf\b", re.IGNORECASE)


def is_python2(source: Source) -> bool:
    """Whether a text that is no Python 3 is Python 2: a notebook may say so itself, else it is told by what it holds.

    A notebook that says Python 3 may have been opened with it and saved, and never been run so.
    """
    from canfar_lint.model.notebook import NotebookSource
    from canfar_lint.peers.ruff import looks_like_python2

    if isinstance(source, NotebookSource) and source.python:
        return source.python.startswith("2") or _all_python2(source)
    return looks_like_python2(source.code)


def _all_python2(source: NotebookSource) -> bool:
    """Whether all that is wrong in a notebook is that it is Python 2, and nothing in it is Python 3."""
    from canfar_lint.model import python2
    from canfar_lint.model.notebook import syntax_error_in
    from canfar_lint.peers.ruff import holds_python2, without_strings

    code = without_strings(source.code)
    if _PYTHON3.search(code) or len(_PRINTS.findall(code)) < len(_PRINT_CALLS.findall(code)):
        return False
    if not holds_python2(source.code):
        return False
    cells = [source.cell_code(cell) for cell in source.cells]
    refused = [code for code in cells if syntax_error_in(code) is not None]
    return all(python2.read(Source(source.file, PYTHON, code)) is not None for code in refused)


def is_to_be_filled_in(text: str) -> bool:
    """Whether a text is a template or an exercise, which is no program before somebody has completed it, or stands
    for one that has not been fetched."""
    return text.startswith(POINTER) or _TEMPLATE.search(text) is not None or _BLANK.search(text) is not None


def has_hole(source: Source, place: Place | None) -> bool:
    """Whether an error in a notebook is a hole that its reader is to fill."""
    if source.kind != NOTEBOOK or place is None or place.cell is None:
        return False
    at = source.cell_offset(place.cell, place.row, 1)
    return at is not None and _HOLE.search(source.line(source.row_column(at)[0])) is not None


def is_note(source: Source, place: Place | None) -> bool:
    """Whether an error is no code at all, but what somebody noted down there or is still to write.

    Where a string was never closed its text only looks like that.
    """
    from canfar_lint.peers.ruff import without_strings

    text = source.code
    if place is None or text.count('"""') % 2 or text.count("'''") % 2:
        return False
    row = _row(source, place)
    lines = [source.line(each) for each in range(row, min(row + 2, len(source.starts) + 1))]
    if any(_NOTE.search(line) for line in lines if not re.search("[\"']", line)):
        return True
    code = without_strings(text)
    return any(_PROSE.search(without_strings(line)) for line in lines) and len(_PROSE.findall(code)) >= _MUCH_PROSE


def _row(source: Source, place: Place) -> int:
    """The row of a place in the text, cells of a notebook joined."""
    at = source.cell_offset(place.cell, place.row, 1) if place.cell is not None else None
    return source.row_column(at)[0] if at is not None else place.row


def is_newer(source: Source, place: Place | None) -> bool:
    """Whether what the running Python refuses at a place may be the grammar of a newer one."""
    if place is None:
        return False
    row = _row(source, place)
    text = "\n".join(source.line(each) for each in range(row, min(row + _MOST_ROWS, len(source.starts) + 1)))
    return any(sys.version_info < version and syntax.search(text) for version, syntax in _SINCE)


def syntax_error(items: Sequence[dict[str, Any]], source: Source) -> dict[str, Any] | None:
    """The first of ruff's syntax errors that is one.

    None for a template, where only magics stand in a script, and where a notebook's cell is indented as a whole.
    """
    if is_to_be_filled_in(source.text):
        return None
    ordered = sorted(items, key=lambda i: (i["cell"] or 0, i["location"]["row"], i["location"]["column"]))
    if source.kind == NOTEBOOK:
        place = _place(ordered[0])
        return None if has_hole(source, place) or is_note(source, place) or _parses(source) else ordered[0]
    rows = {item["location"]["row"] for item in ordered}
    magics = {row for row in rows if _MAGIC.match(source.line(row))} if max(rows) <= len(source.starts) else set()
    first = next((item for item in ordered if item["location"]["row"] not in magics), None)
    return None if first is not None and is_note(source, _place(first)) else first


def _place(item: dict[str, Any]) -> Place:
    row, column = item["location"]["row"], item["location"]["column"]
    return Place(row, column, row, column, item["cell"])


def _parses(source: Source) -> bool:
    from canfar_lint.engine.models import Unreadable, parsed

    try:
        parsed(source)
    except Unreadable:
        return False
    return True


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
