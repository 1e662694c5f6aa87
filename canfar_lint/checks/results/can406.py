"""Loops over files that make one product each and never look whether it is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._outputs import WRITE, Output, outputs
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.scopes import COMPREHENSIONS
from canfar_lint.model.values import ARGUMENT
from canfar_lint.source import newline_in

if TYPE_CHECKING:
    from canfar_lint.checks._shell_outputs import Output as ShellOutput
    from canfar_lint.model.shell import Block, Command, Script, Word

_MOST_INSIDE = 200
_MOST_CALLERS = 4
_COLLECTING = frozenset(
    ("append", "extend", "insert", "add", "update", "add_row", "setdefault", "put", "write", "writelines")
)
_NAMING = frozenset(
    ("replace", "join", "basename", "dirname", "split", "splitext", "format", "strip", "lstrip", "rstrip", "Path",
     "with_suffix", "with_name", "with_stem", "str", "int", "zfill", "lower", "upper", "rsplit", "partition",
     "rpartition", "removesuffix", "removeprefix")
)  # fmt: skip
_LISTING = re.compile(r"[*?]|\$\(\s*(ls|find|cat|<)\b|`\s*(ls|find|cat)\b|\$\(<")
_MORE = re.compile(r"^(builtins\.(sorted|list|enumerate|zip|reversed|set|tuple)|tqdm\..*|natsort\..*)$")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for output in outputs(module):
        loop = product_loop(module, rule, output)
        if loop is None or loop in seen or _is_in_place(module, output.name):
            continue
        seen.add(loop)
        if not _asks(module, rule, loop):
            span = (module.span(loop)[0], module.span(loop.iter)[1])
            name = module.value(output.name).skeleton.replace("{}", "…")
            name = name if name.strip("…") else module.code(output.name).partition("\n")[0]
            yield rule.finding(span, name=name, fix=_skipped(module, rule, loop))


def _is_in_place(module: PythonModule, name: ast.expr, deep: bool = True) -> bool:
    """Whether an output is the loop's own file, which is always there: another rule's matter."""
    bound = module.bindings(name) if isinstance(name, ast.Name) else []
    if len(bound) != 1:
        return False
    if bound[0].kind == "for" and bound[0].value is not None:
        return "listdir" not in module.code(module.resolve(bound[0].value))
    given = list(module.given(bound[0].node)) if deep and isinstance(bound[0].node, ast.arg) else []
    return bool(given) and all(_is_in_place(module, each, deep=False) for _, each in given)


def _skipped(module: PythonModule, rule: Rule, loop: ast.For) -> Fix | None:
    """The next turn at once where the last product of this one is there; none where turns hand something on."""
    products = [each for each in outputs(module) if each.does == WRITE and loop in module.ancestors(each.call)]
    if not products or module.function_of(products[-1].call) is not module.function_of(loop):
        return None
    last = products[-1]
    if module.loops(last.call)[:1] != [loop] or product_loop(module, rule, last) is not loop or _hands_on(module, loop):
        return None
    needed = {n.id for n in ast.walk(last.name) if isinstance(n, ast.Name)}
    at = 0
    for number, statement in enumerate(loop.body):
        bound = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if bound & needed and not isinstance(statement, ast.Assign):
            return None
        at = number + 1 if bound & needed else at
    work = loop.body[at:]
    if len(work) < 2 or not _is_plain(module, last.name) or not _before_work(module, loop.body[:at]):
        return None
    if not any(last.call in ast.walk(each) for each in work):
        return None
    from canfar_lint.fixing.python import can_import, fix, indentation_step, line_before

    code = f"if os.path.exists({module.code(last.name)}):\n{indentation_step(module, loop)}continue"
    if "\n" in module.code(last.name) or not can_import(module, "os", loop):
        return None
    return fix("Skip what is there already", line_before(module, work[0], code), UNSAFE, ("os",))


def _hands_on(module: PythonModule, loop: ast.For) -> bool:
    """Whether a turn leaves something to the next ones or to what follows: a sum, a list, a name."""
    inside = set(ast.walk(loop))
    products = {id(each.call) for each in outputs(module)}
    bound: set[str] = set()
    for node in inside:
        if isinstance(node, (ast.AugAssign, ast.Yield, ast.YieldFrom, ast.Return, ast.Global)):
            return True
        method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if method in _COLLECTING and id(node) not in products:
            return True
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            owner: ast.expr = node
            while isinstance(owner, (ast.Subscript, ast.Attribute)):
                owner = owner.value
            if not isinstance(owner, ast.Name) or not _made_in(module, owner, loop):
                return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    after = [n for name in bound - names for n in module.named(name) if n not in inside]
    return any(isinstance(n.ctx, ast.Load) and n.lineno > loop.lineno for n in after)


def _made_in(module: PythonModule, name: ast.Name, loop: ast.For) -> bool:
    """Whether what a name holds is made anew in every turn."""
    bindings = module.bindings(name)
    return bool(bindings) and all(loop in module.ancestors(binding.node) for binding in bindings)


def _is_plain(module: PythonModule, node: ast.expr) -> bool:
    """Whether an expression only makes a name of what is there, so that it may be said twice."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            word = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            if word not in _NAMING:
                return False
        if isinstance(each, (ast.Await, ast.NamedExpr, ast.Lambda, ast.ListComp, ast.IfExp)):
            return False
    return True


