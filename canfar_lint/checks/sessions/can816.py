"""Arguments that are dropped without a word."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import MODEL, Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    module, call = request.module, request.call
    if request.of_model is not None:
        if module is None or call is None:
            return
        for position, argument in enumerate(call.args[1:], 1):
            yield rule.finding(module.span(argument), variant="beside", name=f"argument {position + 1}")
        for one in call.keywords:
            if one.arg not in (None, "name", "errors"):
                yield rule.finding(module.span(one), variant="beside", name=f"{one.arg}=")
        return
    # what the old client's model knew changed from version to version
    if (
        request.surface == MODEL
        and module is not None
        and call is not None
        and not request.client.endswith("CreateSpec")
    ):
        for name, given in request.unknown.items():
            keyword = module.keyword(call, name)
            span = module.span(keyword) if keyword is not None else given.span
            variant = "gpu" if name == "gpu" else None
            yield rule.finding(span, variant=variant, name=name)
    if request.kind in rule.table("fixed"):
        for field in ("cores", "ram"):
            if request.number(field) is not None:
                yield rule.finding(request.fields[field].span, variant="fixed", name=field, kind=request.kind)
