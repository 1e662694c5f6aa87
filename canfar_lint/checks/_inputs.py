"""What a reading call is given: the path behind a handle, and whether the data is known to be small or in memory."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import islice

from canfar_lint.diagnostic import Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

# calls whose first argument is the file of the handle they return
_OPENERS = frozenset(
    (
        *("builtins.open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "pathlib.Path().open"),
        *("builtins.file", "fsspec.open", "smart_open.open", "h5py.File", "netCDF4.Dataset", "zarr.open"),
    )
)
_MEMORY = re.compile(
    r"(^|\.)(StringIO|BytesIO|cStringIO)(\.StringIO)?\(\)|^(requests|httpx|urllib|urllib2|urllib3|aiohttp|subprocess|"
    r"socket|paramiko|os\.popen|pkgutil\.get_data|importlib\.resources|importlib_resources|pkg_resources|sys\.stdin)\b|"
    r"get_pkg_data|\.resource_(filename|stream|string)|\.(splitlines|readlines|split|getvalue|decode)\(\)$"
)
_MEMORY_NAMES = re.compile(
    r"(?i)(^|_)(urls?|uri|resp|response|req|request|buf|buffer|stringio|bytesio|sio|bio|stdout|stderr|stdin|"
    r"content|text|lines?|rows|html|string|body|hdus?|hdul|hdulist)(_|$)|url$|io$|string$|lines$"
)
_REMOTE = re.compile(r"^(https?|ftp|s3|gs|sftp)://")
_MOST, _DEEP = 64, 3
_PLACE = re.compile(
    r"(?i)_*(source|package|pkg|module|install|code|root|data|resources?|lib|templates?|base|share)_?(dir|path|root|folder)$"
)
_CODE = re.compile(r"(?i)(code|package|pkg|module)_?(root|dir|path)")
_CHOSEN = re.compile(
    r"(?i)(^|[._])(conf|config|cfg|settings|paths?|params|parameters|const|constants|globals?|setup|env)$"
)
_OF_TESTS = re.compile(r"(^|/)tests?/")
_WORD = re.compile(r"[A-Za-z_]\w*")
# what is known of a path whose beginning is not: folders and a name, or a name alone when it is a long one
_TAIL = re.compile(r"(/[\w.-]+)*/[\w.=+,-]{4,}\.\w+|[\w.=+,-]{8,}\.\w+")
# a name of which a part is filled in, in a folder that is known
_FILLED = re.compile(r"(?![/{])([\w./+-]*/)?(?=[^/]*\{\})(?=[^/]*[A-Za-z]{3}[^/]*\.)[\w.=+{},-]+\.\w+")
_FILLED_ELSEWHERE = re.compile(
    r"(/|~|[A-Za-z]:[/\\])[^{}]*/(?P<name>[\w.+-]+/(?=[^/]*\{\})(?=[^/]*[A-Za-z]{3}[^/]*\.)[\w.=+{},-]+\.\w+)"
)
_ABSOLUTE = re.compile(r"(/|~|[A-Za-z]:[/\\]).*/(?P<name>[\w.=+,-]{4,}\.\w+)")


def path_of(module: PythonModule, node: ast.expr) -> ast.expr:
    """The path a handle was opened with (`open(p)`, a name bound to it, `with open(p) as f`), else the node itself."""
    for _ in range(8):
        made = _made_by(module, node)
        if not isinstance(made, ast.Call):
            return node
        name = module.qualified(made.func)
        if name == "pathlib.Path().open" and isinstance(made.func, ast.Attribute):
            node = made.func.value
        elif name in _OPENERS and made.args:
            node = made.args[0]
        else:
            return node
    return node


def _made_by(module: PythonModule, node: ast.expr) -> ast.expr:
    """The expression a name was bound to, by assignment or `with`."""
    if isinstance(node, ast.Name):
        found = module.bindings(node)
        if len(found) == 1 and found[0].kind in ("assign", "with") and found[0].value is not None:
            return found[0].value
        return node
    return module.resolve(node)


def in_memory(module: PythonModule, node: ast.expr, depth: int = 0) -> bool:
    """Whether what is read is no file of the job's: a buffer, a list of lines, a response, a pipe, package data.

    Also where a function of the file returns that.
    """
    for candidate in (node, path_of(module, node)):
        if any(_MEMORY.search(name) for name in module.qualified_all(candidate)):
            return True
        made = _made_by(module, candidate)
        if isinstance(made, (ast.List, ast.ListComp, ast.Tuple, ast.GeneratorExp, ast.JoinedStr)) and not (
            isinstance(made, ast.JoinedStr) and "\n" not in module.value(made).skeleton
        ):
            return True
        if isinstance(made, ast.Call) and any(_MEMORY.search(name + "()") for name in _names(module, made)):
            return True
        function = module.function_named(made.func) if isinstance(made, ast.Call) and depth < _DEEP else None
        if function is not None and _returns_memory(module, function, depth):
            return True
        if isinstance(candidate, ast.Subscript) and _MEMORY_NAMES.search(_last_word(candidate.value)):
            return True
        if _MEMORY_NAMES.search(_last_word(candidate)):
            return True
    value = module.value(path_of(module, node))
    return bool("\n" in value.skeleton or _REMOTE.search(value.prefix))


def _returns_memory(module: PythonModule, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> bool:
    memo = module.memo("memory")
    if function not in memo:
        memo[function] = False  # one that calls itself
        given = (each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value is not None)
        memo[function] = any(in_memory(module, each, depth + 1) for each in given)
    return bool(memo[function])


def _names(module: PythonModule, call: ast.Call) -> Iterable[str]:
    known = module.qualified_all(call.func)
    if known or not isinstance(call.func, ast.Attribute):
        return known
    return (f".{call.func.attr}",)


def _last_word(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _last_word(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def is_packaged(module: PythonModule, node: ast.expr) -> bool:
    """Whether a path is built from the program's own place (`__file__`, package resources)."""
    queue: list[tuple[ast.AST, int]] = [(node, 0)]
    for _ in range(64):
        if not queue:
            return False
        at, depth = queue.pop()
        if _is_own_place(module, at) or _is_place_of_package(module, at):
            return True
        if isinstance(at, ast.Call) and _MEMORY.search(module.qualified(at.func)):
            return True
        queue += [(child, depth) for child in ast.iter_child_nodes(at)]
        if isinstance(at, (ast.Name, ast.Attribute)) and depth < 4:
            made = module.resolve(at)
            if made is not at:
                queue.append((made, depth + 1))
            elif isinstance(at, ast.Name):
                several = [binding.value for binding in module.bindings(at)[:4] if binding.kind == "assign"]
                queue += [(value, depth + 1) for value in several if value is not None]
    return False


