"""The processes of `tests/integration/serving`, here beside Azure's own server."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "serving"))
