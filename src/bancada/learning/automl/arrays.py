"""Names for the arrays that pass between modules. Nothing but type aliases."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Codes", "Floats", "Mask", "Objects", "Rows"]

Floats = NDArray[np.float64]
# Positions of rows in a table, or of classes in a list of labels.
Codes = NDArray[np.int64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
# Cells as a person's table holds them: text, dates, None.
Objects = NDArray[Any]
