"""State: one database (SQLite or PostgreSQL) and one folder of content-addressed files. Only this package
speaks SQL.

Each module is a noun with functions over a transaction:

    database.write(lambda tx: jobs.insert(tx, row))
    database.read(lambda tx: jobs.get(tx, "default", "epic_queen_4k2x9p0c7d"))

Start reading at `database` (how transactions run), then `migrations/0001_initial.sql` (what is stored).
"""

from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database
from bancada.store.transaction import Tx

__all__ = ["ArtifactStore", "Database", "Tx"]
