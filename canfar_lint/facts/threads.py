"""Numbers of threads and workers that a script fixes for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue import load
from canfar_lint.checks._threads import settings
from canfar_lint.diagnostic import Fact
from canfar_lint.model.python import PythonModule

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script


def python(module: PythonModule) -> Iterator[Fact]:
    for setting in settings(module, load().rules["CAN211"].body["tables"]):
        yield Fact("threads", *module.span(setting.node), {"what": setting.what, "number": setting.number})


def shell(script: Script) -> Iterator[Fact]:
    """Of what may run as a job: builds and recipes have their own number."""
    from canfar_lint.checks._scripts import JOB, made_by_hand
    from canfar_lint.checks._shell_threads import settings as shell_settings

    if script.context in (*JOB, "literal") and not made_by_hand(script):
        for setting in shell_settings(script, load().rules["CAN211"].body["tables"]):
            yield Fact("threads", *setting.word.span, {"what": setting.what, "number": setting.number})
