"""The JSON report and its schema."""

import json
from pathlib import Path

from domain.codec import from_json
from reports import report_json
from reports.model import SCHEMA, Report, build_report
from tests.unit.reports.samples import NOON, mixed_reports

KEPT_SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "report.schema.json"


def sample():
    """A report with a run of every kind."""
    return build_report(mixed_reports(), generated_at=NOON, tool_version="0.1.0")


def resolve(schema, node):
    """A node with its reference, if it is one, followed."""
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def undescribed(schema, node, value, path="report"):
    """Members of ``value`` that the schema does not know, and required ones it lacks."""
    node = resolve(schema, node)
    if isinstance(value, list):
        for one in value:
            yield from undescribed(schema, node.get("items", {}), one, f"{path}[]")
    if isinstance(value, dict) and "properties" in node:
        known = node["properties"]
        yield from (f"{path}.{name}" for name in value.keys() ^ known.keys())
        for name in value.keys() & known.keys():
            yield from undescribed(schema, known[name], value[name], f"{path}.{name}")


def test_report_can_be_read_back():
    """Nothing is lost on the way to JSON and back."""
    report = sample()

    assert report == from_json(Report, json.loads(report_json.render(report)))


def test_schema_name_comes_first():
    """A reader of the file sees at once which version it is."""
    assert ("schema", SCHEMA) == next(iter(json.loads(report_json.render(sample())).items()))


def test_text_is_kept_readable():
    """Letters beyond ASCII are written as themselves."""
    assert "…" in report_json.render(sample())


def test_kept_schema_is_fresh():
    """The kept schema is what the model says today."""
    # If not: python -m reports.report_json > docs/reference/report.schema.json

    assert report_json.render_schema() == KEPT_SCHEMA.read_text("utf-8")


def test_schema_describes_every_member_of_a_report():
    """Every member of a real report is in the schema, and no required one is absent."""
    schema = report_json.json_schema()

    assert [] == list(undescribed(schema, schema, json.loads(report_json.render(sample()))))


def test_schema_refuses_another_version():
    """The schema name is a constant of the schema."""
    assert SCHEMA == report_json.json_schema()["properties"]["schema"]["const"]
