"""How old a set of packages is, by its pinned releases, and what that says about the unpinned ones. No uv here.

A conda file of 2022 pins scikit-learn 0.24.2 and leaves scipy open. Solved today it gets a scipy that the pinned
release cannot import. So every open package is taken as of the time when the oldest pinned release that needs it
was new, and what nobody pinned needs as of the youngest pin.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bancada.executors.requirements import canonical_name

__all__ = ["AFTER_A_RELEASE", "general_date", "needed_by", "open_package_dates", "release_dates"]

Date = datetime.datetime

# What was new in the month after a release is what its authors tested with, and the repairs that followed. Half a
# year is too long: scikit-learn 0.24.2 with mlflow 1.26.1 would get scipy 1.9, in which it does not import.
AFTER_A_RELEASE = datetime.timedelta(days=30)
_NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:==|@)")
_FAR = datetime.datetime.max.replace(tzinfo=datetime.UTC)


def release_dates(lock: Mapping[str, Any]) -> dict[str, Date]:
    """Return when each release of a `pylock.toml` came out for its Python: the first wheel, else the source.

    An index that tells no times gives no dates.
    """
    found: dict[str, Date] = {}
    for package in lock.get("packages", []):
        sources = [package["sdist"]] if "sdist" in package else []
        times = [one["upload-time"] for one in package.get("wheels") or sources if "upload-time" in one]
        if times:
            found[canonical_name(package["name"])] = min(times)
    return found


def general_date(pins: Mapping[str, Date], now: Date) -> Date | None:
    """Return the day for what is not pinned: a month after the youngest pin; None when that is yet to come."""
    date = max(pins.values(), default=now) + AFTER_A_RELEASE
    return date if date < now else None


def open_package_dates(
    pins: Mapping[str, Date], needed: Mapping[str, Iterable[str]], general: Date | None
) -> dict[str, Date]:
    """Return the unpinned packages that an older pinned release needs, each with the day to take it of.

    `needed` leads from a package to those that need it. A day comes down from the pins through unpinned packages.
    """
    days = dict.fromkeys(needed, general or _FAR)
    days |= {name: date + AFTER_A_RELEASE for name, date in pins.items()}
    open_names = [name for name in needed if name not in pins]
    changed = True
    while changed:  # each round only lowers days to one of the pins' days, so that it ends, also with cycles
        changed = False
        for name in open_names:
            lowest = min([days[name], *(days.get(parent, _FAR) for parent in needed[name])])
            changed = changed or lowest < days[name]
            days[name] = lowest
    return {name: days[name] for name in open_names if days[name] < (general or _FAR)}


def needed_by(answer: str) -> dict[str, set[str]]:
    """Return who needs each package, from the annotations (`# via`) of uv's answer; nobody for what is asked for."""
    found: dict[str, set[str]] = {}
    current = ""
    for line in answer.splitlines():
        if start := _NAME.match(line):
            current = canonical_name(start[1])
            found[current] = set()
        elif current and (note := re.match(r"^\s+#\s+(?:via\s+)?(\S+)", line)):
            words = note[1].split("[")[0]
            if words != "via" and not words.startswith("-"):
                found[current].add(canonical_name(words))
    return found
