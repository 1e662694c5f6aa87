"""What a run does not do: counted, never timed.

Modules that a start does not import, files that are not parsed, findings that triggers do not lose.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Example, examples, marked_file

from canfar_lint.catalogue import Rule, load
from canfar_lint.diagnostic import LEVELS
from canfar_lint.engine import models
from canfar_lint.engine.file import FileResult, Profile, lint_bytes
from canfar_lint.settings import Resolver
from canfar_lint.triggers import Content, Triggers, python_code

ROOT = Path(__file__).parent.parent
TREE = ROOT / "benchmarks" / ".cache" / "every-tenth"
SLOW = frozenset(
    (
        *("ast", "asyncio", "concurrent.futures", "dataclasses", "datetime", "decimal", "email", "fissix", "hashlib"),
        *("http", "importlib.metadata", "inspect", "libcst", "logging", "multiprocessing", "packaging", "pathlib"),
        *("pathspec", "pickle", "random", "rich", "shutil", "socket", "ssl", "subprocess", "tempfile", "tokenize"),
        *("tomllib", "tomli", "typing_extensions", "unittest", "urllib.parse", "yaml"),
    )
)
"""Modules that take longer to import than a small file takes to lint."""
VERSION = frozenset(("canfar_lint", "canfar_lint.cli", "canfar_lint.cli.version"))
CLEAN = frozenset(
    f"canfar_lint{name}"
    for name in (
        *("", ".cli", ".cli.check", ".cli.flags", ".cli.output", ".cli.parser", ".cli.repair", ".cli.texts"),
        *(".catalogue", ".catalogue.load", ".catalogue.rule", ".diagnostic", ".discovery", ".source", ".triggers"),
        *(".engine", ".engine.file", ".engine.run", ".facts", ".facts.imports"),
        *(".peers", ".peers.process", ".peers.ruff", ".pipeline", ".pipeline.join", ".pipeline.tree"),
        *(".reporting", ".reporting.colour", ".reporting.concise", ".reporting.escape", ".reporting.links"),
        *(".reporting.summary", ".triggers.expression", ".triggers.vocabulary"),
        *(".settings", ".settings.globs", ".settings.keys", ".settings.resolve", ".settings.select"),
        *(".settings.settings", ".settings.values"),
    )
)
FOUND = frozenset(
    f"canfar_lint{name}"
    for name in (
        *(
            ".checks",
            ".triggers.asked",
            ".checks._choice",
            ".checks._options",
            ".checks._environment",
            ".checks.batch",
            ".checks.batch.can101",
        ),
        *(".checks.matcher", ".engine.models", ".model", ".model.evaluate", ".model.python", ".model.scopes"),
        *(
            ".model.values",
            ".model.unreached",
            ".model.embedded",
            ".model.shell",
            ".model.shell_nodes",
            ".model.shell_programs",
        ),
        *(".model.shell_reader", ".model.shell_words", ".model.unreached", ".fixing", ".fixing.apply", ".fixing.diff"),
        *(".fixing.document", ".fixing.python", ".fixing.write"),
    )
)
"""What a file with one finding adds to that."""
KINDS = {"py": "python", "nb": "notebook", "sh": "shell", "docker": "dockerfile", "yaml": "yaml", "toml": "toml"}
KINDS |= {"req": "requirements", "launch": "python", "project": "python"}
LET_GO = {
    "CAN102-14-bad": "CAN107",
    "CAN102-15-bad": "CAN107",
    "CAN102-18-good": "CAN107",
    "CAN107-2-bad": "CAN106",
    "CAN107-6-good": "CAN106",
    "CAN301-2-good": "CAN106",
    "CAN307-7-good": "CAN402",
    "CAN401-24-bad": "CAN104",
    "CAN407-12-bad": "CAN106",
    "CAN807-3-bad": "CAN106",
}
"""Examples of one rule in which another would speak, had its triggers let it: names without a suffix, rare programs,
folders that only a site's settings name."""


