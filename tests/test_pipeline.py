"""The join: which request runs which script in which image, what it changes, and that nothing is guessed."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from clean_clone import ROOT
from clean_clone import run as run_program

from canfar_lint.discovery import discover
from canfar_lint.engine import RunResult, run
from canfar_lint.engine.file import lint_bytes
from canfar_lint.model.running import target
from canfar_lint.pipeline.runs import Run, runs
from canfar_lint.settings import Resolver
from canfar_lint.settings.read import inline_layer
from canfar_lint.source import PYTHON

SUBMIT = """\
from canfar.sessions import Session

ids = Session().create(
    name="stack", image="images.canfar.net/survey/stack:1", cores=4, ram=16, replicas=3, cmd="{cmd}", args="{args}"
)
"""
STACK = """\
import os
from astropy.table import Table

def main():
    number = os.environ["REPLICA_ID"]
    table = Table.read(number)
    table.write("sums.csv")

main()
"""


def tree(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def linted(*paths: str, settings: tuple[str, ...] = (), root: str = ".", whole: bool = True) -> RunResult:
    layers = tuple(layer for pair in ("ruff = false", *settings) if (layer := inline_layer(pair, os.getcwd())))
    resolver = Resolver(layers, isolated=True)
    inputs = [(entry.path, entry.kind) for entry in discover(list(paths) or ["."], resolver)]
    return run(inputs, resolver, jobs=1, root=root, whole_project=whole)


def joined(cmd: str, args: str, files: dict[str, str]) -> Run:
    tree(Path(), {"submit.py": SUBMIT.format(cmd=cmd, args=args), **files})
    (only,) = runs(linted().project)
    return only


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "kind", "name"),
    [
        ("python /arc/x/stack.py -v", "script", "/arc/x/stack.py"),
        ("python3.12 -u -W ignore /arc/x/stack.py", "unknown or module", ""),
        ("python -m survey.stack a.py", "module", "survey.stack"),
        ("python -c print(1) a.py", "inline", "print(1)"),
        ("bash -lc a.sh", "inline", "a.sh"),
        ("/arc/x/run.sh m31", "script", "/arc/x/run.sh"),
        ("mpirun -n 4 python /arc/x/stack.py", "script", "/arc/x/stack.py"),
        ("conda run -n casa python /arc/x/stack.py", "script", "/arc/x/stack.py"),
        ("uv run /arc/x/stack.py", "script", "/arc/x/stack.py"),
        ("casa --nogui --nologger -c /arc/x/image.py", "script", "/arc/x/image.py"),
        ("survey-stack --config a.py", "program", "survey-stack"),
        ("python {}/stack.py", "script", "{}/stack.py"),
        ("python {}.py", "unknown", "{}.py"),
        ("{} a.py", "unknown", ""),
    ],
)
def test_what_a_command_runs(command: str, kind: str, name: str) -> None:
    found = target(command.split())
    if kind == "unknown or module":
        assert found.kind in ("unknown", "script", "program") and "stack.py" not in found.name.replace(
            "/arc/x/stack.py", ""
        )
        return
    assert (found.kind, found.name or "") == (kind, name or found.name)


def test_the_longest_common_tail_decides() -> None:
    run = joined("python", "/arc/projects/survey/code/stack.py", {"code/stack.py": STACK, "old/stack.py": STACK})
    assert run.script == "code/stack.py"


def test_two_that_may_be_meant_are_not_joined() -> None:
    run = joined("python", "/arc/projects/survey/stack.py", {"a/stack.py": STACK, "b/stack.py": STACK})
    assert (run.script, run.candidates) == ("", ("a/stack.py", "b/stack.py"))


def test_of_two_that_may_be_meant_it_is_the_one_beside_the_request(here: Path) -> None:
    submit = SUBMIT.format(cmd="bash", args="/arc/projects/survey/run_stack.sh")
    for folder in ("a", "b"):
        files = {
            "submit.py": submit,
            "jobs/run_stack.sh": "python /arc/projects/survey/stack.py\n",
            "jobs/stack.py": STACK,
        }
        tree(here, {f"{folder}/{name}": text for name, text in files.items()})
    found = {run.path: run.files for run in runs(linted().project)}
    assert found == {
        f"{folder}/submit.py": (f"{folder}/jobs/run_stack.sh", f"{folder}/jobs/stack.py") for folder in "ab"
    }
    alone = runs(linted("a", whole=False).project)
    assert {run.path: run.files for run in alone} == found


@pytest.mark.parametrize("path", ["lib/run.py", "tests/stack_test.py"])
def test_a_common_name_in_a_corner_is_not_joined(path: str) -> None:
    assert joined("python", f"/arc/projects/other/{Path(path).name}", {path: STACK}).script == ""


def test_through_shell_modules_and_imports() -> None:
    files = {
        "jobs/run.sh": 'cd /arc/x\nHERE=/arc/x/code\npython "$HERE/stack.py" "$1"\n',
        "code/stack.py": "from .reading import read\nimport sums.mean\nimport numpy\n",
        "code/reading.py": "import subprocess\nsubprocess.run(['python', '/arc/x/code/last.py'], check=True)\n",
        "code/last.py": "print(1)\n",
        "code/other.py": "print(1)\n",
        "sums/__init__.py": "",
        "sums/mean.py": "",
    }
    run = joined("bash", "/arc/projects/survey/jobs/run.sh m31", files)
    assert run.script == "jobs/run.sh"
    assert set(run.files) == {"jobs/run.sh", "code/stack.py", "code/reading.py", "code/last.py", "sums/mean.py"}


def test_scripts_that_run_each_other_end() -> None:
    run = joined("bash", "/arc/x/a.sh", {"a.sh": "bash /arc/x/b.sh\n", "b.sh": "bash /arc/x/a.sh\n"})
    assert set(run.files) == {"a.sh", "b.sh"}


@pytest.mark.parametrize(
    "files",
    [
        {"stack/Dockerfile": "FROM ubuntu:24.04\n"},
        {"docker/Dockerfile.stack": "FROM ubuntu:24.04\n"},
        {
            "docker/Dockerfile": "FROM ubuntu:24.04\n",
            "build.sh": "docker build -t survey/stack:2 -f docker/Dockerfile .\n",
        },
        {"docker/Dockerfile": "FROM ubuntu:24.04\n", "docker/Makefile": "image:\n\tdocker build -t survey/stack .\n"},
        {
            "docker/Dockerfile": "FROM ubuntu:24.04\n",
            "Makefile": "PROJECT = survey\nNAME := $(PROJECT)/stack\nTAG ?= 1\n\nimage: docker/Dockerfile\n"
            "\tdocker build -t images.canfar.net/$(NAME):$(TAG) -f docker/Dockerfile .\n",
        },
        {
            "docker/Dockerfile": "FROM ubuntu:24.04\n",
            "build.sh": 'cd "$(dirname "$0")/docker"\ncd docker\nIMAGE=survey/stack\ndocker build -t "$IMAGE:$1" .\n',
        },
        {
            "a/Dockerfile": "FROM ubuntu:24.04\n",
            ".github/workflows/build.yml": "env:\n  IMAGE: images.canfar.net/survey/stack\njobs:\n  b:\n    steps:\n"
            "      - uses: docker/build-push-action@v6\n        with:\n          file: a/Dockerfile\n"
            "          tags: ${{ env.IMAGE }}:${{ github.sha }}\n",
        },
        {"a/Dockerfile": 'FROM ubuntu:24.04\nLABEL org.opencontainers.image.title="survey/stack"\n'},
        {"a/Dockerfile": "FROM ubuntu:24.04\nCOPY . /opt/survey\n"},
        {
            "a/Dockerfile": "FROM ubuntu:24.04\n",
            ".github/workflows/build.yml": "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
            "        with:\n          file: a/Dockerfile\n          tags: images.canfar.net/survey/stack:1\n",
        },
    ],
)
def test_the_dockerfile_of_an_image(files: dict[str, str]) -> None:
    run = joined("python", "/opt/survey/stack.py", {"stack.py": STACK, "b/c/Dockerfile": "FROM debian:12\n", **files})
    assert run.dockerfile == next(path for path in files if "ockerfile" in path)


def test_the_image_that_is_called_as_the_project(here: Path) -> None:
    tree(here, {"Dockerfile": "FROM ubuntu:24.04\n", "pyproject.toml": '[project]\nname = "stack"\n'})
    assert joined("stack", "", {}).dockerfile == "Dockerfile"
    tree(here, {"pyproject.toml": '[project]\nname = "other"\n'})
    assert joined("stack", "", {}).dockerfile == ""


def test_images_of_the_platform_are_not_those_of_a_folder(here: Path) -> None:
    tree(here, {"docker/base/Dockerfile": "FROM ubuntu:24.04\n"})
    tree(here, {"submit.sh": "canfar create headless skaha/base:26.02 -- bash /arc/x/a.sh\n"})
    assert runs(linted().project)[0].dockerfile == ""
    tree(here, {"build.sh": "docker build -t images.canfar.net/skaha/base:26.02 docker/base\n"})
    assert runs(linted().project)[0].dockerfile == "docker/base/Dockerfile"


def test_a_path_that_is_known_but_for_its_beginning(here: Path) -> None:
    submit = """\
