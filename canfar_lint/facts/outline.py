"""What a script says of what it runs and uses, for the join: a fact of the file alone, kept with its others.

It is made of the files that a request reaches, since only what runs in a session is asked for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from canfar_lint.catalogue import load
from canfar_lint.model.running import INLINE, UNKNOWN, Target, target
from canfar_lint.model.shell import Command, Script
from canfar_lint.source import NOTEBOOK, PYTHON, SHELL, Source

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule


class Outline(NamedTuple):
    """`runs` are the scripts, modules and programs it starts, `imports` the dotted names it imports.

    A relative import begins with its dots. `unknown` says that it runs something that cannot be told; `is_script`
    that running the file does work. `reads` and `writes` are the names of files that are literal. `differs` says that
    one run may differ from another (CAN203), `cuda` that a GPU is spoken of (CAN810), `optional` that an import may
    fail.
    """

    runs: tuple[Target, ...] = ()
    imports: tuple[str, ...] = ()
    unknown: bool = True
    is_script: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    differs: bool = False
    cuda: bool = False
    optional: bool = False

    @property
    def packages(self) -> frozenset[str]:
        """The top-level names of absolute imports."""
        return frozenset(name.partition(".")[0] for name in self.imports if not name.startswith("."))


_READERS = frozenset(
    (
        *("builtins.open", "astropy.io.fits.open", "astropy.io.fits.getdata", "astropy.table.Table.read", "h5py.File"),
        *("astropy.io.ascii.read", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "pandas.read_csv"),
        *("pandas.read_parquet", "pandas.read_hdf", "polars.read_csv", "polars.scan_csv", "polars.scan_parquet"),
        *("polars.read_parquet", "xarray.open_dataset", "glob.glob", "glob.iglob", "astropy.table.QTable.read"),
        *("ccdproc.CCDData.read", "astropy.nddata.CCDData.read", "asdf.open", "zarr.open", "yaml.safe_load"),
    )
)
_NOTHING = Outline()


def outline(path: str, kind: str, data: bytes) -> Outline:
    """The outline of a file; one that cannot be read runs what is not known."""
    try:
        if kind == NOTEBOOK:
            from canfar_lint.model import notebook

            source: Source = notebook.read(path, data)
        else:
            source = Source.decode(path, kind, data)
        if kind in (PYTHON, NOTEBOOK):
            return _python(source)
        return _shell(source) if kind == SHELL else _NOTHING
    except Exception:  # what the file's own lint says of it is said there
        return _NOTHING


def _python(source: Source) -> Outline:
    from canfar_lint.checks._commands import started
    from canfar_lint.engine.models import read_python
    from canfar_lint.model.python import PythonModule

    source, tree = read_python(source)
    module = PythonModule(source, tree)
    commands = [one.command for one in started(module)]
    runs = [target([_text(word) for word in (c.program, *c.arguments) if word]) for c in commands if c.words]
    imports = tuple(dict.fromkeys(_imports(tree)))
    made = Outline(_known(runs), imports, _unknown(runs), module.is_script, *_files(module), *_says(source.text))
    module.release()
    return made


def kept(written: Any) -> Outline | None:
    """The outline that was written as JSON; None for what is none."""
    try:
        runs, imports, unknown, is_script, reads, writes, *says = written
        targets = tuple(Target(str(kind), str(name)) for kind, name in runs)
        imported, read, wrote = (tuple(map(str, names)) for names in (imports, reads, writes))
        return Outline(targets, imported, bool(unknown), bool(is_script), read, wrote, *map(bool, says))
    except (TypeError, ValueError):
        return None


def _says(text: str) -> tuple[bool, bool, bool]:
    """Whether a text tells runs apart, speaks of a GPU, and bears that an import fails."""
    rules = load().rules
    differs = re.search("|".join(rules["CAN203"].table("differs")), text)
    cuda = re.search(rules["CAN810"].table("cuda"), text, re.IGNORECASE)
    return differs is not None, cuda is not None, "except ImportError" in text


def _files(module: PythonModule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The literal names of what a module reads and what it writes."""
    from canfar_lint.checks._outputs import names_of, outputs

    found = outputs(module)
    written = [name.value.text for output in found for name in names_of(module, output)]
    writing = {output.call for output in found}
    read: list[str | None] = []
    for call in module.calls(_READERS):
        if call not in writing and call.args:
            read.append(module.value(call.args[0]).text)
    return tuple(dict.fromkeys(filter(None, read))), tuple(dict.fromkeys(filter(None, written)))


def _known(runs: list[Target]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(run for run in runs if run.kind not in (UNKNOWN, INLINE)))


def _unknown(runs: list[Target]) -> bool:
    return any(run.kind == UNKNOWN for run in runs)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield origin
            for alias in node.names:
                if alias.name != "*":
                    yield f"{origin}.{alias.name}" if node.module else f"{origin}{alias.name}"


def _shell(source: Source) -> Outline:
    from canfar_lint.model.shell import parse

    script = parse(source.text)
    runs = [target(_words(script, command)) for command in script.commands if command.words]
    unknown = script.error is not None or _unknown(runs)
    return Outline(_known(runs), (), unknown, True, (), (), *_says(source.text))


def _words(script: Script, command: Command) -> list[str]:
    from canfar_lint.model.request.command_line import of_word

    words = [command.program, *command.arguments] if command.program is not None else command.words
    return [of_word(script, command, word).text for word in words if word is not None]


def _text(word: object) -> str:
    """A word with `{}` for what is not known."""
    value = getattr(word, "value", None)
    if isinstance(value, str):
        return value
    return "".join(part.text if part.kind == "literal" else "{}" for part in getattr(word, "parts", ()))
