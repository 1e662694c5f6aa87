"""ruff beside our own rules: one process for the files of one folder's settings, its findings as ours.

ruff says where a Python file does not parse, too: that becomes CAN001, once a file. What is only our kinds of file
misunderstood (Python 2, magics, templates, names that CASA defines) is dropped.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from canfar_lint.diagnostic import DISPLAY, Diagnostic, Edit, Place, PlacedEdit, PlacedFix
from canfar_lint.peers.process import LISTING, Failed, Process
from canfar_lint.source import NOTEBOOK, PYTHON, Source, Undecodable

if TYPE_CHECKING:
    from canfar_lint.settings.select import Selection
    from canfar_lint.settings.settings import Settings

MISSING = "ruff is not installed beside canfar-lint, so its rules did not run; `pip install ruff` or `ruff = false`"
# the newest grammar: nothing is "too new" where the project does not say what it needs
_NEWEST = "py314"
_AS_ARGUMENTS = 64
_LEVEL = "error"
# ruff reports syntax errors whatever is selected, but wants something selected
_SYNTAX_ONLY = "E902"


def start(paths: Sequence[str], selection: Selection, settings: Settings) -> list[Run]:
    """ruff over files on disk; the runs are to be collected, each once. `paths` are of Python files and notebooks."""
    absolute = {os.path.abspath(path): path for path in paths}
    # a name with a newline or of bytes that are no text cannot stand in the list
    odd = [path for path in absolute if "\n" in path or "\r" in path or not _is_text(path)]
    if len(absolute) <= _AS_ARGUMENTS:
        return [Run(selection, settings, absolute, [os.fsencode(path) for path in absolute])]
    listed = "\n".join(path for path in absolute if path not in set(odd)).encode()
    runs = [Run(selection, settings, absolute, [f"@{LISTING}"], listing=listed)]
    if odd:
        runs.append(Run(selection, settings, absolute, [os.fsencode(path) for path in odd[:_AS_ARGUMENTS]]))
    return runs


def start_text(path: str, kind: str, data: bytes, selection: Selection, settings: Settings) -> Run:
    """ruff over one text that is not on disk: standard input, an editor's buffer."""
    absolute = os.path.abspath(path)
    name = absolute if kind != NOTEBOOK or path.endswith(".ipynb") else f"{absolute}.ipynb"
    run = Run(selection, settings, {name: path}, ["-"], data=data, name=name)
    run.texts = {path: (kind, data)}
    return run


