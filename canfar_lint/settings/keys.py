"""Every setting, once: parsing, validation, `config`, `--show-settings` and the JSON schema come from here."""

from __future__ import annotations

from typing import Any, NamedTuple

FORMATS = (
    "concise", "full", "json", "json-lines", "junit", "grouped", "github", "gitlab", "pylint",
    "rdjson", "azure", "sarif",
)  # fmt: skip
LEVELS = ("error", "warning", "advice")
PYTHON_VERSIONS = tuple(f"py3{minor}" for minor in range(7, 16))

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d",
    ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pypackages__", "_build",
    "buck-out", "dist", "node_modules", "site-packages", "venv",
    ".cache", ".conda", ".hypothesis", ".pixi", ".snakemake", ".uv", "__pycache__",
)  # fmt: skip
DEFAULT_INCLUDE = (
    "*.py", "*.pyi", "*.ipynb", "*.sh", "*.bash", "*.csh", "*.tcsh",
    "Dockerfile", "dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile*",
    "Makefile", "makefile", "GNUmakefile", "*.mk",
    "**/.github/workflows/*.{yml,yaml}", ".gitlab-ci.{yml,yaml}", "{docker-,}compose*.{yml,yaml}",
    "{environment,env}*.{yml,yaml}", "*[-_.]{environment,env}.{yml,yaml}", "pixi.toml", "pyproject.toml",
    "requirements*.{txt,in}", "*[-_.]requirements.{txt,in}", "**/requirements/*.{txt,in}",
)  # fmt: skip
RAM_CHOICES = (
    1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 26, 28, 30, 32, 36, 40, 44, 48, 56, 64, 80, 92, 112, 128, 140, 170, 192,
)  # fmt: skip


class Key(NamedTuple):
    """One setting. `type` is one of the names in `settings.check`; `ruff` is ruff's key, empty for one of ours.

    `merge` says what a nearer layer does to a farther one: `replace` it, `append` to it, or `update` a table.
    """

    name: str
    type: str
    default: Any
    meaning: str
    ruff: str = ""
    choices: tuple[str, ...] = ()
    merge: str = "replace"

    @property
    def attribute(self) -> str:
        """The name of the setting in Python."""
        return self.name.replace("-", "_")


