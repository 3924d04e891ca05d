"""The request and response that a `@rawhttp` script sees when Flask is not in its environment.

They have the attributes of Flask's that scoring scripts use; with Flask installed, its own classes are used
instead (see `azureml_compat.py`). Standard library only, Python 3.8+.
"""

from __future__ import annotations

import codecs
import io
import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Union
from urllib.parse import parse_qsl, quote

__all__ = ["Args", "Headers", "RawRequest", "RawResponse", "parse_query"]

Pair = Tuple[str, str]


def _as_it_came(reason: UnicodeError) -> Tuple[str, int]:
    if not isinstance(reason, UnicodeDecodeError):
        raise reason
    return quote(reason.object[reason.start : reason.end], safe=""), reason.end


# What is no UTF-8 in a query stays escaped, as Flask leaves it.
codecs.register_error("bancada.as_it_came", _as_it_came)


def parse_query(text: str) -> List[Pair]:
    """Return the names and values of a query or a form, also those without a value."""
    return parse_qsl(text, keep_blank_values=True, errors="bancada.as_it_came")


class Headers:
    """Header fields: names match in any case, a name may occur more than once, order is kept."""

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        self._pairs: List[Pair] = []
        for name, value in pairs:
            self.add(name, value)

    def get(self, name: str, default: Any = None, type: Any = None) -> Any:
        """Return the first value of a name, converted by `type` when given; else the default."""
        for known, value in self._pairs:
            if known.lower() == name.lower():
                return _converted(value, default, type)
        return default

    def getlist(self, name: str) -> List[str]:
        """Return all values of a name."""
        return [value for known, value in self._pairs if known.lower() == name.lower()]

    get_all = getlist

    def add(self, name: str, value: Any) -> None:
        """Add a field beside those of the same name. Raises ValueError on a line break in it."""
        text = str(value)
        if any(mark in name or mark in text for mark in "\r\n"):
            raise ValueError("A header field must not contain line breaks: %r" % name)
        self._pairs.append((str(name), text))

    add_header = add

    def set(self, name: str, value: Any) -> None:
        """Replace all fields of a name by one."""
        self.remove(name)
        self.add(name, value)

    def __setitem__(self, name: str, value: Any) -> None:
        self.set(name, value)

    def remove(self, name: str) -> None:
        """Remove all fields of a name, if any."""
        self._pairs = [one for one in self._pairs if one[0].lower() != name.lower()]

    __delitem__ = remove

    def __getitem__(self, name: str) -> str:
        values = self.getlist(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name: object) -> bool:
        return bool(self.getlist(str(name)))

    def __iter__(self) -> Iterator[Pair]:
        return iter(list(self._pairs))

    def __len__(self) -> int:
        return len(self._pairs)

    def items(self) -> List[Pair]:
        """Return all fields in order."""
        return list(self._pairs)

    def keys(self) -> List[str]:
        """Return the names in order."""
        return [name for name, _ in self._pairs]

    def values(self) -> List[str]:
        """Return the values in order."""
        return [value for _, value in self._pairs]

    def __repr__(self) -> str:
        return "Headers(%r)" % self._pairs


class Args(Dict[str, str]):
    """Query parameters: as a dict the first value of each name; `getlist` has all of them."""

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self._lists: Dict[str, List[str]] = {}
        for name, value in parse_query(query):
            self._lists.setdefault(name, []).append(value)
            self.setdefault(name, value)

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:
        """Return the first value of a name, converted by `type` when given; else the default."""
        return _converted(self[key], default, type) if key in self else default

    def getlist(self, key: str) -> List[str]:
        """Return all values of a name."""
        return list(self._lists.get(key, ()))

    def to_dict(self, flat: bool = True) -> Dict[str, Any]:
        """Return a plain dict: first values, or lists of all values when not flat."""
        return dict(self) if flat else {name: list(values) for name, values in self._lists.items()}