def _before_work(module: PythonModule, statements: list[ast.stmt]) -> bool:
    """Whether what stands before the question is only the making of names."""
    return all(isinstance(each, ast.Assign) and _is_plain(module, each.value) for each in statements)


def product_loop(module: PythonModule, rule: Rule, output: Output) -> ast.For | None:
    """The loop over files that makes a product of each, when an output is such a product."""
    value = module.value(output.name)
    if output.does != WRITE or not value.pieces or value.text is not None or _is_kept_open(module, output):
        return None
    if value.suffix.lower().endswith(tuple(rule.table("cheap"))):
        return None
    return _loop_around(module, rule, output.call)


def _loop_around(module: PythonModule, rule: Rule, place: ast.Call, deep: bool = True) -> ast.For | None:
    """The loop over files around a call, or around every call of the function it stands in, of these the first."""
    loops = [loop for loop in module.loops(place) if not isinstance(loop, COMPREHENSIONS)]
    while len(loops) > 1 and _over_handful(loops[-1]):
        loops.pop()
    if loops:
        loop = loops[-1]
        return loop if isinstance(loop, ast.For) and _over_files(module, rule, loop.iter) else None
    function = module.function_of(place)
    callers = module.callers().get(function, []) if function is not None and deep else []
    if len(callers) > _MOST_CALLERS or any(module.function_named(call.func) is not function for call in callers):
        return None
    around = [_loop_around(module, rule, call, deep=False) for call in callers]
    return around[0] if around and None not in around else None


def _over_handful(loop: ast.AST) -> bool:
    """Whether a loop goes over a few names that are written there, `for band in ("g", "r")`, and files are in each."""
    over = loop.iter if isinstance(loop, ast.For) else None
    return isinstance(over, (ast.List, ast.Tuple)) and all(isinstance(each, ast.Constant) for each in over.elts)


def _is_kept_open(module: PythonModule, output: Output) -> bool:
    """Whether a file is opened for what comes after the loop: `handles.append(open(name, "wb"))`."""
    around = module.parent(output.call)
    if isinstance(around, ast.Call) and isinstance(around.func, ast.Attribute):
        return around.func.attr == "append" and output.call in around.args
    return isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Subscript)


