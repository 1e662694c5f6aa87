"""`canfar-lint config [KEY]`, and the settings of a file for `check --show-settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from canfar_lint.settings.keys import BY_NAME, KEYS, Key

if TYPE_CHECKING:
    from canfar_lint.cli.parser import Parser
    from canfar_lint.settings.select import Selection
    from canfar_lint.settings.settings import Settings

TYPES = {
    "string": "str",
    "path": "str (a path)",
    "boolean": "bool",
    "integer": "int",
    "number": "number",
    "size": 'int or str such as "20 MB"',
    "choice": "str",
    "strings": "list[str]",
    "numbers": "list[number]",
    "rule-paths": "list[str] (folders, or package:NAME)",
    "patterns": "list[str] (patterns)",
    "selectors": "list[str] (rules)",
    "selector-table": "dict[str, list[str]] (patterns and rules)",
    "level-table": "dict[str, str] (rules and levels)",
    "path-table": "dict[str, str] (names and paths)",
    "request": "dict[str, number]",
}


def parser() -> Parser:
    """The parser of `config`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser("config", "List or describe the settings", "[OPTIONS] [KEY]")
    told = "The setting to describe; all are listed without it"
    Group(made, "Arguments").words("key", told, nargs="?", metavar="KEY")
    options = Group(made, "Options")
    options.value(
        "--output-format",
        meaning="The form of the answer; schema is the JSON schema of all settings",
        metavar="FORMAT",
        choices=("text", "json", "schema"),
        default="text",
    )
    options.help()
    return made


def run(arguments: list[str]) -> int:
    from canfar_lint.cli.parser import UsageError, nearest

    made = parser()
    given = made.parse(arguments)
    if given.key is not None and given.key not in BY_NAME:
        made.refuse(
            UsageError(
                f"invalid value '{given.key}' for '[KEY]'", nearest(given.key, BY_NAME, "a similar setting exists")
            )
        )
    if given.output_format == "schema":
        import json

        from canfar_lint.settings.schema import schema

        print(json.dumps(schema(), indent=2))
    elif given.output_format == "json":
        import json

        chosen = [BY_NAME[given.key]] if given.key else KEYS
        print(json.dumps({key.name: _as_data(key) for key in chosen}, indent=2))
    elif given.key:
        print(described(BY_NAME[given.key]), end="")
    else:
        width = max(len(key.name) for key in KEYS)
        print("".join(f"{key.name:<{width}}  {key.meaning}; {_briefly(key)}\n" for key in KEYS), end="")
    return 0


def _briefly(key: Key) -> str:
    """Type and default on one line; a long list only by its first."""
    default = key.default
    if isinstance(default, tuple) and len(default) > 3:
        return f"{type_of(key)}, default {as_toml(default[:2])[:-1]}, …]"
    return f"{type_of(key)}, default {as_toml(default)}"


def described(key: Key) -> str:
    """One setting: meaning, default, type, and ruff's key where it has the same."""
    lines = [key.meaning, "", f"Default value: {as_toml(key.default)}", f"Type: {type_of(key)}"]
    if key.ruff:
        lines.append(f"As ruff's: {key.ruff}")
    return "\n".join(lines) + "\n"


def resolved(path: str, settings: Settings, selection: Selection) -> str:
    """Every setting that holds for a file, with where it was set, and the rules that follow."""
    lines = [f'Resolved settings for: "{path}"']
    if settings.file:
        lines.append(f'Settings path: "{settings.file}"')
    lines.append("")
    for key in KEYS:
        value = getattr(settings, key.attribute)
        origin = settings.where(key.name)
        lines.append(f"{key.name} = {as_toml(value)}" + ("" if origin == "default" else f"  # {origin}"))
    lines += ["", "# Rules", "rules = ["]
    lines += [f"\t{rule.name} ({code}, {rule.level_override or rule.level})," for code, rule in selection.rules.items()]
    lines.append("]")
    for name in ("ruff", "ruff_ignore", "hadolint", "hadolint_ignore"):
        lines.append(f"rules.{name.replace('_', '.')} = {as_toml(getattr(selection, name))}")
    return "\n".join(lines) + "\n"


def as_toml(value: Any) -> str:
    """A value as it would stand in a settings file; `none` for what is not set."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        if len(value) > 8:
            return "[\n" + "".join(f"\t{as_toml(item)},\n" for item in value) + "]"
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_quoted(name)} = {as_toml(item)}' for name, item in value.items())}}}"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def type_of(key: Key) -> str:
    """What may stand there, as `config` tells it."""
    if key.type == "choice":
        return " | ".join(f'"{choice}"' for choice in key.choices)
    return TYPES[key.type]


def _as_data(key: Key) -> dict[str, Any]:
    return {"meaning": key.meaning, "type": type_of(key), "default": key.default, "ruff": key.ruff or None}
