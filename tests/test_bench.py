"""The benchmarks run, and their table says what it is to say. How fast anything is here is not judged."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def rows(*arguments: str) -> list[list[str]]:
    """The cells of each row of the table."""
    command = [sys.executable, ROOT / "scripts" / "bench_all.py", "--rounds", "1", "--seconds", "0.5", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_goal_has_a_figure_beside_its_target() -> None:
    found = rows("--only", "F5", "F8", "bad", "--size", "0.02")
    assert {row[0] for row in found} == {"F5", "F6", "F7", "F8", "F13", "–"}
    for goal, what, target, figure, met in found:
        assert what and target and re.search(r"\d", figure), (goal, what, figure)
        assert met in {"✓", "✗"}, (goal, what, figure)


def test_the_document_has_a_place_for_the_table() -> None:
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert re.search(r"<!-- table -->.*<!-- end -->", text, re.DOTALL)
