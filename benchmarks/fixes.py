"""Proof of the fixes over any tree: copy it, repair the copy, and see that nothing is wrong with what comes out.

    python benchmarks/fixes.py [--select RULES] [--work FOLDER] [--json FILE] PATHS...

The paths themselves are only read. For the safe fixes, and again with the unsafe ones:

- every file that its own tool read before is read by it still: Python by `compile` and ruff, notebooks by nbformat,
  Dockerfiles by our reader and hadolint, shell by `bash -n`;
- a second run changes nothing, and no fix that was made leaves a finding of its rule where it was made;
- a reader of the JSON report that knows none of our code (`tests/independent.py`) makes the same bytes, round by
  round: so no byte changes but by the edits that the report shows. What it cannot show are the imports that only
  several fixes together leave unused; they are counted apart;
- files without a fix keep every byte, and no file its mode.

Ends with 1 when something of this does not hold, and says where.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from independent import Edit, Text, applied, by_file, document  # noqa: E402

from canfar_lint.discovery import kind_of, kind_of_shebang  # noqa: E402
from canfar_lint.source import DOCKERFILE, NOTEBOOK, PYTHON, SHELL, Source  # noqa: E402

LEVELS = {"safe": ("safe",), "unsafe": ("safe", "unsafe")}
_ROUNDS = 40
_LARGE = 2_000_000


class Proof:
    """One run over a copy of the tree: what was done, and what was wrong with it."""

    def __init__(self, tree: Path, work: Path, level: str, select: str) -> None:
        self.tree, self.level, self.select = tree, level, select
        self.ours, self.theirs = work / f"{level}-ours", work / f"{level}-theirs"
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.changed: set[Path] = set()
        self.left_out: dict[Path, str] = {}
        self.imports_left = 0
        self.findings = 0
        self.files_with_findings = 0

    def run(self) -> None:
        for copy in (self.ours, self.theirs):
            shutil.copytree(self.tree, copy, symlinks=True)
        said = self.lint(self.ours, "--fix", "--exit-zero", "--output-format", "json", "-o", os.devnull)
        self.wrong += [line for line in said.splitlines() if "defect" in line or "still something" in line]
        marks = self.follow_the_report()
        self.compare()
        self.read_again()
        self.run_again(marks)

    def lint(self, folder: Path, *options: str) -> str:
        cache = ["--cache-dir", str(self.tree.parent / "cache")]
        command = [sys.executable, "-m", "canfar_lint", "check", "--isolated", "--no-hadolint", *cache]
        unsafe = ["--unsafe-fixes"] if self.level == "unsafe" else []
        chosen = ["--select", self.select, *unsafe]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([*command, *chosen, *options, "."], cwd=folder, env=env, capture_output=True, text=True)
        if done.returncode == 2:
            self.wrong.append(f"canfar-lint failed: {done.stderr.strip()[-2000:]}")
        return done.stderr

    def report(self, folder: Path) -> dict[str, list[dict[str, Any]]]:
        file = self.tree.parent / "report.json"
        self.lint(folder, "--exit-zero", "--quiet", "--output-format", "json", "-o", str(file))
        return by_file(json.loads(file.read_bytes()))

    # -- what a reader of the report makes of the tree ----------------------------------------------------------

    def follow_the_report(self) -> dict[str, list[_Mark]]:
        """Apply the report to the other copy until nothing is left to do; where fixes were made, by file."""
        marks: dict[str, list[_Mark]] = {}
        root = self.theirs.resolve()
        for number in range(_ROUNDS):
            report = self.report(self.theirs)
            if number == 0:
                self.findings = sum(map(len, report.values()))
                self.files_with_findings = len(report)
            done = 0
            for name, findings in report.items():
                path = Path(name)
                if path.is_symlink() or not any(finding["fix"] for finding in findings):
                    continue  # a link is repaired under its own name
                try:
                    result = applied(path, findings, LEVELS[self.level])
                except ValueError as e:
                    self.left_out[path.relative_to(root)] = str(e)
                    continue
                if not result.findings:
                    continue
                done += 1
                relative = str(path.relative_to(root))
                made = _marks(path, result.findings)
                self.counts.update(finding["code"] for finding in result.findings)
                self.changed.add(Path(relative))
                path.write_bytes(result.data)
                marks[relative] = _moved([*marks.get(relative, []), *made], result.edits, _text_of(path).text)
            if not done:
                return marks
        self.wrong.append("the report is never empty of fixes")
        return marks

    def compare(self) -> None:
        for path in sorted(p.relative_to(self.tree) for p in self.tree.rglob("*")):
            before, ours, theirs = self.tree / path, self.ours / path, self.theirs / path
            if before.is_symlink() or not before.is_file():
                continue
            if before.stat().st_mode != ours.stat().st_mode:
                self.wrong.append(f"{path}: its mode is not what it was")
            new = ours.read_bytes()
            if path in self.left_out:
                continue
            if path not in self.changed:
                if before.read_bytes() != new:
                    self.wrong.append(f"{path}: changed without a fix in the report")
            elif new != theirs.read_bytes():
                if _only_imports(theirs.read_bytes(), new):
                    self.imports_left += 1
                else:
                    self.wrong.append(f"{path}: --fix and the report's edits differ")
        self.wrong += [f"{path}: left behind" for path in self.ours.rglob("*.canfar-lint-tmp")]

    # -- what is read by what -----------------------------------------------------------------------------------

    def read_again(self) -> None:
        for path in sorted(self.changed):
            for tool, check in _TOOLS:
                if check(self.tree / path) is True and check(self.ours / path) is False:
                    self.wrong.append(f"{path}: {tool} does not read it any more")
        for name, count in (("ruff", _ruff), ("hadolint", _hadolint)):
            before, after = count(self.tree, self.changed), count(self.ours, self.changed)
            self.wrong += [f"{p}: {name} finds a new syntax error" for p in after if after[p] > before[p]]

    def run_again(self, marks: dict[str, list[_Mark]]) -> None:
        kept = {path: (self.ours / path).read_bytes() for path in self.changed}
        self.lint(self.ours, "--fix", "--exit-zero", "--quiet", "--output-format", "json", "-o", os.devnull)
        self.wrong += [f"{p}: a second run changes it" for p in kept if (self.ours / p).read_bytes() != kept[p]]
        # where fixes were made is known of the copy that the report was applied to; the bytes are the same
        for name, findings in self.report(self.theirs).items():
            relative = str(Path(name).relative_to(self.theirs.resolve()))
            if relative not in marks:
                continue
            text = _text_of(Path(name))
            for finding in findings:
                cell = finding["cell"] or 0
                start, end = (text.offset(cell, finding[key]) for key in ("location", "end_location"))
                # one of a group of findings may go and another stay: then the words are not the same
                same = [mark for mark in marks[relative] if mark.message == finding["message"]]
                if any(mark.start <= end and start <= mark.end for mark in same):
                    where = f"{relative}:{finding['location']['row']}"
                    self.wrong.append(f"{where}: {finding['code']} is still there where its fix was made")


class _Mark(NamedTuple):
    """Where a fix was made, what its finding said, and the words that it stood on."""

    message: str
    words: str
    start: int
    end: int


def _moved(marks: list[_Mark], edits: list[Edit], text: str) -> list[_Mark]:
    """The marks in the new text; where an edit wrote a mark's words again, among others, only these."""
    moved = []
    for mark in marks:
        start, end = _new_place(mark.start, edits), _new_place(mark.end, edits, True)
        again = [start + found.start() for found in re.finditer(re.escape(mark.words), text[start:end])]
        if end - start > len(mark.words) and again:
            moved += [mark._replace(start=at, end=at + len(mark.words)) for at in again]
        else:
            moved.append(mark._replace(start=start, end=end))
    return moved


