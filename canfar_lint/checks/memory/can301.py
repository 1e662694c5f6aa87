"""FITS files read in full although astropy would map them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._declared import is_declared_small
from canfar_lint.diagnostic import Finding, Fix
from canfar_lint.model.python import PythonModule

_STREAMS = frozenset(("BytesIO", "urlopen", "SpooledTemporaryFile", "GzipFile"))
# what is called of an open file, and never of a name
_OF_STREAMS = ("close", "read", "seek", "getvalue")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    for call in module.calls(rule.table("readers")):
        if _cannot_be_mapped(module, call) or (call.args and is_declared_small(module, rule, call.args[0])):
            continue
        for name in rule.table("switches"):
            keyword = module.keyword(call, name)
            if keyword is not None and module.constant(keyword.value) is False:
                yield rule.finding(module.span(keyword), argument=module.code(keyword), fix=_fix(module, call, name))


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


def _fix(module: PythonModule, call: ast.Call, name: str) -> Fix | None:
    from canfar_lint.fixing.python import fix, without_argument

    return fix(f"Remove `{name}`", without_argument(module, call, name))
