"""Tables read in one piece although their reader can stream, skip columns or stop."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.checks._inputs import (
    has_small_words,
    in_memory,
    is_packaged,
    is_small,
    path_of,
    small_file,
    unglued,
    words_in,
    words_of,
)
from canfar_lint.checks._outputs import WRITE, Output, names_of, outputs
from canfar_lint.checks.memory._large import is_plainly_large, remark_beside, said_of
from canfar_lint.checks.memory._short import is_answer, is_binned, is_one_row, is_saved_here
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule

_READS = re.compile(r"_*(read|load|get|open|parse|import)_")
# so many columns has no curve
_MANY = 7
# `image + ".cat"`
_ENDING = re.compile(r"[._-]\w*cat")
_IMAGE = re.compile(
    r"(?<![a-z])(im|img|image|frame|exposure|mosaic)s?(?![a-z])|image_?(file|name|path)|fits_?(file|name)"
)
# what a file takes, where its author says so
_SMALL_SIZE = re.compile(r"(?<![\d.])(?:\d+(?:\.\d+)? ?k(?:i?B|b)|\d{1,2}(?:\.\d+)? ?(?:MB|MiB|Mb|megabytes?))\b")
# what readers of a folder of parquet files pass over: it is about the data
_BESIDE_DATA = re.compile(r"(^|/)_[\w-]*(\.(parquet|arrow|feather))?$")
# what nobody does with a short table
_PACKED = (".csv.gz", ".tsv.gz", ".csv.bz2", ".csv.xz")
_CATALOGUE = re.compile(r"(?<![a-z])cat(s|file|path|name|tab|alog)?|cat(?![a-z])")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.Call] = set()
    for reader in rule.table("readers"):
        for call in module.calls(reader["calls"]):
            source = module.argument(call, reader["source"], 0)
            if call in seen or source is None or _is_bounded(module, call, reader):
                continue
            seen.add(call)
            if "tabled" in reader and not _is_table(module, call):
                continue
            if _is_harmless(module, rule, call, source) or _is_made_here(module, call, source):
                continue
            if (
                "text" not in reader
                or _is_catalogue(module, rule, call, source)
                or _is_anything(module, rule, call, source)
            ):
                yield rule.finding(
                    module.span(call.func),
                    variant=None if _is_surely_large(module, rule, call, source, reader) else "unknown",
                    question=small_file(module, source),
                    call=module.code(call.func),
                    instead=_instead(module, rule, call, source, reader),
                    fix=_scanned(module, rule, call),
                )


def _instead(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr, reader: dict[str, Any]) -> str:
    """What to do in place of reading it whole, as far as the file's packing and format let it."""
    packed = module.value(path_of(module, source)).suffix.lower().endswith(tuple(rule.table("packings")))
    given = module.keyword(call, "format")
    name = module.constant(given.value) if given is not None else None
    if name is None and module.value(path_of(module, source)).suffix.lower().endswith(".ecsv"):
        name = "ascii.ecsv"
    text = isinstance(name, str) and (name.startswith("ascii.") or "text" in reader)
    slow = text and str(name).removeprefix("ascii.").removeprefix("fast_") not in rule.table("in_chunks")
    kind = "packed" if packed else "slow" if slow else "instead"
    instead: str = reader.get(kind, reader["instead"])
    return instead


def _is_made_here(module: PythonModule, call: ast.Call, source: ast.expr) -> bool:
    """Whether a table is read that the program has written just before under the same name: it had it in memory."""
    path = path_of(module, source)
    function = module.function_of(call)
    before = [each for each in outputs(module) if each.does == WRITE and module.span(each.call) < module.span(call)]
    if any(module.function_of(each.call) is function and _is_downloaded(module, each, path) for each in before):
        return True
    read = {value.text for value in module.arriving(path)}
    if not read or None in read:
        return False
    made: set[str | None] = set()
    for output in outputs(module):
        if output.does != WRITE or _is_streamed(module, output.call):
            continue
        for value, place in names_of(module, output):
            earlier = module.span(place)[0] < module.span(call)[0]
            if earlier and module.function_of(place) in (function, None):
                made.add(value.text)
    return read <= made


