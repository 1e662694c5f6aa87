"""What a project declares that it needs, read from every kind of manifest without running any of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from canfar_lint.model.metadata import parse_toml
from canfar_lint.pipeline.join import Project

_NAME = r"[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*(?:\[([^\]]*)\])?"
_REQUIREMENTS = re.compile(
    r"(^|[-_.])(requirements|constraints|dependencies)[^/]*\.(txt|in)$|^requirements/[^/]*\.txt$"
)
_ENVIRONMENT = re.compile(r"(^|[-_.])(environment|env|conda)[^/]*\.ya?ml$")
_RECIPE = re.compile(r"(?i)(singularity|apptainer)[\w.-]*|[\w.-]+\.(def|singularity|apptainer)|asv\.conf\.json")
_YAML = re.compile(r".*\.ya?ml")
# lists of requirements, also those that discovery leaves out (git ignores them) or that have names of their own
_LIST = re.compile(
    r"(?i)(.*[-_.])?(requirements?|constraints|dependencies|reqs|pip[-_](freeze|list|packages)|"
    r"conda[-_](list|packages|spec)|spec[-_]?file|packages?[-_](list|versions?))[^/]*\.(txt|in)"
)
# lists that conda exports and makes an environment from, told by their head or by their lines: `numpy=1.26.4=py311_0`,
# an address of a package
_EXPORT = re.compile(r"(?i)(.*[-_.])?(env|environment|conda|spec|explicit)[^/]*\.(txt|lst|list)")
_HEAD = re.compile(r"(?m)^#.*(\bconda create --name .*--file\b|\bpackages in environment at\b)|^@EXPLICIT\b")
_EXPORTED = re.compile(r"[\w.-]+=[^=\s]+=[^=\s]+")
_ADDRESS = re.compile(r"[a-z]+://\S*/([\w.-]+)-[^-/\s]+-[^-/\s]+\.(?:conda|tar\.bz2)(?:#\w+)?")
# scripts that are run once, to make the environment
_SET_UP = re.compile(
    r"(?i)(.*[-_.])?(env|environment|install|setup|bootstrap|conda|deps|dependencies|requirements|packages)([-_.].*)?\.(ba|z)?sh"
)
# what tells people how to install a project, and versions of packages in it: `numpy == 1.18.5`, numpy (v1.18)
_README = re.compile(r"(?i)(readme|install(ation|ing)?)([-_.]?(md|rst|txt|adoc|org))?")
_VERSIONED = re.compile(
    r"(?m)(?:^[ \t]*[-*+|][ \t]+[\"'`*\[]*([A-Za-z][\w-]{2,40})[\"'`*\]]*[ \t(|:]{0,4}(?:v(?:ersion)? ?)?\d+\.\d|"
    r"(?<![\w./-])([A-Za-z][\w-]{2,40})[\"'`*]{0,3}[ \t]?\(?[=~<>]=[ \t]*\d)"
)
# a name, perhaps with a version, an option, an address
_LISTED = re.compile(r"-.*|[A-Za-z0-9][^\s,;<>=!~@\[]*[ \t]*([\[<>=!~@;].*)?|.*://.*")
_OF_CONDA = frozenset(("name", "channels", "dependencies", "prefix", "platforms", "variables", "category"))
# bytes of a file that may be of conda's form, and how many such files and scripts of CI are looked at
_MOST_BYTES, _MOST_FILES = 1 << 16, 500
_CI = (".travis.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "appveyor.yml")
_CI_FOLDERS = (".github/workflows", ".ci", "ci", ".circleci", ".travis")
_INSTALL = re.compile(
    r"(?<![\w-])(?:pip[\d.]*|(?:micro)?mamba|conda|uv)[ \t]"
    r"([^\n;&|]{0,200}?(?<![\w-])(?:install|create|add)[ \t][^\n;&|`]*)"
)
_WITH_VALUE = r"(?<!\S)(?:-[cnprf]|--(?:channel|name|prefix|requirement|file|index-url|extra-index-url))[ \t=]+\S+"
_FIXED = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "pixi.toml")


class Declared:
    """The distributions a project declares, normalised; `known` is False when some manifest cannot be read whole."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.files: list[str] = []
        self.known = True

    def add(self, requirement: object) -> None:
        found = re.match(_NAME, str(requirement))
        if found:
            self.names.add(normalised(found.group(1)))
            for extra in found.group(2).split(",") if found.group(2) else ():
                # what an extra brings is mostly called so: `prefect[dask]`, prefect-dask
                self.names.add(normalised(f"{found.group(1)}-{extra.strip()}"))


