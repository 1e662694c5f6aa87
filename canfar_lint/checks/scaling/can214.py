"""Numbers of workers written into a script, where the request should say them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from canfar_lint.catalogue import load
from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._threads import Setting, hands_on_request, literal_of, number_of, settings
from canfar_lint.diagnostic import UNSAFE, Edit, Finding, Fix, Question
from canfar_lint.model.python import PythonModule

if TYPE_CHECKING:
    from canfar_lint.checks._shell_threads import Setting as ShellSetting
    from canfar_lint.model.shell import Script

# what a number is only counted to, or shown, by
_COUNTING = ("builtins.range", "builtins.print", "builtins.str", "numpy.arange", "numpy.linspace", "builtins.len")


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    question = Question("unrequested", module.source.path)
    for setting in (
        *settings(module, load().rules["CAN211"].body["tables"]),
        *_keywords(module, rule),
        *_names(module, rule),
    ):
        if setting.number > 1 and setting.node not in seen and not _is_default(module, setting.node):
            seen.add(setting.node)
            what, number, fix = setting.what, setting.number, _fix(module, rule, setting)
            yield rule.finding(module.span(setting.node), what=what, number=number, question=question, fix=fix)


def _fix(module: PythonModule, rule: Rule, setting: Setting) -> Fix | None:
    """The request's number, with the author's where nothing is requested."""
    from canfar_lint.fixing.python import can_import, fix, replaced

    node = setting.node
    if not isinstance(node, ast.Constant) or not _is_size(module, rule, node) or not can_import(module, "os", node):
        return None
    if not hands_on_request(module, node):
        return None
    code = f'os.environ.get("OMP_NUM_THREADS", "{setting.number}")'
    if not isinstance(node.value, str):
        code = f"int({code})"
    return fix("Use the requested cores", replaced(module, node, code), UNSAFE, ("os",))


def _is_size(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether a number is nothing but a number of workers: given as one, or bound to a name that says so."""
    parent = module.parent(node)
    if isinstance(parent, ast.Call):
        # what the environment says comes first there already
        return node in parent.args and not module.qualified(parent.func).endswith("environ.setdefault")
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
        named = isinstance(target, ast.Name) and re.search(rule.table("names"), target.id) is not None
        return named or isinstance(target, ast.Subscript)
    return isinstance(parent, ast.keyword)


def _keywords(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    names = frozenset(rule.table("keywords"))
    not_here = frozenset(rule.table("not_here"))
    for call in module.all_calls:
        for keyword in call.keywords:
            if keyword.arg in names:
                number = number_of(module, keyword.value)
                if number is not None and not not_here & set(module.qualified_all(call.func)):
                    yield Setting(f"{keyword.arg}", number, literal_of(module, keyword.value))


def _names(module: PythonModule, rule: Rule) -> Iterator[Setting]:
    """`num_workers = 5` at module level, handed to something later."""
    wanted = re.compile(rule.table("names"))
    handed = {
        a.id
        for c in module.all_calls
        if module.qualified(c.func) not in _COUNTING
        for a in (*c.args, *(k.value for k in c.keywords))
        if isinstance(a, ast.Name)
    }
    for name, bindings in module.scope.bindings.items():
        if len(bindings) != 1 or name not in handed or not wanted.search(name):
            continue
        value = bindings[0].value
        if bindings[0].kind == "assign" and isinstance(value, ast.Constant) and type(value.value) is int:
            yield Setting(name, value.value, value)


def _is_default(module: PythonModule, node: ast.AST) -> bool:
    """Whether a number stands as the default of a parameter or option."""
    parent = module.parent(node)
    if isinstance(parent, ast.arguments):
        return True
    return isinstance(parent, ast.keyword) and parent.arg == "default"


def check_shell(script: Script, rule: Rule) -> Iterator[Finding]:
    from canfar_lint.checks._scripts import JOB, made_by_hand
    from canfar_lint.checks._shell_threads import settings as shell_settings

    if script.context not in (*JOB, "literal") or made_by_hand(script):
        return
    question = Question("unrequested", script.path)
    for setting in shell_settings(script, load().rules["CAN211"].body["tables"]):
        if setting.number > 1:
            variant = "platform" if setting.what == "OMP_NUM_THREADS" else "shell"
            what, number = setting.what, setting.number
            fix = _in_shell(script, setting)
            yield rule.finding(setting.word.span, variant=variant, what=what, number=number, question=question, fix=fix)


def _in_shell(script: Script, setting: ShellSetting) -> Fix | None:
    from canfar_lint.checks._shell_threads import hands_on_request as hands_on_request_in_shell

    word = setting.word
    if not hands_on_request_in_shell(script):
        return None
    if script.context not in ("file", "cell") or word.text != str(setting.number):
        return None
    at = word.start - script.start
    if word.end - word.start != len(word.text) or script.text[at : at + len(word.text)] != word.text:
        return None
    line = script.text[script.text.rfind("\n", 0, at) + 1 : at]
    if "'" in line or '"' in line:
        return None
    return Fix("Use the requested cores", (Edit(*word.span, f'"${{OMP_NUM_THREADS:-{setting.number}}}"'),), UNSAFE)
