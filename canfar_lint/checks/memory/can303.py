"""Text or bytes read in one piece before the first line is looked at."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.checks._inputs import (
    in_memory,
    is_packaged,
    is_small,
    path_of,
    small_file,
    unglued,
    words_in,
    words_of,
)
from canfar_lint.checks._outputs import WRITE, outputs
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS, LOOPS

# functions whose first argument is the name of a file, by the last word of their names
_FILES = frozenset(("open", "read", "Path", "getdata", "getheader", "load", "loadtxt", "read_csv", "File"))

_NUMBERS = ("builtins.float", "numpy.float64", "numpy.float32", "numpy.array", "numpy.asarray")
_COUNTED = ("builtins.enumerate", "builtins.len", "builtins.range", "builtins.list")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.methods(("readlines",)):
        loop = _loop_over(module, call)
        if loop is not None and not call.args and not call.keywords:
            yield from _lines(module, rule, call, loop)
        elif loop is None and not call.args:
            yield from _kept(module, rule, call, call)
    for call in module.methods(("read", "read_bytes", "read_text")):
        if not call.args:
            yield from _slurped(module, rule, call)


def _lines(module: PythonModule, rule: Rule, call: ast.Call, loop: ast.AST) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    handle = call.func.value
    if in_memory(module, handle) or _is_small_text(module, rule, handle) or _gives_names(module, rule, loop):
        return
    if isinstance(loop, (ast.For, ast.AsyncFor)) and (_has_settings(module, loop) or _has_paths(module, loop)):
        return
    if isinstance(loop, ast.ListComp) and isinstance(loop.elt, ast.Call) and _is_whole_line(loop.elt, loop):
        return
    name = handle.id if isinstance(handle, ast.Name) else "file"
    fix = None
    if isinstance(module.parent(call), (*LOOPS, ast.comprehension, ast.Call)) and _reads_alike(module, handle, loop):
        edit = Edit(module.span(handle)[1], module.span(call)[1], "")
        fix = Fix("Iterate over the file", (edit,))
    elif _reads_alike(module, handle, loop):
        fix = _sliced(module, call, handle)
    known = _is_data(module, rule, handle, loop) and not _is_own_or_read_again(module, rule, handle)
    variant = None if known else "unknown"
    question, code = small_file(module, handle), module.code(call)
    instead = _instead(module, call, name)
    yield rule.finding(module.span(call), variant=variant, fix=fix, question=question, call=code, instead=instead)


def _instead(module: PythonModule, call: ast.Call, handle: str) -> str:
    """The head of the loop that does the same, with the lines left out that a slice leaves out."""
    cut = module.parent(call)
    bounds = cut.slice if isinstance(cut, ast.Subscript) else None
    if not isinstance(bounds, ast.Slice):
        return f"`for line in {handle}:`"
    if bounds.step is not None or isinstance(bounds.lower, ast.UnaryOp) or isinstance(bounds.upper, ast.UnaryOp):
        return "and keep only the lines that are wanted"
    first, last = (module.code(each) if each is not None else None for each in (bounds.lower, bounds.upper))
    return f"`for line in itertools.islice({handle}, {first or 0}, {last}):`, which skips the same lines"


def _is_own_or_read_again(module: PythonModule, rule: Rule, handle: ast.expr) -> bool:
    """Whether the program writes the file itself, or has it read by a function that takes a whole table at once."""
    opened = [handle]
    if isinstance(handle, ast.Name):
        opened += [b.value for b in module.bindings(handle) if b.kind in ("assign", "with") and b.value is not None]
    names = {module.code(path_of(module, each)) for each in opened}
    if any(output.does == WRITE and module.code(output.name) in names for output in outputs(module)):
        return True
    return any(call.args and module.code(call.args[0]) in names for call in module.calls(rule.table("tables")))


def _is_data(module: PythonModule, rule: Rule, handle: ast.expr, loop: ast.AST) -> bool:
    """Whether a file is packed, or its words or those of what its lines become are a catalogue's."""
    if _is_packed(module, handle):
        return True
    words = [words_of(module, handle)[1]]
    statement = module.parent(loop)
    if isinstance(statement, ast.Assign):
        words += [module.code(target) for target in statement.targets]
    function = module.function_of(handle)
    if function is not None and isinstance(handle, (ast.Name, ast.Call)):
        words.append(function.name)
    return not set(rule.table("large")).isdisjoint(words_in(" ".join(words)))


