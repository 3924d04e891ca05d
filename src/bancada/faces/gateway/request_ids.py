"""Random ids for requests that come without one. Not for anything secret."""

from __future__ import annotations

import os

__all__ = ["fresh_id"]

# One system call for many ids: `uuid.uuid4()` makes one for each and costs more than parsing a request's head.
_DRAWN = 4096
_pool = b""
_at = 0


def fresh_id() -> str:
    """Return a random UUID (version 4) as text."""
    global _pool, _at
    if _at >= len(_pool):
        _pool, _at = os.urandom(_DRAWN), 0
    drawn = _pool[_at : _at + 16].hex()
    _at += 16
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{'89ab'[int(drawn[16], 16) & 3]}{drawn[17:20]}-{drawn[20:]}"
