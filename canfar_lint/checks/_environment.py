"""Names of environment variables that a script can be given its values by."""

from __future__ import annotations

import ast
import re

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


def variable_for(module: PythonModule, node: ast.expr) -> str | None:
    """The variable for the value that is bound to one name: `DATA_DIR` for `data_dir = …`; None when that is not plain.

    The name must be bound only once, and the file must not speak of such a variable already.
    """
    parent = module.parent(node)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1 or not isinstance(parent.targets[0], ast.Name):
        return None
    target = parent.targets[0].id
    name = target.strip("_").upper()
    bound = [scope.bindings[target] for scope in module.scopes.values() if target in scope.bindings]
    if len(bound) != 1 or len(bound[0]) != 1 or not is_free(name):
        return None
    return None if re.search(rf"""["'$]{name}\b""", module.text) else name