class RawRequest:
    """One HTTP request as `run(request)` gets it: method, path, headers, args, data, get_json …"""

    def __init__(
        self,
        method: str = "GET",
        path: str = "/score",
        query: str = "",
        headers: Iterable[Pair] = (),
        data: bytes = b"",
    ) -> None:
        self.method = method
        self.path = path
        self.query_string = query.encode("latin-1", "replace")
        self.headers = Headers(headers)
        self.args = Args(query)
        self.data = data
        self.environ: Dict[str, Any] = {}

    @property
    def full_path(self) -> str:
        """The path with its query."""
        return "%s?%s" % (self.path, self.query_string.decode("latin-1"))

    @property
    def url(self) -> str:
        """The address as the client wrote it, as far as it is known here."""
        query = self.query_string.decode("latin-1")
        return "http://%s%s%s" % (
            self.headers.get("Host", "localhost"),
            self.path,
            "?" + query if query else "",
        )

    base_url = property(lambda self: self.url.partition("?")[0])
    host = property(lambda self: self.headers.get("Host", "localhost"))
    content_type = property(lambda self: self.headers.get("Content-Type"))

    @property
    def content_length(self) -> Optional[int]:
        """The body's length as the client gave it; None when it gave none."""
        return self.headers.get("Content-Length", type=int)

    @property
    def mimetype(self) -> str:
        """The content type without its parameters, in lower case."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the content type says JSON."""
        kind = self.mimetype
        return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))

    @property
    def stream(self) -> io.BytesIO:
        """The body as a file."""
        return io.BytesIO(self.data)

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Union[bytes, str]:
        """Return the body, as bytes or as text."""
        return self.data.decode("utf-8", "replace") if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the parsed body. When it is not JSON: None if `silent`, else ValueError."""
        if not (force or self.is_json):
            if silent:
                return None
            raise ValueError("The request's content type is not application/json; use get_json(force=True).")
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    json = property(lambda self: self.get_json())

    @property
    def form(self) -> Args:
        """The fields of a URL-encoded form; empty for any other body."""
        encoded = self.mimetype == "application/x-www-form-urlencoded"
        return Args(self.data.decode("utf-8", "replace")) if encoded else Args()

    @property
    def values(self) -> Mapping[str, str]:
        """Query parameters and form fields together."""
        return {**self.form, **self.args}


class RawResponse:
    """What `run()` may return to choose status, headers and body itself; an iterable body is streamed."""

    default_mimetype = "text/html"

    def __init__(
        self, response: Any = b"", status: int = 200, headers: Any = None, mimetype: Optional[str] = None,
        content_type: Optional[str] = None,
    ) -> None:  # fmt: skip
        self.status_code = int(status)
        self.response: Any = response
        given = headers.items() if hasattr(headers, "items") else (headers or ())
        self.headers = Headers(given)
        if content_type or "Content-Type" not in self.headers:
            self.headers.set("Content-Type", content_type or _with_charset(mimetype or self.default_mimetype))

    @property
    def is_streamed(self) -> bool:
        """Whether the body is an iterator whose length is not known."""
        return not isinstance(self.response, (bytes, bytearray, str, list, tuple, type(None)))

    @property
    def data(self) -> bytes:
        """The whole body; not for a streamed response."""
        if self.is_streamed:
            raise RuntimeError("A streamed response has no data; iterate over it.")
        return b"".join(self.iter_encoded())

    @data.setter
    def data(self, value: Union[bytes, str]) -> None:
        self.response = value

    def get_data(self, as_text: bool = False) -> Union[bytes, str]:
        """Return the whole body, as bytes or as text."""
        return self.data.decode("utf-8") if as_text else self.data

    def set_data(self, value: Union[bytes, str]) -> None:
        """Replace the body."""
        self.response = value

    def iter_encoded(self) -> Iterator[bytes]:
        """Give the body's parts as bytes."""
        body = self.response
        whole = isinstance(body, (bytes, bytearray, str))
        for part in (body,) if whole else (body or ()):
            yield part.encode("utf-8") if isinstance(part, str) else bytes(part)

    def close(self) -> None:
        """Close the body's iterator if it can be closed."""
        close = getattr(self.response, "close", None)
        if callable(close):
            close()


def _with_charset(mimetype: str) -> str:
    textual = mimetype.startswith("text/") and "charset" not in mimetype
    return mimetype + "; charset=utf-8" if textual else mimetype


def _converted(value: str, default: Any, kind: Any) -> Any:
    if kind is None:
        return value
    try:
        return kind(value)
    except (TypeError, ValueError):
        return default
