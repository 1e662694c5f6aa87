"""YAML to JSON, so that a start pays for reading one small file and not for parsing YAML.

Three parts: `head` (what selection and triggers need, read at every start), `body` (messages and tables, read when
a rule's trigger fires), `docs` (why, instead, examples; read by `canfar-lint rule` and by the tests).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canfar_lint.catalogue.schema import RuleError, read

_HEAD = ("code", "name", "level", "section", "kinds", "fix", "triggers")
_BODY = ("message", "variants", "python", "tables")
_DOCS = ("why", "source", "instead", "examples")


def compile_folder(folder: Path) -> dict[str, Any]:
    """Every rule below `folder`, as `{"head": [...], "body": {code: ...}, "docs": {code: ...}}`.

    Raises `RuleError` for a file that is wrong, and for a code or name that stands twice.
    """
    rules = [read(path, path.parent.name) for path in sorted(folder.glob("*/*.yaml"))]
    seen: dict[str, str] = {}
    for rule in rules:
        for word in (rule["code"], rule["name"]):
            if word in seen:
                raise RuleError(f"{folder}/{rule['section']}/{rule['code']}-{rule['name']}.yaml:1: {word} is taken")
            seen[word] = rule["code"]
    rules.sort(key=lambda rule: rule["code"])
    return {
        "head": [{key: rule[key] for key in _HEAD} for rule in rules],
        "body": {rule["code"]: {"tables": {}, **_part(rule, _BODY)} for rule in rules},
        "docs": {rule["code"]: _part(rule, _DOCS) for rule in rules},
    }


def _part(rule: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: rule[key] for key in keys if key in rule}


def write(folder: Path, target: Path) -> None:
    """Compile `folder` into `target/{head,body,docs}.json`, each written whole or not at all."""
    import json
    import os

    target.mkdir(parents=True, exist_ok=True)
    for part, data in compile_folder(folder).items():
        temporary = target / f".{part}.{os.getpid()}"
        temporary.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), "utf-8")
        temporary.replace(target / f"{part}.json")
