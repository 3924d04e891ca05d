"""Nouns whose verbs are alike, made from the table of kinds: create, show, list, update, archive, restore, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from bancada.cli.entities import changed, load, placed
from bancada.cli.flags import (
    ManyValues,
    Noun,
    assignments,
    document,
    field_flags,
    file_flag,
    first,
    label_flag,
    list_flags,
    name_flag,
    no_wait_flag,
    set_flag,
    take_fields,
    verb,
    version_flag,
    view_type,
    yes_flag,
)
from bancada.cli.session import Session, sure
from bancada.domain.base import parse
from bancada.domain.kinds import KINDS, Kind

__all__ = ["Shape", "make_noun"]

WHICH = (version_flag("Version; the latest without it."), label_flag())
TAGS = click.option("--tags", "tags", cls=ManyValues, help="Tags: key=value key=value.")


@dataclass(frozen=True)
class Shape:
    """What a noun has beside its kind: where the SDK keeps it, and what its create verb and its table show."""

    kind: str
    # Attribute of MLClient.
    group: str
    # Function of the SDK that reads its YAML.
    loader: str
    columns: tuple[str, ...]
    # Flags of `create`, by field.
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    example: str = ""

    @property
    def row(self) -> Kind:
        """The kind's row in the table."""
        return KINDS[self.kind]


def make_noun(shape: Shape) -> click.Group:
    """Return the noun with all verbs that its kind has."""
    kind = shape.row
    noun = Noun(kind.noun, help=f"Create, show and manage each {kind.label}.")
    _add_create(noun, shape)
    _add_show(noun, shape)
    _add_list(noun, shape)
    _add_update(noun, shape)
    if kind.is_versioned:
        _add_archive(noun, shape, "archive", "Hide it from lists; what refers to it goes on working.")
        _add_archive(noun, shape, "restore", "Show it in lists again.")
    else:
        _add_delete(noun, shape)
    return noun


def group_of(session: Session, shape: Shape) -> Any:
    """Return the SDK's operations of this kind."""
    return getattr(session.client, shape.group)


def finished(session: Session, answer: Any, what: str, *, no_wait: bool = False) -> Any:
    """Return the result of an SDK call; a poller is waited for, with progress, unless told not to."""
    if not hasattr(answer, "result"):
        return document(answer)
    if no_wait:
        return None
    with session.progress(what) as line:
        while not answer.done():
            line.update(str(answer.status()))
            answer.wait(0.5)
    return document(answer.result())


def _write(group: Any, entity: Any) -> Any:
    write = getattr(group, "create_or_update", None) or group.begin_create_or_update
    return write(entity)


def _add_create(noun: click.Group, shape: Shape) -> None:
    kind = shape.row
    next_one = version_flag("Version; the next one without it.")
    versions = (next_one,) if kind.is_versioned else (no_wait_flag(),)
    examples = [f"bancada {kind.noun} create -f {kind.noun}.yml"]
    if shape.example:
        examples.append(f"bancada {kind.noun} create {shape.example}")

    def create(session: Session, *, file: str | None, changes: Sequence[str], tags: Sequence[str], **named: Any) -> Any:
        no_wait = bool(named.pop("no_wait", False))
        fields = {"name": named.pop("name"), "version": named.pop("version", None), **take_fields(named)}
        if tags:
            fields["tags"] = assignments(tags, "--tags")
        entity = load(shape.loader, file, fields, changes)
        with session.progress(f"Creating the {kind.label} …"), placed(file):
            answer = _write(group_of(session, shape), entity)
        return finished(session, answer, f"Creating the {kind.label} …", no_wait=no_wait)

    create.__doc__ = f"Create a new {kind.label}, or change what of it may change.\n\nLocal files are uploaded first."
    flags = (file_flag(kind.label), name_flag(kind.label, required=False), *versions, *field_flags(shape.fields))
    verb(noun, "create", *flags, TAGS, set_flag(), examples=examples, columns=shape.columns)(create)


