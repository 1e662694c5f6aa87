"""Imports of packages that no manifest declares."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Diagnostic, Edit, Fact, Fix
from canfar_lint.engine.file import in_pipeline, placed
from canfar_lint.model.metadata import blocks, declared
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.manifests import Declared, Manifests, normalised
from canfar_lint.source import PYTHON, Source, Undecodable, newline_in

if TYPE_CHECKING:
    import ast

# a line that begins with an import, to the end of its brackets
_AT_THE_MARGIN = r"(?m)^(?:import|from)[ \t][^\n(]*(?:\([^)]*\))?[^\n]*$"

# where builds put copies of the modules they pack
_BUILT = r"(?:^|(?<=/))(?:build/(?:lib[^/]*|bdist[^/]*)|dist|[^/]+\.egg-info|[^/]+\.egg)/"
_CODE = (".py", ".ipynb")
_OF_PACKAGE = frozenset(("pyproject.toml", "setup.cfg", "setup.py"))
# what makes another distribution of the same package: `tensorflow-gpu`, `psycopg2-binary`; not `matplotlib-inline`
_FLAVOUR = re.compile(
    r"[cgt]pu|cuda\w*|rocm\w*|mkl|openblas|nomkl|mpi\w*|openmpi|bin(ary)?|base|core|full|all|default|lib|lite|lts|"
    r"min(imal)?|slim|nightly|dev(el)?|headless|py(thon)?|py?[23]\w*|[\dv].*"
)
_MOST_PIECES = 8
_TELLING = 100_000
"""Characters from which Python 2 is told."""
_MOST = 20_000_000
"""Bytes of a file that is read at all."""


def check_project(project: Project, rule: Rule) -> Iterator[Diagnostic]:
    """A package that is declared nowhere is told once for each manifest that should name it, at its first import.

    The programs at the top of a tree come before the modules below them. A name that no package is known by may be a
    module of one's own, found on a path of one's own: it is told only where `uv run` gives the script nothing but what
    it declares.
    """
    manifests = Manifests(project)
    own = own_names(project)
    named = distributed(rule)
    told: set[tuple[str, str]] = set()
    for path, fact in importing(project, lambda path: path.count("/")):
        names = fact.data["names"]
        assert isinstance(names, list)
        foreign = [name for name in names if name not in own and name not in rule.table("shared")]
        if not project.whole:
            foreign = [name for name in foreign if not _is_on_disk(project, path, name)]
        if (
            foreign
            and path.endswith(_CODE)
            and in_pipeline(path)
            and not is_bootstrap(path)
            and not is_built(project, path)
        ):
            inline = _inline(project, path, manifests) if fact.data["inline"] else None
            if inline is None:
                foreign = [name for name in foreign if name in named]
            known = inline or _known(project, rule, path, foreign, manifests)
            if not any(_is_for(path, manifest) for manifest in known.files):
                continue
            if known.known and (inline or len(known.names) > 1):
                if inline is None:
                    foreign = [name for name in foreign if not _is_built_in(rule, name, known)]
                    foreign = [name for name in foreign if not _is_in_recipe(rule, name, known, manifests)]
                yield from _of_file(project, rule, path, foreign, known, told)


def importing(project: Project, order: Callable[[str], int]) -> list[tuple[str, Fact]]:
    """What the files import, programs before notebooks, then by `order` and path."""
    return sorted(
        project.facts.get("imports", ()), key=lambda each: (each[0].endswith(".ipynb"), order(each[0]), each[0])
    )


def _is_for(path: str, manifest: str) -> bool:
    """Whether a manifest says what a file needs: of a package's own no notebook is a part."""
    return not path.endswith(".ipynb") or os.path.basename(manifest) not in _OF_PACKAGE


def _known(project: Project, rule: Rule, path: str, names: list[str], manifests: Manifests) -> Declared:
    """What is declared for a file: files that only their form tells are looked for when one of `names` is not."""
    known = manifests.of(path)
    if all(is_declared(rule, name, known) for name in names) or not (known.files or project.whole):
        return known
    return manifests.of(path) if manifests.look_further() else known


def _is_in_recipe(rule: Rule, name: str, known: Declared, manifests: Manifests) -> bool:
    """Whether what no manifest declares is installed by a recipe or a set-up script, looked for only then."""
    if is_declared(rule, name, known):
        return False
    named = {name, *rule.table("distributions").get(name, ())}
    return manifests.is_in_recipe(named) or is_declared(rule, name, manifests.installed_by_set_up)


def _is_built_in(rule: Rule, name: str, known: Declared) -> bool:
    """Whether a program that runs scripts inside itself brings a module: nothing of it is declared as a package."""
    parts: list[str] = next((parts for parts in rule.table("built_in").values() if name in parts), [])
    return bool(parts) and not any(is_declared(rule, part, known) for part in parts)


