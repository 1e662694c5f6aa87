"""Session requests: what is asked for, what is run, and in which image, as far as it is literal."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.diagnostic import Fact
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import Request
from canfar_lint.model.request.command_line import command_requests
from canfar_lint.model.request.python import requests
from canfar_lint.model.shell import Script


def python(module: PythonModule) -> Iterator[Fact]:
    return map(_fact, (request for request in requests(module) if request.of_model is None))


def shell(script: Script) -> Iterator[Fact]:
    return map(_fact, command_requests(script))


def _fact(request: Request) -> Fact:
    data: dict[str, object] = {"surface": request.surface, "complete": request.complete}
    for name, given in request.fields.items():
        if name in ("cores", "ram", "gpu", "replicas"):
            data[name] = given.whole
        elif name != "env":
            data[name] = given.value if isinstance(given.value, str) else None
            data[f"{name} as far as known"] = given.text
    data["kind"] = request.kind
    data["last"] = _last(request)
    data["env"] = [name for name, _ in request.env]
    data["whole env"] = request.whole_env
    return Fact("request", *request.span, data)


def _last(request: Request) -> int:
    """The offset behind the whole request."""
    if request.module is not None and request.call is not None:
        return request.module.span(request.call)[1]
    return request.command.end if request.command is not None else request.span[1]
