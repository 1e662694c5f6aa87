"""Shell inside Makefiles, workflows and Python: the same words, at their places in the file."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from canfar_lint.model import embedded
from canfar_lint.model.python import PythonModule
from canfar_lint.model.shell import Script
from canfar_lint.source import Source


def words(scripts: Iterable[Script], text: str) -> list[list[tuple[str | None, str]]]:
    return [
        [(word.value, text[word.start : word.end]) for word in command.words]
        for script in scripts
        for command in script.commands
    ]


def test_makefile_recipes_keep_their_places_through_prefixes_and_dollars() -> None:
    text = "all: in.fits\n\t@ds9 $(FILE) $$HOME && \\\n\t  python run.py\nX = 1\n\nclean:\n\t-rm -rf out\n"
    assert words(embedded.makefile(Source("Makefile", "makefile", text)), text) == [
        [("ds9", "ds9"), (None, "$(FILE)"), (None, "$$HOME")],
        [("python", "python"), ("run.py", "run.py")],
        [("rm", "rm"), ("-rf", "-rf"), ("out", "out")],
    ]


def test_a_tab_outside_of_a_rule_is_no_recipe() -> None:
    assert not list(embedded.makefile(Source("Makefile", "makefile", "X = a\n\tds9 x\n")))


def test_workflow_steps_in_every_style() -> None:
    text = (
        "jobs:\n  b:\n    steps:\n      - run: |\n          docker build -t a/b:1 .\n\n          echo ${{ x.y }} end\n"
        "      - run: canfar create headless x\n      - run: 'make -j'\n"
    )
    assert words(embedded.workflow(Source("ci.yml", "yaml", text)), text) == [
        [("docker", "docker"), ("build", "build"), ("-t", "-t"), ("a/b:1", "a/b:1"), (".", ".")],
        [("echo", "echo"), (None, "${{ x.y }}"), ("end", "end")],
        [("canfar", "canfar"), ("create", "create"), ("headless", "headless"), ("x", "x")],
        [("make", "make"), ("-j", "-j")],
    ]


def test_python_hands_command_lines_to_a_shell() -> None:
    text = (
        "import os\nimport subprocess as sp\nos.system('ds9 %s -zoom 2' % name)\nsp.run(['topcat', name, '-x'])\n"
        "sp.call('cp {} /arc/x'.format(name), shell=True)\nsp.run(command)\n"
    )
    module = PythonModule(Source("a.py", "python", text))
    scripts = sorted(embedded.literals(module), key=lambda script: script.commands[0].start)
    assert words(scripts, text) == [
        [("ds9", "ds9"), (None, "%s"), ("-zoom", "-zoom"), ("2", "2")],
        [("topcat", "'topcat'"), (None, "n"), ("-x", "'-x'")],
        [("cp", "cp"), (None, "{}"), ("/arc/x", "/arc/x")],
    ]


@given(st.text(alphabet="ab \t\n\\$(){}:=@-#'\"|&;", max_size=80))
def test_no_makefile_crashes_and_words_stay_inside(text: str) -> None:
    for script in embedded.makefile(Source("Makefile", "makefile", text)):
        assert all(0 <= w.start <= w.end <= len(text) for c in script.commands for w in c.words)


@given(st.text(alphabet="run:script |>-\n  'a\"${}", max_size=80))
def test_no_workflow_crashes_and_words_stay_inside(text: str) -> None:
    for script in embedded.workflow(Source("ci.yml", "yaml", text)):
        assert all(0 <= w.start <= w.end <= len(text) for c in script.commands for w in c.words)
