"""Names of data files written into the script that reads them."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import is_fallback, is_shelved
from canfar_lint.checks._inputs import in_memory, is_packaged
from canfar_lint.checks._outputs import Output, file_literals, literal_span, names_of, outputs, texts_with
from canfar_lint.checks.batch._apart import goes_on, is_of_environment, path_around, paths_with
from canfar_lint.checks.batch._brought import is_brought
from canfar_lint.checks.batch._homes import homes
from canfar_lint.checks.batch._leftovers import is_left_over
from canfar_lint.checks.batch._made import is_made, is_stage, last_part, lies_in_made, made_by_import, made_names
from canfar_lint.checks.batch._reads import is_of_casa, is_read_as_data, names, reads, templates
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import (
    ARGUMENT,
    CONFIG,
    ENVIRONMENT,
    LITERAL,
    LOOP,
    OVERRIDABLE,
    PARAMETER,
    UNIQUE,
    Piece,
    Value,
)

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_FOLDER = re.compile(r"(?i)(dir|directory|folder|path|root)s?$")
_SETTINGS = re.compile(r"(?i)(^|[._])(config|conf|cfg|settings)$")
# what of the settings is the place of all inputs, in which the script itself says what it reads
_OF_DATA = re.compile(r"(?i)(d|data|raw|raw_?data|inputs?)_?(dir|directory|folder|path|root)s?")
_SETTINGS_MAKER = re.compile(r"(?i)config|settings|yaml|toml|\b(conf|cfg)")
_SETTINGS_FILE = re.compile(r"(?i)\.(ya?ml|toml|ini|cfg|conf|json)$")
_TOLD_FOLDER = re.compile(r"(?i)(dir|directory|folder|root)s?$")
# what gives the same path, or the folder it is in
_SAME_PLACE = frozenset(
    f"os.path.{name}" for name in ("abspath", "realpath", "normpath", "expanduser", "expandvars", "dirname")
) | {"pathlib.Path"}
_NOT_PROJECTS = ("os.", "pathlib.", "tempfile.", "shutil.", "sys.")
_DEEPEST = 3
_PARSED = re.compile(r"(p?args?|opts?|options?|namespace|flags)", re.IGNORECASE)
_SECRET = re.compile(r"(?i)(^|[_.-])(secrets?|credentials?|passwords?|tokens?|settings?|config)([_.-]|$)")
_NO_DATA = re.compile(
    r"(?i)config|setting|param|option|schema|manifest|default|metadata|login|user|setup|version|readme|licen[cs]e|"
    r"requirement|template|header|prompt|summary|junk|(?<![a-z])(conf|cfg|logs?|notes?|help|te?mp|auth|keys?)(?![a-z])"
)
# a number of an object, or a night: such a name is of data, whatever words stand in it
_OF_ONE = re.compile(r"\d{6}")
_WORK = re.compile(
    r"(?i)list|target|obs|source|cat|field|work|jobs?|todo|queue|sample|data|ids|cand|result|state|ignor|exclu|reject"
)
_FILLED = re.compile(r"[*?\[\]{}\n%$<>|]")
_HOLE = re.compile(r"%[-.\d]*[sdif]|\{[^{}]*\}")
_PLACEHOLDER = re.compile(r"(?i)(\.{1,2}/)*path[/_-]to[/_-]")
_ABSOLUTE = re.compile(r"[/~$]|\w:")
_DRIVE = re.compile(r"[A-Za-z]:\\")
# what other steps have left, for those who call a function
_OF_STEPS = re.compile(r"(?i)(^|[/_])(export(ed)?|outputs?|results?|products?|cached?|te?mp|saved?)([_a-z]*/|_|\.)")
_OF_RESULTS = re.compile(r"(?i)_?(sav|out|result|write)")
_OF_TESTS = re.compile(r"(^|/)(tests?|te?mp)/")
_OF_PROJECT = re.compile(r"(?i)_?(get|find|locate)_?(pkg|package|test|resource|data)s?_?(data|file|filename|path)s?")
_SETS = re.compile(r"(?i)(set|add|use|rc|seed|insert|append|register|configure|config|update|style|simplefilter)")
_LISTINGS = frozenset(("os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob", "natsort.natsorted"))
# what the module of paths of a reproducible paper names, each below the module's own place
_LAID_OUT = re.compile(r"\.*([\w.]+\.)?paths\.(src|data|static|scripts|tex|figures|output|root)")
_ENDS = ("sys.exit", "os._exit", "builtins.exit", "builtins.quit")
_Told = tuple[ast.AST, str, Value]
_CHOSEN = frozenset((ARGUMENT, ENVIRONMENT, CONFIG, PARAMETER, UNIQUE, LOOP))


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if module.source.lies_in(rule.table("settings")):
        return
    found = _Found(module)
    calls = reads(module, rule)
    for read in calls:
        of_casa = is_of_casa(module, read.call, rule)
        for node, name, place, path in _literals(module, rule, read):
            if not module.on_main_path(place) and _is_of_step(module, node, name):
                continue
            if (
                found.has(node, name, again=not of_casa)
                or not _runs(module, place)
                or _expected(module, place, node)
                or _is_own(module, node)
                or _is_found_there(module, node, name, place)
                or _is_listed(module, read.name)
                or _is_looked_up(module, read.name)
                or _is_in_folder_of_run(module, read.name)
                or found.is_continued(name)
                or lies_in_made(module, path)
                or _is_of_program(module, rule, node, name, read)
            ):
                continue
            found.add(node, name)
            alone = "input_file" if len(calls) == 1 and read.name is node and module.runs_once(node) else ""
            question = made_by_import(module, name, place)
            fix = _fix(module, node, name, alone)
            variant = _variant(module, node, place, [path])
            yield rule.finding(literal_span(module, node), variant=variant, name=name, fix=fix, question=question)
    yield from _named_apart(module, rule, found)
    yield from _to_be_filled_in(module, rule)


def _variant(module: PythonModule, literal: ast.AST, place: ast.AST, paths: list[Value]) -> str | None:
    """What a name is in the paths that it is a part of: one of a function for others, or of what is set elsewhere."""
    if not module.on_main_path(place):
        return "library"
    return "apart" if any(goes_on(module, path, literal) for path in paths) else None


def _is_of_program(module: PythonModule, rule: Rule, literal: ast.AST, name: str, read: Output) -> bool:
    """Whether the program makes a file itself, has it in memory, or brings it along."""
    return (
        is_made(last_part(name), made_names(module, rule))
        or ("/" not in name and is_stage(module))
        or _is_beside_results(module, literal, read.name)
        or in_memory(module, read.name)
        or is_packaged(module, read.name)
        or _is_laid_out(module, read.name)
    )


class _Found:
    """The names found so far. The tasks of a CASA script name one data set again and again: there a name is told again
    only in another function or cell, or behind a change of folder, where it means another file."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.spans: set[tuple[int, int]] = set()
        self.named: set[tuple[object, ...]] = set()
        self.names: set[str] = set()
        self.tables: set[ast.AST | None] = set()
        self.moves = sorted(module.span(call)[0] for call in module.calls(("os.chdir",)))

    def has(self, node: ast.AST, name: str, *, again: bool = False) -> bool:
        """Whether a literal is found, or another with its name, unless each is to be told `again`."""
        known = literal_span(self.module, node) in self.spans or self._table(node) in self.tables
        return known or (not again and self._key(node, name) in self.named)

    def add(self, node: ast.AST, name: str) -> None:
        self.spans.add(literal_span(self.module, node))
        self.named.add(self._key(node, name))
        self.names.add(last_part(name))
        self.tables |= {self._table(node)} - {None}

    def _table(self, node: ast.AST) -> ast.AST | None:
        """The table in a row of which a name stands; of all its rows only the first is told."""
        row = self.module.parent(node)
        table = self.module.parent(row) if isinstance(row, (ast.List, ast.Tuple)) else None
        return table if isinstance(table, (ast.List, ast.Tuple)) else None

    def is_continued(self, name: str) -> bool:
        """Whether a name goes on from that of another input, as CASA calls what it makes: `m31.ms.contsub`."""
        parts = last_part(name).split(".")
        return any(".".join(parts[:n]) in self.names for n in range(1, len(parts)))

    def _key(self, node: ast.AST, name: str) -> tuple[object, ...]:
        start, end = literal_span(self.module, node)
        cell = self.module.source.place(start, end).cell if self.module.notebook else None
        return name.lstrip("./"), self.module.function_of(node), cell, bisect_right(self.moves, start)


