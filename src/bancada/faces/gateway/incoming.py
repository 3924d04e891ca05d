"""One request while it arrives and until it is answered: its head, sorted; its body; what was decided about it."""

from __future__ import annotations

from bancada.faces.gateway.answers import Refusal
from bancada.faces.gateway.request_ids import fresh_id
from bancada.faces.gateway.switchboard import Target

__all__ = ["MAX_HEAD_BYTES", "Incoming"]

MAX_HEAD_BYTES = 1 << 16
# Fields that belong to one connection and not to the request; the key is nobody's business behind the
# gateway.
_KEPT_BACK = frozenset(
    b"authorization connection expect http2-settings keep-alive proxy-authorization proxy-connection "
    b"te trailer transfer-encoding upgrade".split()
)
_ACTED_ON = frozenset(b"authorization azureml-model-deployment content-length expect host x-request-id".split())


class Incoming:
    """One request while it arrives, and until it is answered."""

    __slots__ = (
        "authorization", "body", "deployment", "expects", "fields", "has_head", "head_bytes", "host",
        "keep_alive", "length", "method", "offers", "query", "raw", "received", "refusal", "request_id",
        "target", "url", "version",
    )  # fmt: skip

    def __init__(self) -> None:
        self.url = b""
        self.raw: list[tuple[bytes, bytes]] = []
        self.fields: list[tuple[str, str]] = []  # what the replica gets to see, names in lower case
        self.head_bytes = 0
        self.has_head = False  # all of its head has come
        self.authorization: bytes | None = None
        self.deployment = ""
        self.request_id = ""
        self.host = ""
        self.length = 0
        self.body: list[bytes] = []
        self.received = 0
        self.offers = False  # to go on in another protocol
        self.expects = False  # the client waits for our word before it sends the body
        self.refusal: Refusal | None = None
        self.target: Target | str | None = None  # a string: an address of the gateway itself
        self.method = ""
        self.query = ""
        self.version = "1.1"
        self.keep_alive = True

    def head_without_offer(self) -> bytes:
        """Return the request's head again, less the offer of another protocol."""
        lines = [b"%b %b HTTP/1.1" % (self.method.encode("latin-1"), self.url)]
        lines += [b"%b: %b" % one for one in self.raw if one[0].lower() not in (b"upgrade", b"http2-settings")]
        return b"\r\n".join([*lines, b"", b""])

    def take_fields(self) -> None:
        """Sort the fields: what the gateway acts on, and what goes on to the replica."""
        fields = self.fields
        for raw_name, value in self.raw:
            name = raw_name.lower()
            if name not in _KEPT_BACK:
                fields.append((name.decode("latin-1"), value.decode("latin-1")))
            if name not in _ACTED_ON:
                continue
            if name == b"authorization":
                self.authorization = value
            elif name == b"content-length":
                self.length = int(value)
            elif name == b"host":
                self.host = value.decode("latin-1")
            elif name == b"x-request-id":
                self.request_id = value.decode("latin-1")
            elif name == b"expect":
                self.expects = value.lower() == b"100-continue"
            else:
                self.deployment = value.decode("latin-1").strip()
        if not self.request_id:
            self.request_id = fresh_id()
            fields.append(("x-request-id", self.request_id))

    def origin_form(self) -> bytes:
        """Return path and query of an address; some clients send the whole address."""
        if self.url.startswith(b"/"):
            return self.url
        _, found, rest = self.url.partition(b"://")
        return b"/" + rest.partition(b"/")[2] if found else self.url
