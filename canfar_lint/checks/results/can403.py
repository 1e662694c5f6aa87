"""Inputs that a program changes or moves away, and results written among the raw data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import unglued
from canfar_lint.checks._outputs import WRITE, file_literals, literal_span, outputs
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import ARGUMENT, PARAMETER, Value

_READING = frozenset(("read", "readline", "readlines", "readable", "close", "seek", "tell", "closed", "name"))
_READERS = re.compile(
    r"^(load|loads|safe_load|reader|DictReader|enumerate|list|len|sorted|read\w*|loadtxt|genfromtxt)$"
)
_FORMS = frozenset(("builtins.str", "os.fspath", "pathlib.Path"))
_MOST = 50
# `*.fits`
_ANY_FILE = re.compile(r"\*?(\.\w+)*")

# methods that change a file's headers, or what is in it
_SETTING = frozenset(
    (
        *("append", "insert", "extend", "update", "set", "pop", "remove", "flush", "writeto", "setval", "fill"),
        *("add_history", "add_comment", "add_blank", "add_checksum", "add_datasum", "rename_keyword", "verify"),
    )
)
# functions that only look at what they are given
_LOOKS = frozenset(("print", "repr", "str", "len", "list", "dict", "type", "isinstance"))
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call, given, variant in _changes(module, rule):
        if _is_scratch(module, rule, given) or module.user_guarded(call):
            continue
        if _is_input(module, rule, given) and not _is_own(module, rule, given):
            name = module.code(given)
            if not _is_plainly_raw(module, rule, given):
                variant = f"{variant}-unknown" if variant else "unknown"
            yield rule.finding(module.name_span(call), variant=variant, call=module.code(call.func), name=name)
    for call, given, variant in _destroyed(module, rule):
        said = unglued(" ".join(_said(module, given))).lower()
        if not re.search(rule.table("made"), said) and not module.user_guarded(call):
            plain = _is_plainly_raw(module, rule, given)
            variant = variant if plain else f"{variant}-unknown" if variant else "unknown"
            name = module.code(given)
            yield rule.finding(module.name_span(call), variant=variant, call=module.code(call.func), name=name)
    yield from _among_raw(module, rule)


def _is_scratch(module: PythonModule, rule: Rule, given: ast.expr) -> bool:
    """Whether a file is called temporary: a step on the way, which no other job takes up."""
    named = " ".join((module.code(given), *_patterns(module, given)))
    return re.search(rule.table("scratch"), unglued(named).lower()) is not None


def _destroyed(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, ast.expr, str | None]]:
    """The inputs that a program has read and then writes anew under their name, or removes."""
    read: dict[str, list[ast.Call]] = {}
    for call in module.calls((*rule.table("readers"), *rule.table("openers"))):
        if call.args:
            read.setdefault(module.code(_bare(module, call.args[0])), []).append(call)
    done: set[tuple[str, ast.AST | None]] = set()
    kept = {module.code(_bare(module, call.args[0])) for call in module.calls(rule.table("movers")) if call.args}
    removers = (call for call in module.calls(rule.table("removers")) if call.args)
    removed = [(call, _bare(module, call.args[0]), "removed") for call in removers]
    written = [(one.call, _bare(module, one.name), None) for one in outputs(module) if one.does == WRITE]
    for call, given, variant in sorted((*removed, *written), key=lambda each: each[0].lineno):
        code = module.code(given)
        place = code, module.function_of(call)
        before = [one for one in read.get(code, ())[:_MOST] if one.lineno < call.lineno]
        known = place in done or code in kept or not any(_same_file(module, given, call, one) for one in before)
        known = known or _may_be_made_by_program(module, rule, given)
        done.add(place)
        if not known and _is_input(module, rule, given) and not _is_copy(module, rule, given):
            yield call, given, variant


def _is_plainly_raw(module: PythonModule, rule: Rule, given: ast.expr) -> bool:
    """Whether a changed file is raw data beyond doubt: words say so, or it is the only file that the program is told.

    What an earlier step may have made, by the words of a name, a pattern or a function, is not.
    """
    said = unglued(" ".join(_said(module, given))).lower()
    if re.search(rule.table("made"), said):
        return False
    if re.search(rule.table("inputs"), said):
        return True
    names = [pattern.rpartition("/")[2] for pattern in _patterns(module, given)]
    if any("{}" in name or not _ANY_FILE.fullmatch(_form(name)) for name in names):
        return False
    return {module.code(each) for each in _told(module, rule)} == {module.code(given)}


def _patterns(module: PythonModule, given: ast.expr) -> Iterator[str]:
    """The patterns of the listing that a loop over files goes through."""
    bound = module.bindings(given) if isinstance(given, ast.Name) else []
    for listed in (each.value for each in bound if each.kind == "for" and each.value is not None):
        made = module.resolve(listed)
        calls = [n for n in ast.walk(made) if isinstance(n, ast.Call) and n.args]
        yield from (module.value(n.args[0]).skeleton for n in calls if "glob" in module.code(n.func))


def _said(module: PythonModule, given: ast.expr) -> Iterator[str]:
    """What is said of a file: its name, its pattern, and the remark above the listing."""
    yield module.code(given)
    made = module.resolve(given)
    yield module.code(made)
    bound = module.bindings(given) if isinstance(given, ast.Name) else []
    for listed in (each.value for each in bound if each.kind == "for" and each.value is not None):
        listing = module.resolve(listed)
        yield module.code(listed)
        yield module.code(listing)
        start = module.text.rfind("\n", 0, module.span(module.parent_statement(listing))[0])
        above = module.text[module.text.rfind("\n", 0, max(start, 0)) + 1 : max(start, 0)].strip()
        yield above if above.startswith("#") else ""


def _told(module: PythonModule, rule: Rule) -> Iterator[ast.expr]:
    """The names of the files that are opened, read or changed and were given as arguments or listed."""
    for call in module.calls((*rule.table("readers"), *rule.table("openers"), *rule.table("changers"))):
        given = _bare(module, call.args[0]) if call.args else None
        if given is not None and (_is_input(module, rule, given) or ARGUMENT in module.value(given).sources):
            yield given


def _changes(module: PythonModule, rule: Rule) -> Iterator[tuple[ast.Call, ast.expr, str | None]]:
    """The calls that change a file in place or move it, with what names the file."""
    openers = rule.table("openers")
    for call in module.calls(openers):
        mode, index, values = next(openers[name] for name in module.qualified_all(call.func) if name in openers)
        node = module.argument(call, mode, index)
        if node is not None and call.args and module.constant(node) in values and not _is_only_read(module, call):
            yield call, _bare(module, call.args[0]), None
    for call in module.calls(rule.table("changers")):
        if call.args:
            yield call, _bare(module, call.args[0]), None
    read = [call for call in module.calls(rule.table("readers")) if call.args]
    for call in module.calls(rule.table("movers")):
        if len(call.args) < 2:
            continue
        given = _bare(module, call.args[0])
        known = any(_same_file(module, given, call, reader) for reader in read)
        known = known and not _may_be_made_by_program(module, rule, given)
        if known or _is_listed_as_raw(module, rule, given) or _is_found_first(module, rule, call, given):
            yield call, given, "moved"


def _is_listed_as_raw(module: PythonModule, rule: Rule, given: ast.expr) -> bool:
    """Whether a file comes from a listing of a folder of raw data, by its name: nobody has to read it to know."""
    said = (module.value(given).skeleton, *_patterns(module, given))
    return any(re.search(rule.table("raw"), words) for words in said)


def _may_be_made_by_program(module: PythonModule, rule: Rule, given: ast.expr) -> bool:
    """Whether a file is found by a listing that follows a program that was started: its product or scratch."""
    bound = module.bindings(given) if isinstance(given, ast.Name) else []
    listings = [module.resolve(each.value) for each in bound if each.kind == "for" and each.value is not None]
    if not listings or _is_listed_as_raw(module, rule, given):
        return False
    function = module.function_of(given)
    started = [call for call in module.calls(rule.table("shells")) if module.function_of(call) in (function, None)]
    return any(call.lineno < listing.lineno for call in started for listing in listings)


def _is_found_first(module: PythonModule, rule: Rule, call: ast.Call, given: ast.expr) -> bool:
    """Whether a script moves all data files of a folder before it has done anything: it can have made none of them."""
    names = [pattern.rpartition("/")[2] for pattern in _patterns(module, given)]
    if not names or not all(re.fullmatch(rule.table("any_data"), name) for name in names):
        return False
    if not module.is_script or module.function_of(call) is not None:
        return False
    doing = [*(one.call for one in outputs(module)), *module.calls(rule.table("shells"))]
    works = {function for each in doing if (function := module.function_of(each)) is not None}
    before = (each for each in module.all_calls if each.lineno < call.lineno and module.function_of(each) is None)
    return not any(each in doing or _may_work(module, rule, each, works) for each in before)


def _may_work(module: PythonModule, rule: Rule, call: ast.Call, works: set[_Function]) -> bool:
    """Whether a call is of a function that makes files, or of one that nobody here knows."""
    own = module.function_named(call.func)
    name = module.qualified(call.func)
    if own is not None:
        return own in works
    talks = isinstance(call.func, ast.Name) and re.match(r"(?i)(print|log|show)_", call.func.id) is not None
    return not talks and name.partition(".")[0] not in rule.table("idle")


def _is_only_read(module: PythonModule, call: ast.Call) -> bool:
    """Whether a file that is opened for changes is nowhere written to: its lines or header cards are only read."""
    parent = module.parent(call)
    if module.qualified(call.func) != "builtins.open":
        around = module.parent(parent) if isinstance(parent, ast.withitem) else None
        return isinstance(parent, ast.withitem) and isinstance(around, ast.With) and _changes_nothing(around, parent)
    handle = parent.optional_vars if isinstance(parent, ast.withitem) else None
    if isinstance(parent, ast.Assign):
        handle = parent.targets[0]
    if not isinstance(handle, ast.Name):
        return False
    scope = module.scope_of(handle)
    uses = [use for use in module.loads(handle.id) if module.scope_of(use) is scope]
    return bool(uses) and all(_reads(module, use) for use in uses)


def _changes_nothing(around: ast.With, item: ast.withitem) -> bool:
    """Whether nothing of what a `with` opens is set in it, or handed to somebody else."""
    if not isinstance(item.optional_vars, ast.Name):
        return False
    own = {item.optional_vars.id}
    nodes = [node for statement in around.body for node in ast.walk(statement)]
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_part(node.value, own):
            own |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in nodes:
        if (
            isinstance(node, (ast.Subscript, ast.Attribute))
            and not isinstance(node.ctx, ast.Load)
            and _root(node) in own
        ):
            return False
        if isinstance(node, ast.Call) and _may_change(node, own):
            return False
    return True


def _may_change(call: ast.Call, own: set[str]) -> bool:
    """Whether a call sets something of a file, or is handed a part of it that it may change."""
    return not _only_looks(call) and (_sets(call.func, own) or any(_is_part(each, own) for each in call.args))


def _only_looks(call: ast.Call) -> bool:
    """Whether a call says what is there, `print(header)`, or what is wrong with it: `hdul.verify("warn")`."""
    if isinstance(call.func, ast.Name):
        return call.func.id in _LOOKS
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "verify":
        return False
    asked = call.args[0] if call.args else None
    return isinstance(asked, ast.Constant) and asked.value in ("ignore", "warn", "exception")


def _root(node: ast.expr) -> str:
    """The name that a member of a member of it begins with."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _sets(func: ast.expr, own: set[str]) -> bool:
    return isinstance(func, ast.Attribute) and func.attr in _SETTING and _root(func) in own


