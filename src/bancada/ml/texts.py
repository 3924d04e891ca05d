"""Reads the text files that users name. Not for what is in them."""

from __future__ import annotations

from pathlib import Path

from bancada.errors import Invalid, Problem

__all__ = ["decoded", "read_text"]


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8. Raises Invalid when it is none."""
    return decoded(path.read_bytes(), str(path))


def decoded(content: bytes, source: str | None) -> str:
    """Return bytes in UTF-8 as text, with or without the mark that Windows puts first. Raises Invalid."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        text = f"this is not text in UTF-8 (it has the byte 0x{content[reason.start]:02x}). Save the file as UTF-8."
        raise Invalid.of([Problem("", text, line)], source=source) from reason
