"""JSON Schemas of the domain's types, with what their docstrings say about each member."""

import ast
import inspect
import itertools
import textwrap
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue


def attribute_docs(cls: type) -> dict[str, str]:
    """The string below each attribute of a class, its bases' included."""
    found: dict[str, str] = {}
    # Bases first, so that a class that says it otherwise is heard.
    for one in reversed(cls.__mro__):
        try:
            source = inspect.getsource(one)
        except (OSError, TypeError):
            # Built in, or made at run time: nothing is written below its attributes.
            continue
        (body,) = ast.parse(textwrap.dedent(source)).body
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in itertools.pairwise(statements):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                found |= _doc(field.target.id, text)
    return found


def _doc(name: str, statement: ast.stmt) -> dict[str, str]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return {name: inspect.cleandoc(str(statement.value.value))}
    return {}


class DescribedSchema(GenerateJsonSchema):
    """Takes descriptions from docstrings, which the domain's types are full of.

    pydantic does it by a setting of each class; that would be a line of tooling in every class of
    the domain.
    """

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of a dataclass."""
        return self._described(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of a typed dictionary."""
        return self._described(super().typed_dict_schema(schema), schema["cls"])

    def _described(self, made: JsonSchemaValue, cls: type) -> JsonSchemaValue:
        for name, text in attribute_docs(cls).items():
            # Of a narrower view pydantic leaves members out; whatever is said by hand stands.
            if name in made.get("properties", {}):
                made["properties"][name].setdefault("description", " ".join(text.split()))
        return made
