"""Requests that are hard to schedule, or impossible."""

from __future__ import annotations

from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import Request

_MOST_PARTS = 32


def check_request(request: Request, rule: Rule) -> Iterator[Finding]:
    if request.of_model is not None or request.kind in rule.table("fixed"):
        return
    limits = rule.table("client")
    for field, unit in (("cores", "cores"), ("ram", "GB")):
        number = request.number(field)
        if number is None or number > limits[field]:
            continue
        most = rule.setting(f"max_{field}")
        span = request.fields[field].span
        if number > most:
            variant = "set" if rule.chosen(f"max-{field}") else "beyond"
            instead = _split(request, rule)
            yield rule.finding(span, variant=variant, number=number, unit=unit, most=_said(most), instead=instead)
        elif number >= rule.setting(f"large_{field}") and request.has("gpu") is False:
            yield rule.finding(span, number=number, unit=unit, instead=_split(request, rule))


def _split(request: Request, rule: Rule) -> str:
    """How many replicas of what size would do the same."""
    cores, ram = request.number("cores"), request.number("ram")
    for parts in range(2, _MOST_PARTS + 1):
        each = -(-cores // parts) if cores is not None else 0
        gigabytes = _offered(ram / parts, rule) if ram is not None else 0
        if each <= rule.setting("large_cores") // 2 and gigabytes <= rule.setting("large_ram") / 2:
            sizes = [f"{each} core{'s' if each != 1 else ''}"] if cores is not None else []
            sizes += [f"{_said(gigabytes)} GB"] if ram is not None else []
            return f"{parts} replicas of {' and '.join(sizes)}"
    return "replicas of a smaller size"


def _offered(ram: float, rule: Rule) -> float:
    choices = rule.setting("ram_choices")
    found: float = min((choice for choice in choices if choice >= ram), default=max(choices))
    return found


def _said(number: float) -> str:
    return f"{number:g}"
