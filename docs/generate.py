"""Write what is told from the program itself: a page a rule, the tables of rules, the reference of settings.

python docs/generate.py           writes what has changed
python docs/generate.py --check   says what is stale, and exits 1 when something is

What the pages say of an example is what canfar-lint says of it when the page is made.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import harness  # noqa: E402

from canfar_lint.catalogue.compile import compile_folder  # noqa: E402
from canfar_lint.catalogue.schema import SECTIONS  # noqa: E402
from canfar_lint.cli.config import as_toml, type_of  # noqa: E402
from canfar_lint.diagnostic import Diagnostic  # noqa: E402
from canfar_lint.reporting.links import rule_url  # noqa: E402
from canfar_lint.settings.keys import KEYS  # noqa: E402

PAGES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
SETTINGS = ROOT / "docs" / "settings.md"
BEGIN, END = "<!-- begin, written by docs/generate.py -->", "<!-- end -->"
KINDS = {
    "py": "Python", "nb": "notebooks", "sh": "shell", "docker": "Dockerfiles", "yaml": "YAML", "toml": "TOML",
    "req": "requirements", "launch": "session requests", "project": "the whole tree",
}  # fmt: skip
FIXES = {
    "safe": "safe: `--fix` applies it",
    "unsafe": "unsafe: `--fix --unsafe-fixes` applies it",
    "safe / unsafe": "safe in some cases, else unsafe",
    "display": "shown, never applied",
    "none": "none",
}
SOURCES = {
    "CANFAR documentation": "https://opencadc.github.io/canfar/",
    "canfar client": "https://github.com/opencadc/canfar",
    "Science Platform": "https://github.com/opencadc/science-platform",
    "Docker documentation": "https://docs.docker.com/build/building/best-practices/",
    "Python documentation": "https://docs.python.org/3/",
    "astropy documentation": "https://docs.astropy.org/en/stable/io/fits/",
    "uv documentation": "https://docs.astral.sh/uv/guides/scripts/",
    "pip documentation": "https://pip.pypa.io/en/stable/topics/local-project-installs/",
    "canfar-lint, the guide to suppressions": "../suppression.md",
    "PEP 723": "https://peps.python.org/pep-0723/",
    "PEP 263": "https://peps.python.org/pep-0263/",
}
"""What a rule's `source` may begin with, and where it is to be read."""
INDEX = """\
# Rules

Errors hang a job, fail it, lose its results or compute the wrong thing. Warnings waste cores, memory, time or image
size, or break on the next machine. Advice depends on data that no linter can see, and is shown only when it is
selected. The sections are those of the platform's
[best practices](https://opencadc.github.io/canfar/latest/platform/best-practices/).
"""
FENCES = {
    "py": "python",
    "nb": "python",
    "sh": "bash",
    "docker": "dockerfile",
    "req": "text",
    "launch": "python",
    "project": "python",
}
# what these say are another program's words
_ABOUT_FILES = ("CAN001", "CAN002", "CAN003")


@cache
def generated() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    compiled = compile_folder(ROOT / "rules")
    files: dict[Path, str] = {}
    rules = []
    for head in compiled["head"]:
        rule = {**head, **compiled["body"][head["code"]], **compiled["docs"][head["code"]]}
        files[PAGES / f"{rule['code']}.md"] = page(rule)
        rules.append(rule)
    files[README] = _between(README, table(rules, "###", "docs/rules/"))
    files[PAGES / "index.md"] = INDEX + table(rules, "##", "").rstrip("\n") + "\n"
    files[SETTINGS] = _between(SETTINGS, settings())
    return files


