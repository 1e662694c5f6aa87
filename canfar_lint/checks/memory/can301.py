"""FITS files read in full although astropy would map them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.checks._inputs import unglued
from canfar_lint.checks.memory._fate import CUT, DROPPED, HELD, KEPT, LOOKED, UNSEEN, WHOLE, fates, is_left_open
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.lexical import comment_in
from canfar_lint.model.python import PythonModule

_STREAMS = frozenset(("BytesIO", "urlopen", "SpooledTemporaryFile", "GzipFile"))
# functions that make what they are called after, of other images
_MAKING = re.compile(r"(?i)(^|_)(co_?add|stack|combine|mosaic|make|build|create|drizzle|merge)")
# what is called of an open file, and never of a name
_OF_STREAMS = ("close", "read", "seek", "getvalue")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(rule.table("readers")):
        if _cannot_be_mapped(module, call) or (call.args and is_declared_small(module, rule, call.args[0])):
            continue
        if _has_reason(module, call) or _gives_headers(module, call) or _is_written_again(module, call):
            continue
        if _is_temporary(module, rule, call) or _goes_out(module, call):
            continue
        for name in rule.table("switches"):
            keyword = module.keyword(call, name)
            if keyword is None or module.constant(keyword.value) is not False:
                continue
            if name == "memmap":
                if _is_taken_whole(module, rule, call) or _is_fetched_cutout(module, rule, call):
                    continue
                becomes = fates(module, rule, call)
                if _gains_nothing(module, rule, call, becomes) or _are_small_parts(module, rule, call):
                    continue
                variant = None if _is_plain(module, rule, call, becomes) else "unknown"
            elif _is_mapped(module, call):
                continue  # the headers are wanted, the data is mapped all the same
            else:
                variant = "headers"
            argument, fix = module.code(keyword), _fix(module, call, name)
            yield rule.finding(module.span(keyword), variant=variant, argument=argument, fix=fix)


def _cannot_be_mapped(module: PythonModule, call: ast.Call) -> bool:
    name = module.value(call.args[0]).suffix.lower() if call.args else ""
    if name.endswith((".gz", ".fz", ".bz2", ".z", ".xz")):
        return True
    if call.args and _is_stream(module, call):
        return True
    mode = module.argument(call, "mode", 1)
    if mode is not None and module.constant(mode) in ("update", "append", "ostream"):
        return True
    return module.keyword(call, "do_not_scale_image_data") is not None


def _is_stream(module: PythonModule, reading: ast.Call) -> bool:
    """Whether what is read is no file on a disk: bytes in memory, a download, an object that may be either."""
    made = module.resolve(reading.args[0])
    if isinstance(made, ast.Call):
        return module.qualified(made.func).rpartition(".")[2] in _STREAMS
    kept = module.parent(reading)
    again = {module.code(target) for target in kept.targets} if isinstance(kept, ast.Assign) else set()
    if not isinstance(made, ast.Name) or made.id in again:
        return False
    own = (call for word in _OF_STREAMS for call in module.calls_named(word))
    handled = (call.func.value for call in own if isinstance(call.func, ast.Attribute))
    function = module.function_of(made)
    return any(isinstance(n, ast.Name) and n.id == made.id and module.function_of(n) is function for n in handled)


def _is_mapped(module: PythonModule, call: ast.Call) -> bool:
    """Whether the call asks for a mapped file in so many words."""
    keyword = module.keyword(call, "memmap")
    return keyword is not None and module.constant(keyword.value) is True


def _has_reason(module: PythonModule, call: ast.Call) -> bool:
    """Whether a comment beside the call, or in the line above it, speaks of the mapping: its author has weighed it."""
    start, end = module.span(call)
    text = module.text
    above = text.rfind("\n", 0, max(text.rfind("\n", 0, start), 0)) + 1
    below = text.find("\n", end)
    lines = text[above : below if below >= 0 else len(text)].splitlines()
    return any(
        re.search("(?i)mem(ory)?[ -]?map|mmap", line[comment_in(line) :])
        for line in lines
        if "#" in line and comment_in(line) >= 0
    )


def _gives_headers(module: PythonModule, call: ast.Call) -> bool:
    """Whether nothing but headers is taken from the opened file, or nothing at all: its data stays where it is."""
    uses, kept = _uses(module, call), module.parent(call)
    only_tried = isinstance(kept, ast.withitem) and isinstance(kept.optional_vars, (ast.Name, type(None)))
    return (bool(uses) or only_tried) and all(_is_header(module, use) for use in uses)


def _uses(module: PythonModule, call: ast.Call) -> list[ast.Name]:
    """Where the opened file is used by its one name."""
    kept = module.parent(call)
    target: ast.expr | None = None
    if isinstance(kept, ast.withitem):
        target = kept.optional_vars
    elif isinstance(kept, ast.Assign) and len(kept.targets) == 1:
        target = kept.targets[0]
    if not isinstance(target, ast.Name):
        return []
    function = module.function_of(call)
    found = [n for n in module.loads(target.id) if module.function_of(n) is function]
    around = module.parent(kept) if isinstance(kept, ast.withitem) else None
    if isinstance(around, (ast.With, ast.AsyncWith)):
        return [n for n in found if around in module.ancestors(n)]
    return found if all(len(module.bindings(n)) == 1 for n in found) else []


def _is_header(module: PythonModule, use: ast.Name) -> bool:
    """`hdul[0].header`, `len(hdul)`, `hdul.close()`."""
    at: ast.expr = use
    parent = module.parent(use)
    if isinstance(parent, ast.Subscript) and parent.value is use and isinstance(parent.slice, ast.Slice):
        at, parent = parent, module.parent(parent)
    if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is at and isinstance(parent.target, ast.Name):
        each = [n for n in module.named(parent.target.id) if module.function_of(n) is module.function_of(use)]
        taken = [n for n in each if isinstance(n.ctx, ast.Load)]
        return bool(taken) and all(_is_looked_at(module, n) for n in each if isinstance(n.ctx, ast.Load))
    if isinstance(parent, ast.Subscript) and parent.value is use:
        parent = module.parent(parent)
        return isinstance(parent, ast.Attribute) and parent.attr in ("header", "name")
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("close", "info")
    return isinstance(parent, ast.Call) and module.qualified(parent.func) == "builtins.len"


def _is_looked_at(module: PythonModule, hdu: ast.Name, depth: int = 0) -> bool:
    """Whether a header or a name is taken from an extension, here or in a function of this file that it is given to."""
    parent = module.parent(hdu)
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("header", "name")
    if not isinstance(parent, ast.Call) or len(parent.args) != 1 or not isinstance(parent.func, ast.Name) or depth:
        return isinstance(parent, ast.Call) and _asks_for_name(module, parent)
    found = [b.node for b in module.bindings(parent.func)]
    made = found[0] if len(found) == 1 else None
    if not isinstance(made, ast.FunctionDef) or len(made.args.args) != 1:
        return False
    given = made.args.args[0].arg
    uses = [n for n in module.loads(given) if module.function_of(n) is made]
    return all(_is_looked_at(module, use, depth + 1) for use in uses)


def _asks_for_name(module: PythonModule, call: ast.Call) -> bool:
    """`getattr(hdu, "name", None)`, `isinstance(hdu, ImageHDU)`."""
    name = module.qualified(call.func)
    asked = module.constant(call.args[1]) if len(call.args) > 1 else None
    return name == "builtins.isinstance" or (name == "builtins.getattr" and asked in ("name", "header"))


def _is_taken_whole(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether every array of the file is made another array at once, and not cut: it is read in full anyway."""
    uses = _uses(module, call)
    around = module.parent(module.parent(call) or call) if uses else None
    if not isinstance(around, (ast.With, ast.AsyncWith)):
        return False
    arrays = [n for n in ast.walk(around) if isinstance(n, ast.Attribute) and n.attr == "data"]
    return bool(arrays) and all(_is_made_anew(module, rule, each) for each in arrays)


