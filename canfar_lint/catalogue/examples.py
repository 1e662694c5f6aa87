"""Runs the examples of rules through the real engine, each in a folder of its own.

An example is text with «…» around every finding of its rule. In a notebook `# %%` on a line parts the cells.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from canfar_lint.catalogue import load
from canfar_lint.diagnostic import LEVELS, SAFE, UNSAFE, Diagnostic
from canfar_lint.discovery import discover
from canfar_lint.engine import run
from canfar_lint.fixing import Result, fix_document, parses
from canfar_lint.fixing.apply import to_bytes
from canfar_lint.settings import Layer, Resolver
from canfar_lint.settings.read import inline_layer
from canfar_lint.source import NOTEBOOK, Source

_PATHS = {
    "py": "run.py", "nb": "run.ipynb", "sh": "run.sh", "docker": "Dockerfile", "yaml": ".github/workflows/run.yml",
    "toml": "pyproject.toml", "req": "requirements.txt", "launch": "run.py", "project": "run.py",
}  # fmt: skip
_CELL = re.compile(r"^# %%[ \t]*\n", re.MULTILINE)


class Failed(Exception):
    """An example that does not hold; with what was `expected` and what was `found` where these are texts."""

    def __init__(self, words: str, expected: str = "", found: str = "") -> None:
        super().__init__(words)
        self.words, self.expected, self.found = words, expected, found

    def __str__(self) -> str:
        return f"{self.words}\n{self.diff()}".rstrip("\n")

    def diff(self) -> str:
        """The difference of the two texts, "" where there are none."""
        from difflib import unified_diff

        texts = (self.expected.splitlines(), self.found.splitlines())
        return "".join(f"{line}\n" for line in unified_diff(*texts, "as the example says", "as it is", lineterm=""))


class Example(NamedTuple):
    """One example of a rule; `text` is its `bad` or `good` as it is written, marks and all."""

    code: str
    number: int
    bad: bool
    text: str
    fields: dict[str, Any]
    default_kind: str

    @property
    def name(self) -> str:
        return f"{self.code}-{self.number}-{'bad' if self.bad else 'good'}"

    @property
    def kind(self) -> str:
        return str(self.fields.get("kind", self.default_kind))

    @property
    def path(self) -> str:
        return str(self.fields.get("path", _PATHS[self.kind]))


class Marked(NamedTuple):
    """A file of an example: its bytes, its text, and the marked spans of that text."""

    data: bytes
    text: str
    spans: list[tuple[int, int]]


def examples(extend: tuple[str, ...] = (), codes: Collection[str] = ()) -> list[Example]:
    """All examples of the rules of these codes, or of all, in the order of the catalogue."""
    catalogue = load(extend)
    found = []
    for code, rule in catalogue.rules.items():
        if codes and code not in codes:
            continue
        for number, fields in enumerate(catalogue.docs(code)["examples"], 1):
            bad = "bad" in fields
            text = fields["bad" if bad else "good"]
            found.append(Example(code, number, bad, text, fields, rule.kinds[0]))
    return found


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its marks, and what they enclosed."""
    pieces, spans, at, opened = [], [], 0, []
    for piece in re.split("([«»])", text):
        if piece == "«":
            opened.append(at)
        elif piece == "»":
            if not opened:
                raise Failed("a » without its «")
            spans.append((opened.pop(), at))
        else:
            pieces.append(piece)
            at += len(piece)
    if opened:
        raise Failed("a « is never closed")
    return "".join(pieces), sorted(spans)


def marked_file(text: str, kind: str) -> Marked:
    """A file of an example from its text: a notebook is made of its cells."""
    if kind != "nb":
        clean, spans = unmarked(text)
        return Marked(clean.encode("utf-8"), clean.removeprefix("\ufeff"), spans)
    clean, spans = unmarked(_CELL.sub("\0", text))
    cells = clean.split("\0")
    # the mark of a new cell is no part of the joined text
    breaks = [i for i, char in enumerate(clean) if char == "\0"]
    spans = [(start - sum(b < start for b in breaks), end - sum(b < end for b in breaks)) for start, end in spans]
    return Marked(notebook(cells), "".join(cells), spans)


def notebook(cells: list[str]) -> bytes:
    """A notebook of code cells, as Jupyter writes it."""
    made: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": cell.removesuffix("\n").splitlines(keepends=True),
        }
        for number, cell in enumerate(cells)
    ]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


