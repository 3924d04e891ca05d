"""Online deployments as faces see them. What moves a deployment is its turn; see `replicas`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bancada.domain import references
from bancada.domain.base import parse
from bancada.domain.deployment import ManagedOnlineDeployment
from bancada.domain.references import AssetReference, BadReference
from bancada.engine.assets import Assets
from bancada.engine.builds import Builds
from bancada.engine.collection import check_collections
from bancada.engine.core import Core, Document
from bancada.engine.deployment_rows import (
    DEPLOYMENTS,
    MOST_PROCESSES,
    WORKER_COUNT,
    initial_state,
    most_instances,
    replica_documents,
    workers_of,
)
from bancada.engine.documents import part
from bancada.engine.endpoints import await_gone, deployments_of, find_endpoint, request_delete
from bancada.engine.environments import resolve
from bancada.engine.locations import Locations, find_version
from bancada.engine.mlflow_models import read_mlflow_model
from bancada.engine.routes import Routes
from bancada.engine.serving_environments import Served, served_in
from bancada.errors import Conflict, Invalid, NotFound, NotSupported, Problem
from bancada.store import events, queue, resources
from bancada.store.database import Tx
from bancada.store.queue import Subject
from bancada.store.resources import Row

__all__ = ["Deployments"]

# A number of processes has no more; reading a far longer text as a number would fail.
_MOST_DIGITS = 9

# Fields whose change needs no new replica.
IN_PLACE = frozenset(
    {
        "instance_count",
        "instance_type",
        "request_settings",
        "scale_settings",
        "description",
        "tags",
        "properties",
        "app_insights_enabled",
        "liveness_probe",
        "readiness_probe",
        "resources",
        "egress_public_network_access",
        "private_network_connection",
        "provisioning_state",
        "creation_context",
        "error",
        "spec_version",
    }
)
# Properties that only we write.
SHOWN = frozenset({"replicas", "program", "serving_environment"})


@dataclass(frozen=True)
class Plan:
    """What a deployment runs: "" for the user's script, else a program of ours; and where, if the model decides it."""

    program: str
    served: Served | None


