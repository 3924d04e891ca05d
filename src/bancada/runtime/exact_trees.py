"""Many decision trees walked by one call: their tables joined into one of scikit-learn's own tree objects.

Each row is repeated once for every tree, with the tree's number as one more feature; at the top of the joined tree
thresholds on that number lead to the tree's own root. So scikit-learn's compiled walk does the comparing, with the
comparisons of the originals, and Python pays for one call instead of hundreds. Standard library only at import, 3.8+.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from .exact_steps import NotUnderstood

__all__ = ["Grove", "Ranks", "Table", "limits_of", "ordered_sum"]

# A node takes 64 bytes: a bigger model would be in memory twice.
MOST_NODES = 500_000
# Pairs of row and tree in one walk: about what the second-level cache holds of the repeated rows.
_PAIRS = 8192
_ROOMS = 8


class Table(NamedTuple):
    """One tree as arrays over its nodes; `left` is -1 at a leaf. Rows go left where value <= threshold."""

    feature: Any
    threshold: Any
    left: Any
    right: Any
    values: Any  # nodes × outputs
    missing_left: Any = None  # where NaN goes; None: there is no NaN


class Grove:
    """Joined trees. Raises NotUnderstood when they are too many, or scikit-learn has no such trees."""

    def __init__(self, tables: Sequence[Table], features: int) -> None:
        self._numpy: Any = sys.modules["numpy"]
        module: Any = sys.modules.get("sklearn.tree._tree")
        dtype: Any = getattr(module, "NODE_DTYPE", None)
        total = sum(len(one.left) for one in tables)
        if dtype is None:
            raise NotUnderstood("this scikit-learn has no trees that can be joined")
        if total > MOST_NODES:
            raise NotUnderstood("its trees have %d nodes; up to %d are joined" % (total, MOST_NODES))
        self.count, self._features = len(tables), features
        self.tables = list(tables)
        self._most = max(1, _PAIRS // self.count)
        self._rooms: Dict[int, Any] = {}
        self._apply, self._values = self._joined(module, dtype)

    def _joined(self, module: Any, dtype: Any) -> Tuple[Any, Any]:
        numpy = self._numpy
        selectors = _selectors(self.count)
        starts = [len(selectors)]
        for table in self.tables:
            starts.append(starts[-1] + len(table.left))
        nodes = numpy.zeros(starts[-1], dtype)
        values = numpy.zeros((starts[-1], self.tables[0].values.shape[1]))
        for at, (left, right, limit) in enumerate(selectors):
            nodes[at]["left_child"] = left if left >= 0 else starts[-left - 1]
            nodes[at]["right_child"] = right if right >= 0 else starts[-right - 1]
            nodes[at]["feature"], nodes[at]["threshold"] = self._features, limit
        for table, start, end in zip(self.tables, starts, starts[1:]):
            self._put(nodes[start:end], table, start)
            values[start:end] = table.values
        tree = module.Tree(self._features + 1, numpy.array([1], dtype=numpy.intp), 1)
        depth = int(self.count).bit_length() + max(len(one.left) for one in self.tables)
        state = {"max_depth": depth, "node_count": len(nodes), "nodes": nodes}
        tree.__setstate__({**state, "values": numpy.zeros((len(nodes), 1, 1))})
        return tree.apply, values

    def _put(self, nodes: Any, table: Table, start: int) -> None:
        leaf = table.left < 0
        nodes["left_child"] = self._numpy.where(leaf, -1, table.left + start)
        nodes["right_child"] = self._numpy.where(leaf, -1, table.right + start)
        nodes["feature"] = self._numpy.where(leaf, -2, table.feature)
        nodes["threshold"] = self._numpy.where(leaf, -2.0, table.threshold)
        if table.missing_left is None:
            return
        if "missing_go_to_left" not in nodes.dtype.names:
            raise NotUnderstood("the trees of this scikit-learn cannot tell where missing values go")
        nodes["missing_go_to_left"] = table.missing_left

    def sums(self, matrix: Any, first: Any, outputs: int = 0) -> Any:
        """Return for each row of a float32 matrix the sum of what its trees say, in their order: rows × values.

        With `outputs` the trees go round: every so manieth adds to the same value.
        """
        rows, most = len(matrix), self._most
        if rows <= most:
            return self._sum(matrix, first, outputs)
        parts = [self._sum(matrix[at : at + most], first, outputs) for at in range(0, rows, most)]
        return self._numpy.concatenate(parts)

    def _sum(self, matrix: Any, first: Any, outputs: int) -> Any:
        found = self._walk(matrix)
        if outputs:
            found = found.reshape(self.count // outputs, outputs, len(matrix)).transpose(0, 2, 1)
        return ordered_sum(found, first)

    def _walk(self, matrix: Any) -> Any:
        rows = len(matrix)
        repeated = self._room(rows)
        repeated[:, :, : self._features] = matrix
        leaves = self._apply(repeated.reshape(self.count * rows, self._features + 1))
        return self._values.take(leaves, axis=0).reshape(self.count, rows, self._values.shape[1])

    def _room(self, rows: int) -> Any:
        """Return space for the repeated rows, with the trees' numbers in it; kept for the sizes that come often."""
        room = self._rooms.get(rows)
        if room is None:
            if len(self._rooms) >= _ROOMS:
                self._rooms.clear()
            room = self._numpy.empty((self.count, rows, self._features + 1), self._numpy.float32)
            room[:, :, self._features] = self._numpy.arange(self.count, dtype=self._numpy.float32)[:, None]
            self._rooms[rows] = room
        return room


