"""The JSON schema says of settings what the program says of them, in the docs too."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commandline import ROOT, Command
from jsonschema import Draft7Validator

from canfar_lint.settings.keys import BY_NAME, KEYS
from canfar_lint.settings.read import read_layers
from canfar_lint.settings.schema import schema
from canfar_lint.settings.settings import SettingsError
from canfar_lint.settings.values import WrongValue, checked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VALIDATOR = Draft7Validator(schema())
FILE = ROOT / "canfar-lint.schema.json"
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2.5, 0.0, "", "x", "20 MB", "3k", "1.5GiB", "MB", "big", "error", "never", "full",
    "py311", "py2", "layered", [], ["CAN1"], [1], [1, 2.5], [0], [True], [["a"]], {}, {"a": "b"}, {"a": ["b"]},
    {"a": 1}, {"CAN301": "advice"}, {"CAN301": "loud"}, {"cores": 2}, {"cores": 2.5}, {"ram": 2.5}, {"ram": 0},
    {"gpus": 1}, {"cores": 1, "ram": 2, "replicas": 3},
]  # fmt: skip


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(schema())
    assert list(schema()["properties"]) == [key.name for key in KEYS]


def test_the_file_is_fresh(lint: Command) -> None:
    printed = lint("config", "--output-format", "schema").out
    assert json.loads(printed) == schema()
    assert FILE.read_text() == printed, f"run: canfar-lint config --output-format schema > {FILE.name}"


@pytest.mark.parametrize("name", BY_NAME)
def test_both_take_the_same_values(name: str) -> None:
    differ = []
    for value in VALUES:
        if value is None:
            continue  # TOML has none
        try:
            checked(BY_NAME[name], value, "/")
            taken = True
        except WrongValue:
            taken = False
        if VALIDATOR.is_valid({name: value}) != taken:
            differ.append((value, taken))
    assert not differ


def test_defaults_and_unknown_keys() -> None:
    for key in KEYS:
        if key.default is not None:
            assert VALIDATOR.is_valid({key.name: schema()["properties"][key.name]["default"]}), key.name
    assert not VALIDATOR.is_valid({"selec": []})


def toml_blocks() -> list[Any]:
    """Every piece of TOML in the pages that git knows, and the settings files beside them."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = []
    for page in listed.split():
        text = (ROOT / page).read_text("utf-8")
        for block in re.finditer(r"^([ \t]*)```toml.*\n([\s\S]*?)^\1```", text, re.M):
            line = text.count("\n", 0, block.start()) + 1
            body = re.sub(rf"^{block[1]}", "", block[2], flags=re.M)
            found.append(pytest.param(page, body, id=f"{page}:{line}"))
    return found


@pytest.mark.parametrize(("page", "text"), toml_blocks())
def test_settings_in_the_docs(page: str, text: str, tmp_path: Path) -> None:
    document = tomllib.loads(text)
    table = document.get("tool", {}).get("canfar-lint")
    name = "pyproject.toml" if table is not None else "canfar-lint.toml"
    if table is None and not set(document) & set(BY_NAME):
        return  # something else is shown
    (tmp_path / name).write_text(text)
    refused = ""
    try:
        read_layers(str(tmp_path / name))
    except SettingsError as e:
        refused = "" if "which is no file" in str(e) else str(e).rpartition(f"{name}:")[2].partition(": ")[2]
    if VALIDATOR.is_valid(document if table is None else table):
        assert not refused
    else:
        assert refused and refused in (ROOT / page).read_text("utf-8"), (
            "a mistake that is shown is shown with its error"
        )