def imported(tmp_path: Path, *arguments: str) -> set[str]:
    """The modules that a run of the command has imported by its end."""
    code = "import sys\nfrom canfar_lint.cli import main\nmain(sys.argv[1:])\nprint('\\n' + '\\n'.join(sys.modules))\n"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CANFAR_LINT_")}
    environment |= {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, *arguments]
    # the first run compiles the rules of a checkout
    for _ in range(2):
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    before = subprocess.run([sys.executable, "-c", "import sys; print('\\n'.join(sys.modules))"], capture_output=True)
    return set(ran.stdout.splitlines()) - set(before.stdout.decode().splitlines())


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "canfar_lint"}


def test_modules_of_the_version(tmp_path: Path) -> None:
    modules = imported(tmp_path, "--version")
    assert ours(modules) == VERSION
    assert not modules & (SLOW | {"argparse", "json", "re"})


@pytest.mark.parametrize("text", ["answer = 42\n", "import numpy as np\n\n\ndef f(x):\n    return np.sqrt(x)\n"])
def test_modules_of_a_clean_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "clean.py").write_text(text)
    modules = imported(tmp_path, "--isolated", "clean.py")
    asking = {f"canfar_lint.{name}" for name in ("checks", "model", "model.metadata", "pipeline.manifests")}
    asking |= {f"canfar_lint.checks.dependencies{name}" for name in ("", ".can602", ".can604")}
    assert ours(modules) <= CLEAN | (asking if "numpy" in text else set())
    assert not modules & SLOW


