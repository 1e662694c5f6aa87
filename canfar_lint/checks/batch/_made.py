"""The names of the files that a program makes itself, or has others make: what it reads of them is no input."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._commands import handed_on, started
from canfar_lint.checks._outputs import names_of, outputs
from canfar_lint.checks._shell_outputs import named_by_option
from canfar_lint.diagnostic import Question
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import Value

_OUTPUT = re.compile(r"out|imagename$|fitsimage$|caltable$|.*_out(put|file)?$|dest|save")
_RESULT = re.compile(r"(?i)out(put)?_?(file|name|path|fn|fits|cat|table|image|hdf5?|csv)")
_RESULT_SETTING = re.compile(r"(CATALOG|CHECKIMAGE|IMAGEOUT|WEIGHTOUT|(MERGED|FULL)?OUTCAT|XML)_NAME")
# a command's parameter for what it makes; the regions are those of what it has found
_RESULT_KEY = re.compile(r"(?i)(out|dest|save|result)\w*|regfile")
_RESULT_FOLDER = re.compile(r"(?i)(\w+_)?(out(put)?|results?|save)_?(dir|directory|folder|path)")
# folders that a script may also make for whoever brings the data
_OF_INPUTS = re.compile(r"(?i)(.*/)?((raw|input)_?)?(data|inputs?|raw|cat(alog(ue)?)?s|tables)")
# what a training keeps, and may go on from
_CHECKPOINT = re.compile(r"(?i)(checkpoint|ckpt|weights)_?(path|file|filepath|name)?")
_TRAINS = re.compile(r"(?i)(^|_)(train|fit)|Train|Fit")
_TELLING = 5
_MANY = 4
_APPENDED = r"(_dr[zc])?(_(sci|wht|ctx))?\.\w"
_COPIES = ("shutil.copy", "shutil.copyfile", "shutil.copytree", "shutil.move", "os.rename")
_TAKING_APART = frozenset(("split", "rsplit", "partition", "rpartition", "splitext", "basename", "replace"))
_MAKES = re.compile(r"(?i)_?(download|fetch|retrieve|get_from)")
_NAMED = re.compile(r"(?i)(out(put)?_?)?(file|path|file_?name|file_?path|fname)")
_REMOVES = ("os.remove", "os.unlink", "shutil.rmtree")
_PRODUCES = re.compile(r"(?i)_?(make|create|write|export|generate|prepare)")


def last_part(path: str) -> str:
    """A path's last name, also of one as Windows writes it."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def made_names(module: PythonModule, rule: Rule) -> frozenset[str]:
    """The last parts of the names the program writes itself, also by arguments that say so; told once a file."""
    memo = module.memo("made names")
    if not memo:
        found = {name for node in _results(module, rule) for name in _names(module, node)}
        found |= {
            last_part(leaf.skeleton)
            for each in outputs(module)
            for v, _ in names_of(module, each)
            for leaf in v.leaves()
        }
        found |= _told_in_commands(module) | _imported(module)
        for call in module.calls(_COPIES):
            if len(call.args) > 1 and last_part(module.value(call.args[0]).skeleton) in found:
                found.add(last_part(module.value(call.args[1]).skeleton))
        memo["all"] = frozenset(found - {"", "{}"})
    names = memo["all"]
    assert isinstance(names, frozenset)
    return names


def _names(module: PythonModule, node: ast.expr) -> set[str]:
    return {last_part(leaf.skeleton) for leaf in module.value(node).leaves()}


