"""Stands in for package managers and the like in a sandbox: logs how it was called and leaves what the real one leaves.

It is linked under the names it plays. `SANDBOX` is the folder that is the root of the file system.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(os.environ["SANDBOX"])
HOME = Path(os.environ["HOME"])
FOLDERS = {"apt": "var/lib/apt/lists", "conda": "opt/conda/pkgs", "dnf": "var/cache/dnf", "yum": "var/cache/yum"}
FAMILIES = {"apt-get": "apt", "aptitude": "apt", "mamba": "conda", "micromamba": "conda", "microdnf": "dnf"}
FAMILIES |= {"pip3": "pip", "python3": "python"}
ARCHIVES, CLEANING = "var/cache/apt/archives", "etc/apt/apt.conf.d/docker-clean"
# options that are followed by a value
VALUES = {"-c", "-n", "-f", "-r", "-o", "-t", "-p", "-b", "--channel", "--name", "--file", "--prefix", "--target", "-C"}


def touched(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def words(arguments: list[str]) -> list[str]:
    """The arguments that are no options."""
    found, skip = [], False
    for word in arguments:
        if skip or word.startswith("-"):
            skip = not skip and word in VALUES
        else:
            found.append(word)
    return found


def short(arguments: list[str], letter: str) -> bool:
    return any(word[:1] == "-" and word[1:2] != "-" and letter in word for word in arguments)


def installed(family: str, packages: list[str]) -> None:
    for package in packages:
        touched(ROOT / "installed" / family / package.replace("/", "_"))


def apt(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    lists = ROOT / FOLDERS["apt"]
    if verb == "update":
        touched(lists / "main_Packages")
    if verb == "dist-clean":
        shutil.rmtree(lists, ignore_errors=True)
    if verb == "clean":
        shutil.rmtree(ROOT / ARCHIVES, ignore_errors=True)
    if verb not in ("install", "dist-upgrade", "upgrade", "full-upgrade"):
        return 0
    if not (short(arguments, "y") or "--yes" in arguments or "-qq" in arguments or "--assume-yes" in arguments):
        return 1  # it asks, and nobody answers
    installed("apt", packages)
    if not (ROOT / CLEANING).exists():
        touched(ROOT / ARCHIVES / "package.deb")
    said = " ".join(arguments)
    if not any(no in said for no in ("--no-install-rec", "--without-rec", "Recommends=0", "Recommends=false", "-R")):
        installed("recommended", packages)
    return 0


def pip(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    if verb == "install":
        files = [arguments[n + 1] for n, word in enumerate(arguments) if word == "-r"]
        installed("pip", packages + files)
        if not ("--no-cache-dir" in arguments or os.environ.get("PIP_NO_CACHE_DIR")):
            touched(Path(os.environ.get("PIP_CACHE_DIR") or HOME / ".cache/pip") / "wheel")
    return 0


def uv(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    installed("uv", [verb, *packages])
    if not ("--no-cache" in arguments or "-n" in arguments or os.environ.get("UV_NO_CACHE")):
        touched(HOME / ".cache/uv/wheel")
    return 0


def python(arguments: list[str]) -> int:
    return pip(arguments[2:]) if arguments[:2] == ["-m", "pip"] else 0


def conda(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    folder = ROOT / FOLDERS["conda"]
    if verb == "run":
        program = arguments[arguments.index("run") + 1 :]
        program = program[2:] if program[:1] == ["-n"] else program
        os.execvp(program[0], program)
    if verb == "clean" and (short(arguments, "a") or "--all" in arguments):
        shutil.rmtree(folder, ignore_errors=True)
    if verb in ("install", "create", "env", "update"):
        if not (
            short(arguments, "y") or "--yes" in arguments or "env" in arguments or "CONDA_ALWAYS_YES" in os.environ
        ):
            return 1
        installed("conda", packages)
        touched(folder / "package.conda")
    return 0


def dnf(arguments: list[str], name: str = "dnf") -> int:
    verb, *packages = words(arguments) or [""]
    if verb == "clean" and packages == ["all"]:
        shutil.rmtree(ROOT / FOLDERS[name], ignore_errors=True)
    if verb in ("install", "groupinstall", "update", "upgrade"):
        if not (short(arguments, "y") or "--assumeyes" in arguments):
            return 1
        installed(name, packages)
        touched(ROOT / FOLDERS[name] / "metadata")
    return 0


def yum(arguments: list[str]) -> int:
    return dnf(arguments, "yum")


def apk(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    if verb == "add":
        installed("apk", packages)
    if verb in ("add", "update") and "--no-cache" not in arguments:
        touched(ROOT / "var/cache/apk/APKINDEX.tar.gz")
    return 0


def npm(arguments: list[str]) -> int:
    verb, *packages = words(arguments) or [""]
    if verb in ("install", "ci", "i"):
        installed("npm", packages or ["."])
        touched(HOME / ".npm/_cacache/index")
    if verb == "cache":
        shutil.rmtree(HOME / ".npm", ignore_errors=True)
    return 0


def cargo(arguments: list[str]) -> int:
    installed("cargo", words(arguments)[1:])
    touched(HOME / ".cargo/registry/index")
    return 0


def keeping(arguments: list[str]) -> int:
    """A program that keeps a cache until it is told to clean it, or not to keep one."""
    name = os.path.basename(sys.argv[0])
    if any(word in ("clean", "clear") for word in arguments):
        shutil.rmtree(HOME / ".cache" / name, ignore_errors=True)
    elif "--pip-args=--no-cache-dir" not in arguments:
        installed(name, words(arguments)[1:])
        touched(HOME / ".cache" / name / "download")
    else:
        installed(name, words(arguments)[1:])
    return 0


pipx = pdm = yarn = pixi = spack = keeping


def git(arguments: list[str]) -> int:
    if "clone" in arguments:
        address, *folder = words([word for word in arguments[arguments.index("clone") + 1 :] if word != "1"])
        target = Path(folder[0] if folder else address.rsplit("/", 1)[-1].removesuffix(".git"))
        touched(target / "README")
        if "--depth" not in arguments:
            touched(target / ".git/objects/history")
    return 0


def curl(arguments: list[str]) -> int:
    address = next((word for word in arguments if "://" in word), "")
    target = ""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in ("-o", "--output") or (word[:1] == "-" and word[1:2] != "-" and word.endswith("o")):
            target = following
        if word in ("-O", "--remote-name") or (word[:1] == "-" and word[1:2] != "-" and word.endswith("O")):
            target = target or address.rsplit("/", 1)[-1]
    if target:
        touched(Path(target))
    return 0


def wget(arguments: list[str]) -> int:
    address = next((word for word in arguments if "://" in word), "")
    target = address.rsplit("/", 1)[-1]
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in ("-O", "--output-document") or (word[:1] == "-" and word[1:2] != "-" and word.endswith("O")):
            target = following
        elif word.startswith(("-O", "-qO")):
            target = word.partition("O")[2]
    if target and target != "-":
        touched(Path(target))
    return 0


def tar(arguments: list[str]) -> int:
    folder = Path(arguments[arguments.index("-C") + 1]) if "-C" in arguments else Path()
    touched(folder / "unpacked")
    return 0


def sudo(arguments: list[str]) -> int:
    program = [word for word in arguments if word not in ("-E", "-H")]
    os.execvp(program[0], program)


def failing(arguments: list[str]) -> int:
    return 3


def main() -> int:
    name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
    with open(ROOT / "log", "a", encoding="utf-8") as log:
        log.write(" ".join([name, *arguments]).replace(str(ROOT), "") + "\n")
    play = globals().get(FAMILIES.get(name, name))
    return int(play(arguments)) if callable(play) and name != "main" else 0


if __name__ == "__main__":
    sys.exit(main())