def _is_part(node: ast.expr, own: set[str]) -> bool:
    """Whether an expression is the file, an extension of it, or its header or data: no card of it."""
    card = (
        isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value.__class__ is str
    )
    return not card and _root(node) in own


def _reads(module: PythonModule, use: ast.Name) -> bool:
    parent = module.parent(use)
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is use
    if isinstance(parent, ast.Attribute):
        return parent.attr in _READING
    if isinstance(parent, ast.Call) and use in parent.args:
        return re.search(_READERS, module.code(parent.func).rpartition(".")[2]) is not None
    return False


def _bare(module: PythonModule, node: ast.expr) -> ast.expr:
    """The name itself of what is only said in another form: `fits.open(str(path))`."""
    while isinstance(node, ast.Call) and len(node.args) == 1 and module.qualified(node.func) in _FORMS:
        node = node.args[0]
    return node


def _same_file(module: PythonModule, name: ast.expr, mover: ast.Call, reader: ast.Call) -> bool:
    """Whether two calls name one file: by the same words, in the same function and turn of a loop."""
    name = _bare(module, name)
    if module.code(name) != module.code(_bare(module, reader.args[0])):
        return False
    if module.function_of(mover) is not module.function_of(reader):
        return False
    bound = (
        [binding.node for binding in module.bindings(name) if binding.kind == "for"]
        if isinstance(name, ast.Name)
        else []
    )
    loops, others = module.loops(mover), module.loops(reader)
    return not bound or not loops or any(loop in others for loop in loops)


