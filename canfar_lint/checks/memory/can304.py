"""Arrays read in full that could be mapped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.checks._inputs import in_memory, is_packaged, path_of, small_file, words_of
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule

_MAPPED = {"load": 'np.load(…, mmap_mode="r")', "fromfile": 'np.memmap(…, mode="r")'}

_OPERATOR = r"(?:[-+*/|&^%@]|//|\*\*)"
# a name before what changes it in place, wherever else it stands
_STORED = re.compile(
    rf"\b(\w+)\b(?=\s*\[.*\]\s*{_OPERATOR}?=(?!=)|\s*{_OPERATOR}=|\.(?:sort|fill|resize|put|byteswap)\()"
)
_FILLED = re.compile(r"\bout\s*=\s*(\w+)\b")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for function in ("load", "fromfile"):
        for call in module.calls(rule.table(function)):
            source = module.argument(call, "file", 0)
            if source is None or module.is_open_ended(call) or _is_small(module, rule, call, source):
                continue
            if (_is_archive if function == "load" else _is_part)(module, rule, call, source):
                continue
            yield rule.finding(
                module.name_span(call),
                question=small_file(module, source),
                call=module.code(call.func),
                instead=_MAPPED[function],
                fix=_fix(module, call, source) if function == "load" else _memmap(module, call, source),
            )


def _fix(module: PythonModule, call: ast.Call, source: ast.expr) -> Fix | None:
    """The array mapped, where it is sure to be one and only read."""
    if not module.value(path_of(module, source)).suffix.lower().endswith(".npy"):
        return None
    parent = module.parent(call)
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    if not isinstance(target, ast.Name) or _is_changed(module, target.id):
        return None
    from canfar_lint.fixing.python import fix, with_argument

    return fix("Map the file", with_argument(module, call, 'mmap_mode="r"'), UNSAFE)


def _memmap(module: PythonModule, call: ast.Call, source: ast.expr) -> Fix | None:
    """`np.memmap` of a file that is surely given by name, of elements whose type is said, and only read."""
    parent = module.parent(call)
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    keywords = {keyword.arg for keyword in call.keywords}
    typed = len(call.args) == 2 or (len(call.args) == 1 and "dtype" in keywords)
    if not isinstance(target, ast.Name) or not typed or not keywords <= {"dtype", "offset"}:
        return None
    named = module.value(source).text is not None or re.search(r"(?i)path|file_?name|fname|\bfn\b", module.code(source))
    if not named or not isinstance(call.func, ast.Attribute) or _is_changed(module, target.id):
        return None
    from canfar_lint.fixing.python import fix, with_argument

    added = with_argument(module, call, 'mode="r"')
    renamed = (Edit(*module.span(call.func), f"{module.code(call.func.value)}.memmap"),)
    return fix("Map the file", (*renamed, *added) if added else (), UNSAFE)


def _is_changed(module: PythonModule, name: str) -> bool:
    """Whether an array may be written into, here or where it is handed to."""
    memo = module.memo("changed arrays")
    if "names" not in memo:
        memo["names"] = {*_STORED.findall(module.text), *_FILLED.findall(module.text), *_handed(module)}
    names = memo["names"]
    assert isinstance(names, set)
    return name in names


def _handed(module: PythonModule) -> Iterator[str]:
    """The names that are given to other functions than those of numpy and Python itself."""
    for call in module.all_calls:
        if not module.qualified(call.func).startswith(("numpy.", "builtins.")):
            given = (*call.args, *(keyword.value for keyword in call.keywords))
            yield from (each.id for each in given if isinstance(each, ast.Name))


def _is_small(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    if is_declared_small(module, rule, source):
        return True
    path = path_of(module, source)
    if in_memory(module, source) or (module.value(path).text is None and is_packaged(module, path)):
        return True
    statement = module.parent(call)
    target = module.code(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    return re.search(rule.table("small"), f"{target} {words_of(module, source)[1]}".lower()) is not None


def _is_archive(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    """Whether what is loaded is no single array that could be mapped, or is mapped."""
    if module.keyword(call, "mmap_mode") or module.keyword(call, "allow_pickle") or len(call.args) > 1:
        return True
    suffix = module.value(path_of(module, source)).suffix.lower()
    if suffix.endswith(tuple(rule.table("archives"))):
        return True
    if suffix.endswith(".npy"):
        return False
    parent = module.parent(call)
    if isinstance(parent, (ast.withitem, ast.Subscript)):
        return True
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("files", "f", "item", "close", "keys", "items")
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], (ast.Name, ast.Attribute)):
        return _used_as_archive(module, module.code(parent.targets[0]))
    return not isinstance(parent, (ast.Call, ast.BinOp, ast.Assign))


def _used_as_archive(module: PythonModule, name: str) -> bool:
    pattern = rf"\b{re.escape(name)}\s*(\[\s*[rf]?[\"']|\.(files|f|item|close|keys|items)\b)"
    return re.search(pattern, module.text) is not None


def _is_part(module: PythonModule, rule: Rule, call: ast.Call, source: ast.expr) -> bool:
    """Whether no more than a count of elements is read."""
    count = module.argument(call, "count", 2)
    return (count is not None and module.constant(count) != -1) or path_of(module, source) is not source