def _over_files(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    made = module.resolve(node)
    for _ in range(5):
        if isinstance(made, ast.Call):
            name = module.qualified(made.func)
            if name in rule.table("listings"):
                return True
            if isinstance(made.func, ast.Attribute) and made.func.attr in rule.table("listing_methods"):
                return True
            if not _MORE.match(name) or not made.args:
                return False
            made = module.resolve(made.args[0])
        elif isinstance(made, ast.Name):
            given = module.arriving(made)
            return any(value.sources == {ARGUMENT} for value in given)
        else:
            return isinstance(made, (ast.Attribute, ast.Subscript)) and module.value(made).sources == {ARGUMENT}
    return False


def _asks(module: PythonModule, rule: Rule, loop: ast.For) -> bool:
    """Whether the loop, what it runs over, or a function it calls looks for what is there."""
    pattern = re.compile(rule.table("asks"))
    texts = [module.code(statement) for statement in loop.body]
    made = module.resolve(loop.iter)
    if isinstance(made, (ast.ListComp, ast.Name)) or "todo" in module.code(loop.iter).lower():
        texts.append(module.code(made) + module.code(loop.iter))
    for node in ast.walk(loop):
        function = module.function_named(node.func) if isinstance(node, ast.Call) else None
        if function is not None:
            texts.append(module.code(function))
    return any(pattern.search(re.sub(r"overwrite\s*=\s*True|clobber\s*=\s*True|exist_ok", "", text)) for text in texts)


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """`for` loops over files whose commands write a product each."""
    from canfar_lint.checks._scripts import JOB, loop_of, made_by_hand
    from canfar_lint.checks._shell_outputs import outputs as shell_outputs

    if script.context not in JOB or made_by_hand(script):
        return
    seen: set[int] = set()
    for output in shell_outputs(script):
        loop = loop_of(output.command)
        if loop is None or id(loop) in seen or output.append or not loop.words or not _over_listing(script, loop):
            continue
        names = {loop.name, *script.memo("named after loops", _named_after).get(id(loop), ())}
        if not names & set(output.word.variables) or _is_cheap(rule, output.word):
            continue
        seen.add(id(loop))
        inside = script.memo("inside loops", _inside)[id(loop)]
        if len(inside) <= _MOST_INSIDE and not any(_asks_in_shell(rule, command) for command in inside):
            name = output.word.text.strip("\"'")
            fix = _skipped_in_shell(script, loop, inside, output)
            yield rule.finding((loop.start, loop.words[-1].end), variant="shell", name=name, fix=fix)


def _skipped_in_shell(script: Script, loop: Block, inside: list[Command], output: ShellOutput) -> Fix | None:
    """The next turn at once where its product is there; none where turns hand something on or go elsewhere."""
    word = output.word
    first = min(inside, key=lambda command: command.start)
    if script.context != "file" or set(word.variables) != {loop.name} or first.blocks[-1] is not loop:
        return None
    if sum(1 for command in inside for one in command.redirects if one.writes and one.target is not word):
        return None
    if any(command.name in ("cd", "pushd", "read", "shift") for command in inside):
        return None
    if any(loop in entry.blocks and entry.name != loop.name for entry in script.assignments):
        return None
    text = word.text
    if text[:1] not in ("'", '"') and not re.search(r"""["'`\\]|\$\(""", text):
        text = f'"{text}"'
    row = script.text.rfind("\n", 0, first.start) + 1
    indent = script.text[row : first.start]
    newline = newline_in(script.text)
    between = "; " if indent.strip() else newline + indent
    code = f"[ -e {text} ] && continue{between}"
    return Fix("Skip what is there already", (Edit(first.start, first.start, code),), UNSAFE)


def _over_listing(script: Script, loop: Block) -> bool:
    """Whether a loop walks over files that are there, or that the script is given."""
    from canfar_lint.checks._scripts import named

    for word in loop.words or ():
        if _LISTING.search(word.text) or set(word.variables) & {"@", "*"}:
            return True
        for name in word.variables:
            values = [entry.word for entry in named(script).get(name, ()) if entry.word is not None]
            if any(_LISTING.search(value.text) for value in values):
                return True
    return False


def _is_cheap(rule: Rule, word: Word) -> bool:
    text = word.tail.lower()
    return text.endswith(tuple(rule.table("cheap"))) or word.text.startswith(("&", "/dev/", '"/dev/'))


def _inside(script: Script) -> dict[int, list[Command]]:
    """The commands inside each loop."""
    found: dict[int, list[Command]] = {}
    for command in script.commands:
        for block in command.blocks:
            if block.kind == "loop":
                found.setdefault(id(block), []).append(command)
    return found


def _named_after(script: Script) -> dict[int, set[str]]:
    """The variables that each loop sets from its own."""
    found: dict[int, set[str]] = {}
    for entry in script.assignments:
        for block in entry.blocks:
            if block.kind == "loop" and entry.word is not None and entry.value is None:
                found.setdefault(id(block), set()).add(entry.name)
    return found


def _asks_in_shell(rule: Rule, command: Command) -> bool:
    if command.name in ("test", "[", "[["):
        return any(word.value in ("-e", "-f", "-s", "-d", "-r", "-nt", "-ot") for word in command.arguments)
    if command.name in rule.table("shell_careful"):
        return True
    return any(re.search(rule.table("shell_asks"), word.text) for word in command.words)
