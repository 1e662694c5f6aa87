"""Fixes keep what a program does: each program is run, repaired, and run again on the same data.

Safe fixes change nothing of what is printed and written. Of an unsafe one the difference is named, and is the only one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from canfar_lint.cli import main

PYTHON = sys.executable
_QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg", "PYTHONWARNINGS": "ignore"}


class Program(NamedTuple):
    """A program and what its repair must contain; `before` and `after` are set only for its run then."""

    code: str
    text: str
    fixed: str
    path: str = "run.py"
    unsafe: bool = False
    before: Mapping[str, str] = MappingProxyType({})
    after: Mapping[str, str] = MappingProxyType({})
    fails: bool = False
    """Whether the program as it was cannot be run to its end in a batch job; then only the repaired one is run."""
    prints: str | None = None
    """What the repaired one prints, where that differs."""
    arguments: tuple[str, ...] = ()
    """What the repaired one is given."""
    leaves: tuple[str, ...] = ()
    """Files that only the repaired one writes."""


DATA = """
import numpy as np
from astropy.io import fits

for number in range(3):
    image = np.arange(12.0, dtype="f4").reshape(3, 4) + number
    fits.writeto(f"image{number}.fits", image, overwrite=True)
np.save("cube.npy", np.arange(24.0).reshape(2, 3, 4))
with open("stars.csv", "w") as table:
    table.write("name,flux\\nalpha,3\\nbeta,7\\n")
with open("list.txt", "w") as listed:
    listed.write("image0.fits\\nimage1.fits\\nimage2.fits\\n")
"""

PROGRAMS = {
    "mapped images": Program("CAN301", """
from astropy.io import fits

with fits.open("image1.fits", memmap=False) as hdul:
    print(hdul[0].data.sum())
print(fits.getdata("image2.fits", memmap=False).mean())
""", 'fits.open("image1.fits")'),
    "lines of a file": Program("CAN303", """
with open("stars.csv") as listed:
    for line in listed.readlines():
        print(line.strip())
""", "for line in listed:"),
    "sorted files": Program("CAN204", """
import glob
import os

first = int(os.environ.get("REPLICA_ID", "1")) - 1
files = glob.glob("image*.fits")
for name in files[first :: int(os.environ.get("REPLICA_COUNT", "1"))]:
    open(name + ".done", "w").close()
print(len(files))
""", 'sorted(glob.glob("image*.fits"))'),
    "from the first replica": Program("CAN204", """
import os

files = sorted(name for name in os.listdir(".") if name.endswith(".fits"))
print(files[int(os.environ["REPLICA_ID"]) :: int(os.environ["REPLICA_COUNT"])])
""", "- 1 ::", before={"REPLICA_ID": "0", "REPLICA_COUNT": "2"}, after={"REPLICA_ID": "1", "REPLICA_COUNT": "2"}),
    "threads in time": Program("CAN215", """
import os
import numpy as np

os.environ["OMP_NUM_THREADS"] = "2"
print(np.arange(3).sum(), os.environ["OMP_NUM_THREADS"])
""", 'import os\nos.environ["OMP_NUM_THREADS"] = "2"\nimport numpy'),
    "a saved figure": Program("CAN501", """
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.savefig("line.png")
plt.show()
print("drawn")
""", 'plt.savefig("line.png")\nprint'),
    "a backend without windows": Program("CAN502", """
import matplotlib

matplotlib.use("TkAgg")
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.savefig("line.png")
print(matplotlib.get_backend().lower())
""", '"Agg"', fails=True, prints="agg\n"),
    "progress at once": Program("CAN108", """
import glob
from astropy.io import fits

for name in sorted(glob.glob("*.fits")):
    print(name)
    fits.getdata(name)
""", "print(name, flush=True)"),
    "a notebook's set-up": Program("CAN103", """
import os

get_ipython().run_line_magic("matplotlib", "inline")
print(len(os.listdir(".")) > 3)
""", "import os\n\nprint", fails=True, prints="True\n"),
    "a notebook's command": Program("CAN103", """
import os

get_ipython().system("cat list.txt")
""", "subprocess.run(", unsafe=True, fails=True, prints="image0.fits\nimage1.fits\nimage2.fits\n"),
    "as many workers as cores": Program("CAN213", """
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.Pool() as pool:
        print(sum(pool.map(abs, range(-9, 0))))
""", "multiprocessing.Pool(processes=int(", unsafe=True, after={"OMP_NUM_THREADS": "2"}),
    "the requested cores": Program("CAN213", """
