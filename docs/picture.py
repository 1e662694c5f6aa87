"""Draw `docs/picture.svg`: what canfar-lint really prints about the example pipeline.

python docs/picture.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "picture.svg"
COMMAND = "canfar-lint"
COLUMNS = 112

FRAME = """\
<svg xml:space="preserve" class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own frame without the font that it fetches from a server."""


def output() -> str:
    """The real output for the example as a project of its own, with colours."""
    with tempfile.TemporaryDirectory() as home:
        return _said(shutil.copytree(ROOT / "examples" / "messy", Path(home) / "m31"))


def _said(folder: Path) -> str:
    environment = os.environ | {"FORCE_COLOR": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "canfar_lint", "check", "--color", "always", "--output-format", "concise", "."]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 1:
        raise SystemExit(f"canfar-lint exited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def draw(text: str) -> str:
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text(f"~/m31 $ {COMMAND} .", style="bold"))
        console.print(Text.from_ansi(text))
        return console.export_svg(title="canfar-lint", theme=SVG_EXPORT_THEME, code_format=FRAME)


if __name__ == "__main__":
    PICTURE.write_text(draw(output()), "utf-8")
