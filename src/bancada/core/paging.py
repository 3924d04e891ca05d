"""Lists that fetch page after page while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["ItemPaged"]

T = TypeVar("T")


class ItemPaged(Generic[T]):
    """An iterator over all items; `by_page` gives the pages. A page is fetched only when it is needed.

    fetch takes a cursor (None at first) and returns the items and the next cursor (None at the end).
    """

    def __init__(self, fetch: Callable[[str | None], tuple[list[T], str | None]]) -> None:
        self._fetch = fetch
        self._items: Iterator[T] | None = None

    def by_page(self, continuation_token: str | None = None) -> Iterator[Iterator[T]]:
        """Yield page after page."""
        cursor = continuation_token
        while True:
            items, cursor = self._fetch(cursor)
            yield iter(items)
            if cursor is None:
                return

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._items is None:
            self._items = (item for page in self.by_page() for item in page)
        return next(self._items)

    def __repr__(self) -> str:
        return "<ItemPaged: read it with `for` or `list`>"
