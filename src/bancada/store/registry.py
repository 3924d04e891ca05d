"""The registry as MLflow has it: names with tags and aliases over the same versions that `resources` keeps as models.

A version is a row of kind "models" and its document the only truth about it: tags, description and stage are fields of
it. Beside it lie only what a name has without any version: description, tags, aliases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bancada.errors import AlreadyExists, NotFound
from bancada.store import resources, trees
from bancada.store.mapping import document
from bancada.store.transaction import Tx, Value, marks

__all__ = [
    "KIND",
    "NO_STAGE",
    "ModelName",
    "ModelVersion",
    "artifact_root",
    "create_name",
    "delete_alias",
    "delete_name",
    "delete_tag",
    "delete_version",
    "describe",
    "find_name",
    "find_version",
    "names",
    "new_version",
    "rename",
    "set_alias",
    "set_tag",
    "touch",
    "versions",
    "versions_of",
]

KIND = "models"
NO_STAGE = "None"

# Names come from both sides: made by a client before their first version, or by the first version itself.
_NAMES = """
SELECT n.name, COALESCE(r.description, ''), COALESCE(r.user_name, ''), n.created_at, n.updated_at, r.name
FROM (SELECT u.name AS name, MIN(u.created_at) AS created_at, MAX(u.updated_at) AS updated_at FROM (
        SELECT name, created_at, updated_at FROM resources WHERE workspace = ? AND kind = 'models'{}
        UNION ALL SELECT name, created_at, updated_at FROM registered_models WHERE workspace = ?{}
      ) u GROUP BY u.name) n
LEFT JOIN registered_models r ON r.workspace = ? AND r.name = n.name ORDER BY n.name
"""
# Placeholders of one statement: SQLite takes 32,766, and a name is asked for twice.
_NAMES_AT_ONCE = 1000


@dataclass(frozen=True)
class ModelName:
    """A registered model. `is_stored` says whether it has a row of its own or only versions."""

    name: str
    description: str
    user_name: str
    created_at: float
    updated_at: float
    is_stored: bool
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    # alias -> version
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    name: str
    version: str
    doc: Mapping[str, Any]
    created_at: float
    updated_at: float
    aliases: Sequence[str] = ()

    @property
    def tags(self) -> Mapping[str, str]:
        """The version's own tags."""
        tags: Mapping[str, Any] = self.doc.get("tags") or {}
        return {key: str(value) for key, value in tags.items()}

    @property
    def stage(self) -> str:
        """MLflow's stage; `None` when it has none."""
        return str(self.doc.get("stage") or NO_STAGE)

    @property
    def number(self) -> int:
        """The version as a number, for ordering; other texts come first."""
        return int(self.version) if self.version.isdecimal() else 0


def artifact_root(name: str, version: str) -> str:
    """Return the tree that holds the files of a version."""
    return f"{KIND}/{name}/{version}"


# -------------------------------------------------------------------------------- names


def names(tx: Tx, workspace: str, wanted: Sequence[str]) -> list[ModelName]:
    """Return registered models by their names, in the order of these; unknown ones are left out."""
    found: dict[str, ModelName] = {}
    for at in range(0, len(wanted), _NAMES_AT_ONCE):
        found.update(_names(tx, workspace, wanted[at : at + _NAMES_AT_ONCE]))
    return [found[one] for one in wanted if one in found]


def _names(tx: Tx, workspace: str, wanted: Sequence[str]) -> dict[str, ModelName]:
    inside = f" AND name IN ({marks(len(wanted))})"
    rows = tx.execute(_NAMES.format(inside, inside), [workspace, *wanted, workspace, *wanted, workspace])
    tags = _tags(tx, workspace, wanted)
    aliases = _aliases(tx, workspace, wanted)
    return {
        one: ModelName(one, text, user, made, changed, stored is not None, tags.get(one, {}), aliases.get(one, {}))
        for one, text, user, made, changed, stored in rows
    }


def find_name(tx: Tx, workspace: str, name: str) -> ModelName | None:
    """Return one registered model."""
    found = names(tx, workspace, [name])
    return found[0] if found else None