def is_bootstrap(path: str) -> bool:
    """Whether a file sets up the tools of a build and comes with a template."""
    return os.path.basename(path) in ("ah_bootstrap.py", "ez_setup.py", "distribute_setup.py")


def is_built(project: Project, path: str) -> bool:
    """Whether a file is a copy that a build has left: the module itself is in the tree as well."""
    path = path.replace("\\", "/")
    built = re.search(_BUILT, path)
    if built is None:
        return False
    above, module = path[: built.start()], path[built.end() :]
    return any(project.file(os.path.join(above, folder, module.lstrip("/"))) for folder in ("", "src", "lib"))


def distributed(rule: Rule) -> frozenset[str]:
    """The imports that are known to be of a distribution."""
    return frozenset((*rule.table("distributions"), *rule.table("same")))


def _inline(project: Project, path: str, manifests: Manifests) -> Declared | None:
    """What a script itself declares, None when it tries to declare nothing.

    One that installs the project it belongs to has what that declares.
    """
    text = project.tree.read(path, _MOST) or ""
    if not any(block.type in ("", "script") for block in blocks(text)):
        return None
    known = Declared()
    known.files.append(path)
    inline = declared(text)
    known.known = inline is not None
    for each in (inline or {}).get("dependencies", ()):
        known.add(each)
    sources = (inline or {}).get("tool", {}).get("uv", {}).get("sources", {})
    if any(isinstance(source, dict) and "path" in source for source in sources.values()):
        known.names |= manifests.of(path).names
    return known


def _of_file(
    project: Project, rule: Rule, path: str, names: list[str], known: Declared, told: set[tuple[str, str]]
) -> Iterator[Diagnostic]:
    inline = known.files[0] == path
    where = path if inline else os.path.basename(next(each for each in known.files if _is_for(path, each)))
    asked = {name for name in names if (where, _distribution(rule, name)) not in told}
    missing = {name for name in asked if not is_declared(rule, name, known)}
    if not missing:
        return
    text = project.tree.read(path, _MOST) or ""
    needed = list(needed_imports(path, text, missing))
    sure = distributed(rule)
    names = [_distribution(rule, name) for _, _, name in needed if name in sure]
    for source, span, name in needed:
        wanted = _distribution(rule, name)
        if (where, wanted) in told:
            continue
        told.add((where, wanted))
        fix = _declaring(source.text, names) if inline and name in sure else None
        variant = "inline" if inline else None
        said = rule.finding(span, variant=variant, fix=fix, name=name, manifest=where, distribution=wanted)
        yield placed(source, said)


def _distribution(rule: Rule, name: str) -> str:
    """What is to be declared for an import."""
    return str(rule.table("distributions").get(name, [name])[0])


def _declaring(text: str, names: list[str]) -> Fix | None:
    """All distributions that are known and missing, added to the script's own list at once, in its style."""
    block = next(block for block in blocks(text) if block.type == "script")
    added = [f'"{name}"' for name in dict.fromkeys(names)]
    title = f"Declare {', '.join(f'`{name}`' for name in dict.fromkeys(names))}"
    lines = [(at, text[at : text.find("\n", at)].rstrip("\r")) for at, _ in block.body]
    first = next((i for i, (_, line) in enumerate(lines) if re.match(r"#\s*dependencies\s*=", line)), None)
    newline = newline_in(text)
    if first is None:
        at = text.index("\n", block.start) + 1
        return Fix(title, (Edit(at, at, f"# dependencies = [{', '.join(added)}]{newline}"),))
    at, line = lines[first]
    whole = re.fullmatch(r"#\s*dependencies\s*=\s*\[([^\[\]]*|.*\[[\w, ]*\].*?)(,?)\s*\]\s*(?:#.*)?", line)
    if whole is not None:
        end = at + whole.end(1)
        return Fix(title, (Edit(end, end, f"{', ' if whole.group(1).strip() else ''}{', '.join(added)}"),))
    return _in_rows(title, lines[first + 1 :], added, newline)


def _in_rows(title: str, lines: list[tuple[int, str]], added: list[str], newline: str) -> Fix | None:
    """A row each, behind the last row of the list."""
    last: tuple[int, re.Match[str]] | None = None
    for at, line in lines:
        if re.fullmatch(r"#\s*\]\s*(?:#.*)?", line):
            break
        item = re.fullmatch(r"""(#\s*)(?:"[^"]*"|'[^']*')(\s*,)?(\s*)(?:#.*)?""", line)
        if item is None and line.strip("# \t"):
            return None
        last = (at, item) if item is not None else last
    if last is None:
        return None
    at, item = last
    comma = item.group(2) or ""
    end = at + len(item.group())
    rows = [f"{newline}{item.group(1)}{name}," for name in added]
    rows[-1] = rows[-1] if comma else rows[-1].removesuffix(",")
    behind = at + item.start(3)
    kept = "" if comma else f",{item.group()[item.start(3) :]}"
    return Fix(title, (Edit(end if comma else behind, end, kept + "".join(rows)),))


