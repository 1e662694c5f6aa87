"""Builds a Dockerfile without a builder: its RUNs are run by a shell in a folder that stands for the root, with stubs
(`stub.py`) for package managers on the PATH. dockerfile-parse, not our own reader, splits the file."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from dockerfile_parse import DockerfileParser

STUBS = (
    *("apt-get", "apt", "aptitude", "pip", "pip3", "python", "python3", "uv", "conda", "mamba", "micromamba", "dnf"),
    *(
        "yum",
        "microdnf",
        "apk",
        "npm",
        "git",
        "curl",
        "wget",
        "tar",
        "sudo",
        "failing",
        "make",
        "cmake",
        "gcc",
        "chown",
    ),
    *("useradd", "groupadd", "ldconfig", "dpkg", "gpg", "add-apt-repository", "install.sh", "casa", "unzip", "cargo"),
    *("pipx", "pdm", "yarn", "pixi", "spack", "strip"),
)
_STUB = Path(__file__).with_name("stub.py")
# a path of the image; what follows a letter or a colon is a part of a word or an address
_ABSOLUTE = re.compile(r"(?<![\w.:/$}~*)\\-])/(?=[A-Za-z$])")
_FLAGS = re.compile(r"(?:--[a-z]+=\S+\s+)*")


class Built(NamedTuple):
    """What a build did: the calls of stubs, what each layer adds (files by name), and the RUNs that failed."""

    log: list[str]
    layers: list[set[str]]
    failed: int

    @property
    def shipped(self) -> set[str]:
        """The files of all layers; what a later one removes is in the image nevertheless."""
        return set().union(*self.layers)

    @property
    def installed(self) -> set[str]:
        return {path.removeprefix("installed/") for path in self.shipped if path.startswith("installed/")}


def built(text: str, folder: Path) -> Built:
    """Build the last stage of a Dockerfile in a new folder."""
    root, stubs = folder / "root", folder / "stubs"
    for made in (root / "root", root / "tmp", root / "opt", root / "src", stubs):
        made.mkdir(parents=True)
    cleaning = root / "etc/apt/apt.conf.d/docker-clean"
    cleaning.parent.mkdir(parents=True)
    cleaning.touch()
    for name in STUBS:
        (stubs / name).write_text(_starter(name), "utf-8")
        (stubs / name).chmod(0o755)
    for name in ("bin", "dev", "usr/bin"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(f"/{name}")
    build = _Build(root, stubs)
    parser = DockerfileParser(fileobj=io.BytesIO(text.encode()))
    for each in parser.structure:
        build.instruction(each["instruction"], each["value"])
    log = root / "log"
    return Built(log.read_text("utf-8").splitlines() if log.exists() else [], build.layers, build.failed)


def _starter(name: str) -> str:
    # the name it plays is all that a stub must know
    return f'#!{sys.executable} -ISE\nimport sys\nsys.argv[0] = "{name}"\nexec(open({str(_STUB)!r}).read())\n'


class _Build:
    def __init__(self, root: Path, stubs: Path) -> None:
        self.root = root
        self.cwd = root
        self.layers: list[set[str]] = []
        self.failed = 0
        self.env = {
            "PATH": f"{stubs}:/usr/bin:/bin",
            "SANDBOX": str(root),
            "HOME": str(root / "root"),
            "LANG": "C.UTF-8",
        }

    def instruction(self, name: str, value: str) -> None:
        if name == "RUN":
            self.run(value)
        elif name in ("ENV", "ARG"):
            for pair in shlex.split(value):
                key, equals, text = pair.partition("=")
                if equals:
                    self.env[key] = self.inside(text)
        elif name == "USER":
            home = self.root / ("root" if value in ("root", "0") else f"home/{value}")
            home.mkdir(parents=True, exist_ok=True)
            self.env["HOME"] = str(home)
        elif name == "WORKDIR":
            self.cwd = Path(self.inside(value)) if value.startswith("/") else self.cwd / value
            self.cwd.mkdir(parents=True, exist_ok=True)
        elif name in ("COPY", "ADD"):
            self.copy(value)

    def inside(self, text: str) -> str:
        return _ABSOLUTE.sub(f"{self.root}/", text)

    def copy(self, value: str) -> None:
        before = self.files()
        *sources, target = [word for word in shlex.split(value) if not word.startswith("--")]
        folder = Path(self.inside(target)) if target.startswith("/") else self.cwd / target
        for source in sources:
            name = source.rstrip("/").rsplit("/", 1)[-1]
            file = folder / name if target.endswith("/") or len(sources) > 1 else folder
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.is_dir():
                file.write_text("copied", "utf-8")
        self.layer(before)

    def run(self, value: str) -> None:
        before = self.files()
        flags = _FLAGS.match(value)
        body = value[flags.end() :] if flags else value
        program = ["/bin/sh", "-c", self.inside(body)]
        if body.startswith("["):
            program = [self.inside(word) for word in json.loads(body)]
        done = subprocess.run(
            program, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        self.failed += done.returncode != 0
        self.layer(before)

    def files(self) -> dict[str, int]:
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                found[os.path.relpath(path, self.root)] = os.lstat(path).st_mtime_ns
        return found

    def layer(self, before: dict[str, int]) -> None:
        after = self.files()
        self.layers.append({path for path, time in after.items() if before.get(path) != time and path != "log"})
