"""What is published in docs/reference, as something to hold real answers and documents against."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
OPENAPI = "urn:openapi"


@cache
def published(name: str) -> Any:
    """A document of the reference."""
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@cache
def _registry() -> Registry:
    resource = Resource(contents=published("openapi.json"), specification=DRAFT202012)
    return Registry().with_resource(OPENAPI, resource)


def problems(schema: Any, value: Any, registry: Registry | None = None) -> list[str]:
    """Where a value is not as a schema says."""
    validator = Draft202012Validator(
        schema, registry=registry or Registry(), format_checker=FormatChecker()
    )
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]


def _absolute(schema: Any) -> Any:
    """A schema of the OpenAPI document, whose references lead into it from anywhere."""
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: OPENAPI + value if name == "$ref" else _absolute(value)
        for name, value in schema.items()
    }


def problems_in(schema: Any, value: Any) -> list[str]:
    """Where a value is not as a schema of the OpenAPI document says."""
    return problems(_absolute(schema), value, _registry())


def operation(method: str, path: str) -> Any | None:
    """The operation of a call, or None where the document has none; query strings are passed over.

    As the host does, a path spelt out goes before one with parameters.
    """
    bare = path.partition("?")[0]
    paths = published("openapi.json")["paths"]
    for template in sorted(paths, key=lambda one: one.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if method.lower() in paths[template] and re.fullmatch(pattern, bare):
            return paths[template][method.lower()]
    return None


def undocumented(method: str, path: str, sent: Any, status: int, body: Any) -> list[str]:
    """Where a call of the API is not as documented: what was sent, the status, the answer.

    Calls of routes that do not exist are the host's business and never wrong here.
    """
    found = operation(method, path)
    if found is None:
        return []
    response = found["responses"].get(str(status))
    if response is None:
        return [f"{method} {path} answers {status}, which is not documented"]
    wrong = []
    if status < 400 and "requestBody" in found:
        # What the app takes must be what the document says may be sent.
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        wrong += [f"sent {one}" for one in problems_in(schema, sent)]
    if "content" in response:
        schema = response["content"]["application/json"]["schema"]
        wrong += [f"answered {one}" for one in problems_in(schema, body)]
    return [f"{method} {path}: {one}" for one in wrong]


def closed(schema: Any) -> Any:
    """A schema that takes no member it does not describe.

    What is published leaves room for later members; a test must not, or nobody would notice one
    that lacks its description.
    """
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {name: closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        tight.setdefault("additionalProperties", False)
    return tight


@cache
def _evidence_validator() -> Draft202012Validator:
    schema = closed(published("evidence.schema.json"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


def evidence_problems(document: Any) -> list[str]:
    """Where an evidence document is not as published."""
    found = _evidence_validator().iter_errors(document)
    return [f"{document.get('kind')} {one.json_path}: {one.message[:500]}" for one in found]


def _build(value: Any) -> Any:
    """How a value is built, whatever stands in it."""
    if isinstance(value, dict):
        return tuple((name, _build(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return frozenset(map(_build, value))
    return type(value).__name__


_JUDGED: dict[Any, list[str]] = {}


def build_problems(document: Any) -> list[str]:
    """As :func:`evidence_problems`, but each build of documents is judged once in a process.

    Tests keep tens of thousands of documents; the first of each build shows the gap. One that is
    kept again after a failure, as workflows do, is no better than it was.
    """
    build = (document.get("kind"), _build(document))
    if build not in _JUDGED:
        _JUDGED[build] = evidence_problems(document)
    return _JUDGED[build]
