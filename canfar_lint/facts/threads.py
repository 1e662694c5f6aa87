"""Numbers of threads and workers that a script fixes for itself."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue import load
from canfar_lint.checks._threads import settings
from canfar_lint.diagnostic import Fact
from canfar_lint.model.python import PythonModule


def python(module: PythonModule) -> Iterator[Fact]:
    for setting in settings(module, load().rules["CAN211"].body["tables"]):
        yield Fact("threads", *module.span(setting.node), {"what": setting.what, "number": setting.number})