CODE="$HOME/survey/code"
RUN="$CODE/stack.sh"
function submit() {
    curl -E ~/.ssl/cadcproxy.pem "$SERVER/skaha/v1/session" -d "name=$1" -d image=images.canfar.net/a/b:1 -d "cmd=$RUN"
}
submit m31
"""
    tree(here, {"submit.sh": submit, "code/stack.sh": "python /arc/stack.py\n", "old/stack.sh": "true\n"})
    (only,) = runs(linted().project)
    assert (only.command.strip(), only.script) == ("{}/survey/code/stack.sh", "code/stack.sh")


def test_a_folder_that_is_not_known_builds_nothing(here: Path) -> None:
    tree(here, {"Dockerfile": "FROM ubuntu:24.04\n", "b/Dockerfile": "FROM ubuntu:24.04\n"})
    for folder in ("$DIRECTORY", "$(pwd)/$1"):
        assert joined("stack", "", {"build.sh": f'docker build -t survey/stack "{folder}"\n'}).dockerfile == ""
    assert joined("stack", "", {"build.sh": 'cd "$1"\ndocker build -t survey/stack .\n'}).dockerfile == ""


def test_an_image_that_two_build_is_not_joined() -> None:
    files = {"a/stack/Dockerfile": "FROM ubuntu:24.04\n", "b/stack/Dockerfile": "FROM ubuntu:24.04\n"}
    assert joined("stack", "", files).dockerfile == ""


def test_the_command_of_the_image_runs_when_the_request_has_none() -> None:
    files = {"stack/Dockerfile": 'FROM ubuntu:24.04\nCOPY stack.py /opt/\nCMD ["python", "/opt/stack.py"]\n'}
    assert joined("", "", {**files, "stack/stack.py": STACK}).script == "stack/stack.py"


def found(result: RunResult, *codes: str) -> list[tuple[str, str, str]]:
    return [(d.path, d.code, d.level) for d in result.diagnostics if d.code in codes]


def test_levels_rise_under_replicas_and_the_request_is_related(here: Path) -> None:
    tree(here, {"stack.py": STACK})
    assert found(linted(), "CAN402") == [("stack.py", "CAN402", "warning")]
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/stack.py")})
    result = linted()
    assert found(result, "CAN402") == [("stack.py", "CAN402", "error")]
    (diagnostic,) = (d for d in result.diagnostics if d.code == "CAN402")
    assert [(r.path, r.place.row) for r in diagnostic.related] == [("submit.py", 3)]
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/stack.py").replace("replicas=3, ", "")})
    assert found(linted(), "CAN402") == [("stack.py", "CAN402", "warning")]


def test_a_users_level_stays(here: Path) -> None:
    tree(here, {"stack.py": STACK, "submit.py": SUBMIT.format(cmd="python", args="/arc/x/stack.py")})
    tree(here, {"pyproject.toml": '[tool.canfar-lint]\nlevels = {CAN402 = "warning"}\nruff = false\n'})
    assert {d["level"] for d in checked(here) if d["code"] == "CAN402"} == {"warning"}


def checked(folder: Path, *flags: str) -> list[dict[str, Any]]:
    program = (sys.executable, "-m", "canfar_lint", "check", "--output-format", "json", "--no-ruff", *flags)
    answer = run_program(*program, cwd=folder, exits=1, PYTHONPATH=str(ROOT))
    return list(json.loads(answer.stdout))


def test_related_requests_are_in_every_format_that_has_room_for_them(here: Path) -> None:
    tree(here, {"stack.py": STACK, "submit.py": SUBMIT.format(cmd="python", args="/arc/x/stack.py")})
    (diagnostic,) = (d for d in checked(here, ".") if d["code"] == "CAN402")
    assert "submit.py" in json.dumps(diagnostic)
    program = (sys.executable, "-m", "canfar_lint", "check", "--no-ruff", "--output-format")
    sarif = json.loads(run_program(*program, "sarif", ".", cwd=here, exits=1, PYTHONPATH=str(ROOT)).stdout)
    results = [r for r in sarif["runs"][0]["results"] if r["ruleId"] == "CAN402"]
    assert "submit.py" in json.dumps(results[0]["relatedLocations"])
    full = run_program(*program, "full", ".", cwd=here, exits=1, PYTHONPATH=str(ROOT)).stdout
    assert "--> submit.py:3:7" in full


def test_a_change_in_one_file_changes_findings_in_another(here: Path) -> None:
    tree(here, {"fit.py": "import multiprocessing\npool = multiprocessing.Pool(8)\n"})
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/fit.py")})
    assert found(linted(), "CAN211", "CAN214") == [("fit.py", "CAN211", "error")]
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/fit.py").replace("cores=4", "cores=8")})
    assert found(linted(), "CAN211", "CAN214") == []
    (here / "submit.py").unlink()
    assert found(linted(), "CAN211", "CAN214") == [("fit.py", "CAN214", "warning")]


def test_scripts_are_judged_by_the_request_of_flags_and_settings(here: Path) -> None:
    tree(here, {"fit.py": "import multiprocessing\npool = multiprocessing.Pool(8)\nprint(pool)\n", "stack.py": STACK})
    codes = {d["code"]: d["level"] for d in checked(here, "--cores", "4", "--replicas", "2", ".")}
    assert codes["CAN211"] == "error" and codes["CAN402"] == "error" and codes["CAN203"] == "error"
    assert "CAN214" not in codes
    tree(here, {"pyproject.toml": "[tool.canfar-lint]\nrequest = {cores = 8}\n"})
    assert not {d["code"] for d in checked(here, ".")} & {"CAN211", "CAN214", "CAN203"}


def test_a_single_file_finds_its_partners_on_disk(here: Path) -> None:
    tree(here, {"code/stack.py": "print(1)\n", ".hidden/stack.py": "print(1)\n"})
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/code/stack.py")})
    assert found(linted("submit.py", whole=False), "CAN203") == [("submit.py", "CAN203", "error")]


@pytest.mark.parametrize(
    ("where", "broken", "file"),
    [
        ("canfar_lint.pipeline.replica_use", "answer", "submit.py"),
        ("canfar_lint.pipeline.runs", "_run", "submit.py"),
        ("canfar_lint.checks.scaling.can211", "_against", "submit.py"),
        ("canfar_lint.pipeline.levels", "runs_of", "stack.py"),
    ],
)
def test_a_crash_of_the_join_is_said_of_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, where: str, broken: str, file: str
) -> None:
    code = SUBMIT.format(cmd="python", args="/arc/x/stack.py")
    tree(
        here, {"stack.py": f"{STACK}\nimport pylab, torch\npylab.show()\ntorch.set_num_threads(8)\n", "submit.py": code}
    )
    tree(here, {"other.py": "from astropy.io import fits\nfits.open('a.fits', memmap=False)\n"})

    def crash(*_: object) -> None:
        raise ZeroDivisionError("broken on purpose")

    monkeypatch.setattr(f"{where}.{broken}", crash)
    result = linted()
    crashes = [(d.path, d.message) for d in result.diagnostics if d.code == "CAN003"]
    assert [path for path, _ in crashes] == [file] and "broken on purpose in crash" in crashes[0][1]
    assert result.crashed, "the exit status is 2"
    assert found(result, "CAN301") == [("other.py", "CAN301", "warning")]
    assert found(result, "CAN402"), "what needs no join is said all the same"


def codes(result: RunResult) -> set[tuple[str, str, str]]:
    """Without what only a whole project can lack."""
    return {(d.path, d.code, d.level) for d in result.diagnostics if d.code != "CAN604"}


def test_a_script_alone_is_judged_as_in_the_whole_project(here: Path) -> None:
    build = "docker build -t images.canfar.net/survey/stack:1 -f docker/Dockerfile .\n"
    tree(here, {"fit.py": "import multiprocessing\npool = multiprocessing.Pool(8)\nprint(pool)\n", "stack.py": STACK})
    tree(here, {"docker/Dockerfile": "FROM ubuntu:24.04\nENV NUMBA_NUM_THREADS=64\n", "build.sh": build})
    tree(here, {"submit.py": SUBMIT.format(cmd="bash", args="/arc/x/all.sh"), "b/stack.py": "print(1)\n"})
    tree(here, {"all.sh": "set -e\npython /arc/x/fit.py\npython /arc/code/stack.py\n"})
    tree(
        here,
        {
            ".github/workflows/run.yml": "jobs: {}\n",
            "Makefile": "go:\n\tcanfar create headless a/b:1 -- /arc/x/stack.py\n",
        },
    )
    whole = codes(linted())
    assert {("fit.py", "CAN211", "error"), ("docker/Dockerfile", "CAN211", "error")} <= whole
    for path in ("fit.py", "stack.py", "docker/Dockerfile", "submit.py"):
        assert codes(linted(path, whole=False)) == {found for found in whole if found[0] == path}


def test_a_script_alone_is_judged_by_the_request_that_flags_say(here: Path) -> None:
    tree(here, {"stack.py": STACK, "submit.sh": "canfar create headless a/b:1 -- python /arc/x/stack.py\n"})
    assert found(linted("stack.py", whole=False), "CAN402") == [("stack.py", "CAN402", "warning")]
    said = linted("stack.py", settings=("request = {replicas = 50}",), whole=False)
    assert found(said, "CAN402") == [("stack.py", "CAN402", "error")]


def test_graphs_of_a_script_show_the_requests_that_run_it(here: Path) -> None:
    tree(here, {"pyproject.toml": "[tool.canfar-lint]\n", "fit.py": "print(1)\n", "stack.py": "print(2)\n"})
    tree(here, {"a.sh": "canfar create headless a/b:1 -- python /arc/x/fit.py\n"})
    tree(here, {"b.sh": "canfar create headless a/b:1 -- python /arc/x/stack.py\n"})
    program = (sys.executable, "-m", "canfar_lint", "graph", "fit.py")
    said = run_program(*program, cwd=here, PYTHONPATH=str(ROOT)).stdout
    assert "a.sh" in said and "b.sh" not in said


def test_a_repair_is_looked_at_with_the_rest_of_the_project(here: Path) -> None:
    submit = SUBMIT.format(cmd="python", args="/arc/x/fit.py")
    tree(here, {"fit.py": "import multiprocessing\npool = multiprocessing.Pool(8)\nprint(pool)\n", "submit.py": submit})
    tree(here, {"canfar-lint.toml": "ruff = false\n"})
    tree(here, {"run.sh": "set -e\npython /arc/x/fit.py\n", "submit.py": submit.replace("fit.py", "run.sh")})
    flags = ("--fix", "--unsafe-fixes", "--select", "CAN211,CAN214")
    for given in (".", "fit.py"):
        tree(here, {"fit.py": "import multiprocessing\npool = multiprocessing.Pool(8)\nprint(pool)\n"})
        run_program(sys.executable, "-m", "canfar_lint", *flags, given, cwd=here, exits=None, PYTHONPATH=str(ROOT))
        assert "Pool(4)" in (here / "fit.py").read_text(), "CAN211's repair, and not CAN214's, which is silent here"


def test_facts_are_plain_data() -> None:
    code = SUBMIT.format(cmd="python", args="/arc/x/stack.py").encode()
    facts = lint_bytes("submit.py", PYTHON, code, [], Resolver((), isolated=True).base).facts
    assert facts and pickle.loads(pickle.dumps(facts)) == facts
    assert json.loads(json.dumps([fact.data for fact in facts])) == [fact.data for fact in facts]


def graph(folder: Path, form: str) -> str:
    program = (sys.executable, "-m", "canfar_lint", "graph", "--output-format", form, ".")
    return run_program(*program, cwd=folder, PYTHONPATH=str(ROOT)).stdout


def test_the_graph_in_its_forms() -> None:
    messy = ROOT / "examples" / "messy"
    text = graph(messy, "text")
    assert "├─ runs night.sh" in text and "runs reduce.py" in text and "└─ on ubuntu:24.04" in text
    data = json.loads(graph(messy, "json"))
    labels = {node["id"]: node["label"] for node in data["nodes"]}
    edges = {(labels[edge["from"]], edge["how"], labels[edge["to"]]) for edge in data["edges"]}
    assert ("night.sh", "runs", "reduce.py") in edges and ("reduce.py", "writes", "curves.csv") in edges
    assert next(node for node in data["nodes"] if node["label"] == "reduce.py")["findings"]["error"] > 1
    mermaid, dot = graph(messy, "mermaid"), graph(messy, "dot")
    assert mermaid.startswith("flowchart LR\n") and mermaid.count("-->|") == len(data["edges"])
    assert dot.count("->") == len(data["edges"]) and dot.count("label=") == len(data["edges"]) + len(data["nodes"])


def test_the_graph_says_what_is_not_joined(here: Path) -> None:
    tree(here, {"submit.py": SUBMIT.format(cmd="python", args="/arc/x/stack.py"), "a/stack.py": "", "b/stack.py": ""})
    assert "(one of a/stack.py, b/stack.py)" in graph(here, "text")
    (here / "a" / "stack.py").unlink()
    (here / "b" / "stack.py").unlink()
    assert "(not in the tree)" in graph(here, "text")
    tree(
        here,
        {
            "submit.py": SUBMIT.format(cmd="python", args="/arc/x/{}")
            .replace('args="', 'args=f"')
            .replace("{}", "{__name__}")
        },
    )
    assert "(not known)" in graph(here, "text")


def test_the_graph_without_requests(here: Path) -> None:
    tree(here, {"a.py": "print(1)\n"})
    assert graph(here, "text") == "No session requests found.\n"
    assert json.loads(graph(here, "json")) == {"nodes": [], "edges": []}


def test_requests_that_tests_make_up_are_no_requests(here: Path) -> None:
    code = SUBMIT.format(cmd="python", args="stack.py")
    tree(here, {"tests/test_submit.py": code, "stack.py": STACK})
    result = linted()
    assert not runs(result.project) and not [d for d in result.diagnostics if d.code.startswith("CAN8")]
    assert found(result, "CAN402") == [("stack.py", "CAN402", "warning")]


def test_a_name_in_a_linted_file_makes_nobody_list_other_folders(tmp_path: Path) -> None:
    from canfar_lint.pipeline.tree import Tree

    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    for place in (root / "data" / "halos_1.csv", tmp_path / "halos_2.csv"):
        place.write_text("x\n")
    tree = Tree(str(root), None)
    assert tree.filled(str(root / "a.py"), "data/halos_{}.csv") == [2]
    assert tree.filled(str(root / "a.py"), "../halos_{}.csv") == []


def test_a_pointer_of_git_lfs_says_how_large_its_file_is(tmp_path: Path) -> None:
    from canfar_lint.pipeline.tree import Tree

    pointer = tmp_path / "stars.csv"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 24000000\n")
    (tmp_path / "few.csv").write_text("size 24000000\n")
    tree = Tree(str(tmp_path), None)
    assert tree.content_size(str(pointer)) == 24_000_000
    assert tree.ending("/stars.csv") == [24_000_000]
    assert tree.content_size(str(tmp_path / "few.csv")) == 14
    assert tree.content_size(str(tmp_path / "none.csv")) is None
