"""CAN727: a secret that becomes part of the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Finding
from canfar_lint.model.dockerfile import Dockerfile, Instruction
from canfar_lint.source import Source

_IN_URL = re.compile(r"[a-z][a-z+]*://[^/\s:@\"'$<{]*:([^/\s@\"'$<{*]+)@[\w.-]+|https?://(gh[pousr]_\w{20,})@")
_NO_SECRET = re.compile(
    r"\s*|none|null|true|false|\d{1,3}|x+|\*+|<.*>|changeme|todo|/.*|~.*|%.*|disabled?|no|yes", re.I | re.S
)

# `${NAME:-secret}`; a reference without a default is none
_REFERENCE = re.compile(r"\$\{\w+:?[-=]([^}]*)\}|\$\{?\w+(?::?\?[^}]*)?\}?")


def check_yaml(source: Source, rule: Rule) -> Iterator[Finding]:
    """The environment of a compose file's services."""
    from canfar_lint.model.yamlfile import services

    names = re.compile(rule.table("names") + "|" + rule.table("short-names"), re.I)
    harmless = re.compile(rule.table("harmless-names"), re.I)
    for service in services(source):
        for name, value, start, end in service.environment:
            text = _REFERENCE.sub(lambda match: match[1] or "", value)
            if names.search(name) and not harmless.search(name) and not _NO_SECRET.fullmatch(text):
                yield rule.finding((start, end), variant="compose", name=name)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    names = re.compile(rule.table("names"), re.I)
    harmless = re.compile(rule.table("harmless-names"), re.I)
    for instruction in dockerfile.all("COPY", "ADD", "ENV", "ARG", "RUN"):
        if instruction.keyword in ("COPY", "ADD"):
            yield from _copied(rule, instruction)
        elif instruction.keyword in ("ENV", "ARG"):
            for pair in instruction.pairs:
                if names.search(pair.name) and not harmless.search(pair.name) and _secret(pair.raw, pair.value):
                    variant = "argument" if instruction.keyword == "ARG" else "variable"
                    yield rule.finding((pair.start, pair.start + len(pair.name)), variant=variant, name=pair.name)
        elif instruction.readable:
            yield from _commands(rule, instruction)


def _secret(raw: str | None, value: str | None) -> bool:
    """A text that may be a secret: not empty, no path, no flag, no mere reference."""
    if raw is None or value is None:
        return False
    return not _NO_SECRET.fullmatch(value.strip("\"'"))


def _copied(rule: Rule, copy: Instruction) -> Iterator[Finding]:
    if copy.flag("from") is not None:
        return
    for source in copy.sources:
        path = (source.value or "").rstrip("/")
        name = posixpath.basename(path)
        if name in rule.table("files") or any(path.endswith(tail) for tail in rule.table("paths")):
            yield rule.finding((source.start, source.end), variant="file", name=name)


def _commands(rule: Rule, run: Instruction) -> Iterator[Finding]:
    options = rule.table("options")
    for step in run.steps:
        for word in step.command.words:
            if "@" in word.text and "://" in word.text:
                match = _IN_URL.search(word.text)
                if match and not _NO_SECRET.fullmatch(match[1] or match[2] or ""):
                    yield rule.finding((word.start, word.end), variant="address", name="")
        wanted = options.get(step.name, ())
        for i, argument in enumerate(step.arguments):
            text = argument.value or ""
            name, equals, value = text.partition("=")
            given = value if equals else None
            if name not in wanted:
                continue
            if given is None and i + 1 < len(step.arguments):
                given = step.arguments[i + 1].value
            if name == "-u" and given is not None:
                given = given.partition(":")[2]
            if given and not _NO_SECRET.fullmatch(given) and (step.name != "docker" or "login" in step.values()):
                yield rule.finding(
                    (argument.word.start, argument.word.end), variant="option", name=f"{step.name} {name}"
                )
