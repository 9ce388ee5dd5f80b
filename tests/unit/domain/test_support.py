"""The bundle for support."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.codec import from_json, to_json
from domain.support import SupportBundle, support_bundle
from domain.upgrade import UpgradeRecord, UpgradeStatus
from domain.version import VERSION
from tests.unit.domain.builders import NOW, SUBSCRIPTION, upgrade_record, upgrade_request

FAILED = upgrade_record(UpgradeStatus.FAILED, message="Internal error", operation_id="operation-9")


def provenance(request_id: str | None, minutes: int) -> dict[str, Any]:
    """Where something was read, as evidence holds it."""
    return {
        "source": "GET /a",
        "request_id": request_id,
        "read_at": (NOW + timedelta(minutes=minutes)).isoformat(),
    }


def bundle(record: UpgradeRecord | None = FAILED, *documents: dict[str, Any]) -> SupportBundle:
    """The bundle for a failed upgrade and what its run has kept."""
    return support_bundle(upgrade_request(), record, documents, NOW)


def test_the_mail_has_what_the_article_asks_for() -> None:
    """OperationId, subscription id and vault name, to the right address."""
    made = bundle()
    lines = made.mail_text.splitlines()

    assert "rsvaultupgrade@service.microsoft.com" == made.mail_to
    assert {
        "OperationId: operation-9",
        f"Subscription ID: {SUBSCRIPTION}",
        "Vault name: vault-one",
        "Region: West US",
        "Message of the service: Internal error",
    } <= set(lines)


def test_the_mail_says_that_nothing_was_retried() -> None:
    """And the bundle tells the operator not to."""
    made = bundle()

    assert "We have not retried the operation" in made.mail_text
    assert made.instruction.startswith("Do not retry")


def test_a_second_failure_is_told_as_one() -> None:
    """Support gave the instruction the start was made on; nobody claims not to have retried."""
    made = support_bundle(
        upgrade_request(), FAILED, [], NOW, instruction="Attempt 2, after operation-1: ticket SR-1"
    )

    assert "on your instruction. Attempt 2, after operation-1: ticket SR-1." in made.mail_text
    assert "have not retried" not in made.mail_text


def test_an_id_that_the_service_has_forgotten_is_told() -> None:
    """It was known before anything was sent."""
    made = support_bundle(upgrade_request(), None, [], NOW, operation_id="operation-9")

    assert ("operation-9", True) == (
        made.operation_id,
        "OperationId: operation-9" in made.mail_text,
    )


def test_times_are_told_in_utc() -> None:
    """A failure's end is a real time; an end that is not known is said to be so."""
    running = upgrade_record(UpgradeStatus.IN_PROGRESS, ended_at=None)

    assert f"Ended (UTC): {NOW.isoformat(timespec='seconds')}" in bundle().mail_text
    assert "Ended (UTC): not known" in bundle(running).mail_text


def test_a_lost_record_is_said_to_be_lost() -> None:
    """Without a record there is still a bundle."""
    made = bundle(None)

    assert made.operation_id is None
    assert "OperationId: not known" in made.mail_text


def test_every_call_is_listed_once_oldest_first() -> None:
    """Request ids are found wherever evidence holds them; reads without an id are left out."""
    later, earlier = provenance("second", 5), provenance("first", 1)
    documents = (
        {"data": {"provenance": later, "list": [{"provenance": later}]}},
        {"data": {"provenance": earlier, "other": {"provenance": provenance(None, 2)}}},
    )

    assert ["first", "second"] == [one.request_id for one in bundle(FAILED, *documents).calls]


def test_the_latest_record_of_arm_is_in_the_bundle() -> None:
    """The last reading counts."""
    documents = [
        {"data": {"value": {"properties": {"upgradeDetails": {"status": status}}}}}
        for status in ("InProgress", "Failed")
    ]

    assert {"status": "Failed"} == bundle(FAILED, *documents).arm_details


def test_a_bundle_can_be_kept_and_read_again() -> None:
    """It is plain JSON."""
    made = bundle(FAILED, {"data": {"provenance": provenance("first", 1)}})

    assert made == from_json(SupportBundle, to_json(made))


def test_the_version_is_the_projects() -> None:
    """What evidence says and what is released are the same."""
    project = Path(__file__).parents[3] / "pyproject.toml"

    assert VERSION == tomllib.loads(project.read_text())["project"]["version"]
    assert f"vaultlift {VERSION}" == bundle().tool
