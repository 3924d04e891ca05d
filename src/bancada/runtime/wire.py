"""What the server says to keepers and templates, and what they answer. The bytes are those of `frames.py`.

One connection carries one request and one answer. Each says which version of this protocol it speaks; a peer of
another version is refused, never guessed at.

    request   {"protocol", "do": "launch" | "preload" | "learn" | "describe" | "stop", …}
    answer    {"protocol", "answer": "started" | "exists" | "failed" | "refused" | "ready" | "stopping", …}

"launch" is answered by the keeper itself, once the process is recorded: "started" {"pid", "keeper_pid"}, "exists"
(the launch's folder was there before), "failed" {"message"} (it could not be started, and the folder says so too).
A template answers "refused" {"message"} to a launch that must not be forked, and nothing has happened then.
"""

from __future__ import annotations

import socket
from typing import Any, Dict, Optional

from .frames import FrameError, pack_frame, read_frame

__all__ = ["PROTOCOL", "WireError", "ask", "receive", "send"]

PROTOCOL = 1

Message = Dict[str, Any]


class WireError(Exception):
    """The peer is gone, silent, speaks another version, or no protocol at all."""


def send(peer: socket.socket, **message: Any) -> None:
    """Send one message.

    Raises WireError when the peer is gone.
    """
    try:
        peer.sendall(pack_frame(dict(message, protocol=PROTOCOL)))
    except OSError as reason:
        raise WireError("the peer is gone: %s" % reason) from reason


def receive(peer: socket.socket, timeout_s: Optional[float] = None) -> Message:
    """Read one message.

    Raises WireError; a peer that closed without a word counts as gone.
    """
    peer.settimeout(timeout_s)
    try:
        frame = read_frame(peer)
    except (OSError, FrameError) as reason:
        raise WireError("no message: %s" % reason) from reason
    if frame is None:
        raise WireError("the peer closed without a word")
    message = frame[0]
    if message.get("protocol") != PROTOCOL:
        raise WireError("the peer speaks version %s, not %d" % (message.get("protocol"), PROTOCOL))
    return message


def ask(path: str, timeout_s: float, **message: Any) -> Message:
    """Connect to a Unix socket, send one message, return the answer.

    Raises WireError when nobody listens there or no answer comes in time.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(timeout_s)
        try:
            peer.connect(path)
        except OSError as reason:
            raise WireError("nobody listens at %s: %s" % (path, reason)) from reason
        send(peer, **message)
        return receive(peer, timeout_s)