class Deployments:
    """CRUD of deployments. What can be asked about one is in `deployment_reports`."""

    def __init__(self, core: Core, assets: Assets, locations: Locations, builds: Builds, routes: Routes) -> None:
        self._core = core
        self._assets = assets
        self._locations = locations
        self._builds = builds
        self._routes = routes

    def put_deployment(self, workspace: str, endpoint: str, name: str, doc: dict[str, Any], who: str) -> Document:
        """Create a deployment or roll it over to a new definition; the old one serves until the new one is ready.

        Raises NotFound for a missing endpoint, model or environment; Invalid for a wrong document.
        """
        entity: ManagedOnlineDeployment = parse(
            ManagedOnlineDeployment, {**doc, "name": name, "endpoint_name": endpoint}
        )
        body = entity.document(read_only=False)
        # What we show there ourselves comes back when a client sends what it was shown.
        body["properties"] = {key: one for key, one in part(body, "properties").items() if key not in SHOWN}
        _check_workers(body)
        body = self._settle_model(workspace, body, who)
        check_collections(self._core, workspace, body)
        plan = self._plan(workspace, body)
        row = self._core.db.write(lambda tx: self._write_deployment(tx, workspace, endpoint, name, body, plan, who))
        # Limits that changed in place hold at once.
        self._routes.publish()
        return self._shown_deployment(row)

    def _plan(self, workspace: str, body: dict[str, Any]) -> Plan:
        """Find out what will run: a user's script, or our own program around an MLflow model."""
        model = self._core.db.read(lambda tx: self._model(tx, workspace, body.get("model")))
        found = read_mlflow_model(self._core, workspace, model["name"], model["version"]) if model else None
        if not body.get("code_configuration"):
            if found is None:
                what = f"model `{model['name']}` is none (it has no file MLmodel)" if model else "no model is named"
                raise Invalid.of(
                    [
                        Problem(
                            "code_configuration",
                            f"is required, but missing. Only an MLflow model is served without a script; {what}.",
                        )
                    ]
                )
            if "python_function" not in found.flavors:
                text = f"model `{found.name}` has no flavor `python_function` (it has: {', '.join(found.flavors)})."
                raise Invalid.of([Problem("model", text)])
        else:
            self._check_code(workspace, body)
        chosen = found is not None and not body.get("environment")
        served = served_in(self._core, self._builds, workspace, found) if found is not None and chosen else None
        return Plan(program="" if body.get("code_configuration") else "mlflow", served=served)

    def _settle_model(self, workspace: str, body: dict[str, Any], who: str) -> dict[str, Any]:
        model = part(body, "model")
        if not model:
            return body
        # A model given in place is registered under a name of its own, as Azure does with anonymous models.
        named = {**model, "name": model.get("name") or f"{body['endpoint_name']}-{body['name']}-model"}
        made = self._assets.create(workspace, "models", named, who)
        return {**body, "model": f"azureml:{made.body['name']}:{made.body['version']}"}

    def _check_code(self, workspace: str, body: dict[str, Any]) -> None:
        code = body.get("code_configuration")
        if not code or not code.get("scoring_script"):
            raise Invalid.of([Problem("code_configuration.scoring_script", "is required, but missing.")])
        if code.get("code"):
            found = self._locations.files(workspace, str(code["code"]))
            names = [one.path for one in found.relative()]
            if code["scoring_script"].removeprefix("./") not in names:
                shown = ", ".join(f"`{one}`" for one in sorted(names)[:10])
                text = f"`{code['scoring_script']}` is not in the code folder (it has: {shown})."
                raise Invalid.of([Problem("code_configuration.scoring_script", text)])

    def _write_deployment(
        self, tx: Tx, workspace: str, endpoint: str, name: str, body: dict[str, Any], plan: Plan, who: str
    ) -> Row:
        find_endpoint(tx, workspace, endpoint)
        key = f"{endpoint}/{name}"
        before = resources.get(tx, workspace, DEPLOYMENTS, key)
        served = self._kept(before, plan.served)
        if served is None:
            body["environment"], request = resolve(tx, workspace, body.get("environment") or "minimal")
        else:
            request = served.request
        model = self._model(tx, workspace, body.get("model"))
        if model is not None:
            body["model"] = f"azureml:{model['name']}:{model['version']}"
        self._builds.forget_failure(tx, request)
        now = self._core.clock.now()
        made = {"environment": request, "model": model, "program": plan.program}
        made["serving_environment"] = served.why if served is not None else ""
        if before is None:
            state = {**initial_state(), **made}
            row = Row(
                workspace=workspace,
                kind=DEPLOYMENTS,
                name=key,
                version="",
                state="Creating",
                revision=0,
                doc={**body, "$state": state, "$by": who},
                archived=False,
                created_at=now,
                updated_at=now,
            )
            stored = resources.put(tx, row)
        elif _differs_in_place(before, body, made):
            stored = self._change_in_place(tx, before, body)
        else:
            stored = self._roll_over(tx, before, body, made)
        events.append(tx, workspace, "deployment", key, "put", who, {})
        queue.put(tx, Subject(workspace, "deployment", key), due_at=now)
        return stored

    def _kept(self, before: Row | None, served: Served | None) -> Served | None:
        """Return where the deployment goes on: another environment that would do now is no reason for new replicas."""
        state: dict[str, Any] = before.doc["$state"] if before is not None else {}
        known: dict[str, Any] = state.get("environment") or {}
        if served is None or not known or self._builds.find(known) is None:
            return served
        if {**known, "built_as": ""} != {**served.request, "built_as": ""}:
            return served
        return Served(known, str(state.get("serving_environment") or ""))

    def _change_in_place(self, tx: Tx, before: Row, body: dict[str, Any]) -> Row:
        """Change what needs no new replica, such as their number; those that run go on."""
        doc = {**body, "$state": before.doc["$state"], "$by": before.doc.get("$by")}
        row = replace(before, doc=doc, state="Updating", updated_at=self._core.clock.now())
        return resources.put(tx, row, expect_revision=before.revision)

    def _roll_over(self, tx: Tx, before: Row, body: dict[str, Any], made: dict[str, Any]) -> Row:
        state = before.doc["$state"]
        if state.get("deleting"):
            raise Conflict(f"Deployment `{before.name}` is being deleted.")
        kept = [one for one in state["replicas"] if one["state"] != "failed"]
        fresh = {
            **state,
            "generation": state["generation"] + 1,
            "replicas": kept,
            "deaths": [],
            **made,
        }
        doc = {**body, "$state": fresh, "$by": before.doc.get("$by")}
        now = self._core.clock.now()
        row = replace(before, doc=doc, state="Updating", updated_at=now)
        return resources.put(tx, row, expect_revision=before.revision)

    def _model(self, tx: Tx, workspace: str, text: Any) -> dict[str, str] | None:
        if not text:
            return None
        try:
            reference = references.parse_asset(str(text), "model")
        except BadReference as reason:
            raise Invalid.of([Problem("model", str(reason))]) from reason
        if not isinstance(reference, AssetReference):
            raise NotSupported(f"`{text}` names a registry's model; this platform has no model registries.")
        row = find_version(tx, workspace, "models", reference)
        return {"name": row.name, "version": row.version}

    def get_deployment(self, workspace: str, endpoint: str, name: str) -> Document:
        """Return one deployment."""
        return self._shown_deployment(self._core.db.read(lambda tx: self._deployment(tx, workspace, endpoint, name)))

    def _deployment(self, tx: Tx, workspace: str, endpoint: str, name: str) -> Row:
        find_endpoint(tx, workspace, endpoint)
        row = resources.get(tx, workspace, DEPLOYMENTS, f"{endpoint}/{name}")
        if row is None:
            existing = [one.name.partition("/")[2] for one in deployments_of(tx, workspace, endpoint)]
            raise NotFound.of("deployment", name, existing=existing)
        return row

    def list_deployments(self, workspace: str, endpoint: str) -> list[Document]:
        """Return an endpoint's deployments."""

        def read(tx: Tx) -> list[Row]:
            find_endpoint(tx, workspace, endpoint)
            return deployments_of(tx, workspace, endpoint)

        return [self._shown_deployment(row) for row in self._core.db.read(read)]

    def _shown_deployment(self, row: Row) -> Document:
        found = self._assets.shown(row)
        endpoint, _, name = row.name.partition("/")
        state = row.doc["$state"]
        provisioning = "Deleting" if state.get("deleting") else row.state
        body = {**found.body, "name": name, "endpoint_name": endpoint, "provisioning_state": provisioning}
        shown = {"replicas": json.dumps(replica_documents(row))}
        if state.get("program"):
            shown["program"] = state["program"]
        if state.get("serving_environment"):
            shown["serving_environment"] = state["serving_environment"]
        body["properties"] = {**part(body, "properties"), **shown}
        return Document({key: value for key, value in body.items() if value is not None}, found.revision)

    def delete_deployment(self, workspace: str, endpoint: str, name: str, who: str) -> None:
        """End a deployment. Raises Conflict while it receives traffic."""

        def begin(tx: Tx) -> None:
            row = self._deployment(tx, workspace, endpoint, name)
            traffic = part(find_endpoint(tx, workspace, endpoint).doc, "traffic")
            if traffic.get(name):
                raise Conflict(
                    f"Deployment `{name}` receives {traffic[name]} % of the traffic; set its share to 0 first."
                )
            request_delete(tx, row, who, self._core.clock.now())

        self._core.db.write(begin)
        key = f"{endpoint}/{name}"
        await_gone(self._core, lambda tx: resources.get(tx, workspace, DEPLOYMENTS, key), f"deployment `{name}`")


