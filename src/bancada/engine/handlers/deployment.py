"""Decides what a deployment does next: build, start replicas, go live, replace dead ones, end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bancada.engine.handlers.views import BuildView

__all__ = [
    "DeploymentAction",
    "DeploymentView",
    "EnsureBuild",
    "Fail",
    "GoLive",
    "Remove",
    "ReplicaView",
    "StartReplica",
    "StopReplica",
    "WaitUntil",
    "advance",
]

# leaving: told to end, and on its way.
ReplicaState = Literal["starting", "ready", "leaving", "failed", "ended"]
# A replica that dies again and again would burn the machine: after so many deaths in a minute the deployment is Failed.
DEATHS_ALLOWED = 5
DEATHS_WINDOW_S = 60.0


@dataclass(frozen=True)
class ReplicaView:
    """One replica process: its launch, the generation of the deployment that it serves, and how it stands."""

    launch: str
    generation: int
    state: ReplicaState
    error: dict[str, Any] | None = None
    # It did not come back from a request that ran out of time.
    hangs: bool = False


@dataclass(frozen=True)
class DeploymentView:
    """One deployment at one moment."""

    name: str
    wanted: int
    # Raised by each change of the deployment; `live` is the generation that the routing table names (0: none yet).
    generation: int
    live: int
    build: BuildView
    replicas: tuple[ReplicaView, ...]
    # Times of recent deaths of replicas that had been ready.
    deaths: tuple[float, ...] = ()
    deleting: bool = False
    failed: bool = False
    # It is live, or its number of replicas is being changed, but nobody was told so yet.
    unsaid: bool = False
    # For the texts that name a command.
    endpoint: str = ""

    @property
    def is_live(self) -> bool:
        """Whether the current generation is the one that serves."""
        return self.live == self.generation


@dataclass(frozen=True)
class EnsureBuild:
    """See that the environment is built."""


@dataclass(frozen=True)
class StartReplica:
    """Start one more replica of the current generation."""


@dataclass(frozen=True)
class StopReplica:
    """End a replica; it answers what it holds first, unless it hangs."""

    launch: str
    hangs: bool = False


@dataclass(frozen=True)
class GoLive:
    """Name the current generation's ready replicas in the routing table; the deployment Succeeded."""


@dataclass(frozen=True)
class Fail:
    """The current generation cannot go live; the one before stays."""

    error: dict[str, Any]


@dataclass(frozen=True)
class WaitUntil:
    """Look again at this time."""

    at: float


@dataclass(frozen=True)
class Remove:
    """Delete the deployment's row: nothing of it runs any more."""


DeploymentAction = EnsureBuild | StartReplica | StopReplica | GoLive | Fail | WaitUntil | Remove


def advance(view: DeploymentView, now: float) -> list[DeploymentAction]:
    """Return the next actions of a deployment. Pure."""
    running = [one for one in view.replicas if one.state in ("starting", "ready")]
    leaving = [one for one in view.replicas if one.state == "leaving"]
    if view.deleting:
        stops: list[DeploymentAction] = [StopReplica(one.launch) for one in running]
        return stops or ([] if leaving else [Remove()])
    if view.failed:
        # Only the generation that serves keeps its replicas; a failed one keeps nothing.
        return _stale(running, keep=view.live)
    if view.build.state == "failed":
        return [Fail(view.build.error or {})]
    if view.build.state != "ready":
        return [EnsureBuild()]
    return _roll(view, running, now)


def _roll(view: DeploymentView, running: list[ReplicaView], now: float) -> list[DeploymentAction]:
    # One that hangs is told to end at once, and another one takes its place.
    hanging = [StopReplica(one.launch, hangs=True) for one in running if one.hangs]
    running = [one for one in running if not one.hangs]
    current = [one for one in running if one.generation == view.generation]
    broken = [one for one in view.replicas if one.generation == view.generation and one.state == "failed"]
    if broken and not view.is_live:
        return [Fail(broken[-1].error or {}), *[StopReplica(one.launch) for one in current]]
    recent = [at for at in view.deaths if now - at < DEATHS_WINDOW_S]
    if len(recent) > DEATHS_ALLOWED:
        return [Fail(_given_up(view, broken, len(recent)))]
    # Before it is live there is at least one: a script that cannot start must be found out.
    wanted = view.wanted if view.is_live else max(1, view.wanted)
    missing = wanted - len(current)
    pause = 0.0 if len(recent) < 2 else float(2 ** (len(recent) - 2)) / 4
    if missing > 0 and recent and now < recent[-1] + pause:
        return [*hanging, WaitUntil(recent[-1] + pause)]
    return [*hanging, *[StartReplica() for _ in range(max(0, missing))], *_settle(view, running, current, wanted)]


def _settle(
    view: DeploymentView, running: list[ReplicaView], current: list[ReplicaView], wanted: int
) -> list[DeploymentAction]:
    """Go live when all is ready; end what is too much: first what is not ready yet, then the newest."""
    ready = [one for one in current if one.state == "ready"]
    waiting = [one for one in current if one.state != "ready"]
    if len(ready) >= wanted and (not view.is_live or view.unsaid):
        return [GoLive()]
    if not view.is_live:
        return []
    surplus = [StopReplica(one.launch) for one in [*ready, *waiting][wanted:]]
    return [*(_stale(running, keep=view.generation) if len(ready) >= wanted else []), *surplus]


def _given_up(view: DeploymentView, broken: list[ReplicaView], times: int) -> dict[str, Any]:
    command = f"bancada online-deployment get-logs -n {view.name} -e {view.endpoint}"
    text = f"Replicas of `{view.name}` died {times} times within a minute. The deployment's log has the reason: "
    text += f"`{command}`."
    last = str((broken[-1].error or {}).get("message") or "") if broken else ""
    return {"code": "deployment.failed", "message": f"{text} The last one: {last}" if last else text}


def _stale(running: list[ReplicaView], keep: int) -> list[DeploymentAction]:
    return [StopReplica(one.launch) for one in running if one.generation != keep]
