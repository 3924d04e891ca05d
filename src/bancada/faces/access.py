"""Who asks, and from where: Host, Origin, tokens, the page's cookie. What they may do is the engine's to say."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bancada.errors import BancadaError, Forbidden, Unauthenticated
from bancada.faces.http import error_response, in_thread

__all__ = ["Authorize", "Guard", "Hosts", "PageSession", "SessionCodes", "check_source", "presented_token"]

# What turns a token into whoever may use it; raises Unauthenticated. The value is the engine's Principal.
Authorize = Callable[[str], Any]
CODE_LIFE_S = 3600.0  # a link that was printed an hour ago is old; `bancada status` prints a fresh one


def presented_token(headers: Headers) -> str | None:
    """Return the token that a request carries: a Bearer one, or the password of Basic (as MLflow sends)."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(value, validate=True).decode().partition(":")[2] or None
    except (Base64Error, UnicodeDecodeError):
        return None


@dataclass(frozen=True)
class Hosts:
    """Which Host headers are served. A foreign name that points here is how a web site would reach us.

    Addresses are always good: that attack (DNS rebinding) needs a name.
    """

    names: frozenset[str]

    @classmethod
    def of(cls, *configured: str) -> Hosts:
        """Return this machine's names and the configured ones."""
        own = socket.gethostname().lower()
        return cls(frozenset({"localhost", own, *(one.lower() for one in configured)}))

    def allows(self, host: str) -> bool:
        """Say whether a Host header names this server."""
        return _allows(self.names, host)


@lru_cache(maxsize=256)  # the same few for all requests, hot ones too
def _allows(names: frozenset[str], host: str) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:  # "[" without its end, say
        return False
    return name in names or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class PageSession:
    """The page's cookie. Made from the owner's token, so that it needs no store and dies with the token."""

    owner_token: str

    @property
    def cookie_name(self) -> str:
        """A name of its own for each token: browsers share cookies between the ports of a host."""
        return "bancada_" + hashlib.sha256(self.owner_token.encode()).hexdigest()[:8]

    @property
    def cookie_value(self) -> str:
        """What the cookie holds; the token cannot be computed from it."""
        return hmac.new(self.owner_token.encode(), b"bancada page session", hashlib.sha256).hexdigest()

    def set_on(self, response: Response, *, secure: bool) -> None:
        """Give the cookie to the browser for 30 days."""
        response.set_cookie(
            self.cookie_name,
            self.cookie_value,
            max_age=30 * 24 * 3600,
            httponly=True,
            samesite="strict",
            secure=secure,
        )

    def token_of(self, headers: Headers) -> str | None:
        """Return the owner's token when the request carries a good cookie."""
        for piece in headers.get("cookie", "").split(";"):
            name, _, value = piece.strip().partition("=")
            if name != self.cookie_name:
                continue
            if secrets.compare_digest(value.encode(), self.cookie_value.encode()):
                return self.owner_token
        return None


@dataclass
class SessionCodes:
    """One-time codes that a browser changes for the page's cookie: harmless in a log once they are used."""

    now: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict[str, float])

    def make(self) -> str:
        """Return a fresh code."""
        self._until = {code: until for code, until in self._until.items() if until > self.now()}
        code = secrets.token_urlsafe(18)
        self._until[code] = self.now() + CODE_LIFE_S
        return code

    def take(self, code: str) -> None:
        """Use a code up. Raises Unauthenticated when it is unknown, used or old."""
        if self._until.pop(code, 0.0) < self.now():
            raise Unauthenticated("This link was used already, or is too old. `bancada status` shows a fresh one.")


class Guard:
    """ASGI middleware: checks Host, Origin and token; puts the Principal at `request.state.principal`.

    Without `needs_token` only the source is checked. Errors go through `respond`, a foreign protocol's own form.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authorize: Authorize,
        session: PageSession,
        hosts: Hosts,
        needs_token: bool = True,
        respond: Callable[[BancadaError], Response] = error_response,
    ) -> None:
        self.app = app
        self.authorize = authorize
        self.session = session
        self.hosts = hosts
        self.needs_token = needs_token
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with the reason why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self._admit(scope)
        except BancadaError as error:
            await self.respond(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_source(headers, self.hosts)
        if not self.needs_token:
            return
        token = presented_token(headers) or self._cookie_token(headers)
        if token is None:
            raise Unauthenticated(
                "This request carries no token. Send `Authorization: Bearer <token>`;"
                " the owner's token is in the file `token` of the home."
            )
        scope.setdefault("state", {})["principal"] = await in_thread(self.authorize, token)

    def _cookie_token(self, headers: Headers) -> str | None:
        # SameSite keeps other sites' requests from carrying the cookie; this header is the second lock.
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return None
        return self.session.token_of(headers)


def check_source(headers: Headers, hosts: Hosts) -> None:
    """Raise Forbidden when the request came by a foreign name or from a foreign page."""
    host = headers.get("host", "")
    if host and not hosts.allows(host):
        raise Forbidden(
            f"This server does not answer to the name `{host}`. Use its address,"
            " or set BANCADA_HOST to the name that it should have."
        )
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        raise Forbidden(f"Requests from pages of `{origin}` are not allowed.")