import os
from concurrent.futures import ProcessPoolExecutor

nproc = max(1, os.cpu_count() - 1)
with ProcessPoolExecutor(max_workers=nproc) as pool:
    print(pool._max_workers)
""", "OMP_NUM_THREADS", unsafe=True, after={"OMP_NUM_THREADS": "8"}, prints="7\n"),
    "a number of workers": Program("CAN214", """
from multiprocessing import Pool

if __name__ == "__main__":
    with Pool(3) as pool:
        print(pool._processes, sum(pool.map(abs, range(-9, 0))))
""", '"OMP_NUM_THREADS", "3"', unsafe=True, before={}, after={}),
    "a number of workers, requested": Program("CAN214", """
from multiprocessing import Pool

if __name__ == "__main__":
    with Pool(3) as pool:
        print(pool._processes)
""", '"OMP_NUM_THREADS", "3"', unsafe=True, after={"OMP_NUM_THREADS": "2"}, prints="2\n"),
    "a path as the default": Program("CAN104", """
import os

data = "/arc/projects/survey/raw"
print(os.path.join(data, "m31.fits"), os.path.exists(data))
""", 'os.environ.get("DATA", "/arc/projects/survey/raw")', unsafe=True),
    "a path from outside": Program("CAN104", """
import os

data = "/arc/projects/survey/raw"
print(os.path.exists(data))
""", "os.environ.get", unsafe=True, after={"DATA": "."}, prints="True\n"),
    "an answer from outside": Program("CAN101", """
radius = float(input())
print(radius * 2)
""", 'os.environ["RADIUS"]', unsafe=True, fails=True, after={"RADIUS": "1.5"}, prints="3.0\n"),
    "a mapped array": Program("CAN304", """
import numpy as np

cube = np.load("cube.npy")
print(cube.sum(axis=0)[1])
""", 'mmap_mode="r"', unsafe=True),
    "a table scanned": Program("CAN302", """
import polars as pl

print(pl.read_csv("stars.csv")["flux"].sum())
""", 'pl.scan_csv("stars.csv").collect()', unsafe=True),
    "a file closed": Program("CAN307", """
out = open("sources.txt", "w")
for number in range(3):
    out.write(f"{number}\\n")

print(out.name)
""", "", unsafe=True),
    "a file closed after its last use": Program("CAN307", """
listed = open("list.txt")
names = [line for line in listed.readlines()]
for line in names:
    print(line.strip())
out = open("sources.txt", "w")
print("done", file=out)
out.write("twice\\n")
print(names)
""", '    out.write("twice\\n")\nprint(names)', unsafe=True),
    "a name for every turn": Program("CAN402", """
import numpy as np

for field in range(3):
    np.save("spectrum.npy", np.full(2, field))
print(sum(int(np.load(f"spectrum_{field}.npy").sum()) for field in range(3)))
""", 'f"spectrum_{field}.npy"', unsafe=True, fails=True, prints="6\n"),
    "memory of the last table": Program("CAN308", """
import glob
import pandas as pd

for name in sorted(glob.glob("*.csv")):
    table = pd.read_csv(name)
    print(table["flux"].sum())
""", "    del table"),
    "a mapped binary file": Program("CAN304", """
import numpy as np

np.arange(6, dtype="f4").tofile("plane.bin")
plane = np.fromfile("plane.bin", dtype="f4")
print(plane.sum(), plane.dtype, len(plane))
""", 'np.memmap("plane.bin", dtype="f4", mode="r")', unsafe=True),
    "a command that succeeds": Program("CAN107", """
import os
import subprocess
import sys

sys.stdout.flush()
os.system("sort -r list.txt")
subprocess.call(["cp", "stars.csv", "copy.csv"])
subprocess.run(["cat", "copy.csv"])
""", 'subprocess.run("sort -r list.txt", shell=True, check=True)', unsafe=True),
    "an option in place of a question": Program("CAN101", """
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--band", default="r")
args = parser.parse_args()
radius = float(input("Aperture radius: "))
print(args.band, radius * 2)
""", "radius = args.radius", unsafe=True, fails=True, arguments=("--radius", "1.5"), prints="r 3.0\n"),
    "an option with the path as its default": Program("CAN104", """
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--band", default="r")
args = parser.parse_args()
data_dir = "/arc/projects/survey/raw"
print(os.path.join(data_dir, args.band), os.path.exists(data_dir))
""", "data_dir = args.data_dir", unsafe=True),
    "an option for another path": Program("CAN104", """
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--band", default="r")
args = parser.parse_args()
data_dir = "/arc/projects/survey/raw"
print(os.path.exists(data_dir))
""", "data_dir = args.data_dir", unsafe=True, arguments=("--data-dir", "."), prints="True\n"),
    "a figure saved in place of shown": Program("CAN501", """
