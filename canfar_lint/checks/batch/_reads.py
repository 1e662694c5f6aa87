"""The calls that read a file of data, with the argument that names it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.checks._outputs import Named, Output, names_of
from canfar_lint.checks.batch._datasets import CASA_FIRST, MAKING
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import PARAMETER, Value, join

if TYPE_CHECKING:
    from canfar_lint.catalogue.rule import Rule
    from canfar_lint.model.python import PythonModule
    from canfar_lint.model.scopes import Binding

_READS = re.compile(r"(?i)^(read|load)|_(read|load)$|^(from_file|get_?data)$")
_SHOWS = frozenset(("show_regions", "show_contour"))
_HANDED_ON = ("astropy.", "spectral_cube.", "specutils.", "ccdproc.")
_CASA = ("casatasks.", "casa.", "tasks.", "casaplotms.")
_SIDE_BY_SIDE = ("builtins.enumerate", "builtins.zip")
_SEARCHES = ("re.findall", "re.finditer", "re.split", "numpy.fromstring", "builtins.eval", "ast.literal_eval")
# letters of a task's name that do not stand in another word by chance
_TELLING = 5
_MAPS = frozenset(("map", "imap", "imap_unordered", "map_async", "process_map", "thread_map"))
# libraries whose readers are known by name, and those that call what is made a file's argument too
_KNOWN = frozenset(("numpy", "pandas", "matplotlib", "pylab", "pyraf", "iraf", "casatasks", "casatools", "seaborn"))
_PACKAGES = frozenset(("astropy", "scipy", "sherpa", "torch", "tensorflow", "keras", "h5py", "healpy", "yt", "fitsio"))
# whose members are no files
_ARCHIVES = ("zipfile.ZipFile().", "tarfile.open().")
# functions that are given several files to read, one after the other
_TAKES = re.compile(r"(?i)(set_?up|read|load|open|compare|cross|match)")
# what keeps the state of a training, or a record, and what holds the values of options that nobody gives
_INPUT = re.compile(
    r"(?i)(in|input|star|cat|catalog(ue)?|data|mask|spec|spectrum|image|img|ref|reference|table|event|evt|psf|model|lens|"
    r"source|src|cube|flat|dark|bias|map|line|linelist|filter|region|sample|photometry|lightcurve|response|"
    r"fits|csv|tsv|hdf5?|h5|np[yz]|parquet|votable|visibility|ms|psd|asd|par|tim|timing|toa|fil(terbank)?)s?"
    r"_?(file|filename|file_?path|path|fn)"
)
_KEEPS = re.compile(r"(?i)checkpoint|logger$|recorder$|saver$|backend$|^(arguments|options|defaults)$")
# what is only said, but by a package of the field, whose `fits.info` reads
_SAYS = frozenset(("debug", "info", "warn", "warning", "error", "critical", "exception"))
_NAMES_PATH = re.compile(
    r"(?i)path|file_?name|base_?name|(^|_)name|file$|dir|fn$|join|root|suffix|column|(^|_)(set|add|has|is|check|test)_"
)


def reads(module: PythonModule, rule: Rule) -> list[Output]:
    """The calls that read a file, in source order; each element of a list of names by itself."""
    found: dict[tuple[ast.Call, ast.expr], Output] = {}
    for read in _found(module, rule):
        for name in _elements(module, read.name):
            found.setdefault((read.call, name), Output(read.call, name, read.does))
    return sorted(found.values(), key=lambda read: (read.call.lineno, read.call.col_offset))


def _elements(module: PythonModule, name: ast.expr) -> list[ast.expr]:
    listed = module.resolve(name)
    if isinstance(listed, ast.Subscript):
        listed = _run_through(module, listed) or listed
    if isinstance(listed, (ast.List, ast.Tuple)) and not any(isinstance(each, ast.Starred) for each in listed.elts):
        return listed.elts[:64]
    return [name]


def _run_through(module: PythonModule, one: ast.Subscript) -> ast.expr | None:
    """The list of which a loop takes one after the other: `names[i]` in `for i in range(len(names))`."""
    bindings = module.bindings(one.slice) if isinstance(one.slice, ast.Name) else []
    listed = module.resolve(one.value)
    if not bindings or any(binding.kind != "for" for binding in bindings):
        return None
    return listed if isinstance(listed, (ast.List, ast.Tuple)) else None


def _found(module: PythonModule, rule: Rule) -> Iterator[Output]:
    readers = rule.table("readers")
    for call in module.calls(readers):
        for dotted in module.qualified_all(call.func):
            name = module.argument(call, *readers[dotted]) if dotted in readers else None
            if name is not None:
                yield Output(call, name, "read")
    yield from _by_tail(module, readers)
    yield from _by_word(module, readers)
    yield from _by_keyword(module, readers)
    yield from _opened(module, rule.table("openers"))
    yield from _of_casa(module, rule.table("casa"), rule.table("casa_tools"))


def _opened(module: PythonModule, openers: dict[str, list[Any]]) -> Iterator[Output]:
    for call in module.calls(openers):
        for dotted in module.qualified_all(call.func):
            if dotted in openers:
                parameter, index, mode, mode_index, default = openers[dotted]
                given = module.argument(call, mode, mode_index)
                how = default if given is None else module.constant(given)
                name = module.argument(call, parameter, index)
                if name is not None and isinstance(how, str) and how[:1] == "r":
                    yield Output(call, name, "read")


def _of_casa(module: PythonModule, tasks: dict[str, list[str]], tools: list[str]) -> Iterator[Output]:
    """Tasks of CASA, also by their bare names as scripts run inside CASA call them, and its tools: `ia.open("x")`."""
    for task, parameters in tasks.items():
        for call in module.calls_named(task):
            names = module.qualified_all(call.func)
            bare = isinstance(call.func, ast.Name) and not names and not module.bindings(call.func)
            if bare or any(name.startswith(_CASA) for name in names):
                for at, parameter in enumerate(parameters):
                    given = module.argument(call, parameter, 0 if at == 0 and parameter in CASA_FIRST else None)
                    if given is not None:
                        yield Output(call, given, "read")
    for call in module.all_calls:
        vis = module.keyword(call, "vis") if call.keywords else None
        if vis is not None and _is_around_task(module, call, tasks):
            yield Output(call, vis.value, "read")
    for call in module.methods(("open",)):
        tool = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(tool, ast.Name) and tool.id in tools and call.args and not module.bindings(tool):
            yield Output(call, call.args[0], "read")


def _is_around_task(module: PythonModule, call: ast.Call, tasks: Iterable[str]) -> bool:
    """Whether a function of another file has the name of a task in its own: `tclean_wrapper(vis="m31.ms")`."""
    last = _last(call)
    if last in tasks or module.function_named(call.func) is not None:
        return False
    return any(task in last for task in tasks if len(task) >= _TELLING)


def is_of_casa(module: PythonModule, call: ast.Call, rule: Rule) -> bool:
    """Whether a call is of a task of CASA, whose data have names of their own."""
    tool = call.func.value if isinstance(call.func, ast.Attribute) else None
    if _last(call) in rule.table("casa") or _is_around_task(module, call, rule.table("casa")):
        return True
    return isinstance(tool, ast.Name) and tool.id in rule.table("casa_tools")


def _last(call: ast.Call) -> str:
    """The last part of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _by_keyword(module: PythonModule, readers: dict[str, list[Any]]) -> Iterator[Output]:
    """Functions of the project that are handed a file by a name that says so: `contrast(starfile="m31.vot")`."""
    for call in module.all_calls:
        given = [keyword for keyword in call.keywords if keyword.arg and _INPUT.fullmatch(keyword.arg)]
        if not given or module.function_named(call.func) is not None or not _is_of_project(module, call):
            continue
        if any(name in readers for name in module.qualified_all(call.func)):
            continue
        if MAKING.search(module.code(call.func)) or _KEEPS.search(_last(call)):
            continue
        for keyword in given:
            if _is_written_out(module.resolve(keyword.value)):
                yield Output(call, keyword.value, "read")


