"""Names of environment variables that a script can be given its values by."""

from __future__ import annotations

import ast
import re

from canfar_lint.diagnostic import UNSAFE, Fix
from canfar_lint.model.python import PythonModule

# what a shell, the platform or a library sets for itself
_TAKEN = re.compile(
    r"PATH|HOME|USER|USERNAME|LOGNAME|SHELL|PWD|OLDPWD|TERM|DISPLAY|LANG|LANGUAGE|MAIL|HOST|HOSTNAME|EDITOR|PAGER|PS1|IFS|"
    r"TMP|TEMP|TMPDIR|TEMPDIR|TZ|UID|SHLVL|PYTHON\w*|LD_\w*|LC_\w*|XDG_\w*|CONDA\w*|VIRTUAL_ENV|SKAHA\w*|CANFAR\w*|"
    r"REPLICA_\w*|\w*_THREADS|MPLBACKEND|DATE|TIME|PORT|MODE|DEBUG|SYSTEM|OS|CI|NAME|ID|TOKEN|PASSWORD"
)


def is_free(name: str) -> bool:
    """Whether a variable of that name is likely to mean what a script means by it, and nothing else."""
    return re.fullmatch(r"[A-Z][A-Z0-9_]{2,}", name) is not None and not _TAKEN.fullmatch(name)


def bound_name(module: PythonModule, node: ast.expr) -> str | None:
    """The one name that a value is bound to, which nothing else in the file is bound to."""
    parent = module.parent(node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return None
    target = parent.targets[0].id
    bound = [scope.bindings[target] for scope in module.scopes.values() if target in scope.bindings]
    return target if len(bound) == 1 and len(bound[0]) == 1 else None


def variable_for(module: PythonModule, node: ast.expr) -> str | None:
    """The variable for the value that is bound to one name: `DATA_DIR` for `data_dir = …`; None when that is not plain.

    The name must be bound only once, and the file must not speak of such a variable already.
    """
    name = (bound_name(module, node) or "").strip("_").upper()
    return name if is_free(name) and not re.search(rf"""["'$]{name}\b""", module.text) else None


def taken_by(module: PythonModule, node: ast.expr, functions: tuple[str, ...]) -> ast.Call | None:
    """The call of one of the functions that takes `node` and nothing else."""
    parent = module.parent(node)
    if not isinstance(parent, ast.Call) or parent.args != [node] or parent.keywords:
        return None
    return parent if module.qualified(parent.func) in functions else None


def overridable(module: PythonModule, node: ast.Constant, makers: tuple[str, ...], called: str = "") -> Fix | None:
    """A literal as a default: of an option where the file has a parser, else of an environment variable.

    Named as what is bound: the literal, or what one of the functions `makers` makes of it; `called` names what is not.
    """
    from canfar_lint.checks._options import Wanted, has_parser, option
    from canfar_lint.fixing.python import can_import, fix, wrapped

    bound = taken_by(module, node, makers) or node
    if has_parser(module):
        target = called or bound_name(module, bound)
        if target is None or module.loops(node):
            return None
        return option(module, Wanted(node, target.strip("_").lower(), target, module.code(node)))
    free = called and not re.search(rf"\b{called.upper()}\b", module.text)
    name = called.upper() if free else variable_for(module, bound)
    if name is None or module.loops(node) or not can_import(module, "os", node):
        return None
    edits = wrapped(module, node, f'os.environ.get("{name}", ', ")")
    return fix(f"Take it from `{name}` when that is set", edits, UNSAFE, ("os",))
