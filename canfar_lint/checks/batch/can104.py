"""Absolute and home paths written into the code as data, output or configuration."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import is_fallback
from canfar_lint.checks._commands import started
from canfar_lint.checks._destinations import DATA, DEFAULT, EXPORT, IO, NOISE, PATH, Destinations
from canfar_lint.checks.batch._homes import below_homes, owner_of
from canfar_lint.checks.batch._leftovers import is_left_over
from canfar_lint.checks.batch._texts import Told, documents, paths_in, written
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule

if TYPE_CHECKING:
    from canfar_lint.model.notebook import NotebookSource
    from canfar_lint.model.shell import Assigned, Command, Script, Word

# what a literal is, by its first component
PERSONAL, STORAGE, ABSOLUTE, HOME, VOSPACE = "personal", "storage", "absolute", "home", "vospace"
SCRATCH = "scratch"

_HEAD = re.compile(r"/[\w.@+{-]|~[\w-]*/|[A-Za-z]:[\\/](?!/)")
_VOSPACE = re.compile(r"(?:vos|arc|vault):/{0,3}[\w~][\w.~-]*(?:/|$)")
_NO_PATH = re.compile(r"[\r\n\t|<>;`]|&&|\s-(?!\s)|\s/|://|\(\?|\s$")
_PATTERN = re.compile(r"\\[dwsSb.+*]|[)\]][+*?]|\.\*")
_SHALLOW = 2
_SEARCHED = re.compile(
    r"(LD_|DYLD_|RPATH_|GI_)?(LIBRARY_|FALLBACK_LIBRARY_|TYPELIB_)?PATH|(C|CPLUS|OBJC)_INCLUDE_PATH|CPATH|INCLUDE_PATH|"
    r"(PYTHON|MAN|INFO|CLASS|MODULE|MATLAB|RUN|EXE|BIN|SPACK)_?PATH|PKG_CONFIG_PATH|CMAKE_\w+_PATH|\w*PLUGIN_?PATH|"
    r"(IDL|GDL)_PATH|PERL5LIB|PREFIX_PATH"
)
_CONTAINER_OPTIONS = frozenset(
    (
        "-B",
        "--bind",
        "-H",
        "--home",
        "-W",
        "--workdir",
        "--pwd",
        "--env",
        "--env-file",
        "--mount",
        "-S",
        "--scratch",
        "-o",
    )
)
_MAPPED = re.compile(r"(?i)(^|_)(bind|binds|bindpath|mounts?|volumes?)$")
# paths one after the other, as a scheduler takes those that it has to bring along
_SEVERAL = re.compile(r"/[^\s,]+(?:,\s*/[^\s,]+)+")
# how a shell takes a value from the environment, and the C shell does
_UNLESS_GIVEN, _UNLESS_SET = "${NAME:-...}", "if (! $?NAME) set NAME = ..."
_ASKED_FOR = frozenset(f"os.path.{name}" for name in ("exists", "isdir", "isfile", "ismount", "islink"))
_REMOTE = re.compile(r"(?i)_*(ssh|scp|rsync|remote|server)_?(\w+_)?(path|dir|directory|folder|root|dest)$")
_ON_HOST = re.compile(r"\{\w*\}@\{\w*\}:|%s@%s:|\w@[\w.-]+:|\{(?i:\w*host\w*)\}:")
_DATA_FILE = re.compile(r"\w\.(fits?|fits\.(gz|fz)|csv|ecsv|h5|hdf5|ms|np[yz]|pkl|parquet|uvfits)$")
# on whatever disk, where people have their own folders
_OF_PEOPLE = re.compile(r"/[\w.-]+/([\w.-]+/){0,3}(home|homes|user|users|people)/[\w.-]+/")
_GOES_TO = re.compile(r"""(?:-q\s+)?(["']?)(?P<path>[^"'#]*[^"'#\s])\1\s*(?:#.*)?""")
# what PGPLOT draws on, and PostScript names that Ghostscript is given: `paas -d /xs`, `gs -dAutoRotatePages=/None`
_DEVICE = re.compile(r"(?i)/(xs|xw|xwin\w*|xserve|xdisp|null|png|tpng|gif|vgif|ppm|vppm|v?c?ps|latex)$")
_POSTSCRIPT = re.compile(r"-(d[A-Z]\w*=/\w+|s[A-Z]\w*=/[A-Z]\w*)$")
_HOSTED = re.compile(r"(?i)(^|_)(host|hostname|url|server|endpoint|domain)$|^(host|url|server)_|url$")
_OF_RESULT = re.compile(r"(?i)-+(o$|.*(out|save|write|dest|result|log))|.*(out|save)")
_DOTTED_HOME = re.compile(r"~[\w-]*/(\.(?!\./)|Library/|$)")
# what a person alone has there, and a job for somebody else does not
_TOKEN = re.compile(r"(?i).*/[^/]*(token|api_?key|password|passwd|credential|secret)[^/]*$")
# where a scheduler's header says that a job writes, or begins
_HEADER = re.compile(
    r"(?m)^#(?:SBATCH[ \t]+(?:-[oeiD]|--(?:output|error|input|chdir|workdir))|PBS[ \t]+-[oedw]|\$[ \t]+-(?:o|e|wd)|"
    r"BSUB[ \t]+-(?:o|e|cwd))(?:=|[ \t]+)[\"']?(?P<path>/[^\s\"']+)"
)
_OF_PERSON = re.compile(r"/global/(u\d|homes)/\w/\w+/")


def kind_of(text: str, tables: dict[str, Any]) -> str | None:
    """What the text a path begins with says of the place; None for what is no business of CAN104."""
    if _VOSPACE.match(text):
        return VOSPACE
    if text.startswith("//") and text.startswith(("//home/", *(f"/{root}" for root in tables["storage"]))):
        text = text[1:]
    if not _HEAD.match(text) or text.startswith(("//", "/.")) or _DEVICE.match(text):
        return None
    if text[0] == "~":
        told = _DOTTED_HOME.match(text) is None or _TOKEN.match(text) is not None
        return None if not told or text.startswith(("~/{", "~/%")) else HOME
    if text[0] != "/":
        return PERSONAL if len(text) > 3 else None
    if text in tables["homes"] or text + "/" in tables["homes"]:
        return None  # a name is put behind it
    for kind in (PERSONAL, STORAGE):
        if any(text.startswith(root) and len(text) > len(root) for root in tables[kind]):
            return kind
    first = text[1:].partition("/")[0]
    if first in tables["elsewhere"] or not first.strip("{}%s.*"):
        return None
    return STORAGE if _OF_PEOPLE.match(text) and first.lower() not in tables["routes"] else ABSOLUTE


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if _is_configuration(module):
        return
    tables = rule.body["tables"]
    destinations: Destinations | None = None
    seen: set[ast.AST] = set()
    for constant in module.strings:
        text = str(constant.value)
        if _SEVERAL.fullmatch(text):
            text = text.partition(",")[0]
        if text[:1] not in "/~" and text[1:2] != ":" and text[:4] not in ("vos:", "arc:", "vaul"):
            continue
        kind = kind_of(text, tables)
        owner = owner_of(module, constant) if kind is None and text in tables["homes"] else ""
        kind = PERSONAL if owner else kind
        node = _whole(module, constant)
        if kind is None or node in seen or _is_no_path(text) or _never_runs(module, constant):
            continue
        if _is_candidate(module, constant, tables) or (kind == PERSONAL and not owner and _whose(text, tables)):
            continue
        if _is_looked_for(module, node) or _is_elsewhere(module, node) or is_fallback(module, node):
            continue
        if (kind == ABSOLUTE and _is_behind_host(module, node)) or _is_left_over(module, node, tables):
            continue
        destinations = destinations or Destinations(module, tables)
        if kind == VOSPACE and _is_taken_for_path(module, node):
            continue
        if _is_data(module, constant, kind, destinations.of(constant), tables):
            seen.add(node)
            yield _finding(module, rule, node, text, kind, f"{text}{owner}" if owner else None)
    yield from _below_home(module, rule, destinations, seen)
    yield from _in_commands(module, rule, seen)
    yield from _in_texts(module, rule, seen)
    yield from _on_scratch(module, rule, seen)


def check_notebook(source: NotebookSource, rule: Rule) -> Iterator[Finding]:
    """Where a notebook goes by a magic: `%cd /home/jo/survey`."""
    tables = rule.body["tables"]
    for magic in source.magics:
        told = _GOES_TO.fullmatch(magic.arguments) if magic.name in ("cd", "pushd") else None
        path = told["path"] if told is not None else ""
        kind = kind_of(path, tables)
        if kind in (None, VOSPACE) or _is_no_path(path) or _whose(path, tables):
            continue
        start = source.text.index(path, magic.start)
        yield rule.finding((start, start + len(path)), variant=_variant(kind, path), path=path)


def _is_configuration(module: PythonModule) -> bool:
    """Whether a file does nothing but give a table of values, for a program that is told which file to ask."""
    body = [node for node in module.tree.body if not isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom))]
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or body[0].args.args or module.all_calls:
        return False
    statements = [each for each in body[0].body if not isinstance(each, ast.Expr)]
    tables = [each for each in statements if isinstance(getattr(each, "value", None), ast.Dict)]
    return len(tables) == 1 and all(isinstance(each, (ast.Assign, ast.Return)) for each in statements)


