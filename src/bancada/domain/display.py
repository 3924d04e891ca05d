"""How entities show themselves: as text that reads like YAML, and as a table in notebooks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

__all__ = ["as_html", "as_text", "without_empty"]

_PLAIN = re.compile(r"[A-Za-z_./$][\w ./:@$+\-=]*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "~"}


def without_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document without None, empty mappings and empty lists at its top level."""
    return {key: value for key, value in document.items() if value not in (None, {}, [])}


def as_text(value: Any, indent: int = 0) -> str:
    """Return a JSON value in YAML's look, long texts whole."""
    return "\n".join(_lines(value, indent))


def _lines(value: Any, indent: int) -> Iterable[str]:
    space = "  " * indent
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        for key, one in items.items():
            yield from _entry(f"{space}{key}:", one, indent)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _entry(f"{space}-", one, indent)
    else:
        yield space + _scalar(value)


def _entry(head: str, value: Any, indent: int) -> Iterable[str]:
    if isinstance(value, (Mapping, list)) and value:
        yield head
        yield from _lines(value, indent + 1)
    elif isinstance(value, str) and "\n" in value:
        yield f"{head} |"
        yield from ("  " * (indent + 1) + line for line in value.rstrip("\n").split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED and ": " not in value:
        return value.rstrip() if value == value.strip() else json.dumps(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def as_html(title: str, document: Mapping[str, Any], links: Mapping[str, str] | None = None) -> str:
    """Return a small HTML table of the document's top level; `links` maps a label to an address."""
    rows = [
        f"<tr><th style='text-align:left;vertical-align:top'>{html.escape(str(key))}</th>"
        f"<td style='text-align:left'><pre style='margin:0'>{html.escape(_cell(value))}</pre></td></tr>"
        for key, value in document.items()
    ]
    for label, address in (links or {}).items():
        anchor = f"<a href='{html.escape(address, quote=True)}' target='_blank'>{html.escape(address)}</a>"
        rows.append(f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{anchor}</td></tr>")
    return f"<table><caption>{html.escape(title)}</caption>{''.join(rows)}</table>"


def _cell(value: Any) -> str:
    return as_text(value) if isinstance(value, (Mapping, list)) else str(value)
