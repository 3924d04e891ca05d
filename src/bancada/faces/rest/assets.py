"""Routes of every kind in `domain.kinds` but jobs and endpoints: made from the table, none by hand."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from bancada.domain.kinds import RESOURCE_KINDS, Kind
from bancada.engine.model_files import model_file, model_files
from bancada.faces.http import Download, in_thread, json_response
from bancada.faces.rest.operations import Call, Operation, Query, page_queries, wait_queries

__all__ = ["GENERIC", "OPERATIONS"]

# Endpoints and deployments are kept alive by the engine's serving part, which has its own routes.
SERVED = ("online-endpoints", "online-deployments")
GENERIC: tuple[Kind, ...] = tuple(kind for kind in RESOURCE_KINDS if kind.key not in SERVED)
# What a job's own token may create: what a training script registers through the SDK.
JOBS_CREATE = ("models", "data")
LABEL = Query("label", "string", "Label instead of a version: `latest`.")
PREFIX_QUERY = Query("prefix", "string", "Only files below this path.")


def operations_of(kind: Kind) -> Iterator[Operation]:
    """Yield the routes of one kind."""
    routes = KindRoutes(kind)
    all_, one = f"/workspaces/{{ws}}/{kind.segment}", f"/workspaces/{{ws}}/{kind.segment}/{{name}}"
    entity, label, tag = kind.entity, kind.label, kind.key
    yield Operation("GET", all_, routes.page, f"List: {label}", tag, answer=entity, form="page", query=page_queries())
    queries = (LABEL,) if kind.is_versioned else wait_queries()
    yield Operation("GET", one, routes.get, f"Show: {label}", tag, answer=entity, query=queries)
    yield from _written(kind, routes, all_, one)
    yield Operation("DELETE", one, routes.delete, f"Delete: {label}", tag, form="nothing")
    places = (one, f"{one}/versions/{{version}}") if kind.is_versioned else (one,)
    for place in places:
        yield Operation("POST", f"{place}/archive", routes.archive, f"Archive: {label}", tag, form="nothing")
        yield Operation("POST", f"{place}/restore", routes.restore, f"Restore: {label}", tag, form="nothing")


def _written(kind: Kind, routes: KindRoutes, all_: str, one: str) -> Iterator[Operation]:
    entity, label, tag = kind.entity, kind.label, kind.key
    jobs = kind.key in JOBS_CREATE
    if not kind.is_versioned:
        text = f"Create or replace: {label}"
        yield Operation("PUT", one, routes.put, text, tag, body=entity, answer=entity, open_to_jobs=jobs)
        return
    versions, version = f"{one}/versions", f"{one}/versions/{{version}}"
    yield Operation(
        "POST",
        all_,
        routes.put,
        f"Create under a made-up name: {label}",
        tag,
        entity,
        entity,
        open_to_jobs=jobs,
    )
    yield Operation(
        "POST", one, routes.put, f"Create the next version: {label}", tag, entity, entity, open_to_jobs=jobs
    )
    yield Operation("PUT", version, routes.put, f"Create a version: {label}", tag, entity, entity, open_to_jobs=jobs)
    yield Operation("GET", versions, routes.page, f"List versions: {label}", tag, None, entity, "page", page_queries())
    yield Operation("GET", version, routes.get, f"Show a version: {label}", tag, answer=entity)
    yield Operation("DELETE", version, routes.delete, f"Delete a version: {label}", tag, form="nothing")


class KindRoutes:
    """The routes' functions for one kind; what the path does not give is None."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    async def page(self, call: Call) -> Response:
        """List the kind, or the versions of one name."""
        name = call.optional("name")
        found = await in_thread(
            call.platform.assets.page,
            call.workspace,
            self.kind.key,
            name=name,
            archived=call.archived(),
            limit=call.limit(),
            cursor=call.text("cursor"),
        )
        if name is not None and not found[0]:
            await in_thread(call.platform.assets.get, call.workspace, self.kind.key, name)
        return call.page(found)

    async def get(self, call: Call) -> Response:
        """Show one."""
        name = call.name("name")
        if not self.kind.is_versioned:
            await call.wait(self.kind.key, name)
        found = await in_thread(
            call.platform.assets.get,
            call.workspace,
            self.kind.key,
            name,
            call.optional("version"),
            call.text("label"),
        )
        return call.document(found)

    async def put(self, call: Call) -> Response:
        """Create, or change what may change."""
        name, version = call.optional("name"), call.optional("version")
        body = await call.body(name=name, version=version)
        found = await in_thread(
            call.platform.assets.create, call.workspace, self.kind.key, body, call.who, name, version
        )
        return call.document(found)

    async def delete(self, call: Call) -> Response:
        """Delete one, or one version."""
        await in_thread(
            call.platform.assets.delete,
            call.workspace,
            self.kind.key,
            call.name("name"),
            call.who,
            call.optional("version"),
        )
        return call.nothing()

    async def archive(self, call: Call) -> Response:
        """Hide it from lists."""
        return await self._set_archived(call, True)

    async def restore(self, call: Call) -> Response:
        """Show it in lists again."""
        return await self._set_archived(call, False)

    async def _set_archived(self, call: Call, archived: bool) -> Response:
        name, version = call.name("name"), call.optional("version")
        operation = call.platform.assets.archive
        await in_thread(operation, call.workspace, self.kind.key, name, version, archived, call.who)
        return call.nothing()


async def list_model_files(call: Call) -> Response:
    """List the files of a model version."""
    found = await in_thread(
        model_files,
        call.platform.core,
        call.workspace,
        call.name("name"),
        call.name("version"),
        call.text("prefix") or "",
    )
    return json_response({"items": found})


async def read_model_file(call: Call) -> Response:
    """Return one file of a model version."""
    path = call.name("path")
    found = await in_thread(
        model_file, call.platform.core, call.workspace, call.name("name"), call.name("version"), path
    )
    return Download(found, filename=path.rpartition("/")[2])


FILES = "/workspaces/{ws}/models/{name}/versions/{version}/files"
OPERATIONS: tuple[Operation, ...] = (
    *(operation for kind in GENERIC for operation in operations_of(kind)),
    Operation("GET", FILES, list_model_files, "List a model's files", "models", query=(PREFIX_QUERY,)),
    Operation("GET", f"{FILES}/{{path:path}}", read_model_file, "Download a model's file", "models", form="bytes"),
)
