"""Completion in the shells themselves: the script is sourced, keys are typed, and what the shell offers is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from commandline import Command
from terminal import Terminal

SHELLS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
READY = {
    "bash": "bind 'set enable-bracketed-paste off' 'set bell-style none' 'set completion-query-items 0'; "
    "PS1='ready> '; source {}",
    "zsh": "PS1='ready> '; LISTMAX=10000; autoload -U compinit; compinit -u -d {}.dump; source {}",
    "fish": "",
}
TYPED = [
    ("--sel", "--select"),
    ("--select memmap", "memmap-off"),
    ("check --exit-n", "--exit-non-zero-on-fix"),
    ("--output-format json-", "json-lines"),
    ("--output-format=json-", "--output-format=json-lines"),
    ("gene", "generate-shell-completion"),
    ("generate-shell-completion z", "zsh"),
    ("rule CAN30", "CAN301"),
    ("config large-c", "large-cores"),
    ("help gr", "graph"),
    ("graph --output-format mer", "mermaid"),
    ("--config sett", "settings.toml"),
    ("night", "night.py"),
    ("--fix night", "night.py"),
]


def needs(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


@pytest.fixture
def script(request: pytest.FixtureRequest, alone: Path, lint: Command, tmp_path: Path) -> Path:
    shell = request.param
    needs(shell)
    (alone / "night.py").write_text("")
    (alone / "settings.toml").write_text("")
    ran = lint("generate-shell-completion", shell)
    assert ran.status == 0
    path = tmp_path / f"complete.{shell}"
    path.write_text(ran.out)
    return path


@pytest.mark.parametrize("script", SHELLS, indirect=True)
def test_the_shell_takes_the_script(script: Path) -> None:
    subprocess.run([needs(script.suffix[1:]), "-n", str(script)], check=True)


@pytest.mark.parametrize("script", ["bash", "zsh"], indirect=True)
def test_keys_typed_in_a_terminal(script: Path) -> None:
    shell = script.suffix[1:]
    missing = []
    with Terminal([needs(shell), *SHELLS[shell]]) as terminal:
        terminal.send(READY[shell].format(script, script) + "\r")
        assert terminal.wait(lambda text: text.endswith("ready>"))
        for typed, wanted in TYPED:
            terminal.send("clear\r")
            terminal.wait(lambda text: text == "ready>")
            terminal.send(f"canfar-lint {typed}\t\t")
            if not terminal.wait(lambda text, wanted=wanted: wanted in text):
                missing.append((typed, terminal.text()))
                break
            # takes the line away once the shell is done with it, which an interrupt does not while it completes
            terminal.send("\x15")
    assert not missing


@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_what_fish_offers(script: Path) -> None:
    missing = []
    for typed, wanted in TYPED:
        asked = f"source {script}; complete -C 'canfar-lint {typed}'"
        out = subprocess.run(
            [needs("fish"), "--no-config", "-c", asked], capture_output=True, text=True, check=True
        ).stdout
        if wanted not in [line.partition("\t")[0] for line in out.splitlines()]:
            missing.append((typed, out))
    assert not missing


def test_other_shells_are_named(lint: Command) -> None:
    ran = lint("generate-shell-completion", "tcsh")
    assert (ran.status, "bash, fish, zsh" in ran.err) == (2, True)
    assert lint("generate-shell-completion").status == 2


@pytest.mark.parametrize("script", SHELLS, indirect=True)
def test_every_shown_flag_is_offered(script: Path, lint: Command) -> None:
    import re

    text = script.read_text()
    shown = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", lint("check", "--help").out.split("Exit status")[0]))
    written = {flag for flag in shown if f"--{flag}" in text or f"-l {flag}" in text}
    assert shown - written <= {"fix", "add-noqa"} - written