def _selectors(count: int) -> List[Tuple[int, int, float]]:
    """Return the nodes that lead to trees, the top one first: (left, right, limit); -1 - i stands for tree i."""
    nodes: List[Tuple[int, int, float]] = []

    def lead(low: int, high: int) -> int:
        if high - low == 1:
            return -1 - low
        at, middle = len(nodes), (low + high) // 2
        nodes.append((0, 0, 0.0))
        nodes[at] = (lead(low, middle), lead(middle, high), middle - 0.5)
        return at

    lead(0, count)
    return nodes


def ordered_sum(parts: Any, first: Any) -> Any:
    """Add up parts (trees × …) one after the other, beginning with `first`: floats, so the order is part of the sum."""
    numpy: Any = sys.modules["numpy"]
    if isinstance(first, float) and parts[0].size > 1:
        return numpy.add.reduce(parts, axis=0, initial=first)
    whole = numpy.empty((len(parts) + 1, *parts.shape[1:]), parts.dtype)
    whole[0], whole[1:] = first, parts
    # numpy adds in pairs where a sum runs along memory, which is the case for one single number.
    return numpy.add.reduce(whole, axis=0) if whole[0].size > 1 else numpy.add.accumulate(whole, axis=0)[-1]


def limits_of(tables: Sequence[Table]) -> Dict[int, Any]:
    """Return the thresholds of trees by column, in order, each once."""
    numpy: Any = sys.modules["numpy"]
    inner = [one.left >= 0 for one in tables]
    feature = numpy.concatenate([one.feature[mask] for one, mask in zip(tables, inner)])
    threshold = numpy.concatenate([one.threshold[mask] for one, mask in zip(tables, inner)])
    return {int(at): numpy.unique(threshold[feature == at]) for at in numpy.unique(feature).tolist()}


class Ranks:
    """Replaces numbers by how many thresholds lie below: single-precision numbers that compare as the doubles did."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._numpy: Any = sys.modules["numpy"]
        self._limits = limits_of(tables)
        if any(len(one) >= 1 << 24 for one in self._limits.values()):
            raise NotUnderstood("a column has more thresholds than single precision can number")

    def of_table(self, table: Table) -> Table:
        """Return the tree with thresholds as ranks: value <= threshold is rank of value <= rank of threshold."""
        ranked = self._numpy.zeros(len(table.left))
        inner = table.left >= 0
        for at, limits in self._limits.items():
            mask = inner & (table.feature == at)
            ranked[mask] = limits.searchsorted(table.threshold[mask])
        return table._replace(threshold=ranked)

    def of_matrix(self, matrix: Any) -> Any:
        """Return the ranks of a matrix's numbers; NaN stays NaN. Columns that no tree looks at are 0."""
        ranked = self._numpy.zeros(matrix.shape, self._numpy.float32)
        for at, limits in self._limits.items():
            ranked[:, at] = limits.searchsorted(matrix[:, at])
        missing = self._numpy.isnan(matrix)
        if missing.any():
            ranked[missing] = self._numpy.nan
        return ranked
