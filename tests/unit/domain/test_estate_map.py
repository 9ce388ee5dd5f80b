"""The estate map is checked as a whole, and its rules are tried in order."""

from typing import Any

import pytest

from domain.errors import InvalidInputError
from domain.estate_intake import parse_estate_map
from domain.estate_map import EstateMap, OwnerRule, ZoneRule
from domain.vaults import VaultRef
from domain.zone_sources import expected_zone
from tests.unit.domain.builders import OTHER_SUBSCRIPTION, SUBSCRIPTION, TARGET

UTC, TOKYO = "UTC", "Tokyo Standard Time"
SCHEMA = "vaultlift/estate-map/1"


def _parse(**members: Any) -> EstateMap:
    return parse_estate_map({"schema": SCHEMA, **members}, subject="map.yaml")


def test_iana_names_become_windows_ids() -> None:
    """People write what they know; policies get what the service takes."""
    parsed = _parse(zones=[{"name": "*", "timeZone": "Asia/Tokyo"}])

    assert (ZoneRule(name="*", time_zone=TOKYO),) == parsed.zones


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"zones": [{"name": "*", "timeZone": "Mars"}]}, "zones.0.timeZone"),
        ({"zones": [{"timeZone": UTC}]}, "zones.0"),
        ({"zones": [{"name": "*", "timeZone": UTC, "zone": 1}]}, "zones.0.zone"),
        ({"owners": [{"machine": "*"}]}, "owners.0.owner"),
        ({"zone": []}, "zone"),
    ],
)
def test_every_mistake_is_told_with_its_place(members: dict[str, Any], place: str) -> None:
    """A rule that cannot be used is no rule that is passed over."""
    with pytest.raises(InvalidInputError) as caught:
        _parse(**members)

    assert [place] == [one.where for one in caught.value.problems]


@pytest.mark.parametrize("document", [None, [], {}, {"schema": "vaultlift/estate-map/2"}])
def test_what_is_no_map_is_refused(document: Any) -> None:
    """A higher version is not guessed at."""
    with pytest.raises(InvalidInputError):
        parse_estate_map(document, subject="map.yaml")


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (ZoneRule(time_zone=UTC, name="VAULT-*"), True),
        (ZoneRule(time_zone=UTC, name="vault-t*"), False),
        (ZoneRule(time_zone=UTC, region="West US"), True),
        (ZoneRule(time_zone=UTC, region="East US"), False),
        (ZoneRule(time_zone=UTC, subscription_id=SUBSCRIPTION.upper()), True),
        (ZoneRule(time_zone=UTC, subscription_id=OTHER_SUBSCRIPTION), False),
        (ZoneRule(time_zone=UTC, name="*", region="East US"), False),
    ],
)
def test_a_rule_fits_when_all_it_names_fits(rule: ZoneRule, fits: bool) -> None:
    """Names and regions are compared without case and blanks."""
    assert fits == rule.fits(TARGET, "westus")


def test_the_first_owner_rule_that_fits_decides() -> None:
    """A machine without an owner has none, and is not given to anybody."""
    owners = (
        OwnerRule(machine="fs*.syd.example", owner="sydney"),
        OwnerRule(machine="*.example", owner="everybody"),
    )
    known = EstateMap(owners=owners)

    assert ("sydney", "everybody", "") == (
        known.owner_of("FS1.SYD.EXAMPLE"),
        known.owner_of("db.example"),
        known.owner_of("db.other"),
    )


RULES = (ZoneRule(time_zone=TOKYO, name="vault-one"), ZoneRule(time_zone=UTC, name="*"))


def _expected(requested: str | None, tags: Any = None, vault: VaultRef = TARGET) -> Any:
    return expected_zone(requested, vault, {"tags": tags, "location": "westus"}, RULES)


def test_the_request_outweighs_tag_and_map() -> None:
    """Whoever asks today is asked first."""
    assert (UTC, "the request") == (
        (found := _expected(UTC, {"vaultlift-time-zone": TOKYO})).zone,
        found.source,
    )


def test_the_tag_outweighs_the_map() -> None:
    """Its name is compared without case, as Azure does."""
    assert UTC == _expected(None, {"VAULTLIFT-Time-Zone": "utc"}).zone


def test_the_map_answers_where_nobody_else_does() -> None:
    """The rule that answered is named."""
    found = _expected(None)

    assert (TOKYO, "rule 1 of the estate map") == (found.zone, found.source)


def test_a_wrong_tag_is_a_problem_and_not_passed_over() -> None:
    """The map's answer might be another zone than the one that was meant."""
    found = _expected(None, {"vaultlift-time-zone": "Pacific Standart Time"})

    assert (None, True) == (found.zone, "Pacific Standard Time" in found.problem)


@pytest.mark.parametrize("tags", [None, {}, {"other": "UTC"}, {"vaultlift-time-zone": " "}, "x"])
def test_a_vault_without_the_tag_says_nothing(tags: Any) -> None:
    """Absent, empty and odd tags are no answers."""
    assert "rule 1 of the estate map" == _expected(None, tags).source


def test_nobody_s_answer_is_no_zone() -> None:
    """Absent is not UTC."""
    found = expected_zone(None, TARGET, {}, ())

    assert (None, "nobody", "") == (found.zone, found.source, found.problem)
