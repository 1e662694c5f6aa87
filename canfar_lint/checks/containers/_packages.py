"""Package managers in a RUN: which command asks which manager for what, as one kind of data for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canfar_lint.model.dockerfile.model import Instruction
from canfar_lint.model.dockerfile.steps import Argument, Step

INSTALL, UPDATE, CLEAN, REMOVE, OTHER = "install", "update", "clean", "remove", "other"


class Manager(NamedTuple):
    """How a package manager's command line reads."""

    family: str
    verbs: dict[str, str]
    valued: tuple[str, ...] = ()
    """Options whose value is the next word."""


def _verbs(**kinds: str) -> dict[str, str]:
    return {verb: kind for kind, verbs in kinds.items() for verb in verbs.split()}


_APT = Manager(
    "apt",
    _verbs(
        install="install upgrade dist-upgrade full-upgrade safe-upgrade build-dep reinstall satisfy",
        update="update",
        clean="clean dist-clean distclean autoclean",
        remove="remove purge autoremove autopurge",
    ),
    ("-o", "-c", "-t", "-a", "--option", "--config-file", "--target-release", "--default-release", "-q="),
)
_DNF = Manager(
    "dnf",
    _verbs(
        install="install localinstall groupinstall update upgrade distro-sync builddep reinstall swap "
        "install-n downgrade update-minimal upgrade-minimal",
        update="makecache check-update",
        clean="clean",
        remove="remove erase autoremove",
    ),
    ("-c", "-x", "--exclude", "--enablerepo", "--disablerepo", "--setopt", "--releasever", "--installroot", "--repo"),
)
_ZYPPER = Manager(
    "zypper",
    _verbs(
        install="install in update up dist-upgrade dup patch",
        update="refresh ref",
        clean="clean cc",
        remove="remove rm",
    ),
    ("-r", "--repo", "-t", "--type", "--root", "-R"),
)
_APK = Manager(
    "apk",
    _verbs(install="add upgrade fix", update="update", clean="cache", remove="del"),
    ("-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--cache-dir"),
)
_PIP_VALUED = (
    "-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url", "-f",
    "--find-links", "-t", "--target", "--prefix", "--root", "--trusted-host", "--proxy", "--timeout", "--retries",
    "--python-version", "--platform", "--abi", "--implementation", "--no-binary", "--only-binary", "--cache-dir",
    "--progress-bar", "--log", "--global-option", "--config-settings", "-C", "--src", "--upgrade-strategy",
    "--report", "--cert", "--client-cert", "--exists-action", "--python", "--group", "--use-feature",
    "--install-option", "--build-option", "--use-deprecated", "-p", "--extra", "--index", "--default-index",
    "--index-strategy",
    "--reinstall-package", "--upgrade-package", "-P", "--link-mode", "--torch-backend", "--directory", "--project",
    "--with", "--from", "--with-requirements", "--no-install-package", "--keyring-provider", "--resolution",
)  # fmt: skip
_PIP = Manager(
    "pip",
    _verbs(install="install wheel download", clean="cache", remove="uninstall", other="config list show freeze"),
    _PIP_VALUED,
)
_PIPX = Manager("pipx", _verbs(install="install inject run upgrade", remove="uninstall"), ("--python", "--pip-args"))
_CONDA = Manager(
    "conda",
    _verbs(install="install create update upgrade", clean="clean", remove="remove uninstall", other="config init run"),
    (
        "-n", "--name", "-p", "--prefix", "-c", "--channel", "--file", "-f", "--repodata-fn", "--solver", "-r",
        "--root-prefix", "--rc-file", "--platform", "--category", "--subdir",
    ),
)  # fmt: skip
_NPM = Manager(
    "npm",
    _verbs(install="install i ci add", clean="cache", remove="uninstall", other="run config"),
    ("--prefix", "--cache", "--registry"),
)

MANAGERS: dict[str, Manager] = {
    **dict.fromkeys(("apt-get", "apt", "aptitude"), _APT),
    **dict.fromkeys(("dnf", "yum", "microdnf", "dnf5", "tdnf"), _DNF),
    "zypper": _ZYPPER,
    "apk": _APK,
    **dict.fromkeys(("conda", "mamba", "micromamba"), _CONDA),
    "pipx": _PIPX,
    **dict.fromkeys(("npm", "yarn", "pnpm"), _NPM),
    "poetry": Manager("poetry", _verbs(install="install add update", clean="cache", other="config export")),
    "pdm": Manager("pdm", _verbs(install="install sync add update", clean="cache", other="config")),
    "pixi": Manager("pixi", _verbs(install="install add", clean="clean"), ("-e", "--environment", "--manifest-path")),
}
_PIP_NAME = re.compile(r"pip(?:[\d.]+)?\Z")
_UV_VALUED = (*_PIP_VALUED, "--cache-dir", "--config-file")
_UV_VERBS = _verbs(install="sync add run", clean="cache", remove="remove", other="venv init lock export build python")


