"""The reference of the command line is made from the commands, and the committed file is what is made."""

from __future__ import annotations

from pathlib import Path

from bancada.cli import COMMANDS
from bancada.cli.reference import text

FILE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def test_the_committed_file_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m bancada.cli.reference`"


def test_every_command_is_in_it():
    page = text()
    for name in COMMANDS:
        assert f"## bancada {name}\n" in page
    assert "### bancada job create\n" in page