def _is_own_place(module: PythonModule, node: ast.AST) -> bool:
    """Whether an expression says where the file or a package is, or calls a function of the file that asks for that."""
    if isinstance(node, ast.Name):
        return node.id == "__file__"
    if isinstance(node, ast.Attribute):
        return node.attr in ("__file__", "__path__")
    if isinstance(node, ast.Subscript):
        key = module.constant(node.slice)
        return key == "__file__" or (key == 0 and module.qualified(node.value) == "sys.argv")
    function = module.function_named(node.func) if isinstance(node, ast.Call) else None
    return function is not None and "__file__" in module.code(function)


def _is_place_of_package(module: PythonModule, node: ast.AST) -> bool:
    """Whether a package says where its own files are: `from .io import _SOURCEDIR`, `radvel.DATADIR`, `code_root()`."""
    if isinstance(node, ast.Call):
        return _CODE.search(_last_word(node.func)) is not None
    if isinstance(node, ast.Name):
        bindings = module.bindings(node)
        made = bindings[0].node if len(bindings) == 1 else None
        if not isinstance(made, ast.ImportFrom) or not made.level:
            return False
        name = next((alias.name for alias in made.names if node.id in (alias.asname, alias.name)), "")
        return name == "__file__" or _PLACE.match(name) is not None
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name) or not _PLACE.match(node.attr):
        return False
    owner = module.bindings(node.value)
    return bool(owner) and all(b.kind == "import" for b in owner) and not _CHOSEN.search(module.qualified(node.value))


def words_of(module: PythonModule, node: ast.expr) -> tuple[str, str]:
    """What a path says of its content: its folders, and its last part with the names the expression is made of."""
    path = path_of(module, node)
    skeleton = module.value(path).skeleton.replace("{}", " ")
    folders, _, last = skeleton.rpartition("/")
    names = [last]
    for at in (node, path, module.resolve(path)):
        names += [_last_word(n) for n in _name_nodes(at) if not _is_place(module, n)]
        constants = (
            n.value
            for n in islice(ast.walk(at), _MOST)
            if isinstance(n, ast.Constant) and not (folders and _is_variable(module, n))
        )
        names += [value.rpartition("/")[2] for value in constants if isinstance(value, str)][:4]
    return folders, " ".join(names)


