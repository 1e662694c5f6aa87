"""Run every command that a guide shows, and hold what it prints against what the guide says it prints.

python docs/commands.py           writes into the guides what has changed
python docs/commands.py --check   says which guides are stale, and exits 1 when one is

Commands stand in `console` blocks behind `$ `, their output follows. Each guide starts in a copy of `examples/messy`
of its own; a block with a title, ```` ```toml title="pyproject.toml" ````, is a file that is written there first.
Where one says `rev: COMMIT`, it is this repository as it is now that is meant.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PLACEHOLDER, COMMIT = "URL-OF-THIS-REPOSITORY", "rev: COMMIT"
_BLOCK = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^(?P=indent)```$', re.M | re.S
)

_OF_THIS_SESSION = ("PYTHON", "GIT_", "CANFAR_LINT_", "PRE_COMMIT", "NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_")
_SOMEBODY = ("-c", "user.name=you", "-c", "user.email=you@example.org")
_PROGRAM = """\
#!{python}
import sys
sys.path.insert(0, {root!r})
from canfar_lint.cli import main
raise SystemExit(main())
"""


@cache
def _cache_folder() -> tempfile.TemporaryDirectory[str]:
    """One for all guides, so that the rules are compiled once."""
    return tempfile.TemporaryDirectory()


@cache
def _snapshot() -> tuple[Path, str]:
    """A repository of these files as they are now, committed or not, for pre-commit to take; and its commit."""
    target = Path(_cache_folder().name) / "repository"
    listed = _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    for words in (["init", "--quiet"], ["add", "--all"], [*_SOMEBODY, "commit", "--quiet", "--message", "now"]):
        _git(target, *words)
    return target, _git(target, "rev-parse", "HEAD").strip()


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def guides() -> list[Path]:
    """The README and all hand-written pages."""
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


class Desk:
    """A home with the pipeline `m31` in it, where the commands of one guide are run one after the other."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "m31"
        shutil.copytree(ROOT / "examples" / "messy", self.folder)
        program = home / ".local" / "bin" / "canfar-lint"
        program.parent.mkdir(parents=True)
        program.write_text(_PROGRAM.format(python=sys.executable, root=str(ROOT)))
        program.chmod(0o755)

    def run(self, command: str) -> str:
        """What a command prints, errors as well, as it would look in the home folder of somebody called you."""
        search = [self.home / ".local" / "bin", Path(sys.executable).parent, os.environ["PATH"]]
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OF_THIS_SESSION)}
        environment = inherited | {
            "PATH": os.pathsep.join(map(str, search)),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "XDG_CACHE_HOME": _cache_folder().name,
            "XDG_CONFIG_HOME": str(self.home / ".config"),
        }
        for who in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{who}_NAME": "you", f"GIT_{who}_EMAIL": "you@example.org"}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = done.stdout.replace(str(self.home.resolve()), "/home/you")
        said = said.replace(str(Path(_cache_folder().name) / "repository"), PLACEHOLDER)
        return re.sub(r"[ \t]+$", "", said, flags=re.M)

    def write(self, name: str, text: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if COMMIT in text:
            folder, commit = _snapshot()
            text = text.replace(COMMIT, f"rev: {commit}").replace(PLACEHOLDER, str(folder))
        target.write_text(text, "utf-8")


def commands(body: str) -> Iterator[str]:
    """The commands of a `console` block; a line that begins with `> ` goes on with the one before."""
    lines: list[str] = []
    for line in body.splitlines():
        if line.startswith("> ") and lines:
            lines.append(line[2:])
            continue
        if lines:
            yield "\n".join(lines)
        lines = [line[2:]] if line.startswith("$ ") else []
    if lines:
        yield "\n".join(lines)


def as_run(text: str, desk: Desk) -> str:
    """A guide with the output that its commands really have."""

    def renewed(block: re.Match[str]) -> str:
        indent, body = block["indent"], block["body"]
        plain = re.sub(rf"^{indent}", "", body, flags=re.M)
        if block["title"]:
            desk.write(block["title"], plain)
        if block["language"] != "console":
            return block[0]
        shown = "".join("$ " + each.replace("\n", "\n> ") + "\n" + desk.run(each) for each in commands(plain))
        lines = [f"{indent}{line}" if line else "" for line in shown.rstrip("\n").splitlines()]
        return "\n".join([f"{indent}```console", *lines, f"{indent}```"])

    return _BLOCK.sub(renewed, text)


def renewed(page: Path) -> str:
    """A page as it must be."""
    text = page.read_text("utf-8")
    if "```console" not in text:
        return text
    with tempfile.TemporaryDirectory() as home:
        return as_run(text, Desk(Path(home) / "you"))


def main(arguments: list[str]) -> int:
    stale = False
    for page in guides():
        text = renewed(page)
        if text == page.read_text("utf-8"):
            continue
        stale = True
        print(page.relative_to(ROOT))
        if "--check" not in arguments:
            page.write_text(text, "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
