"""`canfar-lint rule CODE|NAME|--all`: what a rule finds, why, and what to do, from the catalogue."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from canfar_lint.cli import harmless

if TYPE_CHECKING:
    from canfar_lint.catalogue import Catalogue, Rule
    from canfar_lint.cli.parser import Parser

_FIX = {
    "safe": "Fix is available: `--fix` applies it.",
    "unsafe": "Fix is available with `--unsafe-fixes`: it may change what the program does.",
    "safe / unsafe": "Fix is available, in some cases only with `--unsafe-fixes`.",
    "display": "Fix is shown, never applied.",
    "none": "",
}
_FENCE = {"py": "python", "nb": "python", "sh": "bash", "docker": "dockerfile", "req": "text", "launch": "python"}


def parser() -> Parser:
    """The parser of `rule`."""
    from canfar_lint.cli.parser import Group, Parser

    made = Parser(
        "rule", "Explain a rule (or all rules), or test rules of your own", "[OPTIONS] <RULE|--all|--test PATH>"
    )
    told = "Code or name of the rule to explain"
    Group(made, "Arguments").words("rule", told, nargs="?", metavar="RULE")
    options = Group(made, "Options")
    options.flag("--all", meaning="Explain all rules")
    options.value("--test", metavar="PATH", meaning="Run the examples of the rules in a folder, or of one rule's file")
    options.value(
        "--output-format", meaning="The form of the answer", metavar="FORMAT", choices=("text", "json"), default="text"
    )
    options.help()
    return made


def run(arguments: list[str]) -> int:
    from canfar_lint.catalogue import load
    from canfar_lint.cli.parser import UsageError, nearest
    from canfar_lint.settings.resolve import Resolver

    made = parser()
    given = made.parse(arguments)
    if (given.rule is not None) + given.all + (given.test is not None) != 1:
        made.refuse(UsageError("give one rule, or --all for all of them, or --test with what to test"))
    if given.test is not None:
        from canfar_lint.cli.rule_test import run as test

        return test(given.test)
    catalogue = load(Resolver().base.extend_rules)
    for entry in catalogue.broken:
        print(
            harmless(f"warning: {entry['path']}:{entry['line']}: this is no rule: {entry['problem']}"), file=sys.stderr
        )
    rule = None if given.all else catalogue.find(given.rule)
    if rule is None and not given.all:
        known = [*catalogue.rules, *catalogue.names]
        made.refuse(UsageError(f"invalid value '{given.rule}' for '[RULE]'", _hint(given.rule, known, nearest)))
    chosen = [rule] if rule is not None else list(catalogue.rules.values())
    if given.output_format == "json":
        import json

        found = [as_data(catalogue, one) for one in chosen]
        print(json.dumps(found if given.all else found[0], indent=2, ensure_ascii=False))
    else:
        print(harmless("\n".join(explained(catalogue, one) for one in chosen)), end="")
    return 0


def _hint(word: str, known: list[str], nearest: Any) -> str:
    if word[:1].isupper() and not word.startswith("CAN") and word[-1:].isdigit():
        return f"it is none of ours; ask the other tool, for instance: ruff rule {word}"
    hint: str = nearest(word, known, "a similar rule exists")
    return hint


def explained(catalogue: Catalogue, rule: Rule) -> str:
    """A rule's page as Markdown, in the shape of ruff's."""
    from canfar_lint.catalogue.schema import SECTIONS

    docs = catalogue.docs(rule.code)
    lines = [f"# {rule.name} ({rule.code})", "", f"From the section **{SECTIONS[rule.section]}**; {_levels(rule)}.", ""]
    if _FIX[rule.fix]:
        lines += [_FIX[rule.fix], ""]
    lines += ["## What it does", f"Reports: {rule.body['message']}", ""]
    for name, variant in rule.body.get("variants", {}).items():
        if "message" in variant:
            lines[-1:] = [f"- {name}: {variant['message']}", ""]
    lines += ["## Why is this bad?", docs["why"].strip(), "", "## What to do instead", docs["instead"].strip(), ""]
    lines += _example(docs["examples"], "bad", "## Example", rule)
    lines += _example(docs["examples"], "good", "## No finding", rule)
    lines += ["## References", f"- {docs['source'].strip()}"]
    return "\n".join(lines) + "\n"


def as_data(catalogue: Catalogue, rule: Rule) -> dict[str, Any]:
    """A rule as JSON: ruff's keys where they mean the same, then ours."""
    docs = catalogue.docs(rule.code)
    variants = rule.body.get("variants", {})
    messages = [rule.body["message"], *(v["message"] for v in variants.values() if "message" in v)]
    return {
        "name": rule.name,
        "code": rule.code,
        "summary": rule.body["message"],
        "message_formats": messages,
        "fix": _FIX[rule.fix] or "Fix is not available.",
        "fix_availability": {"none": "None", "safe": "Always", "unsafe": "Always"}.get(rule.fix, "Sometimes"),
        "explanation": explained(catalogue, rule),
        "level": rule.level,
        "section": rule.section,
        "kinds": list(rule.kinds),
        "applicability": rule.fix,
        "variants": {name: {"level": v.get("level", rule.level)} for name, v in variants.items()},
        "why": docs["why"],
        "instead": docs["instead"],
        "source": docs["source"],
    }


def _levels(rule: Rule) -> str:
    others = {v.get("level", rule.level) for v in rule.body.get("variants", {}).values()} - {rule.level}
    return f"level **{rule.level}**" + "".join(f", in some cases **{level}**" for level in sorted(others))


def _example(examples: list[dict[str, Any]], kind: str, title: str, rule: Rule) -> list[str]:
    example = next((e for e in examples if kind in e), None)
    if example is None:
        return []
    code = _stripped(example[kind]) if kind == "bad" else example[kind]
    fence = _FENCE.get(example.get("kind", rule.kinds[0]), example.get("kind", rule.kinds[0]))
    why = [f"{example['why'][0].upper()}{example['why'][1:]}:", ""] if example.get("why") else []
    lines = [title, *why, f"```{fence}", code.rstrip("\n"), "```", ""]
    fixed = example.get("fixed") or example.get("fixed-unsafe") if kind == "bad" else None
    if fixed:
        lines += ["Use instead:", f"```{fence}", fixed.rstrip("\n"), "```", ""]
    return lines


def _stripped(text: str) -> str:
    return text.replace("«", "").replace("»", "")
