"""The JSON report and its schema."""

import json

from domain.codec import from_json
from reports import report_json
from reports.gathering import gather
from reports.model import SCHEMA, Report, build_report
from tests.estate import FakeEstate
from tests.published import closed, problems, published
from tests.settlements import settle, settle_request
from tests.unit.reports.samples import NOON, mixed_reports


def sample():
    """A report with a run of every kind."""
    return build_report(mixed_reports(), generated_at=NOON, tool_version="0.1.0")


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


def test_schema_describes_every_member_of_a_report():
    """Every member of a report is in the published schema, and no required one is absent."""
    report = json.loads(report_json.render(sample()))

    assert [] == problems(closed(published("report.schema.json")), report)


async def test_the_report_of_a_run_and_a_settlement_is_as_published():
    """Made from what the workflows themselves have kept."""
    estate = FakeEstate.make()
    await estate.upgrade()
    await settle(estate, settle_request("request-2"))
    gathered = await gather(estate.evidence)
    made = build_report(
        gathered.reports,
        settlements=gathered.settlements,
        generated_at=NOON,
        tool_version="0.1.0",
    )

    assert (1, 1, []) == (
        len(made.vaults),
        len(made.settlements),
        problems(closed(published("report.schema.json")), json.loads(report_json.render(made))),
    )


def test_schema_refuses_another_version():
    """The schema name is a constant of the schema."""
    assert SCHEMA == report_json.json_schema()["properties"]["schema"]["const"]