def _below_home(module: PythonModule, rule: Rule, known: Destinations | None, seen: set[ast.AST]) -> Iterator[Finding]:
    """Paths that begin with the home of whoever runs the job: `Path.home() / "Documents" / "data"`."""
    tables = rule.body["tables"]
    for literal, whole, said in below_homes(module):
        path = f"~/{said}"
        if kind_of(path, tables) != HOME or literal in seen or _is_no_path(path) or is_fallback(module, whole):
            continue
        if module.is_switched_off(literal) or _is_looked_for(module, whole) or _is_candidate(module, literal, tables):
            continue
        known = known or Destinations(module, tables)
        found = known.of(whole)
        if found and not found <= {NOISE, DEFAULT} and not found & {"cmd", "args"}:
            seen.add(literal)
            yield rule.finding(module.span(literal), variant="home", path=path)


def _on_scratch(module: PythonModule, rule: Rule, seen: set[ast.AST]) -> Iterator[Finding]:
    """Another site's places below /scratch that are read from; what is written there is CAN401's."""
    from canfar_lint.checks.batch._scratch import inputs

    for constant in inputs(module):
        node = _whole(module, constant)
        if node in seen or _is_no_path(str(constant.value)) or module.is_switched_off(constant):
            continue
        if is_fallback(module, node) or _is_candidate(module, constant, rule.body["tables"]):
            continue
        seen.add(node)
        yield _finding(module, rule, node, str(constant.value), SCRATCH)


