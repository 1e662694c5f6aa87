"""The examples of the catalogue hold: what a rule's page says is what the program does."""

from __future__ import annotations

import importlib.util
import os
import pkgutil
from pathlib import Path

import pytest
from harness import OF_THE_ENGINE, Bench, Example, check_bad, check_good, examples, marked_file, unmarked

import canfar_lint.checks
from canfar_lint.catalogue import load

SNAPSHOT = Path(__file__).parent / "snapshots" / "good-examples.txt"
EXAMPLES = examples()
_said: dict[str, list[str]] = {}


def _named(chosen: list[Example]) -> list[object]:
    return [pytest.param(example, id=example.name) for example in chosen]


@pytest.mark.parametrize("example", _named([e for e in EXAMPLES if e.bad]))
def test_bad_example(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_bad(Bench(example, tmp_path))


@pytest.mark.parametrize("example", _named([e for e in EXAMPLES if not e.bad]))
def test_good_example(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _said[example.name] = check_good(Bench(example, tmp_path))


def test_other_rules_in_good_examples() -> None:
    """What other rules say in good examples changes only on purpose: UPDATE_SNAPSHOTS=1 writes it anew."""
    goods = [example.name for example in EXAMPLES if not example.bad]
    said = [line for name in goods for line in _said.get(name, ())]
    if os.environ.get("UPDATE_SNAPSHOTS"):
        assert set(goods) == set(_said), "run all examples, and mend those that fail"
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text("".join(f"{line}\n" for line in said), "utf-8")
    kept = SNAPSHOT.read_text("utf-8").splitlines()
    assert [line for line in kept if line.split()[0] in _said or line.split()[0] not in goods] == said


def test_codes_and_names_are_unique() -> None:
    catalogue = load()
    assert len(catalogue.names) == len(catalogue.rules)
    assert not set(catalogue.names) & set(catalogue.rules)


def test_every_rule_has_examples_of_both_kinds() -> None:
    few = {}
    for code in load().rules:
        bad = sum(e.bad for e in EXAMPLES if e.code == code)
        good = sum(not e.bad for e in EXAMPLES if e.code == code)
        if good < 3 or (bad < 3 and code != "CAN003"):
            few[code] = f"{bad} bad, {good} good"
    assert not few


def test_every_good_example_says_which_trap_it_is() -> None:
    assert not [e.name for e in EXAMPLES if not e.bad and not e.fields.get("why")]


def test_every_rule_has_a_table_or_a_module_and_every_module_a_rule() -> None:
    rules = load().rules
    modules = {}
    for section in pkgutil.iter_modules(canfar_lint.checks.__path__, "canfar_lint.checks."):
        if section.ispkg:
            found = importlib.util.find_spec(section.name)
            assert found is not None and found.submodule_search_locations is not None
            for module in pkgutil.iter_modules(found.submodule_search_locations):
                if module.name.startswith("can"):
                    modules[module.name.upper()] = section.name.rpartition(".")[2]
    assert set(modules) <= set(rules)
    assert {code: rules[code].section for code in modules} == modules
    for code, rule in rules.items():
        assert code in modules or "python" in rule.body or code in OF_THE_ENGINE, f"{code} has neither"


def test_every_module_has_a_function_for_a_model() -> None:
    from canfar_lint.checks import module_of

    for code, rule in load().rules.items():
        module = module_of(rule)
        if module is not None:
            assert [name for name in dir(module) if name.startswith("check_")], code


def test_marks() -> None:
    assert unmarked("a «b» c«»") == ("a b c", [(2, 3), (5, 5)])
    assert unmarked("«a «b»»") == ("a b", [(0, 3), (2, 3)])
    found = marked_file("a = «1»\n# %%\n«%%bash»\nb\n", "nb")
    assert found.text == "a = 1\n%%bash\nb\n"
    assert [found.text[start:end] for start, end in found.spans] == ["1", "%%bash"]
