"""Who asks, and what they may do. Tokens are compared by hash and in constant time."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Literal

from bancada.errors import Forbidden, Gone, Unauthenticated
from bancada.ids import token_hash
from bancada.store import attempts, jobs
from bancada.store.attempts import Attempt
from bancada.store.database import Database, Tx

__all__ = ["Authorizer", "Principal"]


@dataclass(frozen=True)
class Principal:
    """The owner of the home, or one attempt of one job."""

    kind: Literal["owner", "attempt"]
    name: str
    workspace: str | None = None
    job: str | None = None
    attempt: int | None = None

    def require_owner(self) -> None:
        """Refuse jobs: what they may do is track their own run, read, and register data and models."""
        if self.kind != "owner":
            text = "A job's token may only log to its own run, read jobs and assets, and register data and models."
            raise Forbidden(f"{text} Use the owner's token.")

    def require_workspace(self, workspace: str) -> None:
        """Refuse an attempt that reaches into another workspace."""
        if self.workspace is not None and self.workspace != workspace:
            raise Forbidden(f"This token belongs to workspace `{self.workspace}`, not `{workspace}`.")


class Authorizer:
    """Turns a bearer token into a Principal."""

    def __init__(self, db: Database, owner_token: str) -> None:
        self._db = db
        self._owner = token_hash(owner_token)

    def __call__(self, token: str | None) -> Principal:
        """Return who holds `token`. Raises Unauthenticated, or Gone for an attempt that was superseded."""
        if not token:
            raise Unauthenticated(
                "This server asks for a token. Send `Authorization: Bearer <token>`; "
                "the owner's token is in the file `token` of the home."
            )
        digest = token_hash(token)
        if hmac.compare_digest(digest, self._owner):
            return Principal("owner", "owner")
        attempt, current = self._db.read(lambda tx: _attempt(tx, digest))
        if attempt is None:
            raise Unauthenticated("The token is not known here. The owner's token is in the file `token` of the home.")
        if not current:
            raise Gone(
                f"Attempt {attempt.number} of job `{attempt.job}` was superseded; it may not write any more.",
                job=attempt.job,
                attempt=attempt.number,
            )
        return Principal("attempt", f"{attempt.job}#{attempt.number}", attempt.workspace, attempt.job, attempt.number)


def _attempt(tx: Tx, digest: str) -> tuple[Attempt | None, bool]:
    attempt = attempts.by_token(tx, digest)
    if attempt is None:
        return None, False
    row = jobs.get(tx, attempt.workspace, attempt.job)
    return attempt, row is not None and row.attempt == attempt.number and attempt.ended_at is None