def _is_downloaded(module: PythonModule, output: Output, path: ast.expr) -> bool:
    """Whether what a server has sent is written as it came, to a path or to one with an ending: `path + ".gz"`."""
    name = module.resolve(output.name)
    while isinstance(name, ast.BinOp):
        name = name.left
    kept = module.parent(output.call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else getattr(kept, "optional_vars", None)
    if module.code(name) != module.code(path) or not isinstance(target, ast.Name) or _is_streamed(module, output.call):
        return False
    calls = (module.parent(module.parent(use) or use) for use in module.loads(target.id))
    given = [call.args[0] for call in calls if isinstance(call, ast.Call) and call.args]
    return any(in_memory(module, each) or _is_answer(module, each) for each in given)


def _is_answer(module: PythonModule, node: ast.expr) -> bool:
    """`data` of `data = response.read()`."""
    read = module.resolve(node)
    made = read.func if isinstance(read, ast.Call) else None
    return isinstance(made, ast.Attribute) and made.attr == "read" and in_memory(module, made.value)


def _is_streamed(module: PythonModule, opened: ast.Call) -> bool:
    """Whether a file is written piece by piece, so that it may be larger than the memory."""
    kept = module.parent(opened)
    target = kept.optional_vars if isinstance(kept, ast.withitem) else None
    target = kept.targets[0] if isinstance(kept, ast.Assign) else target
    if not isinstance(target, ast.Name):
        return False
    uses = [use for use in module.named(target.id) if module.function_of(use) is module.function_of(opened)]
    return any(len(module.loops(use)) > len(module.loops(opened)) for use in uses)


def _scanned(module: PythonModule, rule: Rule, call: ast.Call) -> Fix | None:
    """A lazy frame of polars, collected at once: what is selected behind it can then move before the `collect()`."""
    lazy = rule.table("lazy").get(module.qualified(call.func))
    known = all(keyword.arg in rule.table("lazy_options") for keyword in call.keywords)
    if lazy is None or not isinstance(call.func, ast.Attribute) or len(call.args) > 1 or not known:
        return None
    end, last = module.span(call.func)[1], module.span(call)[1]
    edits = (Edit(end - len(call.func.attr), end, lazy), Edit(last, last, ".collect()"))
    return Fix(f"Use `{lazy}`", edits, UNSAFE)


def _is_bounded(module: PythonModule, call: ast.Call, reader: dict[str, Any]) -> bool:
    """Whether the call limits rows or columns, or may do so by `**kwargs`."""
    if module.is_open_ended(call):
        return True
    for name in reader["bounds"]:
        keyword = module.keyword(call, name)
        given = None if keyword is None else module.constant(keyword.value)
        if given is not None and given is not False:
            return True
    if "query" in reader:
        query = module.value(call.args[0]).skeleton.lower() if call.args else ""
        return "select" not in query or any(word in query for word in reader["query"])
    return False


def _is_harmless(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    if in_memory(module, source) or _is_said_small(module, call) or _is_asked_by_row(module, rule, call):
        return True
    if _BESIDE_DATA.search(module.value(path_of(module, source)).suffix) or is_one_row(module, call):
        return True
    packed = module.value(path_of(module, source)).suffix.lower().endswith(_PACKED)
    if not packed and is_small(module, source, rule.table("small")):
        return True
    large = _is_large(module, rule, source, rule.table("generic"))
    if not large and _is_doubtful(module, rule, call, source):
        return True
    if is_declared_small(module, rule, source) or _is_opened(module, source):
        return True
    key = module.argument(call, "key", 1) if module.qualified(call.func) == "pandas.read_hdf" else None
    named = module.constant(key)
    if isinstance(named, str) and re.search(rule.table("keys"), named.lower()):
        return True
    path = path_of(module, source)
    value = module.value(path)
    if value.text is None and (is_packaged(module, path) or _is_derived(module, path)):
        return True
    large = packed or _is_large(module, rule, source)
    if not large and (_is_small_by_use(module, rule, call, path) or _is_curve(module, call)):
        return True
    known = value.skeleton.lower().endswith(tuple(rule.table("table_suffixes")))
    return not known and any(_has_word(module, call, *entry) for entry in rule.table("lists"))


def _is_said_small(module: PythonModule, call: ast.Call) -> bool:
    """Whether the docstring of the function around, or a comment beside a call, gives a size of a few megabytes."""
    function = module.function_of(call)
    said = [ast.get_docstring(function) or ""] if function is not None else []
    return any(_SMALL_SIZE.search(text) for text in (*said, remark_beside(module, call)))


def _is_asked_by_row(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a server is asked about each row of a table, `for line in targets: Simbad.query_object(line["name"])`."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) and len(kept.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return False
    function = module.function_of(call)
    loops = [module.parent(use) for use in module.loads(target.id) if module.function_of(use) is function]
    for loop in loops:
        turns = isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name) and loop.iter.id == target.id
        calls = (each.func for each in ast.walk(loop) if isinstance(each, ast.Call)) if turns and loop else ()
        if any(isinstance(f, ast.Attribute) and re.search(rule.table("asking"), f.attr) for f in calls):
            return True
    return False


def _is_doubtful(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    """Whether words or a format say that a table is short, which they say of catalogues too."""
    if is_small(module, source, rule.table("short")):
        return True
    suffix = module.value(path_of(module, source)).skeleton.lower()
    formats = not suffix.endswith(tuple(rule.table("table_suffixes")))
    return formats and any(_has_word(module, call, *entry) for entry in rule.table("formats"))


def _is_surely_large(
    module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr, reader: dict[str, Any]
) -> bool:
    """Whether something says that a table is large, and nothing that it is short or the program's own."""
    if not is_plainly_large(module, rule, call, source, reader) or _is_doubtful(module, rule, call, source):
        return False
    if is_answer(module, rule, source) or is_binned(module, rule, call) or is_saved_here(module, call):
        return False
    if module.source.lies_in(rule.table("samples")):
        return False
    if "text" in reader and has_small_words(said_of(module, call, source), rule.table("short")):
        return False
    return not _is_response(module, rule, call, source, reader)


def _is_response(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr, reader: dict[str, Any]) -> bool:
    """Whether words say that a filter's curve or a detector's response is read, of any survey: some hundred rows."""
    if reader.get("bulk") or _is_bulk(module, rule, source):
        return False
    value = module.value(path_of(module, source))
    names = [value.skeleton.rpartition("/")[2], _root(source)]
    kept = module.parent_statement(call)
    if isinstance(kept, ast.Assign):
        names += [module.code(target) for target in kept.targets]
    said = unglued(" ".join(names)).lower()
    if _CATALOGUE.search(said) or re.search(rule.table("catalogues"), said):
        return False
    columns = module.keyword(call, "names")
    named = module.code(columns.value).lower() if columns is not None else ""
    return re.search(rule.table("curves"), said) is not None or re.search(rule.table("of_curves"), named) is not None


def _is_bulk(module: PythonModule, rule: Rule, source: ast.expr) -> bool:
    """Whether a path has the suffix of what is kept so because there is much of it."""
    return module.value(path_of(module, source)).suffix.lower().endswith(tuple(rule.table("bulk_suffixes")))


def _root(node: ast.expr) -> str:
    """The name an expression begins with: `bands` of `bands[i]`, not what a text is filled with."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_opened(module: PythonModule, source: ast.expr) -> bool:
    """Whether a table of a FITS file that is open already is taken, `Table.read(f[1])`: mapped as the file is."""
    taken = module.resolve(source)
    owner = taken.value if isinstance(taken, ast.Subscript) else taken
    return any(name.endswith(".fits.open()") or name == "pyfits.open()" for name in module.qualified_all(owner))


def _is_catalogue(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    """Whether a path, or what it becomes, has the suffix or the words of a catalogue, or many columns."""
    path = path_of(module, source)
    skeleton = module.value(path).skeleton.lower()
    if skeleton.endswith((*rule.table("table_suffixes"), ".cat", "data.txt", "data.dat")):
        return True
    if _is_series(module, rule, call):
        return False
    if _is_large(module, rule, source) or _has_columns(module, call) or _has_positions(module, rule, call):
        return True
    kept = module.parent(call)
    names = [module.code(kept.targets[0])] if isinstance(kept, ast.Assign) else []
    if len(names) == 1 and isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Tuple):
        names = []  # columns, by their names
    function = module.function_of(call)
    if function is not None and isinstance(path, ast.Name) and _READS.match(function.name):
        names.append(function.name)
    return not set(rule.table("large")).isdisjoint(words_in(" ".join(names)))


def _is_series(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether the first column is an axis and the others what is plotted over it: `ell, tt, ee = np.loadtxt(…)`."""
    kept = module.parent_statement(call)
    targets = kept.targets[0] if isinstance(kept, ast.Assign) else None
    names = module.keyword(call, "names")
    given = module.resolve(names.value) if names is not None else targets
    if not isinstance(given, (ast.Tuple, ast.List)) or not given.elts:
        return False
    first = given.elts[0]
    said = first.id if isinstance(first, ast.Name) else module.constant(first)
    return isinstance(said, str) and re.search(rule.table("axis"), unglued(said).lower()) is not None


def _is_anything(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    """Whether a text is read whose name the run decides, and nothing says that it is a curve or a list."""
    path = path_of(module, source)
    name = module.value(path).skeleton.rpartition("/")[2]
    if "{}" not in name or _is_series(module, rule, call):
        return False
    kept = module.parent_statement(call)
    targets = kept.targets if isinstance(kept, ast.Assign) else []
    if targets and isinstance(targets[0], (ast.Tuple, ast.List)) and len(targets[0].elts) < _MANY:
        return False
    columns = module.keyword(call, "names")
    function = module.function_of(call)
    names = [name.replace("{}", " "), _root(path), *(module.code(target) for target in targets)]
    names += [module.code(columns.value)] if columns is not None else []
    names += [function.name] if function is not None else []
    return re.search(rule.table("of_text"), unglued(" ".join(names)).lower()) is None


def _has_columns(module: PythonModule, call: ast.Call) -> bool:
    """Whether a text is read as a table of many columns: by what it is made into, or by the columns that are taken."""
    kept = module.parent(call)
    if isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Tuple):
        return len(kept.targets[0].elts) >= _MANY
    for word in ("dtype", "names"):
        keyword = module.keyword(call, word)
        given = module.resolve(keyword.value) if keyword is not None else None
        given = given.args[0] if isinstance(given, ast.Call) and given.args else given
        named = module.constant(given) if given is not None else None
        if isinstance(given, (ast.List, ast.Tuple)) and len(given.elts) >= _MANY:
            return True
        if isinstance(named, str) and len(named.split(",")) >= _MANY:
            return True
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    uses = module.named(target.id) if isinstance(target, ast.Name) else []
    function = module.function_of(call)
    return any(_takes_late_column(module, use) for use in uses if module.function_of(use) is function)


def _has_positions(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether right ascension and declination are taken from a table, `stars["RA"]` and `stars["DEC"]`."""
    names = _columns_taken(module, call)
    return not (names.isdisjoint(rule.table("right_ascensions")) or names.isdisjoint(rule.table("declinations")))


def _columns_taken(module: PythonModule, call: ast.Call) -> set[str]:
    """The columns that are taken from a table by their names, in lower case."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) and len(kept.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return set()
    function = module.function_of(call)
    above = [module.parent(use) for use in module.named(target.id) if module.function_of(use) is function]
    keys = {module.constant(each.slice) for each in above if isinstance(each, ast.Subscript)}
    return {key.lower() for key in keys if isinstance(key, str)}


def _is_table(module: PythonModule, call: ast.Call) -> bool:
    """Whether a reader of images and tables gives a table: it is made into one, or columns are taken by name."""
    made = module.parent(call)
    into = module.qualified(made.func) if isinstance(made, ast.Call) else ""
    return into.endswith((".Table", ".QTable", ".DataFrame")) or bool(_columns_taken(module, call))


def _takes_late_column(module: PythonModule, use: ast.Name) -> bool:
    """`stars[:, 7]`."""
    part = module.parent(use)
    index = part.slice if isinstance(part, ast.Subscript) and part.value is use else None
    column = module.constant(index.elts[1]) if isinstance(index, ast.Tuple) and len(index.elts) == 2 else None
    return isinstance(column, int) and column >= _MANY - 1


def _is_large(module: PythonModule, rule: Rule, source: ast.expr, generic: Collection[str] = ()) -> bool:
    """Whether words of a path are those of a catalogue, not counting some; a `galaxy` alone is one of them."""
    names = [name for name in words_of(module, source)[1].split() if name.lower() not in rule.table("single")]
    said = " ".join(names)
    words = {*rule.table("large")}.difference(generic)
    return not words.isdisjoint(words_in(said)) or re.search(rule.table("surveys"), unglued(said).lower()) is not None


def _is_small_by_use(module: PythonModule, rule: Rule, call: ast.Call, path: ast.expr) -> bool:
    """Whether a table is small by what it becomes, or by the function that reads it, where its path is silent."""
    if module.value(path).text is not None:
        return False
    if any(isinstance(each, ast.Lambda) for each in islice(module.ancestors(call), 4)):
        return True  # one of several readers: what it will be given is not known here
    names = []
    kept = module.parent(call)
    if isinstance(kept, ast.Assign) and len(kept.targets) == 1 and not isinstance(kept.targets[0], ast.Tuple):
        names.append(module.code(kept.targets[0]))
    function = module.function_of(call)
    if function is not None and isinstance(path, ast.Name) and _READS.match(function.name):
        names.append(function.name)
    given = words_of(module, path)[1]
    return not _CATALOGUE.search(" ".join((given, *names)).lower()) and has_small_words(
        " ".join(names), rule.table("uses")
    )


def _is_curve(module: PythonModule, call: ast.Call) -> bool:
    """`x, y = np.loadtxt(…, unpack=True)`: a curve or a series, a name for each of its few columns."""
    unpacked = module.keyword(call, "unpack")
    if unpacked is None or module.constant(unpacked.value) is not True:
        return False
    kept = module.parent(call)
    kept = module.parent(kept) if isinstance(kept, ast.Subscript) else kept
    return isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Tuple) and len(kept.targets[0].elts) <= 4


def _has_word(module: PythonModule, call: ast.Call, name: str, words: list[str]) -> bool:
    """Whether a keyword's value is one of the words, or begins with one that ends in a star."""
    keyword = module.keyword(call, name)
    if keyword is None:
        return False
    given = module.constant(keyword.value)
    text = given if isinstance(given, str) else module.code(keyword.value)
    return any(text.startswith(word[:-1]) if word.endswith("*") else text == word for word in words)


def _is_derived(module: PythonModule, path: ast.expr) -> bool:
    """Whether a name is another file's with its ending changed: the catalogue of one image."""
    made = module.resolve(path)
    if isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add):
        ending = module.constant(made.right)
        whose = made.left.attr if isinstance(made.left, ast.Attribute) else module.code(made.left)
        if isinstance(ending, str) and _ENDING.match(ending) and _IMAGE.search(whose.lower()):
            return True
    calls = [node for node in ast.walk(made) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    if any(module.qualified(call.func) == "re.sub" and _gives_ending(module, call) for call in calls):
        return True
    return any(
        call.func.attr == "with_suffix" or (call.func.attr == "replace" and module.constant(call.args[-1]) != "")
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.args
    )


def _gives_ending(module: PythonModule, call: ast.Call) -> bool:
    """`re.sub(".fits", ".coo", image)`."""
    ending = module.constant(module.argument(call, "repl", 1))
    return isinstance(ending, str) and re.match(r"[._-]\w", ending) is not None
