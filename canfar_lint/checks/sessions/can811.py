"""Requests that fix cores or RAM but not both."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if request.of_model is not None or request.old_client or request.kind in (None, *rule.table("fixed")):
        return
    for given, missing in (("cores", "ram"), ("ram", "cores")):
        if request.number(given) is not None and request.has(missing) is False:
            number = request.number(given)
            said = f"{number} core{'s' if number != 1 else ''}" if given == "cores" else f"{number} GB"
            yield rule.finding(request.fields[given].span, said=said, missing="RAM" if missing == "ram" else "cores")
