"""Counts different values in bounded memory: exactly while they are few, then by an estimate that says so."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Mapping

__all__ = ["DistinctCount"]

EXACT = 20_000
# The k smallest of n hashes: the relative error is about 1 / sqrt(k - 2), 2.2 % here.
SMALLEST = 2048
# Once it is an estimate, only so many values are counted on.
KEPT = 1000
LONGEST_KEY = 256
RANGE = float(1 << 64)


class DistinctCount:
    """Takes counted values, chunk by chunk.

    Source: Bar-Yossef et al., "Counting distinct elements in a data stream" (2002), algorithm of the k minimum values.
    """

    def __init__(self, exact: int = EXACT) -> None:
        self._exact = exact
        self._counts: Counter[str] = Counter()
        self._smallest: list[int] = []  # a heap of negated hashes: its head is the greatest of the smallest
        self._members: set[int] = set()
        self.is_estimate = False

    def add(self, values: Mapping[str, int]) -> None:
        """Add values, each with how often it came."""
        if not self.is_estimate:
            self._counts.update({_key(one): count for one, count in values.items()})
            if len(self._counts) > self._exact:
                self._become_estimate()
            return
        for one, count in values.items():
            key = _key(one)
            if key in self._counts:
                self._counts[key] += count
            self._note(key)

    def _become_estimate(self) -> None:
        self.is_estimate = True
        for key in self._counts:
            self._note(key)
        self._counts = Counter(dict(self._counts.most_common(KEPT)))

    def _note(self, key: str) -> None:
        number = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        if number in self._members:
            return
        if len(self._smallest) < SMALLEST:
            heapq.heappush(self._smallest, -number)
        elif number < -self._smallest[0]:
            self._members.discard(-heapq.heapreplace(self._smallest, -number))
        else:
            return
        self._members.add(number)

    @property
    def count(self) -> int:
        """How many different values there were: (k - 1) / (the k-th smallest hash) when it is an estimate."""
        if not self.is_estimate:
            return len(self._counts)
        if len(self._smallest) < SMALLEST:
            return len(self._smallest)
        return round((SMALLEST - 1) / (-self._smallest[0] / RANGE))

    def top(self, most: int) -> list[tuple[str, int]]:
        """Return the most frequent values with their counts, ties in the order of the text.

        When the count is an estimate, values that became frequent only late in the file may be missing.
        """
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def _key(text: str) -> str:
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:LONGEST_KEY]}…{hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"
