"""Names of data files that stand outside of what reads them: constants of a script, words of shell commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.checks._outputs import file_literals, written_names
from canfar_lint.model.python import PythonModule
from canfar_lint.model.values import RESULT, Value

if TYPE_CHECKING:
    from canfar_lint.model.shell import Command, Script, Word

_OUTPUT_NAME = re.compile(
    r"(?i)out|sav|result|res_|_res$|(^|_)log|plot|fig|cache|te?mp|new|final|dest|product|write|report|export|backup"
)
# what tasks of CASA work on: a parameter that comes first, or a variable that is set before the task is called
CASA_FIRST = frozenset(("vis", "imagename", "fitsimage", "fitsfile", "asdm", "caltable", "archivefiles", "infiles"))
MAKING = re.compile(
    r"(?i)(^|[_.])(save|write|dump|export|make|create|update|append|put|store|output|print|log|download|fetch|"
    r"retrieve|generate|build|init|remove|delete|rm|clean|exists?|isfile|copy|move|merge|combine)|"
    r"(^|\.)to_|init(ialize)?$"
)
_FILLED_IN = re.compile(r"[{}%*?\[\]$<>|\n]")


def constants(module: PythonModule) -> Iterator[tuple[ast.Assign | ast.AnnAssign, ast.expr, Value]]:
    """The texts that a script's own names are bound to, when the file hands them on as input, or CASA takes them.

    Gives the assignment, the expression and its value.
    """
    if not module.is_script:
        return
    for statement in _at_module_level(module):
        target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[-1]
        alone = isinstance(statement, ast.AnnAssign) or len(statement.targets) == 1
        if not isinstance(target, ast.Name) or not alone or _OUTPUT_NAME.search(target.id):
            continue
        values = ((key, node, module.value(node)) for key, node in _texts(statement.value))
        texts = [(node, value) for key, node, value in values if _is_constant(key, value)]
        if not texts:
            continue
        own = _uses_of(module, target.id).get(statement, [])
        if isinstance(statement.value, ast.Dict) and _is_looked_up(module, statement.value, own):
            continue
        unseen = not own and target.id in CASA_FIRST and len(module.scope.bindings.get(target.id, ())) == 1
        if unseen or (own and _is_input(module, own)):
            yield from ((statement, node, value) for node, value in texts)


def _is_constant(key: str, value: Value) -> bool:
    """Whether a text is the same in every run, and its key does not say that it is an output."""
    if value.choices or value.sources - {RESULT} or _OUTPUT_NAME.search(key):
        return False
    return not any(piece.default for piece in value.pieces)


def _uses_of(module: PythonModule, name: str) -> dict[ast.AST, list[ast.Name]]:
    """Where a name is read, by the statements that may have bound it there."""
    memo = module.memo("uses of")
    if name not in memo:
        found: dict[ast.AST, list[ast.Name]] = {}
        for use in module.loads(name):
            for binding in module.bindings(use):
                found.setdefault(binding.node, []).append(use)
        memo[name] = found
    answer = memo[name]
    assert isinstance(answer, dict)
    return answer


def _at_module_level(module: PythonModule) -> Iterator[ast.Assign | ast.AnnAssign]:
    guarded = module.main_guard.body if module.main_guard is not None else []
    for statement in (*module.tree.body, *guarded):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            yield statement


def _texts(node: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """An expression that may be a path, or those of a dict's values with their keys."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, (ast.Constant, ast.BinOp, ast.Call, ast.JoinedStr)):
                yield str(key.value), value
    elif isinstance(node, (ast.Constant, ast.BinOp, ast.Call, ast.JoinedStr)):
        yield "", node


def _is_looked_up(module: PythonModule, table: ast.Dict, uses: list[ast.Name]) -> bool:
    """Whether a dict has a file for each key, and is asked for what a variable holds, or by other files."""
    indices = [p.slice for use in uses if isinstance(p := module.parent(use), ast.Subscript) and p.value is use]
    if any(isinstance(each, ast.Name) for each in indices):
        return True
    texts = [str(value.value) for value in table.values if isinstance(value, ast.Constant)]
    kinds = {text.rpartition(".")[2].lower() for text in texts}
    return not uses and len(texts) == len(table.values) > 2 and len(kinds) == 1


