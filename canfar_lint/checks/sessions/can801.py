"""Requests that the client or the server refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import COMMAND_LINE, CREATE, MODEL, Given, Request

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LONGEST_NAME = 63
_LABELS = {"cores": "cores", "ram": "ram", "gpu": "gpus", "replicas": "replicas"}


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if _is_model_call(request):
        return
    yield from _missing(request, rule)
    yield from _name(request, rule)
    yield from _image(request, rule)
    yield from _kind(request, rule)
    yield from _numbers(request, rule)
    yield from _command(request, rule)
    yield from _unknown(request, rule)


def _is_model_call(request: Request) -> bool:
    """`create(CreateRequest(...))`, whose arguments are judged where the model is made."""
    first = request.fields.get("name")
    node = first.node if first is not None else None
    return request.surface == CREATE and isinstance(node, (ast.Call, ast.Name)) and "image" not in request.fields


def _missing(request: Request, rule: Rule) -> Iterator[Finding]:
    if not request.complete:
        return
    needed = {CREATE: ("name", "image"), MODEL: ("name", "image", "kind"), COMMAND_LINE: ("kind", "image")}
    for field in needed.get(request.surface, ()):
        if field not in request.fields:
            yield rule.finding(request.span, variant="missing", field=field)
            return


def _name(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("name")
    if given is None or not isinstance(given.value, str):
        return
    replicas = request.fields.get("replicas")
    count = replicas.whole if replicas is not None else None
    suffix = len(str(count)) + 1 if count is not None and count > 1 else 0
    if not _NAME.fullmatch(given.value):
        yield rule.finding(given.span, variant="name", name=given.value)
    elif len(given.value) + suffix > _LONGEST_NAME:
        length = len(given.value) + suffix
        yield rule.finding(given.span, variant="long", length=length, longest=_LONGEST_NAME)


def _image(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("image")
    if given is None or not isinstance(given.value, str):
        return
    image = given.value
    parts = image.split("@")[0].split("/")
    registries = rule.setting("platform_registries")
    host = parts[0]
    if len(parts) == 1 or len(parts) > 3 or not all(parts):
        yield rule.finding(given.span, variant="image", image=image, registry=registries[0])
    elif len(parts) == 2 and ("." in host or ":" in host):
        yield rule.finding(given.span, variant="registry twice", image=image, registry=registries[0])
    elif len(parts) == 3 and host not in registries:
        yield rule.finding(given.span, variant="registry", registry=host, allowed=", ".join(registries))


def _kind(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("kind")
    if given is None or not isinstance(given.value, str):
        return
    kinds = rule.table("kinds")
    if given.value not in kinds or (request.surface == COMMAND_LINE and given.value == "desktop-app"):
        import difflib

        near = difflib.get_close_matches(given.value.lower(), kinds, 1, 0.5)
        likely = "headless" if given.value in rule.table("batch words") else near[0] if near else ""
        hint = f", did you mean `{likely}`?" if likely else f": it is one of {', '.join(kinds)}"
        yield rule.finding(given.span, variant="kind", kind=given.value, hint=hint)


def _numbers(request: Request, rule: Rule) -> Iterator[Finding]:
    for field, (least, most) in rule.table("ranges").items():
        given = request.fields.get(field)
        if given is None or given.value is ... or given.value is None:
            continue
        label = _label(request, field)
        written = given.text or str(given.value)
        number = given.whole
        exact = str(given.value).lstrip("+").isdigit()
        if number is None or (request.surface == COMMAND_LINE and not exact):
            yield rule.finding(given.span, variant="number", field=label, value=written)
        elif not least <= number <= most:
            yield rule.finding(given.span, variant="range", field=label, value=number, least=least, most=most)
        elif field == "ram" and number <= rule.setting("max_ram"):
            offered = rule.setting("ram_choices")
            if number not in offered:
                larger = min((choice for choice in offered if choice > number), default=max(offered))
                yield rule.finding(given.span, variant="not offered", ram=number, larger=larger)


def _label(request: Request, field: str) -> str:
    if request.surface == COMMAND_LINE:
        return {"cores": "--cpu", "ram": "--memory", "gpu": "--gpu", "replicas": "--replicas"}[field]
    return "gpus" if field == "gpu" and request.surface == MODEL else field


def _command(request: Request, rule: Rule) -> Iterator[Finding]:
    args = request.fields.get("args")
    if args is not None and isinstance(args.node, (ast.List, ast.Tuple)):
        yield rule.finding(_outer(request, args), variant="args")
    kind = request.kind
    if kind is None or kind == "headless" or kind not in rule.table("kinds"):
        return
    for field in ("cmd", "args", "env"):
        given = request.fields.get(field)
        if given is not None and (given.value not in (..., "", None) or (field == "env" and request.env)):
            yield rule.finding(_outer(request, given), variant="not headless", field=field, kind=kind)
            break
    replicas = request.fields.get("replicas")
    if kind in rule.table("single") and replicas is not None and (replicas.whole or 1) > 1:
        yield rule.finding(replicas.span, variant="single", kind=kind)


def _outer(request: Request, given: Given) -> tuple[int, int]:
    return request.module.span(given.node) if request.module is not None and given.node is not None else given.span


def _unknown(request: Request, rule: Rule) -> Iterator[Finding]:
    for name, given in request.unknown.items():
        if request.surface == CREATE and request.module is not None and request.call is not None:
            keyword = request.module.keyword(request.call, name)
            span = request.module.span(keyword) if keyword is not None else given.span
            variant = "gpus" if name == "gpus" else "keyword"
            yield rule.finding(span, variant=variant, keyword=name)
        elif request.surface == COMMAND_LINE:
            yield rule.finding(given.span, variant="option", option=name)
    env = request.fields.get("env")
    if request.surface == COMMAND_LINE and env is not None and isinstance(env.value, str) and "=" not in env.value:
        yield rule.finding(env.span, variant="env", value=env.value)
