"""Session requests: what is asked for, what is run, and in which image, as far as it is literal."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.diagnostic import Fact
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import environment, requests


def python(module: PythonModule) -> Iterator[Fact]:
    for request in requests(module):
        data: dict[str, object] = {"complete": request.complete}
        for field, node in request.fields.items():
            if field != "env":
                value = module.constant(node)
                data[field] = None if value is ... else value if isinstance(value, (str, int, float)) else None
        data["env"] = [name for name, _ in environment(module, request)]
        yield Fact("request", *module.span(request.call.func), data)
