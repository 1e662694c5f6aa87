"""YAML to JSON, so that a start pays for reading one small file and not for parsing YAML.

Three parts: `head` (what selection and triggers need, read at every start), `body` (messages and tables, read when
a rule's trigger fires), `docs` (why, instead, examples; read by `canfar-lint rule` and by the tests).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from canfar_lint.catalogue.schema import RuleError, check_site_rule, read

_HEAD = ("code", "name", "level", "section", "kinds", "fix", "triggers")
_BODY = ("message", "variants", "python", "tables")
_DOCS = ("why", "source", "instead", "examples")


class Broken(TypedDict):
    """A file that is no rule: what is wrong on which line."""

    path: str
    line: int
    problem: str


def compile_folder(folder: Path) -> dict[str, Any]:
    """Every rule below `folder`, as `{"head": [...], "body": {code: ...}, "docs": {code: ...}}`.

    Raises `RuleError` for a file that is wrong, and for a code or name that stands twice.
    """
    broken: list[Broken] = []
    compiled = _compiled(sorted(folder.glob("*/*.yaml")), read, broken)
    if broken:
        raise RuleError(broken[0]["problem"], Path(broken[0]["path"]), broken[0]["line"])
    return compiled


def compile_site(folder: Path) -> dict[str, Any]:
    """The rules of a site; `broken` are the files that are no rules, which stop no other."""
    broken: list[Broken] = []

    def checked(path: Path, section: str) -> dict[str, Any]:
        rule = read(path, section)
        check_site_rule(path, rule)
        return rule

    paths = sorted({*folder.glob("*/*.y*ml"), *folder.glob("*.y*ml")})
    compiled = _compiled(paths, checked, broken)
    return {**compiled, "broken": broken}


def _compiled(paths: list[Path], reader: Callable[[Path, str], dict[str, Any]], broken: list[Broken]) -> dict[str, Any]:
    rules = []
    seen: dict[str, str] = {}
    for path in paths:
        try:
            rule = reader(path, path.parent.name)
            for word in (rule["code"], rule["name"]):
                if word in seen:
                    raise RuleError(f"{word} is taken by {seen[word]}", path)
            seen.update({rule["code"]: path.name, rule["name"]: path.name})
            rules.append(rule)
        except RuleError as e:
            broken.append({"path": str(path), "line": e.line, "problem": e.problem})
    rules.sort(key=lambda rule: rule["code"])
    return {
        "head": [{key: rule[key] for key in _HEAD} for rule in rules],
        "body": {rule["code"]: {"tables": {}, **_part(rule, _BODY)} for rule in rules},
        "docs": {rule["code"]: _part(rule, _DOCS) for rule in rules},
    }


def _part(rule: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: rule[key] for key in keys if key in rule}


def write(folder: Path, target: Path, *, site: bool = False) -> None:
    """Compile `folder` into `target/{head,body,docs}.json`, each written whole or not at all.

    With `site` as a site's rules, with what is wrong with them in `broken.json`.
    """
    import json
    import os

    target.mkdir(parents=True, exist_ok=True)
    for part, data in (compile_site if site else compile_folder)(folder).items():
        temporary = target / f".{part}.{os.getpid()}"
        temporary.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), "utf-8")
        temporary.replace(target / f"{part}.json")
