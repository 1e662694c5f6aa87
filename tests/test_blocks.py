"""What is said of Python's blocks by their indentation alone is never less than what the model finds.

Triggers go by it: where it said too little, a finding would be lost without a word.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from harness import examples, marked_file

from canfar_lint.model.python import PythonModule
from canfar_lint.source import PYTHON, Source
from canfar_lint.triggers import Content

TREE = Path(__file__).parents[1] / "benchmarks/.cache/every-tenth"
CONDITIONS = (ast.If, ast.IfExp, ast.While, ast.ExceptHandler, ast.BoolOp, ast.match_case)


def repeated(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call, or that of the function around it, is in every turn of a `for`."""
    place = call
    for _ in range(4):
        loops = module.loops(place)
        function = module.function_of(place)
        end = loops[0] if loops else function
        for ancestor in module.ancestors(place):
            if ancestor is end:
                break
            if isinstance(ancestor, CONDITIONS):
                return False
        if loops:
            return not isinstance(loops[0], ast.While)
        callers = module.callers().get(function, []) if function is not None else []
        if len(callers) != 1:
            return False
        place = callers[0]
    return False


def overlooked(data: bytes) -> list[str]:
    """The last words of calls that run again, or in a run of the script, of which the blocks say that they do not."""
    try:
        module = PythonModule(Source.decode("run.py", PYTHON, data))
    except (SyntaxError, ValueError):
        return []
    blocks = Content(data, PYTHON).blocks
    words: dict[str, list[ast.Call]] = {}
    for call in module.all_calls:
        if isinstance(call.func, (ast.Name, ast.Attribute)):
            # a default is evaluated where its function is defined; the lines of a text may look like code, or not
            if any(isinstance(ancestor, (ast.arguments, ast.JoinedStr)) for ancestor in module.ancestors(call)):
                continue
            words.setdefault(call.func.id if isinstance(call.func, ast.Name) else call.func.attr, []).append(call)
    again = {
        word
        for word, calls in words.items()
        for call in calls
        if repeated(module, call) or (module.is_script and module.on_main_path(call))
    }
    return sorted(word for word in again if not blocks.may_recur({word.encode()}, [], None))


def unlooped(data: bytes) -> list[str]:
    """The last words of calls in a loop of the function around them of which the blocks say that they are in none."""
    try:
        module = PythonModule(Source.decode("run.py", PYTHON, data))
    except (SyntaxError, ValueError):
        return []
    blocks = Content(data, PYTHON).blocks
    looped = {
        call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
        for call in module.all_calls
        if isinstance(call.func, (ast.Name, ast.Attribute))
        and any(isinstance(loop, (ast.For, ast.AsyncFor, ast.While)) for loop in module.loops(call))
        and not any(isinstance(ancestor, ast.JoinedStr) for ancestor in module.ancestors(call))
    }
    return sorted(word for word in looped if not blocks.may_be_looped(re.compile(rb"\b%s\s*\(" % word.encode())))


@pytest.mark.filterwarnings("ignore")
def test_loops_of_the_examples() -> None:
    lost = {each.name: unlooped(marked_file(each.text, each.kind).data) for each in examples() if each.kind == "py"}
    assert {name: words for name, words in lost.items() if words} == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not TREE.is_dir(), reason="python benchmarks/run.py --counts fetches it")
def test_loops_of_a_real_tree() -> None:
    lost = {path.name: unlooped(path.read_bytes()) for path in sorted(TREE.rglob("*.py"))}
    assert {name: words for name, words in lost.items() if words} == {}


@pytest.mark.filterwarnings("ignore")
def test_calls_of_the_examples() -> None:
    lost = {each.name: overlooked(marked_file(each.text, each.kind).data) for each in examples() if each.kind == "py"}
    assert {name: words for name, words in lost.items() if words} == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not TREE.is_dir(), reason="python benchmarks/run.py --counts fetches it")
def test_calls_of_a_real_tree() -> None:
    lost = {path.name: overlooked(path.read_bytes()) for path in sorted(TREE.rglob("*.py"))}
    assert {name: words for name, words in lost.items() if words} == {}
