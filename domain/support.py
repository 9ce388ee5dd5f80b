"""What Microsoft Support needs to know about an upgrade that failed.

The article asks for OperationId, subscription id and vault name, and says not to retry unless
told to (vault-upgrade 1.7). The bundle adds everything else that is known, so that the first
e-mail is also the last question.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.codec import JsonObject, from_json
from domain.exchanges import Exchange
from domain.requests import UpgradeRequest
from domain.upgrade import UpgradeRecord
from domain.version import VERSION

SUPPORT_ADDRESS = "rsvaultupgrade@service.microsoft.com"

DO_NOT_RETRY = "Do not retry the upgrade unless Microsoft Support says so."

_UNKNOWN = "not known"


@dataclass(frozen=True, kw_only=True)
class RecordedCall:
    """One call to a service, as evidence holds it."""

    source: str
    request_id: str
    read_at: str


@dataclass(frozen=True, kw_only=True)
class SupportBundle:
    """Everything known about a failed upgrade, and the e-mail to send."""

    operation_id: str | None
    subscription_id: str
    vault: str
    region: str
    vault_type: str
    target_id: str
    record: UpgradeRecord | None
    """The upgrade record of the classic list; None where there is none."""
    arm_details: JsonObject | None
    """``properties.upgradeDetails`` of the new vault as read, where it was read."""
    calls: tuple[RecordedCall, ...]
    """The calls made, oldest first, with the service's own request ids."""
    exchanges: tuple[Exchange, ...]
    """What was sent about the upgrade and what came back, redacted, oldest first."""
    made_at: datetime
    tool: str
    mail_to: str
    mail_subject: str
    mail_text: str
    instruction: str = DO_NOT_RETRY


def _members(value: Any) -> Iterable[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        # Any depth: a provenance stands inside findings, readings and answers alike.
        for member in value.values():
            yield from _members(member)
    elif isinstance(value, list):
        for element in value:
            yield from _members(element)


def _recorded_calls(documents: Iterable[JsonObject]) -> tuple[RecordedCall, ...]:
    """Every provenance found anywhere in the documents that carries a request id, once each."""
    # Evidence nests readings in many ways; whatever looks like a provenance is one.
    found = {
        RecordedCall(
            source=str(one["source"]),
            request_id=str(one["request_id"]),
            read_at=str(one["read_at"]),
        )
        for document in documents
        for one in _members(document)
        if {"source", "request_id", "read_at"} <= one.keys() and one["request_id"]
    }
    return tuple(sorted(found, key=lambda call: (call.read_at, call.request_id)))


def _exchanges(documents: Iterable[JsonObject]) -> tuple[Exchange, ...]:
    found = [
        from_json(Exchange, one)
        for document in documents
        for one in document["data"].get("exchanges", ())
    ]
    return tuple(sorted(found, key=lambda exchange: exchange.sent_at))


def _arm_details(documents: Iterable[JsonObject]) -> JsonObject | None:
    # Documents come in the order of the steps; the last reading is the most recent one.
    details = None
    for document in documents:
        for one in _members(document):
            if isinstance(one.get("upgradeDetails"), dict):
                details = one["upgradeDetails"]
    return details


def _moment(moment: datetime | None) -> str:
    # UTC to the second: support compares these with the service's logs.
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else _UNKNOWN


def _record_lines(record: UpgradeRecord | None) -> list[str]:
    if record is None:
        return ["Status: no upgrade record could be read"]
    return [
        f"Status: {record.status}, {record.trigger_type}",
        f"Started (UTC): {_moment(record.started_at)}",
        f"Last update (UTC): {_moment(record.last_updated_at)}",
        f"Ended (UTC): {_moment(record.ended_at)}",
        f"Message of the service: {record.message or 'none'}",
    ]


def _retry_lines(instruction: str) -> list[str]:
    if not instruction:
        return ["We have not retried the operation and will not unless you tell us to."]
    return [
        f"This start was made on your instruction. {instruction}.",
        "We will not retry the operation again unless you tell us to.",
    ]


def _mail_text(
    request: UpgradeRequest,
    record: UpgradeRecord | None,
    calls: int,
    operation_id: str | None,
    instruction: str,
) -> str:
    # Id, subscription and vault first: the article asks for just these three (vault-upgrade 1.7).
    lines = [
        "The upgrade of a classic Backup vault to a Recovery Services vault has failed.",
        "",
        f"OperationId: {operation_id or _UNKNOWN}",
        f"Subscription ID: {request.vault.subscription_id}",
        f"Vault name: {request.vault.name}",
        f"Region: {request.vault.region}",
        f"Target: {request.target.arm_id}",
        *_record_lines(record),
        "",
        f"The attached document lists {calls} calls with their request ids.",
        *_retry_lines(instruction),
    ]
    return "\n".join(lines) + "\n"


def support_bundle(
    request: UpgradeRequest,
    record: UpgradeRecord | None,
    documents: Iterable[JsonObject],
    made_at: datetime,
    *,
    operation_id: str | None = None,
    instruction: str = "",
) -> SupportBundle:
    """Gathers what support needs from the record and from everything the run has kept.

    Args:
        request: The request whose upgrade failed.
        record: The classic upgrade record as last read, where there is one.
        documents: The run's evidence, in the order of its steps.
        made_at: UTC.
        operation_id: The failed upgrade's id, where it is known but not from the record.
        instruction: Whose instruction the failed attempt was made on; empty for a first one.
    """
    # Gone through twice, and the caller may hand in a generator.
    kept = list(documents)
    calls = _recorded_calls(kept)
    # The record's id first: it is the one Microsoft finds the upgrade by, and that of an upgrade we
    # adopted is not ours.
    known_id = record.operation_id if record else operation_id
    return SupportBundle(
        operation_id=known_id,
        subscription_id=request.vault.subscription_id,
        vault=request.vault.name,
        region=request.vault.region,
        vault_type=str(request.vault.vault_type),
        target_id=request.target.arm_id,
        record=record,
        arm_details=_arm_details(kept),
        calls=calls,
        exchanges=_exchanges(kept),
        made_at=made_at,
        tool=f"vaultlift {VERSION}",
        mail_to=SUPPORT_ADDRESS,
        mail_subject=f"Vault upgrade failed: {request.vault.name}",
        mail_text=_mail_text(request, record, len(calls), known_id, instruction),
    )