def _add_show(noun: click.Group, shape: Shape) -> None:
    kind = shape.row

    def show(session: Session, *, name: str, **which: Any) -> Any:
        return document(found(session, shape, name, **which))

    show.__doc__ = f"Show one {kind.label}."
    versions = WHICH if kind.is_versioned else ()
    example = f"bancada {kind.noun} show -n NAME" + (" -v 1" if kind.is_versioned else "")
    verb(noun, "show", name_flag(kind.label), *versions, examples=[example], columns=shape.columns)(show)


def found(session: Session, shape: Shape, name: str, version: str | None = None, label: str | None = None) -> Any:
    """Return one entity; of a versioned kind the latest, when neither version nor label is given."""
    group = group_of(session, shape)
    if not shape.row.is_versioned:
        return group.get(name)
    return group.get(name, version=version, label=None if version else label or "latest")


def _add_list(noun: click.Group, shape: Shape) -> None:
    kind = shape.row
    names = (name_flag(f"{kind.label}: lists its versions", required=False),) if kind.is_versioned else ()

    def list_(session: Session, *, max_results: int | None, **named: Any) -> Any:
        group = group_of(session, shape)
        if not kind.is_versioned:
            return first(group.list(), max_results)
        view = view_type(named["include_archived"], named["archived_only"])
        return first(group.list(named["name"], list_view_type=view), max_results)

    list_.__doc__ = (
        f"List: the latest version of each {kind.label}." if kind.is_versioned else f"List each {kind.label}."
    )
    examples = [f"bancada {kind.noun} list -o table"]
    flags = (*names, *list_flags(archive=kind.is_versioned))
    verb(noun, "list", *flags, examples=examples, columns=shape.columns)(list_)


def _add_update(noun: click.Group, shape: Shape) -> None:
    kind = shape.row
    versions = WHICH if kind.is_versioned else (no_wait_flag(),)

    def update(session: Session, *, name: str, changes: Sequence[str], **which: Any) -> Any:
        no_wait = bool(which.pop("no_wait", False))
        before = found(session, shape, name, **which)
        entity = parse(kind.entity, changed(before.document(read_only=False), changes))
        answer = _write(group_of(session, shape), entity)
        return finished(session, answer, f"Changing the {kind.label} …", no_wait=no_wait)

    fields = "description, tags and properties" if kind.is_versioned else "its fields"
    update.__doc__ = f"Change {fields} of one {kind.label}."
    example = f"bancada {kind.noun} update -n NAME --set description='better' tags.team=blue"
    flags = (name_flag(kind.label), *versions, set_flag())
    verb(noun, "update", *flags, examples=[example], columns=shape.columns)(update)


def _add_archive(noun: click.Group, shape: Shape, word: str, help: str) -> None:
    kind = shape.row

    def change(session: Session, *, name: str, version: str | None, label: str | None) -> None:
        getattr(group_of(session, shape), word)(name, version=version, label=label)

    change.__doc__ = f"{help}\n\nWithout a version it concerns all versions of the name."
    examples = [f"bancada {kind.noun} {word} -n NAME", f"bancada {kind.noun} {word} -n NAME -v 1"]
    verb(noun, word, name_flag(kind.label), version_flag(), label_flag(), examples=examples)(change)


def _add_delete(noun: click.Group, shape: Shape) -> None:
    kind = shape.row

    def delete(session: Session, *, name: str, yes: bool, no_wait: bool) -> None:
        sure(f"Delete the {kind.label} `{name}`?", yes=yes)
        group = group_of(session, shape)
        remove = getattr(group, "begin_delete", None) or group.delete
        finished(session, remove(name), f"Deleting the {kind.label} …", no_wait=no_wait)

    delete.__doc__ = f"Delete one {kind.label}."
    example = f"bancada {kind.noun} delete -n NAME --yes"
    verb(noun, "delete", name_flag(kind.label), yes_flag(), no_wait_flag(), examples=[example])(delete)
