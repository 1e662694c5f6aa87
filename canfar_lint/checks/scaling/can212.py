"""Several cores, and nothing that tells the libraries how many."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks.sessions._command import is_line
from canfar_lint.diagnostic import Edit, Finding, Fix, Question
from canfar_lint.model.request import COMMAND_LINE, REST, Request

_NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    cores = request.cores
    if cores is None or cores < 2 or request.kind != "headless" or not request.whole_env or request.of_model:
        return
    if "env" not in request.fields and not request.complete:
        return
    known = set(load().rules["CAN211"].table("variables"))
    if not known & {name for name, _ in request.env}:
        question = Question("thread-variables", str(request.span[0]), cores)
        yield rule.finding(request.fields["cores"].span, cores=cores, question=question, fix=_fix(request, cores))


def _fix(request: Request, cores: int) -> Fix | None:
    """The variables that the guideline names, with the number of cores."""
    title = f"Set the thread variables to {cores}"
    if request.surface == COMMAND_LINE:
        end = request.fields["cores"].end
        code = "".join(f" --env {name}={cores}" for name in _NAMES)
        return Fix(title, (Edit(end, end, code),)) if is_line(request) else None
    module, call, given = request.module, request.call, request.fields.get("env")
    if module is None or call is None or request.surface == REST:
        return None
    code = ", ".join(f'"{name}": "{cores}"' for name in _NAMES)
    from canfar_lint.fixing.python import with_argument

    if given is None:
        own = any(keyword.value is request.fields["cores"].node for keyword in call.keywords)
        edits = with_argument(module, call, f"env={{{code}}}") if own else ()
        return Fix(title, edits) if edits else None
    if not isinstance(given.node, ast.Dict) or None in given.node.keys:
        return None
    if not given.node.values:
        return Fix(title, (Edit(*module.span(given.node), f"{{{code}}}"),))
    end = module.span(given.node.values[-1])[1]
    return Fix(title, (Edit(end, end, f", {code}"),))
