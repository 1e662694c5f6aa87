"""Which rule speaks where: in what a job runs, in what is only imported, in a notebook.

A script is a file that works when it is run: a shebang, a main guard, work at module level. A library only defines.
"""

from __future__ import annotations

import textwrap

import pytest
from harness import notebook

from canfar_lint.catalogue import load
from canfar_lint.engine.file import lint_bytes
from canfar_lint.settings import Resolver

# one body of a function, and what stands around it
IMPORTS = """
import argparse
import glob
import os
import subprocess
import sys

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from astropy.io import fits
"""
BODY = {
    "CAN101": 'name = input("Name: ")',
    "CAN104": 'image = fits.getdata("/arc/projects/m31/a.fits", memmap=True)',
    "CAN105": 'table = pd.read_csv("gaia.csv", chunksize=1000)',
    "CAN107": 'os.system("swarp @list")',
    "CAN301": "image = fits.getdata(path, memmap=False)",
    "CAN302": "table = pd.read_csv(path)",
    "CAN305": 'with h5py.File(path, "r") as file:\n    data = file["images"][:]',
    "CAN307": "hdus = fits.open(path)\nprint(hdus[0].header)",
    "CAN401": 'np.save("/tmp/map.npy", data)',
    "CAN402": 'np.save("map.npy", data)',
    "CAN501": "plt.show()",
    "CAN606": 'sys.path.append("/arc/projects/m31/lib")',
}
# what a function that nobody in the file calls is not blamed for: who imports it decides
ONLY_WHERE_IT_RUNS = {"CAN105", "CAN402"}


def found(code: str, text: str, path: str = "reduce.py", kind: str = "python") -> list[str]:
    """The levels of a rule's findings."""
    data = notebook([text]) if kind == "notebook" else text.encode()
    result = lint_bytes(path, kind, data, [load().rules[code]], Resolver(isolated=True).base)
    return [one.level for one in result.diagnostics]


def library(code: str) -> str:
    return f"{IMPORTS}\n\ndef work(path, data):\n{textwrap.indent(BODY[code], '    ')}\n"


def script(code: str) -> str:
    calls = '\n\nif __name__ == "__main__":\n    for path in sys.argv[1:]:\n        work(path, np.zeros(3))\n'
    if code == "CAN402":  # in a loop it is another matter
        calls = '\n\nif __name__ == "__main__":\n    work(sys.argv[1], np.zeros(3))\n'
    return library(code) + calls


@pytest.mark.parametrize("code", BODY)
def test_a_script_is_told(code: str) -> None:
    assert found(code, script(code))


@pytest.mark.parametrize("code", sorted(set(BODY) - ONLY_WHERE_IT_RUNS))
def test_a_library_is_told_what_holds_for_every_caller(code: str) -> None:
    assert found(code, library(code))


@pytest.mark.parametrize("code", sorted(ONLY_WHERE_IT_RUNS))
def test_a_library_is_at_most_advised_of_what_its_callers_decide(code: str) -> None:
    assert set(found(code, library(code))) <= {"advice"}


@pytest.mark.parametrize("code", sorted(ONLY_WHERE_IT_RUNS))
@pytest.mark.parametrize("marker", ["#!/usr/bin/env python3\n", ""])
def test_work_at_module_level_makes_a_script(code: str, marker: str) -> None:
    assert found(code, marker + library(code) + "\n\nwork(sys.argv[1], np.zeros(3))\n")


@pytest.mark.parametrize("code", BODY)
@pytest.mark.parametrize("path", ["tests/helpers.py", "setup.py", "conftest.py", "docs/conf.py"])
def test_tests_and_set_up_files_are_no_jobs(code: str, path: str) -> None:
    assert not found(code, script(code), path)


@pytest.mark.parametrize("code", BODY)
def test_a_file_called_like_a_test_is_one_when_it_holds_tests(code: str) -> None:
    assert found(code, script(code), "test_imaging.py")
    assert not found(code, script(code) + "\n\ndef test_imaging():\n    assert True\n", "test_imaging.py")


@pytest.mark.parametrize(
    ("code", "spoken"),
    [("CAN105", True), ("CAN101", True), ("CAN104", True), ("CAN402", False), ("CAN501", False), ("CAN302", True)],
)
def test_a_notebook_is_run_by_a_person_or_by_a_job(code: str, spoken: bool) -> None:
    """Figures are shown and products made once in a notebook; what cannot work in a job is said there too."""
    text = f"{IMPORTS}\npath, data = sys.argv[1], np.zeros(3)\n{BODY[code]}\n"
    assert bool(found(code, text, "reduce.ipynb", "notebook")) is spoken


LOOP = """
for name in sorted(glob.glob("raw/*.fits")):
    image = np.sqrt(fits.getdata(name))
    fits.writeto(name.replace("raw", "calib"), image)
"""


def inside_a_function(text: str) -> str:
    return f"{IMPORTS}\n\ndef reduce_all():\n{textwrap.indent(text, '    ')}"


def test_advice_on_what_a_script_takes_is_for_scripts() -> None:
    read = "table = pd.read_csv('gaia.csv')\n"
    assert found("CAN106", IMPORTS + read) == ["advice"]
    assert not found("CAN106", inside_a_function(read))
    assert found("CAN202", IMPORTS + LOOP) == ["advice"]
    assert not found("CAN202", inside_a_function(LOOP))


def test_a_loop_that_can_resume_is_for_everybody() -> None:
    assert found("CAN406", IMPORTS + LOOP) == ["advice"]
    assert found("CAN406", inside_a_function(LOOP)) == ["advice"]


def test_a_script_that_takes_its_input_is_not_asked_to_take_a_share() -> None:
    loop = LOOP.replace('"raw/*.fits"', 'sys.argv[1] + "/*.fits"')
    assert not found("CAN202", IMPORTS + loop)
    assert not found("CAN106", IMPORTS + loop)


def test_a_loop_makes_a_shared_name_an_error_even_in_a_library() -> None:
    loop = '\n\ndef work(paths):\n    for path in paths:\n        np.save("map.npy", np.load(path))\n'
    assert found("CAN402", IMPORTS + loop) == ["error"]


@pytest.mark.parametrize(
    ("hidden", "spoken"), [("def view():\n    import tkinter\n", False), ("import tkinter\n", True)]
)
def test_a_toolkit_inside_a_function_of_a_library_is_optional(hidden: str, spoken: bool) -> None:
    assert bool(found("CAN503", hidden)) is spoken


def test_a_function_library_of_windows_is_shown_by_its_callers() -> None:
    """What a script's main path does not reach is nobody's job."""
    unused = f"{IMPORTS}\n\ndef read_it():\n    return pd.read_csv('gaia.csv', nrows=5)\n\n\nprint(len(sys.argv))\n"
    assert not found("CAN105", unused)