class Bench:
    """One example laid out in a folder, which is the working directory, and linted as often as asked.

    `extend` are the folders of the rules beside the built-in ones. Raises `Failed`, `SettingsError`.
    """

    def __init__(self, example: Example, folder: Path, extend: tuple[str, ...] = ()) -> None:
        self.example = example
        self.folder = folder
        self.main = marked_file(example.text, example.kind)
        self.expected: list[tuple[str, tuple[int, int]]] = [(example.path, span) for span in self.main.spans]
        self.others: dict[str, bytes] = {}
        for path, content in example.fields.get("tree", {}).items():
            self._lay_out(path, content)
        self._write(example.path, self.main.data)
        chosen = [example.code] if extend else ["ALL"]
        base = {"select": chosen, "ruff": example.code == "CAN001", "hadolint": False, "extend-rules": [*extend]}
        layers = [*_layers(base, folder)]
        self.resolver = Resolver((*layers, *_layers(example.fields.get("settings", {}), folder)), isolated=True)
        named = ["."] if "tree" in example.fields else [example.path]
        self.inputs = list(discover(named, self.resolver))
        if not any(os.path.normpath(entry.path) == example.path for entry in self.inputs):
            raise Failed(f"{example.path} is not linted at all: give the example a `path` or `kind` that is")

    def _lay_out(self, path: str, content: Any) -> None:
        if isinstance(content, str):
            clean, spans = unmarked(content)
            self.expected += [(path, span) for span in spans]
            self._write(path, clean.encode("utf-8"))
            self.others[path] = clean.encode("utf-8")
            return
        unknown = set(content) - {"size", "mode", "text"}
        if unknown:
            raise Failed(f"tree: {path}: unknown {', '.join(sorted(unknown))}")
        target = self._write(path, str(content.get("text", "")).encode("utf-8"))
        if "size" in content:
            os.truncate(target, content["size"])
        if "mode" in content:
            target.chmod(int(str(content["mode"]), 8))

    def _write(self, path: str, data: bytes) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def lint(self) -> list[Diagnostic]:
        """All diagnostics of the folder as it is now, by path and place."""
        from canfar_lint.engine.file import about_file

        found = [about_file(entry.path, "CAN002", problem=entry.error) for entry in self.inputs if entry.error]
        ways = [(entry.path, entry.kind) for entry in self.inputs if not entry.error]
        result = run(ways, self.resolver, jobs=1, found=found)
        if result.crashed:
            raise Failed("; ".join(d.message for d in result.diagnostics if d.code == "CAN003"))
        return [d._replace(path=os.path.normpath(d.path)) for d in result.diagnostics]

    def source(self) -> Source:
        """The example's own file as it is on disk."""
        kind = next(entry.kind for entry in self.inputs if os.path.normpath(entry.path) == self.example.path)
        data = (self.folder / self.example.path).read_bytes()
        if kind == NOTEBOOK:
            from canfar_lint.model.notebook import read

            return read(self.example.path, data)
        return Source.decode(self.example.path, kind, data)

    def relint(self, source: Source) -> list[Diagnostic]:
        """The diagnostics of the example's own file once `source` is written into it."""
        self._write(self.example.path, to_bytes(source))
        return [d for d in self.lint() if d.path == self.example.path]

    def repaired(self, *, unsafe: bool) -> Result:
        """The example's own file after the fixes of its rule."""
        source = self.source()
        levels = (SAFE, UNSAFE) if unsafe else (SAFE,)

        def wanted(diagnostic: Diagnostic) -> bool:
            fix = diagnostic.fix
            return diagnostic.code == self.example.code and fix is not None and fix.applicability in levels

        diagnostics = [d for d in self.lint() if d.path == self.example.path]
        result = fix_document(source, diagnostics, self.relint, wanted=wanted)
        self._write(self.example.path, to_bytes(result.source))
        return result

    def reset(self) -> None:
        self._write(self.example.path, self.main.data)


def _layers(settings: dict[str, Any], folder: Path) -> Iterator[Layer]:
    for key, value in settings.items():
        layer = inline_layer(f"{key} = {toml(value)}", str(folder))
        if layer is not None:
            yield layer


