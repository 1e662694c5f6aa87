"""Layer traps: what a RUN leaves in the image and what it does not, case by case against the container rules."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from canfar_lint.catalogue import load
from canfar_lint.model.dockerfile import read
from canfar_lint.source import Source

CASES = Path(__file__).parent / "docker-layer-cases"
CODES = {
    "apt-lists": "CAN704",
    "apt-archives": "CAN704",
    "apk-cache": "CAN704",
    "dnf-clean": "CAN704",
    "apt-recommends": "CAN705",
    "pip-cache": "CAN706",
    "uv-cache": "CAN706",
    "conda-clean": "CAN706",
    "npm-cache": "CAN706",
    "apt-update-alone": "CAN703",
    "apt-install-without-update": "CAN703",
    "combine-run": "CAN707",
    "rm-later-layer": "CAN708",
    "copy-context": "CAN709",
    "copy-data": "CAN710",
    "add-url-archive": "CAN711",
    "add-zip-not-unpacked": "CAN711",
    "chown-duplicates": "CAN712",
    "chmod-duplicates": "CAN712",
    "move-duplicates": "CAN712",
    "archive-left": "CAN713",
    "copy-archive": "CAN713",
    "build-deps": "CAN714",
    "git-history": "CAN715",
    "apt-cli": "CAN717",
    "pip-redirect": "CAN731",
    "semicolon-hides-failure": "CAN734",
    "or-true-hides-failure": "CAN734",
    "cache-mount-emptied": "CAN735",
    "cache-mount-unused": "CAN735",
}
# The rules that a case is judged for: only the ground its name speaks of, and what it says should fire.
GROUNDS = {
    "apt-lists": {"CAN703", "CAN704", "CAN708", "CAN717"},
    "apt-cmd": {"CAN704", "CAN717"},
    "apt-keep": {"CAN704"},
    "rec": {"CAN705", "CAN717"},
    "pip": {"CAN706", "CAN731", "CAN735"},
    "uv": {"CAN706"},
    "conda": {"CAN706"},
    "micromamba": {"CAN706"},
    "apk": {"CAN704"},
    "dnf": {"CAN704"},
    "yum": {"CAN704"},
    "microdnf": {"CAN704"},
    "copy-archive": {"CAN713", "CAN708"},
    "copy-data": {"CAN710"},
    "copy-all": {"CAN709"},
    "add": {"CAN711", "CAN713"},
    "curl": {"CAN713", "CAN708"},
    "wget": {"CAN713", "CAN708"},
    "git": {"CAN715", "CAN708"},
    "builddeps": {"CAN714", "CAN708"},
    "chown": {"CAN712"},
    "mv": {"CAN712"},
    "rm": {"CAN708"},
    "run-consecutive": {"CAN707"},
}
# Case and code where the label is held for wrong, with the reason.
DISPUTED = {
    (
        "166-run-consecutive-heredoc",
        "CAN707",
    ): "two unrelated commands: the catalogue asks for package work, or for what "
    "one makes and the other removes, and names mere separation of steps as a trap",
}


def fired(case: Path) -> set[str]:
    """The codes of the container rules that find something in a case."""
    catalogue = load()
    found = set()
    for code in sorted(set(CODES.values())):
        rule = catalogue.rules.get(code)
        if rule is not None:
            module = importlib.import_module(f"canfar_lint.checks.containers.{code.lower()}")
            dockerfile = read(Source.decode("Dockerfile", "dockerfile", case.read_bytes()))
            if hasattr(module, "check_dockerfile"):
                found |= {finding.code for finding in module.check_dockerfile(dockerfile, rule)}
            for script in (script for run in dockerfile.all("RUN") for script in run.scripts):
                if hasattr(module, "check_shell"):
                    found |= {finding.code for finding in module.check_shell(script, rule)}
    return found


def grounds(case: Path) -> set[str]:
    name = case.stem.split("-", 1)[1]
    matching = [key for key in GROUNDS if name == key or name.startswith(f"{key}-")]
    assert matching, f"{name} belongs to no ground"
    return GROUNDS[max(matching, key=len)]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.Dockerfile")), ids=lambda case: case.stem)
def test_layer_case(case: Path) -> None:
    label = json.loads(case.with_name(case.stem + ".expected.json").read_text("utf-8"))
    wanted = {CODES[slug] for slug in label["fires"]}
    judged = grounds(case) | wanted
    covered = judged & set(load().rules)
    disputed = {code for code in judged if (case.stem, code) in DISPUTED}
    assert fired(case) & covered - disputed == wanted & covered - disputed