def _named_apart(module: PythonModule, rule: Rule, seen: _Found) -> Iterator[Finding]:
    """Constants of a script that are plainly data, although the call that reads them is not in this file."""
    from canfar_lint.checks.batch._datasets import constants, name_of

    suffixes = tuple(rule.table("suffixes"))
    for statement, node, value in constants(module):
        found = name_of(value)
        if found is None or not _is_data(last_part(found[1]), suffixes) or "*" in found[1] or seen.has(*found):
            continue
        if _expected(module, statement, found[0]) or _is_own(module, found[0]):
            continue
        if _is_found_there(module, found[0], found[1], statement) or _is_put_behind_own(module, statement):
            continue
        if is_packaged(module, node) or is_made(last_part(found[1]), made_names(module, rule)):
            continue
        if lies_in_made(module, value):
            continue
        if is_left_over(module, statement, "data", lambda value: _names_data(module, value, suffixes)):
            continue
        seen.add(*found)
        paths = [value, *(module.value(path) for _, path in paths_with(module, statement))]
        if any(path.kind == OVERRIDABLE or any(_is_chosen(module, piece) for piece in path.pieces) for path in paths):
            continue
        variant = _variant(module, found[0], statement, paths)
        yield rule.finding(literal_span(module, found[0]), variant=variant, name=found[1], fix=_fix(module, *found))


