"""The frame format between the gateway and a scoring replica. Not for what a frame means: see `scoring.py`.

A frame is two big-endian 4-byte lengths (of the header, of the body), a JSON object as header, and a raw
body:

    request  {"id", "method", "path", "query", "headers": [[name, value]…], "timeout_ms"}, body
    answer   {"id", "status", "headers": [[name, value]…], "body_type"}, body
    hello    {"hello": PROTOCOL, "pid"}   first frame on each connection, sent by the replica
    bye      {"bye": true}                the replica drains: it answers what it has, send nothing new

`body_type` is "whole" for an answer in one frame. A streamed one is a "part" frame with status and headers,
more "part" frames without them, and an "end"; or an "abort" when the script failed in the middle. Standard
library only, Python 3.8 and later: this file also runs inside users' environments.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Dict, Optional, Tuple, cast

__all__ = ["PROTOCOL", "FrameBuffer", "FrameError", "pack_frame", "read_frame", "write_frame"]

# Grows when an old gateway could misread a new replica or the reverse; both speak every version from 1 on.
PROTOCOL = 1

_LENGTHS = struct.Struct(">II")
# A header is method, path and HTTP headers; more than this is a peer that does not speak frames.
_MAX_HEADER = 1 << 20
# Bodies up to this size are joined with their header: one system call costs more than the copy.
_JOINED = 1 << 16
_CHUNK = 1 << 16

Header = Dict[str, Any]  # values are JSON of the other side, checked where they are used
_encode = json.JSONEncoder(separators=(",", ":")).encode


class FrameError(Exception):
    """The peer sent something that is no frame, or ended in the middle of one."""


def pack_frame(header: Header, body: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    text = _encode(header).encode("ascii")
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


def write_frame(peer: socket.socket, header: Header, body: bytes = b"") -> None:
    """Send one frame on a blocking socket.

    Raises OSError when the peer is gone.
    """
    if len(body) <= _JOINED:
        peer.sendall(pack_frame(header, body))
        return
    text = _encode(header).encode("ascii")
    peer.sendall(_LENGTHS.pack(len(text), len(body)) + text)
    peer.sendall(body)


def read_frame(peer: socket.socket) -> Optional[Tuple[Header, bytes]]:
    """Read one frame from a blocking socket; None when the peer closed between frames.

    Raises FrameError when the peer closed inside a frame or sent no frame.
    """
    buffer = FrameBuffer()
    while True:
        frame = buffer.next()
        if frame is not None:
            return frame
        data = peer.recv(min(buffer.missing, _CHUNK))
        if not data:
            buffer.end()
            return None
        buffer.feed(data)


class FrameBuffer:
    """Turns a stream of bytes into frames. Not thread-safe; one for each connection."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._need = _LENGTHS.size

    @property
    def missing(self) -> int:
        """How many bytes must still come, at least, before `next` has a frame."""
        return max(0, self._need - len(self._data))

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._data += data

    def next(self) -> Optional[Tuple[Header, bytes]]:
        """Take the next whole frame, or None when more bytes are needed. Raises FrameError."""
        data = self._data
        if len(data) < self._need:
            return None
        header_length, body_length = _LENGTHS.unpack_from(data)
        if header_length > _MAX_HEADER:
            raise FrameError("a header of %d bytes: the peer does not speak frames" % header_length)
        start = _LENGTHS.size + header_length
        end = start + body_length
        if len(data) < end:
            self._need = end
            return None
        header = _parse(data[_LENGTHS.size : start])
        body = bytes(data[start:end])
        del data[:end]
        self._need = _LENGTHS.size
        return header, body

    def end(self) -> None:
        """Say that no more bytes come. Raises FrameError when that is in the middle of a frame."""
        if self._data:
            raise FrameError("the peer closed the connection in the middle of a frame")


def _parse(text: bytearray) -> Header:
    try:
        header: Any = json.loads(text)
    except ValueError as reason:
        raise FrameError("a header that is not JSON: %s" % reason) from reason
    if not isinstance(header, dict):
        raise FrameError("a header that is not a JSON object")
    return cast("Header", header)
