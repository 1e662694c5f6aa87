"""Fixes of Dockerfiles keep what a build does: before and after are built with package managers that log their calls.

Nothing else is installed than before, nothing fails that did not, no layer holds more than it did; and what a rule is
about is gone. Where a fix is meant to change more than that, the difference is named here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Example, examples, unmarked
from sandbox import Built, built

from canfar_lint.cli import main

FIXED = [
    example
    for example in examples()
    if example.bad and example.kind == "docker" and example.code.startswith("CAN7")
    # dockerfile-parse does not read heredocs
    and "<<" not in example.text and ("fixed" in example.fields or "fixed-unsafe" in example.fields)
]  # fmt: skip
_CACHES = re.compile(r"var/lib/apt/lists|var/cache|opt/conda/pkgs|\.cache|\.npm|\.cargo|.*\.(?:tgz|sh)$|.*\.git/")
# fixes that install what was not installed, or keep a cache in a mount
_MORE = ("CAN726", "CAN731", "CAN735", "CAN736")
# where nothing of it can be seen without a builder, or without programs that are not played
_UNSEEN = {"CAN706-15-bad": "R", "CAN706-16-bad": "Julia", "CAN726-4-bad": "a variable"}


def _fewer_layers(before: Built, after: Built) -> bool:
    return len(after.layers) < len(before.layers)


def _smaller(before: Built, after: Built) -> bool:
    return kept(after) < kept(before)


def kept(result: Built) -> int:
    """How many files of caches, lists and downloads the layers hold."""
    return sum(_CACHES.search(path) is not None for layer in result.layers for path in layer)


def _no_recommendations(before: Built, after: Built) -> bool:
    return {path.split("/")[0] for path in before.installed - after.installed} == {"recommended"}


def _works(before: Built, after: Built) -> bool:
    return after.installed > before.installed or after.log != before.log


GAINS: dict[str, Callable[[Built, Built], bool]] = {
    "CAN703": _fewer_layers, "CAN704": _smaller, "CAN705": _no_recommendations, "CAN706": _smaller,
    "CAN707": _fewer_layers, "CAN708": _fewer_layers, "CAN713": _smaller, "CAN715": _smaller, "CAN726": _works,
    "CAN731": _works,
}  # fmt: skip


def calls(result: Built) -> list[str]:
    """What was called, without the words that fixes add and the cleaning they do."""
    found = []
    for line in result.log:
        line = re.sub(r"\bapt ", "apt-get ", line)
        line = re.sub(r" (?:--no-install-recommends|--without-recommends|--no-cache(?:-dir)?|--depth 1|-y)\b", "", line)
        line = line.replace(" --pip-args=--no-cache-dir", "")
        if not re.search(r"^[\w-]+ (?:cache )?(?:clean|clear)\b|^sudo rm|^chown", line):
            found.append(line)
    return found


@pytest.mark.parametrize("example", [pytest.param(each, id=each.name) for each in FIXED])
def test_the_repaired_file_builds_the_same(example: Example, tmp_path: Path) -> None:
    before = built(unmarked(example.text)[0], tmp_path / "before")
    after = built(example.fields.get("fixed-unsafe") or example.fields["fixed"], tmp_path / "after")
    if example.code in _MORE:
        assert after.failed <= before.failed
    else:
        assert {p for p in before.installed if not p.startswith("recommended/")} <= after.installed <= before.installed
        # the two sides of a pipe write their calls as they come
        order = sorted if " | " in example.text else list
        assert order(calls(after)) == order(calls(before))
        assert after.failed == before.failed
        assert after.shipped <= before.shipped
    if example.code in GAINS and example.name not in _UNSEEN:
        assert GAINS[example.code](before, after), (before, after)


def repaired(text: str, code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "Dockerfile").write_text(text, "utf-8")
    main(["check", "--isolated", "--no-hadolint", "--select", code, "--fix", "--unsafe-fixes", "--quiet", "Dockerfile"])
    return (folder / "Dockerfile").read_text("utf-8")


def test_a_failure_that_was_hidden_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAN734's difference: the build stops at the command that fails; one without a failure does the same."""
    text = "FROM debian:12-slim\nRUN apt-get update; {}; apt-get install -y gcc; rm -rf /var/lib/apt/lists/*\n"
    for number, (command, fails) in enumerate((("failing", True), ("make", False))):
        new = repaired(text.format(command), "CAN734", tmp_path / f"file{number}", monkeypatch)
        assert new != text.format(command)
        before, after = (
            built(each, tmp_path / f"{number}{name}") for name, each in (("a", text.format(command)), ("b", new))
        )
        assert before.failed == 0 and after.failed == fails
        assert (after.installed == before.installed) != fails


def test_all_fixes_of_one_file_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """FROM debian:12-slim
RUN apt update
RUN apt install -y gcc gfortran
ENV OMP_NUM_THREADS=1
RUN curl -fsSLo /tmp/wcslib.tgz https://archive.example/wcslib.tgz && tar xzf /tmp/wcslib.tgz -C /opt
RUN git clone https://git.example/wsclean.git /src
RUN make -C /src install && rm -rf /src
RUN pip install astropy
RUN pip install numpy
"""
    new = repaired(text, "CAN7", tmp_path / "file", monkeypatch)
    before, after = built(text, tmp_path / "before"), built(new, tmp_path / "after")
    assert after.installed == before.installed - {"recommended/gcc", "recommended/gfortran"}
    assert sorted(calls(after)) == sorted(calls(before)) and after.failed == before.failed == 0
    assert kept(before) == 5 and kept(after) == 0
    assert len(after.layers) == 4 < len(before.layers)