def _in_texts(module: PythonModule, rule: Rule, seen: set[ast.AST]) -> Iterator[Finding]:
    """Paths inside the job scripts and other texts that the file writes, each where it stands."""
    for node, told in written(module):
        kind = kind_of(told.path, rule.body["tables"])
        whole = _whole(module, node)
        if whole in seen or not _is_told(told, kind, rule.body["tables"]):
            continue
        start, _ = module.span(node)
        at = module.code(node).find(told.path)
        span = (start + at, start + at + len(told.path)) if at >= 0 else module.span(whole)
        yield rule.finding(span, variant=_variant(kind, told.path), path=told.path)


def _is_told(told: Told, kind: str | None, tables: dict[str, Any]) -> bool:
    """Whether a path inside a text is a person's or the storage's; in a job's script also any other place of data."""
    if kind == PERSONAL:
        return not _whose(told.path, tables)
    runs = re.search(r"/bin/[\w.-]+$", told.path) or told.path.endswith(tuple(tables["shell_programs"]))
    return not runs and (kind == STORAGE or (kind == ABSOLUTE and told.job and told.path.count("/") > _SHALLOW))


def _is_taken_for_path(module: PythonModule, node: ast.AST) -> bool:
    """Whether a place in VOSpace is given to what takes paths, which CAN407 speaks of."""
    from canfar_lint.catalogue import load
    from canfar_lint.checks.results.can407 import places

    return any(span == module.span(node) for span, *_ in places(module, load().rules["CAN407"]))


