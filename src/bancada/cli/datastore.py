"""The noun `datastore`."""

from __future__ import annotations

from bancada.cli.nouns import Shape, make_noun

__all__ = ["datastore"]

datastore = make_noun(
    Shape(
        kind="datastores",
        group="datastores",
        loader="load_datastore",
        columns=("name", "type", "account_name", "container_name", "description"),
        fields={"description": "What it is."},
    )
)
