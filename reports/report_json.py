"""The report for programs, and its JSON Schema, which is kept in ``docs/reference``."""

import json

from pydantic import TypeAdapter

from domain.codec import JsonObject, to_json
from reports.model import SCHEMA, Report


def render(report: Report) -> str:
    """The report as JSON text: two spaces of indent, members in the order of the model."""
    # Not sorted: the summary comes first, where people who open the file look.
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> JsonObject:
    """The JSON Schema (2020-12) of what :func:`render` writes."""
    # As written, not as accepted: members with a default are always there in a report.
    schema = TypeAdapter(Report).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **{name: value for name, value in schema.items() if name != "title"},
    }
