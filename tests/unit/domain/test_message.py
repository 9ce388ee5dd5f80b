"""The queue message one vault travels in."""

import json
import re
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from domain.errors import InvalidInputError
from domain.intake_message import message_body, message_json_schema, request_from_message
from domain.requests import ApprovalMode, TimeZoneMode, UpgradeRequest
from domain.vaults import ClassicVaultRef
from tests.unit.domain.builders import upgrade_request
from tests.unit.domain.strategies import moments, zones

guids = st.uuids().map(str)
requests = st.builds(
    UpgradeRequest,
    vault=st.builds(
        ClassicVaultRef,
        subscription_id=guids,
        region=st.sampled_from(["West US", "Australia East", "US Gov Virginia"]),
        name=st.from_regex(r"\A[A-Za-z][A-Za-z0-9-]{1,49}\Z"),
    ),
    target_resource_group=st.from_regex(r"\A[A-Za-z0-9_.()-]{0,89}[a-z]\Z"),
    request_id=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"),
    requested_by=st.from_regex(r"\A[a-z]{1,20}@example\.org\Z"),
    requested_at=moments,
    time_zone=st.none() | zones,
    time_zone_mode=st.sampled_from(TimeZoneMode),
    approval=st.sampled_from(ApprovalMode),
    accept_warnings=st.booleans(),
    log_workspace_id=st.none() | guids,
)


SCHEMA = Draft202012Validator(
    message_json_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER
)

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t\x7f\u2028 .,;{"))
members = st.sampled_from(sorted(message_json_schema()["properties"]))
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 1000),
    st.integers(-2, 1000).map(float),
    texts,
    st.lists(texts, max_size=3),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.sampled_from(["UTC", "keep-moment", "automatic", "2026-11-22t12:00:00z", "x" * 300]),
)


def fields_of(body: object) -> list[str]:
    """The fields a message is refused for."""
    with pytest.raises(InvalidInputError) as caught:
        request_from_message(body)
    return [one.field for one in caught.value.problems]


@given(requests)
def test_a_request_survives_the_queue(request: UpgradeRequest) -> None:
    """What is read from a message is what was put into it."""
    assert request == request_from_message(json.dumps(message_body(request)).encode())


@given(requests)
def test_a_message_fits_its_schema(request: UpgradeRequest) -> None:
    """Members, required ones, patterns and choices are as the schema says."""
    schema = message_json_schema()
    body = message_body(request)

    assert set() == body.keys() - schema["properties"].keys()
    assert set() == set(schema["required"]) - body.keys()
    for member, value in body.items():
        rule: dict[str, Any] = schema["properties"][member]

        assert re.search(rule.get("pattern", ""), str(value)) is not None
        assert value in rule.get("enum", [value])


@given(members, anything)
def test_what_fits_the_schema_is_taken(member: str, value: object) -> None:
    """Whoever checks a message before sending it is not refused for its form afterwards."""
    body = {**message_body(upgrade_request()), member: value}
    # What the schema cannot say: which zones there are, and which times have a neighbour in UTC.
    assume(member != "timeZone" and SCHEMA.is_valid(body))
    assume(member != "requestedAt" or "0001-" < str(value) < "9999-")
    # Only in Python does the end of a line come before its line break.
    assume(not str(value).endswith("\n"))

    SCHEMA.validate(message_body(request_from_message(json.dumps(body))))


@given(members, anything)
def test_a_message_is_taken_or_refused(member: str, value: object) -> None:
    """Nothing a member holds raises anything else, which would only be tried again and again."""
    body = {**message_body(upgrade_request()), member: value}
    with suppress(InvalidInputError):
        request_from_message(json.dumps(body))


def test_the_schema_allows_nothing_else() -> None:
    """Unknown members are not part of a message."""
    assert message_json_schema()["additionalProperties"] is False


@pytest.mark.parametrize("version", [2, 0, "1", None, True])
def test_another_version_is_refused_unread(version: object) -> None:
    """Only the version is complained of: nothing else can be judged."""
    assert ["schemaVersion"] == fields_of({"schemaVersion": version, "nonsense": 1})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("requestedAt", "yesterday"),
        ("requestedAt", "2026-11-22T12:00:00"),
        ("requestedAt", 7),
        ("requestedAt", "0001-01-01T00:00:00+01:00"),
        ("requestedAt", "0001-01-01T00:00:00+14:00"),
        ("requestedAt", "9999-12-31T23:59:59-12:00"),
        ("approvalHours", 1.5),
        ("requestedBy", None),
        ("requestId", None),
        ("requestId", "../x"),
        ("subscriptionId", "x"),
        ("surprise", 1),
    ],
)
def test_an_invalid_message_is_refused_by_member(member: str, value: object) -> None:
    """Each fault is reported under the member it is in."""
    assert [member] == fields_of({**message_body(upgrade_request()), member: value})


@pytest.mark.parametrize("body", [b"\x00\x01", "text", [], None])
def test_what_is_no_message_is_refused(body: object) -> None:
    """Anything but a JSON object is refused as a whole."""
    assert ["-"] == fields_of(body)


def test_what_was_not_asked_for_is_not_in_the_message() -> None:
    """A missing zone or workspace is left out rather than sent as null."""
    assert {"timeZone", "logWorkspaceId"}.isdisjoint(message_body(upgrade_request()))
