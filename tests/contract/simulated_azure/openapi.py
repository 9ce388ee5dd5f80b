"""Holds a JSON body against a published OpenAPI definition: names, types, discriminators.

Only what the definitions of the recovery services use is understood: ``$ref``, ``allOf``,
``discriminator`` with ``x-ms-discriminator-value``, objects, arrays and scalars.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.contract.simulated_azure.recordings import DATA

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


class Specification:
    """The definitions of one OpenAPI file.

    Args:
        document: The file's content.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._definitions: dict[str, Any] = document["definitions"]
        self._paths = {
            _PLACEHOLDER.sub("{}", path).lower(): item for path, item in document["paths"].items()
        }

    def answer_schema(self, method: str, path: str, status: int) -> dict[str, Any]:
        """Schema of an operation's answer; placeholders of ``path`` are written ``{}``."""
        operation = self._paths[path.lower()][method.lower()]
        schema: dict[str, Any] = operation["responses"][str(status)]["schema"]
        return schema

    def problems(self, schema: Mapping[str, Any], value: Any, where: str = "$") -> Iterator[str]:
        """Everything about a value that its schema does not allow."""
        schema = self._resolve(schema)
        if value is None:
            # The services send null for members without a value, whatever the definition says.
            return
        kind = schema.get("type", "object" if self._properties(schema) else None)
        if kind == "object":
            yield from self._object_problems(schema, value, where)
        elif kind == "array":
            if not isinstance(value, list):
                yield f"{where}: not an array"
                return
            for index, element in enumerate(value):
                yield from self.problems(schema["items"], element, f"{where}[{index}]")
        elif kind is not None and not _is_scalar(kind, value):
            yield f"{where}: {value!r} is no {kind}"

    def _object_problems(self, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: not an object"
            return
        schema = self._specialised(schema, value)
        known = self._properties(schema)
        for name, member in value.items():
            if name in known:
                yield from self.problems(known[name], member, f"{where}.{name}")
            elif known and "additionalProperties" not in schema:
                yield f"{where}.{name}: not in the definition"
        missing = set(schema.get("required", ())) - value.keys()
        yield from (f"{where}.{name}: missing" for name in sorted(missing))

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            reference = str(schema["$ref"])
            if not reference.startswith("#/definitions/"):
                return {}
            schema = self._definitions[reference.rsplit("/", 1)[1]]
        return schema

    def _specialised(self, schema: Mapping[str, Any], value: dict[str, Any]) -> Mapping[str, Any]:
        member = schema.get("discriminator")
        if member is None:
            return schema
        for definition in self._definitions.values():
            is_named = definition.get("x-ms-discriminator-value") == value.get(member)
            if is_named and self._descends(definition, schema):
                return definition
        return schema

    def _descends(self, schema: Mapping[str, Any], ancestor: Mapping[str, Any]) -> bool:
        bases = [self._resolve(base) for base in schema.get("allOf", ())]
        return any(base is ancestor or self._descends(base, ancestor) for base in bases)

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for base in schema.get("allOf", ()):
            found |= self._properties(self._resolve(base))
        return found | dict(schema.get("properties", {}))


def _is_scalar(kind: str, value: Any) -> bool:
    is_flag = isinstance(value, bool)
    return isinstance(value, _SCALARS[kind]) and is_flag == (kind == "boolean")


@cache
def _document(name: str) -> dict[str, Any] | None:
    path = DATA / "arm-examples" / "swagger" / f"{name}.json"
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def specification(name: str) -> Specification:
    """A published specification; skips the test where it is not beside the checkout."""
    document = _document(name)
    if document is None:
        pytest.skip(f"the specification {name} is not beside this checkout")
    return Specification(document)