def _tags(tx: Tx, workspace: str, wanted: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    sql = "SELECT name, key, value FROM model_tags WHERE workspace = ? AND version = ''"
    for owner, key, value in _of_names(tx, sql, workspace, wanted):
        found.setdefault(owner, {})[key] = value
    return found


def _aliases(tx: Tx, workspace: str, wanted: Sequence[str] | None) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    sql = "SELECT name, alias, version FROM model_aliases WHERE workspace = ?"
    for owner, alias, version in _of_names(tx, sql, workspace, wanted):
        found.setdefault(owner, {})[alias] = version
    return found


def _of_names(tx: Tx, sql: str, workspace: str, wanted: Sequence[str] | None) -> list[tuple[Any, ...]]:
    if wanted is None:
        return tx.execute(f"{sql} ORDER BY 1, 2", (workspace,))
    return tx.execute(f"{sql} AND name IN ({marks(len(wanted))}) ORDER BY 1, 2", (workspace, *wanted))


def create_name(
    tx: Tx,
    workspace: str,
    name: str,
    *,
    description: str = "",
    user_name: str = "",
    tags: Mapping[str, str] | None = None,
    now: float,
) -> None:
    """Register a name. Raises AlreadyExists (also when only versions have it), NotFound without the workspace."""
    if find_name(tx, workspace, name) is not None:
        raise AlreadyExists(f"Registered Model (name={name}) already exists.", kind="registered model", name=name)
    if tx.one("SELECT 1 FROM workspaces WHERE name = ?", (workspace,)) is None:
        raise NotFound.of("workspace", workspace)
    _store_name(tx, workspace, ModelName(name, description, user_name, now, now, is_stored=True))
    for key, value in (tags or {}).items():
        set_tag(tx, workspace, name, key, value)


def _store_name(tx: Tx, workspace: str, one: ModelName) -> None:
    tx.change(
        "INSERT INTO registered_models"
        " (workspace, name, description, user_name, deployment_job_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, '', ?, ?) ON CONFLICT (workspace, name) DO UPDATE SET"
        " description = excluded.description, updated_at = excluded.updated_at",
        (workspace, one.name, one.description, one.user_name, one.created_at, one.updated_at),
    )


def describe(tx: Tx, workspace: str, one: ModelName, description: str, *, now: float) -> None:
    """Change the description of a name."""
    changed = ModelName(one.name, description, one.user_name, one.created_at, now, is_stored=True)
    _store_name(tx, workspace, changed)


def touch(tx: Tx, workspace: str, one: ModelName, *, now: float) -> None:
    """Note that something under a name changed."""
    describe(tx, workspace, one, one.description, now=now)


def set_tag(tx: Tx, workspace: str, name: str, key: str, value: str) -> None:
    """Set a tag of a name; the last value wins."""
    tx.change(
        "INSERT INTO model_tags (workspace, name, version, key, value) VALUES (?, ?, '', ?, ?)"
        " ON CONFLICT (workspace, name, version, key) DO UPDATE SET value = excluded.value",
        (workspace, name, key, value),
    )


def delete_tag(tx: Tx, workspace: str, name: str, key: str) -> None:
    """Delete a tag of a name, if there is one."""
    tx.change(
        "DELETE FROM model_tags WHERE workspace = ? AND name = ? AND version = '' AND key = ?",
        (workspace, name, key),
    )


def set_alias(tx: Tx, workspace: str, name: str, alias: str, version: str) -> None:
    """Point an alias at a version, wherever it pointed before."""
    tx.change(
        "INSERT INTO model_aliases (workspace, name, alias, version) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version",
        (workspace, name, alias, version),
    )


def delete_alias(tx: Tx, workspace: str, name: str, alias: str) -> None:
    """Delete an alias, if there is one."""
    tx.change("DELETE FROM model_aliases WHERE workspace = ? AND name = ? AND alias = ?", (workspace, name, alias))


def delete_name(tx: Tx, workspace: str, name: str) -> None:
    """Delete a name with its versions and their trees; bytes go when nothing refers to them."""
    resources.delete(tx, workspace, KIND, name)
    trees.delete_roots(tx, workspace, f"{KIND}/{name}")
    for table in ("registered_models", "model_tags", "model_aliases"):
        tx.change(f"DELETE FROM {table} WHERE workspace = ? AND name = ?", (workspace, name))


def rename(tx: Tx, workspace: str, one: ModelName, new_name: str, *, now: float) -> None:
    """Rename a registered model with all its versions. Raises AlreadyExists."""
    if one.name == new_name:
        return
    if find_name(tx, workspace, new_name) is not None:
        raise AlreadyExists(
            f"Registered Model (name={new_name}) already exists.", kind="registered model", name=new_name
        )
    touch(tx, workspace, one, now=now)
    for old in versions(tx, workspace, one.name):
        doc = {**old.doc, "name": new_name}
        row = resources.Row(workspace, KIND, new_name, old.version, doc, created_at=old.created_at)
        resources.put(tx, row)
        trees.copy_tree(tx, workspace, artifact_root(one.name, old.version), "", artifact_root(new_name, old.version))
    for table in ("registered_models", "model_tags", "model_aliases"):
        tx.change(f"UPDATE {table} SET name = ? WHERE workspace = ? AND name = ?", (new_name, workspace, one.name))
    delete_name(tx, workspace, one.name)


# -------------------------------------------------------------------------------- versions


def versions(tx: Tx, workspace: str, name: str | None = None) -> list[ModelVersion]:
    """Return the versions of a name, oldest first, or those of all names."""
    return _versions(tx, workspace, "", [], None if name is None else [name])


def versions_of(tx: Tx, workspace: str, names: Sequence[str]) -> dict[str, list[ModelVersion]]:
    """Return the versions of some names, oldest first, by name."""
    found: dict[str, list[ModelVersion]] = {one: [] for one in names}
    for at in range(0, len(names), _NAMES_AT_ONCE):
        for one in _versions(tx, workspace, "", [], names[at : at + _NAMES_AT_ONCE]):
            found[one.name].append(one)
    return found


def find_version(tx: Tx, workspace: str, name: str, version: str) -> ModelVersion | None:
    """Return one version."""
    found = _versions(tx, workspace, " AND version = ?", [version], [name])
    return found[0] if found else None


def _versions(
    tx: Tx, workspace: str, where: str, given: Sequence[Value], names: Sequence[str] | None
) -> list[ModelVersion]:
    named = "" if names is None else f" AND name IN ({marks(len(names))})"
    rows = tx.execute(
        "SELECT name, version, doc, created_at, updated_at FROM resources"
        f" WHERE workspace = ? AND kind = 'models'{named}{where} ORDER BY name, id",
        [workspace, *(names or ()), *given],
    )
    aliases = _aliases(tx, workspace, names) if rows else {}
    return [
        ModelVersion(
            owner,
            version,
            document(doc),
            created_at,
            updated_at,
            tuple(alias for alias, pointed in aliases.get(owner, {}).items() if pointed == version),
        )
        for owner, version, doc, created_at, updated_at in rows
    ]


def new_version(tx: Tx, workspace: str, name: str) -> str:
    """Return the number of the next version: one above the highest that ever was, deleted ones too."""
    row = tx.one(
        "SELECT value FROM model_tags WHERE workspace = ? AND name = ? AND version = ? AND key = ?",
        (workspace, name, _HIGHEST, _HIGHEST),
    )
    after_deleted = int(row[0]) + 1 if row else 1
    return str(max(after_deleted, int(resources.next_version(tx, workspace, KIND, name))))


# Where the number of a deleted version is remembered, so that it is never given again to other content.
_HIGHEST = "/highest"


def delete_version(tx: Tx, workspace: str, one: ModelVersion) -> None:
    """Delete a version with its tree and the aliases that point at it; its number is never given again."""
    highest = int(new_version(tx, workspace, one.name)) - 1
    resources.delete(tx, workspace, KIND, one.name, one.version)
    trees.delete(tx, workspace, artifact_root(one.name, one.version))
    if one.aliases:
        tx.change(
            f"DELETE FROM model_aliases WHERE workspace = ? AND name = ? AND alias IN ({marks(len(one.aliases))})",
            (workspace, one.name, *one.aliases),
        )
    tx.change(
        "INSERT INTO model_tags (workspace, name, version, key, value) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (workspace, name, version, key) DO UPDATE SET value = excluded.value",
        (workspace, one.name, _HIGHEST, _HIGHEST, str(highest)),
    )
