"""Inline metadata that uv ignores without a word, or refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canfar_lint.catalogue.rule import Rule
from canfar_lint.diagnostic import Edit, Finding, Fix
from canfar_lint.model.metadata import Block, blocks, parse_toml
from canfar_lint.model.python import PythonModule

_MEANT = re.compile(r"#[ \t]*///[ \t]*script\b", re.IGNORECASE)
_LINE = re.compile(r"\(at line (\d+)")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen = False
    for block in blocks(module.text):
        span = (block.start, block.start + len(block.opening))
        if _in_string(module, block):
            continue
        if block.type not in ("", "script") and not _MEANT.match(block.opening):
            continue
        if block.type != "script":
            if "dependencies" in block.toml or "requires-python" in block.toml:
                fix = Fix("Open the block as uv reads it", (Edit(*span, "# /// script"),))
                yield rule.finding(span, variant="opening", line=block.opening, fix=fix if block.closed else None)
        elif not block.closed:
            yield rule.finding(span, variant="open")
        elif seen:
            yield rule.finding(span, variant="second")
        else:
            seen = True
            yield from _content(rule, block, module.text)


def _in_string(module: PythonModule, block: Block) -> bool:
    return any(start <= block.start < end for start, end in map(module.span, module.strings))


def _content(rule: Rule, block: Block, text: str) -> Iterator[Finding]:
    try:
        data = parse_toml(block.toml)
    except ValueError as e:
        line = _LINE.search(str(e))
        row = min(int(line.group(1)) if line else 1, len(block.body)) - 1
        span = _line_span(block, max(row, 0), text)
        # a list that never ends is told at the block's last line: point at where it began
        span = next((_line_span(block, i, text) for i in range(len(block.body)) if "[" in block.body[i][1]), span)
        yield rule.finding(span, variant="toml", problem=str(e).partition(" (at")[0].lower())
        return
    yield from _dependencies(rule, block, data, text)
    python = data.get("requires-python")
    if python is not None and not _is_range(python):
        yield rule.finding(_key_span(block, "requires-python", text), variant="python", value=str(python))


def _dependencies(rule: Rule, block: Block, data: dict[str, Any], text: str) -> Iterator[Finding]:
    given = data.get("dependencies", [])
    if not isinstance(given, list):
        yield rule.finding(_key_span(block, "dependencies", text), variant="list")
        return
    from packaging.requirements import InvalidRequirement, Requirement

    for each in given:
        try:
            Requirement(each)
        except (InvalidRequirement, TypeError) as e:
            at = text.find(repr(str(each))[1:-1], block.start, block.end)
            span = (at - 1, at + len(str(each)) + 1) if at > 0 else (block.start, block.start + len(block.opening))
            yield rule.finding(span, variant="requirement", requirement=str(each), problem=str(e).partition("\n")[0])


def _is_range(value: object) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(str(value))
    except InvalidSpecifier:
        return False
    return isinstance(value, str)


def _key_span(block: Block, key: str, text: str) -> tuple[int, int]:
    rows = [i for i, (_, line) in enumerate(block.body) if re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", line)]
    return _line_span(block, rows[0] if rows else 0, text)


def _line_span(block: Block, row: int, text: str) -> tuple[int, int]:
    start = block.body[row][0] if block.body else block.start
    end = text.find("\n", start)
    return start, start + len(text[start : end if end >= 0 else len(text)].rstrip())