def _new_place(at: int, edits: list[Edit], behind: bool = False) -> int:
    moved = 0
    for start, end, content in edits:
        if end <= at and (start < at or behind):
            moved += len(content) - (end - start)
        elif start < at < end:
            return start + moved + (len(content) if behind else 0)
    return at + moved


def _marks(path: Path, findings: list[dict[str, Any]]) -> list[_Mark]:
    """The findings whose fixes are about to be made."""
    text = _text_of(path)
    marks = []
    for finding in findings:
        cell = finding["cell"] or 0
        start, end = (text.offset(cell, finding[key]) for key in ("location", "end_location"))
        marks.append(_Mark(finding["message"], _with_arguments(text.text, start, end), start, end))
    return marks


def _with_arguments(text: str, start: int, end: int) -> str:
    """The words of a finding, with the brackets that follow: of two calls of `open` each is told by what it opens."""
    depth = 0
    for at in range(end, min(end + 400, len(text)) if text[end : end + 1] == "(" else end):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return text[start : at + 1]
    return text[start:end]


def _text_of(path: Path) -> Text:
    return document(path).text


def _only_imports(theirs: bytes, ours: bytes) -> bool:
    """Whether what we have differs by fewer imports alone."""
    old, new = theirs.decode("utf-8", "replace").splitlines(), ours.decode("utf-8", "replace").splitlines()
    lines = [line[2:] for line in difflib.ndiff(old, new) if line[:1] in "+-"]
    return len(new) <= len(old) and all(re.match(r'[\s"]*(import|from|\)|\w+,?$|$)', line) for line in lines)


# -- tools, each with the answer for one file: None where it is not for it -----------------------------------------


