"""Which ports server and gateway take: asked for, remembered by the home, usual, or any free one."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from bancada.errors import PortInUse
from bancada.home import Home, bind

__all__ = ["Wish", "listen"]


@dataclass(frozen=True)
class Wish:
    """What is known about one port before it is taken."""

    name: str
    # The setting's value; 0 means any free one.
    port: int
    # Whether somebody asked for it: then another one will not do.
    is_explicit: bool
    # What the home's last server had; jobs that outlived it call this one.
    remembered: int | None

    @property
    def candidates(self) -> tuple[int, ...]:
        """The ports to try, best first."""
        if self.is_explicit and self.port:
            return (self.port,)
        before = (self.remembered,) if self.remembered else ()
        usual = (self.port,) if self.port else ()
        return (*before, *(() if before else usual), 0)


def listen(home: Home, host: str, wish: Wish) -> tuple[socket.socket, str | None]:
    """Return a listening socket, and a warning when it is not on the port that one would expect.

    Raises PortInUse for an explicit port, and for a remembered one while jobs still run that call it.
    """
    first, *others = wish.candidates
    try:
        return bind(host, first, flag=f"--{wish.name}"), None
    except PortInUse as reason:
        if not others:
            raise
        if first == wish.remembered and home.unfinished_launches():
            raise PortInUse(
                f"Port {first} is in use, and jobs of this home that still run call the {wish.name} there."
                f" Free the port, or stop those jobs and choose another one with --{wish.name}.",
                host=host,
                port=first,
            ) from reason
    taken = bind(host, 0)
    return taken, f"Port {first} is in use; the {wish.name} is {taken.getsockname()[1]} this time."