def _is_input(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether a name is that of an input: an argument as it was given, or an entry of a listing."""
    value = module.value(node)
    pieces = [piece for piece in value.pieces if piece.text != "/"]
    if isinstance(node, ast.Name):
        bound = module.bindings(node)
        if len(bound) == 1 and bound[0].kind == "for" and bound[0].value is not None:
            return _is_listing(module, rule, bound[0].value)
    listed = _below_folder(module, node)
    if isinstance(listed, ast.Name) and any(bound.kind == "for" for bound in module.bindings(listed)):
        return _is_input(module, rule, listed)
    if len(pieces) == 1 and isinstance(pieces[0].node, ast.arg) and pieces[0].source == PARAMETER:
        calls = list(module.given(pieces[0].node))
        return bool(calls) and all(_is_given(module, rule, given) for _, given in calls[:_MOST])
    direct = len(pieces) == 1 and pieces[0].text is None and pieces[0].source == ARGUMENT
    return direct and isinstance(pieces[0].node, (ast.Attribute, ast.Subscript, ast.arg)) and _is_plain(module, node)


def _is_given(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether what a function is called with is an input; not one that its caller was given itself."""
    value = module.value(node)
    passed_on = any(piece.source == PARAMETER for piece in value.pieces if piece.text is None)
    said = unglued(" ".join(_said(module, node))).lower()
    if passed_on or _is_copy(module, rule, node) or re.search(rule.table("made"), said):
        return False
    memo = module.memo("written there")
    if not memo:
        written = (
            (module.code(one.name), module.function_of(one.call)) for one in outputs(module) if one.does == WRITE
        )
        memo["all"] = set(written)
    there = memo["all"]
    assert isinstance(there, set)
    return (module.code(node), module.function_of(node)) not in there and _is_input(module, rule, node)


def _below_folder(module: PythonModule, node: ast.expr) -> ast.expr | None:
    """The name of a file in what joins it to its folder: `os.path.join(folder, name)`, `folder + "/" + name`."""
    made = module.resolve(node)
    if isinstance(made, ast.Call) and module.qualified(made.func) == "os.path.join" and made.args:
        return made.args[-1]
    if isinstance(made, ast.BinOp) and isinstance(made.op, (ast.Add, ast.Div)):
        return made.right
    return None


def _is_plain(module: PythonModule, node: ast.expr) -> bool:
    """Whether an expression is an argument itself, and not made from one."""
    made = module.resolve(node)
    return isinstance(made, (ast.Attribute, ast.Subscript)) and not any(isinstance(n, ast.Call) for n in ast.walk(made))


def _is_listing(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether what a loop runs over lists files: `glob`, `listdir`, or the arguments."""
    made = module.resolve(node)
    for _ in range(4):
        if isinstance(made, ast.Call):
            name = module.qualified(made.func)
            if name in rule.table("listings"):
                return not _lists_products(module, made)
            if isinstance(made.func, ast.Attribute) and made.func.attr in rule.table("listing_methods"):
                return True
            if (
                name not in ("builtins.sorted", "builtins.list", "builtins.reversed", "natsort.natsorted")
                or not made.args
            ):
                return False
            made = module.resolve(made.args[0])
        elif isinstance(made, ast.Subscript):
            return module.qualified(made.value) == "sys.argv"
        else:
            return isinstance(made, ast.Attribute) and ARGUMENT in module.value(made).sources
    return False


def _lists_products(module: PythonModule, listing: ast.Call) -> bool:
    """Whether a listing asks for names of the very form that this program gives to what it writes."""
    if not listing.args:
        return False
    form = _form(module.value(listing.args[0]).skeleton)
    if _ANY_FILE.fullmatch(form):
        return False  # `*.fits`: any file
    return any(output.does == WRITE and _form(module.value(output.name).skeleton) == form for output in outputs(module))


def _form(name: str) -> str:
    """The last part of a name or pattern, with one `*` for whatever may differ."""
    return re.sub(r"(\{\}|\[[^\]]*\]|[*?])+", "*", name.rpartition("/")[2])


def _is_own(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether the program has written the file itself, or has made a copy by this name."""
    memo = module.memo("own files")
    if "written" not in memo:
        memo["written"] = {module.code(output.name) for output in outputs(module) if output.does == WRITE}
    written = memo["written"]
    assert isinstance(written, set)
    return module.code(node) in written or _is_copy(module, rule, node)


def _is_copy(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether the program copies a file, or has made a copy by this name."""
    memo = module.memo("own files")
    if "copied" not in memo:
        copied: set[str] = set()
        for call in module.calls(rule.table("copies")):
            copied |= {module.code(argument) for argument in call.args[:2]}
        for call in module.calls(rule.table("shells")):
            copied |= set(_copied_by_shell(module, call))
        memo["copied"] = copied
    known = memo["copied"]
    assert isinstance(known, set)
    return module.code(node) in known


def _copied_by_shell(module: PythonModule, call: ast.Call) -> Iterator[str]:
    """The names in a command that copies: `os.system("cp " + raw + " " + work)`, `run(["cp", raw, work])`."""
    given = call.args[0] if call.args else None
    words = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
    first = module.value(words[0]).skeleton.split() if words and words[0] is not None else []
    if given is not None and first and first[0].rpartition("/")[2] in ("cp", "rsync", "funpack"):
        yield from (module.code(node) for node in ast.walk(given) if isinstance(node, (ast.Name, ast.Attribute)))


def _among_raw(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for output in outputs(module):
        value = module.value(output.name)
        literals = file_literals(value)
        for piece in value.pieces:
            if (
                piece.text is None
                or piece.node is None
                or piece.default
                or not re.search(rule.table("raw"), piece.text)
            ):
                continue
            span = literal_span(module, piece.node)
            if span not in seen and literals:
                if not seen and re.search(rule.table("fetching"), module.text):
                    return
                seen.add(span)
                folder = _raw_folder(module, rule, value)
                if re.search(rule.table("roots"), folder):
                    continue
                variant = "raw" if _takes_from(module, rule, folder) else "raw-unknown"
                yield rule.finding(span, variant=variant, name=value.skeleton.replace("{}", "…"))


def _raw_folder(module: PythonModule, rule: Rule, value: Value) -> str:
    """A path up to its folder of raw data."""
    path = _spelled(module, value)
    found = re.search(rule.table("raw"), path)
    return path[: found.end()] if found else path


def _spelled(module: PythonModule, value: Value) -> str:
    """A path with the code in its holes: two that are the same name one place."""
    holes = (module.code(p.node) if p.text is None and p.node is not None else p.text or "" for p in value.pieces)
    return "".join(holes).removeprefix("./")


def _takes_from(module: PythonModule, rule: Rule, folder: str) -> bool:
    """Whether the program reads, lists or moves files of a folder, others than those that it writes there."""
    memo = module.memo("taken paths")
    if "all" not in memo:
        written = [module.value(output.name) for output in outputs(module)]
        made = {_spelled(module, value) for value in written} | {_form(value.skeleton) for value in written}
        values = [module.value(node) for node in _taken(module, rule)]
        taken = {_spelled(module, value) for value in values if _form(value.skeleton) not in made}
        memo["all"] = taken - made
    paths = memo["all"]
    assert isinstance(paths, set)
    return any(f"{path}/".startswith(folder) for path in paths)


def _taken(module: PythonModule, rule: Rule) -> Iterator[ast.expr]:
    """What names the files and folders that are read, listed, or moved."""
    named = (*rule.table("readers"), *rule.table("openers"), *rule.table("listings"), *rule.table("movers"))
    for call in module.calls(named):
        if call.args:
            yield call.args[0]
    for call in module.methods(rule.table("listing_methods")):
        if isinstance(call.func, ast.Attribute):
            yield call.func.value