def _is_packed(module: PythonModule, handle: ast.expr) -> bool:
    """Whether a file was opened as a compressed one, which nobody does to a small text."""
    opened = module.resolve(handle)
    if isinstance(handle, ast.Name):
        opened = next((b.value for b in module.bindings(handle) if b.value is not None), opened)
    return isinstance(opened, ast.Call) and module.qualified(opened.func) in ("gzip.open", "bz2.open", "lzma.open")


def _has_settings(module: PythonModule, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether the lines are taken apart or looked through at an equals sign: settings, or the head of a result."""
    for call in module.calls(("re.search", "re.match")):
        if call.args and " = " in str(module.constant(call.args[0])) and loop in module.ancestors(call):
            return True
    for word in ("split", "partition", "rsplit"):
        for call in module.calls_named(word):
            if call.args and module.constant(call.args[0]) in ("=", " = ") and loop in module.ancestors(call):
                return True
    return False


def _has_paths(module: PythonModule, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether what stands in the lines is opened or looked for in the file system: a list of files."""
    if not isinstance(loop.target, ast.Name):
        return False
    known = {loop.target.id}
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    for node in inside:
        made = node.value if isinstance(node, ast.Assign) else node.iter if isinstance(node, ast.For) else None
        if made is not None and any(isinstance(n, ast.Name) and n.id in known for n in ast.walk(made)):
            targets = (
                node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.For) else []
            )
            known |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    opened = (node for node in inside if isinstance(node, ast.Call) and node.args and _takes_a_file(module, node))
    return any(isinstance(call.args[0], ast.Name) and call.args[0].id in known for call in opened)


def _takes_a_file(module: PythonModule, call: ast.Call) -> bool:
    name = module.qualified(call.func)
    return name.startswith(("os.path.", "shutil.", "os.stat", "os.remove")) or name.rpartition(".")[2] in _FILES


def _sliced(module: PythonModule, call: ast.Call, handle: ast.expr) -> Fix | None:
    """`itertools.islice` of the file in place of a slice of all lines."""
    from canfar_lint.fixing.python import can_import

    cut = module.parent(call)
    if not isinstance(cut, ast.Subscript) or not isinstance(cut.slice, ast.Slice) or cut.slice.step is not None:
        return None
    bounds = [None if each is None else module.constant(each) for each in (cut.slice.lower, cut.slice.upper)]
    if any(each is not None and (not isinstance(each, int) or each < 0) for each in bounds):
        return None
    if not can_import(module, "itertools", call):
        return None
    start, end = module.span(handle)
    limits = "".join(f", {each}" for each in (bounds if bounds[0] is not None else [0, *bounds[1:]]))
    edits = (Edit(start, start, "itertools.islice("), Edit(end, module.span(cut)[1], f"{limits})"))
    return Fix("Iterate over a part of the file", edits, UNSAFE, ("itertools",))


def _loop_over(module: PythonModule, call: ast.Call) -> ast.AST | None:
    """The loop that runs over a call's result, itself or counted by `enumerate` or cut by a slice."""
    node: ast.AST = call
    parent = module.parent(node)
    while isinstance(parent, (ast.Call, ast.Subscript)):
        counted = isinstance(parent, ast.Call) and module.qualified(parent.func) == "builtins.enumerate"
        cut = isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Slice) and node is parent.value
        if not (counted or cut):
            return None
        node, parent = parent, module.parent(parent)
    if isinstance(parent, (ast.For, ast.AsyncFor)) and node is parent.iter:
        return parent
    if isinstance(parent, ast.comprehension) and node is parent.iter:
        return next(a for a in module.ancestors(parent) if isinstance(a, COMPREHENSIONS))
    return None