import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.show()
print("drawn")
""", 'plt.savefig("run.png")', unsafe=True, leaves=("run.png",)),
    "what is done already is left": Program("CAN406", """
import glob
from astropy.io import fits

for name in sorted(glob.glob("image*.fits")):
    image = fits.getdata(name) - 1
    fits.writeto(name.replace("image", "calib"), image)
print(len(glob.glob("calib*.fits")))
""", "    if os.path.exists(", unsafe=True),
    "a store closed": Program("CAN307", """
import h5py
import numpy as np

store = h5py.File("cube.h5", "w")
store["flux"] = np.arange(4.0)

with h5py.File("cube.h5") as again:
    print(again["flux"][:].sum())
""", 'with h5py.File("cube.h5", "w") as store:', unsafe=True, fails=True, prints="6.0\n"),
    "cores of the request in a shell": Program("CAN213", """#!/bin/bash
NCORES=$(nproc --all)
[ "$NCORES" -gt 0 ] && echo ok
""", "NCORES=${OMP_NUM_THREADS:-1}", path="run.sh", unsafe=True),
    "a shell's workers": Program("CAN214", """#!/bin/bash
export OMP_NUM_THREADS=3
echo "$OMP_NUM_THREADS"
""", '"${OMP_NUM_THREADS:-3}"', path="run.sh", unsafe=True),
    "a shell's path": Program("CAN104", """#!/bin/bash
DATA=/arc/projects/survey/raw
ls "$DATA" 2> /dev/null || echo "none in $DATA"
""", 'DATA="${DATA:-/arc/projects/survey/raw}"', path="run.sh", unsafe=True),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    subprocess.run([PYTHON, "-c", DATA], cwd=folder, check=True)
    return folder


def ran(program: Program, folder: Path, variables: Mapping[str, str], *arguments: str) -> tuple[str, dict[str, bytes]]:
    """What a program prints, and the files it leaves."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    start = [PYTHON if program.path.endswith(".py") else "bash", program.path, *arguments]
    env = {**kept, **_QUIET, **variables}
    done = subprocess.run(start, cwd=folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != program.path}
    return done.stdout, left


def laid_out(program: Program, data: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / program.path).write_text(program.text.lstrip("\n"), "utf-8")
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_repaired_program_does_the_same(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = PROGRAMS[name]
    old, new = (laid_out(program, data, tmp_path / each) for each in ("old", "new"))
    # the data are elsewhere: rules are silent about files that they see are small
    alone = tmp_path / "alone"
    alone.mkdir()
    monkeypatch.chdir(alone)
    (alone / program.path).write_bytes((new / program.path).read_bytes())
    level = ["--unsafe-fixes"] if program.unsafe else []
    main(["check", "--isolated", "--no-ruff", "--select", program.code, "--fix", "--quiet", *level, program.path])
    repaired = (alone / program.path).read_text("utf-8")
    (new / program.path).write_text(repaired, "utf-8")
    assert program.fixed in repaired
    printed, left = ran(program, new, program.after, *program.arguments)
    if program.prints is not None:
        assert printed == program.prints
    if not program.fails:
        before, kept = ran(program, old, program.before)
        assert program.prints is not None or printed == before
        assert set(left) - set(kept) == set(program.leaves)
        assert {name: left[name] for name in kept} == kept


def test_a_command_that_fails_ends_the_repaired_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference that CAN107's unsafe fix makes, and no other."""
    monkeypatch.chdir(tmp_path)
    text = 'import subprocess\nprint("begun", flush=True)\nsubprocess.call(["sort", "absent"])\nprint("done")\n'
    Path("run.py").write_text(text, "utf-8")
    before = subprocess.run([PYTHON, "run.py"], capture_output=True, text=True)
    main(["check", "--isolated", "--no-ruff", "--select", "CAN107", "--fix", "--unsafe-fixes", "--quiet", "run.py"])
    after = subprocess.run([PYTHON, "run.py"], capture_output=True, text=True)
    assert (before.returncode, before.stdout) == (0, "begun\ndone\n")
    assert (after.returncode, after.stdout) == (1, "begun\n") and "CalledProcessError" in after.stderr
