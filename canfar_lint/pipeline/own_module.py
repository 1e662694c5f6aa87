"""Is what a file imports a module of the project's own, called like a known package?"""

from __future__ import annotations

import os
import re

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless the tree has a module or a package of that name."""
    question = diagnostic.question
    assert question is not None
    name, tree = question.subject, project.tree
    if any(tree.beside(diagnostic.path, each) for each in (f"{name}.py", f"{name}/__init__.py")):
        return None
    files = tree.called(re.compile(rf"{re.escape(name)}\.py|__init__\.py"))
    own = (f"{os.sep}{name}.py", f"{os.sep}{name}{os.sep}__init__.py")
    return None if any(path.endswith(own) for path in files) else diagnostic
