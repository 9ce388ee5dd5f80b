"""The body of a campaign, and of what is asked of one."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from domain.campaign_body import DEFAULT_WINDOW
from domain.campaign_intake import Sender, read_campaign, requests_of_found
from domain.campaigns import MAX_VAULTS, MAX_WINDOW, CampaignOptions, ErrorThreshold, Limits
from domain.errors import InvalidInputError
from domain.maintenance import Day, Hours, MaintenanceWindow
from domain.upgrade import UpgradeStatus
from domain.vaults import ClassicVaultRef, VaultType
from tests.fakes import classic_vault, upgrade_record
from tests.unit.domain.builders import SUBSCRIPTION

SENDER = Sender(
    signed_in_as=None, campaign_id="made-up", requested_at=datetime(2026, 11, 23, tzinfo=UTC)
)
VAULT = {
    "subscriptionId": SUBSCRIPTION,
    "vaultName": "vault-a",
    "region": "West US",
    "targetResourceGroup": "rg",
}
FOUND = {"subscriptions": [SUBSCRIPTION], "defaults": {"targetResourceGroup": "rg"}}


def body(**members: Any) -> dict[str, Any]:
    """A body with one vault; None takes a member out."""
    whole = {"requestedBy": "ada", "vaults": [VAULT], **members}
    return {name: value for name, value in whole.items() if value is not None}


def problems(content: object, sender: Sender = SENDER) -> set[tuple[str, str]]:
    """Where a body is wrong."""
    with pytest.raises(InvalidInputError) as caught:
        read_campaign(content, sender)
    return {(one.where, one.field) for one in caught.value.problems}


def test_a_campaign_needs_no_options() -> None:
    """The window has a default; nothing else binds."""
    asked = read_campaign(body(), SENDER)

    assert CampaignOptions(limits=Limits(window=DEFAULT_WINDOW)) == asked.options
    assert ("made-up", False) == (asked.campaign_id, asked.is_dry_run)


def test_every_option_is_read() -> None:
    """In the domain's terms; zones may be IANA ids."""
    asked = read_campaign(
        body(
            campaignId="c1",
            window=9,
            perSubscription=3,
            perRegion=4,
            errorThreshold={"percent": 2.5},
            maintenance={
                "timeZone": "Europe/Berlin",
                "hours": [{"days": ["mon", "sun"], "start": "22:00", "end": "04:30"}],
            },
            dryRun=True,
        ),
        SENDER,
    )

    hours = Hours(days=(Day.MONDAY, Day.SUNDAY), start=time(22), end=time(4, 30))
    assert (
        CampaignOptions(
            limits=Limits(window=9, per_subscription=3, per_region=4),
            threshold=ErrorThreshold(percent=2.5),
            maintenance=MaintenanceWindow(time_zone="W. Europe Standard Time", hours=(hours,)),
        )
        == asked.options
    )
    assert ("c1", True) == (asked.campaign_id, asked.is_dry_run)


def test_vaults_carry_the_campaigns_id_as_request() -> None:
    """So that their runs are the campaign's own."""
    asked = read_campaign(body(campaignId="c1"), SENDER)

    assert [("vault-a", "c1", "ada")] == [
        (one.vault.name, one.request_id, one.requested_by) for one in asked.requests
    ]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"window": 0}, "window"),
        ({"window": MAX_WINDOW + 1}, "window"),
        ({"window": "9"}, "window"),
        ({"perSubscription": 0}, "perSubscription"),
        ({"perRegion": -1}, "perRegion"),
        ({"errorThreshold": {}}, "errorThreshold"),
        ({"errorThreshold": {"count": 1, "percent": 1}}, "errorThreshold"),
        ({"errorThreshold": {"percent": 100}}, "errorThreshold.percent"),
        ({"errorThreshold": {"count": -1}}, "errorThreshold.count"),
        ({"campaignId": "Not An Id"}, "campaignId"),
        ({"campaignId": "x" * 61}, "campaignId"),
        ({"dryRun": "yes"}, "dryRun"),
        ({"colour": "red"}, "colour"),
        ({"vaults": None}, "-"),
        (FOUND, "-"),
        ({"defaults": {}}, "-"),
    ],
)
def test_each_member_is_checked(members: dict[str, Any], field: str) -> None:
    """What is wrong is named as the caller wrote it."""
    assert ("body", field) in problems(body(**members))


@pytest.mark.parametrize(
    ("maintenance", "field"),
    [
        ({"timeZone": "Mars", "hours": []}, "maintenance.timeZone"),
        ({"timeZone": "UTC", "hours": []}, "maintenance.hours"),
        ({"timeZone": "UTC", "hours": [{"start": "25:00", "end": "04:00"}]}, "hours[0].start"),
        ({"timeZone": "UTC", "hours": [{"start": "22:00", "end": 4}]}, "hours[0].end"),
        ({"timeZone": "UTC", "hours": [{"start": "22:00:30", "end": "04:00"}]}, "hours[0].start"),
        ({"timeZone": "UTC", "hours": [{"days": [], "start": "22:00", "end": "04:00"}]}, "].days"),
    ],
)
def test_hours_are_checked(maintenance: dict[str, Any], field: str) -> None:
    """Down to the single time."""
    assert any(found.endswith(field) for _, found in problems(body(maintenance=maintenance)))


