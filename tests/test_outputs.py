"""What counts as an output of a program, under which names, and what becomes of it."""

from __future__ import annotations

import ast
import re

import pytest

from canfar_lint.checks._fates import LEFT, USED, Fates
from canfar_lint.checks._outputs import APPEND, UPDATE, WRITE, names_of, outputs, takes_input, texts_with
from canfar_lint.checks._tasks import takes_task
from canfar_lint.model.python import PythonModule
from canfar_lint.source import Source


def module(text: str) -> PythonModule:
    return PythonModule(Source.decode("run.py", "python", text.encode()))


@pytest.mark.parametrize(
    ("code", "name", "does"),
    [
        ("open('a.txt', 'w')", "a.txt", WRITE),
        ("open(file='a.txt', mode='ab')", "a.txt", APPEND),
        ("open('a.txt', 'r+')", "a.txt", UPDATE),
        ("import numpy as np\nnp.save('a.npy', x)", "a.npy", WRITE),
        ("from astropy.io import fits as pf\npf.writeto('a.fits', x)", "a.fits", WRITE),
        ("x.to_csv('a.csv', mode='a')", "a.csv", APPEND),
        ("from pathlib import Path\nPath('a.txt').write_text(x)", "a.txt", WRITE),
        ("from pathlib import Path\nPath('a.txt').open('w')", "a.txt", WRITE),
        ("tclean(vis='x.ms', imagename='a')", "a", WRITE),
        ("from casatasks import exportfits\nexportfits(imagename='b', fitsimage='a.fits')", "a.fits", WRITE),
        ("from pyraf import iraf\niraf.imcopy('b.fits', 'a.fits')", "a.fits", WRITE),
        ("t.write('a.fits')", "a.fits", WRITE),
        ("t.write(name, overwrite=True)", None, WRITE),
    ],
)
def test_calls_that_write(code: str, name: str | None, does: str) -> None:
    python = module(code)
    assert [(python.value(o.name).text, o.does) for o in outputs(python)] == [(name, does)]


@pytest.mark.parametrize(
    "code",
    [
        "open('a.txt')",
        "open('a.txt', mode)",
        "f = open(name)\nf.write('a.fits')",
        "sys.stdout.write('done\\n')",
        "t.write(text)",
        "def tclean(imagename):\n    pass\ntclean(imagename='a')",
        "x.to_csv()",
        "import h5py\nh5py.File('a.h5')",
    ],
)
def test_calls_that_write_nothing(code: str) -> None:
    assert outputs(module(code)) == []


def test_a_name_given_through_functions_is_found_where_it_is_given() -> None:
    python = module(
        "import os\ndef save(x, folder):\n    x.writeto(os.path.join(folder, 'a.fits'))\n"
        "def run(out):\n    save(x, out)\nrun('/scratch/one')\nrun('/arc/two')\n"
    )
    (output,) = outputs(python)
    found = {(named.value.text, named.place.lineno) for named in names_of(python, output)}
    assert found == {("/scratch/one/a.fits", 6), ("/arc/two/a.fits", 7)}


@pytest.mark.parametrize(
    ("rest", "fate"),
    [
        ("print(out)", LEFT),
        ("os.makedirs(os.path.dirname(out), exist_ok=True)", LEFT),
        ("shutil.copy(out, '/tmp/other')", LEFT),
        ("shutil.copy(out, target)", USED),
        ("shutil.copy(source, out)", LEFT),
        ("copy = out\nsend(copy)", USED),
        ("os.system('vcp /scratch/work/a.fits vos:x')", USED),
        ("os.system('ls /scratch/other')", LEFT),
        ("def path():\n    return out", USED),
        ("os.rename(out, final)", USED),
    ],
)
def test_what_becomes_of_a_file(rest: str, fate: str) -> None:
    python = module(f"import os\nimport shutil\nout = '/scratch/work/a.fits'\nimage.writeto(out)\n{rest}\n")
    start = next(node for node in python.strings if node.value == "/scratch/work/a.fits")
    assert Fates(python, re.compile("/(tmp|scratch)")).of(start, "/scratch/work/a.fits") == fate


@pytest.mark.parametrize(
    ("code", "takes"),
    [
        ("import sys\nname = sys.argv[1]", True),
        ("import os\nname = os.environ['TILE']", True),
        ("import os\nname = os.environ.get('TILE')", True),
        ("import argparse\nargs = argparse.ArgumentParser().parse_args()", True),
        ("import os\nhome = os.environ['HOME']", False),
        ("import os\nos.environ['TILE'] = 'a'", False),
        ("import sys\nprint(sys.argv[0])", False),
    ],
)
def test_scripts_that_are_told_what_to_work_on(code: str, takes: bool) -> None:
    assert takes_input(module(code)) is takes


@pytest.mark.parametrize(
    ("code", "takes"),
    [
        ("import sys\nname = sys.argv[1]\nwork(name)", True),
        ("import sys\nname = sys.argv[1]", False),
        ("from sys import argv\nfor name in argv[1:]:\n    work(name)", True),
        ("import sys\ndef main(argv):\n    work(argv[1])\nmain(sys.argv)", True),
        ("import sys\ndef main(argv):\n    work()\nmain(sys.argv)", False),
        ("import sys\nif '--force' in sys.argv:\n    work()", False),
        ("import sys\nhistory = ' '.join(sys.argv)", False),
        ("# name = sys.argv[1]", False),
        ("import os\nname = os.environ['IMAGE_PATH']\nwork(name)", True),
        ("import os\nfolder = os.environ['AMUSE_DIR']", False),
        ("import os\nport = os.environ['DBPORT']", False),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('name')\na = p.parse_args()\nwork(a.name)",
            True,
        ),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--all', action='store_true')\n"
            "a = p.parse_args()",
            False,
        ),
    ],
)
def test_scripts_that_are_one_of_many_tasks(code: str, takes: bool) -> None:
    assert takes_task(module(code)) is takes


def test_texts_are_found_by_any_part_of_them() -> None:
    python = module("a = 'one two'\nb = 'two'\nc = 'three'\nd = 'twotwo'\n")
    assert [node.value for node in texts_with(python, "two")] == ["one two", "two", "twotwo"]
    assert texts_with(python, "four") == []


def test_a_name_in_its_own_assignment_means_what_it_was_before() -> None:
    python = module("x = 'a'\nx = x + 'b'\n")
    use = next(n for n in ast.walk(python.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    assert python.value(use).text == "a"
