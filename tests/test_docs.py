"""What is generated from the rules is as the rules say."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    path = ROOT / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh(generate: ModuleType) -> None:
    assert [str(path.relative_to(ROOT)) for path in generate.stale()] == [], "run: python docs/generate.py"


def test_a_change_makes_them_stale(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {tmp_path / path.name: text for path, text in generate.generated().items()}
    for path, text in files.items():
        path.write_text(text, "utf-8")
    monkeypatch.setattr(generate, "PAGES", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: files)
    (tmp_path / "README.md").rename(tmp_path / "README.txt")
    assert generate.stale() == [tmp_path / "README.md"]
    (tmp_path / "README.txt").rename(tmp_path / "README.md")
    assert generate.stale() == []
    (tmp_path / "CAN001.md").write_text("changed by hand")
    (tmp_path / "CAN999.md").write_text("a rule that was removed")
    assert generate.stale() == [tmp_path / "CAN001.md", tmp_path / "CAN999.md"]


def test_every_rule_has_a_page_and_a_row(generate: ModuleType) -> None:
    files = generate.generated()
    readme = files[ROOT / "README.md"]
    for path in sorted((ROOT / "rules").glob("*/*.yaml")):
        code, name = path.stem.split("-", 1)
        text = files[generate.PAGES / f"{code}.md"]
        assert text.startswith(f"# {name} ({code})\n")
        for heading in ("## Why", "## What to do instead", "## Sources"):
            assert f"\n{heading}\n" in text
        assert f"| [{code}](docs/rules/{code}.md) {name} |" in readme


def test_pages_hold_nothing_of_the_notation(generate: ModuleType) -> None:
    for path, text in generate.generated().items():
        assert not re.search("[«»\r\f\ufeff]", text) or path.name == "README.md"
        fences = re.findall(r"^`{3,}", text, re.M)
        assert len(fences) % 2 == 0, path


def test_sources_can_be_looked_up(generate: ModuleType) -> None:
    for path in sorted(generate.PAGES.glob("CAN*.md")):
        sources = path.read_text("utf-8").split("\n## Sources\n")[1]
        assert re.search(r"\w", sources), path
        # notes of whoever wrote the rules mean nothing to whoever reads them
        assert not re.search(r"\b(guideline|platform|rules|docker|design) \d|\bguideline,", sources), path