def _is_on_disk(project: Project, path: str, name: str) -> bool:
    """Whether an import can mean a module of the project, when only some of its files were given."""
    folder = os.path.dirname(path)
    folders = {folder, os.path.dirname(folder), project.tree.root, os.path.join(project.tree.root, "src")}
    return any(
        os.path.exists(os.path.join(each, name)) or os.path.exists(os.path.join(each, f"{name}.py")) for each in folders
    )


def own_names(project: Project) -> frozenset[str]:
    """Everything that an import can mean inside the tree: modules and folders."""
    names = {os.path.basename(os.path.abspath(project.tree.root))}
    for path in project.paths:
        parts = path.replace("\\", "/").split("/")
        names.update(parts[:-1])
        names.add(parts[-1].rpartition(".")[0] or parts[-1])
    return frozenset(names)


def is_declared(rule: Rule, name: str, known: Declared) -> bool:
    wanted = [normalised(each) for each in rule.table("distributions").get(name, ())] or [normalised(name)]
    if known.names & set(wanted):
        return True
    if any(name in imports and each in known.names for each, imports in rule.table("brought").items()):
        return True
    # `python-foo`, `foo-bin`, `pyfoo`: a distribution that is plainly the package under another name
    plain = normalised(name).replace("-", "")
    for each in known.names:
        bare = each.removeprefix("python-").removeprefix("py").replace("-", "")
        first, _, flavour = each.partition("-")
        if plain == bare or (plain == first and _FLAVOUR.fullmatch(flavour)):
            return True
        if len(bare) > 4 and plain.startswith(bare):
            return True
    return False


def first_import(path: str, text: str, names: set[str]) -> tuple[Source, tuple[int, int], str] | None:
    """Where the first of these packages is imported."""
    return next(needed_imports(path, text, names), None)


def needed_imports(path: str, text: str, names: set[str]) -> Iterator[tuple[Source, tuple[int, int], str]]:
    """Where each of these packages is imported first, if the file cannot do without it: not optional, not in a def.

    Python 2 is left out, whose environment no manifest of today describes.
    """
    from canfar_lint.peers.ruff import holds_python2

    try:
        source = _decoded(path, text.encode("utf-8", "surrogateescape"))
    except Undecodable:
        return
    if holds_python2(source.code[:_TELLING]):
        return
    left = set(names)
    for statement in _imports(source, left):
        for name, at in _packages(source, statement):
            if name in left:
                left.discard(name)
                yield source, (at, at + len(name)), name


def _decoded(path: str, data: bytes) -> Source:
    if not path.endswith(".ipynb"):
        return Source.decode(path, PYTHON, data)
    from canfar_lint.model import notebook

    return notebook.read(path, data)


def _imports(source: Source, left: set[str]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run whenever the file does, as long as one of the names is left.

    Most stand at the beginning, so the text is parsed only as far as it must be: up to a line that imports one.
    """
    from canfar_lint.engine.models import Unreadable, parsed

    done = 0
    code = source.code
    ends = [line.end() for line in re.finditer(_AT_THE_MARGIN, code) if _words(line[0]) & left]
    for end in (*ends[:_MOST_PIECES], len(code)):
        if not left:
            return
        try:
            body = parsed(Source(source.path, PYTHON, code[:end])).body
        except Unreadable:  # what looks like an import stands in a text
            continue
        yield from _always(body[done:])
        done = len(body)


def _words(line: str) -> set[str]:
    return set(re.findall(r"\w+", line))


def _always(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports among statements and in the loops and `with` blocks of them."""
    import ast

    stack = [*reversed(body)]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, (ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While)):
            stack += [*reversed((*node.body, *getattr(node, "orelse", ())))]


def _packages(source: Source, statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, int]]:
    """The packages that a statement imports from, and where their names stand."""
    import ast

    def offset(row: int, column: int) -> int:
        line = source.line(row)
        return source.offset(row, len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")) + 1)

    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield alias.name.partition(".")[0], offset(alias.lineno, alias.col_offset)
    elif statement.module and not statement.level:
        name = statement.module.partition(".")[0]
        yield name, source.text.index(name, offset(statement.lineno, statement.col_offset) + len("from"))