def _by_word(module: PythonModule, readers: dict[str, list[Any]]) -> Iterator[Output]:
    """Functions of other modules that are handed a file: `readcol.readcol("lines.dat")`, `Spectrum("m31.fits")`."""
    for call in module.all_calls:
        first = call.func.value if isinstance(call.func, ast.Attribute) else call.func
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if not call.args or any(name in readers for name in module.qualified_all(call.func)):
            continue
        told = _READS.search(last) is not None
        bindings = module.bindings(first) if isinstance(first, ast.Name) else []
        if bindings and all(binding.kind == "import" for binding in bindings):
            found = told or _is_handed_on(module, call)
        else:
            method = isinstance(call.func, ast.Attribute) and (told or last in _SHOWS)
            found = method and _is_written_out(call.args[0]) and module.function_named(call.func) is None
            found = found and not module.qualified(call.func).startswith(_ARCHIVES)
        if found:
            yield Output(call, call.args[0], "read")
            further = call.args[1:] if _TAKES.match(last) and _is_of_project(module, call) else []
            yield from (Output(call, given, "read") for given in further if _is_written_out(given))


def _is_of_project(module: PythonModule, call: ast.Call) -> bool:
    """Whether a function is of a module of the project, as far as its name goes: of none that is known."""
    root = module.qualified(call.func).lstrip(".").partition(".")[0]
    return root not in sys.stdlib_module_names and root not in _KNOWN and root not in _PACKAGES