def _check_workers(body: dict[str, Any]) -> None:
    """Refuse a WORKER_COUNT that is no number, and more processes than one machine can reasonably run."""
    place = f"environment_variables.{WORKER_COUNT}"
    given = part(body, "environment_variables").get(WORKER_COUNT)
    if given is not None and not (str(given).isdecimal() and len(str(given)) <= _MOST_DIGITS and int(given) > 0):
        text = f"`{given}` is no number of processes; use 1 or more, or leave it out."
        raise Invalid.of([Problem(place, text)])
    workers, (instances, field) = workers_of(body), most_instances(body)
    if workers * instances > MOST_PROCESSES:
        text = (
            f"{field} {instances} with {WORKER_COUNT} {workers} makes {workers * instances} processes; "
            f"a deployment may have at most {MOST_PROCESSES}."
        )
        raise Invalid.of([Problem(place if workers > instances else field, text)])


def _differs_in_place(before: Row, body: dict[str, Any], made: dict[str, Any]) -> bool:
    """Tell whether the replicas that serve can go on serving under the new document."""
    state = before.doc["$state"]
    if state.get("deleting") or before.state not in ("Succeeded", "Updating") or state["live"] != state["generation"]:
        return False
    if any(state.get(key) != value for key, value in made.items() if value or state.get(key)):
        return False
    names = (set(before.doc) | set(body)) - IN_PLACE
    return all(before.doc.get(name) == body.get(name) for name in names if not name.startswith("$"))
