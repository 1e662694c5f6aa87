"""Scripts that grant themselves more memory than the request has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import runs_command
from canfar_lint.diagnostic import Diagnostic, Finding, Question, placed_fact
from canfar_lint.facts.memory import gigabytes
from canfar_lint.model.request import Request
from canfar_lint.pipeline.join import Project
from canfar_lint.pipeline.runs import runs_of

_JAVA = re.compile(r"(-Xmx)(\d+[kmgt])", re.IGNORECASE)


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    ram = request.number("ram")
    if ram is None or not runs_command(request):
        return
    args = request.fields.get("args")
    match = _JAVA.search(args.sure) if args is not None else None
    amount = gigabytes(match.group(2)) if match else None
    if args is not None and match is not None and amount is not None and amount > ram:
        yield rule.finding(args.span, variant="own", what=match.group(), ram=ram)
    else:
        yield rule.finding(
            request.fields["ram"].span, ram=ram, question=Question("memory-use", str(request.span[0]), ram)
        )


def check_project(project: Project, rule: Rule) -> Iterator[Diagnostic]:
    """Scripts that no request of the tree runs, under `request.ram` of the settings."""
    ram = project.request.get("ram")
    if not isinstance(ram, (int, float)):
        return
    for path, fact in project.facts.get("memory", ()):
        amount = fact.data["amount"]
        if isinstance(amount, float) and amount > ram and not runs_of(project, path):
            finding = rule.finding((fact.start, fact.end), variant="settings", what=fact.data["what"], ram=f"{ram:g}")
            yield placed_fact(path, finding, fact, ())