def normalised(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Manifests:
    """What the manifests of a project's tree declare: those of a folder hold for all that is below it."""

    def __init__(self, project: Project) -> None:
        self.by_folder: dict[str, Declared] = {}
        self._of: dict[str, Declared] = {}
        self.images = Declared()
        self._project = project
        self._tree = project.tree
        self._further: bool | None = None
        self._seen: set[str] = set()
        for path in _manifests(project):
            self._seen.add(os.path.normpath(path))
            text = project.tree.read(path)
            if text is not None and _is_manifest(path, text):
                found = self.by_folder.setdefault(os.path.dirname(os.path.normpath(path)), Declared())
                if _lists(os.path.basename(path), text):
                    found.files.append(path)
                _read(path, text, found, project)
        for path in project.paths:
            name = os.path.basename(path)
            if "ockerfile" in name or name.startswith("Containerfile"):
                _image(project.tree.read(path) or "", path, self.images)

    @property
    def any(self) -> bool:
        """Whether there are manifests, and not only empty ones."""
        return bool(self.images.files) or len(self.empty) < len(self.by_folder)

    @cached_property
    def empty(self) -> list[str]:
        """The manifests in which nothing stands, where a folder has no other."""
        folders = [found.files for found in self.by_folder.values() if found.files and not found.names]
        return [files[0] for files in folders if not any(self._says_anything(path) for path in files)]

    def _says_anything(self, path: str) -> bool:
        return re.search(r"(?m)^[ \t]*[^\s#]", self._tree.read(path) or "") is not None

    def look_further(self) -> bool:
        """Read, once, the manifests that no name tells, or that discovery left out; whether there are some."""
        if self._further is None:
            self._further = False
            for path in sorted(self._tree.called(_YAML))[:_MOST_FILES]:
                path = os.path.normpath(path)
                text = _of_conda(self._tree.content(path, _MOST_BYTES) or b"") if path not in self._seen else None
                if text is not None:
                    _environment(text, self._further_in(path))
            for path in sorted({*self._tree.called(_LIST), *self._tree.called(_EXPORT)})[:_MOST_FILES]:
                path = os.path.normpath(path)
                text = self._tree.read(path, _MOST_BYTES) if path not in self._seen else None
                if text is not None and _is_list(os.path.basename(path), text):
                    requirements(path, text, self._further_in(path), self._project)
            self._of.clear()
        return self._further

    def _further_in(self, path: str) -> Declared:
        """What is declared in a file's folder, to which the file is added."""
        self._further = True
        found = self.by_folder.setdefault(os.path.dirname(path), Declared())
        found.files.append(path)
        return found

    @cached_property
    def installed_by_ci(self) -> Declared:
        """What scripts of continuous integration install by name."""
        root = self._tree.root
        paths = [*_CI]
        for folder in _CI_FOLDERS:
            walked = islice(self._tree.walk(os.path.join(root, folder)), _MOST_FILES)
            paths += [f"{folder}/{name}" for name, _ in walked if re.search(r"\.(ya?ml|(ba)?sh)$|(^|/)[^.]+$", name)]
        return self._installed_by(os.path.join(root, path) for path in paths)

    @cached_property
    def installed_by_set_up(self) -> Declared:
        """What scripts that make the environment install by name: `create_env.sh`, `install.sh`."""
        return self._installed_by(sorted(self._tree.called(_SET_UP))[:_MOST_FILES])

    @cached_property
    def told_by_readme(self) -> Declared:
        """What people are told to install, by a command or by its version; names of other things are among them."""
        paths = sorted(self._tree.called(_README))[:_MOST_FILES]
        found = self._installed_by(paths)
        for path in paths:
            for listed, compared in _VERSIONED.findall(self._tree.read(path, _MOST_BYTES) or ""):
                found.add(listed or compared)
        return found

    def _installed_by(self, paths: Iterable[str]) -> Declared:
        """What the commands of some files install by name."""
        found = Declared()
        for path in paths:
            text = self._tree.read(path, _MOST_BYTES) or ""
            for command in _INSTALL.findall(re.sub(r"(?m)(?<!\S)#.*$", "", text.replace("\\\n", " "))):
                for word in re.sub(_WITH_VALUE, "", command).split():
                    found.add(word.strip("\"'"))
        found.names -= {"pip", "setuptools", "wheel"}
        return found

    @cached_property
    def recipes(self) -> list[str]:
        """The texts of what builds the environment in another way: recipes of Apptainer, the set-up of benchmarks."""
        texts = (self._tree.read(path) or "" for path in self._tree.called(_RECIPE))
        return [text for text in texts if re.search(r"(?im)^bootstrap[ \t]*:|\"(matrix|req|install_command)\"", text)]

    def is_in_recipe(self, names: Iterable[str]) -> bool:
        """Whether a recipe speaks of one of these packages, by whatever command it installs it."""
        words = "|".join(re.escape(name) for name in names)
        return any(re.search(rf"(?i)(?<![\w-])({words})(?![\w-])", text) for text in self.recipes)

    def of(self, path: str) -> Declared:
        """What is declared for a file: by its folder's manifests, those above, and by the images of the tree."""
        folder = os.path.dirname(os.path.normpath(path))
        if folder not in self._of:
            self._of[folder] = self._of_folder(folder)
        return self._of[folder]

    def _of_folder(self, folder: str) -> Declared:
        found = Declared()
        found.names |= self.images.names
        while True:
            here = self.by_folder.get(folder)
            if here is not None:
                found.names |= here.names
                found.files += here.files
                found.known = found.known and here.known
            if not folder:
                return found
            folder = os.path.dirname(folder) if folder != os.path.dirname(folder) else ""


def _manifests(project: Project) -> Iterator[str]:
    seen = set()
    for path in project.paths:
        name = os.path.basename(path)
        if name in _FIXED or _REQUIREMENTS.search(name) or _ENVIRONMENT.search(name):
            seen.add(os.path.normpath(path))
            yield path
    for name in (*_FIXED, "requirements.txt", "environment.yml"):
        path = os.path.normpath(os.path.join(project.tree.root, name))
        if path not in seen and project.tree.size(path) is not None:
            yield path


def _is_manifest(path: str, text: str) -> bool:
    """Whether a file is what its name says: YAML called so may be of another program, of several documents say."""
    if not path.endswith((".yml", ".yaml")):
        return True
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.composer.ComposerError:
        return False
    except (yaml.YAMLError, ValueError, RecursionError):
        return "dependencies:" in text
    return isinstance(data, dict) and "dependencies" in data


def _lists(name: str, text: str) -> bool:
    """Whether a manifest holds requirements, and not only the settings of tools or the name of a package."""
    if name == "pyproject.toml":
        return (
            re.search(r"(?m)^[ \t]*\[(project|dependency-groups|tool\.(poetry|pdm|pixi|uv|flit|hatch))\b", text)
            is not None
        )
    return name not in ("setup.py", "setup.cfg") or "requires" in text


def _is_list(name: str, text: str) -> bool:
    """Whether a text has the form of a list of requirements: a name a line, and perhaps a version.

    Where its name may be that of a list of variables, `env.txt`, it has to be one that conda has exported.
    """
    lines = [said for line in text.splitlines() if (said := line.split("#")[0].strip())]
    form = _LISTED if _LIST.fullmatch(name) else _EXPORTED
    return bool(lines) and (_HEAD.search(text) is not None or all(form.fullmatch(line) for line in lines))


def _of_conda(data: bytes) -> str | None:
    """The text of a file that has the form of conda's environments, whatever its name; None for any other."""
    if not re.search(rb"(?m)^dependencies[ \t]*:", data):
        return None
    import yaml

    text = data.decode("utf-8", "replace")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not _OF_CONDA.issuperset(found):
        return None
    listed = found.get("dependencies")
    if not isinstance(listed, list) or not listed:
        return None
    packages = (isinstance(each, str) or (isinstance(each, dict) and each.keys() == {"pip"}) for each in listed)
    return text if all(packages) else None


def _read(path: str, text: str, found: Declared, project: Project) -> None:
    name = os.path.basename(path)
    try:
        if name in ("pyproject.toml", "pixi.toml", "Pipfile"):
            _toml(parse_toml(text), found)
        elif name == "setup.cfg":
            _setup_cfg(text, found)
        elif name == "setup.py":
            _setup_py(text, found)
        elif name.endswith((".yml", ".yaml")):
            _environment(text, found)
        else:
            requirements(path, text, found, project)
    except (ValueError, AttributeError, TypeError, SyntaxError, RecursionError):
        found.known = False


def requirements(path: str, text: str, found: Declared, project: Project, depth: int = 0) -> None:
    """A requirements file, with those it includes (`-r`, `-c`)."""
    for line in text.splitlines():
        line = line.split(" #")[0].strip()
        included = re.match(r"(?:-r|-c|--requirement|--constraint)[ =]*(\S+)", line)
        if included and depth < 8:
            other = os.path.join(os.path.dirname(path), included.group(1))
            requirements(other, project.tree.read(other) or "", found, project, depth + 1)
        elif exported := _ADDRESS.fullmatch(line):
            found.add(exported.group(1))
        elif line and not line.startswith(("#", "-")):
            egg = re.search(r"#egg=([\w.-]+)|/([\w.-]+?)(?:\.git)?(?:@[\w./-]+)?$", line) if "://" in line else None
            found.add((egg.group(1) or egg.group(2)) if egg and "@ " not in line else line)


def _toml(data: dict[str, Any], found: Declared) -> None:
    project = data.get("project", {})
    for each in project.get("dependencies", ()):
        found.add(each)
    for group in (*project.get("optional-dependencies", {}).values(), *data.get("dependency-groups", {}).values()):
        for each in group:
            if isinstance(each, str):
                found.add(each)
    if "dependencies" in project.get("dynamic", ()):
        found.known = False
    if "name" in project:
        found.add(project["name"])
    tool = data.get("tool", {})
    tables = [tool.get("poetry", {}), tool.get("pixi", {}), tool.get("pdm", {}), data if "project" not in data else {}]
    for table in tables:
        _tables(table, found)


def _tables(table: dict[str, Any], found: Declared) -> None:
    """`dependencies` tables as poetry and pixi write them, also inside groups, features and targets."""
    for key, value in table.items():
        if not isinstance(value, dict):
            continue
        if key.endswith("dependencies") or key in ("packages", "dev-packages"):
            for name in value:
                found.add(name)
        elif key in ("group", "feature", "target", "environments") or any(isinstance(v, dict) for v in value.values()):
            _tables(value, found)


def _setup_cfg(text: str, found: Declared) -> None:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        found.known = False
        return
    for section in ("options", "options.extras_require"):
        if parser.has_section(section):
            for key, value in parser.items(section):
                if section != "options" or key == "install_requires":
                    for line in value.splitlines():
                        found.add(line)
                    found.known = found.known and "file:" not in value


def _setup_py(text: str, found: Declared) -> None:
    """`install_requires` and `extras_require` of `setup(...)`, as far as they are literal."""
    import ast

    from canfar_lint.model.python import PythonModule
    from canfar_lint.source import PYTHON, Source

    module = PythonModule(Source("setup.py", PYTHON, text))
    for call in module.all_calls:
        if module.qualified(call.func).endswith(".Extension") and call.args:
            built = module.constant(call.args[0])
            found.add(built if isinstance(built, str) else "")
        for keyword in call.keywords:
            if keyword.arg in ("install_requires", "extras_require", "extras_requires", "requires"):
                value = module.resolve(keyword.value)
                if not isinstance(value, (ast.List, ast.Tuple, ast.Dict)):
                    found.known = False
                for node in ast.walk(value):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        found.add(node.value)
            elif keyword.arg == "name" and isinstance(module.constant(keyword.value), str):
                found.add(module.constant(keyword.value))


def _environment(text: str, found: Declared) -> None:
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        found.known = False
        return
    stack = list(data.get("dependencies") or ()) if isinstance(data, dict) else []
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            found.add(each.rpartition("::")[2])
        elif isinstance(each, dict):
            stack += [item for items in each.values() if isinstance(items, list) for item in items]


def _image(text: str, path: str, found: Declared) -> None:
    """The packages that a Dockerfile's pip and conda commands name."""
    if not re.search(r"\b(pip|conda|mamba|uv)\b", text):
        return
    from canfar_lint.model.dockerfile import read
    from canfar_lint.source import DOCKERFILE, Source

    for instruction in read(Source(path, DOCKERFILE, text)).all("RUN"):
        for script in instruction.scripts:
            for command in script.commands:
                words = [word.value for word in command.words if word.value]
                if {"install", "create", "sync", "add"} & set(words):
                    found.files.append(path)
                    for word in words:
                        found.add(word.strip("\"'"))