def test_hours_without_days_are_those_of_every_day() -> None:
    """A night is a night."""
    hours = [{"start": "22:00", "end": "04:00"}]
    asked = read_campaign(body(maintenance={"timeZone": "UTC", "hours": hours}), SENDER)

    assert asked.options.maintenance is not None
    assert tuple(Day) == asked.options.maintenance.hours[0].days


def test_problems_of_vaults_and_options_come_together() -> None:
    """Nobody has to hand a campaign in again and again to find its next mistake."""
    found = problems(body(window=0, vaults=[VAULT, {**VAULT, "region": "?"}, VAULT]))

    assert {("body", "window"), ("vaults[1]", "region"), ("vaults[2]", "-")} == found


@pytest.mark.parametrize("content", ["{", "[]", b"\xff", "null", ""])
def test_a_body_that_is_no_object_is_refused(content: object) -> None:
    """As one problem of the whole."""
    assert {("body", "-")} == problems(content)


def test_the_signed_in_caller_cannot_be_somebody_else() -> None:
    """Nobody may approve what they asked for under another name."""
    signed_in = replace(SENDER, signed_in_as="eve@example.com")

    assert ("body", "requestedBy") in problems(body(), signed_in)
    assert "eve@example.com" == (
        read_campaign(body(requestedBy=None), signed_in).requests[0].requested_by
    )


def test_too_many_vaults_are_refused() -> None:
    """A campaign of more is split by the operator, not cut off by us."""
    vaults = [{**VAULT, "vaultName": f"v{number}"} for number in range(MAX_VAULTS + 1)]

    assert {("body", "vaults")} == problems(body(vaults=vaults))


def test_fields_of_vaults_to_be_found_are_checked_beforehand() -> None:
    """Before a single subscription is listed."""
    found = problems(body(vaults=None, subscriptions=[SUBSCRIPTION], defaults={"timeZone": "Mars"}))

    assert {("defaults", "targetResourceGroup"), ("defaults", "timeZone")} == found


def test_what_is_read_from_each_vault_cannot_be_given() -> None:
    """A default name would make all of them one vault."""
    defaults = {"targetResourceGroup": "rg", "vaultName": "x"}

    assert ("defaults", "vaultName") in problems(
        body(vaults=None, subscriptions=[SUBSCRIPTION], defaults=defaults)
    )


def test_a_subscription_named_twice_is_listed_once() -> None:
    """In any spelling."""
    twice = [SUBSCRIPTION, SUBSCRIPTION.upper()]
    asked = read_campaign(body(**{**FOUND, "subscriptions": twice, "vaults": None}), SENDER)

    assert (SUBSCRIPTION,) == asked.subscriptions


def test_found_vaults_get_the_fields_of_all() -> None:
    """Name and region are their own."""
    asked = read_campaign(body(**FOUND, vaults=None), SENDER)
    ref = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name="vault-x")
    requests, skipped = requests_of_found(asked, [classic_vault(ref)], SENDER)

    assert [("vault-x", "West US", "rg", "made-up")] == [
        (one.vault.name, one.vault.region, one.target_resource_group, one.request_id)
        for one in requests
    ]
    assert () == skipped


@pytest.mark.parametrize(
    ("status", "is_taken"),
    [
        (None, True),
        (UpgradeStatus.IN_PROGRESS, True),
        (UpgradeStatus.UNKNOWN, True),
        (UpgradeStatus.UPGRADED, False),
        (UpgradeStatus.FAILED, False),
    ],
)
def test_only_vaults_that_can_be_upgraded_are_taken(
    status: UpgradeStatus | None, *, is_taken: bool
) -> None:
    """One that failed is never retried by a campaign; one in progress is adopted."""
    asked = read_campaign(body(**FOUND, vaults=None), SENDER)
    ref = ClassicVaultRef(subscription_id=SUBSCRIPTION, region="West US", name="vault-x")
    other = replace(ref, name="vault-y")
    record = upgrade_record(status=status) if status else None
    found = [classic_vault(ref, record), classic_vault(other)]
    requests, skipped = requests_of_found(asked, found, SENDER)

    assert (is_taken, not is_taken) == (len(requests) == 2, len(skipped) == 1)


def test_other_kinds_of_vault_are_left_out() -> None:
    """Site Recovery vaults stand in the same list."""
    asked = read_campaign(body(**FOUND, vaults=None), SENDER)
    ref = ClassicVaultRef(
        subscription_id=SUBSCRIPTION,
        region="West US",
        name="asr",
        vault_type=VaultType.SITE_RECOVERY,
    )

    with pytest.raises(InvalidInputError, match="1 problem"):
        requests_of_found(asked, [classic_vault(ref)], SENDER)
