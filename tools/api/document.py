"""Puts the OpenAPI document together; refuses while a route lacks its description."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from domain.codec import JsonObject
from domain.errors import ConfigurationError
from domain.version import VERSION
from tools.api.model import REF, Refusal, Registered, Reply, RouteText, Shapes, ref
from tools.api.words import ABOUT, TAGS, UNKEYED
from tools.described import DescribedSchema
from triggers.shapes.common import SIGNATURE_HEADER, ErrorAnswer

# From 3.1 on, schemas are JSON Schema of 2020-12, which is what pydantic writes; for 3.0 they would
# have to be translated.
OPENAPI = "3.1.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_KEYED: list[JsonObject] = [{"functionKey": []}, {"functionKeyInQuery": []}]
_SIGNED: list[JsonObject] = [{"signature": []}]
_ROLE = re.compile(r":\w+:`~?(?P<name>[^`]+)`")
"""A reference in a docstring, such as that to a class."""

_SCHEMES: JsonObject = {
    "functionKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A key of the function or of the host. The host asks for it, not the app.",
    },
    "functionKeyInQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "code",
        "description": "The same key where no header can be set. It ends up in access logs.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": SIGNATURE_HEADER,
        "description": '`t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<id>.<body>">`, keyed with '
        "the setting `VAULTLIFT_WEBHOOK_SECRET`; `id` as in the path, the body byte by byte.",
    },
}


def build_document(
    routes: Iterable[Registered], texts: Mapping[str, RouteText], bodies: JsonObject
) -> JsonObject:
    """The OpenAPI document.

    Args:
        routes: Every HTTP function of the app.
        texts: What is said about each, by the function's name.
        bodies: Schemas of everything that is sent, by name.

    Raises:
        ConfigurationError: A route without a text, or a text without a route; names all of them.
    """
    registered = tuple(routes)
    _check_complete(registered, texts)
    shapes = _shapes([texts[one.function] for one in registered], bodies)
    paths: dict[str, JsonObject] = {}
    for one in registered:
        for method in one.methods:
            paths.setdefault(one.path, {})[method] = _operation(one, texts[one.function], shapes)
    return {
        "openapi": OPENAPI,
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "vaultlift",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://{app}.azurewebsites.net",
                "variables": {"app": {"default": "vaultlift", "description": "The function app."}},
            },
            {"url": "http://127.0.0.1:7071", "description": "The local host."},
        ],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        # Sorted: the document then changes where a route does, and not with the order in which
        # routes are registered.
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(shapes.definitions.items())),
            "securitySchemes": _SCHEMES,
        },
    }


def _check_complete(routes: tuple[Registered, ...], texts: Mapping[str, RouteText]) -> None:
    known = {one.function for one in routes}
    # Both ways and all at once: a renamed function shows as what it is, one lost and one found.
    problems = [
        *(f"{name} has no description" for name in sorted(known - texts.keys())),
        *(f"{name} is described and not registered" for name in sorted(texts.keys() - known)),
    ]
    if problems:
        raise ConfigurationError(
            "; ".join(problems),
            subject="HTTP routes",
            what_to_do="Describe the route in tools/api, beside those of its noun.",
        )


def _shapes(texts: Iterable[RouteText], bodies: JsonObject) -> Shapes:
    # By identity: two types of one name are two schemas, and a type made by a call compares oddly.
    types = {id(shape): shape for one in texts for shape in (r.shape for r in one.replies)}
    types[id(ErrorAnswer)] = ErrorAnswer
    inputs: list[Any] = [(key, "serialization", TypeAdapter(one)) for key, one in types.items()]
    by_type, whole = TypeAdapter.json_schemas(
        inputs, ref_template=REF, schema_generator=DescribedSchema
    )
    definitions = {**whole["$defs"], **bodies}
    return Shapes(
        definitions={name.lstrip("_"): tidy(schema) for name, schema in definitions.items()},
        of_types={key: schema for (key, _), schema in by_type.items()},
    )


def tidy(schema: Any) -> Any:
    """A schema as it is published: no made-up titles, and no marks that only mean us.

    Titles only repeat a member's name; docstrings are written in another markup than OpenAPI reads;
    an underscore says that a class is nobody else's business, which its shape is.
    """
    if isinstance(schema, list):
        return [tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # A member may be called title or description, and then it is an object.
    kept = {
        name: tidy(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
    if isinstance(kept.get("description"), str):
        kept["description"] = _ROLE.sub(r"`\g<name>`", kept["description"]).replace("``", "`")
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace("/_", "/")
    return kept


def _operation(route: Registered, text: RouteText, shapes: Shapes) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.function,
        "tags": [text.tag],
        "summary": text.summary,
        "description": text.text,
        "security": _KEYED if route.is_keyed else _SIGNED,
    }
    if text.parameters:
        operation["parameters"] = [
            {
                "name": one.name,
                "in": "path" if f"{{{one.name}}}" in route.path else "query",
                "required": f"{{{one.name}}}" in route.path,
                "description": one.text,
                "schema": one.schema,
                **({"example": one.example} if one.example is not None else {}),
            }
            for one in text.parameters
        ]
    if text.body:
        examples = {name: {"value": one} for name, one in text.body.examples.items()}
        content = {"schema": ref(text.body.schema), "examples": examples}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    operation["responses"] = _responses(route, text, shapes)
    return operation


def _responses(route: Registered, text: RouteText, shapes: Shapes) -> JsonObject:
    found: dict[str, JsonObject] = {
        **{str(one.status): _reply(one, shapes) for one in text.replies},
        **{str(one.status): _refusal(one) for one in text.refusals},
    }
    if route.is_keyed:
        # By the host, before the app: there is no body to describe.
        found["401"] = {"description": UNKEYED}
    return dict(sorted(found.items()))


def _reply(reply: Reply, shapes: Shapes) -> JsonObject:
    content = {
        "schema": shapes.of_types[id(reply.shape)],
        "examples": {"example": {"value": reply.example}},
    }
    return {"description": reply.text, "content": {"application/json": content}}


def _refusal(refusal: Refusal) -> JsonObject:
    # The one form of all errors, and beside it only the codes that this route gives.
    # Beside the reference, which 3.1 allows: one shape for all refusals, each with its own codes.
    narrowed = {"properties": {"error": {"properties": {"code": {"enum": list(refusal.codes)}}}}}
    schema = {**ref("ErrorAnswer"), **narrowed}
    return {"description": refusal.text, "content": {"application/json": {"schema": schema}}}
