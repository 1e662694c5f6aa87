"""The GitHub Action and the GitLab template: linted, and their steps run as the services would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from clean_clone import ROOT, clone, run

ACTION = ROOT / "action.yml"
TEMPLATE = ROOT / "templates" / "canfar-lint.yml"
MESSY = ROOT / "examples" / "messy"
BIN = Path(sys.executable).parent
YAMLLINT = """\
extends: default
rules:
  line-length: disable
  document-start: disable
  braces: {max-spaces-inside: 1}
  comments: {min-spaces-from-content: 1}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service puts this repository: its last commit, with the files under test as they are now."""
    target = clone(tmp_path_factory.mktemp("service") / "canfar-lint")
    for path in (ACTION, TEMPLATE):
        target.joinpath(path.relative_to(ROOT).parent).mkdir(exist_ok=True)
        shutil.copy(path, target / path.relative_to(ROOT))
    return target


@pytest.mark.parametrize(
    ("page", "title", "schema"),
    [
        ("ci.md", ".github/workflows/canfar-lint.yml", "vendor.github-workflows"),
        ("ci.md", ".gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_what_the_guides_configure_is_valid(page: str, title: str, schema: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8").split(f'```yaml title="{title}"\n')[1].split("```")[0]
    (tmp_path / "config.yml").write_text(text)
    run(BIN / "check-jsonschema", "--builtin-schema", schema, "config.yml", cwd=tmp_path)


# -- GitHub ----------------------------------------------------------------------------------------------------


class Runner:
    """Runs the steps of the action in a pipeline's folder, as a runner of GitHub's does."""

    def __init__(self, checkout: Path, temporary: Path) -> None:
        self.action = yaml.safe_load(ACTION.read_text("utf-8"))
        self.facts = {"github.action_path": str(checkout), "runner.temp": str(temporary)}
        self.temporary = temporary
        self.folder = temporary / "pipeline"
        shutil.copytree(MESSY, self.folder)

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        step: dict[str, Any] = next(step for step in self.action["runs"]["steps"] if step["name"] == name)
        given = {key: str(value["default"]) for key, value in self.action["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()} | {"python": sys.executable}
        facts = self.facts | {f"inputs.{key}": value for key, value in given.items()}
        environment = {
            key: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: facts[found[1]], value)
            for key, value in step["env"].items()
        }
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            (self.temporary / name).write_text("")
            environment[name] = str(self.temporary / name)
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
        return run(*command, cwd=self.folder, exits=None, GITHUB_ACTIONS="true", CI="true", **environment)

    def output(self, name: str) -> str:
        lines = (self.temporary / "GITHUB_OUTPUT").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]


@pytest.fixture(scope="module")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner whose first step has installed canfar-lint."""
    runner = Runner(checkout, tmp_path_factory.mktemp("runner"))
    done = runner.step("Install canfar-lint")
    assert done.returncode == 0, done.stdout + done.stderr
    return runner


def test_the_action_is_valid() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION, cwd=ROOT)
    run(BIN / "zizmor", "--offline", "--no-config", ACTION, cwd=ROOT)
    run(BIN / "yamllint", "-s", "-d", YAMLLINT, ACTION, TEMPLATE, ROOT / "mkdocs.yml", cwd=ROOT)


def test_no_input_is_pasted_into_a_script() -> None:
    for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]:
        assert "${{" not in step["run"], "an input in a script is code of whoever writes it"


def test_the_action_annotates(installed: Runner) -> None:
    done = installed.step("Lint")
    assert done.returncode == 1
    annotations = re.findall(
        r"^::(error|warning|notice) title=canfar-lint \((\w+)\),file=([^,]+),line=", done.stdout, re.M
    )
    assert ("error", "CAN402") in [found[:2] for found in annotations]
    assert all(Path(found[2]).is_file() for found in annotations)
    assert installed.output("exit-status") == "1"
    assert installed.output("problems") == str(len(annotations))
    summary = (installed.temporary / "GITHUB_STEP_SUMMARY").read_text().splitlines()
    assert summary[0] == "### canfar-lint"
    assert all(line.startswith("    ") for line in summary[2:])


def test_inputs_of_the_action_reach_the_program(installed: Runner) -> None:
    done = installed.step(
        "Lint", paths="submit.py\nnight.sh\n", args="--select CAN2\n--no-ruff", sarif_file="x y.sarif"
    )
    assert done.returncode == 1
    assert set(re.findall(r"canfar-lint \((\w+)\)", done.stdout)) == {"CAN211"}
    sarif = json.loads((installed.folder / "x y.sarif").read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["CAN211"]


def test_fail_on_decides_what_fails_the_action(installed: Runner) -> None:
    assert installed.step("Lint", paths="reduce.py", args="--select CAN303", fail_on="error").returncode == 0
    assert installed.output("exit-status") == "0"
    assert installed.output("problems") == "1"


def test_nothing_found_is_said_so(installed: Runner) -> None:
    assert installed.step("Lint", paths="requirements.txt", args="--select CAN3").returncode == 0
    assert installed.output("problems") == "0"


def test_a_failure_of_the_program_is_one_of_the_action(installed: Runner) -> None:
    assert installed.step("Lint", args="--select CAN9999").returncode == 2


def test_inputs_are_words_and_no_code(installed: Runner) -> None:
    done = installed.step("Lint", paths="$(touch paths)", args="$(touch${IFS}args) `touch args`", fail_on="$(touch on)")
    assert done.returncode == 2
    assert not [name for name in ("paths", "args", "on") if (installed.folder / name).exists()]


# -- GitLab ----------------------------------------------------------------------------------------------------


def interpolated(**inputs: str) -> dict[str, Any]:
    """The template's job as GitLab makes it of its inputs."""
    head, text = TEMPLATE.read_text("utf-8").split("\n---\n")
    known = yaml.safe_load(head)["spec"]["inputs"]
    values = {name: inputs.get(name, about.get("default")) for name, about in known.items()}
    assert None not in values.values(), values
    job = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: values[found[1]], text))
    assert isinstance(job, dict)
    return job


def test_the_template_is_valid(tmp_path: Path) -> None:
    job = tmp_path / ".gitlab-ci.yml"
    job.write_text(yaml.safe_dump(interpolated(source="canfar-lint")))
    checker = (BIN / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    run(*checker, job, cwd=tmp_path)
    job.write_text(job.read_text().replace("codequality", "codequallity"))
    run(*checker, job, cwd=tmp_path, exits=1)


def test_the_job_writes_a_code_quality_report(checkout: Path, installed: Runner, tmp_path: Path) -> None:
    shutil.copytree(MESSY, tmp_path / "m31")
    job = interpolated(source=str(checkout), args="--select CAN4,CAN5", paths="reduce.py night.sh")["canfar-lint"]
    script = "\n".join(["set -eo pipefail", *job["script"]])
    search = os.pathsep.join((str(BIN), os.environ["PATH"]))
    environment = job["variables"] | {"CI": "true", "CI_BUILDS_DIR": str(installed.temporary), "PATH": search}
    done = run("bash", "-c", script, cwd=tmp_path / "m31", exits=1, **environment)
    assert re.search(r"^reduce\.py:\d+:\d+: CAN402 ", done.stdout, re.M)
    report = json.loads((tmp_path / "m31" / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {entry["location"]["path"] for entry in report} == {"reduce.py", "night.sh"}
    assert {entry["check_name"][:4] for entry in report} == {"CAN4", "CAN5"}
