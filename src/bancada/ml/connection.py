"""Where the server is and which token opens it: from settings, else from the home. Talks to nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bancada.core.exceptions import as_azure
from bancada.errors import ServerUnreachable
from bancada.settings import Settings

__all__ = ["Connection", "connect"]


@dataclass(frozen=True)
class Connection:
    """A server's address and a token. is_down: the home says that its server stopped by itself."""

    url: str
    token: str
    is_down: bool = False


def connect(settings: Settings) -> Connection:
    """Return the connection in force. Raises ServerUnreachable when no server ever ran in the home."""
    recorded = {} if settings.url and settings.token else _read_record(settings.home)
    token = settings.token or _read_token(settings.home)
    url = settings.url or str(recorded.get("url") or "")
    if not url or not token:
        raise as_azure(
            ServerUnreachable(
                f"No Bancada is up in the home {settings.home}. Start it with `bancada up`.", home=str(settings.home)
            )
        )
    return Connection(url.rstrip("/"), token, is_down=not settings.url and recorded.get("stopped_at") is not None)


def _read_record(home: Path) -> dict[str, Any]:
    try:
        return json.loads((home / "server.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _read_token(home: Path) -> str:
    try:
        return (home / "token").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