def _spelled(module: PythonModule, node: ast.AST) -> str:
    """An f-string's text as its author reads it, without the quotes."""
    code = module.code(node)
    match = re.fullmatch(r"""[fFrR]{1,2}("{3}|'{3}|"|')(.*)\1""", code, re.DOTALL)
    return match.group(2) if match else code


def _is_no_path(text: str) -> bool:
    """Whether text only begins like a path: a command, a regular expression, prose."""
    return _NO_PATH.search(text) is not None or (text[0] == "/" and _PATTERN.search(text) is not None)


def _in_commands(module: PythonModule, rule: Rule, seen: set[ast.AST]) -> Iterator[Finding]:
    """Paths among the words of the commands that the file starts; a program's own path only at a person's place."""
    for start in started(module):
        for word in start.command.words:
            text = word.head.partition("=")[2] if word.head.startswith("-") else word.head
            kind = kind_of(text, rule.body["tables"])
            node = start.place(word)
            if kind is None or node in seen or _is_no_path(text) or _whose(text, rule.body["tables"]):
                continue
            if _POSTSCRIPT.match(word.head):
                continue
            if start.command.name is None and not start.shell:
                continue
            if word is start.command.program and kind != PERSONAL:
                continue
            if kind == HOME and start.command.name in rule.table("shell_queues"):
                continue
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                seen.add(node)
                yield _finding(module, rule, node, text, kind, text)


def _whole(module: PythonModule, constant: ast.Constant) -> ast.AST:
    """The f-string a constant is part of, or the constant."""
    parent = module.parents.get(constant)
    return parent if isinstance(parent, ast.JoinedStr) else constant


def _never_runs(module: PythonModule, node: ast.AST) -> bool:
    """Whether a node stands under `if 0:`; a constant that has a name is a switch, which somebody edits."""
    return module.is_switched_off(node) and not any(
        isinstance(part, ast.Name) for test, _ in module.guards(node) for part in ast.walk(test)
    )


def _finding(module: PythonModule, rule: Rule, node: ast.AST, text: str, kind: str, path: str | None = None) -> Finding:
    """At a literal whose path begins with `text`; `path` is the whole when it is only a part of the literal."""
    if path is None:
        path = str(node.value) if isinstance(node, ast.Constant) else _spelled(module, node)
    variant = "switched-off" if module.is_switched_off(node) else _variant(kind, text)
    return rule.finding(module.span(node), variant=variant, path=path, fix=_fix(module, node))


def _variant(kind: str | None, text: str) -> str | None:
    if kind == PERSONAL and text.startswith("/arc/home/"):
        return "platform-home"
    return {PERSONAL: "personal", HOME: "home", VOSPACE: "vospace", SCRATCH: "scratch"}.get(kind or "")


def _fix(module: PythonModule, node: ast.AST) -> Fix | None:
    """The literal as the default of an option or a variable named as what it is bound to."""
    from canfar_lint.checks._environment import overridable

    if not isinstance(node, ast.Constant):
        return None
    return overridable(module, node, ("pathlib.Path", "os.path.expanduser"))