def toml(value: Any) -> str:
    """A value of a rule's YAML as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def check_bad(bench: Bench) -> None:
    """A bad example: found exactly where it is marked, and its fixes do what they promise. Raises `Failed`."""
    example = bench.example
    own = [d for d in bench.lint() if d.code == example.code]
    _check_places(bench, own)
    for diagnostic in own:
        _check_diagnostic(bench, diagnostic)
    said = example.fields.get("message", "")
    if own and not any(said in d.message for d in own):
        raise Failed("no message holds what the example says", said, "\n".join(d.message for d in own))
    if example.code == "CAN002":
        return  # what cannot be read has no source to repair
    for key, unsafe in (("fixed", False), ("fixed-unsafe", True)):
        bench.reset()
        check_fixes(bench, key, unsafe=unsafe)


def _check_places(bench: Bench, own: list[Diagnostic]) -> None:
    found = sorted((d.path, (d.start, d.end)) for d in own)
    if found == sorted(bench.expected):
        return
    expected, seen = _shown(bench, bench.expected), _shown(bench, found)
    main = [span for path, span in found if path == bench.example.path]
    if [span for path, span in sorted(bench.expected) if path == bench.example.path] != main:
        expected, seen = remarked(bench.main.text, bench.main.spans), remarked(bench.main.text, main)
    raise Failed("not found where it is marked", expected, seen)


def check_fixes(bench: Bench, key: str, *, unsafe: bool) -> None:
    """The fixes of an example converge, parse, leave nothing of what they repair, and are done after one run."""
    before = bench.source()
    readable = parses(before)
    result = bench.repaired(unsafe=unsafe)
    if result.broken:
        raise Failed(f"does not parse with {[d.fix for d in result.broken]}")
    if not result.converged:
        raise Failed("the fixes never end")
    if readable and not parses(result.source):
        raise Failed("does not parse when it is fixed", before.text, result.source.text)
    _check_fixed(bench, key, before.text, result, unsafe=unsafe)
    again = bench.repaired(unsafe=unsafe)
    if again.applied or again.source.text != result.source.text:
        raise Failed("a second run of the fixes changes it again", result.source.text, again.source.text)
    for path, data in bench.others.items():
        if (bench.folder / path).read_bytes() != data:
            raise Failed(f"{path} was touched")


def _check_fixed(bench: Bench, key: str, before: str, result: Result, *, unsafe: bool) -> None:
    levels = (SAFE, UNSAFE) if unsafe else (SAFE,)
    left = [d for d in result.diagnostics if d.code == bench.example.code and d.fix and d.fix.applicability in levels]
    if left:
        raise Failed(f"the fixes leave something that they should repair: {left[0].message}")
    after = result.source.text
    if key in bench.example.fields:
        expected = marked_file(bench.example.fields[key], bench.example.kind).text
        if after != expected:
            raise Failed(f"not what the example shows as `{key}`", expected, after)
        if bool(result.applied) == (expected == before):
            raise Failed(f"`{key}` is the same as `bad`, and yet there was a fix")
    elif not unsafe and after != before:
        raise Failed("a safe fix that the example does not show as `fixed`", before, after)


def check_good(bench: Bench, partners: Iterable[str] = ()) -> list[str]:
    """A good example is silent under its own rule and its partners; what others say comes back, a line each.

    Raises `Failed`.
    """
    example = bench.example
    silent = {example.code, *partners}
    found = bench.lint()
    loud = [f"{d.path}:{d.place.row}:{d.place.column}: {d.code} {d.message}" for d in found if d.code in silent]
    if loud:
        raise Failed("not silent in a good example", "", "\n".join(loud))
    return [f"{example.name} {d.path}:{d.place.row}:{d.place.column} {d.code} {d.level}" for d in found]


def _check_diagnostic(bench: Bench, diagnostic: Diagnostic) -> None:
    example = bench.example
    level = example.fields.get("level", diagnostic.level)
    if level != diagnostic.level or level not in LEVELS:
        raise Failed(f"the level of `{diagnostic.message}`", level, diagnostic.level)
    if re.search(r"[{}]|\.$|\n", re.sub(r"`[^`]*`", "", diagnostic.message)):
        raise Failed(f"a message is one line, without braces or a full stop: {diagnostic.message}")
    if diagnostic.path != example.path or diagnostic.code in ("CAN001", "CAN002"):
        return
    source = bench.source()
    edits = diagnostic.fix.edits if diagnostic.fix is not None else ()
    spans = [(diagnostic.place, diagnostic.start, diagnostic.end), *((p, e.start, e.end) for p, e in edits)]
    if any(source.place(start, end) != place for place, start, end in spans):
        raise Failed(f"offsets and rows differ: {spans}")
    if diagnostic.fix is not None and not edits:
        raise Failed("a fix without edits")


def remarked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """`text` with « and » around the spans."""
    marks = [
        mark
        for start, end in spans
        for mark in ([(start, 1, "«"), (end, 0, "»")] if start < end else [(start, 1, "«»")])
    ]
    for at, _, mark in sorted(marks, reverse=True):
        text = text[:at] + mark + text[at:]
    return text


def _shown(bench: Bench, spans: Iterable[tuple[str, tuple[int, int]]]) -> str:
    """Spans as text, a line each."""
    shown = []
    for path, (start, end) in sorted(spans):
        text = bench.main.text if path == bench.example.path else bench.others.get(path, b"").decode("utf-8")
        row = text.count("\n", 0, start) + 1
        shown.append(f"{path}:{row}:{start - text.rfind(chr(10), 0, start)} ({start}-{end}) {text[start:end]!r}")
    return "\n".join(shown)