def _is_written_out(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp))


def _is_handed_on(module: PythonModule, call: ast.Call) -> bool:
    """Whether a function of a project, or of a package of its field, is given a name and nothing says what for."""
    name = module.qualified(call.func)
    root, last = name.lstrip(".").partition(".")[0], name.rpartition(".")[2]
    if root in sys.stdlib_module_names or root in _KNOWN or not _is_written_out(call.args[0]):
        return False
    if last in _SAYS and root not in _PACKAGES:
        return False
    return not MAKING.search(name) and not _NAMES_PATH.search(last) and not _KEEPS.search(last)


def _by_tail(module: PythonModule, readers: dict[str, list[Any]]) -> Iterator[Output]:
    """Readers that come by way of another file of the project: `from setup import fits, SpectralCube`."""
    tails = {".".join(dotted.split(".")[-2:]): dotted for dotted in readers if dotted.startswith(_HANDED_ON)}
    for call in module.all_calls:
        if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
            continue
        dotted = tails.get(f"{call.func.value.id}.{call.func.attr}")
        if dotted is None or any(name in readers for name in module.qualified_all(call.func)):
            continue
        name = module.argument(call, *readers[dotted])
        if name is not None and all(b.kind == "import" for b in module.bindings(call.func.value)):
            yield Output(call, name, "read")


def more_names(module: PythonModule, read: Output) -> Iterator[Output]:
    """What else a name can be: given for a parameter that has a default, mapped over, or a dict's values in a loop."""
    bindings = module.bindings(read.name) if isinstance(read.name, ast.Name) else []
    for binding in bindings[:8]:
        if binding.kind == "param" and isinstance(binding.node, ast.arg):
            given = module.given(binding.node) if binding.value is not None else []
            yield from (Output(call, name, read.does) for call, name in given)
            yield from _mapped(module, binding.node, read.does)
        elif binding.kind == "for":
            if isinstance(binding.value, ast.Call):
                yield from (Output(read.call, name, read.does) for name in _of_dict(module, binding.value))
            yield from _of_given_lists(module, binding, read)


def _mapped(module: PythonModule, parameter: ast.arg, does: str) -> Iterator[Output]:
    """The elements of the lists that a parameter's function is mapped over: `pool.map(read, ["a.fits"])`."""
    function = module.parent(parent) if (parent := module.parent(parameter)) is not None else None
    if not isinstance(function, ast.FunctionDef) or parameter not in function.args.args:
        return
    at = function.args.args.index(parameter) + 1
    for call in module.callers().get(function, [])[:16]:
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if last in _MAPS and at < len(call.args) and module.function_named(call.args[0]) is function:
            yield from (Output(call, name, does) for name in _elements(module, call.args[at]))


