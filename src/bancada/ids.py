"""Names, hashes, tokens and the replaceable clock. Not for anything that knows what it names."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Clock", "FixedClock", "SystemClock", "content_hash", "job_name", "new_key", "new_token", "token_hash"]

_ADJECTIVES = (
    "able amber ashy bold brave bright busy calm clever cool crimson dapper dreamy eager epic fancy gentle "
    "gifted good great happy heroic honest icy ivory jolly keen khaki kind lemon lively loyal lucid magenta "
    "mango mighty modest nice olden olive orange patient plucky polite proud quiet quirky red sad sharp shy "
    "silver sincere sleepy smart stoic strong sunny teal tender tidy upbeat witty yellow zen"
).split()
_NOUNS = (
    "apple arm bag ball basil bean bear beet bell boat bread brick camera caravan carnival carrot cartoon "
    "chain cherry clock cloud coconut collar cumin deer door drawer ear eagle engine eye feather fig flag "
    "flower foot fork frog garden ghost glove goat grape guitar hand hat heart hominy house jelly kettle "
    "kitten lamp leaf leek lemon lettuce lime loquat map melon moon muscle nail neck nest nose nut onion oven "
    "owl parang peach pear pen pepper pillow plane plate plum pocket pot queen rail rain rhubarb rice river "
    "roof root rose sail salt sand seal shirt skin snail soccer spade spoon square star stem street sugar sun "
    "tail tangelo ticket tooth train tree truck vase wall whale wing yak yam"
).split()
_ALPHABET = "0123456789bcdfghjklmnpqrstvwxyz"


def job_name() -> str:
    """Return a fresh job name in Azure's form: `epic_queen_4k2x9p0c7d`. Also a legal MLflow run id."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{secrets.choice(_ADJECTIVES)}_{secrets.choice(_NOUNS)}_{tail}"


def content_hash(value: Any) -> str:
    """Return the sha256 (64 hex digits) of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def new_token() -> str:
    """Return a fresh bearer token (256 bits)."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """Return a fresh endpoint key (256 bits)."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token: its sha256 in hex. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class Clock(Protocol):
    """Where the engine reads time, so that tests can set it."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        ...


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return `time.time()`."""
        return time.time()


@dataclass
class FixedClock:
    """A clock that stands still until a test moves it."""

    at: float = 1_700_000_000.0

    def now(self) -> float:
        """Return the set time."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self.at += seconds
