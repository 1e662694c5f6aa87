"""Requests that are hard to schedule, or impossible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.request import Request

if TYPE_CHECKING:
    from canfar_lint.model.shell import Script

_MOST_PARTS = 32
_HEADER = re.compile(r"^#SBATCH[ \t]+([^#\n]*)", re.MULTILINE)
_OPTION = re.compile(r"(?<=[ \t])(-[a-zA-Z]|--[a-z-]+)(?:[ \t]*=?[ \t]*)([^\s-][^\s]*)")
_PBS = re.compile(r"^#PBS[ \t]+-l[ \t]+([^#\n]*)", re.MULTILINE)
_OF_PBS = re.compile(r"(?<![\w])(ppn|ncpus|mem)=(\d+)([kmgt]?)b?(?!\w)", re.IGNORECASE)
_COMMAND = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)  # Slurm reads no directive behind it
_NODES_OF_PBS = re.compile(r"(?<![\w])(?:nodes|select)=([1-9]\d{0,4})(?![\w.])", re.IGNORECASE)
_SHORT = {"-n": "--ntasks", "-c": "--cpus-per-task", "-N": "--nodes", "-G": "--gpus"}
_SIZE = re.compile(r"(\d+)([KMGT]?)B?$", re.IGNORECASE)
_GIGABYTES = {"K": 1e-6, "M": 1e-3, "": 1e-3, "G": 1.0, "T": 1e3}


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


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    """The header of a job of Slurm or PBS: large where each of its nodes is, and said of all of them together."""
    if script.context != "file" or ("#SBATCH" not in script.text and "#PBS" not in script.text):
        return
    first = _COMMAND.search(script.text)
    end = first.start() if first is not None else len(script.text)
    yield from _pbs(script, rule, end)
    lines = _HEADER.finditer(script.text, 0, end)
    header = [m for line in lines for m in _OPTION.finditer(script.text, line.start(1) - 1, line.end(1))]
    asked = {_SHORT.get(m[1], m[1]): m for m in header}
    if any(option.startswith("--gpus") for option in asked) or "gpu" in "".join(m[2] for m in asked.values()).lower():
        return
    nodes = _number(asked, "--nodes") or 1
    tasks = _number(asked, "--ntasks") or (_number(asked, "--ntasks-per-node") or 1) * nodes
    cores = tasks * (_number(asked, "--cpus-per-task") or 1) // nodes
    if cores >= rule.setting("large_cores"):
        at = max((_number(asked, name) or 0, name) for name in ("--ntasks", "--ntasks-per-node", "--cpus-per-task"))
        yield _of_queue(script, rule, asked[at[1]], cores * nodes, "cores")
    for option, times in (("--mem", 1), ("--mem-per-cpu", cores)):
        size = _SIZE.match(asked[option][2]) if option in asked else None
        ram = int(size[1]) * _GIGABYTES[size[2].upper()] * times if size else 0
        if ram >= rule.setting("large_ram"):
            yield _of_queue(script, rule, asked[option], ram * nodes, "GB")


def _pbs(script: Script, rule: Rule, end: int) -> Iterator[Finding]:
    """`-l nodes=2:ppn=32,mem=256gb`: what is asked for on each node."""
    lines = [*_PBS.finditer(script.text, 0, end)]
    if any("gpu" in line[1].lower() for line in lines):
        return
    for line in lines:
        several = _NODES_OF_PBS.search(line[1])
        nodes = int(several[1]) if several is not None else 1
        for found in _OF_PBS.finditer(script.text, line.start(1), line.end(1)):
            if found[1].lower() != "mem":
                number, unit, times = float(found[2]), "cores", nodes
            else:
                number, unit = int(found[2]) * _GIGABYTES[found[3].upper() or "K"], "GB"
                times = nodes if "select" in line[1].lower() else 1  # beside `nodes=` it is that of the whole job
            if number >= rule.setting("large_cores" if unit == "cores" else "large_ram"):
                yield _of_queue(script, rule, found, number * times, unit)


def _number(asked: dict[str, re.Match[str]], option: str) -> int | None:
    found = asked.get(option)
    return int(found[2]) if found is not None and found[2].isdecimal() and int(found[2]) else None


def _of_queue(script: Script, rule: Rule, header: re.Match[str], number: float, unit: str) -> Finding:
    span = (script.start + header.start(), script.start + header.end())
    most = rule.setting("max_cores" if unit == "cores" else "max_ram")
    variant = "slurm-beyond" if number > most else "slurm"
    return rule.finding(span, variant=variant, asked=header[0], number=_said(number), unit=unit, most=_said(most))