def _names_data(module: PythonModule, value: ast.expr, suffixes: tuple[str, ...]) -> bool:
    return _is_data(last_part(module.value(value).skeleton), suffixes)


def _to_be_filled_in(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Patterns in a folder that whoever runs the script must write into it first: `glob("path/to/images/*.fits")`."""
    for call in module.calls(("glob.glob", "glob.iglob")):
        value = module.value(call.args[0]) if call.args else None
        if value is None or not _PLACEHOLDER.match(value.prefix) or not module.on_main_path(call):
            continue
        if not _expected(module, call, value.literals[0]) and not is_shelved(module, call):
            yield rule.finding(literal_span(module, value.literals[0]), name=value.skeleton)


def _fix(module: PythonModule, node: ast.AST, name: str, alone: str = "") -> Fix | None:
    """The name as the default of an option or a variable named as what it is bound to, or the only file: `alone`."""
    from canfar_lint.checks._environment import overridable

    if not isinstance(node, ast.Constant) or node.value != name or isinstance(module.parent(node), ast.JoinedStr):
        return None  # no more than a part of a name
    if len(texts_with(module, name)) > 1:
        return None  # what is called so elsewhere would keep the old name
    return overridable(module, node, ("pathlib.Path",), alone)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """Data sets that a job's script copies or unpacks by name."""
    from canfar_lint.checks._scripts import is_test, made_by_hand
    from canfar_lint.checks.batch._datasets import words

    if script.context != "file" or made_by_hand(script) or is_test(script):
        return
    for word, name in words(script, rule.table("shell_programs"), re.compile(rule.table("shell_data"))):
        yield rule.finding(word.span, variant="shell", name=name)


def _literals(module: PythonModule, rule: Rule, read: Output) -> Iterator[tuple[ast.AST, str, ast.AST, Value]]:
    """The literals that hold the name of a file that is read: each with the name, the call it is given in, the path."""
    is_data = _data_of(module, rule, read.call)
    for value, place in names(module, read):
        found = list(_of_value(module, value, is_data))
        if not found and isinstance(value.node, ast.expr):
            found = list(_of_parts(module, value.node, is_data))
        for node, name, path in found:
            yield node, name, place, path
    for value, place in templates(module, read):
        for node, name, path in _of_value(module, value, lambda name: is_data(_HOLE.sub("0", name))):
            yield node, name, place, path


def _data_of(module: PythonModule, rule: Rule, call: ast.Call) -> Callable[[str], bool]:
    """What tells whether a name is one of data, where a call reads it."""
    suffixes = tuple(rule.table("suffixes"))
    dotted = module.qualified_all(call.func)
    customary = (module.code(call.func),) if not dotted or dotted[0].startswith((".", "builtins.")) else ()
    if any(name in rule.table("text_readers") for name in (*dotted, *customary)):
        suffixes += tuple(rule.table("text_suffixes"))
    if any(name in rule.table("openers") for name in dotted) and is_read_as_data(module, call):
        opened = tuple(rule.table("opened_suffixes"))
        return lambda name: _is_data(name, suffixes) or (_is_data(name, opened) and _is_work(name))
    if not is_of_casa(module, call, rule):
        return lambda name: _is_data(name, suffixes)
    of_casa = re.compile(rule.table("casa_data"))
    return lambda name: _is_data(name, suffixes) or (of_casa.search(name) is not None and not _FILLED.search(name))


def _is_work(name: str) -> bool:
    """Whether text that is opened is data or a list of work by its name, and neither settings nor prose."""
    stem, _, suffix = name.rpartition(".")
    of_settings = _NO_DATA.search(stem) and not _OF_ONE.search(stem)
    return not of_settings and (not suffix.startswith("json") or _WORK.search(stem) is not None)


def _of_value(module: PythonModule, value: Value, is_data: Callable[[str], bool]) -> Iterator[_Told]:
    for leaf in map(_slashed, list(value.leaves())[:64]):
        literals = file_literals(leaf)
        name, completed = last_part(leaf.skeleton), last_part(_completed(module, leaf))
        if "*" in leaf.skeleton or is_of_environment(leaf):
            continue
        if leaf.skeleton == name and _is_behind_folder(module, leaf):
            name, completed = name.removeprefix("{}"), completed.removeprefix("{}")
        if not literals or name.startswith("{}") or not is_data(completed):
            continue
        text = _own_text(leaf, literals[-1])
        if len(literals) > 1 or "{}" in name:
            whole = _ABSOLUTE.match(leaf.prefix) and not _stands_apart(module, leaf, literals)
            text = leaf.skeleton if whole else name
        elif _ABSOLUTE.match(leaf.prefix) and _is_template_of(leaf, literals[-1]):
            continue  # `"%s/gaia.csv" % root`: a whole path, told where it begins
        elif text.startswith("/") and _is_in_known_folder(module, leaf, literals[-1]):
            text = text.lstrip("/")
        if _is_whole(leaf, text) or (_is_ending(module, literals[-1]) and not _is_spelled_out(value)):
            continue
        if not any(_is_chosen(module, piece) for piece in leaf.pieces) and not _is_told_from_home(module, leaf):
            yield literals[-1], text, leaf


def _slashed(value: Value) -> Value:
    """A path of Windows as other systems write it."""
    if not _DRIVE.match(value.prefix):
        return value
    pieces = (Piece(p.text and re.sub(r"\\+", "/", p.text), p.node, p.source, p.default) for p in value.pieces)
    return Value(value.kind, tuple(pieces), node=value.node, is_path=value.is_path)


def _is_beside_results(module: PythonModule, literal: ast.AST, name: ast.expr) -> bool:
    """Whether a text goes on from a folder in which the program itself writes: `f"{folder}/cat.fits"`."""
    if not str(getattr(literal, "value", "")).startswith("/"):
        return False
    folder = module.value(name).skeleton.rpartition("/")[0] + "/"
    memo = module.memo("folders of results")
    if not memo:
        names = [named.value.skeleton for each in outputs(module) for named in names_of(module, each)]
        memo["all"] = {name.rpartition("/")[0] + "/" for name in names}
    known = memo["all"]
    return isinstance(known, set) and folder in known


def _own_text(value: Value, literal: ast.AST) -> str:
    """What of a path stands in one literal, a template's holes as `{}`."""
    places = [at for at, piece in enumerate(value.pieces) if piece.node is literal and piece.text is not None]
    own = value.pieces[places[0] : places[-1] + 1] if places else ()
    return "".join(piece.text or "" if piece.node is literal else "{}" for piece in own)


def _stands_apart(module: PythonModule, value: Value, literals: list[ast.AST]) -> bool:
    """Whether a file's name is put together apart from the folder, which another rule tells: `f"{root}/{name}"`."""
    folder = value.pieces[0].node
    statements = [module.parent_statement(each) for each in literals]
    told = all(piece.text is not None or _is_of_literals(module, piece) for piece in value.pieces)
    return folder is not None and told and module.parent_statement(folder) not in statements


def _is_in_known_folder(module: PythonModule, value: Value, literal: ast.AST) -> bool:
    """Whether a text that begins with a slash goes on from a folder that is written elsewhere, or is a module's."""
    if isinstance(module.parent(literal), ast.Assign):
        return False  # a path of its own, which another rule tells
    if not value.prefix:
        return _is_behind_folder(module, value)
    first = value.pieces[0].node
    apart = first is not None and module.parent_statement(first) is not module.parent_statement(literal)
    return value.text is not None and literal is not first and (apart or not _ABSOLUTE.match(value.prefix))


def _is_behind_folder(module: PythonModule, value: Value) -> bool:
    """Whether a path begins with what an imported module calls a folder: `survey.cat_dir + "m31.fits"`."""
    first = value.pieces[0].node if value.pieces and value.pieces[0].text is None else None
    if not isinstance(first, ast.Attribute) or not isinstance(first.value, ast.Name) or not _FOLDER.search(first.attr):
        return False
    bindings = module.bindings(first.value)
    return bool(bindings) and all(binding.kind == "import" for binding in bindings)


def _is_told_from_home(module: PythonModule, value: Value) -> bool:
    """Whether all of a path stands at once behind the home of whoever runs the script, where CAN104 tells of it."""
    if value.pieces[0].node not in homes(module):
        return False
    return len({module.parent_statement(literal) for literal in value.literals}) == 1


def _is_ending(module: PythonModule, literal: ast.AST) -> bool:
    """Whether a text is a suffix that is appended: `name + ".fits"`."""
    return (
        isinstance(literal, ast.Constant)
        and not isinstance(module.parent(literal), ast.JoinedStr)
        and re.fullmatch(r"(\.\w+)+", str(literal.value)) is not None
    )


def _is_spelled_out(value: Value) -> bool:
    """Whether a name is literal throughout, and no other can stand in its place: `base = "m31"`, `base + ".fits"`."""
    return not value.choices and all(piece.text is not None and not piece.default for piece in value.pieces)


def _is_template_of(value: Value, literal: ast.AST) -> bool:
    """Whether a text is filled in where it begins, so that it has nothing in front of it."""
    return isinstance(literal, ast.Constant) and str(literal.value)[:1] in ("%", "{") and len(value.pieces) > 1


def _completed(module: PythonModule, value: Value) -> str:
    """A name, with a word for each part that a loop over literals fills in."""
    return "".join(
        ("0" if _is_of_literals(module, piece) else "{}") if piece.text is None else piece.text
        for piece in value.pieces
    )


def _is_of_literals(module: PythonModule, piece: Piece) -> bool:
    """Whether a loop over words that are written there fills in a part of a name: `for band in ["g", "r"]:`."""
    if piece.source != LOOP or not isinstance(piece.node, ast.expr):
        return False
    choices = module.value(piece.node).choices
    return bool(choices) and all(choice.kind == LITERAL for choice in choices)


def _of_parts(module: PythonModule, node: ast.expr, is_data: Callable[[str], bool]) -> Iterator[_Told]:
    """Names that a loop runs over behind a folder, or that a function of another file completes."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not module.value(node).pieces[0].default:
        first = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _OF_PROJECT.fullmatch(last):
            return  # get_datafile("fields.txt"): beside the project's code
        if module.function_named(node.func) is None and isinstance(first, ast.Name):
            imported = any(binding.kind == "import" for binding in module.bindings(first))
            yield from _of_value(module, module.value(node.args[0]), is_data) if imported else ()
        return
    parts = [each for each in ast.walk(node) if isinstance(each, (ast.Name, ast.Subscript))][:16]
    values = [module.value(part) for part in parts]
    if any(value.sources & (_CHOSEN - {LOOP}) for value in values):
        return
    for value in values:
        if value.choices:
            yield from _of_value(module, value, is_data)


def _is_own(module: PythonModule, literal: ast.AST) -> bool:
    """Whether a name is put behind the script's own place."""
    code = module.code(module.parent_statement(literal))
    path = path_around(module, literal)
    if isinstance(path, ast.expr) and path is not literal and (is_packaged(module, path) or _is_laid_out(module, path)):
        return True
    return "__file__" in code or "get_pkg_data" in code or "importlib" in code


def _is_laid_out(module: PythonModule, path: ast.expr) -> bool:
    """Whether a path begins with a folder that the project's module of paths names: `paths.data / "m31.fits"`."""
    first = module.resolve(path)
    while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div):
        first = first.left
    return isinstance(first, ast.Attribute) and _LAID_OUT.fullmatch(module.qualified(first)) is not None


