"""What a project's settings say of its paths: which folders end with a session, which inputs are small."""

from __future__ import annotations

import ast
import os
import re

from canfar_lint.catalogue.rule import Rule
from canfar_lint.checks._inputs import path_of
from canfar_lint.model.python import PythonModule


def ephemeral(rule: Rule) -> re.Pattern[str]:
    """What a path that ends with the session begins with; its first group is the folder."""
    folders = "|".join(re.escape(path.rstrip("/")) for path in rule.setting("ephemeral_paths"))
    return re.compile(rf"({folders})(?:/|$)" if folders else r"(?!)()")


def is_declared_small(module: PythonModule, rule: Rule, node: ast.expr) -> bool:
    """Whether `small-inputs` names the file that is read; a hole in its name may be anything that a `*` takes."""
    patterns: tuple[str, ...] = rule.setting("small_inputs")
    if not patterns:
        return False
    from canfar_lint.settings.globs import Patterns

    text = module.value(path_of(module, node)).skeleton
    name = os.path.basename(text)
    if not name or name == "{}":
        return False
    folders = (rule.setting("root"), os.path.dirname(os.path.abspath(module.source.path)))
    known = Patterns(patterns)
    return any(known.match(name, os.path.normpath(os.path.join(folder, text))) for folder in folders)
