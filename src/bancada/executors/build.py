"""`python -m bancada.executors.build <request.json> <result.json>`: one environment build as a process of its own.

Progress lines go to stdout. Exit status 0: `result.json` has `{"environment": …}`; 3: it has the error document.
`request.json` is an environment request, or `{"request": …, "cache": …, "index": …, "download_python": …}`; what is
missing comes from the settings. Not for deciding when to build.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bancada.errors import BancadaError, Internal, error_document
from bancada.executors.environments import BuildOptions, EnvironmentRequest, build
from bancada.settings import load_settings

__all__ = ["FAILED", "main", "order_document"]

FAILED = 3


def order_document(
    request: EnvironmentRequest, cache: Path, *, index: str = "", download_python: bool = True
) -> dict[str, Any]:
    """Return the content of `request.json` for a build that shall not depend on the process's own settings."""
    order = {"request": request.document(), "cache": str(cache), "index": index}
    return order | {"download_python": download_python}


def main(arguments: Sequence[str]) -> int:
    """Build what the first file asks for, write the result to the second one, return the exit status."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m bancada.executors.build <request.json> <result.json>\n")
        return 2
    asked, result = Path(arguments[0]), Path(arguments[1])
    try:
        document = _build(json.loads(asked.read_text(encoding="utf-8")))
    except BancadaError as error:
        _log(f"Error: {error.message}")
        _write(result, error_document(error))
        return FAILED
    except Exception as error:  # a process's edge: whoever waits for the result needs a reason
        _write(result, error_document(Internal(f"The build broke: {type(error).__name__}: {error}")))
        raise
    _write(result, document)
    return 0


def _build(order: Mapping[str, Any]) -> dict[str, Any]:
    settings = load_settings()
    request = EnvironmentRequest.from_document(order.get("request", order))
    cache = Path(order.get("cache") or settings.cache)
    options = BuildOptions(
        index=str(order.get("index") or settings.uv_index),
        download_python=bool(order.get("download_python", True)),
    )
    return {"environment": build(request, cache, _log, options).document()}


def _log(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write(path: Path, document: Mapping[str, Any]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(document, indent=1), encoding="utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