def _is_put_behind_own(module: PythonModule, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether a name is put behind the script's own place, or a folder of the environment, where it is used."""
    for use, path in paths_with(module, statement):
        whole: ast.AST = path
        for above in module.ancestors(path):
            if not isinstance(above, ast.expr):
                break
            whole = above
        if whole is not use and isinstance(whole, ast.expr) and is_packaged(module, whole):
            return True
        if is_of_environment(module.value(path)):
            return True
    return False


def _is_found_there(module: PythonModule, literal: ast.AST, name: str, place: ast.AST) -> bool:
    """Whether a file is of no input's own: a test's, one that the script fetches or unpacks, or in a given folder."""
    if _OF_TESTS.search(name) or is_shelved(module, place) or _is_uncalled(module, place):
        return True
    if _is_told_by_data(module, literal):
        return True
    address = re.compile(rf"://\S+/{re.escape(last_part(name))}$")
    if any(address.search(str(text.value)) for text in texts_with(module, last_part(name))):
        return True
    if _is_of_settings(module, literal) or _is_in_folder_of_run(module, path_around(module, literal)):
        return True
    if _is_where_run_goes(module, place):
        return True
    return _is_in_given_folder(module, literal) or is_brought(module, place, name)


def _runs(module: PythonModule, place: ast.AST) -> bool:
    """Whether a node runs as a script does, or in a file of functions for others, whose callers cannot say what is
    read."""
    if module.on_main_path(place):
        return True
    return _is_for_others(module) and not _is_left_to_callers(module, place)


def _is_left_to_callers(module: PythonModule, place: ast.AST) -> bool:
    """Whether a parameter says which of several files is read, or the function does without it."""
    for ancestor in module.ancestors(place):
        if isinstance(ancestor, ast.Try) and not all(_gives_up(module, handler) for handler in ancestor.handlers):
            return True
    return any(_names_choice(module, test) for test, _ in module.guards(place))


def _names_choice(module: PythonModule, test: ast.expr) -> bool:
    """Whether a condition compares a parameter with a word: `if survey == "des":`."""
    about = test.left if isinstance(test, ast.Compare) else None
    if not isinstance(test, ast.Compare) or not isinstance(about, ast.Name):
        return False
    words = [each for given in test.comparators for each in ast.walk(given) if isinstance(each, ast.Constant)]
    bindings = module.bindings(about)
    return any(binding.kind == "param" for binding in bindings) and any(isinstance(w.value, str) for w in words)


def _is_told_by_data(module: PythonModule, literal: ast.AST) -> bool:
    """Whether what is read before says which of several files is read: `if header["DETECTOR"] == "A1": … elif …`."""
    for test, wanted in module.guards(literal):
        around = module.parent(test)
        if wanted and _asked(module, test) and isinstance(around, ast.If):
            for other in (module.parent(around), *around.orelse[:1]):
                if isinstance(other, ast.If) and _asked(module, other.test) == _asked(module, test):
                    return True
    return False


def _asked(module: PythonModule, test: ast.expr) -> str:
    """What a condition compares with a word, where that is one of the values of something: `header["DETECTOR"]`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Subscript):
        return ""
    word, left = module.constant(test.comparators[0]), test.left
    return module.code(left) if isinstance(word, str) and module.constant(left) is ... else ""


def _is_of_step(module: PythonModule, literal: ast.AST, name: str) -> bool:
    """Whether a file lies, by its name or that of its folder, where a step of the project leaves its results."""
    folders = [node.id for node in ast.walk(path_around(module, literal)) if isinstance(node, ast.Name)]
    return _OF_STEPS.search(name) is not None or any(_OF_RESULTS.match(folder) for folder in folders[:16])


def _is_for_others(module: PythonModule) -> bool:
    """Whether a run of a file does nothing, or only sets up what it imports: `cosmology.setCosmology("planck18")`."""
    if not module.is_script:
        return True
    if module.notebook or module.main_guard is not None or module.text.startswith("#!"):
        return False
    if any(module.function_of(call) is None for calls in module.callers().values() for call in calls):
        return False
    idle = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    return all(isinstance(each, idle) or _sets_up(module, each) for each in module.tree.body)


def _sets_up(module: PythonModule, statement: ast.stmt) -> bool:
    """Whether a statement is a text, or calls something that a module is imported for, with no result."""
    if not isinstance(statement, ast.Expr):
        return False
    call = statement.value
    if not isinstance(call, ast.Call):
        return isinstance(call, ast.Constant)
    return isinstance(call.func, ast.Attribute) and _SETS.match(call.func.attr) is not None


def _is_uncalled(module: PythonModule, place: ast.AST) -> bool:
    """Whether a node stands in a method that the file names nowhere else, of a class that others cannot know of."""
    function = module.function_of(place)
    owner = module.parents.get(function) if function is not None else None
    if function is None or not isinstance(owner, ast.ClassDef) or owner.bases or owner.decorator_list:
        return False
    if function.decorator_list or function.name.startswith("__"):
        return False
    memo = module.memo("named once")
    if function not in memo:
        memo[function] = len(re.findall(rf"\b{re.escape(function.name)}\b", module.text)) == 1
    return bool(memo[function])


def _is_of_settings(module: PythonModule, literal: ast.AST) -> bool:
    """Whether a name is put behind a folder of the settings, which lay out what is kept: `config.OUT_DIR`."""
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and _FOLDER.search(node.attr) is not None
        and _OF_DATA.fullmatch(node.attr) is None
        and _SETTINGS.search(module.qualified(node.value)) is not None
        for node in ast.walk(path_around(module, literal))
    )


def _is_in_folder_of_run(module: PythonModule, path: ast.AST, depth: int = 0) -> bool:
    """Whether a path has a folder of a configuration, or one that a function elsewhere tells, so that a name in it is
    fixed and other data are in another folder: `cfg.workdir`, `project.base_dir()`."""
    for part in islice(ast.walk(path), 32):
        if isinstance(part, ast.Attribute) and _FOLDER.search(part.attr) and _is_made_of_settings(module, part):
            return True
        if isinstance(part, ast.Call) and _tells_folder(module, part):
            return True
        made = module.resolve(part) if isinstance(part, ast.Name) and depth < _DEEPEST else part
        if made is not part and _is_in_folder_of_run(module, made, depth + 1):
            return True
    return False


def _is_made_of_settings(module: PythonModule, folder: ast.Attribute) -> bool:
    """Whether the object that has a folder is one of settings, by what it is called or made of: `Run("run.yaml")`."""
    made = module.resolve(folder.value)
    if not isinstance(made, ast.Call) or module.value(folder).literals:
        return False
    texts = [module.constant(given) for given in made.args[:2]]
    called = module.code(made.func)
    return _SETTINGS_MAKER.search(called) is not None or any(_SETTINGS_FILE.search(str(text)) for text in texts)


def _tells_folder(module: PythonModule, call: ast.Call) -> bool:
    """Whether a function of the project's own tells a folder."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    if not _TOLD_FOLDER.search(last) or not isinstance(owner, ast.Name) or module.function_named(call.func) is not None:
        return False
    imported = any(binding.kind == "import" for binding in module.bindings(owner))
    return imported and not module.qualified(call.func).startswith(_NOT_PROJECTS)


def _is_where_run_goes(module: PythonModule, place: ast.AST) -> bool:
    """Whether the last change of folder before goes to one that whoever runs the script says."""
    start, _ = module.span(place)
    function = module.function_of(place)
    changes = [
        call
        for call in module.calls(("os.chdir",))
        if call.args and module.span(call)[0] < start and module.function_of(call) in (function, None)
    ]
    if not changes:
        return False
    folder = max(changes, key=module.span).args[0]
    first = module.value(folder).pieces[:1]
    return any(_is_chosen(module, piece) for piece in first) or _is_in_folder_of_run(module, folder)


def _is_in_given_folder(module: PythonModule, literal: ast.AST) -> bool:
    """Whether the folder in front of a name is a parameter, or one of those that an argument lists."""
    names = [node for node in ast.walk(path_around(module, literal)) if isinstance(node, ast.Name)]
    return any(_is_given(module, name) for name in names[:16])


def _is_listed(module: PythonModule, name: ast.expr) -> bool:
    """Whether a file is read in a folder that a loop takes from what was given: `for d in args.directories`."""
    made = module.resolve(name)
    if not isinstance(made, (ast.BinOp, ast.JoinedStr)) and module.qualified(made) != "os.path.join()":
        return False
    names = [node for node in ast.walk(made) if isinstance(node, ast.Name)][:16]
    return any(
        binding.kind == "for" and _is_given(module, node) for node in names for binding in module.bindings(node)[:4]
    )


def _is_given(module: PythonModule, name: ast.Name, depth: int = 0) -> bool:
    for binding in module.bindings(name)[:4]:
        if binding.kind in ("assign", "for") and binding.value is not None and _lists(module, binding.value):
            return True
        if binding.kind == "param" and binding.name not in ("self", "cls"):
            return True
        made = binding.value
        if isinstance(made, ast.Call) and made.args and module.qualified(made.func) in _SAME_PLACE:
            made = made.args[0]
        if binding.kind not in ("assign", "for") or not isinstance(made, (ast.Name, ast.Attribute)):
            continue
        owner = made.value if isinstance(made, ast.Attribute) else made
        if isinstance(made, ast.Attribute) and isinstance(owner, ast.Name) and _PARSED.fullmatch(owner.id):
            return True
        if isinstance(made, ast.Name) and depth < 2 and _is_given(module, made, depth + 1):
            return True
    return False


def _lists(module: PythonModule, node: ast.expr) -> bool:
    """Whether an expression is what a listing gives, or one of it: `sorted(os.listdir("."))[0]`."""
    for _ in range(4):
        made = module.resolve(node)
        if isinstance(made, ast.Subscript):
            node = made.value
        elif isinstance(made, ast.IfExp):
            node = made.body
        elif not isinstance(made, ast.Call):
            return False
        elif module.qualified(made.func) in _LISTINGS or getattr(made.func, "attr", "") in ("iterdir", "rglob"):
            return True
        elif module.qualified(made.func) in ("builtins.sorted", "builtins.list", "builtins.enumerate") and made.args:
            node = made.args[0]
        else:
            return False
    return False


def _is_looked_up(module: PythonModule, name: ast.expr) -> bool:
    """Whether a name is taken from a table by what a variable holds: `frames[galaxy]`."""
    for node in ast.walk(module.resolve(name)):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Name)
            and _is_table(module.resolve(node.value))
        ):
            return module.constant(node.slice) is ...
    return False


