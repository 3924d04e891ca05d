"""What learns from numbers: samplers of sweeps, rules that stop trials early, profiles of tables. Knows no server.

Pure functions, but for `table_file` and `table_process`, which read the tables that are learned from.
"""

from __future__ import annotations

__all__: list[str] = []