class Run:
    """One process of ruff."""

    def __init__(
        self,
        selection: Selection,
        settings: Settings,
        paths: dict[str, str],
        arguments: list[str | bytes],
        *,
        data: bytes | None = None,
        name: str = "",
        listing: bytes | None = None,
    ) -> None:
        """`paths` maps absolute paths to what the user wrote."""
        self.selection = selection
        self.settings = settings
        self.absolute = paths
        self.paths = {_lossy(path): own for path, own in paths.items()}
        self.texts: dict[str, tuple[str, bytes]] = {}
        self.python2: set[str] = set()
        self._note = ""
        self._process: Process | None = None
        binary = find()
        if binary is None:
            self._note = MISSING
            return
        command: list[str | bytes] = [binary, *flags(selection, settings)]
        if name:
            command += ["--stdin-filename", os.fsencode(name)]
        try:
            self._process = Process([*command, "--", *arguments], data, listing, without="RUFF_")
        except Failed as e:
            self._note = f"ruff did not start: {e}"

    def collect(self) -> tuple[list[Diagnostic], tuple[str, ...]]:
        """Wait for ruff; its findings, and notes about what did not work. `python2` then holds Python 2 files."""
        if self._process is None:
            return [], (self._note,)
        status, output, errors = self._process.finish()
        try:
            import json

            found = json.loads(output)
        except ValueError:
            if status < 0 and not self.texts:
                return self._apart()
            words = errors.decode("utf-8", "replace").strip().splitlines() or [f"exit status {status}"]
            return [], (f"ruff failed: {words[0]}",)
        by_path: dict[str, list[dict[str, Any]]] = {}
        for item in found:
            by_path.setdefault(self.paths.get(item["filename"] or "", ""), []).append(item)
        diagnostics: list[Diagnostic] = []
        for path, items in by_path.items():
            if path:
                diagnostics += self._of_file(path, items)
        return diagnostics, ()

    def _apart(self) -> tuple[list[Diagnostic], tuple[str, ...]]:
        """ruff died of a file (one nested too deeply, say): find it by halves, and keep what the rest gave."""
        paths = list(self.absolute.values())
        if len(paths) == 1:
            return [], (f"ruff died of {paths[0]}, which it did not check",)
        diagnostics: list[Diagnostic] = []
        notes: list[str] = []
        for half in (paths[: len(paths) // 2], paths[len(paths) // 2 :]):
            for run in start(half, self.selection, self.settings):
                found, said = run.collect()
                diagnostics += found
                notes += said
                self.python2 |= run.python2
        return diagnostics, tuple(notes)

    def _of_file(self, path: str, items: list[dict[str, Any]]) -> list[Diagnostic]:
        from canfar_lint.peers.ruff_findings import catches_like_python2, is_python2, misunderstood, syntax_error

        broken = [item for item in items if _is_syntax(item)]
        try:
            source = self._source(path)
        except (OSError, Undecodable):  # said by our own reader
            return []
        kept = [item for item in items if not _is_syntax(item)] if self.selection.ruff else []
        diagnostics = []
        if is_python2(source) if broken else source.kind == PYTHON and catches_like_python2(kept, source):
            self.python2.add(path)
            return []
        if broken:
            first = syntax_error(broken, source)
            rule = self.selection.rules.get("CAN001")
            if first is not None and rule is not None:
                place, span = _located(first, source)
                level = rule.level_override or rule.level
                diagnostics.append(Diagnostic(path, rule.code, rule.name, level, first["message"], place, *span))
        dropped = misunderstood(kept, source)
        diagnostics += [_diagnostic(path, item, source) for item in kept if id(item) not in dropped]
        return diagnostics

    def _source(self, path: str) -> Source:
        """The text that ruff's positions mean. Raises `OSError`, `Undecodable`, `BrokenNotebook`."""
        kind, data = self.texts.get(path, ("", b""))
        if not kind:
            kind = NOTEBOOK if path.endswith(".ipynb") else PYTHON
            with open(path, "rb") as file:
                data = file.read()
        if kind != NOTEBOOK:
            return Source.decode(path, kind, data)
        from canfar_lint.model import notebook

        return notebook.read(path, data)


def find() -> str | None:
    """ruff's program inside the environment that canfar-lint runs in; never what PATH happens to hold."""
    import sys

    name = "ruff.exe" if os.name == "nt" else "ruff"
    if sys.prefix != sys.base_prefix:
        beside = os.path.join(os.path.dirname(sys.executable), name)
        if os.access(beside, os.X_OK) and os.path.isfile(beside):
            return beside
    try:
        from ruff import find_ruff_bin
    except ImportError:
        try:
            from ruff.__main__ import find_ruff_bin
        except ImportError:
            return None
    try:
        return os.fsdecode(find_ruff_bin())
    except FileNotFoundError:
        return None


def looks_like_python2(text: str) -> bool:
    """Whether a text that is no Python 3 is Python 2: by a statement, by tabs that only it takes for 8 columns, or by
    escapes that only it leaves alone."""
    return holds_python2(text) or _parses_with_wide_tabs(text) or _parses_with_plain_escapes(text)


def holds_python2(text: str) -> bool:
    """Whether something in a text is Python 2 only."""
    lines = re.sub("\r\n?", "\n", text) if "\r" in text else text
    return re.search(_PYTHON2, without_strings(lines)) is not None


def _parses_with_wide_tabs(text: str) -> bool:
    return "\t" in text and _parses(text.expandtabs(8))


def _parses_with_plain_escapes(text: str) -> bool:
    r"""Whether only escapes like `\u2` keep a text from being Python 3, and it uses what is gone since Python 2."""
    if re.search(r"\\[uUN]", text) is None or "unicode_literals" in text:
        return False
    if re.match(r"#![^\n]*\bpython2", text) is None and re.search(_GONE, without_strings(text)) is None:
        return False
    from canfar_lint.model.python2 import with_plain_escapes

    return _parses(with_plain_escapes(text).expandtabs(8))


def _parses(text: str) -> bool:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# compiled when a file does not parse
_STRINGS = (
    r'(?s)"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\'|#[^\n]*'
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
)
_PYTHON2 = r"""(?mx)^[ \t]*(?:[^\n]*[:;][ \t]*)?(?:
        print[ \t]+(?![=.,:)\]}]|in\b|is\b|and\b|or\b|not[ ]in\b|if\b|for\b|[-+*/%<>&|^@(\[]) \S
      | print[ \t]*>>
      | print["']
      | exec[ \t]+["'\w]
      | raise[ \t]+[\w.]+[ \t]*,
      | except[ \t]+(?:[\w.]+|\([^)\n]*\))[ \t]*,[ \t]*[A-Za-z_]\w*[ \t]*:
      )
      | <>
      | (?<![\w.])0[0-7]*[1-7][0-7]*[lL]?(?![\w.])
      | (?<![\w.])\d+[lL]\b
      | \b[uU][rR]["']
      | (?<![\w.])async[ \t]*=(?!=)
      | ^[^`\n]*`[^`\n]+`
      | ^[ \t]*def[ \t]+\w+[ \t]*\((?:[\w \t=.,]*,)?[ \t]*\([ \t]*\w+[\w \t,()]*\)[^\n]*:
      | \blambda[ \t]*(?:[\w \t=.,]*,)?[ \t]*\([ \t]*\w+[ \t]*,[\w \t,()]*\)[\w \t=.,()]*:
    """

# modules, functions and methods that Python 3 does not have, and what is asked of Python 2 alone
_GONE = r"""(?mx)^[ \t]*(?:import|from)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*(?:
        Numeric|numarray|MLab|cPickle|c?StringIO|ConfigParser|Queue|Tkinter|tk\w+Dialog|tkMessageBox|urllib2|urlparse
      | httplib|cookielib|commands|popen2|md5|sets|thread|UserDict|exceptions|__builtin__
      )\b
      | ^from[ \t]+__future__[ \t]+import\b[^\n]*\b(?:print_function|division|absolute_import)\b
      | (?<![\w.])(?:xrange|raw_input|unicode|unichr|basestring|execfile|long)[ \t]*\(
      | \.(?:has_key|iteritems|itervalues|iterkeys)\(
      | (?<![\w.])string\.(?:atof|atoi|find|join|lower|replace|split|strip|upper)\(
    """


def without_strings(text: str) -> str:
    """The text with its strings emptied and without its comments."""
    return re.sub(_STRINGS, _emptied, text)


def _emptied(match: re.Match[str]) -> str:
    text = match[0]
    return "" if text[0] == "#" else text[0] * 2


def flags(selection: Selection, settings: Settings) -> list[str]:
    """What ruff is told under one folder's settings."""
    flags = [
        "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--output-format=json", "--no-force-exclude",
        "--no-fix", f"--select={','.join(selection.ruff) or _SYNTAX_ONLY}", f"--target-version={_target(settings)}",
        "--config=lint.external=['CAN']",
    ]  # fmt: skip
    if selection.ruff_ignore:
        flags.append(f"--ignore={','.join(selection.ruff_ignore)}")
    if settings.preview:
        flags.append("--preview")
    builtins = _builtins(settings.root)
    if builtins:
        flags.append(f"--config=builtins=[{','.join(map(repr, builtins))}]")
    return flags


def _target(settings: Settings) -> str:
    """The oldest Python of the project: its setting, `requires-python`, or the newest grammar ruff knows."""
    if settings.target_version:
        return str(settings.target_version)
    manifest = _manifest(settings.root)
    if "requires-python" not in manifest:
        return _NEWEST
    line = r"^[ \t]*requires-python[ \t]*=[ \t]*[\"'][^\"'\n]*?>=?[ \t]*3\.(\d+)"
    required = re.search(line, manifest, re.M)
    return f"py3{min(max(int(required[1]), 7), 14)}" if required else _NEWEST


def _builtins(root: str) -> list[str]:
    """The names a project tells ruff to know, from its own settings of ruff."""
    names: list[str] = []
    for text in (_manifest(root), *(_read(os.path.join(root, name)) for name in ("ruff.toml", ".ruff.toml"))):
        if "builtins" not in text:
            continue
        listed = re.search(r"^[ \t]*builtins[ \t]*=[ \t]*\[([^\]]*)\]", text, re.M)
        if listed:
            names += re.findall(r"[\"']([^\W\d]\w*)[\"']", listed[1])
    return names


def _manifest(root: str) -> str:
    return _read(os.path.join(root, "pyproject.toml"))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""


def _is_syntax(item: dict[str, Any]) -> bool:
    return item["code"] in (None, "invalid-syntax") or item["name"] == "invalid-syntax"


def _diagnostic(path: str, item: dict[str, Any], source: Source) -> Diagnostic:
    place, span = _located(item, source)
    return Diagnostic(
        path,
        item["code"],
        item["name"],
        _LEVEL,
        item["message"],
        place,
        *span,
        fix=_fix(item, source),
        url=item["url"] or "",
        tool="ruff",
        noqa_row=item["noqa_row"] or 0,
    )


def _fix(item: dict[str, Any], source: Source) -> PlacedFix | None:
    fix, cell = item["fix"], item["cell"]
    if fix is None or (cell is not None and not _in_its_cell(item)):
        return None
    edits = []
    for edit in fix["edits"]:
        place, span = _located({**edit, "cell": cell}, source)
        edits.append(PlacedEdit(place, Edit(*span, edit["content"])))
    applicability = DISPLAY if fix["applicability"].startswith("display") else fix["applicability"]
    return PlacedFix(fix["message"] or "", tuple(edits), applicability)


def _in_its_cell(item: dict[str, Any]) -> bool:
    """Whether a fix stays in the finding's cell: ruff gives rows within a cell, but does not say which cell."""
    edits = item["fix"]["edits"]
    rows = item["location"]["row"], item["end_location"]["row"]
    return len(edits) == 1 and edits[0]["location"]["row"] <= rows[1] and edits[0]["end_location"]["row"] >= rows[0]


def _located(item: dict[str, Any], source: Source) -> tuple[Place, tuple[int, int]]:
    """The place of one of ruff's items, and the same as offsets."""
    start, end = item["location"], item["end_location"]
    cell = item.get("cell")
    place = Place(start["row"], start["column"], end["row"], end["column"], cell)
    return place, (_offset(source, cell, *place[:2]), _offset(source, cell, *place[2:4]))


def _offset(source: Source, cell: int | None, row: int, column: int) -> int:
    if cell is None:
        return min(source.offset(row, column), len(source.text))
    offset = source.cell_offset(cell, row, column)
    return 0 if offset is None else offset


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lossy(path: str) -> str:
    """A path as ruff writes it into JSON."""
    return os.fsencode(path).decode("utf-8", "replace")
