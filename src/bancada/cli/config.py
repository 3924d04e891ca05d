"""`bancada config`: each setting, where its value came from, and the home's `config.yml`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bancada.cli import render
from bancada.cli.flags import Noun, assignments, verb
from bancada.cli.session import Session
from bancada.errors import Invalid, Problem, closest
from bancada.home import write_private

__all__ = ["config"]

COLUMNS = ("name", "value", "source", "variable", "sentence")


@click.group("config", cls=Noun)
def config() -> None:
    """Show and change settings. A flag beats the variable, the variable beats the home's config.yml."""


@verb(
    config,
    "show",
    click.option("-n", "--name", metavar="NAME", help="One setting."),
    examples=("bancada config show -o table", "bancada config show -n port --query value"),
    columns=COLUMNS,
)
def show(session: Session, *, name: str | None) -> list[dict[str, Any]] | dict[str, Any]:
    """Show every setting with its value, where the value came from, and what it means."""
    from dataclasses import asdict

    from bancada.settings import describe

    found = {one.name: asdict(one) for one in describe(session.overrides)}
    if name is None:
        return list(found.values())
    _known([name], found)
    return found[name]


@verb(
    config,
    "set",
    click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE…"),
    examples=("bancada config set workspace=lab", "bancada config set cores=4 templates=false"),
)
def set_values(session: Session, *, words: Sequence[str]) -> dict[str, Any]:
    """Write settings to the home's config.yml. A server that runs reads them at its next start."""
    import yaml

    from bancada.settings import describe, load_settings

    changes = {name: yaml.safe_load(value) for name, value in assignments(words, "config set").items()}
    _known(list(changes), [one.name for one in describe(session.overrides)])
    load_settings({**session.overrides, **changes})  # each value is checked before the file is touched
    return _write(session, {**_read(session), **changes})


@verb(
    config,
    "unset",
    click.option("-n", "--name", "names", multiple=True, required=True, metavar="NAME", help="Setting."),
    examples=("bancada config unset -n workspace",),
)
def unset(session: Session, *, names: Sequence[str]) -> dict[str, Any]:
    """Remove settings from the home's config.yml, so that their defaults are in force again."""
    values = _read(session)
    _known(names, values)
    return _write(session, {name: value for name, value in values.items() if name not in names})


def _known(names: Sequence[str], known: Any) -> None:
    for name in names:
        if name not in known:
            near = closest(name, known)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(known) or 'none'}."
            raise Invalid.of([Problem(name, f"no such setting. {hint}")])


def _read(session: Session) -> dict[str, Any]:
    import yaml

    path = session.home.root / "config.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def _write(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    import yaml

    session.home.prepare()
    write_private(session.home.root / "config.yml", yaml.safe_dump(values, sort_keys=True))
    render.note(f"Written to {session.home.root / 'config.yml'}.")
    if session.home.is_up:
        render.note("The server that runs keeps its old settings until it is started again: `bancada down`, then `up`.")
    return values