def _results(module: PythonModule, rule: Rule) -> Iterator[ast.expr]:
    """The expressions that name what is written, or made elsewhere for the program."""
    for output in outputs(module):
        yield from _kept_whole(output.name)
    for call in module.all_calls:
        last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if _MAKES.match(last) or last.endswith(("Writer", "writer")):
            yield from (*call.args[:8], *(keyword.value for keyword in call.keywords[:8]))
        elif _PRODUCES.match(last):
            # makeBeamReg("beam.reg"), write_mask_fits("mask.fits")
            yield from (each.value for each in call.keywords[:8] if _NAMED.fullmatch(each.arg or ""))
            for given in call.args[:4]:
                if any(last.lower().endswith(name.rpartition(".")[2]) for name in _names(module, given)):
                    yield given
        inputs = rule.table("casa").get(last, ())
        for keyword in call.keywords:
            name = keyword.arg or ""
            if (name not in inputs and _OUTPUT.match(name)) or (_CHECKPOINT.fullmatch(name) and _TRAINS.search(last)):
                yield keyword.value
    for call in module.methods(("write", "save")):
        # TemplateModel(table, filename="model.fits") and then .write()
        made = module.resolve(call.func.value) if isinstance(call.func, ast.Attribute) and not call.args else None
        if isinstance(made, ast.Call):
            yield from (each.value for each in made.keywords if _NAMED.fullmatch(each.arg or ""))
    # a result, or a step's, that is cleared away afterwards
    yield from (call.args[0] for call in module.calls(_REMOVES) if call.args)
    yield from _told(module, rule)
    yield from _kept_by_samplers(module)
    yield from (statement.value for statement in _named_outputs(module))


def _kept_whole(name: ast.expr) -> Iterator[ast.Name]:
    """The names in what a file is called, but for those it takes no more than a part of: `name[:-4] + ".png"`."""
    queue: list[ast.AST] = [name]
    while queue:
        part = queue.pop()
        called = part.func if isinstance(part, ast.Call) else None
        apart = isinstance(called, ast.Attribute) and called.attr in _TAKING_APART
        if isinstance(part, ast.Name):
            yield part
        elif not apart and not (isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Slice)):
            queue += ast.iter_child_nodes(part)


