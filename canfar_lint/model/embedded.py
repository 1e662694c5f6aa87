"""Shell text inside other files: Makefile recipes, steps of CI workflows, literals that Python gives to a shell.

Every script's offsets are those of the file it stands in. What is only partly known (a value formatted in, a make
variable) stands in the text as a shell variable, so that a rule sees an unknown word and not a wrong one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from canfar_lint.model.shell import Script, parse
from canfar_lint.source import Source

if TYPE_CHECKING:
    from canfar_lint.model.python import PythonModule

_TARGET = re.compile(r"^[^\t#\s=][^=\n]*:(?![:=])", re.MULTILINE)
_MAKE_VARIABLE = re.compile(r"^(?:export[ ]+)?([A-Za-z_]\w*)[ ]*(?:\?|::?)?=(.*)$", re.MULTILINE)
_MAKE_NAME = re.compile(r"\$[({](\w+)[)}]")
_MOST_NESTED, _LONGEST = 4, 1000
_LONGEST_TEXT = 20_000
_STRINGS = frozenset(
    (
        *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"),
        *("commands.getstatusoutput", "popen2.popen2"),
    )
)
_PROCESSES = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_HOLE = re.compile(r"%(?:\(\w+\))?[-+0#]*\d*(?:\.\d+)?[sdifgeExXr]|\{[^{}\n]*\}")
_RUN_KEYS = frozenset(("run", "script", "before_script", "after_script"))


def makefile(source: Source) -> Iterator[Script]:
    """The recipes of a Makefile, one script a logical line, since make starts a shell for each."""
    text = source.text
    given = _make_variables(text)
    in_rule = False
    at = 0
    while at < len(text):
        end = _logical_end(text, at)
        line = text[at:end]
        if line.startswith("\t") and in_rule:
            script = _recipe(text, at + 1, end)
            script.given = given
            yield script
        elif line.strip() and not line.lstrip().startswith("#"):
            in_rule = _TARGET.match(line) is not None
        at = end + 1


def _make_variables(text: str) -> dict[str, str]:
    """What a Makefile sets its variables to, of those it sets once to plain text and each other."""
    found: dict[str, str | None] = {}
    for name, value in _MAKE_VARIABLE.findall(text):
        found[name] = None if name in found else value.partition(" #")[0].strip()
    for _ in range(_MOST_NESTED):
        found = {name: _with_variables(value, found) for name, value in found.items()}
    return {name: value for name, value in found.items() if value and "$" not in value and len(value) < _LONGEST}


def _with_variables(value: str | None, known: dict[str, str | None]) -> str | None:
    return value and _MAKE_NAME.sub(lambda m: known.get(m[1]) or m[0], value)


def _logical_end(text: str, at: int) -> int:
    """The end of a line and of those it is continued on."""
    while True:
        end = text.find("\n", at)
        if end < 0:
            return len(text)
        if not text[:end].endswith("\\"):
            return end
        at = end + 1


def _recipe(text: str, start: int, end: int) -> Script:
    """make's own `@-+` prefixes dropped, `$(X)` read as a variable, `$$` as the dollar the shell sees."""
    while start < end and text[start] in "@-+ \t":
        start += 1
    body: list[str] = []
    places: list[int] = []
    at = start
    while at < end:
        if text[at] == "$" and text[at + 1 : at + 2] == "$":
            body.append("$")
            places.append(at)
            at += 2
        elif text[at] == "$" and text[at + 1 : at + 2] in ("(", "{"):
            close = _closing(text, at + 1, end)
            name = text[at + 2 : close]
            body += ["${", name if name.isidentifier() else "m" * len(name), "}"]
            places += range(at, close + 1)
            at = close + 1
        else:
            body.append(text[at])
            places.append(at)
            at += 1
    places.append(end)
    return parse("".join(body), map=places, bash=False, context="recipe")


def _closing(text: str, at: int, end: int) -> int:
    opening, closing = text[at], ")" if text[at] == "(" else "}"
    depth = 0
    for place in range(at, end):
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0:
            return place
    return end - 1


def workflow(source: Source) -> Iterator[Script]:
    """The `run:` steps of a GitHub workflow and the `script:` lists of a GitLab one."""
    import yaml

    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
    stack: list[Any] = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in reversed(node.value):
                if getattr(key, "value", None) in _RUN_KEYS:
                    steps = value.value if isinstance(value, yaml.SequenceNode) else [value]
                    for step in steps:
                        if isinstance(step, yaml.ScalarNode):
                            yield _step(source.text, step)
                stack.append(value)
        elif isinstance(node, yaml.SequenceNode):
            stack += reversed(node.value)