def _is_table(node: ast.AST) -> bool:
    rows = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    return len(rows) > 1 and all(isinstance(row, ast.Constant) and isinstance(row.value, str) for row in rows)


def _is_chosen(module: PythonModule, piece: Piece) -> bool:
    """Whether a part of a path is up to whoever runs the script."""
    if piece.default:
        return True
    if piece.text is None and piece.source in _CHOSEN and not _is_of_literals(module, piece):
        return piece.node not in homes(module)
    owner = getattr(piece.node, "value", None) if isinstance(piece.node, ast.Attribute) else None
    return isinstance(owner, ast.Name) and _PARSED.fullmatch(owner.id) is not None


def _is_whole(value: Value, text: str) -> bool:
    """Whether a literal is a whole path or address, which is another rule's, or one behind a folder that is given."""
    return (
        text.startswith(("/", "~", "$")) or "://" in value.prefix or text[1:2] == ":" or value.prefix.startswith("vos:")
    )


def _is_data(name: str, suffixes: tuple[str, ...]) -> bool:
    lower = name.lower()
    suffix = next((each for each in sorted(suffixes, key=len, reverse=True) if lower.endswith(each)), "")
    return (
        bool(suffix)
        and len(lower) > len(suffix)
        and lower[0] not in "._"
        and not _SECRET.search(lower)
        and not _FILLED.search(name)
    )