def test_modules_of_a_file_with_a_finding(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text('name = input("name?")\n')
    modules = imported(tmp_path, "--isolated", "--select", "CAN101", "ask.py")
    assert "canfar_lint.checks.batch.can101" in modules
    assert ours(modules) <= CLEAN | FOUND
    assert not modules & (SLOW - {"ast"})


# -- files parsed ---------------------------------------------------------------------------------------------

UNPARSED = [
    "def f(x):\n    '''np.load and read_csv'''\n    return x + 1\n",
    '"""Reads `fits.open(name, memmap=False)`.\n\n>>> fits.open("/arc/home/me/m31.fits", memmap=False)\n"""\n\nX = 1\n',
    '# plt.show() and input()\n\n\nclass A:\n    """Calls `plt.show()`."""\n\n    #: readlines()\n    x = 1\n',
    "from IPython import embed\n\n\ndef f(x):\n    return x\n",
    "def f(rows):\n    out = []\n    for row in rows:\n        out.append(row.name)\n    return out\n",
    "from astropy.io import fits\n\n\ndef f(header):\n    header.update(a=1)\n    return fits.Header(header)\n",
    "import matplotlib.pyplot as plt\n\n\ndef f(x, debug=False):\n    if debug:\n        plt.show()\n",
    "def f():\n    return open\n\n\ndef read(path):\n    return path.with_suffix('.fits')\n",
    "import sys\n\n\ndef f():\n    return sys.path[0]\n",
]
PARSED = [
    'from astropy.io import fits\n\nfits.open("m31.fits", memmap=False)\n',
    'X = """a string"""\nfits.open("m31.fits", memmap=False)\n',
    "import matplotlib.pyplot as plt\n\ndebug = True\nif debug:\n    plt.show()\n",
    "import matplotlib.pyplot as p\n\np.show()\n",
    "from os import rename\n\nrename('a', 'b')\n",
]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that have been parsed, filled as it happens."""
    paths: list[str] = []
    real = models.parsed

    def counted(source: object) -> ast.Module:
        paths.append(source.path)  # type: ignore[attr-defined]
        return real(source)  # type: ignore[arg-type]

    monkeypatch.setattr(models, "parsed", counted)
    return paths


def profile(rules: list[Rule] | None = None) -> Profile:
    resolver = Resolver(isolated=True)
    chosen = resolver.selection(resolver.base).rules.values() if rules is None else rules
    return Profile(chosen, resolver.base)


def linted(path: str, kind: str, data: bytes, wanted: Profile) -> FileResult:
    return lint_bytes(path, kind, data, wanted, wanted.settings)


def test_files_that_say_nothing_are_not_parsed(parsed: list[str]) -> None:
    default = profile()
    for number, text in enumerate(UNPARSED):
        linted(f"{number}.py", "python", text.encode(), default)
    assert parsed == []


def test_files_that_may_say_something_are_parsed_once(parsed: list[str]) -> None:
    default = profile()
    for number, text in enumerate(PARSED):
        linted(f"{number}.py", "python", text.encode(), default)
    assert parsed == [f"{number}.py" for number in range(len(PARSED))]


# -- triggers -------------------------------------------------------------------------------------------------


class Ungated(Profile):
    """Runs every rule, whatever the triggers say."""

    __slots__ = ()

    def fired(self, kind: str, pipeline: bool, content: Content) -> list[Rule]:
        languages = ("py", "sh") if kind == "python" else ("",)
        compiled = [self._compiled(kind, pipeline, language) for language in languages]
        return list({rule.code: rule for triggers in compiled for rule in triggers.rules}.values())


ALL, WITHOUT_ADVICE = "all", "without advice"


def gates(wanted: str) -> tuple[Profile, Profile, frozenset[str]]:
    """Every rule behind its triggers, and without them; and the levels that must be found behind them."""
    rules = list(load().rules.values())
    behind = rules if wanted == ALL else [rule.without_advice() for rule in rules]
    levels = frozenset(LEVELS) if wanted == ALL else frozenset(LEVELS) - {"advice"}
    return profile(behind), Ungated(rules, profile().settings), levels


@pytest.mark.parametrize("wanted", [ALL, WITHOUT_ADVICE])
def test_triggers_lose_nothing_in_any_example(wanted: str) -> None:
    gated, ungated, levels = gates(wanted)
    lost: dict[str, set[str]] = {}
    for example in examples():
        found = _found(example, ungated, levels) - _found(example, gated, levels)
        if found:
            lost[example.name] = {code for code, _, _ in found}
    allowed = {name: {code} for name, code in LET_GO.items()}
    assert {name: codes for name, codes in lost.items() if allowed.get(name) != codes} == {}


@pytest.mark.skipif(not TREE.is_dir(), reason="python benchmarks/run.py --counts fetches it")
@pytest.mark.parametrize("wanted", [ALL, WITHOUT_ADVICE])
def test_triggers_lose_nothing_in_a_real_tree(wanted: str) -> None:
    """Of eleven packages every tenth file, by size: 160 000 lines that no rule was written for."""
    gated, ungated, levels = gates(wanted)
    lost = {}
    for path in sorted(TREE.rglob("*.py")):
        data, name = path.read_bytes(), str(path.relative_to(TREE))
        found, kept = (
            {(d.code, d.start, d.end) for d in linted(name, "python", data, each).diagnostics if d.level in levels}
            for each in (ungated, gated)
        )
        if found != kept:
            lost[name] = found ^ kept
    assert lost == {}


def _found(example: Example, wanted: Profile, levels: frozenset[str]) -> set[tuple[str, int, int]]:
    data = marked_file(example.text, example.kind).data
    result = linted(example.path, KINDS[example.kind], data, wanted)
    return {(d.code, d.start, d.end) for d in result.diagnostics if d.level in levels}


def fires(triggers: list[object], text: str, kind: str = "python") -> bool:
    head = {"code": "XX001", "name": "x", "level": "error", "section": "memory", "kinds": ["py"], "fix": "none"}
    rule = Rule(head | {"triggers": triggers}, lambda code: {})
    return bool(Triggers([rule], kind, "py" if kind == "python" else "").fired(Content(text.encode(), kind)))


@pytest.mark.parametrize(
    ("trigger", "text", "fired"),
    [
        ("memmap", "x = memmap\n", True),
        ("memmap", "x = use_memmap\n", False),
        ("memmap", '"""memmap"""\nx = 1\n', False),
        ("memmap", "# memmap\nx = 1\n", False),
        ("memmap", "x = 1  # memmap\n", True),
        ("memmap", 'def f():\n    """Of a memmap."""\n', False),
        ("memmap", 'def f():\n    r"""Of a memmap."""\n', False),
        ("memmap", 'x = """memmap"""\n', True),
        ("memmap", 'f(\n    """memmap"""\n)\n', True),
        ("memmap", 'x = {"a":\n  """memmap"""}\n', True),
        ("memmap", "'''one \"\"\" '''\nx = memmap\n\"\"\" '''\n", True),
        ("memmap", 'x = 1  # one """\ny = memmap\nz = """ """\n', True),
        ("memmap", 'x = "\\"" """ """ + memmap\n"""a"""\n', True),
        ("memmap", 'def f():\n    """A \\""" b."""\n    memmap\n', True),
        ("# memmap", "# memmap\n", True),
        ("fits memmap", "fits.open(memmap=1)\n", True),
        ("fits memmap", "fits.open()\n", False),
        ("plt.show", "plt.show()\n", True),
        ("plt.show", "import x as plt\nq.show()\n", False),
        ("plt.show", "from plt import (a,\n  show)\nshow()\n", True),
        ("plt.show", "import plt as q\nq.show()\n", True),
        ("/arc/", "x = '/arc/home'\n", True),
        ("*_THREADS", "x['OMP_NUM_THREADS']\n", True),
        ("a|b & re:c=1", "c=1\nb\n", True),
        ("a|b & re:c=1", "c=1\n", False),
        ("a & b|*_c", "a, x_c\n", True),
        ("a & b|*_c", "a, c\n", False),
        (r"re:\nimport", "import x\n", True),
        ("@main & re:X", "def f():\n    X\n", False),
        ("@main & re:X", "def f():\n    X\n\n\nf()\n", True),
        ("@main & re:X", "def f():\n    X\n\n\nif __name__ == '__main__':\n    f()\n", True),
        ("@main & re:X", "def f():\n    X\n\n\npool.map(f, y)\n", True),
        ("@main & re:X", "class A:\n    def __init__(self):\n        X\n\n\nA()\n", True),
        ("@main & re:X", "class A:\n    def f(self):\n        X\n\n\nclass B(A):\n    y = 1\n", False),
        ("@main & re:X", "class A:\n    y = X\n", True),
        ("@main & re:X", "for y in z:\n    X\n", True),
        ("@main & re:X", "__all__ = ['f']\n\n\ndef f():\n\n    X\n", False),
        ("@unasked & re:X", "X\n", True),
        ("@unasked & re:X", "def f(debug):\n    if debug:\n        X\n", False),
        ("@unasked & re:X", "def f(self):\n    if not self.show_plots:\n        for y in z:\n            X\n", False),
        ("@unasked & re:X", "if debug:\n    y\nX\n", True),
        ("@unasked & re:X", "if debug:\n    y\nelse:\n    X\n", False),
        ("@unasked & re:X", "if y and debug >= 2:\n    X\n", False),
        ("@unasked & re:X", "if f(y and debug):\n    X\n", True),
        ("@unasked & re:X", "if debug + y:\n    X\n", True),
        ("@quoted & re:X", "f(X)\n", False),
        ("@quoted & re:X", "f('a', X)\n", True),
        ("@unasked & re:X", "debug = True\nif debug:\n    X\n", True),
        ("@unasked & re:X", "class A:\n debug: bool = 1\n\n def f(self):\n  if self.debug:\n   X\n", True),
        ("@unasked & re:X", "if debug:\n    X\nX\n", True),
        ("X & re:nothing", "X = 1\n" * 2000, False),
        ("X & re:nothing", f"X = '{'x' * 3000}'\n", True),
        ("Y & re:nothing", f"X = '{'x' * 3000}'\n", False),
        ("save & @turns", "def f():\n    save(x)\n", False),
        ("save & @turns", "def f():\n    for y in z:\n        with y:\n            save(x)\n", True),
        ("save & @turns", "def f():\n    for y in z:\n        if y:\n            save(x)\n", False),
        ("save & @turns", "def f():\n    for y in z:\n        if y:\n            x = 1\n        save(\n   x)\n", True),
        ("save & @turns", "def f():\n for y in z:\n  if y:\n   x = 1\n  g(a,\n              save(x))\n", True),
        ("save & @turns", 'def f():\n    for y in z:\n        x = """\ndef g():\n"""\n        save(x)\n', True),
        ("save & @turns", "def f():\n for y in z:\n  x = \"\"\"\nit's\n\"\"\" + '\"\"\"'\n  save(x)\n", True),
        ("save & @turns", "def f():\n    while y:\n        save(x)\n", False),
        ("save & @turns", "def f():\n    return [save(x) for x in y]\n", True),
        ("save & @turns", "def f():\n    return [\n        save(x)\n\n        for x in y\n    ]\n", True),
        ("save & @turns", "def f(x):\n    if x:\n        save(x)\n\ndef g():\n    for x in y:\n        f(x)\n", True),
        ("save & @turns", "def f(x):\n    save(x)\n\ndef g():\n    for x in y:\n        pool.map(f, x)\n", True),
        ("save & @turns", "class A:\n def f(self):\n  save(x)\n\ndef g():\n for x in y:\n  A()\n", False),
        ("save & @turns", "class A:\n def __init__(self):\n  save(x)\n\ndef g():\n for x in y:\n  A()\n", True),
        ("save & @turns", "class A:\n def f(self):\n  save(x)\n\n def g(self):\n  for x in y: self.f()\n", True),
        ("save & @turns", "class A:\n    def f(self):\n        save(x)\n\nrun(A())\n", True),
        ("save & @turns", "def f():\n    save(x)\n\nif __name__ == '__main__':\n    f()\n", True),
        ("save & @turns", "def f():\n    save(x)\n\nif a:\n    f()\n", False),
        ("save & @turns", "def f():\n    save(x)\n\nlogging.info(1)\nx = f()\n", False),
        ("save & @turns", "#!/usr/bin/python\ndef f():\n    save(x)\n\nx = f()\n", True),
        ("save & @turns", "import a; a.b()\nif a:\n    save(x)\n", True),
        ("save & @turns", "files = glob.glob(y)\nif a:\n    save(x)\n", True),
        ("save & @turns", "print(1)\n\ndef f():\n    return a\n\nif a: save(x)\n", True),
        ("save & @turns", "from a import save\n\ndef f():\n    save(x)\n", False),
        ("save & @turns", "from a import save as s\n\ndef f():\n    for y in z:\n        s(x)\n", True),
        ("save & @turns", "def f():\n    s = a.save\n    for y in z:\n        s(x)\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    x.close()\n", False),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    g(x)\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n\ndef g(x):\n    x.close()\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    def g(x):\n        x.close()\n", True),
        ("o & @left re:o\\(", "def f():\n    if y:\n        x = o(y)\n    return y, x\n", False),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    return x.y\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    g(\n        x=x,\n    )\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(y)\n    self.x = x\n", False),
        ("o & @left re:o\\(", "def f():\n    x = o(y).z\n    x.close()\n", True),
        ("o & @left re:o\\(", "def f():\n    x = o(g(h(y), ')'))[0]\n    x.close()\n", True),
        ("o & @left re:o\\(", "def f():\n    with a as b, o(y) as x:\n        return o(x)\n", False),
        ("o & @left re:o\\(", "def f():\n    with g(o(y)) as x:\n        x\n", True),
        ("o & @left re:o\\(", "def f():\n    g(y, x=o(y))\n    self.x = o(y)\n", False),
        ("o & @left re:o\\(", "def f():\n    for x in o(y):\n        x\n", True),
        ("save & @turns rare|*.put(", "def f():\n    for y in z:\n        a.put(y)\n    save(x)\n", True),
        ("save & @turns re:b\\.save", "def f():\n    for y in z:\n        a.save(y)\n    b.save(x)\n", False),
        ("@unasked & re:X", "if (\n    y\n    and debug\n):\n    X\n", False),
        ("@unasked & re:X", "if y:\n    y\nelif debug:\n    y\nelse:\n    X\n", False),
        ("@unasked & re:X", "for y in z:\n    y\nelse:\n    X\n", True),
        ("@unasked & re:X", "if False:\n    X\n", False),
        ("@unasked & re:X", "if False:\n    y\nelse:\n    X\n", True),
        ("@unasked & re:X", "for debug in (True, False):\n    if debug:\n        X\n", True),
        ("@unasked & re:X", "g(\n    debug=True)\nif debug:\n    X\n", False),
        ("@unasked & re:X", "debug = True  # :)\nif debug:\n    X\n", True),
        ("@unasked & re:X", "class A:\n def f(self, debug):\n  self._debug = debug\n  if self._debug:\n   X\n", False),
        ("@unasked & re:X", "def f(y=None):\n    if y is not None:\n        z\n    else:\n        X\n", False),
        ("@unasked & re:X", "def f(\n    y: int = 0,\n) -> int:\n    if y:\n        X\n", False),
        ("@unasked & re:X", "def f(y):\n    if y:\n        X\n", True),
        ("@unasked & re:X", "def f(y=g()):\n    if y:\n        X\n", True),
        ("@unasked & re:X", "def f(y=0):\n    y += z\n    if y:\n        X\n", True),
        ("@unasked & re:X", "def f(y=0):\n    with z as y:\n        if y:\n            X\n", True),
        ("@unasked & re:X", "def f(args):\n    if not args.y:\n        X\n", False),
        ("@unasked & re:X", "def f(args):\n    args = z\n    if args.y:\n        X\n", True),
        ("@unasked & re:X", "def f(args):\n    if args.y == z:\n        X\n", True),
        ("@unasked & re:X", "def f(debug):\n    if debug:\n        X\n\n\nf(debug=True)\n", True),
        ("@unasked & re:X", "def f(y=0):\n    if y:\n        X\n\n\nf(y=True)\n", True),
        ("@unasked & re:X", "def f(debug=True):\n    if debug:\n        X\n", False),
        ("@unasked & re:X", "def f(y):\n    if debug:\n        X\n\n\ng(debug=True)\n", False),
        ("@unasked show & re:X", "def f():\n    X\n\n\ndef g(y=0):\n    if y:\n        f()\n", True),
        ("@unasked show & re:X", "def f():\n    X\n\n\ndef g(debug):\n    if debug:\n        f()\n", False),
        ("@unasked & re:X", "def f():\n    X\n\n\ndef g(y=0):\n    if y:\n        f()\n", False),
        ("@unasked & re:X", "def f():\n    X\n\n\ndef g(debug):\n    if debug:\n        f()\n", False),
        ("@unasked & re:X", "def f():\n    X\n\n\ndef g(debug):\n    if debug:\n        f()\n    f()\n", True),
        ("@unasked & re:X", "def f():\n    X\n\n\ndef g(debug):\n    if debug:\n        f()\n    h(f)\n", True),
        ("@unasked & re:X", "def f():\n    X\n\n\nY = '''\nif debug:\n    f()\n'''\n", True),
        ("@unless (?i)ipython & re:X", "if IN_IPYTHON:\n    X\n", False),
        ("@unless (?i)ipython & re:X", "if y:\n    X\n", True),
        ("o & @looped re:o\\(", "def f():\n    x = o(y)\n", False),
        ("o & @looped re:o\\(", "def f():\n    for y in z:\n        if y:\n            x = o(y)\n", True),
        ("o & @looped re:o\\(", "while y:\n    with o(\n        y) as x:\n        x\n", True),
        ("o & @looped re:o\\(", "for y in z: x = o(y)\n", True),
        ("o & @looped re:o\\(", "for y in z:\n    def f():\n        x = o(y)\n", False),
        ("o & @looped re:o\\(", "for y in z:\n    pass\nx = o(y)\n", False),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\n", False),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\n\n\nx = f()\n", False),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\n\n\nx = [f() for y in z]\n", True),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\n\n\ndef g():\n    for y in z:\n        x = q.f()\n", True),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\ndef g():\n    return f()\nfor y in z:\n    x = g()\n", True),
        ("o & @fed re:o\\(", "def f():\n    return o(y)\n\n\nfor y in z:\n    x = q()\nf()\n", False),
        ("@ends fits|gz & re:.", "x = 'a.FITS'\n", True),
        ("@ends fits|gz & re:.", "x = 'fits.a'\n", False),
        ("@ends fits|gz & re:.", "x = 'a.fits.gz'\n", True),
        ("@known 1e6 & re:f\\((.*)\\)", "nx = 10\nf(nx, nx, 4)\n", False),
        ("@known 1e6 & re:f\\((.*)\\)", "nx = 1000\nf(nx, nx, 4)\n", True),
        ("@known 1e6 & re:f\\((.*)\\)", "nx = 10\nnx *= z\nf(nx, nx, 4)\n", True),
        ("@known 1e6 & re:f\\((.*)\\)", "y, nx = 10, 9999\nf(nx, nx, 4)\n", True),
        ("@known 1e6 & re:f\\((.*)\\)", "nx = 10\nf(nx, ny, 4)\n", False),
        ("@known 1e6 & re:f\\((.*)\\)", "f(2048, 2048, 4)\n", True),
        ("@known 1e6 & re:f\\((.*)\\)", "f(2, 2048, 4)\n", False),
    ],
)  # fmt: skip
def test_what_a_trigger_needs(trigger: str, text: str, fired: bool) -> None:
    assert fires([trigger], text) is fired


