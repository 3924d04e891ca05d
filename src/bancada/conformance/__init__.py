"""Test classes that ship with the package: each is the contract of one extension point. Needs pytest."""

from __future__ import annotations

__all__: list[str] = []
