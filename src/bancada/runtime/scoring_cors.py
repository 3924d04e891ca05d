"""The header fields that let pages of other origins read an answer (CORS), as Azure's inference server sends them.

Standard library only, Python 3.8+.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Tuple

from .scoring_settings import is_pattern

__all__ = ["Cors"]

_METHODS = ("GET", "POST")


class Cors:
    """Knows the origins of AML_CORS_ORIGINS: each one an origin, a regular expression, or `*`."""

    def __init__(self, origins: List[str]) -> None:
        self._literal = sorted(one for one in origins if not is_pattern(one))
        patterns = [".*" if one == "*" else one for one in origins if is_pattern(one)]
        self._patterns = [re.compile(one, re.IGNORECASE) for one in patterns]
        self._any = "*" in origins
        self._varies = len(origins) > 1 or bool(patterns)

    def fields(self, method: str, headers: Mapping[str, str]) -> List[Tuple[str, str]]:
        """Return what is added to the answer to a request with these headers (names in lower case)."""
        allowed = self._allowed(headers.get("origin", ""))
        if not allowed:
            return []
        found = [("access-control-allow-origin", one) for one in allowed]
        if method == "OPTIONS" and headers.get("access-control-request-method", "").upper() in _METHODS:
            found += self._preflight(headers)
        if self._varies and allowed != ["*"]:
            found.append(("vary", "Origin"))
        return found

    def _allowed(self, origin: str) -> List[str]:
        if not origin:
            return ["*"] if self._any else self._literal[:1]
        known = any(one.casefold() == origin.casefold() for one in self._literal)
        return [origin] if known or any(one.match(origin) for one in self._patterns) else []

    def _preflight(self, headers: Mapping[str, str]) -> List[Tuple[str, str]]:
        asked = [one.strip() for one in headers.get("access-control-request-headers", "").split(",") if one.strip()]
        found: Dict[str, str] = {"access-control-allow-methods": ", ".join(_METHODS)}
        if asked:
            found["access-control-allow-headers"] = ", ".join(sorted(asked))
        return list(found.items())
