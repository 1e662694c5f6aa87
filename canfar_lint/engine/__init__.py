"""From files to findings: what happens to one file, and how a run puts many together."""

from canfar_lint.engine.file import FileResult, Profile, lint_bytes
from canfar_lint.engine.run import RunResult, run

__all__ = ["FileResult", "Profile", "RunResult", "lint_bytes", "run"]