def _of_given_lists(module: PythonModule, binding: Binding, read: Output) -> Iterator[Output]:
    """The elements of the lists that a function is given, where a loop runs over the parameter."""
    loop = module.parent(binding.node)
    if not isinstance(loop, (ast.For, ast.comprehension)):
        return
    over: ast.expr | None = loop.iter
    target = loop.target
    if isinstance(over, ast.Call) and isinstance(target, ast.Tuple) and module.qualified(over.func) in _SIDE_BY_SIDE:
        places = [isinstance(each, ast.Name) and each.id == getattr(read.name, "id", "") for each in target.elts]
        at = places.index(True) if True in places else -1
        at -= module.qualified(over.func) == "builtins.enumerate"
        over = over.args[at] if 0 <= at < len(over.args) else None
    for outer in module.bindings(over) if isinstance(over, ast.Name) else ():
        if outer.kind == "param" and isinstance(outer.node, ast.arg):
            for call, given in module.given(outer.node):
                if isinstance(module.resolve(given), (ast.List, ast.Tuple)):
                    yield from (Output(call, name, read.does) for name in _elements(module, given))


def _of_dict(module: PythonModule, iterated: ast.Call) -> list[ast.expr]:
    """The values of a dict that a loop runs over by `values()` or `items()`."""
    if not isinstance(iterated.func, ast.Attribute) or iterated.func.attr not in ("values", "items"):
        return []
    made = module.resolve(iterated.func.value)
    return made.values[:64] if isinstance(made, ast.Dict) else []


def is_read_as_data(module: PythonModule, call: ast.Call) -> bool:
    """Whether the lines of a file that is opened are looked at one by one, or split, or handed to a reader."""
    parent = module.parent(call)
    if isinstance(parent, ast.withitem) and isinstance(parent.optional_vars, ast.Name):
        return any(_takes_lines(module, use) for use in module.named(parent.optional_vars.id)[:20])
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return any(_takes_lines(module, use) for use in module.named(parent.targets[0].id)[:20])
    return _takes_lines(module, call)


def _takes_lines(module: PythonModule, handle: ast.expr) -> bool:
    parent = module.parent(handle)
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is handle
    if isinstance(parent, ast.Call):
        return handle in parent.args and not isinstance(module.parent(parent), COMPREHENSIONS)
    if not isinstance(parent, ast.Attribute):
        return False
    if parent.attr in ("readlines", "readline"):
        return True
    call = module.parent(parent)
    if parent.attr != "read" or not isinstance(call, ast.Call):
        return False
    statement = module.parent(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    uses = module.named(target.id)[:20] if isinstance(target, ast.Name) else []
    return any(_is_taken_apart(module, text) for text in (call, *uses))


def _is_taken_apart(module: PythonModule, text: ast.expr) -> bool:
    """Whether a whole text is split, or searched for what is in it: `re.findall(number, file.read())`."""
    parent = module.parent(text)
    if isinstance(parent, ast.Call):
        return module.qualified(parent.func) in _SEARCHES
    return isinstance(parent, ast.Attribute) and parent.attr in ("split", "splitlines", "findall", "finditer")


def names(module: PythonModule, read: Output) -> Iterator[Named]:
    """What a file can be named, as values with the call in which each is given."""
    for output in (read, *more_names(module, read)):
        for named in names_of(module, output):
            yield named
            yield from _ended(module, named)


def templates(module: PythonModule, read: Output) -> Iterator[Named]:
    """What is given for the parameter of a function that fills it in and reads that: `name % number`."""
    made = module.resolve(read.name)
    template: ast.expr | None = None
    if isinstance(made, ast.BinOp) and isinstance(made.op, ast.Mod):
        template = made.left
    elif isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr == "format":
        template = made.func.value
    if isinstance(template, ast.Name) and all(binding.kind == "param" for binding in module.bindings(template)):
        yield from names_of(module, Output(read.call, template, read.does))


def _ended(module: PythonModule, named: Named) -> Iterator[Named]:
    """A name that ends in a parameter, with what calls give for it: `open("data/" + name)` in `read("m31.fits")`."""
    *start, last = named.value.pieces or (None,)
    if not start or last is None or last.source != PARAMETER or not isinstance(last.node, ast.arg):
        return
    calls = module.given(last.node)
    known = Value(named.value.kind, named.value.pieces[:-1])
    for call, given in [each for each in calls if each[0] is named.place] or calls:
        yield Named(join([known, module.value(given)], node=given), call)