def _is_input(module: PythonModule, uses: list[ast.Name]) -> bool:
    """Whether nothing that becomes of a name says that it is an output, a default, or an optional file."""
    written = written_names(module)
    return all(id(use) not in written and _is_read(module, use) for use in uses[:50])


def _is_read(module: PythonModule, use: ast.Name) -> bool:
    """Whether a use hands the name to functions that may read it, and to nothing else."""
    handed = False
    for ancestor in module.ancestors(use):
        if isinstance(ancestor, ast.keyword):
            if ancestor.arg in (None, "default") or _OUTPUT_NAME.search(ancestor.arg or ""):
                return False
        elif isinstance(ancestor, ast.Call):
            handed = True
            if MAKING.search(module.code(ancestor.func)):
                return False
        elif isinstance(ancestor, ast.stmt):
            return handed and not any(_OUTPUT_NAME.search(name) for name in _bound(module, ancestor))
        elif isinstance(ancestor, (ast.Compare, ast.JoinedStr, ast.Attribute, ast.Dict)):
            return False
    return False


def _bound(module: PythonModule, statement: ast.stmt) -> list[str]:
    """What a statement binds to one name, which says what it is; of several together none need be a file."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [module.code(target) for target in targets if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))]


def name_of(value: Value) -> tuple[ast.AST, str] | None:
    """The literal that holds a file's name, and that name, when the value is no whole path and all of it is known."""
    literals = file_literals(value)
    if len(literals) != 1 or value.prefix.startswith(("http", "ftp", "s3:")):
        return None
    if _FILLED_IN.search(value.skeleton.rpartition("/")[2]):
        return None
    own = next((piece.text or "" for piece in value.pieces if piece.node is literals[0]), "")
    if own.startswith(("/", "~", "$")) or own[1:2] == ":" or "vos:" in own or " " in own:
        return None
    return literals[0], own


def words(script: Script, programs: dict[str, int], pattern: re.Pattern[str]) -> Iterator[tuple[Word, str]]:
    """The words of shell commands that name a data set to work on, each set once: the word and the file's name.

    `programs` says for each how many of the last words are no input. What the script makes itself is left out, and
    what lies in the working folder, where another command may have put it.
    """
    made: set[str] = set()
    seen: set[str] = set()
    for command in script.commands:
        given = [word for word in command.arguments if not word.head.startswith("-")]
        keep = _inputs(command, given, programs)
        for word in given:
            name, whole = _data_name(word, pattern), word.text.strip("\"'").rstrip("/*")
            if not name or command.name == "mkdir":
                continue
            if word not in keep:
                made.add(whole)
            elif whole != name and whole not in made | seen and not _is_whose(word):
                yield word, name
                seen.add(whole)
        made |= {one.target.text.strip("\"'") for one in command.redirects if one.writes}


def _inputs(command: Command, given: list[Word], programs: dict[str, int]) -> list[Word]:
    name = command.name or ""
    if name == "tar":
        flags = command.arguments[0].head if command.arguments else ""
        return given[-1:] if "x" in flags and "f" in flags else []
    last = programs.get(name)
    return [] if last is None else given[: len(given) - last]


def _data_name(word: Word, pattern: re.Pattern[str]) -> str:
    """The literal name of a data file or of a measurement set around what the word says."""
    parts = [part for part in word.tail.rstrip("/*").split("/") if part]
    name = parts[-1] if parts and ("/" in word.tail or not word.dynamic) else ""
    return name if pattern.search(name) and not re.search(r"[*?\[\]{}]", name) else ""


def _is_whose(word: Word) -> bool:
    """Whether the folder is the caller's, or an absolute one, which is another rule's."""
    if word.head.startswith(("/", "~")) or "://" in word.head or ":" in word.head:
        return True
    return any(not re.search(r"TMP|SCRATCH|PWD|HOME|WORK", name) for name in word.variables)
