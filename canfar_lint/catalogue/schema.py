"""The YAML of a rule, checked key by key; an error names file, line and key."""

from __future__ import annotations

import re
from collections.abc import Callable
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
_SIDES = frozenset(("py", "sh", "script", "setting", "advice"))
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
    "instead": (str, False),
}


class RuleError(ValueError):
    """A rule file is wrong: what is the `problem`, in which file on which line."""

    def __init__(self, problem: str, path: Path | None = None, line: int = 1) -> None:
        super().__init__(f"{path}:{line}: {problem}" if path is not None else problem)
        self.problem = problem
        self.line = line


class _Lines(yaml.SafeLoader):
    """The safe loader, refusing duplicate keys, with the line of every mapping key kept beside the data."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    data = _Mapping()
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in data:
            raise yaml.MarkedYAMLError(problem=f"the key `{key}` stands twice", problem_mark=key_node.start_mark)
        data[key] = loader.construct_object(value_node, deep=True)
        data.lines[key] = key_node.start_mark.line + 1
    data.line = node.start_mark.line + 1
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
        raise RuleError(e.problem or "not YAML", path, line) from None
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as e:
        raise RuleError(f"{e}", path) from None
    if not isinstance(data, _Mapping):
        raise RuleError(f"a rule is a mapping with the keys {', '.join(_RULE)}", path)
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
        raise RuleError(f"every entry of `{key}` is a mapping", path, data.lines[key])
    return item


def _keys(path: Path, data: _Mapping, allowed: dict[str, tuple[type, bool]], where: str) -> None:
    for key, value in data.items():
        if key not in allowed:
            import difflib

            near = difflib.get_close_matches(str(key), allowed, 1)
            hint = f", did you mean `{near[0]}`?" if near else f"; known are {', '.join(allowed)}"
            raise RuleError(f"unknown key `{key}` in {where}{hint}", path, data.lines[key])
        wanted = allowed[key][0]
        if not isinstance(value, wanted):
            raise RuleError(f"`{key}` in {where} must be a {wanted.__name__}", path, data.lines[key])
    for key, (_, required) in allowed.items():
        if required and key not in data:
            raise RuleError(f"`{key}` is missing in {where}", path, data.line)


def _values(path: Path, data: _Mapping, section: str) -> None:
    def refuse(key: str, words: str) -> None:
        raise RuleError(f"`{key}`: {words}", path, data.lines[key])

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
    for name, variant in data.get("variants", {}).items():
        if variant.get("level", "error") not in LEVELS or variant.get("fix", "none") not in FIXES:
            refuse("variants", f"{name}: a level is one of {', '.join(LEVELS)}, a fix one of {', '.join(FIXES)}")
    for trigger in data["triggers"]:
        if not isinstance(trigger, str) and not (isinstance(trigger, dict) and set(trigger) <= _SIDES):
            refuse("triggers", f"a trigger is a text, or one of {', '.join(sorted(_SIDES))} with a list of texts")
    for trigger in data["triggers"]:
        for text in [trigger] if isinstance(trigger, str) else [t for those in trigger.values() for t in those]:
            if re.fullmatch(r"\w+(\|\w+)+", text):
                refuse("triggers", f"`{text}` would be looked for as it stands: give these words one a line")
    if data["triggers"] and all(isinstance(trigger, dict) and "advice" in trigger for trigger in data["triggers"]):
        refuse("triggers", "some must be for more than advice")
    for example in data["examples"]:
        if isinstance(example, dict) and ("bad" in example) == ("good" in example):
            raise RuleError("an example is either `bad` or `good`", path, getattr(example, "line", 1))


def check_site_rule(path: Path, data: dict[str, Any]) -> None:
    """What a rule of a site must besides: nothing of it may be taken for ours or another tool's. Raises `RuleError`."""
    from canfar_lint.catalogue.load import load
    from canfar_lint.settings.select import FOREIGN, SECTIONS

    def refuse(key: str, words: str) -> None:
        raise RuleError(f"`{key}`: {words}", path, getattr(data, "lines", {}).get(key, 1))

    letters = data["code"].rstrip("0123456789")
    if letters == "CAN" or letters in FOREIGN:
        refuse("code", f"{letters} stands for {'canfar-lint' if letters == 'CAN' else 'another tool'}'s own rules")
    if data["name"] in load().names or data["name"] in SECTIONS:
        refuse("name", "it is taken by canfar-lint")
    _check_message(data, refuse)
    for trigger in data["triggers"]:
        for word in [trigger] if isinstance(trigger, str) else [t for those in trigger.values() for t in those]:
            for part in word.split(" & "):
                _check_pattern(part, refuse)


def _check_message(data: dict[str, Any], refuse: Callable[[str, str], None]) -> None:
    from string import Formatter

    for key, message in (("message", data["message"]), *(("variants", v.get("message", "")) for v in _variants(data))):
        try:
            fields = [field for _, field, _, _ in Formatter().parse(message) if field is not None]
        except ValueError as e:
            refuse(key, f"{e}; a brace that is meant is written twice")
            return
        unknown = [field for field in fields if field not in ("call", "instead")] if "python" in data else []
        if unknown:
            refuse(key, f"there is no {{{unknown[0]}}} for a rule with a `python` table, only {{call}} and {{instead}}")


def _variants(data: dict[str, Any]) -> list[dict[str, Any]]:
    return list(data.get("variants", {}).values())


def _check_pattern(part: str, refuse: Callable[[str, str], None]) -> None:
    before, wanted, pattern = part.partition("re:")
    if wanted and before in ("", "@turns ", "@left "):
        try:
            re.compile(pattern.encode())
        except re.error as e:
            refuse("triggers", f"`{part}` is no regular expression: {e}")
