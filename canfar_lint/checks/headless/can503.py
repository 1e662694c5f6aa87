"""Window toolkits and clients of desktop programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._choice import left_to_user
from canfar_lint.checks.headless._showing import is_typed, is_viewer
from canfar_lint.diagnostic import Finding, Question
from canfar_lint.model.python import PythonModule

_FAILURES = ("ImportError", "ModuleNotFoundError", "RuntimeError", "TclError")


_OF_PYTHON_3 = re.compile(r"\bPY3\b|version_info(\[0\]|\.major)?\s*(>=?\s*\(?[23]|==\s*\(?3)")

# parts of one toolkit
_TK = ("tkinter", "Tkinter", "tkMessageBox", "tkFileDialog", "PIL.ImageTk", "customtkinter")

# where an editor looks for a name that it does not know
_GUESSED = ("tkinter", "Tkinter", "turtle")

# files of windows: whoever imports them is asked, not they
_OF_WINDOWS = (
    r"(?i)(^|[/_])(gui|guis|tk|qt|wx|widgets?|dialogs?|viewers?|windows?|display)([/_.]|$)|(gui|tk|qt|widgets?)\.py$"
)

_FOR_WINDOWS = re.compile(
    r"gui|window|show|display|view|interact|dialog|select|choose|pick|plot|ask|popup|inspect|ds9|progress|browse",
    re.IGNORECASE,
)


def check_python(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    if is_viewer(module):
        return  # windows in a program of their own: what the rule asks for
    yield from _imports(module, rule)
    for table, variant in (("connects", "hub"), ("opens", None)):
        for instead, names in rule.table(table).items():
            for call in module.calls(frozenset(names)):
                if _runs(module, call):
                    yield rule.finding(module.span(call), variant=variant, module=module.code(call), instead=instead)


def _imports(module: PythonModule, rule: Rule) -> Iterator[Finding]:
    """The first import of each toolkit."""
    seen: set[str] = set()
    for name, node in sorted(_imported(module), key=lambda found: module.span(found[1])):
        toolkit = _listed(name, rule.table("toolkits"))
        remote = "" if toolkit else _listed(name, rule.table("remotes"))
        found = toolkit or remote
        if not found or found in seen or _optional(module, node):
            continue
        part = name.removeprefix(toolkit).lstrip(".").partition(".")[0]
        windowless = "windowless" if toolkit in rule.table("qt") else "tk_windowless" if toolkit in _TK else ""
        if windowless and part in rule.table(windowless):
            continue
        if name.startswith(tuple(rule.table("without_window"))):
            continue
        if toolkit in _GUESSED and _is_guess(module, node):
            continue
        if toolkit and _is_library_of_windows(module, toolkit):
            continue
        seen.add(found)
        table, variant = ("toolkits", None) if toolkit else ("remotes", "hub")
        instead, question = rule.table(table)[found], Question("own-module", found.partition(".")[0])
        yield rule.finding(module.span(node), variant=variant, module=found, instead=instead, question=question)


def _runs(module: PythonModule, call: ast.Call) -> bool:
    """Whether a call that opens something runs with the program, without being asked for or tried."""
    if (
        left_to_user(module, call)
        or is_typed(module, call)
        or module.in_try(call, "SAMPHubError", "TclError", "ValueError")
    ):
        return False
    function = module.function_of(call)
    if module.on_main_path(call):
        return True
    return not module.is_script and function is not None and not _FOR_WINDOWS.search(function.name)


def _is_library_of_windows(module: PythonModule, toolkit: str) -> bool:
    """Whether a file only offers windows: classes made from the toolkit's, or a name that says so."""
    if module.is_script:
        return False
    if module.source.lies_in(_OF_WINDOWS):
        return True
    bases = [base for node in module.scopes if isinstance(node, ast.ClassDef) for base in node.bases]
    family = _TK if toolkit in _TK else (toolkit,)
    return any(name.startswith(family) for base in bases for name in module.qualified_all(base))


def _is_guess(module: PythonModule, node: ast.AST) -> bool:
    """Whether an import brings in names that nothing here uses, or letters for the sides of a window: `E`, `END`."""
    bound = [binding for binding in module.imports if binding.node is node]
    if not isinstance(node, ast.ImportFrom) or not bound:
        return False
    used = (name.ctx for binding in bound for name in module.named(binding.name) if not binding.name.isupper())
    return not any(isinstance(context, ast.Load) for context in used)


def _imported(module: PythonModule) -> Iterator[tuple[str, ast.AST]]:
    """Every name that an import statement brings in, star imports by their module."""
    for binding in module.imports:
        names = [alias.name for alias in binding.node.names] if isinstance(binding.node, ast.Import) else []
        for name in names or [binding.qualified]:
            yield name, binding.node
    for statement in module.tree.body:
        if isinstance(statement, ast.ImportFrom) and not statement.level and statement.names[0].name == "*":
            yield statement.module or "", statement


def _listed(name: str, table: dict[str, str]) -> str:
    """The entry of the table that is the module or one above it."""
    while name:
        if name in table:
            return name
        name = name.rpartition(".")[0]
    return ""


def _optional(module: PythonModule, node: ast.AST) -> bool:
    """Whether the import is tried, asked for, for types alone, or inside a function that may never run."""
    if module.function_of(node) is not None and not _sure(module, node):
        return True
    if module.in_try(node, *_FAILURES) or left_to_user(module, node):
        return True
    tests = [(module.code(test), wanted) for test, wanted in module.guards(node)]
    if any(_OF_PYTHON_3.search(code) and not wanted for code, wanted in tests):
        return True  # Python 2's way
    return any("TYPE_CHECKING" in code or "sys.argv" in code for code, _ in tests)


def _sure(module: PythonModule, node: ast.AST) -> bool:
    """Whether the function an import stands in is the program's main one."""
    function = module.function_of(node)
    return function is not None and function.name == "main" and module.on_main_path(node)
