"""What is linted: fetched once from PyPI by pinned versions, taken from this repository, or made; nothing is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(__file__).resolve().parent / ".cache"
PACKAGES = (
    *("astropy==8.0.2", "ccdproc==2.5.1", "drizzlepac==3.11.0", "ehtim==1.3.2", "jwst==3.0.0", "lightkurve==2.6.0"),
    *("photutils==3.0.0", "pypeit==2.0.1", "specutils==2.4.0", "sunpy==7.0.5", "yt==4.4.3"),
)
WHEELS = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--no-deps")
DOCKERFILES = 300
LINES, PIECES = 200_000, 200

CLEAN = '''\
def brighter_{n}(table, limit={n}.5):
    """The rows of a table above a limit."""
    kept = []
    for row in table:
        if row["flux"] > limit:
            kept.append(row["name"])
    return kept


'''
STEP = '''\
import os

import numpy as np
from astropy.io import fits


class Step{n}:
    """A step of a reduction: reads an image, and says what is in it."""

    def __init__(self, folder, threshold={n}.5):
        self.folder = folder
        self.threshold = threshold
        self.rows = []

    def read(self, name):
        with fits.open(os.path.join(self.folder, name)) as hdul:
            data = hdul[0].data.astype(np.float32)
        if data.ndim != 2:
            raise ValueError(f"{{name}} has {{data.ndim}} axes")
        return data

    def run(self, names):
        for number, name in enumerate(names):
            data = self.read(name)
            mask = data > self.threshold
            self.rows.append((number, name, int(mask.sum()), float(data[mask].mean())))
        return np.asarray(self.rows, dtype=object)

    def background(self, data, sigma=3.0, rounds=5):
        kept = data[np.isfinite(data)]
        for _ in range(rounds):
            centre, spread = np.median(kept), np.std(kept)
            kept = kept[np.abs(kept - centre) < sigma * spread]
        return float(np.median(kept)), float(np.std(kept))


'''


def tree() -> Path:
    """The unpacked packages, downloaded when they are not there. Raises `CalledProcessError` without a network."""
    folder = CACHE / "tree"
    for package in PACKAGES:
        target = folder / package
        if target.is_dir():
            continue
        wheels = CACHE / "wheels" / package
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, *WHEELS, "--dest", str(wheels), package], check=True)
        (wheel,) = wheels.glob("*.whl")
        partial = folder / f".{package}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(partial, [name for name in archive.namelist() if name.endswith((".py", ".ipynb"))])
        partial.rename(target)
    return rooted(folder)


def rooted(folder: Path) -> Path:
    """A folder that is a project of its own, whatever is around it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("canfar-lint.toml", "pyproject.toml"):  # the second for Fixit, which else leaves out what git ignores
        (folder / name).touch()
    return folder


def part(whole: Path, name: str, every: int) -> Path:
    """Every so-manieth Python file of a tree, by size, so that the part is like the whole."""
    files = sorted(whole.rglob("*.py"), key=lambda path: (path.stat().st_size, str(path)))
    return _copied(whole, [*files[every // 2 :: every]], CACHE / name)


def tenfold(whole: Path) -> tuple[Path, Path]:
    """A tenth of a tree's Python files, and ten tenths: the same files without those that do not divide by ten."""
    files = sorted(whole.rglob("*.py"), key=lambda path: (path.stat().st_size, str(path)))
    files = files[len(files) % 10 :]
    return _copied(whole, files[5::10], CACHE / "one-tenth"), _copied(whole, files, CACHE / "ten-tenths")


def _copied(whole: Path, files: list[Path], target: Path) -> Path:
    if not target.is_dir():
        partial = target.with_name(f".{target.name}")
        shutil.rmtree(partial, ignore_errors=True)
        for file in files:
            copy = partial / file.relative_to(whole)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        partial.rename(target)
    return rooted(target)


def clean_file() -> Path:
    """A file of 200 lines in which there is nothing to find."""
    made = "".join(CLEAN.format(n=number) for number in range(200 // CLEAN.count("\n") + 1))
    return _written(rooted(CACHE / "clean") / "clean.py", "".join(made.splitlines(keepends=True)[:198]) + "\n\n")


def long_and_short() -> tuple[Path, Path]:
    """The same lines in one file, and in as many files as there are pieces."""
    each = LINES // PIECES
    texts = []
    for piece in range(PIECES):
        steps = "".join(STEP.format(n=piece * 100 + number) for number in range(each // STEP.count("\n")))
        texts.append(steps + "# end\n" * (each - steps.count("\n")))
    one, many = rooted(CACHE / "one-file"), rooted(CACHE / "many-files")
    _written(one / "steps.py", "".join(texts))
    for number, text in enumerate(texts):
        _written(many / f"steps{number:03}.py", text)
    return one, many


def dockerfiles() -> list[Path]:
    """This repository's Dockerfiles: those that its reader is tested with, and the longest examples of its rules."""
    cases = sorted((ROOT / "tests" / "docker-cases").rglob("*ockerfile*"))
    sys.path.insert(0, str(ROOT / "tests"))
    sys.path.insert(0, str(ROOT))
    from harness import examples

    texts = [path.read_bytes() for path in cases if path.is_file()]
    longest = sorted((e.text.encode() for e in examples() if e.kind == "docker"), key=len, reverse=True)
    chosen = [*texts, *longest][:DOCKERFILES]
    folder = CACHE / "dockerfiles"
    shutil.rmtree(folder, ignore_errors=True)
    paths = [rooted(folder) / f"image{number:03}" / "Dockerfile" for number in range(len(chosen))]
    for path, text in zip(paths, chosen, strict=True):
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    return paths


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        # a file that was written this moment is no file of everyday
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return path