KEYS: tuple[Key, ...] = (
    Key("extend", "path", None, "A settings file whose settings hold where this file says nothing", "extend"),
    Key(
        "required-version", "string", None, "The versions of canfar-lint that may read this project", "required-version"
    ),
    # Which rules
    Key(
        "select",
        "selectors",
        None,
        "Rules to enable: codes, prefixes, names, sections or ALL, ours and ruff's",
        "lint.select",
    ),
    Key("ignore", "selectors", (), "Rules to disable", "lint.ignore"),
    Key("extend-select", "selectors", (), "Rules to enable beside those selected", "lint.extend-select"),
    Key(
        "per-file-ignores", "selector-table", {}, "Rules to disable in the files of a pattern", "lint.per-file-ignores"
    ),
    Key(
        "extend-per-file-ignores",
        "selector-table",
        {},
        "The same, on top of per-file-ignores",
        "lint.extend-per-file-ignores",
        (),
        "update",
    ),
    Key(
        "levels",
        "level-table",
        {},
        "Levels of rules by code or name, in place of the catalogue's",
        "",
        LEVELS,
        "update",
    ),
    Key(
        "extend-rules",
        "rule-paths",
        (),
        "Folders of rules of your own, in the catalogue's form, or package:NAME for those of an installed package",
        "",
        (),
        "append",
    ),
    Key("preview", "boolean", False, "Let ruff use rules and fixes that are not stable", "preview"),
    # Which files
    Key("include", "patterns", DEFAULT_INCLUDE, "Files to lint in a folder", "include"),
    Key("extend-include", "patterns", (), "Files to lint beside those of include", "extend-include", (), "append"),
    Key("exclude", "patterns", DEFAULT_EXCLUDE, "Files and folders to leave out", "exclude"),
    Key(
        "extend-exclude",
        "patterns",
        (),
        "Files and folders to leave out beside those of exclude",
        "extend-exclude",
        (),
        "append",
    ),
    Key(
        "force-exclude",
        "boolean",
        False,
        "Leave excluded files out even when they are named on the command line",
        "force-exclude",
    ),
    Key(
        "respect-gitignore",
        "boolean",
        True,
        "Leave out what .gitignore, .ignore and git's exclude files name",
        "respect-gitignore",
    ),
    Key("max-file-size", "size", 20_000_000, 'The most source a file may hold, in bytes or as "20 MB"'),
    # Fixing
    Key("fix", "boolean", False, "Repair what has a safe fix, as by --fix", "fix"),
    Key("fix-only", "boolean", False, "Repair, and say nothing of what is left", "fix-only"),
    Key("unsafe-fixes", "boolean", None, "Repair also what may change behaviour", "unsafe-fixes"),
    Key("show-fixes", "boolean", False, "List what was repaired", "show-fixes"),
    Key("fixable", "selectors", ("ALL",), "Rules whose fixes may be applied", "lint.fixable"),
    Key("unfixable", "selectors", (), "Rules whose fixes may not be applied", "lint.unfixable"),
    Key(
        "extend-fixable",
        "selectors",
        (),
        "Rules whose fixes may be applied beside those of fixable",
        "lint.extend-fixable",
        (),
        "append",
    ),
    Key(
        "extend-safe-fixes",
        "selectors",
        (),
        "Rules whose unsafe fixes are safe in this project",
        "lint.extend-safe-fixes",
        (),
        "append",
    ),
    Key(
        "extend-unsafe-fixes",
        "selectors",
        (),
        "Rules whose safe fixes are unsafe in this project",
        "lint.extend-unsafe-fixes",
        (),
        "append",
    ),
    # What is shown
    Key(
        "output-format",
        "choice",
        None,
        "The form of the report; full on a terminal, concise otherwise",
        "output-format",
        FORMATS,
    ),
    Key("fail-on", "choice", "warning", "The lowest level that makes the exit status 1", "", (*LEVELS, "never")),
    Key("min-level", "choice", None, "The lowest level that is shown", "", LEVELS),
    # Other tools, cache
    Key(
        "target-version",
        "choice",
        None,
        "The oldest Python the code must run on; by default from requires-python",
        "target-version",
        PYTHON_VERSIONS,
    ),
    Key("ruff", "boolean", True, "Run ruff beside our own rules"),
    Key(
        "ruff-select",
        "selectors",
        ("F63", "F7", "F82", "PLE", "T100"),
        "The rules of ruff that run unless select says otherwise",
    ),
    Key("hadolint", "boolean", True, "Run hadolint over Dockerfiles where it is installed"),
    Key("cache-dir", "path", None, "Where results are kept; by default the user's cache folder", "cache-dir"),
    # The platform and the project
    Key("large-cores", "integer", 16, "Cores from which a request is hard to schedule"),
    Key("large-ram", "number", 64, "RAM in GB from which a request is hard to schedule"),
    Key("max-cores", "integer", 16, "The most cores the platform offers"),
    Key("max-ram", "number", 192, "The most RAM in GB the platform offers"),
    Key("ram-choices", "numbers", RAM_CHOICES, "The amounts of RAM in GB the platform offers"),
    Key("platform-registries", "strings", ("images.canfar.net",), "Registries the platform runs images from"),
    Key("persistent-paths", "strings", ("/arc",), "Folders that outlive a session"),
    Key(
        "ephemeral-paths",
        "strings",
        ("/tmp", "/var/tmp", "/scratch", "/opt", "/root", "/app"),
        "Folders that end with a session",
    ),
    Key("small-inputs", "patterns", (), "Inputs known to be small: reading them whole is no finding"),
    Key(
        "request",
        "request",
        {},
        "The request a script runs under where the tree shows none: cores, ram, replicas",
        "",
        ("cores", "ram", "replicas"),
        "update",
    ),
    Key("target", "strings", (), "The Dockerfile stages that are shipped; by default the last one"),
    Key(
        "builder",
        "choice",
        "layered",
        "Whether each instruction of a Dockerfile becomes a layer of the image",
        "",
        ("layered", "squashed"),
    ),
    Key("images", "path-table", {}, "Which Dockerfile builds an image, by the image's name", "", (), "update"),
)

BY_NAME: dict[str, Key] = {key.name: key for key in KEYS}
