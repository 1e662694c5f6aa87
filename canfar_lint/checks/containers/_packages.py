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

_CARGO = Manager(
    "cargo",
    _verbs(install="install build fetch b", clean="cache", remove="uninstall"),
    (
        "--git", "--branch", "--tag", "--rev", "--path", "--root", "--version", "--vers", "-j", "--jobs", "-F",
        "--features", "--target", "--target-dir", "--profile", "--bin", "--example", "--manifest-path", "-p",
        "--package", "--registry", "--index", "--config", "-Z", "--color",
    ),
)  # fmt: skip

MANAGERS: dict[str, Manager] = {
    **dict.fromkeys(("apt-get", "apt", "aptitude"), _APT),
    **dict.fromkeys(("dnf", "yum", "microdnf", "dnf5", "tdnf"), _DNF),
    "zypper": _ZYPPER,
    "apk": _APK,
    **dict.fromkeys(("conda", "mamba", "micromamba"), _CONDA),
    "pipx": _PIPX,
    "npm": _NPM,
    "yarn": Manager("yarn", {**_NPM.verbs, "global": INSTALL}, ("--cwd", "--cache-folder", "--registry")),
    "pnpm": Manager("pnpm", {**_NPM.verbs, "store": CLEAN}, ("-C", "--dir", "--store-dir", "--filter")),
    "poetry": Manager("poetry", _verbs(install="install add update", clean="cache", other="config export")),
    "pipenv": Manager("pipenv", _verbs(install="install sync update", remove="uninstall"), ("--python", "-r", "-i")),
    "pdm": Manager("pdm", _verbs(install="install sync add update", clean="cache", other="config")),
    "pixi": Manager(
        "pixi",
        _verbs(install="install add update reinstall", clean="clean", remove="remove uninstall"),
        ("-e", "--environment", "--manifest-path", "-c", "--channel", "--expose", "--with", "--concurrent-downloads"),
    ),
    "cargo": _CARGO,
    "spack": Manager(
        "spack",
        _verbs(install="install fetch", clean="clean", remove="uninstall gc"),
        ("-e", "--env", "-C", "--config-scope", "-D", "--env-dir", "-c", "--config", "-j", "--jobs", "-p", "-f"),
    ),
    **dict.fromkeys(
        ("install.r", "install2.r", "installBioc.r", "installGithub.r", "installRSPM.r"),
        Manager("littler", {}, ("-l", "--libloc", "-r", "--repos", "-n", "--ncpus", "-m", "--method", "-d", "--deps")),
    ),
}
_GROUPS = {"dnf": ("group", "groups", "module"), "yarn": ("global",), "pixi": ("global",)}
"""Words before the verb."""
_CODE = {"R": "pak", "Rscript": "pak", "r": "littler", "julia": "julia"}
_CODE_INSTALLS = {
    "pak": re.compile(r"\bpak::(?:pkg_install|pak|local_install\w*|pkg_upgrade)\s*\("),
    "littler": re.compile(r"\binstall(?:\.packages|_github|_version|_cran)\s*\("),
    "julia": re.compile(r"\bPkg\.(?:add|develop|instantiate|update|up|build)\b|\bpkg\"(?:add|instantiate|dev|up)\b"),
}
_CODE_CLEANS = {"pak": re.compile(r"\bpak::(?:cache_clean|cache_delete|pak_cleanup)\s*\(")}
_PIP_NAME = re.compile(r"pip(?:[\d.]+)?\Z")
_UV_VALUED = (*_PIP_VALUED, "--cache-dir", "--config-file")
_UV_VERBS = _verbs(install="sync add run", clean="cache", remove="remove", other="venv init lock export build python")


_WRAPPER = re.compile(
    r"(?:[\w.-]*[-_])?(?:apt(?:[-_]?get)?[-_]?install|install[-_]packages|clean[-_]install)(?:\.sh)?\Z"
)
"""Functions and scripts around an install: what they are given are packages of the system."""


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


def wrapped(run: Instruction) -> Iterator[Operation]:
    """Calls of what says in its name that it installs packages; of them no more is known than the packages."""
    for step in run.steps:
        if _WRAPPER.match(step.name) and step.program is not None:
            given = tuple(argument for argument in step.arguments if not argument.text.startswith("-"))
            yield Operation(step, step.name, "apt", INSTALL, Argument(step.program, "install"), (), given)


def operation_of(step: Step) -> Operation | None:
    name = step.name
    if name == "uv":
        return _uv(step)
    if name == "uvx":
        return None
    if name in _CODE:
        return _code(step, _CODE[name])
    manager = _PIP if _PIP_NAME.match(name) else MANAGERS.get(name)
    if manager is None:
        return None
    words = list(step.arguments)
    if name == "cargo" and words and words[0].text.startswith("+"):
        words = words[1:]
    verb, options, packages = _sorted(words, manager)
    if manager.family in ("littler", "yarn") and step.program is not None:
        bare = Argument(step.program, "install")
        if manager.family == "littler" and verb is not None:
            return Operation(step, name, manager.family, INSTALL, bare, tuple(options), (verb, *packages))
        if name == "yarn" and verb is None and not {"--version", "-v", "--help"} & set(options):
            return Operation(step, name, manager.family, INSTALL, bare, tuple(options), ())
    if verb is None:
        return None
    text = verb.value or ""
    kind = manager.verbs.get(text, OTHER)
    if name in ("conda", "mamba", "micromamba") and text == "env" and packages:
        kind = INSTALL if packages[0].value in ("create", "update") else OTHER
        verb, packages = packages[0], packages[1:]
    elif packages and text in _GROUPS.get(manager.family, ()):
        kind = manager.verbs.get(packages[0].value or "", OTHER)
        verb, packages = packages[0], packages[1:]
    return Operation(step, name, manager.family, kind, verb, tuple(options), tuple(packages))


def _code(step: Step, family: str) -> Operation | None:
    """`julia -e 'using Pkg; Pkg.add(…)'`: the option that takes the code is the verb, the code the package."""
    for option, code in zip(step.arguments, step.arguments[1:], strict=False):
        if option.text in ("-e", "-E", "--eval") and code.value:
            for kind, patterns in ((INSTALL, _CODE_INSTALLS), (CLEAN, _CODE_CLEANS)):
                if family in patterns and patterns[family].search(code.value):
                    return Operation(step, step.name, family, kind, option, (option.text,), (code,))
    return None


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
