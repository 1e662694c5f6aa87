"""The YAML of a rule, checked key by key; an error names file, line and key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

SECTIONS = {
    "files": "Files and suppressions",
    "batch": "Writing scalable and batch-friendly code",
    "scaling": "Scaling out vs. scaling up",
    "memory": "Memory and I/O efficiency",
    "results": "Saving results",
    "headless": "Headless processing vs. GUI tools",
    "dependencies": "Managing dependencies and Python environments",
    "containers": "Container packaging",
    "sessions": "Submitting sessions",
}
KINDS = ("py", "nb", "sh", "docker", "yaml", "toml", "req", "launch", "project")
LEVELS = ("error", "warning", "advice")
FIXES = ("safe", "unsafe", "safe / unsafe", "display", "none")
CODE = re.compile(r"[A-Z]{2,6}\d{3}")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE: dict[str, tuple[type, bool]] = {
    "code": (str, True),
    "name": (str, True),
    "level": (str, True),
    "kinds": (list, True),
    "fix": (str, True),
    "message": (str, True),
    "variants": (dict, False),
    "why": (str, True),
    "source": (str, True),
    "instead": (str, True),
    "triggers": (list, True),
    "python": (list, False),
    "tables": (dict, False),
    "examples": (list, True),
}
_VARIANT: dict[str, tuple[type, bool]] = {"level": (str, False), "message": (str, False), "fix": (str, False)}
_EXAMPLE: dict[str, tuple[type, bool]] = {
    "bad": (str, False),
    "good": (str, False),
    "why": (str, False),
    "kind": (str, False),
    "path": (str, False),
    "fixed": (str, False),
    "fixed-unsafe": (str, False),
    "level": (str, False),
    "message": (str, False),
    "tree": (dict, False),
    "settings": (dict, False),
}
_MATCHER: dict[str, tuple[type, bool]] = {
    "call": (list, False),
    "method": (list, False),
    "import": (list, False),
    "argument": (dict, False),
    "without": (list, False),
    "variant": (str, False),
    "span": (str, False),
    "replace": (dict, False),
    "instead": (str, False),
}


class RuleError(ValueError):
    """A rule file is wrong; the text begins with `file:line:`."""


class _Lines(yaml.SafeLoader):
    """The safe loader, refusing duplicate keys, with the line of every mapping key kept beside the data."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    data: dict[Any, Any] = _Mapping()
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in data:
            raise yaml.MarkedYAMLError(problem=f"the key `{key}` stands twice", problem_mark=key_node.start_mark)
        data[key] = loader.construct_object(value_node, deep=True)
        data.lines[key] = key_node.start_mark.line + 1  # type: ignore[attr-defined]
    data.line = node.start_mark.line + 1  # type: ignore[attr-defined]
    return data


class _Mapping(dict[Any, Any]):
    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}
        self.line = 1


_Lines.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(path: Path, section: str) -> dict[str, Any]:
    """One rule file, checked. Raises `RuleError`."""
    try:
        data = yaml.load(path.read_text("utf-8"), _Lines)
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise RuleError(f"{path}:{line}: {e.problem or 'not YAML'}") from None
    except (OSError, UnicodeDecodeError) as e:
        raise RuleError(f"{path}:1: {e}") from None
    if not isinstance(data, _Mapping):
        raise RuleError(f"{path}:1: a rule is a mapping with the keys {', '.join(_RULE)}")
    _keys(path, data, _RULE, "rule")
    _values(path, data, section)
    for name, variant in data.get("variants", {}).items():
        _keys(path, _mapping_of(path, data, "variants", variant), _VARIANT, f"variants.{name}")
    for key, allowed in (("examples", _EXAMPLE), ("python", _MATCHER)):
        for item in data.get(key, ()):
            _keys(path, _mapping_of(path, data, key, item), allowed, key)
    data["section"] = section
    return data


def _mapping_of(path: Path, data: _Mapping, key: str, item: object) -> _Mapping:
    if not isinstance(item, _Mapping):
        raise RuleError(f"{path}:{data.lines[key]}: every entry of `{key}` is a mapping")
    return item


def _keys(path: Path, data: _Mapping, allowed: dict[str, tuple[type, bool]], where: str) -> None:
    for key, value in data.items():
        if key not in allowed:
            import difflib

            near = difflib.get_close_matches(str(key), allowed, 1)
            hint = f", did you mean `{near[0]}`?" if near else f"; known are {', '.join(allowed)}"
            raise RuleError(f"{path}:{data.lines[key]}: unknown key `{key}` in {where}{hint}")
        wanted = allowed[key][0]
        if not isinstance(value, wanted):
            raise RuleError(f"{path}:{data.lines[key]}: `{key}` in {where} must be a {wanted.__name__}")
    for key, (_, required) in allowed.items():
        if required and key not in data:
            raise RuleError(f"{path}:{data.line}: `{key}` is missing in {where}")


def _values(path: Path, data: _Mapping, section: str) -> None:
    def refuse(key: str, words: str) -> None:
        raise RuleError(f"{path}:{data.lines[key]}: `{key}`: {words}")

    if not CODE.fullmatch(data["code"]):
        refuse("code", "a code is two to six capital letters and three digits")
    if not NAME.fullmatch(data["name"]):
        refuse("name", "a name is lower-case words joined by hyphens")
    if path.stem != f"{data['code']}-{data['name']}":
        refuse("code", f"the file must be named {data['code']}-{data['name']}.yaml")
    if section not in SECTIONS:
        refuse("code", f"the folder must be one of {', '.join(SECTIONS)}")
    if data["level"] not in LEVELS:
        refuse("level", f"one of {', '.join(LEVELS)}")
    if data["fix"] not in FIXES:
        refuse("fix", f"one of {', '.join(FIXES)}")
    for kind in data["kinds"]:
        if kind not in KINDS:
            refuse("kinds", f"`{kind}` is none of {', '.join(KINDS)}")
    for trigger in data["triggers"]:
        if not isinstance(trigger, str) and not (isinstance(trigger, dict) and set(trigger) <= {"py", "sh"}):
            refuse("triggers", "a trigger is a text, or `py:` or `sh:` with a list of texts")
    for example in data["examples"]:
        if isinstance(example, dict) and ("bad" in example) == ("good" in example):
            raise RuleError(f"{path}:{getattr(example, 'line', 1)}: an example is either `bad` or `good`")
