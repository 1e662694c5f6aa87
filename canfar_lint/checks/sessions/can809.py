"""Images whose content changes under one name."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("image")
    if given is None or request.kind != "headless" or request.of_model is not None:
        return
    image = given.sure
    last = image.rpartition("/")[2]
    name, colon, tag = last.partition(":")
    if not last or "@" in image or "/" not in image or "{}" in (tag if colon else last):
        return
    if tag in ("latest", ""):
        yield rule.finding(given.span, variant=None if tag else "untagged", image=image.replace("{}", "…"), name=name)
