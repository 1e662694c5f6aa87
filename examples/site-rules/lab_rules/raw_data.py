"""LAB002: raw data is never removed by a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.python import PythonModule


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """Calls that remove what is below the raw data's folder, as far as the path is written down."""
    raw = rule.table("raw")
    for call in module.calls(rule.table("removers")):
        path = module.constant(call.args[0]) if call.args else ...
        if isinstance(path, str) and path.startswith(raw):
            yield rule.finding(module.span(call), path=path)
