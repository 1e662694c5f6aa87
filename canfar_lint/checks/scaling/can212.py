"""Several cores, and nothing that tells the libraries how many."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.request import Request


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    cores = request.cores
    if cores is None or cores < 2 or request.kind != "headless" or not request.whole_env or request.of_model:
        return
    if "env" not in request.fields and not request.complete:
        return
    known = set(load().rules["CAN211"].table("variables"))
    if not known & {name for name, _ in request.env}:
        question = Question("thread-variables", str(request.span[0]), cores)
        yield rule.finding(request.fields["cores"].span, cores=cores, question=question)
