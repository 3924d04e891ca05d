"""What learns: samplers of sweeps and rules that stop trials early. Pure functions, no server, no I/O."""

from __future__ import annotations

__all__: list[str] = []
