"""The Python core: what names mean, what expressions are worth, under which conditions code runs."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canfar_lint.model.python import PythonModule
from canfar_lint.model.unreached import never_runs
from canfar_lint.model.values import Value
from canfar_lint.source import Source


def module_of(code: str) -> PythonModule:
    return PythonModule(Source("run.py", "python", textwrap.dedent(code)))


def probe(code: str) -> tuple[PythonModule, ast.expr]:
    """The argument of the last `probe(…)` call."""
    module = module_of(code)
    call = next(c for c in reversed(module.all_calls) if isinstance(c.func, ast.Name) and c.func.id == "probe")
    return module, call.args[0]


def worth(code: str) -> Value:
    module, node = probe(code)
    return module.value(node)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import astropy.io.fits as pf\npf.open(x)", "astropy.io.fits.open"),
        ("import astropy.io.fits\nastropy.io.fits.open(x)", "astropy.io.fits.open"),
        ("from astropy.io import fits\nfits.open(x)", "astropy.io.fits.open"),
        ("from astropy.io.fits import open as fo\nfo(x)", "astropy.io.fits.open"),
        ("input()", "builtins.input"),
        ("def input(): pass\ninput()", ".input"),
        ("from pylab import *\nshow()", "pylab.show"),
        ("from canfar.sessions import Session\ns = Session()\ns.create()", "canfar.sessions.Session().create"),
        ("from a import B\nwith B() as b:\n    b.go()", "a.B().go"),
        ("from a import B\nasync def f():\n    async with B() as b:\n        await b.go()", "a.B().go"),
        (
            "from a import B\nclass C:\n  def __init__(self):\n    self.b = B()\n  def f(self):\n    self.b.go()",
            "a.B().go",
        ),
        ("import numpy as np\nload = np.load\nload(x)", "numpy.load"),
        ("def f(input):\n    input()", ""),
        ("import os\nos = 3\nos.getcwd()", ""),
        ("if x:\n    import pickle as p\nelse:\n    import dill as p\np.load(f)", "pickle.load"),
        ("try:\n    from a import f\nexcept ImportError:\n    from b import f\nf()", "b.f"),
        ("from . import config\nconfig.load()", ".config.load"),
    ],
)
def test_names_of_what_is_called(code: str, name: str) -> None:
    module = module_of(code)
    found = module.qualified_all(module.all_calls[-1].func)
    assert name in found if name else not found


@pytest.mark.parametrize(
    ("code", "kind", "skeleton"),
    [
        ("probe('/arc/x')", "literal", "/arc/x"),
        ("R = '/arc/x'\nprobe(R + '/a.fits')", "literal", "/arc/x/a.fits"),
        ("import os\nR = '/arc'\nprobe(os.path.join(R, 'a', 'b.fits'))", "literal", "/arc/a/b.fits"),
        ("import os\nprobe(os.path.join('/arc', '/home/x'))", "literal", "/home/x"),
        ("from pathlib import Path\nprobe(Path('/arc') / 'x')", "literal", "/arc/x"),
        ("from pathlib import Path\nprobe(Path('/arc').joinpath('x').expanduser())", "literal", "/arc/x"),
        ("for i in r:\n    probe(f'/arc/{i}.fits')", "dynamic", "/arc/{}.fits"),
        ("N = 3\nprobe(f'/arc/{N}.fits')", "literal", "/arc/3.fits"),
        ("probe('%s/%03d.fits' % ('/arc', 3))", "literal", "/arc/003.fits"),
        ("probe('%s/a' % base)", "dynamic", "{}/a"),
        ("probe('{}/{x}.fits'.format('/arc', x='m31'))", "literal", "/arc/m31.fits"),
        ("n = 63\nprobe('/arc/s%04d/%.1f.fits' % (n, 0.25))", "literal", "/arc/s0063/0.2.fits"),
        ("n = 63\nprobe('/arc/s{:04d}/{n:x}.fits'.format(n, n=n))", "literal", "/arc/s0063/3f.fits"),
        ("n = 63\nprobe(f'/arc/s{n:04d}/{n}.fits')", "literal", "/arc/s0063/63.fits"),
        ("n = 63\nprobe(f'/arc/s{n:0{width}d}.fits')", "dynamic", "/arc/s{}.fits"),
        ("probe('/arc/%099999d/%x.fits' % (1, 2.5))", "dynamic", "/arc/{}/{}.fits"),
        ("import os\nprobe(os.environ.get('D', '/arc/x'))", "overridable", "/arc/x"),
        ("import os\nprobe(os.getenv('D') or '/arc/x')", "overridable", "/arc/x"),
        ("import os\nprobe(os.environ['D'])", "dynamic", "{}"),
        ("import sys\nprobe(sys.argv[1] if len(sys.argv) > 1 else '/arc/x')", "overridable", "/arc/x"),
        ("def f(p='/arc/x'):\n    probe(p)", "overridable", "/arc/x"),
        ("def f(p):\n    probe(p)", "dynamic", "{}"),
        ("import argparse\na = argparse.ArgumentParser().parse_args()\nprobe(a.input)", "dynamic", "{}"),
        ("class S:\n    base = '/arc/x'\nprobe(S.base)", "literal", "/arc/x"),
        (
            "class S:\n  def __init__(self):\n    self.b = '/arc'\n  def f(self):\n    probe(self.b + '/x')",
            "literal",
            "/arc/x",
        ),
        ("C = {'in': '/arc/x', 'out': 'y'}\nprobe(C['in'])", "literal", "/arc/x"),
        ("L = ['/a', '/b']\nprobe(L[1])", "literal", "/b"),
        ("p = '/a'\np = '/b'\nprobe(p)", "literal", "/b"),
        ("p = '/a'\np += '/b'\nprobe(p)", "literal", "/a/b"),
        ("p = '/a'\nfor x in y:\n    p += '/b'\nprobe(p)", "dynamic", "{}"),
        ("p = '/a'\nif len(argv) > 1:\n    p = function()\nprobe(p)", "dynamic", "{}"),
        ("import sys\np = '/a'\nif len(sys.argv) > 1:\n    p = sys.argv[1]\nprobe(p)", "overridable", "/a"),
        ("a, b = '/a', '/b'\nprobe(b)", "literal", "/b"),
        ("def f():\n    global P\n    P = '/a'\ndef g():\n    probe(P)", "literal", "/a"),
        ("if (p := '/a'):\n    probe(p)", "literal", "/a"),
        ("import yaml\nc = yaml.safe_load(f)\nprobe(c['data'])", "dynamic", "{}"),
        (
            "import click\n@click.command()\n@click.option('--p', default='/a')\ndef f(p='/a'):\n    probe(p)",
            "dynamic",
            "{}",
        ),
        ("p = p\nprobe(p)", "dynamic", "{}"),
    ],
)
def test_worth_of_expressions(code: str, kind: str, skeleton: str) -> None:
    value = worth(code)
    assert (value.kind, value.skeleton) == (kind, skeleton)


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("import sys\nprobe(sys.argv[1])", "argument"),
        ("import argparse\np = argparse.ArgumentParser()\na, _ = p.parse_known_args()\nprobe(a.x)", "argument"),
        ("from docopt import docopt\na = docopt(__doc__)\nprobe(a['--in'])", "argument"),
        ("import configparser\nc = configparser.ConfigParser()\nprobe(c.get('a', 'b'))", "config"),
        ("import time\nprobe(f'out_{time.time()}.fits')", "unique"),
        ("for n in names:\n    probe(n + '.fits')", "loop"),
        ("def f(n):\n    probe(n + '.fits')", "parameter"),
        ("import os\nprobe(os.environ['REPLICA_ID'])", "environment"),
    ],
)
def test_what_a_hole_is_filled_from(code: str, source: str) -> None:
    assert source in worth(code).sources


def test_branches_are_choices() -> None:
    value = worth("p = '/a' if host == 'x' else '/b'\nprobe(p)")
    assert {leaf.text for leaf in value.leaves()} == {"/a", "/b"}


def test_a_loop_over_literals_gives_its_elements() -> None:
    value = worth("for p in ['/a', '/b']:\n    probe(p)")
    assert [leaf.text for leaf in value.leaves()] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("for n in ns:\n    if n:\n        x = 1\n        probe(x)\n    else:\n        x = 2\n", [3]),
        ("for n in ns:\n    probe(n)\n    n = 2\n", [1]),
        ("x = 0\nfor n in ns:\n    probe(x)\n    x = 2\n", [4, 1]),
        ("for n in ns:\n    x = 1\n    while n:\n        probe(x)\n        x = 2\n", [5, 2]),
        (
            "for n in ns:\n    try:\n        x = 1\n    except OSError:\n        continue\n    probe(x)\n    x = 2\n",
            [7, 3],
        ),
    ],
)
def test_what_every_turn_of_a_loop_binds_anew(code: str, lines: list[int]) -> None:
    module, node = probe(code)
    assert isinstance(node, ast.Name)
    assert [binding.node.lineno for binding in module.bindings(node)] == lines  # type: ignore[attr-defined]


def test_parameters_are_followed_to_their_calls() -> None:
    module, node = probe("def f(name, path):\n    probe(path)\nf('x', path='/arc/a')\nf('y', '/arc/b')\n")
    assert {value.text for value in module.arriving(node)} == {"/arc/a", "/arc/b"}


def test_a_constructor_argument_is_followed_through_self() -> None:
    code = "class R:\n  def __init__(self, p):\n    self.p = p\n  def go(self):\n    probe(self.p)\nR('/arc/a').go()\n"
    module, node = probe(code)
    assert [value.text for value in module.arriving(node)] == ["/arc/a"]


@pytest.mark.parametrize(
    ("code", "guarded"),
    [
        ("if args.show:\n    probe(1)", True),
        ("def f(show=False):\n    if show:\n        probe(1)", True),
        ("import sys\nif sys.stdin.isatty():\n    probe(1)", True),
        ("import os\nif 'DISPLAY' in os.environ:\n    probe(1)", True),
        ("if not headless:\n    probe(1)", True),
        ("if False:\n    probe(1)", True),
        ("PLOT = True\nif PLOT:\n    probe(1)", False),
        ("if len(files) > 3:\n    probe(1)", False),
        ("for f in files:\n    probe(1)", False),
        ("import argparse\na = argparse.ArgumentParser().parse_args()\nif a.mode == 'x':\n    probe(1)", True),
        ("probe(1) if args.show else None", True),
        ("args.show and probe(1)", True),
        ("if args.quiet:\n    pass\nelse:\n    probe(1)", True),
        ("option = 2\nif option == 1:\n    probe(1)", True),
        ("option = 2\nif option == 1:\n    pass\nelif option == 2:\n    probe(1)", False),
        ("option = 2\nif option != 1:\n    pass\nelse:\n    probe(1)", True),
        ("option = 2\nif 0 < option <= 1:\n    probe(1)", True),
        ("option = 2\nif option in (1, 3):\n    probe(1)", True),
        ("option = 2\nif option == 1 and count():\n    probe(1)", True),
        ("option = 2\nif option == 1 or count():\n    probe(1)", False),
        ("option = 2\ndef f():\n    global option\n    option = 1\nif option == 1:\n    probe(1)", False),
        ("option = 0\nfor x in files:\n    if option == 1:\n        probe(1)\n    option += 1", False),
        ("option = None\nif option != None:\n    probe(1)", False),
        ("survey = 'kids'\nif survey == 'gama':\n    probe(1)", False),
        ("OPTION = 2\nif count() == OPTION:\n    probe(1)", False),
    ],
)
def test_conditions_of_the_user(code: str, guarded: bool) -> None:
    module, node = probe(code)
    assert module.user_guarded(node) is guarded


@pytest.mark.parametrize(
    ("code", "script"),
    [
        ("#!/usr/bin/env python\nx = 1\n", True),
        ("def f(): pass\nif __name__ == '__main__':\n    f()\n", True),
        ("import numpy as np\nX = np.pi\ndef f(): pass\n", False),
        ("for f in files:\n    print(f)\n", True),
        ("run(3)\n", True),
        ("import warnings\nwarnings.filterwarnings('ignore')\ndef f(): pass\n", False),
    ],
)
def test_scripts_and_libraries(code: str, script: bool) -> None:
    assert module_of(code).is_script is script


def test_what_runs_when_the_script_runs() -> None:
    code = "def a():\n    one()\ndef b():\n    two()\ndef c():\n    a()\nif __name__ == '__main__':\n    c()\n"
    module = module_of(code)
    running = {c.func.id: module.on_main_path(c) for c in module.all_calls if isinstance(c.func, ast.Name)}
    assert running == {"one": True, "two": False, "a": True, "c": True}


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("import sys\nsys.exit(1)\nf()\n", True),
        ("exit()\nf()\n", True),
        ("from sys import exit as leave\nleave()\nf()\n", True),
        ("raise SystemExit\nf()\n", True),
        ("def exit(): pass\nexit()\nf()\n", False),
        ("import sys\nif sys.argv[1:]:\n    sys.exit()\nf()\n", False),
        ("import sys\ndef g():\n    sys.exit()\nf()\n", False),
        ("import sys\ntry:\n    sys.exit()\nexcept SystemExit:\n    pass\nf()\n", False),
    ],
)
def test_where_a_module_ends(code: str, ends: bool) -> None:
    assert never_runs(module_of(code), code.index("f()\n")) is ends


def test_spans_count_characters_not_bytes() -> None:
    module = module_of("Ωₘ = 'é'; probe('/arc/ü')\n")
    call = module.all_calls[0]
    start, end = module.span(call.args[0])
    assert module.text[start:end] == "'/arc/ü'"


def test_loops_around_a_call() -> None:
    module, node = probe("for a in b:\n    x = [probe(c) for c in d]\n")
    assert len(module.loops(node)) == 2


@pytest.mark.parametrize("size", [200, 2000])
def test_a_name_bound_again_and_again_costs_the_same_each_time(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from canfar_lint.model import scopes

    asked = 0
    real = scopes.branches

    def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(scopes, "branches", counted)
    module = module_of("".join(f"if x{n}:\n    p = '/a{n}'\nprobe(p)\n" for n in range(size)))
    for call in module.all_calls:
        module.value(call.args[0])
    assert size <= asked <= 12 * size


NAMES = st.sampled_from(
    ["a", "b", "os.path.join(a, 'x')", "'/arc/'", "f'{a}/b'", "a % b", "a.format(b)", "a or b", "[a, b][0]"]
)
LINES = st.one_of(
    st.tuples(st.sampled_from(["a", "b", "self.c", "a, b", "a[0]"]), NAMES).map(lambda t: f"{t[0]} = {t[1]}"),
    NAMES.map(lambda e: f"a += {e}"),
    NAMES.map(lambda e: f"for a in {e}: b = {e}"),
    NAMES.map(lambda e: f"if {e}: b = {e}"),
    NAMES.map(lambda e: f"def f(a={e}): return open(a)"),
    NAMES.map(lambda e: f"f({e}, a={e})"),
    st.just("global a"),
    st.just("class a: b = '/x'"),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(LINES, max_size=12))
def test_any_module_answers_every_question(lines: list[str]) -> None:
    try:
        module = module_of("import os\n" + "\n".join(lines) + "\n")
    except SyntaxError:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.expr):
            value = module.value(node)
            assert value.kind in ("literal", "overridable", "dynamic")
            assert value.kind != "literal" or not value.sources
            module.arriving(node), module.user_guarded(node), module.on_main_path(node), module.qualified_all(node)


def test_a_switch_that_a_parameter_sets_is_the_user_s_choice() -> None:
    module = module_of(
        """
        class Fit:
            def __init__(self):
                self.plots = False

            def run(self, plots=False):
                self.plots = plots
                if self.plots:
                    probe()
        """
    )
    assert module.user_guarded(module.calls_named("probe")[0])


@pytest.mark.parametrize("run", ['exec(open("setup.py").read())', 'execfile("setup.py")'])
def test_names_of_a_file_that_is_run_here(run: str) -> None:
    found = module_of(f"{run}\nplt.show()\n")
    assert [call.lineno for call in found.calls(["matplotlib.pyplot.show"])] == [2]
    assert not list(module_of("plt.show()\n").calls(["matplotlib.pyplot.show"]))