def _told(module: PythonModule, rule: Rule) -> Iterator[ast.expr]:
    """What a program is told to call its result: the second argument of a CASA import, a SExtractor setting."""
    for task, (parameter, index) in rule.table("results").items():
        for call in module.calls_named(task):
            given = module.argument(call, parameter, index)
            if given is not None:
                yield given
    for target in module.subscript_stores:
        parent = module.parent(target)
        if isinstance(parent, ast.Assign) and _is_result(module.constant(target.slice)):
            yield parent.value
    for table in module.nodes(ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            if isinstance(key, ast.Constant) and _is_result(key.value):
                yield value


def _imported(module: PythonModule) -> set[str]:
    """What CASA makes of an archive where nothing says how to call it: `X1.ms` of `importasdm("X1")`."""
    calls = (call for call in module.calls_named("importasdm") if module.argument(call, "vis", 1) is None)
    archives = (module.argument(call, "asdm", 0) for call in calls)
    return {f"{name}.ms" for archive in archives if archive is not None for name in _names(module, archive)}


def _told_in_commands(module: PythonModule) -> set[str]:
    """The same on a command line: `-CATALOG_NAME m31.cat`, `--output m31.cat`, `outfile=m31.cat`."""
    found: set[str] = set()
    for start in (*started(module), *handed_on(module)):
        words = start.command.arguments
        for option, word in pairwise(words):
            if _is_result(option.head.removeprefix("-")) and word.value:
                found.add(last_part(word.value))
        for word in words:
            key, equals, given = (word.value or "").partition("=")
            if equals and _RESULT_KEY.fullmatch(key):
                found.add(last_part(given))
        found |= {last_part(output.word.value or "") for output in named_by_option(start.command)}
    return found


def _kept_by_samplers(module: PythonModule) -> Iterator[ast.expr]:
    """The stores that the program begins anew itself: `HDFBackend("chain.h5")` and then `.reset(…)`."""
    if any(module.methods(("reset",))):
        yield from (call.args[0] for call in module.calls_named("HDFBackend") if call.args)


def _is_result(key: object) -> bool:
    return isinstance(key, str) and _RESULT_SETTING.fullmatch(key) is not None


def _named_outputs(module: PythonModule) -> Iterator[ast.Assign]:
    """The names of files of which the script says that they are results: `outfile = "m31.fits"`."""
    for node in module.nodes(ast.Assign):
        target = node.targets[0]
        if isinstance(target, ast.Name) and _RESULT.match(target.id):
            yield node


def lies_in_made(module: PythonModule, path: Value) -> bool:
    """Whether a file lies in a folder that the program makes, or tells something to write to, so that it is its own."""
    memo = module.memo("made folders")
    if not memo:
        memo["all"] = {_plain(text) for text in _made_folders(module)} - {"", ".", ".."}
    folders = memo["all"]
    assert isinstance(folders, set)
    parts = _plain(path.prefix.rpartition("/")[0]).split("/")
    return any("/".join(parts[:n]) in folders for n in range(1, len(parts) + 1))


def _made_folders(module: PythonModule) -> Iterator[str]:
    made = [call.args[0] for call in module.calls(("os.mkdir", "os.makedirs")) if call.args]
    made += [call.func.value for call in module.methods(("mkdir",)) if isinstance(call.func, ast.Attribute)]
    texts = (module.value(folder).text or "" for folder in made)
    yield from (text for text in texts if not _OF_INPUTS.fullmatch(_plain(text)))
    for call in module.all_calls:
        for keyword in call.keywords:
            if keyword.arg and _RESULT_FOLDER.fullmatch(keyword.arg):
                yield module.value(keyword.value).text or ""


def _plain(folder: str) -> str:
    """A folder as others may write it: `./out/` as `out`."""
    return folder.removeprefix("./").rstrip("/")


def is_made(name: str, written: frozenset[str]) -> bool:
    """Whether the program writes a file itself, or one whose name this one continues: `m31.image.fits` of `m31`."""
    if name in written:
        return True
    parts = name.split(".")
    if any(".".join(parts[:n]) in written for n in range(1, len(parts))):
        return True
    return any(_begins(name, made) for made in _by_start(written).get(name[:_TELLING], ()))


@lru_cache(maxsize=1)
def _by_start(written: frozenset[str]) -> dict[str, list[str]]:
    """The names that are written, by the letters that all which goes on from them begins with."""
    found: dict[str, list[str]] = {}
    for made in written:
        if len(made.partition("{}")[0]) >= _TELLING:
            found.setdefault(made[:_TELLING], []).append(made)
    return found


def _begins(name: str, made: str) -> bool:
    """Whether a tool has made a name of one that it is given for its result: `m31_0.5_drz.fits` of `m31_{}`."""
    fixed = made.split("{}")
    if "." in fixed[-1]:
        return len(fixed) > 1 and re.fullmatch(".+".join(map(re.escape, fixed)), name) is not None
    return re.match("[^_]+".join(re.escape(part) for part in fixed) + _APPENDED, name) is not None


def made_by_import(module: PythonModule, name: str, place: ast.AST) -> Question | None:
    """The question whether a module makes a file that the script imports before, and of which it uses nothing."""
    memo = module.memo("imports for what they do")
    if "all" not in memo:
        memo["all"] = list(_for_what_they_do(module))
    statements = memo["all"]
    assert isinstance(statements, list)
    start, _ = module.span(place)
    names = [alias.name for one in statements if module.span(one)[0] < start for alias in one.names]
    return Question("made-by-import", last_part(name), 0, tuple(names)) if names else None


def _for_what_they_do(module: PythonModule) -> Iterator[ast.Import]:
    for node in module.nodes(ast.Import):
        if not any(_is_of_others(module, alias) for alias in node.names):
            yield node


def _is_of_others(module: PythonModule, alias: ast.alias) -> bool:
    """Whether what is imported is used, or is no module of the project's."""
    root = alias.name.partition(".")[0]
    return root in sys.stdlib_module_names or bool(module.named(alias.asname or root))


def is_stage(module: PythonModule) -> bool:
    """Whether a script reads variables that nothing sets: a program runs it among others, which leave it files."""
    memo = module.memo("stage of a program")
    if "is" not in memo:
        nodes = () if module.star_imports or module.notebook else module.nodes(ast.Name)
        memo["is"] = len({name.id for name in nodes if _is_from_nowhere(module, name)}) >= _MANY
    return bool(memo["is"])


def _is_from_nowhere(module: PythonModule, name: ast.Name) -> bool:
    """Whether a variable has no value in the file; what is called or asked for an attribute may be a task or tool."""
    around = module.parent(name)
    if not isinstance(name.ctx, ast.Load) or hasattr(builtins, name.id) or isinstance(around, ast.Attribute):
        return False
    called = isinstance(around, ast.Call) and around.func is name
    return not called and not module.bindings(name) and module.function_of(name) is None
