"""Requests that the client or the server refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix
from canfar_lint.model.python import PythonModule
from canfar_lint.model.request import COMMAND_LINE, CREATE, MODEL, REST, UNKNOWN, Given, Request

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LONGEST_NAME = 63
# what a template leaves to its reader
_TO_BE_FILLED = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{\{.*?\}\}")
_NEEDED = {
    CREATE: ("name", "image"),
    MODEL: ("name", "image", "kind"),
    COMMAND_LINE: ("kind", "image"),
    REST: ("name", "image"),
}
_OF_COMMAND_LINE = {"cores": "--cpu", "ram": "--memory", "gpu": "--gpu", "replicas": "--replicas"}


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    # what a create passes on is judged where the model is made
    if request.of_model is not None or request.stopped == "help":
        return
    yield from _missing(request, rule)
    yield from _name(request, rule)
    yield from _image(request, rule)
    yield from _kind(request, rule)
    yield from _numbers(request, rule)
    yield from _texts(request, rule)
    yield from _command(request, rule)
    yield from _unknown(request, rule)


def _missing(request: Request, rule: Rule) -> Iterator[Finding]:
    if not request.complete:
        return
    for field in _NEEDED[request.surface]:
        given = request.fields.get(field)
        if field == "image" and _is_image(request.text("kind")):
            return  # it stands where the kind belongs
        if given is None or (given.nothing and field == "image"):
            yield rule.finding(request.span if given is None else given.span, variant="missing", field=field)
            return


def _is_image(text: str | None) -> bool:
    return text is not None and "/" in text


def _name(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("name")
    if given is None or _TO_BE_FILLED.search(given.text):
        return
    if not isinstance(given.value, str):
        if given.value is UNKNOWN and re.search(r"[^A-Za-z0-9-]", given.sure.replace("{}", "")):
            yield rule.finding(given.span, variant="name", name=given.sure.replace("{}", "…"))
        return
    count = request.number("replicas")
    suffix = len(str(count)) + 1 if count is not None and count > 1 else 0
    if not _NAME.fullmatch(given.value):
        yield rule.finding(given.span, variant="name", name=given.value)
    elif len(given.value) + suffix > _LONGEST_NAME:
        length = len(given.value) + suffix
        yield rule.finding(given.span, variant="long", length=length, longest=_LONGEST_NAME)


def _image(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("image")
    if (
        _is_image(request.text("kind"))
        or given is None
        or not isinstance(given.value, str)
        or _TO_BE_FILLED.search(given.value)
    ):
        return
    image = given.value
    parts = image.split("@")[0].split("/")
    registries = rule.setting("platform_registries")
    host = parts[0]
    if len(parts) == 1 or len(parts) > 3 or not all(parts):
        yield rule.finding(given.span, variant="image", image=image, registry=registries[0])
    elif len(parts) == 2 and request.surface == REST:
        yield rule.finding(given.span, variant="no registry", image=image, registry=registries[0])
    elif len(parts) == 2 and ("." in host or ":" in host):
        yield rule.finding(given.span, variant="registry twice", image=image, registry=registries[0])
    elif len(parts) == 3 and host not in registries:
        yield rule.finding(given.span, variant="registry", registry=host, allowed=", ".join(registries))


def _kind(request: Request, rule: Rule) -> Iterator[Finding]:
    given = request.fields.get("kind")
    if given is None or (not isinstance(given.value, str) and not given.nothing):
        return
    kinds = rule.table("kinds")
    kind = str(given.value)
    if kind not in kinds or (request.surface == COMMAND_LINE and kind == "desktop-app"):
        import difflib

        near = difflib.get_close_matches(kind.lower(), kinds, 1, 0.5)
        likely = "headless" if kind in rule.table("batch words") else near[0] if near else ""
        variant = "image for kind" if _is_image(kind) else "kind" if likely else "no kind"
        fix = _headless(request, given) if likely == "headless" and kind in rule.table("batch words") else None
        yield rule.finding(given.span, variant=variant, kind=kind, likely=likely, fix=fix)


def _headless(request: Request, given: Given) -> Fix | None:
    """What is called batch or job elsewhere, in the word that stands there."""
    module, node = request.module, given.node
    if module is None or not isinstance(node, ast.Constant) or module.span(node) != given.span:
        return None
    if module.code(node) not in (f'"{given.value}"', f"'{given.value}'"):
        return None
    return Fix("Write `headless`", (Edit(given.start + 1, given.end - 1, "headless"),), UNSAFE)


def _numbers(request: Request, rule: Rule) -> Iterator[Finding]:
    for field, (least, most) in rule.table("ranges").items():
        given = request.fields.get(field)
        if given is None or given.value is UNKNOWN or (given.nothing and field != "replicas"):
            continue
        label = _label(request, field)
        number = given.whole
        exact = str(given.value).lstrip("+").isdigit()
        if number is None or (request.surface == COMMAND_LINE and not exact):
            yield rule.finding(given.span, variant="number", field=label, value=given.text or str(given.value))
        elif not least <= number <= most:
            yield rule.finding(given.span, variant="range", field=label, value=number, least=least, most=most)
        elif field == "ram" and number <= rule.setting("max_ram"):
            offered = rule.setting("ram_choices")
            if number not in offered:
                larger = min((choice for choice in offered if choice > number), default=max(offered))
                yield rule.finding(given.span, variant="not offered", ram=number, larger=larger)


def _label(request: Request, field: str) -> str:
    if request.surface == COMMAND_LINE:
        return _OF_COMMAND_LINE[field]
    return "gpus" if field == "gpu" and request.surface in (MODEL, REST) else field


def _texts(request: Request, rule: Rule) -> Iterator[Finding]:
    """What must be a text, or a dict of variables, and is plainly something else."""
    if request.surface not in (CREATE, MODEL) or request.module is None:
        return
    for field in ("name", "image", "cmd", "args", "env"):
        given = request.fields.get(field)
        if given is None or given.node is None:
            continue
        node = request.module.resolve(given.node)
        listed = isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.ListComp))
        if field == "env":
            wrong = listed or (given.value is not UNKNOWN and not given.nothing)
        else:
            plain = isinstance(given.value, (int, float)) or (given.nothing and field == "name")
            wrong = plain or listed or isinstance(node, ast.Dict) or request.module.value(given.node).is_path
        if wrong:
            variant = field if field == "args" and listed else "env" if field == "env" else "text"
            fix = _as_text(request.module, given.node) if variant == "args" else None
            yield rule.finding(_outer(request, given), variant=variant, field=field, fix=fix)


def _as_text(module: PythonModule, node: ast.expr) -> Fix | None:
    """A list of plain words as one text."""
    if not isinstance(node, (ast.List, ast.Tuple)) or not node.elts:
        return None
    words = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(words) != len(node.elts) or not all(re.fullmatch(r"[\w./:=@%+,-]+", word) for word in words):
        return None
    from canfar_lint.fixing.python import fix, replaced

    return fix("Write `args` as one text", replaced(module, node, '"' + " ".join(words) + '"'))


def _command(request: Request, rule: Rule) -> Iterator[Finding]:
    kind = request.kind
    if kind is None or kind == "headless" or kind not in rule.table("kinds"):
        return
    for field in ("cmd", "args", "env"):
        given = request.fields.get(field)
        if given is not None and (given.value not in (UNKNOWN, "", None) or (field == "env" and request.env)):
            yield rule.finding(_outer(request, given), variant="not headless", field=field, kind=kind)
            break
    replicas = request.fields.get("replicas")
    if kind in rule.table("single") and replicas is not None and (replicas.whole or 1) > 1:
        yield rule.finding(replicas.span, variant="single", kind=kind)


def _outer(request: Request, given: Given) -> tuple[int, int]:
    return request.module.span(given.node) if request.module is not None and given.node is not None else given.span


def _unknown(request: Request, rule: Rule) -> Iterator[Finding]:
    behind = {word.span for word in request.behind}
    for name, given in request.unknown.items():
        if request.surface == CREATE and request.module is not None and request.call is not None:
            keyword = request.module.keyword(request.call, name)
            span = request.module.span(keyword) if keyword is not None else given.span
            variant = "gpus" if name == "gpus" else "keyword"
            fix = None
            if variant == "gpus" and keyword is not None and "gpu" not in request.fields:
                fix = Fix("Write `gpu`", (Edit(span[0], span[0] + len(name), "gpu"),))
            yield rule.finding(span, variant=variant, keyword=name, fix=fix)
        elif request.surface == COMMAND_LINE and given.span not in behind:
            yield rule.finding(given.span, variant="option", option=name)
    env = request.fields.get("env")
    if request.surface == COMMAND_LINE and env is not None and isinstance(env.value, str) and "=" not in env.value:
        yield rule.finding(env.span, variant="no value", value=env.value)
    output = request.fields.get("output")
    if output is not None and isinstance(output.value, str):
        if output.value not in ("json", "yaml"):
            yield rule.finding(output.span, variant="output", value=output.value)
        elif request.stopped == "dry run":
            yield rule.finding(output.span, variant="dry run")