def _is_fetched_cutout(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a small image is opened that the program has asked a service for: a cutout, by its own download."""
    memo = module.memo("cutouts")
    if "spoken of" not in memo:
        memo["spoken of"] = re.search(rule.table("cutouts"), module.text) is not None
    if not call.args or not memo["spoken of"]:
        return False
    named = {n.id for n in ast.walk(call.args[0]) if isinstance(n, ast.Name)}
    function = module.function_of(call) or module.tree
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            targets = {n.id for each in node.targets for n in ast.walk(each) if isinstance(n, ast.Name)}
            asked = module.code(node.value.func).rpartition(".")[2].lower()
            if targets & named and _brings_cutouts(module, rule, node.value.func, asked):
                return True
    return False


def _brings_cutouts(module: PythonModule, rule: Rule, func: ast.expr, called: str) -> bool:
    """Whether a function is called after what it fetches, or is one of the file that asks for cutouts."""
    if re.search(rule.table("fetching"), called):
        return True
    own = module.function_named(func)
    return own is not None and re.search(rule.table("cutouts"), module.code(own)) is not None


def _gains_nothing(module: PythonModule, rule: Rule, call: ast.Call, becomes: set[str]) -> bool:
    """Whether mapping would save no memory and leave files open: arrays are kept, dropped again, or never closed."""
    if not becomes or CUT in becomes:
        return False
    if is_left_open(module, call) and any(isinstance(loop, (ast.For, ast.While)) for loop in module.loops(call)):
        return True
    if UNSEEN in becomes or (HELD in becomes and _is_large(module, rule, call)):
        return False
    if becomes & {KEPT, HELD}:
        return True
    plain = WHOLE in becomes and not _is_large(module, rule, call)
    return plain and (DROPPED in becomes or is_left_open(module, call))


def _is_plain(module: PythonModule, rule: Rule, call: ast.Call, becomes: set[str]) -> bool:
    """Whether a cube is read, or nothing but a small part of an array is used, if anything yet, and no word says that
    it is small."""
    if re.search(rule.table("cubes"), _said(module, call)):
        return True
    if any(name.startswith("spectral_cube.") for name in module.qualified_all(call.func)):
        return any(_is_cut(module, use) for use in _uses(module, call))
    if not becomes <= {CUT, LOOKED, DROPPED} or not (becomes or _is_unused(module, call)):
        return False
    return _is_large(module, rule, call) or not re.search(rule.table("small"), _said(module, call))


def _is_unused(module: PythonModule, call: ast.Call) -> bool:
    """Whether nothing in the file reads what a call gives."""
    kept = module.parent(call)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    return isinstance(kept, ast.Expr) or (isinstance(target, ast.Name) and not module.loads(target.id))


def _are_small_parts(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether extensions are all taken by names of what is small: `hdul["SPECTRUM"]`, `hdul["GTI"]`."""
    taken = [around for use in _uses(module, call) if isinstance(around := module.parent(use), ast.Subscript)]
    names = [module.constant(each.slice) for each in taken]
    return bool(names) and all(isinstance(n, str) and re.search(rule.table("small"), unglued(n).lower()) for n in names)


def _is_large(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a cube or a mosaic is read, by its words or by what reads it."""
    cube = any(name.startswith("spectral_cube.") for name in module.qualified_all(call.func))
    return cube or re.search(rule.table("large"), _said(module, call)) is not None


def _said(module: PythonModule, call: ast.Call) -> str:
    """The words of a file's name, of the function that reads it where it is called so, and of what it becomes."""
    function, statement = module.function_of(call), module.parent(call)
    names = [module.value(call.args[0]).skeleton.rpartition("/")[2], module.code(call.args[0])] if call.args else []
    names += [function.name] if function is not None and not _MAKING.search(function.name) else []
    if isinstance(statement, ast.Assign):
        names += [module.code(target) for target in statement.targets]
    return unglued(" ".join(names)).lower()


def _is_cut(module: PythonModule, cube: ast.Name) -> bool:
    """Whether a part of a cube that is read by pieces is taken: `cube[10:20]`, `cube.spectral_slab(low, high)`."""
    parent = module.parent(cube)
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("spectral_slab", "subcube", "subcube_from_regions", "minimal_subcube")
    return isinstance(parent, ast.Subscript) and parent.value is cube


def _is_conversion(module: PythonModule, rule: Rule, node: ast.AST | None) -> bool:
    known: list[str] = rule.table("converters")
    return isinstance(node, ast.Call) and any(name in known for name in module.qualified_all(node.func))


def _is_made_anew(module: PythonModule, rule: Rule, data: ast.Attribute) -> bool:
    """Whether an array is converted as a whole, and what it becomes is not cut into pieces."""
    parent = module.parent(data)
    if isinstance(parent, ast.Attribute) and parent.attr in ("astype", "copy"):
        parent = module.parent(parent)
    elif data not in getattr(parent, "args", ())[:1] or not _is_conversion(module, rule, parent):
        return False
    kept = module.parent(parent) if parent is not None else None
    if isinstance(kept, ast.Call):
        return _is_conversion(module, rule, kept)
    if isinstance(kept, ast.Return) and kept.value is parent:
        return True
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return False
    uses = (n for n in module.named(target.id) if module.function_of(n) is module.function_of(data))
    return not any(isinstance(cut := module.parent(n), ast.Subscript) and cut.value is n for n in uses)


def _goes_out(module: PythonModule, call: ast.Call) -> bool:
    """Whether an object holds the opened file beyond its `with`, `return Source(hdul)`: its arrays have to be read."""
    if not isinstance(module.parent(call), ast.withitem):
        return False
    for use in _uses(module, call):
        given = module.parent(use)
        made = module.parent(given) if isinstance(given, ast.keyword) else given
        kept = module.parent(made) if isinstance(made, ast.Call) else None
        if not isinstance(made, ast.Call) or not module.code(made.func).rpartition(".")[2][:1].isupper():
            continue
        if isinstance(kept, ast.Return) or (
            isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Attribute)
        ):
            return True
    return False


def _is_written_again(module: PythonModule, call: ast.Call) -> bool:
    """Whether the file is written under its own name while it is open: it has to be in memory then."""
    kept = module.parent(call)
    around = module.parent(kept) if isinstance(kept, ast.withitem) else module.function_of(call)
    if not call.args or not isinstance(around, (ast.With, ast.FunctionDef)):
        return False
    name = module.code(call.args[0])
    written = [c for c in module.calls_named("writeto") if c.args and module.code(c.args[0]) == name]
    return any(around in module.ancestors(each) and module.span(each)[0] > module.span(call)[1] for each in written)


def _is_temporary(module: PythonModule, rule: Rule, call: ast.Call) -> bool:
    """Whether a file is read that a command has just made, and that the same turn or function removes again."""
    name = call.args[0] if call.args else None
    around = next(iter(module.loops(call)), None) or module.function_of(call) or module.tree
    if not isinstance(name, ast.Name):
        return False
    uses = [use for use in module.loads(name.id) if around in module.ancestors(use)]
    made = any(use.lineno < call.lineno and _is_told(module, rule, use) for use in uses)
    return made and any(use.lineno > call.lineno and _is_removed(module, rule, use) for use in uses)


def _is_told(module: PythonModule, rule: Rule, use: ast.Name) -> bool:
    """Whether a name is one of the words of a command that is run: `run("dmcopy %s %s" % (path, name))`."""
    statement = module.parent_statement(use)
    texts = [statement.targets[0]] if isinstance(statement, ast.Assign) else []
    given = (again for each in texts if isinstance(each, ast.Name) for again in module.named(each.id))
    calls = (around for each in (use, *given) for around in module.ancestors(each) if isinstance(around, ast.Call))
    return any(re.search(rule.table("runners"), module.code(each.func)) for each in calls)


def _is_removed(module: PythonModule, rule: Rule, use: ast.Name) -> bool:
    """`os.remove(name)`, `os.system("rm " + name)`, `Path(name).unlink()`."""
    calls = [around for around in module.ancestors(use) if isinstance(around, ast.Call)]
    if any(re.search(rule.table("removers"), module.code(each.func)) for each in calls):
        return True
    return _is_told(module, rule, use) and any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) and re.match(r"rm\s|rm$", n.value)
        for n in ast.walk(module.parent_statement(use))
    )


def _fix(module: PythonModule, call: ast.Call, name: str) -> Fix | None:
    from canfar_lint.fixing.python import fix, without_argument

    return fix(f"Remove `{name}`", without_argument(module, call, name))