def _reads_alike(module: PythonModule, handle: ast.expr, loop: ast.AST) -> bool:
    """Whether iterating over the handle gives the same lines: a real file, left alone while the loop runs."""
    made = path_of(module, handle)
    if made is handle or (isinstance(handle, ast.Call) and not handle.args):
        return False
    repeated = loop.body if isinstance(loop, (ast.For, ast.AsyncFor)) else [loop]
    nodes = [node for statement in repeated for node in ast.walk(statement)]
    if any(isinstance(n, ast.Call) and _may_change_files(module, n) for n in nodes):
        return False
    if not isinstance(handle, ast.Name):
        return True
    inside = sum(isinstance(n, ast.Name) and n.id == handle.id for n in nodes)
    allowed = 0 if isinstance(loop, (ast.For, ast.AsyncFor)) else 1
    leaves = any(isinstance(n, (ast.Break, ast.Return, ast.Raise)) for n in nodes)
    return inside == allowed and not leaves


def _may_change_files(module: PythonModule, call: ast.Call) -> bool:
    name = module.qualified(call.func)
    if name.startswith(("os.system", "subprocess.", "shutil.")):
        return True
    mode = module.argument(call, "mode", 1)
    return name.endswith("open") and mode is not None and module.constant(mode) not in ("r", "rb", "rt")