def _is_elsewhere(module: PythonModule, node: ast.AST) -> bool:
    """Whether a name says that a path is on another computer, in a file that writes `user@host:path`."""
    statement = module.parents.get(node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return (
        isinstance(target, ast.Name)
        and _REMOTE.match(target.id) is not None
        and _ON_HOST.search(module.source.text) is not None
    )


def _is_left_over(module: PythonModule, node: ast.AST, tables: dict[str, Any]) -> bool:
    """Whether a path is bound to a name that nothing reads, beside others that are read in its place."""

    def is_path(value: ast.expr) -> bool:
        return kind_of(module.value(value).prefix, tables) is not None

    return is_left_over(module, module.parents.get(node), "path", is_path)


def _is_behind_host(module: PythonModule, node: ast.AST) -> bool:
    """Whether a name that a path is bound or given to is put behind a host somewhere, so that it is part of a URL."""
    return any(_follows_host(module, use) for use in _named(module, node)[:50])


def _named(module: PythonModule, node: ast.AST) -> list[ast.Name]:
    """Where the name stands that an expression is bound to, or the parameter of the file's own that it is given for."""
    owner = module.parents.get(node)
    target = owner.targets[0] if isinstance(owner, ast.Assign) else None
    if isinstance(target, ast.Name):
        scope = module.scope_of(target)
        return [use for use in module.named(target.id) if module.scope_of(use) is scope]
    if not isinstance(owner, ast.Call) or not (parameter := _parameter(module, owner, node)):
        return []
    function = module.function_named(owner.func)
    return [use for use in module.named(parameter[0]) if module.function_of(use) is function]


def _follows_host(module: PythonModule, use: ast.Name) -> bool:
    """Whether what stands directly before a name in a text is a host: `host + path`, `f"{host}{path}"`."""
    part: ast.AST = use
    text = module.parents.get(part)
    if isinstance(text, ast.FormattedValue):
        part, text = text, module.parents.get(text)
    before: ast.expr | None = None
    if isinstance(text, ast.JoinedStr):
        at = text.values.index(part) if isinstance(part, ast.expr) else 0
        before = text.values[at - 1] if at else None
    elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add) and part is text.right:
        before = text.left
    before = before.value if isinstance(before, ast.FormattedValue) else before
    if before is None:
        return False
    name = getattr(before, "id", "") or getattr(before, "attr", "")
    return _HOSTED.search(name) is not None or "://" in module.value(before).skeleton


def _is_looked_for(module: PythonModule, node: ast.AST) -> bool:
    """Whether a place is only asked for, to know the machine: `if os.path.isdir("/clusterfs"):`."""
    call = module.parents.get(node)
    if (
        not isinstance(call, ast.Call)
        or not isinstance(node, ast.Constant)
        or module.qualified(call.func) not in _ASKED_FOR
    ):
        return False
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, (ast.If, ast.IfExp)):
            return child is ancestor.test
        if not isinstance(ancestor, (ast.BoolOp, ast.UnaryOp)):
            return False
        child = ancestor
    return False