def _is_variable(module: PythonModule, node: ast.Constant) -> bool:
    """Whether a text is the name of a variable of the environment: `os.environ["SURVEY"]`."""
    asked = module.parent(node)
    asked = asked.func if isinstance(asked, ast.Call) else asked.value if isinstance(asked, ast.Subscript) else asked
    return asked is not None and module.qualified(asked) in ("os.getenv", "os.environ", "os.environ.get")


def _is_place(module: PythonModule, node: ast.Name | ast.Attribute) -> bool:
    """Whether a name says where a file is, or where its name is kept, and nothing of the file itself: `tmp` of
    `tmp + "stars.txt"`, `config` of `config.catalogue` and `config["catalogue"]`."""
    parent = module.parent(node)
    if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Subscript) and parent.value is node):
        return _CHOSEN.search(_last_word(node)) is not None
    return isinstance(node, ast.Name) and module.value(node).suffix.endswith("/")


def _name_nodes(node: ast.AST) -> list[ast.Name | ast.Attribute]:
    return [n for n in islice(ast.walk(node), _MOST) if isinstance(n, (ast.Name, ast.Attribute))]


def is_small(module: PythonModule, node: ast.expr, small: dict[str, list[str]]) -> bool:
    """Whether a path is that of a file which is small by what it is: a list, a configuration, a filter curve.

    `small` has what is looked for in a name (`stems` that words begin with, whole `words`, `parts` anywhere), and
    whole `folders`.
    """
    folders, names = words_of(module, node)
    if set(_WORD.findall(folders.lower())) & set(small["folders"]):
        return True
    return has_small_words(names, small)


def has_small_words(names: str, small: dict[str, list[str]]) -> bool:
    """Whether one of some names has the stems, words or parts of `small`."""
    pattern = r"(?<![a-z])(({})|({})(?![a-z]))|{}".format(*("|".join(small[k]) for k in ("stems", "words", "parts")))
    return bool(re.search(pattern, unglued(names).lower()))


def unglued(names: str) -> str:
    """Names with their camel-case words apart: `fileList` as `file List`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", names)


def words_in(names: str) -> list[str]:
    """The words of names, in lower case."""
    return re.findall(r"[a-z]+", unglued(names).lower())


def small_file(module: PythonModule, node: ast.expr, limit: int = 1_000_000) -> Question | None:
    """The question whether a path is that of a small file of the repository itself; None when it names none.

    Below a folder that is not known, or that is another machine's, `*/name.csv` asks for the one file of the
    repository whose path ends like that. `name_{}.csv` asks for all that the name may become. What a function is
    given by its calls here are several names, on a line each.
    """
    path = path_of(module, node)
    value = module.value(path)
    subject = _place_in_tree(value)
    if value.text is None and is_packaged(module, node):
        subject = value.suffix.lstrip("/")
    elif subject is None:
        given = [_place_in_tree(each) for each in module.arriving(path)]
        subject = "\n".join(dict.fromkeys(filter(None, given))) if all(given) else None
    if not subject:
        return None
    if _OF_TESTS.search(subject):
        limit *= 2
    moved = "{}" not in subject and _TAIL.fullmatch(f"/{subject}") is not None and any(module.calls(("os.chdir",)))
    return Question("small-file", subject, limit, ("moved",) if moved else ())


def _place_in_tree(value: Value) -> str | None:
    """A path as far as it may be one of the repository, with `*/` for a folder that is not known there."""
    text = value.text
    if text is None and _FILLED.fullmatch(value.skeleton):
        return value.skeleton
    if text is None and (elsewhere := _FILLED_ELSEWHERE.fullmatch(value.skeleton)):
        return f"*/{elsewhere['name']}"
    if text is None and _TAIL.fullmatch(value.suffix):
        return f"*/{value.suffix.lstrip('/')}"
    absolute = _ABSOLUTE.fullmatch(text) if text else None
    return f"*/{absolute['name']}" if absolute else text


def reaching_values(module: PythonModule, node: ast.expr) -> list[Value]:
    """What can arrive at an expression, the branches of a choice apart."""
    return [leaf for value in module.arriving(node) for leaf in value.leaves()]