def _expected(module: PythonModule, place: ast.AST, literal: ast.AST) -> bool:
    """Whether the script also goes on without the file, or the user asked for it."""
    if module.user_guarded(place) or is_fallback(module, literal):
        return True
    child: ast.AST = place
    for ancestor in module.ancestors(place):
        if isinstance(ancestor, ast.Try) and child in ancestor.body:
            caught = [h.type for h in ancestor.handlers if h.type is not None and not _gives_up(module, h)]
            if any(word in module.code(each) for each in caught for word in ("FileNotFound", "IOError", "OSError")):
                return True
        child = ancestor
    return any(_asks_for(module, test, literal) for test, _ in module.guards(place))


def _gives_up(module: PythonModule, handler: ast.ExceptHandler) -> bool:
    """Whether the program ends where a file is missing."""
    last = handler.body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(last, ast.Raise) or (isinstance(call, ast.Call) and module.qualified(call.func) in _ENDS)


def _asks_for(module: PythonModule, test: ast.expr, literal: ast.AST) -> bool:
    """Whether a condition is that the file is there."""
    code = module.code(test)
    if not re.search(r"exists\(|is_?file\(", code):
        return False
    if module.code(literal).strip("\"'") in code:
        return True
    statement = module.parent_statement(literal)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(t, ast.Name) and re.search(rf"\b{re.escape(t.id)}\b", code) for t in targets)
