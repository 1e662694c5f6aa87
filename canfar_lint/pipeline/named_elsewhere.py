"""Does another file of the tree name what a file only gives a value?"""

from __future__ import annotations

import os
import re

from canfar_lint.diagnostic import Diagnostic
from canfar_lint.pipeline.join import Project

_SOURCES = re.compile(r".*\.(py|ipynb)")
# files of a tree that are looked through
_MOST = 1000


def answer(diagnostic: Diagnostic, project: Project) -> Diagnostic | None:
    """The finding, unless the tree has other Python files, all are known, and none has the name among its words."""
    question = diagnostic.question
    assert question is not None
    files = {os.path.abspath(path): path for path in project.tree.called(_SOURCES)}
    own = files.pop(os.path.abspath(diagnostic.path), None)
    if own is None or not 0 < len(files) <= _MOST:
        return diagnostic
    word = re.compile(rb"\b%s\b" % re.escape(question.subject).encode())
    texts = (project.tree.content(path) for path in files.values())
    return diagnostic if any(text is None or word.search(text) for text in texts) else None