class Operation(NamedTuple):
    """One command given to a package manager."""

    step: Step
    tool: str
    """The program as written, without folder: `apt-get`, `pip3`, `uv`."""
    family: str
    kind: str
    verb: Argument
    options: tuple[str, ...]
    """All words that begin with a hyphen, and the values they take, as far as known."""
    packages: tuple[Argument, ...]

    @property
    def span(self) -> tuple[int, int]:
        """From the program to the verb: the words that say what is done."""
        program = self.step.program
        start = program.start if program is not None else self.step.command.start
        return min(start, self.verb.word.start), max(self.verb.word.end, self.step.command.start)

    @property
    def files(self) -> tuple[str, ...]:
        """What `-r`, `--file` and the like name."""
        named = ("-r", "--requirement", "--requirements", "-f", "--file", "-c", "--constraint", "--with-requirements")
        options = self.options
        found = [options[i + 1] for i, option in enumerate(options[:-1]) if option in named]
        return (*found, *(o.partition("=")[2] for o in options if o.partition("=")[0] in named and "=" in o))

    def has(self, *names: str) -> bool:
        """One of the options is given, with or without `=value`."""
        return any(option in names or option.partition("=")[0] in names for option in self.options)

    def short(self, letter: str) -> bool:
        """A one-letter option is given, alone or among others: `-y`, `-qy`."""
        return any(re.fullmatch(rf"-[A-Za-z]*{letter}[A-Za-z]*(?:=\d+)?", option) for option in self.options)


def operations(run: Instruction) -> list[Operation]:
    """The package managers' commands of a RUN, in order."""
    found: list[Operation] | None = run.notes.get("operations")
    if found is None:
        found = [operation for step in run.steps if (operation := operation_of(step)) is not None]
        run.notes["operations"] = found
    return found


def operation_of(step: Step) -> Operation | None:
    name = step.name
    if name == "uv":
        return _uv(step)
    if name == "uvx":
        return None
    manager = _PIP if _PIP_NAME.match(name) else MANAGERS.get(name)
    if manager is None:
        return None
    words = list(step.arguments)
    verb, options, packages = _sorted(words, manager)
    if verb is None:
        if name == "yarn" and not packages:
            return None
        return None
    text = verb.value or ""
    kind = manager.verbs.get(text, OTHER)
    if name in ("conda", "mamba", "micromamba") and text == "env" and packages:
        kind = INSTALL if packages[0].value in ("create", "update") else OTHER
        verb, packages = packages[0], packages[1:]
    elif manager is _DNF and text in ("group", "groups", "module") and packages:
        kind = manager.verbs.get(packages[0].value or "", OTHER)
        verb, packages = packages[0], packages[1:]
    return Operation(step, name, manager.family, kind, verb, tuple(options), tuple(packages))


def _sorted(words: list[Argument], manager: Manager) -> tuple[Argument | None, list[str], list[Argument]]:
    """The verb, the options with their values, and the rest of a command line."""
    verb: Argument | None = None
    options: list[str] = []
    packages: list[Argument] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        text = word.text
        if text == "--":
            packages += words[at:]
            break
        if text.startswith("-") and len(text) > 1:
            options.append(text)
            if text in manager.valued and at < len(words):
                options.append(words[at].text)
                at += 1
        elif verb is None:
            verb = word
        else:
            packages.append(word)
    return verb, options, packages


def _uv(step: Step) -> Operation | None:
    """`uv pip install`, `uv sync`, `uv tool install`: the verb is the last of its words."""
    manager = Manager("uv", _UV_VERBS, _UV_VALUED)
    verb, options, packages = _sorted(list(step.arguments), manager)
    if verb is None:
        return None
    group = verb.value or ""
    kind = _UV_VERBS.get(group, OTHER)
    if group in ("pip", "tool", "python") and packages:
        verb, packages = packages[0], packages[1:]
        installs = {"pip": ("install", "sync"), "tool": ("install", "run", "upgrade"), "python": ()}[group]
        kind = INSTALL if verb.value in installs else REMOVE if verb.value == "uninstall" else OTHER
        group = f"{group} {verb.value}"
    return Operation(step, "uv", "uv", kind, verb, (f"uv {group}", *options), tuple(packages))


def installs(run: Instruction, *families: str) -> Iterator[Operation]:
    """The installing commands of these families that fetch something."""
    for operation in operations(run):
        if operation.kind == INSTALL and (not families or operation.family in families):
            yield operation
