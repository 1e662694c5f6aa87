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
    r"\s*|none|null|true|false|\d{1,3}|x+|\*+.*\*+|\*+|<.*>|\[.*\]|\{.*\}|changeme|todo|/.*|~.*|%.*|disabled?|no|yes"
    r"|unset|undefined|n/?a|(?:foo|bar|baz)+|(\w)\1+|abcd?e?f?|no[-_]?(?:key|token|secret|password)"
    r"|not?[-_ ]?(?:set|used|needed|required|a[-_]).*"
    r"|(?:override|overwrite|change|provide|replace|insert|enter|fill|set|put|add)[-_ ]?(?:me|this|it|in|with|your)\b.*"
    r"|(?:override|replace)me.*|change[-_ ]?this.*|your[-_ ]?.*|my[-_ ](?:token|key|secret|password)"
    r"|(?:dummy|fake|placeholder|example|sample|mock)\b.*|.*x{3,}.*|.*\b(?:goes[-_ ])?here|[A-Za-z]*Here",
    re.I | re.S,
)
_PROSE = re.compile(r"[A-Za-z]+(?:[-_ ][A-Za-z]+){3,}[.!]?")
"""A sentence that stands for a value."""
_OF_USER = re.compile(r"(?:user|name|login|account|admin|database|db|schema|bucket|email|access_?key|realm)$", re.I)

# `${NAME:-secret}`; a reference without a default is none
_REFERENCE = re.compile(r"\$\{\w+:?[-=]([^}]*)\}|\$\{?\w+(?::?\?[^}]*)?\}?")


def check_yaml(source: Source, rule: Rule) -> Iterator[Finding]:
    """The environment of a compose file's services."""
    from canfar_lint.model.yamlfile import services

    names = re.compile(rule.table("names") + "|" + rule.table("short-names"), re.I)
    harmless = re.compile(rule.table("harmless-names"), re.I)
    for service in services(source):
        beside = {value.lower() for name, value, _, _ in service.environment if _OF_USER.search(name) and value}
        for name, value, start, end in service.environment:
            text = _REFERENCE.sub(lambda match: match[1] or "", value)
            if names.search(name) and not harmless.search(name) and not _NO_SECRET.fullmatch(text):
                known = _guessed(text, name, beside, rule)
                yield rule.finding((start, end), variant="compose-known" if known else "compose", name=name)


def check_dockerfile(dockerfile: Dockerfile, rule: Rule) -> Iterator[Finding]:
    names = re.compile(rule.table("names"), re.I)
    harmless = re.compile(rule.table("harmless-names"), re.I)
    beside: set[str] = set()
    for instruction in dockerfile.all("COPY", "ADD", "ENV", "ARG", "RUN"):
        if instruction.keyword in ("COPY", "ADD"):
            yield from _copied(rule, instruction)
        elif instruction.keyword in ("ENV", "ARG"):
            for pair in instruction.pairs:
                if names.search(pair.name) and not harmless.search(pair.name) and _secret(pair.raw, pair.value):
                    variant = "argument" if instruction.keyword == "ARG" else "variable"
                    beside = beside or _beside(dockerfile)
                    if _guessed(pair.value or "", pair.name, beside, rule):
                        variant = "known"
                    yield rule.finding((pair.start, pair.start + len(pair.name)), variant=variant, name=pair.name)
        elif instruction.readable:
            yield from _commands(rule, instruction)


def _secret(raw: str | None, value: str | None) -> bool:
    """A text that may be a secret: not empty, no path, no flag, no mere reference."""
    if raw is None or value is None:
        return False
    text = value.strip("\"'")
    return not _NO_SECRET.fullmatch(text) and not _PROSE.fullmatch(text)


def _beside(dockerfile: Dockerfile) -> set[str]:
    """The names of users, databases and the like that the file gives."""
    pairs = [pair for i in dockerfile.all("ENV", "ARG") for pair in i.pairs]
    return {pair.value.strip("\"'").lower() for pair in pairs if pair.value and _OF_USER.search(pair.name)} | {"-"}


def _guessed(value: str, name: str, beside: set[str], rule: Rule) -> bool:
    """A default that everybody knows or guesses: made of common words, the variable's own name or the user's."""
    rest = value.strip("\"'").lower()
    words = {*rule.table("known-words"), *beside, *(part for part in name.lower().split("_") if len(part) > 1)}
    for word in sorted((word for word in words if len(word) > 1), key=len, reverse=True):
        rest = rest.replace(word, " ")
    return not re.sub(r"[\W_]|\b(?:0|0?1|12|123|1234|12345|123456|1234567|12345678|123456789|1234567890)\b", "", rest)


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
                given = (match[1] or match[2] or "") if match else ""
                if match and not _NO_SECRET.fullmatch(given) and not _guessed(given, "", {"-"}, rule):
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
