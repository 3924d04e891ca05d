"""The description of a scoring script's interface: Swagger 2 and OpenAPI 3.0 and 3.1.

A `swagger.json`, `swagger2.json`, `swagger3.json` or `swagger3.1.json` in the app root wins over what is
generated here. Types and examples come from inference-schema where the script uses it. Standard library only,
Python 3.8+.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List, Optional

from .scoring_script import ScoringScript, is_schema_decorated
from .scoring_settings import ScoringSettings

__all__ = ["Swagger", "UnknownVersion"]

Json = Dict[str, Any]

# Each version with the spellings that are accepted for it.
_ALIASES = {"2": ("2", "2.0"), "3": ("3", "3.0"), "3.1": ("3.1",)}
_FILES = {"2": ("swagger.json", "swagger2.json"), "3": ("swagger3.json",), "3.1": ("swagger3.1.json",)}
_FAULT = "The service could not answer because of an error."


class UnknownVersion(Exception):
    """A version was asked for that does not exist, or that this script's types do not allow."""


class Swagger:
    """The documents of one script, made when they are first asked for."""

    def __init__(self, script: ScoringScript, settings: ScoringSettings) -> None:
        self._script = script
        self._settings = settings
        self._documents: Dict[str, Optional[Json]] = {}

    def document(self, asked: str) -> Json:
        """Return the description in the version asked for. Raises UnknownVersion, which names the known."""
        version = next((one for one, aliases in _ALIASES.items() if asked in aliases), None)
        found = self._get(version) if version else None
        if found is None:
            known = ", ".join(self.versions())
            raise UnknownVersion("There is no Swagger document of version [%s]. There is: [%s]." % (asked, known))
        return found

    def versions(self) -> List[str]:
        """Return the versions that can be asked for."""
        return [version for version in _ALIASES if self._get(version) is not None]

    def _get(self, version: str) -> Optional[Json]:
        if version not in self._documents:
            self._documents[version] = self._read(version) or self._generate(version)
        return self._documents[version]

    def _read(self, version: str) -> Optional[Json]:
        for name in _FILES[version]:
            path = os.path.join(self._settings.app_root, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as stream:
                    return json.load(stream)
        return None

    def _generate(self, version: str) -> Optional[Json]:
        asked: Json = {"type": "object", "example": {}}
        given = dict(asked)
        if is_schema_decorated(self._script.run):
            schema: Any = sys.modules["inference_schema.schema_util"]
            if not set(schema.get_supported_versions(self._script.run)) & set(_ALIASES[version] + (version,)):
                return None
            asked, given = (
                schema.get_input_schema(self._script.run),
                schema.get_output_schema(self._script.run),
            )
        elif self._script.is_ours:
            asked, given = self._script.module.swagger_types()
        types = {"ServiceInput": asked, "ServiceOutput": given, "ErrorResponse": _error_type()}
        return _swagger2(self._settings, types) if version == "2" else _openapi(self._settings, types, version)


def _error_type() -> Json:
    return {"type": "object", "properties": {"message": {"type": "string"}}}


def _info(settings: ScoringSettings) -> Json:
    name = settings.service_name
    return {
        "title": name,
        "description": "Interface of the scoring service %s" % name,
        "version": settings.service_version,
    }


def _prefix(settings: ScoringSettings) -> str:
    inner = settings.service_path_prefix.strip("/")
    return "/" + inner if inner else ""


def _bearer() -> Json:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "For example: Bearer abc123",
    }


# One row for each route: path, method, operation, what it does, what it answers, its type.
_OPERATIONS = (
    ("/", "get", "ServiceHealthCheck", "Tell whether the service runs.", "The text 'Healthy'.", None),
    (
        "/score",
        "post",
        "RunMLService",
        "Run the model and get its prediction.",
        "The prediction.",
        "ServiceOutput",
    ),
    ("/swagger.json", "get", "GetSwaggerSpec", "Get this document.", "The document.", None),
)


def _swagger2(settings: ScoringSettings, types: Json) -> Json:
    paths: Json = {}
    fault = {"description": _FAULT, "schema": {"$ref": "#/definitions/ErrorResponse"}}
    for path, method, operation, text, answer, kind in _OPERATIONS:
        schema: Json = {"$ref": "#/definitions/%s" % kind} if kind else {"type": "string"}
        responses: Json = {"200": {"description": answer, "schema": schema}, "default": fault}
        paths[_prefix(settings) + path] = {
            method: {"operationId": operation, "description": text, "responses": responses}
        }
    body = {
        "name": "serviceInputPayload",
        "in": "body",
        "description": "The input for the model.",
        "schema": {"$ref": "#/definitions/ServiceInput"},
    }
    version = {"name": "version", "in": "query", "required": False, "type": "integer", "enum": [2, 3]}
    paths[_prefix(settings) + "/score"]["post"].update(security=[{"Bearer": []}], parameters=[body])
    paths[_prefix(settings) + "/swagger.json"]["get"]["parameters"] = [version]
    paths[_prefix(settings) + "/"]["get"]["responses"]["200"]["examples"] = {"application/json": "Healthy"}
    return {
        "swagger": "2.0",
        "info": _info(settings),
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _bearer()},
        "paths": paths,
        "definitions": types,
    }


def _openapi(settings: ScoringSettings, types: Json, version: str) -> Json:
    def content(kind: Optional[str]) -> Json:
        if kind:
            return {"application/json": {"schema": {"$ref": "#/components/schemas/%s" % kind}}}
        return {"text/plain": {"schema": {"type": "string"}}}

    paths: Json = {}
    fault = {"description": _FAULT, "content": content("ErrorResponse")}
    for path, method, operation, text, answer, kind in _OPERATIONS:
        responses: Json = {"200": {"description": answer, "content": content(kind)}, "default": fault}
        paths[_prefix(settings) + path] = {
            method: {"operationId": operation, "description": text, "responses": responses}
        }
    body = {"description": "The input for the model.", "content": content("ServiceInput")}
    asked = {
        "name": "version",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "enum": [2, 3]},
    }
    paths[_prefix(settings) + "/score"]["post"].update(security=[{"Bearer": []}], requestBody=body)
    paths[_prefix(settings) + "/swagger.json"]["get"]["parameters"] = [asked]
    healthy: Json = paths[_prefix(settings) + "/"]["get"]["responses"]["200"]["content"]["text/plain"]["schema"]
    healthy["example"] = "Healthy"
    return {
        "openapi": "3.1.0" if version == "3.1" else "3.0.3",
        "info": _info(settings),
        "security": [{"Bearer": []}],
        "paths": paths,
        "components": {"schemas": types, "securitySchemes": {"Bearer": _bearer()}},
    }