def _compiles(path: Path) -> bool | None:
    if _kind(path) != PYTHON:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_notebook(path: Path) -> bool | None:
    if _kind(path) != NOTEBOOK:
        return None
    nbformat: Any = import_module("nbformat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nbformat.validate(nbformat.reads(path.read_text("utf-8"), as_version=nbformat.NO_CONVERT))
        except Exception:
            return False
    return True


def _dockerfile_reads(path: Path) -> bool | None:
    if _kind(path) != DOCKERFILE:
        return None
    from canfar_lint.model.dockerfile import read

    return not read(Source.decode(str(path), DOCKERFILE, path.read_bytes())).errors


def _bash_reads(path: Path) -> bool | None:
    if _kind(path) != SHELL:
        return None
    return subprocess.run(["bash", "-n", str(path)], capture_output=True).returncode == 0


def _loads(path: Path) -> bool | None:
    if path.suffix not in (".yml", ".yaml"):
        return None
    import yaml

    try:
        list(yaml.compose_all(path.read_bytes(), yaml.SafeLoader))
    except yaml.YAMLError:
        return False
    return True


_TOOLS = (
    ("Python", _compiles),
    ("nbformat", _is_notebook),
    ("our reader", _dockerfile_reads),
    ("bash", _bash_reads),
    ("YAML's reader", _loads),
)


def _kind(path: Path) -> str:
    if path.suffix or not path.is_file():
        return kind_of(str(path))
    with path.open("rb") as file:
        return kind_of(str(path)) or kind_of_shebang(file.read(200))


def _ruff(tree: Path, paths: set[Path]) -> Counter[str]:
    """Syntax errors by file, as ruff sees them."""
    names = [str(path) for path in sorted(paths) if path.suffix in (".py", ".ipynb")]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=E9", "--output-format=json"]
    found: Counter[str] = Counter()
    for some in _batches(names):
        done = subprocess.run([*command, *some], cwd=tree, capture_output=True)
        for each in json.loads(done.stdout):
            if each["code"] in (None, "invalid-syntax", "E999"):
                found[os.path.relpath(each["filename"], tree.resolve())] += 1
    return found


def _hadolint(tree: Path, paths: set[Path]) -> Counter[str]:
    """Instructions that hadolint cannot read, by file."""
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    names = [str(path) for path in sorted(paths) if _kind(tree / path) == DOCKERFILE]
    found: Counter[str] = Counter()
    for some in _batches(names if program else []):
        done = subprocess.run([str(program), "--no-fail", "-f", "json", *some], cwd=tree, capture_output=True)
        found.update(each["file"] for each in json.loads(done.stdout or b"[]") if each["code"] == "DL1000")
    return found


def _batches(names: list[str]) -> Iterator[list[str]]:
    yield from (names[at : at + 200] for at in range(0, len(names), 200))


# -- the whole -------------------------------------------------------------------------------------------------


def copied(paths: list[Path], work: Path) -> Path:
    """The given paths in one folder; of large files only the size."""
    tree = work / "tree"
    for path in paths:
        target = tree / path.resolve().name
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        else:
            shutil.copytree(path, target, symlinks=True, ignore=_LEFT_OUT, copy_function=_copy)
    return tree


_LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", ".mypy_cache")


def _copy(source: str, target: str) -> str:
    size = os.path.getsize(source)
    if size < _LARGE or source.endswith((".py", ".ipynb")):
        return str(shutil.copy2(source, target))
    with open(target, "wb") as file:
        file.truncate(size)
    return target


def files_by_kind(tree: Path) -> Counter[str]:
    kinds = (_kind(path) for path in tree.rglob("*") if path.is_file())
    return Counter(kind for kind in kinds if kind)


def main() -> int:
    parser = argparse.ArgumentParser(description="Proof of the fixes over any tree")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--select", default="ALL", help="the rules whose fixes are tried [default: ALL]")
    parser.add_argument("--work", type=Path, help="an empty folder for the copies [default: a temporary one]")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    given = parser.parse_args()
    work = given.work.resolve() if given.work else Path(tempfile.mkdtemp(prefix="fixes-"))
    tree = copied(given.paths, work)
    kinds = files_by_kind(tree)
    print(f"{sum(kinds.values())} files: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}")
    figures: dict[str, Any] = {"files": kinds}
    failed = False
    for level in LEVELS:
        proof = Proof(tree, work, level, given.select)
        proof.run()
        figures[level] = told(proof)
        failed = failed or bool(proof.wrong)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    if not given.work:
        shutil.rmtree(work)
    return 1 if failed else 0


def told(proof: Proof) -> dict[str, Any]:
    """Print what one run gave, and return it."""
    made = sum(proof.counts.values())
    print(
        f"\n{proof.level}: {proof.findings} findings in {proof.files_with_findings} files; {made} fixes made in "
        f"{len(proof.changed)} files, {proof.imports_left} of them with imports that several fixes left unused"
    )
    for code, count in sorted(proof.counts.items()):
        print(f"  {code}  {count:5}")
    for path, why in proof.left_out.items():
        print(f"  not compared: {path}: {why}")
    for words in proof.wrong:
        print(f"  wrong: {words}")
    return {"fixes": dict(sorted(proof.counts.items())), "changed": len(proof.changed), "wrong": proof.wrong}


if __name__ == "__main__":
    sys.exit(main())