def _slurped(module: PythonModule, rule: Rule, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    handle = call.func.value
    value = module.value(path_of(module, handle))
    if not value.suffix.lower().endswith(tuple(rule.table("data_suffixes"))):
        yield from _kept(module, rule, call, _split(module, call))
        return
    if in_memory(module, handle) or _is_small_text(module, rule, handle):
        return
    whole = _split(module, call)
    variant = "bytes" if whole is call else "text"
    fix = _line_by_line(module, whole, handle) if isinstance(whole, ast.Call) and whole is not call else None
    words = set(words_in(words_of(module, handle)[1]))
    large = value.suffix.lower().endswith(tuple(rule.table("bulk_suffixes"))) or words & set(rule.table("large"))
    if not large and _says_few(module, rule, handle, whole):
        return
    known = large and not _is_own_or_read_again(module, rule, handle)
    yield rule.finding(
        module.span(whole),
        fix=fix,
        variant=variant if known else f"{variant}-unknown",
        question=small_file(module, handle),
        call=module.code(call),
        handle="",
    )


def _split(module: PythonModule, text: ast.expr) -> ast.expr:
    """The call that splits a text where it stands, `….split("\\n")`, else the text itself."""
    attribute = module.parent(text)
    split = module.parent(attribute) if isinstance(attribute, ast.Attribute) else None
    known = isinstance(attribute, ast.Attribute) and attribute.attr in ("split", "splitlines")
    return split if known and isinstance(split, ast.Call) else text


def _kept(module: PythonModule, rule: Rule, call: ast.Call, lines: ast.expr) -> Iterator[Finding]:
    """Lines that are kept in a name, where a number is taken from each of them: data, of which there may be much."""
    assert isinstance(call.func, ast.Attribute)
    handle = call.func.value
    if path_of(module, handle) is handle or in_memory(module, handle) or _is_small_text(module, rule, handle):
        return
    loops = _loops_over(module, lines, lines is not call or call.func.attr == "readlines")
    if _gives_names(module, rule, lines) or _says_few(module, rule, handle, lines):
        return
    if any(_is_no_table(module, loop) for loop in loops):
        return
    numbers = any(_gives_numbers(module, loop) for loop in loops) or (loops and _says_data(module, rule, lines))
    if not numbers and not _is_catalogue_handed_on(module, rule, handle, lines):
        return
    variant = "unknown" if call.func.attr == "readlines" else "text-unknown"
    name = handle.id if isinstance(handle, ast.Name) else "file"
    yield rule.finding(
        module.span(lines),
        variant=variant,
        question=small_file(module, handle),
        call=module.code(call),
        instead=f"`for line in {name}:`",
    )


def _says_data(module: PythonModule, rule: Rule, lines: ast.expr) -> bool:
    """Whether the function that reads lines, or what they become, is called after data."""
    return not {"data", *rule.table("large")}.isdisjoint(words_in(_names_around(module, lines)))


def _says_few(module: PythonModule, rule: Rule, handle: ast.expr, lines: ast.expr) -> bool:
    """Whether a file, what its lines become or the function that reads them is called after a list, a spectrum, a
    curve or the outcome of a fit."""
    folders, names = words_of(module, handle)
    said = f"{folders.rpartition('/')[2]} {names} {_names_around(module, lines)}"
    if not set(rule.table("large")).isdisjoint(words_in(said)):
        return False
    return re.search(rule.table("few"), unglued(said).lower()) is not None


def _names_around(module: PythonModule, lines: ast.expr) -> str:
    """The names of the function that reads lines, and of what they become."""
    function, statement = module.function_of(lines), module.parent_statement(lines)
    names = [function.name] if function is not None else []
    names += [module.code(target) for target in statement.targets] if isinstance(statement, ast.Assign) else []
    return " ".join(names)


def _is_catalogue_handed_on(module: PythonModule, rule: Rule, handle: ast.expr, lines: ast.expr) -> bool:
    """Whether the lines of a file that is called a catalogue are all given to a function of the program."""
    if set(rule.table("large")).isdisjoint(words_in(words_of(module, handle)[1])):
        return False
    statement = module.parent_statement(lines)
    target = statement.targets[0] if isinstance(statement, ast.Assign) and statement.value is lines else None
    if not isinstance(target, ast.Name):
        return False
    for use in module.named(target.id):
        call = module.parent(use)
        given = isinstance(call, ast.Call) and use in call.args and module.function_named(call.func) is not None
        if given and any(binding.node is statement for binding in module.bindings(use)):
            return True
    return False


def _is_no_table(module: PythonModule, loop: ast.AST) -> bool:
    """Whether a loop looks for words in the lines, as one does in a log, or the lines are settings or files."""
    if not isinstance(loop, ast.For):
        return False
    words = (n for n in ast.walk(loop) if isinstance(n, ast.Compare) and isinstance(n.ops[0], (ast.In, ast.NotIn)))
    if any(isinstance(module.constant(n.left), str) and len(str(module.constant(n.left))) > 2 for n in words):
        return True
    return _has_settings(module, loop) or _has_paths(module, loop)


def _loops_over(module: PythonModule, lines: ast.expr, split: bool, depth: int = 0) -> list[ast.AST]:
    """The loops over lines, or over the names they are given; what is not split yet is followed to where it is."""
    at: ast.AST = lines
    parent = module.parent(at)
    while isinstance(parent, (ast.Subscript, ast.Call)) and at is not getattr(parent, "func", None):
        if isinstance(parent, ast.Subscript) and isinstance(module.constant(parent.slice), int):
            return []  # one line of them
        at, parent = parent, module.parent(parent)
        if isinstance(at, ast.Call) and module.qualified(at.func) not in _COUNTED:
            return []
    if isinstance(parent, ast.For) and parent.iter is at and split:
        return [parent]
    if isinstance(parent, ast.comprehension) and parent.iter is at and split:
        return [next(a for a in module.ancestors(parent) if isinstance(a, COMPREHENSIONS))]
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    if not isinstance(target, ast.Name) or depth > 2:
        return []
    found: list[ast.AST] = []
    for use in module.named(target.id):
        if isinstance(use.ctx, ast.Load) and any(b.node is parent for b in module.bindings(use)):
            cut = _split(module, use)
            found += _loops_over(module, cut, split or cut is not use, depth + 1)
    return found


def _gives_numbers(module: PythonModule, loop: ast.AST) -> bool:
    """Whether every turn of a loop keeps numbers: `flux.append(float(line.split()[1]))`."""
    for call in module.calls(_NUMBERS):
        around = list(module.ancestors(call))
        if loop not in around or (isinstance(loop, ast.For) and not _is_kept(module, call, loop)):
            continue
        if not _is_whole_line(call, loop):
            return True
    return False


def _is_whole_line(call: ast.Call, loop: ast.AST) -> bool:
    """`float(line)`, `float(line.strip())`: a list, with one number in each of its lines."""
    line = loop.target if isinstance(loop, ast.For) else None
    if isinstance(loop, COMPREHENSIONS):
        line = loop.generators[0].target
    number = isinstance(call.func, ast.Name) and call.func.id in ("float", "int")
    given = call.args[0] if number and call.args else None
    while isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and "strip" in given.func.attr:
        given = given.func.value
    return isinstance(given, ast.Name) and isinstance(line, ast.Name) and given.id == line.id


def _is_kept(module: PythonModule, number: ast.expr, loop: ast.For) -> bool:
    """Whether a number is appended, or stored in an array; here, or by the name that it is given in the loop."""
    for around in module.ancestors(number):
        if isinstance(around, ast.Call) and isinstance(around.func, ast.Attribute) and around.func.attr == "append":
            return True
        if isinstance(around, ast.Assign):
            target = around.targets[0]
            if isinstance(target, ast.Subscript):
                named = isinstance(module.resolve(target.value), ast.Dict)  # as many as there are names
                return not named and any(isinstance(n, ast.Name) for n in ast.walk(target.slice))
            uses = module.named(target.id) if isinstance(target, ast.Name) else []
            return any(isinstance(n.ctx, ast.Load) and _is_appended(module, n, loop) for n in uses)
        if isinstance(around, ast.stmt):
            return False
    return False


def _is_appended(module: PythonModule, name: ast.Name, loop: ast.For) -> bool:
    around = list(module.ancestors(name))
    calls = (a for a in around if isinstance(a, ast.Call) and isinstance(a.func, ast.Attribute))
    return loop in around and any(call.func.attr == "append" for call in calls if isinstance(call.func, ast.Attribute))


def _line_by_line(module: PythonModule, whole: ast.Call, handle: ast.expr) -> Fix | None:
    """The lines of the file without their ends, one by one, where a loop goes over the pieces of its text."""
    word = whole.func.attr if isinstance(whole.func, ast.Attribute) else ""
    plain = not whole.keywords and [module.constant(each) for each in whole.args] == (["\n"] if word == "split" else [])
    loop = module.parent(whole)
    over = isinstance(loop, (ast.For, ast.comprehension)) and loop.iter is whole
    around = next((a for a in module.ancestors(whole) if isinstance(a, COMPREHENSIONS)), loop)
    if not plain or not over or around is None or not _reads_alike(module, handle, around):
        return None
    if "\n" in module.code(handle) or module.named("row"):
        return None
    code = f'(row.rstrip("\\n") for row in {module.code(handle)})'
    return Fix("Go over the lines of the file", (Edit(*module.span(whole), code),), UNSAFE)


def _is_small_text(module: PythonModule, rule: Rule, handle: ast.expr) -> bool:
    """Whether a file is known as small text by its name: README, a configuration, a page."""
    if is_declared_small(module, rule, handle):
        return True
    path = path_of(module, handle)
    value = module.value(path)
    last = value.skeleton.rpartition("/")[2].lower()
    if last.endswith(tuple(rule.table("text_suffixes"))) or re.search(rule.table("text_names"), last):
        return True
    if is_small(module, handle, rule.table("small")) or value.prefix.startswith(("/proc/", "/sys/", "/etc/")):
        return True
    if value.text is not None or value.suffix.lower().endswith(tuple(rule.table("data_suffixes"))):
        return False
    return is_packaged(module, path)


def _gives_names(module: PythonModule, rule: Rule, loop: ast.AST) -> bool:
    """Whether lines become a list of names: `files = [line.strip() for line in …]`, `names.append(line.strip())`."""
    statement = module.parent(loop)
    kept = statement.targets if isinstance(statement, ast.Assign) else []
    only = loop.body[0] if isinstance(loop, ast.For) and len(loop.body) == 1 else None
    call = only.value if isinstance(only, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append":
        kept = [call.func.value] if call.args and _is_stripped(call.args[0]) else []
    small = rule.table("small")
    return any(is_small(module, t, small) or module.code(t).startswith(("list", "name")) for t in kept)


def _is_stripped(node: ast.expr) -> bool:
    """Whether a line is kept as it is but for its end: `line`, `line.strip()`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "strip" in node.func.attr:
        node = node.func.value
    return isinstance(node, ast.Name)
