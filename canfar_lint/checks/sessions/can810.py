"""GPUs asked for that nothing uses, and needed but not asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.request import Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if not runs_command(request) or request.kind != "headless":
        return
    image = request.fields.get("image")
    gpus = request.number("gpu")
    if gpus:
        yield rule.finding(request.fields["gpu"].span, question=Question("gpu-use", str(request.span[0]), 1))
    elif request.has("gpu") is False and image is not None:
        if re.search(rule.table("named"), image.sure):
            yield rule.finding(image.span, variant="image", image=image.sure.replace("{}", "…"))
        else:
            yield rule.finding(image.span, variant="script", question=Question("gpu-use", str(request.span[0])))
