"""Policies as the service and its documentation send them, put through our code.

The bodies are other people's recordings beside the repository; without them nothing is tested here.
"""

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.documents import diff_documents, value_at, walk
from domain.policies import ZoneState, parse_policy, put_body, time_paths, zone_path
from domain.requests import TimeZoneMode
from domain.retention import retentions
from domain.zone_changes import Change, NotApplicable, Refused, Unchanged, plan_zone_change

RECORDINGS = Path(__file__).parents[3].parent / "shared/data/arm-examples"
FOLDERS = ("recorded", "transcribed", "synthetic", "spec")
POLICY_MEMBERS = {"schedulePolicy", "retentionPolicy", "subProtectionPolicy"}
ZONES = ("UTC", "W. Europe Standard Time", "Nepal Standard Time", "Pacific Standard Time")
DAY = date(2027, 1, 15)


def policies_in(body: Any) -> Iterator[dict[str, Any]]:
    """Every policy anywhere in a body."""
    if isinstance(body, dict):
        properties = body.get("properties")
        if isinstance(properties, dict) and POLICY_MEMBERS & properties.keys():
            yield body
        for member in body.values():
            yield from policies_in(member)
    elif isinstance(body, list):
        for element in body:
            yield from policies_in(element)


def recorded_policies() -> list[Any]:
    """Every policy of every recording, with the file it is in."""
    found = []
    for path in sorted(one for folder in FOLDERS for one in (RECORDINGS / folder).rglob("*.json")):
        # utf-8-sig: some files of the specification begin with a byte-order mark.
        policies = policies_in(json.loads(path.read_text(encoding="utf-8-sig")))
        found += [pytest.param(one, id=f"{path.stem}-{n}") for n, one in enumerate(policies)]
    reason = f"the recordings are not at {RECORDINGS}"
    return found or [pytest.param({}, marks=pytest.mark.skip(reason=reason))]


POLICIES = recorded_policies()


@pytest.mark.parametrize("document", POLICIES)
def test_set_zone_changes_no_other_path(document: dict[str, Any]) -> None:
    """Whatever the kind and the zone, the body to write differs in the zone alone."""
    original = copy.deepcopy(document)
    for zone in ZONES:
        change = plan_zone_change(document, zone=zone, mode=TimeZoneMode.SET_ZONE, day=DAY)
        if not isinstance(change, Change):
            assert isinstance(change, NotApplicable | Refused | Unchanged)
            continue
        path = zone_path(document)
        before = {one: value for one, value in walk(put_body(document)) if one != path}
        after = {one: value for one, value in walk(change.document) if one != path}

        assert (before, zone) == (after, value_at(change.document, path))
    assert original == document


@pytest.mark.parametrize("document", POLICIES)
def test_keep_moment_changes_clock_times_and_zone_only(document: dict[str, Any]) -> None:
    """Every path but the listed ones stays as it was."""
    for zone in ZONES:
        change = plan_zone_change(document, zone=zone, mode=TimeZoneMode.KEEP_MOMENT, day=DAY)
        if not isinstance(change, Change):
            continue
        touched = {*time_paths(document), zone_path(document)}
        before = {one: value for one, value in walk(put_body(document)) if one not in touched}
        after = {one: value for one, value in walk(change.document) if one not in touched}

        assert before == after


@pytest.mark.parametrize("document", POLICIES)
def test_every_kind_is_known(document: dict[str, Any]) -> None:
    """No recorded policy is of a kind without a rule."""
    assert ZoneState.UNKNOWN_KIND != parse_policy(document).zone_state


@pytest.mark.parametrize("document", POLICIES)
def test_every_retention_is_understood(document: dict[str, Any]) -> None:
    """No schedule of a recorded policy has a duration we cannot read."""
    assert [] == [one.path for one in retentions(document) if one.duration is None]


@pytest.mark.parametrize("document", POLICIES)
def test_a_policy_equals_itself_with_the_service_defaults(document: dict[str, Any]) -> None:
    """What the service adds to an answer is not taken for somebody's change."""
    answer = copy.deepcopy(document)
    answer["properties"]["protectedItemsCount"] = 99
    if "schedulePolicy" in answer["properties"]:
        answer["properties"]["schedulePolicy"].setdefault("scheduleWeeklyFrequency", 0)
    answer["properties"].setdefault("instantRPDetails", {})

    assert () == diff_documents(document, answer)