def _between(path: Path, text: str) -> str:
    """A page with `text` in its generated part."""
    before, rest = path.read_text("utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}"


def page(rule: dict[str, Any]) -> str:
    """The page of a rule, as Markdown."""
    code = rule["code"]
    kinds = ", ".join(KINDS[kind] for kind in rule["kinds"])
    parts = [
        f"# {rule['name']} ({code})",
        f"{_what(rule)}.",
        f"| Level | Looks at | Fix |\n|---|---|---|\n| {_level(rule)} | {kinds} | {FIXES[rule['fix']]} |",
        "## Why",
        rule["why"].strip(),
        "## What to do instead",
        rule["instead"].strip(),
        *_examples("Found", "bad", rule),
        *_examples("Not found", "good", rule),
        "## To live with it",
        *_markers(rule),
        f'Everywhere: `ignore = ["{code}"]`, or another level: `levels = {{{code} = "advice"}}`.',
        "## Sources",
        "\n".join(f"- {source}" for source in _sources(rule)),
    ]
    return "\n\n".join(parts) + "\n"


def _markers(rule: dict[str, Any]) -> list[str]:
    """How a finding is silenced in one place; those about whole files and about markers themselves are not."""
    if rule["section"] == "files":
        return []
    marker = f"# canfar: ignore[{rule['code']}] why it is right here\n"
    return ["In one place, with [a reason](../suppression.md):", _fenced(marker, rule["kinds"][0])]


def table(rules: list[dict[str, Any]], heading: str, folder: str) -> str:
    """The rules section by section, as Markdown; their pages are in `folder`."""
    out = []
    for section, title in SECTIONS.items():
        own = [rule for rule in rules if rule["section"] == section]
        if not own:
            continue
        out += [f"\n{heading} {title}\n", "| Rule | Level | Fix | What it says, for example |", "|---|---|---|---|"]
        for rule in own:
            link = f"[{rule['code']}]({folder}{rule['code']}.md) {rule['name']}"
            fix = "" if rule["fix"] == "none" else rule["fix"]
            out.append(f"| {link} | {_level(rule)} | {fix} | {_what(rule).replace('|', chr(92) + '|')} |")
    return "\n".join(out) + "\n\n"


def settings() -> str:
    """Every setting, in the order of its definition, as Markdown."""
    parts = []
    for key in KEYS:
        default = as_toml(key.default).replace("\n\t", " ").replace(",\n]", " ]")
        facts = [f"Default: `{default}`", f"Type: `{type_of(key)}`"]
        if key.ruff:
            facts.append(f"As ruff's `{key.ruff}`")
        if key.merge != "replace":
            facts.append("Added to what a farther settings file says")
        parts.append(f"\n### `{key.name}`\n\n{key.meaning}.\n\n" + "".join(f"- {f}\n" for f in facts))
    return "".join(parts) + "\n"


def _what(rule: dict[str, Any]) -> str:
    """What the rule says of its first example, the remedy left out; for a rule about files, why it matters."""
    said = [] if rule["code"] in _ABOUT_FILES else messages(rule["code"], 1)
    if said:
        text = said[0].message.split("; ")[0]
    else:
        text = re.split(r"(?<=[a-z])[.:;](?:\s|$)", " ".join(rule["why"].split()))[0]
    return text[:1].upper() + text[1:]


def _sources(rule: dict[str, Any]) -> list[str]:
    """Where the rule comes from, each with the address of what it names."""
    links = {"CANFAR best practices": rule_url(rule["code"]), **SOURCES}
    found = []
    # a `;` between quotes is part of what is quoted
    for source in re.split(r'; (?=(?:[^"]*"[^"]*")*[^"]*$)', rule["source"].strip()):
        name = next((name for name in links if source.startswith(name)), "")
        rest = source.removeprefix(name)
        found.append(f"[{name}]({links[name]}){rest}" if name else source)
    return found


def _level(rule: dict[str, Any]) -> str:
    """The level, and those of variants that differ."""
    levels = [rule["level"], *(v["level"] for v in rule.get("variants", {}).values() if "level" in v)]
    return " / ".join(dict.fromkeys(levels))


@cache
def _all_examples() -> dict[tuple[str, int], harness.Example]:
    return {(example.code, example.number): example for example in harness.examples()}


@cache
def messages(code: str, number: int) -> list[Diagnostic]:
    """What canfar-lint says of an example of a rule (1-based), in the example's own file."""
    example = _all_examples()[code, number]
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            found = harness.Bench(example, Path(folder)).lint()
        finally:
            os.chdir(here)
    return [d for d in found if d.code == code and d.path == example.path]


def _examples(title: str, key: str, rule: dict[str, Any]) -> list[str]:
    """The examples of one kind (`bad`, `good`), what is said of them, and what the fixes make of them."""
    parts: list[str] = []
    for number, example in enumerate(rule["examples"], 1):
        if key not in example:
            continue
        kind = example.get("kind", rule["kinds"][0])
        if parts and key == "bad":
            parts.append("---")  # where one example ends, what is said of it included
        if "why" in example:
            parts.append(f"{example['why'][:1].upper()}{example['why'][1:]}:")
        parts.append(_fenced(re.sub("[«»]", "", example[key]), kind))
        said = messages(rule["code"], number) if key == "bad" else []
        parts += ["\n".join(f"- {_position(each)}: {each.message}" for each in said)] * bool(said)
        for fixed, flags in (("fixed", "--fix"), ("fixed-unsafe", "--fix --unsafe-fixes")):
            if fixed in example:
                parts += [f"After `{flags}`:", _fenced(example[fixed], kind)]
    return [f"## {title}", *parts] if parts else []


def _position(found: Diagnostic) -> str:
    cell = f"cell {found.place.cell}, " if found.place.cell else ""
    return f"{cell}line {found.place.row}, column {found.place.column}, {found.level}"


def _fenced(text: str, kind: str) -> str:
    """Code in a page: with newlines as everywhere, without what nobody sees."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "").lstrip("\ufeff")
    fence = "```"
    while fence in plain:
        fence += "`"
    end = "" if plain.endswith("\n") or not plain else "\n"
    return f"{fence}{FENCES.get(kind, kind)}\n{plain}{end}{fence}"


def stale() -> list[Path]:
    """The files that are not as the rules say, and pages of rules that are gone."""
    files = generated()
    wrong = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    return wrong + [path for path in sorted(PAGES.glob("*.md")) if path not in files]


def main(arguments: list[str]) -> int:
    files = generated()
    changed = stale()
    for path in changed:
        print(path.relative_to(ROOT))
        if "--check" in arguments:
            continue
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 1 if changed and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