def _is_candidate(module: PythonModule, constant: ast.Constant, tables: dict[str, Any]) -> bool:
    """Whether a literal is one of several places where a program is looked for, the system's among them."""
    outermost: ast.AST | None = None
    for ancestor in module.ancestors(constant):
        if isinstance(ancestor, ast.stmt):
            break
        joined = outermost is not None and isinstance(ancestor, ast.BinOp)
        if joined or isinstance(ancestor, (ast.List, ast.Tuple, ast.Set)):
            outermost = ancestor
    if outermost is None:
        return False
    memo = module.memo("candidate places")
    if outermost not in memo:
        texts = [n.value for n in ast.walk(outermost) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        memo[outermost] = any(text.startswith(tuple(tables["system_places"])) for text in texts)
    return bool(memo[outermost])


def _whose(text: str, tables: dict[str, Any]) -> bool:
    """Whether a home's owner is filled in: `"/arc/home/{}/x"` is nobody's in particular."""
    return any(text.startswith(root) and text[len(root) :][:1] in "{%$" for root in tables["homes"])


def _is_data(
    module: PythonModule, constant: ast.Constant, kind: str, found: frozenset[str], tables: dict[str, Any]
) -> bool:
    text = str(constant.value)
    if "cmd" in found or "args" in found:
        return "args" in found and text.startswith("/arc/home/")
    if kind in (PERSONAL, STORAGE) and found == {NOISE} and isinstance(module.parents.get(constant), ast.Assign):
        # part of commands or texts that others read: its name says that it is a place all the same
        return _named_so(module, constant, tables) and (kind == PERSONAL or not _is_for_imports(module, constant))
    if kind in (PERSONAL, STORAGE):
        return bool(found & {IO, PATH, DATA, EXPORT})
    if _is_program(module, constant) or found <= {NOISE}:
        return False
    if kind == VOSPACE:
        return bool(found & {IO, PATH})
    deep = "/" in text.strip("/~")
    if kind == HOME or deep:
        named = _DATA_FILE.search(text) is not None or _named_so(module, constant, tables)
        return bool(found & {IO, PATH}) or (bool(found & {DATA, EXPORT}) and named)
    return IO in found


def _is_for_imports(module: PythonModule, constant: ast.Constant) -> bool:
    """Whether all that becomes of a place is that modules are looked for there, of which another rule speaks."""
    uses = [use for use in _named(module, constant) if isinstance(use.ctx, ast.Load)]
    return all("sys.path" in module.code(module.parent_statement(use)) for use in uses[:50])


def _is_program(module: PythonModule, constant: ast.Constant) -> bool:
    """Whether a literal is the program of an `argv` list."""
    parent = module.parents.get(constant)
    return isinstance(parent, (ast.List, ast.Tuple)) and parent.elts[0] is constant and _runs(module, parent)


def _runs(module: PythonModule, node: ast.AST) -> bool:
    parent = module.parents.get(node)
    if not isinstance(parent, ast.Call):
        return False
    return module.qualified(parent.func).startswith(("subprocess.", "os.exec", "os.spawn", "asyncio.create_sub"))


def _named_so(module: PythonModule, constant: ast.Constant, tables: dict[str, Any]) -> bool:
    """Whether the name, key or parameter a literal is given to says that it is a path."""
    text = str(constant.value)
    if text[1:].partition("/")[0].lower() in tables["routes"]:
        return False
    child: ast.AST = constant
    for ancestor in module.ancestors(constant):
        names: list[str] = []
        if isinstance(ancestor, ast.keyword):
            names = [ancestor.arg or ""]
        elif isinstance(ancestor, ast.Dict):
            at = ancestor.values.index(child) if child in ancestor.values else -1
            key = ancestor.keys[at] if at >= 0 else None
            names = [str(key.value)] if isinstance(key, ast.Constant) else []
        elif isinstance(ancestor, ast.Call):
            names = _parameter(module, ancestor, child)
        elif isinstance(ancestor, (ast.Assign, ast.AnnAssign)):
            targets = ancestor.targets if isinstance(ancestor, ast.Assign) else [ancestor.target]
            names = [getattr(t, "id", "") or getattr(t, "attr", "") or _key(t) for t in targets]
        if any(re.search(tables["path_names"], name.lower()) for name in names):
            return True
        if names or isinstance(ancestor, ast.stmt):
            return False
        child = ancestor
    return False


def _key(target: ast.expr) -> str:
    """`TESS_DATA` of `os.environ["TESS_DATA"]`."""
    index = target.slice if isinstance(target, ast.Subscript) else None
    return index.value if isinstance(index, ast.Constant) and isinstance(index.value, str) else ""


def _parameter(module: PythonModule, call: ast.Call, argument: ast.AST) -> list[str]:
    """The name of the parameter that a positional argument of one of the file's own functions is given for."""
    at = next((number for number, each in enumerate(call.args) if each is argument), -1)
    function = module.function_named(call.func) if at >= 0 else None
    if function is None:
        return []
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    return names[at : at + 1]


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import BUILD, is_test, made_by_hand

    if script.context in (*BUILD, "literal") or made_by_hand(script) or is_test(script):
        return
    seen: set[int] = set()
    run: set[str] = set()
    for word, command in _shell_words(script, rule):
        text = word.head.partition(" ")[0]
        kind = kind_of(text, rule.body["tables"])
        if kind is None and word.start not in seen and _is_data_below_home(word, command, rule):
            seen.add(word.start)
            how = _UNLESS_SET if script.c_shell else _UNLESS_GIVEN
            yield rule.finding(word.span, variant="shell-home", path=f"$HOME{word.tail}", how=how)
        if kind is None or word.start in seen or _is_no_path(text) or _whose_in_shell(word, rule):
            continue
        goes = command is not None and command.name == "cd"
        if kind == ABSOLUTE and "/" not in text.strip("/") and not (goes or word.dynamic):
            continue  # a mount point says nothing of the data, unless that is where the work is done
        if not _is_in_vospace(rule, command, word) if kind == VOSPACE else _expected_there(rule, command, word, kind):
            continue
        seen.add(word.start)
        if command is not None and word is command.program:
            if text in run:
                continue  # told where it is first run
            run.add(text)
        fix = _fix_in_shell(script, word) if command is None else None
        how = _UNLESS_SET if script.c_shell else _UNLESS_GIVEN
        yield rule.finding(word.span, variant=_variant_in_shell(kind, text), path=_path_of(word), how=how, fix=fix)
    if script.context == "file":
        yield from _in_documents(script, rule, seen)
        yield from _in_header(script, rule)


check_c_shell = check_shell


def _variant_in_shell(kind: str | None, text: str) -> str:
    variant = _variant(kind, text)
    return f"shell-{variant}" if variant else "shell"


def _in_documents(script: Script, rule: Rule, seen: set[int]) -> Iterator[Finding]:
    """Paths inside the here-documents that become job scripts, or the input of programs."""
    tables = rule.body["tables"]
    for text, start in documents(script):
        for told in paths_in(text):
            kind, at = kind_of(told.path, tables), start + told.at
            if at not in seen and _is_told(told, kind, tables):
                variant = _variant_in_shell(kind, told.path)
                yield rule.finding((at, at + len(told.path)), variant=variant, path=told.path, how=_UNLESS_GIVEN)


def _in_header(script: Script, rule: Rule) -> Iterator[Finding]:
    """Folders of a person in a scheduler's header, each once: `#SBATCH -o /home/jo/logs/%j.out`."""
    folders: set[str] = set()
    for match in _HEADER.finditer(script.text):
        path = match["path"]
        kind, folder = kind_of(path, rule.body["tables"]), path.rpartition("/")[0]
        personal = kind == PERSONAL or (kind == STORAGE and (_OF_PERSON.match(path) or _OF_PEOPLE.match(path)))
        if personal and folder not in folders and not _whose(path, rule.body["tables"]):
            folders.add(folder)
            yield rule.finding(match.span("path"), variant="shell-header", path=path)


def _fix_in_shell(script: Script, word: Word) -> Fix | None:
    """The value of a variable as its default, where it is given one only once and outside of loops and functions."""
    from canfar_lint.checks._environment import is_free

    entries = [entry for entry in script.assignments if entry.word is word]
    if (
        script.c_shell
        or script.context not in ("file", "cell")
        or len(entries) != 1
        or word.end - word.start != len(word.text)
    ):
        return None
    name = entries[0].name
    plain = re.fullmatch(r"""("?)(/[\w./@%+,:=-]+)\1""", word.text)
    again = sum(1 for entry in script.assignments if entry.name == name)
    if plain is None or again != 1 or not is_free(name.upper()) or entries[0].blocks:
        return None
    value = f"${{{name}:-{plain.group(2)}}}"
    return Fix(f"Take it from `{name}` when that is set", (Edit(*word.span, f'"{value}"'),), UNSAFE)


def _shell_words(script: Script, rule: Rule) -> Iterator[tuple[Word, Command | None]]:
    """Words that may be paths, with the command they are given to: arguments, values of options, targets, values."""
    for entry in script.assignments:
        if entry.word is not None and entry.word.value != "" and not _is_replaced(script, rule, entry):
            yield from ((item, None) for item in entry.word.items or (entry.word,))
    for block in script.blocks:
        if block.kind == "loop":
            yield from ((word, None) for word in block.words or ())
        yield from ((one.target, None) for one in block.redirects if not one.op.startswith("<<"))
    for command in script.commands:
        yield from ((one.target, command) for one in command.redirects if not one.op.startswith("<<"))
        said = not any(block.kind == "substitution" for block in command.blocks[-1:])
        known = script.c_shell and command.name == "alias"
        if command.name in rule.table("shell_silent") and (said or command.name != "echo") and not known:
            continue
        if command.program is not None:
            yield command.program, command
        for word in command.arguments:
            if _POSTSCRIPT.match(word.head):
                continue
            name, equals, _ = word.head.partition("=")
            given = equals and re.fullmatch(r"-.*|[a-z]\w*", name) is not None
            yield word.behind(len(name) + 1) if given else word, command


def _is_data_below_home(word: Word, command: Command | None, rule: Rule) -> bool:
    """Whether a word is a file of data below the home of whoever runs the job, that a program is given to read."""
    home, *rest = word.parts or (None,)
    if home is None or home.kind != "variable" or home.name != "HOME" or home.op or len(rest) != 1:
        return False
    if rest[0].kind != "literal" or not re.fullmatch(rule.table("shell_data_below_home"), rest[0].text):
        return False
    if command is None:
        return True
    given = [each for each in command.arguments if each.end == word.end]
    at = command.arguments.index(given[0]) if given else 0
    option = given[0].head.partition("=")[0] if given and given[0].head else ""
    before = command.arguments[at - 1].head if at else ""
    option = option or (before if before.startswith("-") else "")
    return bool(given) and command.name not in rule.table("shell_placing") and not _OF_RESULT.match(option)


def _is_in_vospace(rule: Rule, command: Command | None, word: Word) -> bool:
    """Whether a place in VOSpace is a value, or given to a program that knows such places; CAN407 has the others."""
    return command is None or command.name in rule.table("vospace_programs")


def _path_of(word: Word) -> str:
    return word.value if word.value is not None else word.text.strip("\"'")


def _whose_in_shell(word: Word, rule: Rule) -> bool:
    """Whether the owner of a home is filled in: `/arc/home/$USER/x`."""
    head = word.head
    return word.value is None and any(head == root for root in rule.table("homes"))


def _expected_there(rule: Rule, command: Command | None, word: Word, kind: str) -> bool:
    """Whether a path belongs where it stands: what a submit line runs, an environment, a mapping, an image's user."""
    text = word.head
    if ":" in text.partition("://")[0][3:] or any(text.startswith(home) for home in rule.table("shell_image_homes")):
        return True
    if command is not None and _is_request(command):
        return not text.startswith("/arc/home/")
    if kind == PERSONAL:
        return False
    runs = text.partition(" ")[0] if " " in text else word.tail  # a whole command line begins with its program
    sourced = command is not None and command.name in ("source", ".")
    if kind == HOME and command is not None and (sourced or word is command.program):
        return False
    if (sourced or command is None) and kind != HOME and not text.startswith("/arc/"):
        return False  # software of another site: what lies on /arc is there for every job
    if re.search(r"/bin/[\w.-]+$", runs) or runs.endswith(tuple(rule.table("shell_programs"))):
        return True
    if command is None or word is command.program:
        return command is not None
    return command.name in rule.table("shell_environments") and not _is_given_inside(command, word)


def _is_given_inside(command: Command, word: Word) -> bool:
    """Whether a word goes to the program that a container runs: `apptainer exec -B /data x.sif python a.py WORD`."""
    words = command.arguments
    if command.name not in ("apptainer", "singularity") or not words or words[0].value not in ("exec", "run"):
        return False
    at = 1
    while at < len(words) and words[at].head.startswith("-"):
        at += 2 if words[at].head in _CONTAINER_OPTIONS else 1
    return any(word.start >= one.start for one in words[at + 2 : at + 3])


def _is_request(command: Command) -> bool:
    """Whether the command asks for a session, whose words are CAN805's."""
    words = [word.value for word in command.arguments[:1]]
    return command.name in ("canfar", "skaha", "curl") and (command.name == "curl" or words[:1] != ["data"])


def _is_replaced(script: Script, rule: Rule, entry: Assigned) -> bool:
    """Whether an assignment is only a default: set where nothing was given, or set again by an option."""
    if script.c_shell and entry.name == "path":
        return True  # where programs are searched for
    if _SEARCHED.fullmatch(entry.name) or _MAPPED.search(entry.name) or entry.name in rule.table("shell_settings"):
        return True
    from canfar_lint.checks._scripts import is_replaced

    return is_replaced(script, entry)