def _step(text: str, node: Any) -> Script:
    start, end = node.start_mark.index, node.end_mark.index
    value: str = node.value
    if node.style == "|":
        places = _block_places(text, start, end, value)
    else:
        inner = start + (1 if node.style in ("'", '"') else 0)
        places = list(range(inner, inner + len(value) + 1)) if text[inner : inner + len(value)] == value else None
    if places is None:
        script = Script(value, start, True, "step")
        script.error = "its characters cannot be told in the file"
        return script
    body = re.sub(r"\$\{\{.*?\}\}", lambda m: "${" + "m" * (len(m.group()) - 3) + "}", value, flags=re.S)
    return parse(body, map=places, context="step", errexit=True)


def _block_places(text: str, start: int, end: int, value: str) -> list[int] | None:
    """Where each character of a literal block (`|`) stands: its lines, without their common indentation."""
    at = text.find("\n", start) + 1
    lines = value.split("\n")
    first = next((line for line in lines if line), "")
    found = re.compile(r"[ \t]*").match(text, at)
    while found and text[found.end() : found.end() + 1] == "\n":
        found = re.compile(r"[ \t]*").match(text, found.end() + 1)
    indent = found.end() - found.start() - (len(first) - len(first.lstrip())) if found else 0
    places: list[int] = []
    for number, line in enumerate(lines):
        begin = at + indent if line else at
        if number < len(lines) - 1 or line:
            if text[begin : begin + len(line)] != line:
                return None
            places += range(begin, begin + len(line) + 1)
            newline = text.find("\n", begin + len(line))
            at = newline + 1 if newline >= 0 else len(text)
    places.append(end)
    return [*places[: len(value)], places[min(len(value), len(places) - 1)]]


def literals(module: PythonModule) -> Iterator[Script]:
    """The command lines that Python gives to a shell, and the lists it starts programs with."""
    for node in given_to_shell(module):
        script = _list(module, node) if isinstance(node, (ast.List, ast.Tuple)) else _string(module, node)
        if script is not None:
            yield script


def given_to_shell(module: PythonModule) -> Iterator[ast.expr]:
    """What the calls that start programs are given, without the values that are formatted in."""
    for call in (*module.calls(_STRINGS), *module.calls(_PROCESSES)):
        given = module.argument(call, "args", 0)
        if given is not None:
            yield _template(module.resolve(given))


def _template(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        node = node.left
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        node = node.func.value
    return node


def stretch(module: PythonModule, node: ast.Constant, before: str = "") -> Script | None:
    """A text, or a piece of one, as a shell would read it behind the words `before`."""
    body = _plain(module, node) if isinstance(node.value, str) else None
    if body is None:
        start, end = module.span(node)
        text = str(node.value)
        body = module.text.find(text, start, end), text
    if body[0] < 0 or len(body[1]) > _LONGEST_TEXT:
        return None
    return parse(before + _with_holes(body[1]), start=body[0] - len(before), context="literal")


def _with_holes(text: str) -> str:
    return _HOLE.sub(lambda m: "$" + "m" * (len(m.group()) - 1), text)


def _string(module: PythonModule, node: ast.expr) -> Script | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    body = _plain(module, node)
    if body is None:
        return None
    start, text = body
    return parse(_with_holes(text), start=start, context="literal")


def _list(module: PythonModule, node: ast.List | ast.Tuple) -> Script | None:
    """`["ds9", name]` as one command: its literals quoted, the rest unknown."""
    body: list[str] = []
    places: list[int] = []
    for element in node.elts:
        start, end = module.span(element)
        text = element.value if isinstance(element, ast.Constant) and isinstance(element.value, str) else None
        inner = _plain(module, element) if isinstance(element, ast.Constant) and text is not None else None
        if text is not None and "'" not in text and inner is not None:
            body.append(f"'{text}' ")
            places += [inner[0] - 1, *range(inner[0], inner[0] + len(text)), end - 1, end]
        else:
            body.append('"$m" ')
            places += [start, start, start, start, end - 1]
    places.append(places[-1] if places else 0)
    return parse("".join(body), map=places, context="literal") if body else None


def _plain(module: PythonModule, node: ast.Constant) -> tuple[int, str] | None:
    """Where the characters of a string literal stand, when its source shows them as they are."""
    start, end = module.span(node)
    code = module.text[start:end]
    opening = re.match(r"[rRuU]?(\"\"\"|'''|\"|')", code)
    text = node.value
    if opening is None or not isinstance(text, str):
        return None
    inner = start + opening.end()
    return (inner, text) if module.text[inner : end - len(opening.group(1))] == text else None
