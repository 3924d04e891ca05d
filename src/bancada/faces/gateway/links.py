"""One connection to one replica: frames out and in, connected again while the table names the replica."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Protocol, cast

from bancada.runtime.frames import FrameBuffer, FrameError, pack_frame

__all__ = ["Link", "LinkOwner", "Sent"]

logger = logging.getLogger("bancada.gateway")

# A replica that is not there yet is looked for at once, then less and less often.
_FIRST_RETRY_S, _LAST_RETRY_S = 0.01, 1.0


class Sent(Protocol):
    """A request as a link sees it."""

    number: int
    body: bytes

    def header(self) -> dict[str, Any]:
        """Return the frame's header, with the time that is left now."""
        ...


class LinkOwner(Protocol):
    """Whom a link tells what happens."""

    def link_ready(self, link: Link) -> None:
        """Say that the replica takes requests."""
        ...

    def link_answered(self, link: Link, sent: Any, header: Mapping[str, Any], body: bytes) -> None:
        """Hand over a frame for a request; the request is off the link when `is_final(header)`."""
        ...

    def link_leaving(self, link: Link) -> None:
        """Say that the replica drains: it serves on until it is hung up on, or for some seconds."""
        ...

    def link_lost(self, link: Link, lost: list[Any], *, said_bye: bool, begun: bool) -> None:
        """Say that the connection ended; `lost` are the requests without an answer, in the order sent."""
        ...


class Link(asyncio.Protocol):
    """Keeps one replica connected. It is `usable` from its hello to the end of the connection."""

    def __init__(self, path: str, owner: LinkOwner, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.usable = False
        self.retiring = False  # no longer in the table
        self.leaving = False  # said bye on this connection
        self.capacity = 1  # requests that may be under way at a time, as the replica's hello says
        # It works on a request whose first replica died: nothing else shall die with it if it does so again.
        self.is_alone = False
        self.outstanding: dict[int, Any] = {}
        self.sent_count = 0  # breaks ties between equally busy links: the one that had fewest
        self.settled: asyncio.Future[None] = loop.create_future()  # first attempt over, well or not
        self._owner = owner
        self._loop = loop
        self._frames = FrameBuffer()
        self._pause_s = 0.0  # before the next attempt; none before the first, and after a hello
        self._transport: asyncio.Transport | None = None
        self._greeted = False  # this connection's hello has come
        self._closed = False
        self._task = loop.create_task(self._connect())

    def send(self, sent: Sent) -> None:
        """Send a request to the replica."""
        self.outstanding[sent.number] = sent
        self.sent_count += 1
        if self._transport is not None:
            self._transport.write(pack_frame(sent.header(), sent.body))

    def pause(self) -> None:
        """Stop reading: the client does not take a streamed answer as fast as it comes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on after `pause`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection for good."""
        self._closed = True
        self.usable = False
        self._task.cancel()
        if not self.settled.done():
            self.settled.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def hang_up(self) -> None:
        """End this connection; a draining replica waits for this."""
        if self._transport is not None:
            self._transport.close()

    @property
    def has_room(self) -> bool:
        """Whether it can be sent one more request now."""
        return not self.outstanding or (len(self.outstanding) < self.capacity and not self.is_alone)

    @property
    def is_going(self) -> bool:
        """Whether it should be sent something only when nobody else can serve."""
        return self.retiring or self.leaving

    async def _connect(self) -> None:
        while not self._closed:
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(max(2 * self._pause_s, _FIRST_RETRY_S), _LAST_RETRY_S)
            try:
                await self._loop.create_unix_connection(lambda: self, self.path)
                return
            except OSError as reason:
                logger.debug("replica %s is not there: %s", self.path, reason)
            if not self.settled.done():
                self.settled.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the replica's hello."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is one without inheriting from it
        self._transport = stream
        self._frames = FrameBuffer()
        self.leaving = False
        if self._closed:
            stream.close()

    def data_received(self, data: bytes) -> None:
        """Take the frames that are complete."""
        self._frames.feed(data)
        try:
            frame = self._frames.next()
            while frame is not None:
                self._take(*frame)
                frame = self._frames.next()
        except FrameError as reason:
            logger.error("replica %s does not speak frames: %s", self.path, reason)
            if self._transport is not None:
                self._transport.abort()

    def _take(self, header: dict[str, Any], body: bytes) -> None:
        if "id" in header:
            sent = self.outstanding.get(header["id"])
            if sent is None:
                return
            if is_final(header):
                del self.outstanding[header["id"]]
                self.is_alone = self.is_alone and bool(self.outstanding)
            self._owner.link_answered(self, sent, header, body)
        elif "hello" in header:
            self.usable = self._greeted = True
            self.capacity = max(1, int(header.get("batch") or 1))
            self._pause_s = 0.0
            if not self.settled.done():
                self.settled.set_result(None)
            self._owner.link_ready(self)
        elif "bye" in header:
            self.leaving = True
            self._owner.link_leaving(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the requests without an answer back and look for the replica again."""
        self._transport = None
        self.usable = False
        greeted, self._greeted = self._greeted, False
        said_bye, self.leaving = self.leaving, False
        lost, self.outstanding = list(self.outstanding.values()), {}
        # The system resets a connection, instead of ending it, when the other side died without having read what was
        # sent: then it cannot have been at work on the only request that it had.
        begun = len(lost) != 1 or not isinstance(exc, ConnectionResetError | BrokenPipeError)
        self.is_alone = False
        if not self.settled.done():
            self.settled.set_result(None)
        if not self._closed:
            self._task = self._loop.create_task(self._connect())
        # A dying process takes a connection that it never greets: no replica was lost by that.
        if greeted or self.retiring:
            self._owner.link_lost(self, lost, said_bye=said_bye, begun=begun)


def is_final(header: Mapping[str, Any]) -> bool:
    """Tell whether a frame is the last one of its answer."""
    return header.get("body_type") != "part"
