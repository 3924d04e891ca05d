"""How much memory processes really use: PSS, which splits shared pages among their users. Linux only."""

from __future__ import annotations

from pathlib import Path

__all__ = ["family", "pss_bytes"]


def pss_bytes(pid: int) -> int | None:
    """Return the proportional memory of a process; None where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return None


def family(pid: int) -> dict[int, str]:
    """Return the descendants of a process with their command lines."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        parent = _parent(folder)
        if parent is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found: dict[int, str] = {}
    waiting = list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        found[child] = _command_line(child)
        waiting += children.get(child, ())
    return found


def _parent(folder: Path) -> int | None:
    try:
        # The name in parentheses may hold anything; the fields after the last one are plain.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""
