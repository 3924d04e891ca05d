"""The frame format: what goes in comes out, however it is cut into pieces."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.runtime.frames import FrameBuffer, FrameError, pack_frame, read_frame, write_frame

headers = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()))
frames = st.lists(st.tuples(headers, st.binary(max_size=3000)), max_size=5)


@given(frames, st.integers(1, 700))
def test_frames_survive_any_cut(given_frames: list[tuple[dict[str, object], bytes]], size: int) -> None:
    data = b"".join(pack_frame(header, body) for header, body in given_frames)
    buffer, found = FrameBuffer(), []
    for at in range(0, len(data), size):
        buffer.feed(data[at : at + size])
        frame = buffer.next()
        while frame is not None:
            found.append(frame)
            frame = buffer.next()
    buffer.end()
    assert found == given_frames


def test_sockets_carry_frames_of_any_size() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(5)
        for body in (b"", b"short", b"x" * 100_000):
            write_frame(left, {"id": len(body)}, body)
            assert read_frame(right) == ({"id": len(body)}, body)
        left.close()
        assert read_frame(right) is None


def test_an_end_in_the_middle_is_an_error() -> None:
    left, right = socket.socketpair()
    with right:
        with left:
            left.sendall(pack_frame({"id": 1}, b"body")[:-1])
        with pytest.raises(FrameError, match="in the middle"):
            read_frame(right)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", struct.pack(">II", 4, 0) + b"[1]x", struct.pack(">II", 3, 0) + b"[1]"]
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    buffer = FrameBuffer()
    buffer.feed(data)
    with pytest.raises(FrameError):
        buffer.next()