def test_triggers_see_no_blank_between_what_is_called_and_its_bracket() -> None:
    text = b"x = open (name)\nif (x) and (y):\n    print (x)\n    return (x)\n"
    assert python_code(text) == b"\nx = open(name)\nif (x) and (y):\n    print (x)\n    return (x)\n"


def test_what_triggers_see_of_python_is_what_is_left_of_it() -> None:
    text = (
        json.dumps("not a docstring") + '\n"""One."""\n\ndef f():\n    """Two."""\n    # three\n    return """four"""\n'
    )
    code = python_code(text.encode()).decode()
    assert "Two" not in code and "three" not in code
    assert "four" in code and "not a docstring" in code


LONG = {
    "figures": "plt.plot(x, y)\nplt.savefig('fig{n}.png')\nplt.show()\n",
    "handles": "h = fits.open('im{n}.fits')\ndata = h[0].data * 2\n",
    "texts": "f = open('t{n}.txt')\nrows = f.readlines()\nf.close()\n",
    "products": "flux = flux + table[{n}]\ntable[{n}] = flux[{n}]\nnp.savetxt('out{n}.txt', flux)\n",
    "tasks": "tclean(vis='a{n}.ms', imagename='im{n}')\nexportfits('im{n}.image', 'im{n}.fits')\n",
    "functions": "def read{n}(path):\n    rows = np.loadtxt(path)\n    return work{n}(rows)\n",
    "loops": "for k in range(10):\n    part{n} = np.load('a%d.npy' % k)\n    kept.append(part{n})\n",
}
BEFORE_IT = (
    "import sys\nimport numpy as np\nimport matplotlib.pyplot as plt\nfrom astropy.io import fits\n"
    "name = sys.argv[1]\ntable = np.loadtxt(name)\nflux = table * 2\n"
)


@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_a_script_of_more_of_the_same_takes_work_by_its_lines(piece: str) -> None:
    wanted = profile()

    def calls(repeats: int) -> int:
        """How many functions are called."""
        text = BEFORE_IT + "".join(piece.format(n=n) for n in range(repeats))
        counted = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += event == "call"

        linted("long.py", "python", text.encode(), wanted)  # what is imported and compiled once
        sys.setprofile(count)
        try:
            linted("long.py", "python", text.encode(), wanted)
        finally:
            sys.setprofile(None)
        return counted

    assert calls(160) < 3 * calls(80)
