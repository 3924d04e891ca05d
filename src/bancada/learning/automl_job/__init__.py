"""What an AutoML job runs in its environment: reads tables, calls the engine beside it, records what it finds.

The folder is copied, together with `learning/automl`, for each job, so that an upgrade never changes what is running.
It imports nothing of ours but its neighbour, and only relatively; pandas and mlflow only when they are needed.
"""

from __future__ import annotations

__all__: list[str] = []
